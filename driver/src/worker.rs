//! What needs `PASSIVE_LEVEL` and time: resets, power-up, the PHY. One work item does one job after the
//! other.

use core::ffi::c_void;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use ferrite_ddk::ndis::{self, NDIS_HANDLE};

use crate::adapter::Adapter;
use crate::{link, power, reset};

/// A job. In one round jobs are done in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Job {
    /// `MiniportResetEx` has returned PENDING.
    Reset = 1 << 0,
    /// `OID_PNP_SET_POWER` to a low state has returned PENDING.
    PowerDown = 1 << 1,
    /// `OID_PNP_SET_POWER` to D0 has returned PENDING.
    PowerUp = 1 << 2,
    /// `OID_GEN_LINK_PARAMETERS` has returned PENDING.
    LinkParameters = 1 << 3,
    /// The link has come up: see what has been negotiated.
    LinkUp = 1 << 4,
}

/// In the word of jobs: the work item is queued or running.
const BUSY: u32 = 1 << 30;
/// In the word of jobs: no more jobs.
const CLOSED: u32 = 1 << 31;

/// The work item and its jobs. Freed when dropped.
pub struct Worker {
    item: NonNull<c_void>,
    jobs: AtomicU32,
}

impl Worker {
    /// Allocates the work item; `None` if there is no memory.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn new(adapter: NDIS_HANDLE) -> Option<Self> {
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx.
        let item = unsafe { ndis::NdisAllocateIoWorkItem(adapter) };
        Some(Self { item: NonNull::new(item)?, jobs: AtomicU32::new(0) })
    }

    /// Asks for a job; asking again before it has begun changes nothing. `false`: the adapter is being
    /// halted.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn post(&self, adapter: &Adapter, job: Job) -> bool {
        let mut seen = self.jobs.load(Ordering::Relaxed);
        loop {
            if seen & CLOSED != 0 {
                return false;
            }
            let next = seen | job as u32 | BUSY;
            // Release: the worker sees what the job is about.
            match self.jobs.compare_exchange_weak(seen, next, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => seen = now,
            }
        }
        if seen & BUSY == 0 {
            let context: *const Adapter = adapter;
            // SAFETY: the item is this value's and not queued: BUSY was clear. The adapter outlives the
            // routine: `close` waits for it.
            unsafe { ndis::NdisQueueIoWorkItem(self.item.as_ptr(), Some(work), context.cast_mut().cast()) };
        }
        true
    }

    /// Takes the jobs asked for; none ends the routine, which touches nothing of the adapter afterwards.
    fn take(&self) -> u32 {
        let mut seen = self.jobs.load(Ordering::Acquire);
        loop {
            let jobs = seen & !(BUSY | CLOSED);
            let next = if jobs == 0 { seen & !BUSY } else { seen & !jobs };
            // Release: who closes sees what has been done.
            match self.jobs.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return jobs,
                Err(now) => seen = now,
            }
        }
    }

    /// Lets the jobs that were asked for finish and takes no more.
    ///
    /// IRQL: `PASSIVE_LEVEL`, not in the worker.
    pub fn close(&self) {
        self.jobs.fetch_or(CLOSED, Ordering::AcqRel);
        while self.jobs.load(Ordering::Acquire) & BUSY != 0 {
            // SAFETY: PASSIVE_LEVEL (contract of this function). Every job is bounded by the device's
            // time-outs.
            unsafe { ndis::NdisMSleep(1000) };
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` and not queued: nothing was ever posted, or `close` has waited.
        unsafe { ndis::NdisFreeIoWorkItem(self.item.as_ptr()) };
    }
}

// SAFETY: the item may be used from any thread.
unsafe impl Send for Worker {}

// SAFETY: who may queue or free the item is decided by the atomic word.
unsafe impl Sync for Worker {}

/// The work item's routine.
///
/// IRQL: `PASSIVE_LEVEL` (NDIS-WI-01).
unsafe extern "C" fn work(context: *mut c_void, _item: NDIS_HANDLE) {
    // SAFETY: `post` has passed an adapter that lives until `close` has seen this routine end.
    let adapter = unsafe { &*context.cast_const().cast::<Adapter>() };
    loop {
        let jobs = adapter.worker.take();
        if jobs == 0 {
            return;
        }
        let asked = |job: Job| jobs & job as u32 != 0;
        if asked(Job::Reset) {
            reset::run(adapter);
        }
        if asked(Job::PowerDown) {
            power::go_down(adapter);
        }
        if asked(Job::PowerUp) {
            power::go_up(adapter);
        }
        if asked(Job::LinkParameters) {
            link::renegotiate(adapter);
        }
        if asked(Job::LinkUp) {
            link::resolve(adapter);
        }
    }
}
