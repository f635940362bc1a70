//! The device object of a function, from `AddDevice` to its removal.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, IO_REMOVE_LOCK, IRP, NTSTATUS, PIO_WORKITEM};
use ferrite_ddk::{Result, Status};

use super::bus::Bus;
use super::channel::Channel;
use super::function::{Function, MOST};
use super::irp::Irp;
use super::nodes;
use super::resources::Range;
use crate::handlers::Offer;
use crate::registration::Registration;
use crate::trace::trace;

/// `NetDMA` has named no processor.
const NOWHERE: u32 = u32::MAX;
/// Tag of the remove lock: `Fdma` in a debugger.
const TAG: u32 = u32::from_le_bytes(*b"Fdma");
/// Bytes of a remove lock, which its functions ask for.
#[expect(clippy::cast_possible_truncation, reason = "32")]
const REMOVE_LOCK: u32 = size_of::<IO_REMOVE_LOCK>() as u32;
/// A device object's extension.
pub struct Extension {
    /// The node.
    pub node: Node,
    /// The place of its hardware.
    pub function: MaybeUninit<Function>,
}

/// See the module. It is its device object's, and does not move.
pub struct Node {
    pub device: *mut DEVICE_OBJECT,
    /// The device below, and the one at the bottom.
    pub lower: *mut DEVICE_OBJECT,
    pub pdo: *mut DEVICE_OBJECT,
    removal: UnsafeCell<IO_REMOVE_LOCK>,
    /// The node behind it in the list; the list's lock guards it.
    pub next: UnsafeCell<*mut Self>,
    /// Not there where `NetDMA` takes no provider.
    pub registration: Option<Registration>,
    /// The processors that `NetDMA` wants the channels' messages on.
    wishes: [AtomicU32; MOST],
    /// The place of the hardware, which is there while the device is started.
    function: *mut Function,
    live: AtomicBool,
    /// The system power IRP that waits for the device's.
    pub system_irp: AtomicPtr<IRP>,
    /// The device power IRP that waits for the work item, and that.
    pub device_irp: AtomicPtr<IRP>,
    pub work: PIO_WORKITEM,
    /// The device has power.
    pub awake: AtomicBool,
}

// SAFETY: the pointers are the kernel's objects, made for use from any processor; the rest says for itself.
unsafe impl Sync for Node {}

impl Offer for Node {
    type Port = Channel;

    fn ports(&self) -> &[Channel] {
        self.function().map_or(&[], Function::channels)
    }

    fn prefer(&self, channel: u32, cpu: u32) {
        if let Some(wish) = self.wishes.get(channel as usize) {
            wish.store(cpu, Ordering::Release);
        }
    }
}

impl Node {
    /// Of a device object that has just been attached; `work` is a work item of its.
    pub fn new(
        device: *mut DEVICE_OBJECT,
        lower: *mut DEVICE_OBJECT,
        pdo: *mut DEVICE_OBJECT,
        work: PIO_WORKITEM,
        registration: Option<Registration>,
        function: *mut Function,
    ) -> Self {
        Self {
            device,
            lower,
            pdo,
            removal: UnsafeCell::new(IO_REMOVE_LOCK::default()),
            next: UnsafeCell::new(ptr::null_mut()),
            registration,
            wishes: [const { AtomicU32::new(NOWHERE) }; MOST],
            function,
            live: AtomicBool::new(false),
            system_irp: AtomicPtr::default(),
            device_irp: AtomicPtr::default(),
            work,
            awake: AtomicBool::new(true),
        }
    }

    /// Makes its kernel objects, at the place where it stays. IRQL: `PASSIVE_LEVEL`.
    pub fn prepare(&self) {
        // SAFETY: the lock stays where it is.
        unsafe { ndis::IoInitializeRemoveLockEx(self.removal.get(), TAG, 0, 0, REMOVE_LOCK) };
    }

    /// The hardware, while the device is started.
    pub fn function(&self) -> Option<&Function> {
        if !self.live.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: written before `live` was set, and dropped after it was cleared, when nobody is left to use it.
        Some(unsafe { &*self.function })
    }

    /// The processor that `NetDMA` wants a message on.
    pub fn wish(&self, message: usize) -> Option<u32> {
        let cpu = self.wishes.get(message)?.load(Ordering::Acquire);
        (cpu != NOWHERE).then_some(cpu)
    }

    /// Starts the hardware and offers its channels. IRQL: `PASSIVE_LEVEL`, in `IRP_MN_START_DEVICE`.
    ///
    /// # Errors
    /// What does not work; nothing is taken then.
    pub fn start(&self, range: Option<Range>) -> Result<()> {
        let Some(registration) = &self.registration else {
            // The device has a driver, and nobody to work for.
            return Ok(());
        };
        let range = range.ok_or(Status(ndis::STATUS_INSUFFICIENT_RESOURCES))?;
        let bus = Bus::of(self.lower).ok_or(Status(ndis::STATUS_NOT_SUPPORTED))?;
        // SAFETY: the device is not started: nobody uses the place.
        unsafe { Function::make(self.function, registration.netdma, range, &bus) }?;
        self.live.store(true, Ordering::Release);
        self.awake.store(true, Ordering::Release);
        let Some(function) = self.function() else { return Ok(()) };
        // SAFETY: the function stays in its place until `stop`.
        let started = unsafe { function.start(self.pdo, &bus) };
        if started.is_err() {
            self.discard();
            return started;
        }
        if function.chains() == registration.chains() {
            registration.start(&function.attributes());
        } else {
            trace!(c"ferrite: the chains of this hardware are not those of this NetDMA, it stays dormant\n");
        }
        Ok(())
    }

    /// Takes the channels back and gives the hardware up; `gone` if it has left the bus. IRQL: `PASSIVE_LEVEL`.
    pub fn stop(&self, gone: bool) {
        if let Some(function) = self.function().filter(|_| gone) {
            // What is outstanding would be waited for in vain (NDMA-STOP-04).
            function.fail();
        }
        if let Some(registration) = &self.registration {
            registration.stop();
        }
        self.discard();
    }

    fn discard(&self) {
        let Some(function) = self.function() else { return };
        // SAFETY: no channel has a client, and plug and play does one thing at a time.
        unsafe { function.stop() };
        self.live.store(false, Ordering::Release);
        // SAFETY: written by `start`, dropped once; interrupts, DPCs and clients have ended.
        unsafe { ptr::drop_in_place(self.function) };
    }

    /// The device is about to lose power. IRQL: `PASSIVE_LEVEL`.
    pub fn sleep(&self) {
        if !self.awake.swap(false, Ordering::AcqRel) {
            return;
        }
        if let (Some(registration), Some(function)) = (&self.registration, self.function()) {
            registration.power(false);
            function.sleep();
        }
    }

    /// It has power again. IRQL: `PASSIVE_LEVEL`.
    pub fn wake(&self) {
        if self.awake.swap(true, Ordering::AcqRel) {
            return;
        }
        if let (Some(registration), Some(function), Some(bus)) =
            (&self.registration, self.function(), Bus::of(self.lower))
        {
            function.wake(&bus);
            registration.power(true);
        }
    }

    /// Keeps the device from being removed while an IRP is in progress.
    ///
    /// # Errors
    /// It is being removed.
    pub fn hold(&self, irp: Irp) -> Result<()> {
        // SAFETY: initialized in `add_device`; the device object is there while IRPs come.
        Status(unsafe {
            ndis::IoAcquireRemoveLockEx(
                self.removal.get(),
                irp.as_ptr().cast(),
                c"".as_ptr().cast(),
                0,
                REMOVE_LOCK,
            )
        })
        .result()
    }

    /// The IRP is over.
    pub fn release(&self, irp: *mut IRP) {
        // SAFETY: acquired with this tag.
        unsafe { ndis::IoReleaseRemoveLockEx(self.removal.get(), irp.cast(), REMOVE_LOCK) };
    }

    /// `IRP_MN_REMOVE_DEVICE`, which holds the device: everything ends, and the node with it. IRQL: `PASSIVE_LEVEL`.
    pub fn remove(&self, irp: Irp) -> NTSTATUS {
        self.stop(false);
        if let Some(registration) = &self.registration {
            registration.deregister();
        }
        // SAFETY: acquired with this tag; PASSIVE_LEVEL. Every other IRP is over then, and none comes.
        unsafe {
            ndis::IoReleaseRemoveLockAndWaitEx(self.removal.get(), irp.as_ptr().cast(), REMOVE_LOCK);
        };
        nodes::unlist(self);
        let (device, lower) = (self.device, self.lower);
        // SAFETY: allocated in `add_device`; the IRP that it was queued for is over.
        unsafe { ndis::IoFreeWorkItem(self.work) };
        irp.set_status(ndis::STATUS_SUCCESS);
        let status = irp.pass(lower);
        // SAFETY: attached in `add_device`; PASSIVE_LEVEL.
        unsafe { ndis::IoDetachDevice(lower) };
        // SAFETY: created in `add_device`, with nothing in its extension that would need to be dropped any more.
        unsafe { ndis::IoDeleteDevice(device) };
        status
    }
}
