//! Interrupts: registration, and who may arm them when.

pub mod line;
pub mod message;
mod service;

use core::cell::UnsafeCell;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ferrite_ddk::ndis::{self, NDIS_HANDLE, NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS};
use ferrite_ddk::{Object, SpinLock, Status};
use ferrite_nic::{InterruptPlan, Mmio, Nic};

/// The adapter's interrupts.
///
/// They pass three states: not registered; registered and disabled, in which a handler that runs finds
/// nothing to do; enabled. Whoever arms does it under `armed`, so that nothing is armed after
/// [`disable`](Self::disable) has returned, whatever DPC is on its way out on another CPU.
pub struct Interrupts {
    /// `NdisMRegisterInterruptEx`'s handle. Written in `MiniportInitializeEx` and `MiniportHaltEx` only,
    /// which are alone.
    registration: UnsafeCell<NDIS_HANDLE>,
    /// Message count of the plan, [`LINE`](Self::LINE) or [`MSI`](Self::MSI).
    kind: AtomicU32,
    /// For the ISRs, which may take no lock.
    enabled: AtomicBool,
    /// Whether causes may be armed.
    armed: SpinLock<bool>,
    /// Line and MSI: the work that ISRs have found and no DPC has done yet.
    pending: AtomicU32,
}

impl Interrupts {
    const LINE: u32 = 0;
    const MSI: u32 = u32::MAX;

    /// Not registered.
    pub const fn new() -> Self {
        Self {
            registration: UnsafeCell::new(ptr::null_mut()),
            kind: AtomicU32::new(Self::LINE),
            enabled: AtomicBool::new(false),
            armed: SpinLock::new(false),
            pending: AtomicU32::new(0),
        }
    }

    /// Registers the handlers with `context` as theirs. They may run from inside this call on (NDIS-INIT-10),
    /// and find nothing to do until [`enable`](Self::enable). `is_msi` is asked when messages have been
    /// granted.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx`.
    ///
    /// # Errors
    /// NDIS's status.
    ///
    /// # Safety
    /// `context` is an initialized adapter that lives until [`unregister`](Self::unregister) has returned.
    pub unsafe fn register(
        &self,
        adapter: NDIS_HANDLE,
        context: NDIS_HANDLE,
        is_msi: impl FnOnce() -> bool,
    ) -> Result<(), Status> {
        // All line handlers always, and the four of messages (NDIS-INT-02).
        let mut handlers = NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS {
            InterruptHandler: Some(line::isr),
            InterruptDpcHandler: Some(line::dpc),
            DisableInterruptHandler: Some(line::disable),
            EnableInterruptHandler: Some(line::enable),
            MsiSupported: ndis::TRUE,
            MsiSyncWithAllMessages: ndis::FALSE,
            MessageInterruptHandler: Some(message::isr),
            MessageInterruptDpcHandler: Some(message::dpc),
            DisableMessageInterruptHandler: Some(message::disable),
            EnableMessageInterruptHandler: Some(message::enable),
            ..Object::new()
        };
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx, the rest of the promise is the
        // caller's, and both places live through the call.
        let status = unsafe {
            ndis::NdisMRegisterInterruptEx(adapter, context, &raw mut handlers, self.registration.get())
        };
        Status(status).result()?;

        // NDIS-INT-03: what has been granted, not what was asked for.
        let messages = match NonNull::new(handlers.MessageInfoTable) {
            Some(table) if handlers.InterruptType == ndis::NDIS_CONNECT_MESSAGE_BASED => {
                // SAFETY: NDIS's table, valid as long as the interrupt is registered (NDIS-INT-04).
                unsafe { (*table.as_ptr()).MessageCount }
            }
            _ => 0,
        };
        let kind = if messages == 0 {
            Self::LINE
        } else if is_msi() {
            Self::MSI
        } else {
            messages
        };
        self.kind.store(kind, Ordering::Release);
        Ok(())
    }

    /// Which message serves what.
    pub fn plan(&self) -> InterruptPlan {
        match self.kind.load(Ordering::Acquire) {
            // An MSI message is served by ICR as the line is.
            Self::LINE | Self::MSI => InterruptPlan::line(),
            messages => InterruptPlan::messages(messages),
        }
    }

    /// Whether handlers have anything to do. Any IRQL.
    #[inline]
    fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    /// Lets interrupts in.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn enable(&self, nic: &Nic<Mmio>) {
        let mut armed = self.armed.lock();
        *armed = true;
        self.enabled.store(true, Ordering::Release);
        nic.arm_all(self.plan());
    }

    /// Masks everything, and lets nobody arm anything until [`enable`](Self::enable). Handlers may still run.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn disable(&self, nic: &Nic<Mmio>) {
        let mut armed = self.armed.lock();
        *armed = false;
        self.enabled.store(false, Ordering::Release);
        nic.mask_all();
    }

    /// Arms causes again at the end of a DPC, and raises those at once for which `unfinished` work is left.
    ///
    /// IRQL: `DISPATCH_LEVEL`.
    fn rearm(&self, nic: &Nic<Mmio>, causes: u32, unfinished: u32) {
        let armed = self.armed.lock();
        if *armed {
            if unfinished != 0 {
                nic.raise(unfinished);
            }
            nic.arm(causes);
        }
    }

    /// Makes every interrupt happen once, for one that may have been lost: three posted writes. A message that was
    /// lost on its way has masked its causes all the same, and no DPC arms them again; and MSI sends one only when causes
    /// that were masked or gone come up.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn raise_all(&self, nic: &Nic<Mmio>) {
        let armed = self.armed.lock();
        if *armed {
            nic.mask_all();
            nic.raise(self.plan().all_causes());
            nic.arm_all(self.plan());
        }
    }

    /// Takes the interrupts away from NDIS: when this returns no handler runs or will run (NDIS-HALT-04).
    /// Nothing happens if they are not registered.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportHaltEx` or the failing `MiniportInitializeEx`, after
    /// [`disable`](Self::disable) (NDIS-INT-14).
    ///
    /// # Safety
    /// Nobody else is in this function.
    pub unsafe fn unregister(&self) {
        // SAFETY: alone (caller's promise); `register` is done.
        let handle = unsafe { self.registration.get().replace(ptr::null_mut()) };
        if !handle.is_null() {
            // SAFETY: registered by `register`, deregistered once; PASSIVE_LEVEL.
            unsafe { ndis::NdisMDeregisterInterruptEx(handle) };
        }
    }
}

// SAFETY: the handle may be used from any thread.
unsafe impl Send for Interrupts {}

// SAFETY: all but `registration` is atomic or locked, and that is touched by MiniportInitializeEx and
// MiniportHaltEx only.
unsafe impl Sync for Interrupts {}
