//! An IRP while it is this driver's.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;

use ferrite_ddk::ndis::{
    self, DEVICE_OBJECT, IO_STACK_LOCATION, IRP, KEVENT, NTSTATUS, PIO_COMPLETION_ROUTINE, PVOID,
};

/// See the module. It is gone once it is completed or passed down.
#[derive(Clone, Copy)]
pub struct Irp(*mut IRP);

impl Irp {
    /// The IRP of a dispatch routine.
    ///
    /// # Safety
    /// It is the caller's until [`complete`](Self::complete) or [`pass`](Self::pass).
    pub const unsafe fn new(irp: *mut IRP) -> Self {
        Self(irp)
    }

    /// Its address, as a tag or to remember it.
    pub const fn as_ptr(self) -> *mut IRP {
        self.0
    }

    /// What is asked.
    pub fn location(&self) -> &IO_STACK_LOCATION {
        // SAFETY: the IRP is ours (contract of `new`).
        let location = unsafe { ndis::IoGetCurrentIrpStackLocation(self.0) };
        // SAFETY: the location is part of the IRP.
        unsafe { &*location }
    }

    /// Major and minor function.
    pub fn function(self) -> (u8, u8) {
        let location = self.location();
        (location.MajorFunction, location.MinorFunction)
    }

    /// The status so far.
    pub fn status(self) -> NTSTATUS {
        // SAFETY: the IRP is ours.
        let block = unsafe { &(*self.0).IoStatus };
        // SAFETY: every bit pattern is a status.
        unsafe { block.__bindgen_anon_1.Status }
    }

    /// What the drivers so far have answered.
    pub fn information(self) -> *mut c_void {
        // SAFETY: the IRP is ours.
        let information = unsafe { (*self.0).IoStatus.Information };
        usize::try_from(information).map_or(ptr::null_mut(), ptr::with_exposed_provenance_mut)
    }

    /// Sets the answer.
    pub fn set_information(self, information: *mut c_void) {
        // SAFETY: the IRP is ours.
        unsafe { (*self.0).IoStatus.Information = information.expose_provenance() as u64 };
    }

    /// Sets the status.
    pub fn set_status(self, status: NTSTATUS) {
        // SAFETY: the IRP is ours.
        let block = unsafe { &mut (*self.0).IoStatus };
        block.__bindgen_anon_1.Status = status;
    }

    /// Ends it with a status, which the dispatch routine returns. IRQL: up to `DISPATCH_LEVEL`.
    pub fn complete(self, status: NTSTATUS) -> NTSTATUS {
        self.set_status(status);
        // SAFETY: the IRP is ours, and not touched any more. No thread waits for it that would deserve a boost.
        unsafe { ndis::IoCompleteRequest(self.0, 0) };
        status
    }

    /// Hands it to the driver below as it is. IRQL: up to `DISPATCH_LEVEL`.
    pub fn pass(self, lower: *mut DEVICE_OBJECT) -> NTSTATUS {
        // SAFETY: the IRP is ours, and passed down next; there is no completion routine.
        unsafe { ndis::IoSkipCurrentIrpStackLocation(self.0) };
        // SAFETY: the device below is there as long as ours is attached to it.
        unsafe { ndis::IofCallDriver(lower, self.0) }
    }

    /// Hands it to the driver below with a completion routine.
    ///
    /// # Safety
    /// `context` is valid until `routine` has been called.
    pub unsafe fn pass_with(
        self,
        lower: *mut DEVICE_OBJECT,
        routine: PIO_COMPLETION_ROUTINE,
        context: PVOID,
    ) -> NTSTATUS {
        // SAFETY: the IRP is ours and has a location for the device below.
        unsafe { ndis::IoCopyCurrentIrpStackLocationToNext(self.0) };
        // SAFETY: as above; the context is the caller's promise.
        unsafe { ndis::IoSetCompletionRoutine(self.0, routine, context) };
        // SAFETY: as in `pass`.
        unsafe { ndis::IofCallDriver(lower, self.0) }
    }

    /// Has the drivers below carry it out; it is ours again afterwards. IRQL: `PASSIVE_LEVEL`.
    pub fn forward(self, lower: *mut DEVICE_OBJECT) -> NTSTATUS {
        let event = Event::new();
        // SAFETY: this function waits for the event before it ends.
        let status = unsafe { self.pass_with(lower, Some(wake), event.as_ptr().cast()) };
        if status == ndis::STATUS_PENDING {
            event.wait();
        }
        self.status()
    }

    /// The dispatch routine will return `STATUS_PENDING`.
    pub fn mark_pending(self) {
        // SAFETY: the IRP is ours.
        unsafe { ndis::IoMarkIrpPending(self.0) };
    }
}

/// The drivers below are done with an IRP that somebody waits for.
///
/// # Safety
/// The I/O manager calls it with the event of `forward`.
unsafe extern "C" fn wake(_device: *mut DEVICE_OBJECT, _irp: *mut IRP, event: PVOID) -> NTSTATUS {
    // SAFETY: `forward` waits for it.
    unsafe { ndis::KeSetEvent(event.cast(), 0, 0) };
    ndis::STATUS_MORE_PROCESSING_REQUIRED
}

/// An event on the stack, not set.
pub struct Event(UnsafeCell<KEVENT>);

impl Event {
    /// Not set.
    pub fn new() -> Self {
        Self(UnsafeCell::new(KEVENT::default()))
    }

    /// For who sets it. The event does not move from here on.
    pub fn as_ptr(&self) -> *mut KEVENT {
        // SAFETY: the event's memory is ours, and nobody waits for it yet.
        unsafe { ndis::KeInitializeEvent(self.0.get(), ndis::NotificationEvent, 0) };
        self.0.get()
    }

    /// Waits until it is set. IRQL: `PASSIVE_LEVEL`.
    pub fn wait(&self) {
        // SAFETY: initialized; no time limit.
        let _set = unsafe {
            ndis::KeWaitForSingleObject(self.0.get().cast(), ndis::Executive, 0, 0, ptr::null_mut())
        };
    }
}
