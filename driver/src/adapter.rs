//! An adapter.

pub mod attributes;
pub mod halt;
pub mod init;
mod mapping;
mod resources;

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NDIS_OID_REQUEST};
use ferrite_nic::{Error, Gate, MacAddress, Reason, Settings};

use crate::companion::Presence;
use crate::dma::SgDma;
use crate::hardware::Hardware;
use crate::interrupt::Interrupts;
use crate::link::Monitor;
use crate::oid::{self, Outcome, Request};
use crate::pnp;
use crate::receive::Receiver;
use crate::send::Sender;
use crate::stats::Statistics;
use crate::worker::{Job, Worker};

use mapping::Mapping;

/// An adapter, from the end of `MiniportInitializeEx` to `MiniportHaltEx`.
///
/// It is one allocation, and does not move. Its pieces are made in the order opposite to that of the fields,
/// each undoing itself when dropped, so that it is taken down in reverse (NDIS-HALT-02).
pub struct Adapter {
    /// Taken away from NDIS before anything is dropped.
    pub interrupts: Interrupts,
    /// The state of the link.
    pub link: Monitor,
    /// The device.
    pub hardware: Hardware,
    /// The receive path.
    pub receive: Receiver,
    /// The send path.
    pub send: Sender,
    /// The registration for DMA: after everything that is shared with the device.
    pub dma: SgDma,
    /// What needs time.
    pub worker: Worker,
    /// The device's registers.
    _mapping: Mapping,
    /// What is out, and whether more may go.
    pub gate: Gate,
    /// NDIS's handle.
    pub handle: NDIS_HANDLE,
    /// The settings, as they have been fulfilled.
    pub settings: Settings,
    /// The address in the NVM.
    pub permanent: MacAddress,
    /// The address in use.
    pub station: MacAddress,
    /// The OID request that pends.
    pending: AtomicPtr<NDIS_OID_REQUEST>,
    /// The context of the device's `AddDevice`, which outlives the adapter (NDIS-PNP-04).
    device: NDIS_HANDLE,
}

// SAFETY: the handle and the pointer may be used from any thread; the pieces say for themselves how they are
// shared.
unsafe impl Sync for Adapter {}

/// The memory that NDIS knows as the adapter's context. It is there, zeroed, from the registration attributes
/// on, and an adapter is in it once `ready` is set.
struct Shell {
    ready: AtomicBool,
    adapter: UnsafeCell<MaybeUninit<Adapter>>,
}

impl Adapter {
    /// The adapter behind the context that NDIS or an interrupt passes.
    ///
    /// # Safety
    /// `context` is that of the registration attributes, `MiniportInitializeEx` has placed an adapter in it
    /// and `MiniportHaltEx` has not taken it down.
    #[inline]
    pub unsafe fn from_context<'a>(context: NDIS_HANDLE) -> &'a Self {
        let shell = context.cast_const().cast::<Shell>();
        // SAFETY: the context is a shell (caller's promise).
        let adapter = unsafe { &raw const (*shell).adapter };
        // SAFETY: it holds an adapter (caller's promise), to which there are shared references only.
        unsafe { &*adapter.cast::<Self>() }
    }

    /// The same for callbacks that may come before there is an adapter (NDIS-INIT-17).
    ///
    /// # Safety
    /// `context` is that of the registration attributes and has not been freed.
    pub unsafe fn if_ready<'a>(context: NDIS_HANDLE) -> Option<&'a Self> {
        let shell = context.cast_const().cast::<Shell>();
        // SAFETY: the context is a shell (caller's promise), zeroed at least.
        let ready = unsafe { &(*shell).ready };
        // SAFETY: `ready` says that there is an adapter.
        ready.load(Ordering::Acquire).then(|| unsafe { Self::from_context(context) })
    }

    /// Sets the device up after a reset, with its rings, and lets interrupts in.
    ///
    /// IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// The device's; it is offline then, and masked.
    pub fn start_device(&self) -> Result<(), Error> {
        let plan = self.interrupts.plan();
        self.hardware.bring_up(self.station, plan, (self.send.ring(), self.receive.ring()))?;
        self.receive.go_online(self);
        self.hardware.go_online(self.station, plan);
        self.send.go_online(self);
        self.interrupts.enable(self.hardware.nic());
        Ok(())
    }

    /// What shares the device.
    pub fn presence(&self) -> Option<&Presence> {
        // SAFETY: NDIS has passed the context to `MiniportInitializeEx`, and removes the device only after the halt.
        unsafe { pnp::presence(self.device) }
    }

    /// Whether the device is on the bus and powered, so that its registers may be touched.
    pub fn is_reachable(&self) -> bool {
        !self.gate.closed_for(Reason::Removed) && !self.gate.closed_for(Reason::LowPower)
    }

    /// All counters, the device's read now.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn statistics(&self) -> Statistics {
        let (send, _) = self.send.counters();
        let (receive, ring) = self.receive.counters();
        Statistics { send, receive, ring, hardware: self.hardware.statistics() }
    }

    /// Has the worker carry an OID request out: a set that has read `read` bytes of structure `revision`.
    pub fn defer_oid(&self, request: &mut Request, job: Job, read: u32, revision: u8) -> Outcome {
        // The request may be completed before this returns, so all that is to be written in it is written
        // now.
        let _success = request.conclude(Outcome::Done(read), revision);
        self.pending.store(request.as_ptr(), Ordering::Release);
        if self.worker.post(self, job) {
            return Outcome::Pending;
        }
        self.pending.store(ptr::null_mut(), Ordering::Release);
        // The adapter is being halted.
        Outcome::Failed(Status::NOT_ACCEPTED)
    }

    /// Completes the request that pends (NDIS-OID-02).
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn complete_oid(&self, status: Status) {
        let request = self.pending.swap(ptr::null_mut(), Ordering::AcqRel);
        if !request.is_null() {
            // SAFETY: pended by `defer_oid`, and taken out by nobody else.
            unsafe { oid::complete(self.handle, request, status) };
        }
    }

    /// Asks NDIS to remove an adapter whose device is of no more use (NDIS-REM-01). Called once: by whoever
    /// has closed the gate for the removal.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn request_removal(&self) {
        // SAFETY: the miniport adapter handle, not yet halted.
        let _status = unsafe { ndis::NdisMRemoveMiniport(self.handle) };
    }
}
