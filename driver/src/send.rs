//! Sends: from `MiniportSendNetBufferLists` to the transmit ring and back.
//!
//! A frame (one NB) goes through these stations:
//! 1. *waiting*: its NBL stands in a queue of any length, linked through the NBLs themselves (NDIS-SEND-01);
//! 2. *mapping*: it has a place in the table of [`frames`] and NDIS is asked for its SG list;
//! 3. *ready*: the list has come, in whatever order; or *copy*: there is none, or it has too many pieces, and the frame
//!    will be copied into a bounce buffer;
//! 4. *posted*: it is on the ring, in the order in which it came (NDIS-SEND-05);
//! 5. *done*: the device has finished with it. When all frames of an NBL are, the NBL is completed.
//!
//! Nothing is allocated on the way. Where one station is full the frame stays in the one before: that is the back
//! pressure, and nothing is dropped. Every NBL accepted is counted in the [gate](ferrite_nic::Gate) until its completion
//! has returned.
//!
//! # Locks
//! One lock guards everything here. It is never held while NDIS is called for a list, given one back, or told of a
//! completion: each of these may call `MiniportProcessSGList` or `MiniportSendNetBufferLists` (NDIS-DMA-04).

mod frames;
mod map;
mod post;
mod retire;

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use ferrite_ddk::nbl::{Nb, Nbl, NblChain, NblQueue};
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NET_BUFFER_LIST};
use ferrite_ddk::{SpinLock, Status};
use ferrite_nic::ring::ring_bytes;
use ferrite_nic::{DmaSlice, MacAddress, Reason, RingBase, Settings, TxHealth, TxRing, TxSlot};

use crate::adapter::Adapter;
use crate::dma::{SgDma, SharedMemory};
use crate::error_log::{Failure, Step};
use crate::irql::Dispatch;
use crate::memory::{Memory, Table};
use crate::stats::{Cast, SendCounters};
use crate::{MAX_FRAME, flow};

use frames::Frames;

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
    dma: SgDma,
    /// The buffers for SG lists, one for each place in the table of frames (NDIS-DMA-02).
    lists: Memory,
    list_stride: usize,
    /// The descriptors, the pad, the bounce buffers. Behind `state`, which refers to it: dropped after it.
    shared: SharedMemory,
    pad: u32,
}

struct State {
    ring: Ring,
    /// Whether frames go to the ring. Off while the device is reset, asleep or gone.
    online: bool,
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
    pub fn new(adapter: NDIS_HANDLE, dma: SgDma, settings: &mut Settings) -> Result<Self, Failure> {
        let mut dma = dma;
        loop {
            match Self::try_new(adapter, dma, settings) {
                Ok(sender) => return Ok(sender),
                Err(back) if settings.transmit_buffers > FEWEST_BUFFERS => {
                    settings.transmit_buffers = (settings.transmit_buffers / 2).max(FEWEST_BUFFERS);
                    dma = back;
                }
                Err(_) => return Err(Failure::memory(Step::TransmitMemory)),
            }
        }
    }

    fn try_new(adapter: NDIS_HANDLE, dma: SgDma, settings: &Settings) -> Result<Self, SgDma> {
        let list_stride = (dma.list_bytes() as usize).next_multiple_of(16);
        let Some((state, lists, shared, pad)) = Self::allocate(adapter, list_stride, settings) else { return Err(dma) };
        Ok(Self { state: SpinLock::new(state), dma, lists, list_stride, shared, pad })
    }

    fn allocate(
        adapter: NDIS_HANDLE,
        list_stride: usize,
        settings: &Settings,
    ) -> Option<(State, Memory, SharedMemory, u32)> {
        let descriptors = settings.transmit_descriptors();
        let ring_length = u32::try_from(ring_bytes(descriptors)).ok()?;
        let pad = ring_length.next_multiple_of(PAD_BYTES);
        let shared = SharedMemory::zeroed(adapter, pad + PAD_BYTES + BOUNCE_BUFFERS * BOUNCE_BYTES)?;
        // SAFETY: the front of the shared memory is the ring's alone, and lives as long as it: see `Sender`.
        let memory = unsafe { DmaSlice::new(shared.at(0)?, shared.device_address(0), ring_length as usize) }?;
        let slots = Table::new(adapter, descriptors as usize, |_| Some(TxSlot::default()))?;
        let ring = TxRing::new(memory, slots, shared.device_address(pad)).ok()?;
        let frames = Frames::new(adapter, settings.transmit_buffers)?;
        let lists = Memory::zeroed(adapter, list_stride.checked_mul(frames.capacity() as usize)?)?;
        let state = State {
            ring,
            online: false,
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
        Some((state, lists, shared, pad))
    }

    /// Where the ring lies.
    pub fn ring(&self) -> RingBase {
        self.state.lock().ring.base()
    }

    /// The device is there, and its ring is empty.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn go_online(&self, adapter: &Adapter) {
        self.state.lock().online = true;
        self.advance(adapter, &Dispatch::raise());
    }

    /// Nothing goes to the ring any more.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn take_offline(&self) {
        self.state.lock().online = false;
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

    /// Takes a chain over, or refuses it.
    fn accept(&self, adapter: &Adapter, chain: NblChain, dispatch: &Dispatch) {
        let mut good = NblQueue::new();
        let mut bad = NblQueue::new();
        let (mut nbls, mut frames) = (0_u32, 0_u32);
        for nbl in chain {
            match prepare(adapter, nbl) {
                Ok(count) => {
                    good.append(nbl);
                    nbls = nbls.wrapping_add(1);
                    frames = frames.wrapping_add(count);
                }
                Err(status) => {
                    nbl.set_status(status);
                    bad.append(nbl);
                }
            }
        }
        if !bad.is_empty() {
            complete(adapter.handle, bad.pop_all());
        }
        if nbls == 0 {
            return;
        }
        // One more than there are NBLs: for this call, which must be over before a pause is (NDIS-PAUSE-06).
        let refused = match adapter.gate.enter(nbls.wrapping_add(1)) {
            Ok(()) if adapter.link.is_up() => None,
            // There is no wire. A ring that nobody empties would only keep the adapter from pausing.
            Ok(()) => {
                flow::leave(adapter, nbls.wrapping_add(1));
                Some(Status::MEDIA_DISCONNECTED)
            }
            Err(reason) => Some(refusal(reason)),
        };
        if let Some(status) = refused {
            let chain = good.pop_all();
            chain.set_status(status);
            complete(adapter.handle, chain);
            return;
        }
        {
            let mut state = self.lock(dispatch);
            state.queued = state.queued.wrapping_add(frames);
            if state.next.is_none() {
                state.next = good.first().and_then(Nbl::first_nb);
            }
            state.waiting.append_queue(&mut good);
        }
        self.advance(adapter, dispatch);
        flow::leave(adapter, 1);
    }

    /// Takes out of the queue what may be cancelled: NBLs of which nothing has been mapped yet (NDIS-CANCEL-01, -02).
    fn cancel(&self, adapter: &Adapter, id: *mut c_void) {
        let mut state = self.state.lock();
        let begun = match state.waiting.first() {
            Some(first) if state.next != first.first_nb() => Some(first),
            _ => None,
        };
        let mut cancelled = state.waiting.remove_if(|nbl| nbl.cancel_id() == id && Some(nbl) != begun);
        if begun.is_none() {
            state.next = state.waiting.first().and_then(Nbl::first_nb);
        }
        let chain = cancelled.pop_all();
        let frames: u32 = chain.iter().map(outstanding).fold(0, u32::wrapping_add);
        state.queued = state.queued.wrapping_sub(frames);
        drop(state);

        let count = chain.count();
        if count != 0 {
            chain.set_status(Status::SEND_ABORTED);
            complete(adapter.handle, chain);
            flow::leave(adapter, count);
        }
    }

    /// The lock, cheaper than [`SpinLock::lock`].
    fn lock(&self, _dispatch: &Dispatch) -> ferrite_ddk::SpinLockGuard<'_, State> {
        // SAFETY: the token says that the IRQL is DISPATCH_LEVEL as long as it lives, which is longer than any guard.
        unsafe { self.state.lock_at_dispatch() }
    }
}

// SAFETY: NBLs, NBs, SG lists and shared memory may be used from any thread; the lock says by whom.
unsafe impl Send for Sender {}

// SAFETY: as for `Send`; what is outside the lock is never changed.
unsafe impl Sync for Sender {}

/// Checks the NBs of an NBL and notes in each whose it is and how it is addressed. Returns how many there are.
///
/// One bad NB fails the NBL, of which then nothing is sent: its status cannot say more (NDIS-SEND-13).
fn prepare(adapter: &Adapter, nbl: Nbl) -> Result<u32, Status> {
    let mut frames = 0_u32;
    for nb in nbl.nbs() {
        if !(1..=MAX_FRAME).contains(&nb.data_length()) {
            return Err(Status::INVALID_LENGTH);
        }
        let owner: *const Adapter = adapter;
        let cast = Cast::from(destination(nb)) as usize;
        nb.set_miniport_reserved([
            owner.cast_mut().cast(),
            ptr::null_mut(),
            ptr::without_provenance_mut(cast),
            ptr::null_mut(),
        ]);
        frames = frames.wrapping_add(1);
    }
    if frames == 0 {
        return Err(Status::FAILURE);
    }
    nbl.set_status(Status::SUCCESS);
    set_outstanding(nbl, frames);
    Ok(frames)
}

/// Where a frame goes, as far as its first bytes can be read.
fn destination(nb: Nb) -> MacAddress {
    let mut address = [0; 6];
    let mut rest = address.as_mut_slice();
    for span in nb.spans() {
        let Some(from) = span.address() else { break };
        let length = rest.len().min(span.length as usize);
        let Some((piece, behind)) = rest.split_at_mut_checked(length) else { break };
        // SAFETY: the span has at least `length` bytes, in an NB that is the driver's; `piece` is a local buffer.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), piece.as_mut_ptr(), length) };
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    MacAddress(address)
}

/// NBs of an NBL that are not done with: MiniportReserved\[0\].
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

/// The status of sends that the gate refuses.
const fn refusal(reason: Reason) -> Status {
    match reason {
        Reason::Removed => Status::NOT_ACCEPTED,            // NDIS-SURP-02
        Reason::LowPower => Status::LOW_POWER_STATE,        // NDIS-PM-04
        Reason::Pause | Reason::Halt => Status::PAUSED,     // NDIS-PAUSE-07, -08
        Reason::Reset => Status::RESET_IN_PROGRESS,         // NDIS-SEND-06, C-09
    }
}

/// Gives NBLs back whose status is set (NDIS-SEND-02, -04).
fn complete(adapter: NDIS_HANDLE, chain: NblChain) {
    // SAFETY: the NBLs are the driver's and given back once; no lock is held. Nothing is said of the IRQL, which only
    // some callers know (NDIS-SEND-11).
    unsafe { ndis::NdisMSendNetBufferListsComplete(adapter, chain.into_raw(), 0) };
}

/// The same at `DISPATCH_LEVEL`.
fn complete_at_dispatch(adapter: NDIS_HANDLE, chain: NblChain, _dispatch: &Dispatch) {
    let flags = ndis::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL;
    // SAFETY: as for `complete`; the token says that the IRQL is DISPATCH_LEVEL (NDIS-SEND-11).
    unsafe { ndis::NdisMSendNetBufferListsComplete(adapter, chain.into_raw(), flags) };
}

/// `MiniportSendNetBufferLists`.
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context and a chain that is the driver's from now on.
pub unsafe extern "C" fn send_net_buffer_lists(
    context: NDIS_HANDLE,
    chain: *mut NET_BUFFER_LIST,
    _port: u32,
    flags: u32,
) {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    // SAFETY: the chain is the driver's until its NBLs are completed.
    let chain = unsafe { NblChain::from_raw(chain) };
    let dispatch = if ndis::NDIS_TEST_SEND_AT_DISPATCH_LEVEL(flags) {
        // SAFETY: NDIS says so (NDIS-SEND-10).
        unsafe { Dispatch::assume() }
    } else {
        Dispatch::raise()
    };
    adapter.send.accept(adapter, chain, &dispatch);
}

/// `MiniportCancelSend`.
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn cancel_send(context: NDIS_HANDLE, cancel_id: *mut c_void) {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    adapter.send.cancel(adapter, cancel_id);
}
