//! A channel: the engine behind its lock, the thread that works for it, and what `NetDMA` is told.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use ferrite_ddk::ndis::{self, KDPC, NDIS_EVENT, PVOID};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::{SpinLock, SpinLockGuard};
use ferrite_netdma_engine::cpu::{self, Event};
use ferrite_netdma_engine::{Chains, Engine, Limits};

use super::physical::Physical;
use crate::handlers::Port;
use crate::irql::at_device_level;
use crate::notices::{Notice, Notices};
use crate::parameters::Client;

/// Microseconds that the thread gives way to a call before each step: one that is interrupted on its way to the lock is
/// not waited for any longer.
const GIVE_WAY: u32 = 64;

/// What the lock guards.
struct Inner {
    /// The engine; it has the channel's state.
    engine: cpu::Channel<Physical>,
    /// It has a client.
    taken: bool,
}

/// A channel of a provider. It does not move once [`prepare`](Self::prepare) has been called.
pub struct Channel {
    inner: SpinLock<Inner>,
    notices: Notices,
    /// There is work for the thread, or its end has come.
    wake: UnsafeCell<NDIS_EVENT>,
    pub ending: AtomicBool,
    /// The thread object; NULL without a thread.
    pub thread: AtomicPtr<c_void>,
    /// Calls that wait for the lock.
    waiting: AtomicU32,
}

// SAFETY: the event is the kernel's object, made for use from any processor; the rest says for itself.
unsafe impl Sync for Channel {}

impl Channel {
    /// A free channel. IRQL: `PASSIVE_LEVEL`.
    pub fn new(netdma: EntryPoints, chains: Chains, limits: Limits) -> Option<Self> {
        let engine = cpu::Channel::new(Physical::new()?, chains, limits);
        Some(Self {
            inner: SpinLock::new(Inner { engine, taken: false }),
            notices: Notices::new(netdma),
            wake: UnsafeCell::new(NDIS_EVENT::default()),
            ending: AtomicBool::new(false),
            thread: AtomicPtr::default(),
            waiting: AtomicU32::new(0),
        })
    }

    /// Makes its kernel objects, at the place where it stays. IRQL: `PASSIVE_LEVEL`.
    pub fn prepare(&self) {
        // SAFETY: the channel stays where it is, and `provider` waits for all DPCs before it frees the channels.
        unsafe { self.notices.prepare(Some(report), ptr::from_ref(self).cast_mut().cast()) };
        // SAFETY: the event's memory is the channel's.
        unsafe { ndis::NdisInitializeEvent(self.wake.get()) };
    }

    /// The processor that the thread belongs on.
    pub fn cpu(&self) -> u32 {
        self.notices.cpu()
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
        if !inner.taken {
            return false;
        }
        let more = inner.engine.step() == cpu::Step::More;
        self.tell(&mut inner);
        more
    }

    /// As a service routine: what has come of it.
    fn tell(&self, inner: &mut SpinLockGuard<'_, Inner>) {
        let Some(event) = inner.engine.take_event() else { return };
        let notice = match event {
            Event::Completed(address) => Notice::Completed(address),
            Event::Failed(_) => Notice::Failed,
        };
        at_device_level(|| _ = self.notices.interrupt(|| notice));
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

impl Port for Channel {
    /// There are no messages whose processor could matter; the thread goes to the client's.
    fn suits(&self, _processors: u64) -> bool {
        true
    }

    fn open(&self, handle: *mut c_void, client: &Client) -> bool {
        let mut inner = self.inner.lock();
        if inner.taken {
            return false;
        }
        inner.taken = true;
        inner.engine.memory().report_at(client.word);
        self.notices.open(handle, client.cpu());
        true
    }

    fn close(&self) {
        {
            let mut inner = self.lock();
            inner.taken = false;
            // The word may be gone as soon as the channel is.
            inner.engine.memory().report_at(ptr::null_mut());
            // The engine has no hardware that could fail to stop.
            let _stopped = inner.engine.reset();
        }
        self.notices.close();
    }

    fn operate<T>(&self, operation: impl FnOnce(&mut dyn Engine) -> T) -> T {
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
}

/// The DPC.
///
/// # Safety
/// The kernel calls it with the context of `prepare`, at `DISPATCH_LEVEL`.
unsafe extern "C" fn report(_dpc: *mut KDPC, context: PVOID, _one: PVOID, _two: PVOID) {
    // SAFETY: the context is a channel, which stays until all DPCs have run.
    let channel = unsafe { &*context.cast_const().cast::<Channel>() };
    // Only the engine's own errors are noted.
    let left = channel.notices.take();
    channel.notices.deliver(left.completed, left.looks_failed);
}
