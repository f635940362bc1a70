//! A function's interrupts: a message for each channel, one message for all, or the line.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use ferrite_ddk::ndis::{
    self, BOOLEAN, DEVICE_OBJECT, IO_CONNECT_INTERRUPT_PARAMETERS, IO_DISCONNECT_INTERRUPT_PARAMETERS,
    IO_INTERRUPT_MESSAGE_INFO, NTSTATUS, PKINTERRUPT, PVOID, ULONG,
};
use ferrite_ddk::routine::{routine_as, system_routine};
use ferrite_ddk::{Result, Status, unicode_string};

use super::function::Function;

/// `IoConnectInterruptEx`: Windows Vista and later.
type Connect = unsafe extern "C" fn(*mut IO_CONNECT_INTERRUPT_PARAMETERS) -> NTSTATUS;
/// `IoDisconnectInterruptEx`: as above.
type Disconnect = unsafe extern "C" fn(*mut IO_DISCONNECT_INTERRUPT_PARAMETERS);

/// The connection; not there before [`connect`](Self::connect).
pub struct Interrupts {
    /// `CONNECT_MESSAGE_BASED` or `CONNECT_LINE_BASED`; 0 while nothing is connected.
    version: AtomicU32,
    /// The table of messages, or the interrupt object.
    context: AtomicPtr<c_void>,
}

impl Interrupts {
    /// Not connected.
    pub const fn new() -> Self {
        Self { version: AtomicU32::new(0), context: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Connects what the device was granted; the service routines may run before this returns. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// The kernel's.
    ///
    /// # Safety
    /// `function` stays where it is until [`disconnect`](Self::disconnect) has returned.
    pub unsafe fn connect(&self, device: *mut DEVICE_OBJECT, function: &Function) -> Result<()> {
        // SAFETY: the routine's type, as documented.
        let connect = system_routine(&unicode_string!("IoConnectInterruptEx"))
            .map(|address| unsafe { routine_as::<Connect>(address) })
            .ok_or(Status(ndis::STATUS_NOT_SUPPORTED))?;
        let mut context: *mut c_void = ptr::null_mut();
        let mut parameters =
            IO_CONNECT_INTERRUPT_PARAMETERS { Version: ndis::CONNECT_MESSAGE_BASED, ..Default::default() };
        let mut message = ndis::IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
            PhysicalDeviceObject: device,
            MessageServiceRoutine: Some(message),
            ServiceContext: ptr::from_ref(function).cast_mut().cast(),
            FallBackServiceRoutine: Some(line),
            ..Default::default()
        };
        message.ConnectionContext.Generic = &raw mut context;
        parameters.__bindgen_anon_1.MessageBased = message;
        // SAFETY: PASSIVE_LEVEL; the place of the context lives through the call, the service routines' context until
        // `disconnect` (the caller's promise).
        Status(unsafe { connect(&raw mut parameters) }).result()?;
        self.context.store(context, Ordering::Release);
        self.version.store(parameters.Version, Ordering::Release);
        Ok(())
    }

    /// Ends it: no service routine runs any more when this returns. IRQL: `PASSIVE_LEVEL`.
    pub fn disconnect(&self) {
        let version = self.version.swap(0, Ordering::AcqRel);
        if version == 0 {
            return;
        }
        let mut parameters = IO_DISCONNECT_INTERRUPT_PARAMETERS { Version: version, ..Default::default() };
        parameters.ConnectionContext.Generic = self.context.swap(ptr::null_mut(), Ordering::AcqRel);
        // SAFETY: the routine's type, as documented. It is there where the other one is.
        let disconnect = system_routine(&unicode_string!("IoDisconnectInterruptEx"))
            .map(|address| unsafe { routine_as::<Disconnect>(address) });
        if let Some(disconnect) = disconnect {
            // SAFETY: PASSIVE_LEVEL; connected by `connect`, disconnected once.
            unsafe { disconnect(&raw mut parameters) };
        }
    }

    fn table(&self) -> Option<&IO_INTERRUPT_MESSAGE_INFO> {
        let by_message = self.version.load(Ordering::Acquire) == ndis::CONNECT_MESSAGE_BASED;
        let table = self.context.load(Ordering::Acquire).cast::<IO_INTERRUPT_MESSAGE_INFO>();
        if !by_message {
            return None;
        }
        // SAFETY: the kernel's table, there until the messages are disconnected.
        unsafe { table.as_ref() }
    }

    /// Messages; 0 for the line.
    pub fn messages(&self) -> u32 {
        self.table().map_or(0, |table| table.MessageCount)
    }

    /// The interrupt object of a message and the processors that it goes to; of the line whatever the message.
    pub fn of_message(&self, number: usize) -> (PKINTERRUPT, u64) {
        let Some(table) = self.table() else {
            return (self.context.load(Ordering::Acquire).cast(), u64::MAX);
        };
        if number >= table.MessageCount as usize {
            return (ptr::null_mut(), u64::MAX);
        }
        let first = table.MessageInfo.as_ptr();
        // SAFETY: so many entries follow each other, the first of them in the table (checked above).
        let entry = unsafe { &*first.wrapping_add(number) };
        (entry.InterruptObject, entry.TargetProcessorSet)
    }
}

/// Runs `body` while the service routine of an interrupt does not run; NULL is an interrupt that nobody has connected.
/// IRQL: up to the interrupt's.
pub fn alone<T>(interrupt: PKINTERRUPT, body: impl FnOnce() -> T) -> T {
    if interrupt.is_null() {
        return body();
    }
    // SAFETY: connected, and not disconnected before its channels are given up.
    let irql = unsafe { ndis::KeAcquireInterruptSpinLock(interrupt) };
    let result = body();
    // SAFETY: taken above, on this processor.
    unsafe { ndis::KeReleaseInterruptSpinLock(interrupt, irql) };
    result
}

/// A message.
///
/// # Safety
/// The kernel calls it with the context of `connect`, at the device's IRQL.
unsafe extern "C" fn message(_interrupt: PKINTERRUPT, context: PVOID, number: ULONG) -> BOOLEAN {
    // SAFETY: the function stays until its interrupts are disconnected.
    let function = unsafe { &*context.cast_const().cast::<Function>() };
    function.message(number);
    1
}

/// The line, which other devices may share.
///
/// # Safety
/// As for [`message`].
unsafe extern "C" fn line(_interrupt: PKINTERRUPT, context: PVOID) -> BOOLEAN {
    // SAFETY: as for `message`.
    let function = unsafe { &*context.cast_const().cast::<Function>() };
    function.shared().into()
}
