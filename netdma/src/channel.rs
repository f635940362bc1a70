//! A channel: the engine behind its lock, the thread that works for it, and what `NetDMA` is told.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use ferrite_ddk::ndis::{self, KDPC, NDIS_EVENT, PHYSICAL_ADDRESS, PVOID};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::{SpinLock, SpinLockGuard};
use ferrite_netdma_engine::cpu::{self, Event};
use ferrite_netdma_engine::{Calls, Chains, Engine, Limits};

use crate::irql::at_device_level;
use crate::physical::Physical;

/// No descriptor: what waits to be reported is nothing.
const NONE: u64 = u64::MAX;
/// No processor runs the DPC.
const NOWHERE: u32 = u32::MAX;

/// Microseconds that the thread gives way to a call before each step: one that is interrupted on its way to the lock is
/// not waited for any longer.
const GIVE_WAY: u32 = 64;

/// What the lock guards.
pub struct Inner {
    /// The engine; it has the channel's state.
    pub engine: cpu::Channel<Physical>,
    /// `NetDMA`'s handle; NULL while the channel is free.
    pub handle: *mut c_void,
}

// SAFETY: the pointers are NetDMA's and usable on any processor; the lock gives them to one at a time.
unsafe impl Send for Inner {}

/// A channel of a provider. It does not move once [`prepare`](Self::prepare) has been called.
pub struct Channel {
    pub inner: SpinLock<Inner>,
    netdma: EntryPoints,
    /// The handle for the DPC, and the end of its use (NDMA-INT-05).
    handle: AtomicPtr<c_void>,
    calls: Calls,
    /// The descriptor to be reported, and whether an error is.
    completed: AtomicU64,
    failed: AtomicBool,
    dpc: UnsafeCell<KDPC>,
    /// Where the DPC runs at this moment.
    dpc_on: AtomicU32,
    /// There is work for the thread, or its end has come.
    wake: UnsafeCell<NDIS_EVENT>,
    pub ending: AtomicBool,
    /// The thread object; NULL without a thread.
    pub thread: AtomicPtr<c_void>,
    /// Calls that wait for the lock.
    waiting: AtomicU32,
    /// The processor that the thread belongs on.
    pub cpu: AtomicU32,
}

// SAFETY: the DPC and the event are the kernel's objects, made for use from any processor; the rest says for itself.
unsafe impl Sync for Channel {}

impl Channel {
    /// A free channel. IRQL: `PASSIVE_LEVEL`.
    pub fn new(netdma: EntryPoints, chains: Chains, limits: Limits) -> Option<Self> {
        let engine = cpu::Channel::new(Physical::new()?, chains, limits);
        Some(Self {
            inner: SpinLock::new(Inner { engine, handle: ptr::null_mut() }),
            netdma,
            handle: AtomicPtr::default(),
            calls: Calls::new(),
            completed: AtomicU64::new(NONE),
            failed: AtomicBool::new(false),
            dpc: UnsafeCell::new(KDPC::default()),
            dpc_on: AtomicU32::new(NOWHERE),
            wake: UnsafeCell::new(NDIS_EVENT::default()),
            ending: AtomicBool::new(false),
            thread: AtomicPtr::default(),
            waiting: AtomicU32::new(0),
            cpu: AtomicU32::new(0),
        })
    }

    /// Makes its kernel objects, at the place where it stays. IRQL: `PASSIVE_LEVEL`.
    pub fn prepare(&self) {
        // SAFETY: the channel stays where it is, so the context is valid whenever the DPC runs: `Provider` waits for
        // all DPCs before it frees the channels.
        unsafe { ndis::KeInitializeDpc(self.dpc.get(), Some(report), ptr::from_ref(self).cast_mut().cast()) };
        // SAFETY: the event's memory is the channel's.
        unsafe { ndis::NdisInitializeEvent(self.wake.get()) };
    }

    /// Gives it to a client. IRQL: up to `DISPATCH_LEVEL`.
    pub fn open(&self, handle: *mut c_void, word: *mut u64, cpu: u32) -> bool {
        let mut inner = self.inner.lock();
        if !inner.handle.is_null() {
            return false;
        }
        inner.handle = handle;
        self.cpu.store(cpu, Ordering::Release);
        inner.engine.memory().report_at(word);
        self.completed.store(NONE, Ordering::Relaxed);
        self.failed.store(false, Ordering::Relaxed);
        self.handle.store(handle, Ordering::Relaxed);
        self.calls.open();
        true
    }

    /// Takes it back: when this returns, nothing of the client's and no handle is used any more (NDMA-CH-08).
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn close(&self) {
        {
            let mut inner = self.lock();
            inner.handle = ptr::null_mut();
            // The word may be gone as soon as the channel is.
            inner.engine.memory().report_at(ptr::null_mut());
            // The engine has no hardware that could fail to stop.
            let _stopped = inner.engine.reset();
        }
        if self.calls.close() {
            return;
        }
        // A client that frees the channel inside the call that is in progress would wait for itself.
        while !self.calls.is_quiet() && self.dpc_on.load(Ordering::Acquire) != current_processor() {
            // SAFETY: any IRQL.
            unsafe { ndis::KeStallExecutionProcessor(1) };
        }
    }

    /// Runs `operation` on the engine, and tells `NetDMA` and the thread what has come of it.
    pub fn operate<T>(&self, operation: impl FnOnce(&mut cpu::Channel<Physical>) -> T) -> T {
        let mut inner = self.lock();
        let result = operation(&mut inner.engine);
        self.tell(&mut inner);
        let active = inner.engine.is_active();
        drop(inner);
        if active {
            self.wake();
        }
        result
    }

    /// The lock, which the thread gives up for whoever waits here.
    fn lock(&self) -> SpinLockGuard<'_, Inner> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.lock();
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        inner
    }

    /// One step of the thread's; whether there is more to do.
    ///
    /// A spin lock is not fair: without giving way a suspension could wait for the end of the chain.
    pub fn step(&self) -> bool {
        for _ in 0..GIVE_WAY {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                break;
            }
            // SAFETY: any IRQL.
            unsafe { ndis::KeStallExecutionProcessor(1) };
        }
        let mut inner = self.inner.lock();
        if inner.handle.is_null() {
            return false;
        }
        let more = inner.engine.step() == cpu::Step::More;
        self.tell(&mut inner);
        more
    }

    /// As a service routine: `NetDMA` names the processor for the DPC (NDMA-INT-01, -02).
    fn tell(&self, inner: &mut SpinLockGuard<'_, Inner>) {
        let Some(event) = inner.engine.take_event() else { return };
        let address = match event {
            Event::Completed(address) => {
                self.completed.store(address, Ordering::Release);
                address
            }
            Event::Failed(_) => {
                self.failed.store(true, Ordering::Release);
                0
            }
        };
        let handle = inner.handle;
        if handle.is_null() {
            return;
        }
        at_device_level(|| {
            let mut cpu = self.cpu.load(Ordering::Relaxed);
            // SAFETY: the handle is the channel's as long as the lock is held and it is not NULL; device IRQL.
            unsafe { (self.netdma.isr)(handle, physical(address), &raw mut cpu) };
            if let Ok(number) = i8::try_from(cpu) {
                // SAFETY: initialized by `prepare`; one processor at a time is here, under the lock.
                unsafe { ndis::KeSetTargetProcessorDpc(self.dpc.get(), number) };
            }
            // SAFETY: as above. One that is queued already reports this as well.
            let _queued = unsafe { ndis::KeInsertQueueDpc(self.dpc.get(), ptr::null_mut(), ptr::null_mut()) };
        });
    }

    /// Wakes the thread. IRQL: up to `DISPATCH_LEVEL`.
    pub fn wake(&self) {
        // SAFETY: initialized by `prepare`.
        unsafe { ndis::NdisSetEvent(self.wake.get()) };
    }

    /// Waits to be woken. IRQL: `PASSIVE_LEVEL`, the thread only.
    pub fn sleep(&self) {
        // SAFETY: initialized by `prepare`; 0 waits without end.
        unsafe { ndis::NdisWaitEvent(self.wake.get(), 0) };
        // What comes after this line wakes again; what came before is seen by the work that follows.
        // SAFETY: as above.
        unsafe { ndis::NdisResetEvent(self.wake.get()) };
    }
}

/// The DPC: reports what is done, and an error as 0 (NDMA-INT-03).
///
/// # Safety
/// The kernel calls it with the context of `prepare`, at `DISPATCH_LEVEL`.
unsafe extern "C" fn report(_dpc: *mut KDPC, context: PVOID, _one: PVOID, _two: PVOID) {
    // SAFETY: the context is a channel, which stays until all DPCs have run.
    let channel = unsafe { &*context.cast_const().cast::<Channel>() };
    if !channel.calls.enter() {
        return;
    }
    let before = channel.dpc_on.swap(current_processor(), Ordering::AcqRel);
    let handle = channel.handle.load(Ordering::Relaxed);
    let call = |address| {
        // SAFETY: between `enter` and `leave` the handle is the channel's (NDMA-INT-05); DISPATCH_LEVEL.
        unsafe { (channel.netdma.interrupt_dpc)(handle, physical(address)) };
    };
    let completed = channel.completed.swap(NONE, Ordering::AcqRel);
    if completed != NONE {
        call(completed);
    }
    if channel.failed.swap(false, Ordering::AcqRel) {
        call(0);
    }
    channel.dpc_on.store(before, Ordering::Release);
    channel.calls.leave();
}

const fn physical(address: u64) -> PHYSICAL_ADDRESS {
    PHYSICAL_ADDRESS { QuadPart: address.cast_signed() }
}

/// A number that tells processors apart.
fn current_processor() -> u32 {
    // SAFETY: any IRQL.
    let number = unsafe { ndis::NdisCurrentGroupAndProcessor() };
    u32::from(number.Group) << 8 | u32::from(number.Number)
}
