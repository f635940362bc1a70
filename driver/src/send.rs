//! Sends: from `MiniportSendNetBufferLists` to the transmit ring and back.
//!
//! A frame (one NB) goes through these stations:
//! 1. *waiting*: its NBL stands in a queue of any length, linked through the NBLs themselves (NDIS-SEND-01);
//! 2. *mapping*: it has a place in the table of [`frames`] and NDIS is asked for its SG list;
//! 3. *ready*: the list has come, in whatever order; or *copy*: there is none, or it has too many pieces, and
//!    the frame will be copied into a bounce buffer;
//! 4. *posted*: it is on the ring, in the order in which it came (NDIS-SEND-05);
//! 5. *done*: the device has finished with it. When all frames of an NBL are, the NBL is completed.
//!
//! Nothing is allocated on the way. Where one station is full the frame stays in the one before: that is the
//! back pressure, and nothing is dropped. Every NBL accepted is counted in the [gate](ferrite_nic::Gate)
//! until its completion has returned.
//!
//! # Locks
//! One lock guards everything here. It is never held while NDIS is called for a list, given one back, or told
//! of a completion: each of these may call `MiniportProcessSGList` or `MiniportSendNetBufferLists`
//! (NDIS-DMA-04).

mod accept;
mod frames;
mod map;
mod post;
mod retire;

use core::ptr::{self, NonNull};

use ferrite_ddk::nbl::{Nb, Nbl, NblChain, NblQueue};
use ferrite_ddk::ndis::{self, NDIS_HANDLE};
use ferrite_ddk::{SpinLock, Status};
use ferrite_nic::ring::ring_bytes;
use ferrite_nic::{DmaSlice, RingBase, Settings, TxHealth, TxRing, TxSlot};

use crate::adapter::Adapter;
use crate::dma::SharedMemory;
use crate::error_log::{Failure, Step};
use crate::irql::Dispatch;
use crate::memory::{Memory, Table};
use crate::stats::SendCounters;

use frames::Frames;

pub use accept::{cancel_send, send_net_buffer_lists};
pub use map::process_sg_list;

type Ring = TxRing<DmaSlice, Table<TxSlot>>;

/// How many frames can be on their way through bounce buffers at once.
const BOUNCE_BUFFERS: u32 = 16;
/// The size of a bounce buffer: more than the longest frame.
const BOUNCE_BYTES: u32 = 2048;
/// The zeros that short frames are padded with (NDIS-SEND-07), at a cache line of their own.
const PAD_BYTES: u32 = 64;
/// The fewest descriptors that the driver is content with when memory is short.
const FEWEST_BUFFERS: u32 = 80;

/// The send path of an adapter.
pub struct Sender {
    state: SpinLock<State>,
    /// The buffers for SG lists, one for each place in the table of frames (NDIS-DMA-02).
    lists: Memory,
    list_stride: usize,
    /// The descriptors, the pad, the bounce buffers. Behind `state`, which refers to it: dropped after it.
    shared: SharedMemory,
    pad: u32,
}

struct State {
    ring: Ring,
    /// Why no frame goes to the ring: the device is reset, asleep or gone.
    offline: Option<Status>,
    frames: Frames,
    /// NBLs some of whose NBs have no place in the table yet.
    waiting: NblQueue,
    /// The first of these NBs, in the first of these NBLs.
    next: Option<Nb>,
    /// How many parties are in [`Sender::pump`]: they post what becomes ready meanwhile.
    pumps: u32,
    /// A party is in [`Sender::retire`], and looks again if `retire_again` is set meanwhile.
    retiring: bool,
    retire_again: bool,
    /// Free bounce buffers: one bit each.
    bounce: u32,
    /// Frames accepted and not yet done with.
    queued: u32,
    counters: SendCounters,
}

impl Sender {
    /// Allocates the ring and all that frames need on their way; with fewer descriptors if memory is short.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx`.
    ///
    /// # Errors
    /// [`Step::TransmitMemory`].
    pub fn new(adapter: NDIS_HANDLE, list_bytes: u32, settings: &mut Settings) -> Result<Self, Failure> {
        loop {
            if let Some(sender) = Self::try_new(adapter, list_bytes, settings) {
                return Ok(sender);
            }
            if settings.transmit_buffers <= FEWEST_BUFFERS {
                return Err(Failure::memory(Step::TransmitMemory));
            }
            settings.transmit_buffers = (settings.transmit_buffers / 2).max(FEWEST_BUFFERS);
        }
    }

    fn try_new(adapter: NDIS_HANDLE, list_bytes: u32, settings: &Settings) -> Option<Self> {
        let descriptors = settings.transmit_descriptors();
        let ring_length = u32::try_from(ring_bytes(descriptors)).ok()?;
        let pad = ring_length.next_multiple_of(PAD_BYTES);
        let shared = SharedMemory::zeroed(adapter, pad + PAD_BYTES + BOUNCE_BUFFERS * BOUNCE_BYTES)?;
        // SAFETY: the front of the shared memory is the ring's alone, and lives as long as it: see `Sender`.
        let memory = unsafe { DmaSlice::new(shared.at(0)?, shared.device_address(0), ring_length as usize) }?;
        let slots = Table::new(adapter, descriptors as usize, |_| Some(TxSlot::default()))?;
        let ring = TxRing::new(memory, slots, shared.device_address(pad)).ok()?;
        let frames = Frames::new(adapter, settings.transmit_buffers)?;
        let list_stride = (list_bytes as usize).checked_next_multiple_of(16)?;
        let lists = Memory::zeroed(adapter, list_stride.checked_mul(frames.capacity() as usize)?)?;
        let state = State {
            ring,
            offline: Some(Status::ADAPTER_NOT_READY),
            frames,
            waiting: NblQueue::new(),
            next: None,
            pumps: 0,
            retiring: false,
            retire_again: false,
            bounce: (1 << BOUNCE_BUFFERS) - 1,
            queued: 0,
            counters: SendCounters::default(),
        };
        Some(Self { state: SpinLock::new(state), lists, list_stride, shared, pad })
    }

    /// Where the ring lies.
    pub fn ring(&self) -> RingBase {
        self.state.lock().ring.base()
    }

    /// The device is there, and its ring is empty.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn go_online(&self, adapter: &Adapter) {
        self.state.lock().offline = None;
        self.advance(adapter, &Dispatch::raise());
    }

    /// Nothing goes to the ring any more, and whatever is still let through the gate is completed with `status`.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn take_offline(&self, status: Status) {
        self.state.lock().offline = Some(status);
    }

    /// Whether frames leave the ring.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn health(&self, now: u64, limit: u64) -> TxHealth {
        self.state.lock().ring.health(now, limit)
    }

    /// The counters, and how many frames are queued.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn counters(&self) -> (SendCounters, u32) {
        let state = self.state.lock();
        (state.counters, state.queued)
    }

    /// The buffer for the SG list of the frame at `index`.
    fn list_buffer(&self, index: u32) -> NonNull<u8> {
        let offset = (index as usize).wrapping_mul(self.list_stride);
        // SAFETY: `index` is below the table's capacity, for which `lists` has room.
        unsafe { self.lists.base().add(offset) }
    }

    /// Bounce buffer `index`: processor's and device's address.
    fn bounce_buffer(&self, index: u32) -> Option<(NonNull<u8>, u64)> {
        let offset = self.pad.wrapping_add(PAD_BYTES).wrapping_add(index.wrapping_mul(BOUNCE_BYTES));
        Some((self.shared.at(offset)?, self.shared.device_address(offset)))
    }

    /// The lock, cheaper than [`SpinLock::lock`].
    fn lock(&self, _dispatch: &Dispatch) -> ferrite_ddk::SpinLockGuard<'_, State> {
        // SAFETY: the token says that the IRQL is DISPATCH_LEVEL as long as it lives, which is longer than
        // any guard.
        unsafe { self.state.lock_at_dispatch() }
    }
}

// SAFETY: NBLs, NBs, SG lists and shared memory may be used from any thread; the lock says by whom.
unsafe impl Send for Sender {}

// SAFETY: as for `Send`; what is outside the lock is never changed.
unsafe impl Sync for Sender {}

/// NBs of an NBL that are not done with: `MiniportReserved`\[0\].
fn outstanding(nbl: Nbl) -> u32 {
    let [count, _] = nbl.miniport_reserved();
    u32::try_from(count.addr()).unwrap_or(u32::MAX)
}

fn set_outstanding(nbl: Nbl, count: u32) {
    nbl.set_miniport_reserved([ptr::without_provenance_mut(count as usize), ptr::null_mut()]);
}

/// Counts `count` NBs of an NBL as done with; whether it is complete now.
fn finish(nbl: Nbl, count: u32) -> bool {
    let left = outstanding(nbl).saturating_sub(count);
    set_outstanding(nbl, left);
    left == 0
}

/// Gives NBLs back whose status is set (NDIS-SEND-02, -04).
fn complete(adapter: NDIS_HANDLE, chain: NblChain) {
    // SAFETY: the NBLs are the driver's and given back once; no lock is held. Nothing is said of the IRQL,
    // which only some callers know (NDIS-SEND-11).
    unsafe { ndis::NdisMSendNetBufferListsComplete(adapter, chain.into_raw(), 0) };
}

/// The same at `DISPATCH_LEVEL`.
fn complete_at_dispatch(adapter: NDIS_HANDLE, chain: NblChain, _dispatch: &Dispatch) {
    let flags = ndis::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL;
    // SAFETY: as for `complete`; the token says that the IRQL is DISPATCH_LEVEL (NDIS-SEND-11).
    unsafe { ndis::NdisMSendNetBufferListsComplete(adapter, chain.into_raw(), flags) };
}
