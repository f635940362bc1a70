//! What `NetDMA` is told of a channel: a call of `NetDmaIsr` in the service routine, and one of `NetDmaInterruptDpc` in
//! the DPC that it asks for.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use ferrite_ddk::ndis::{self, KDPC, PHYSICAL_ADDRESS, PKDEFERRED_ROUTINE, PVOID};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_netdma_engine::{Calls, Left, Pending};

use crate::irql::at_dispatch_level;

/// No processor runs the DPC.
const NOWHERE: u32 = u32::MAX;

/// What there is to tell.
#[derive(Clone, Copy)]
pub enum Notice {
    /// This descriptor is the last one done.
    Completed(u64),
    /// The channel has failed.
    Failed,
    /// Nothing; the DPC runs all the same.
    Nothing,
}

/// See the module. It does not move once [`prepare`](Self::prepare) has been called.
pub struct Notices {
    netdma: EntryPoints,
    /// `NetDMA`'s handle of the channel, and the end of its use (NDMA-INT-05). NULL if the channel is used for a purpose
    /// of the driver's own.
    handle: AtomicPtr<c_void>,
    calls: Calls,
    pending: Pending,
    dpc: UnsafeCell<KDPC>,
    /// Where the DPC runs at this moment.
    dpc_on: AtomicU32,
    /// The processor that the channel was allocated for.
    cpu: AtomicU32,
}

// SAFETY: the DPC is the kernel's object, made for use from any processor; the rest says for itself.
unsafe impl Sync for Notices {}

impl Notices {
    /// Of a free channel.
    pub fn new(netdma: EntryPoints) -> Self {
        Self {
            netdma,
            handle: AtomicPtr::default(),
            calls: Calls::new(),
            pending: Pending::new(),
            dpc: UnsafeCell::new(KDPC::default()),
            dpc_on: AtomicU32::new(NOWHERE),
            cpu: AtomicU32::new(0),
        }
    }

    /// Makes the DPC, at the place where it stays. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Safety
    /// `context` is valid for `routine` until all DPCs have run (`KeFlushQueuedDpcs`).
    pub unsafe fn prepare(&self, routine: PKDEFERRED_ROUTINE, context: PVOID) {
        // SAFETY: the DPC's memory is ours; the context is the caller's promise.
        unsafe { ndis::KeInitializeDpc(self.dpc.get(), routine, context) };
    }

    /// The channel is given to a client with this handle, for this processor.
    pub fn open(&self, handle: *mut c_void, cpu: u32) {
        self.cpu.store(cpu, Ordering::Release);
        let _of_the_client_before = self.pending.take();
        self.handle.store(handle, Ordering::Relaxed);
        self.calls.open();
    }

    /// It is taken back: when this returns, no call with its handle is in progress, and there is none any more.
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn close(&self) {
        if self.calls.close() {
            return;
        }
        // A client that frees the channel inside the call that is in progress would wait for itself.
        // At DISPATCH_LEVEL a DPC of this processor's is one that this call is made in.
        let inside = || at_dispatch_level(|| self.dpc_on.load(Ordering::Acquire) == current_processor());
        while !self.calls.is_quiet() && !inside() {
            // SAFETY: any IRQL.
            unsafe { ndis::KeStallExecutionProcessor(1) };
        }
    }

    /// The processor that the channel was allocated for.
    pub fn cpu(&self) -> u32 {
        self.cpu.load(Ordering::Acquire)
    }

    /// Runs `look` unless the channel is closed, which it is not before `look` is over; then, `NetDMA` names the
    /// processor for the DPC (NDMA-INT-01, -02). Whether the channel is open.
    ///
    /// Device IRQL, one processor at a time.
    pub fn interrupt(&self, look: impl FnOnce() -> Notice) -> bool {
        if !self.calls.enter() {
            return false;
        }
        let address = match look() {
            Notice::Completed(address) => {
                self.pending.completed(address);
                Some(address)
            }
            Notice::Failed => {
                self.pending.looks_failed();
                Some(0)
            }
            Notice::Nothing => None,
        };
        let mut cpu = self.cpu.load(Ordering::Relaxed);
        let handle = self.handle.load(Ordering::Relaxed);
        if let Some(address) = address
            && !handle.is_null()
        {
            // SAFETY: between `enter` and `leave` the handle is the channel's; device IRQL.
            unsafe { (self.netdma.isr)(handle, physical(address), &raw mut cpu) };
        }
        self.calls.leave();
        if let Ok(number) = i8::try_from(cpu) {
            // SAFETY: initialized by `prepare`; one processor at a time is here.
            unsafe { ndis::KeSetTargetProcessorDpc(self.dpc.get(), number) };
        }
        // SAFETY: as above. One that is queued already reports this as well.
        let _queued = unsafe { ndis::KeInsertQueueDpc(self.dpc.get(), ptr::null_mut(), ptr::null_mut()) };
        true
    }

    /// In the DPC: what the service routines since the last one have left.
    pub fn take(&self) -> Left {
        self.pending.take()
    }

    /// In the DPC, without any lock: reports what is done, and an error as 0 if there is one (NDMA-INT-03).
    pub fn deliver(&self, completed: Option<u64>, failed: bool) {
        if !self.calls.enter() {
            return;
        }
        let before = self.dpc_on.swap(current_processor(), Ordering::AcqRel);
        let handle = self.handle.load(Ordering::Relaxed);
        let call = |address| {
            if !handle.is_null() {
                // SAFETY: between `enter` and `leave` the handle is the channel's (NDMA-INT-05); DISPATCH_LEVEL.
                unsafe { (self.netdma.interrupt_dpc)(handle, physical(address)) };
            }
        };
        if let Some(address) = completed {
            call(address);
        }
        if failed {
            call(0);
        }
        self.dpc_on.store(before, Ordering::Release);
        self.calls.leave();
    }
}

const fn physical(address: u64) -> PHYSICAL_ADDRESS {
    PHYSICAL_ADDRESS { QuadPart: address.cast_signed() }
}

/// A number that tells processors apart. IRQL: at least `DISPATCH_LEVEL`.
fn current_processor() -> u32 {
    // SAFETY: the IRQL, as every caller has it.
    let number = unsafe { ndis::NdisCurrentGroupAndProcessor() };
    u32::from(number.Group) << 8 | u32::from(number.Number)
}
