//! Receives: from the receive ring to `NdisMIndicateReceiveNetBufferLists` and back.
//!
//! There are twice as many buffers as the ring holds, each with an NBL, an NB and an MDL of its own. One that
//! is indicated is replaced on the ring by a free one, so that protocols which hold on to theirs do not
//! starve the device. When none is free, frames are indicated with `NDIS_RECEIVE_FLAGS_RESOURCES`, and their
//! buffers are back when the call returns (NDIS-RECV-05, -06). Nothing is allocated on the way.
//!
//! # Locks
//! One lock guards the ring and the list of free buffers. It is not held during an indication, from inside
//! which buffers may be returned.

mod buffers;

use ferrite_ddk::nbl::{NblChain, NblQueue};
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NET_BUFFER_LIST};
use ferrite_ddk::{SpinLock, SpinLockGuard};
use ferrite_nic::ring::ring_bytes;
use ferrite_nic::{DmaSlice, Frame, Polled, RingBase, RxCounters, RxRing, RxSlot, Settings};

use crate::adapter::Adapter;
use crate::dma::SharedMemory;
use crate::error_log::{Failure, Step};
use crate::flow;
use crate::memory::Table;
use crate::stats::{ReceiveCounters, Traffic};

use buffers::{Buffers, FreeList};

pub use buffers::BUFFER_BYTES;

/// The most NBLs in one chain.
const BATCH: u32 = 64;
/// The most NBLs in one chain with `NDIS_RECEIVE_FLAGS_RESOURCES`: the ring does without their buffers
/// meanwhile.
const LENT: u32 = 16;
/// The fewest buffers that the driver is content with when memory is short.
const FEWEST_BUFFERS: u32 = 80;

/// The receive path of an adapter.
pub struct Receiver {
    state: SpinLock<State>,
    buffers: Buffers,
    /// The descriptors. Behind `state`, which refers to it: dropped after it.
    _descriptors: SharedMemory,
}

struct State {
    ring: RxRing<DmaSlice, Table<RxSlot>>,
    /// Whether the ring is the device's. Off while that is reset, asleep or gone.
    online: bool,
    /// Buffers that are neither on the ring nor indicated.
    free: FreeList,
    /// A frame taken off the ring to see whether there was one: the next to be indicated.
    ahead: Option<Frame>,
    /// A party is in [`Receiver::indicate`], and looks again if `again` is set meanwhile: frames keep their
    /// order.
    busy: bool,
    again: bool,
    counters: ReceiveCounters,
}

/// What is left on the ring after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// Frames: the limit was reached.
    Frames,
}

/// Frames taken off the ring, with what they add to the counters.
struct Harvest {
    nbls: NblQueue,
    tokens: [u32; BATCH as usize],
    count: u32,
    traffic: Traffic,
}

impl Receiver {
    /// Allocates the ring and its buffers; fewer if memory is short.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx`.
    ///
    /// # Errors
    /// [`Step::ReceiveMemory`].
    pub fn new(adapter: NDIS_HANDLE, settings: &mut Settings) -> Result<Self, Failure> {
        loop {
            if let Some(receiver) = Self::try_new(adapter, settings) {
                return Ok(receiver);
            }
            if settings.receive_buffers <= FEWEST_BUFFERS {
                return Err(Failure::memory(Step::ReceiveMemory));
            }
            settings.receive_buffers = (settings.receive_buffers / 2).max(FEWEST_BUFFERS);
        }
    }

    fn try_new(adapter: NDIS_HANDLE, settings: &Settings) -> Option<Self> {
        let descriptors = settings.receive_descriptors();
        let ring_length = u32::try_from(ring_bytes(descriptors)).ok()?;
        let memory = SharedMemory::zeroed(adapter, ring_length)?;
        // SAFETY: the memory is the ring's alone, and lives as long as it: see `Receiver`.
        let slice = unsafe { DmaSlice::new(memory.at(0)?, memory.device_address(0), ring_length as usize) }?;
        let slots = Table::new(adapter, descriptors as usize, |_| Some(RxSlot::default()))?;
        let ring = RxRing::new(slice, slots, BUFFER_BYTES).ok()?;
        let buffers = Buffers::new(adapter, settings.receive_buffers.saturating_mul(2))?;
        let free = FreeList::full(adapter, buffers.count())?;
        let state = State {
            ring,
            online: false,
            free,
            ahead: None,
            busy: false,
            again: false,
            counters: ReceiveCounters::default(),
        };
        Some(Self { state: SpinLock::new(state), buffers, _descriptors: memory })
    }

    /// Where the ring lies.
    pub fn ring(&self) -> RingBase {
        self.state.lock().ring.base()
    }

    /// How many buffers there are.
    pub fn buffers(&self) -> u32 {
        self.buffers.count()
    }

    /// The device is there: it gets its buffers.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn go_online(&self, adapter: &Adapter) {
        let mut state = self.state.lock();
        state.online = true;
        self.refill(adapter, &mut state);
    }

    /// Nothing is taken from the ring any more, or put onto it.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn take_offline(&self) {
        self.state.lock().online = false;
    }

    /// Takes all buffers back that the device had. It cannot reach memory: it has been reset or stopped, or
    /// is gone.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn rewind(&self) {
        let mut guard = self.state.lock();
        let state = &mut *guard;
        state.online = false;
        while let Some(token) = state.ring.take() {
            state.free.push(token);
        }
        if let Some(frame) = state.ahead.take() {
            state.free.push(frame.token);
        }
        state.ring.reset();
    }

    /// The counters, and what the ring has dropped.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn counters(&self) -> (ReceiveCounters, RxCounters) {
        let state = self.state.lock();
        (state.counters, state.ring.counters())
    }

    /// The DPC's part: indicates what has arrived, up to `limit` NBLs, in chains (NDIS-RECV-01, -09). While
    /// the gate is closed the frames are dropped and their buffers go back to the ring (NDIS-PAUSE-09).
    ///
    /// One party at a time: who comes second leaves a note.
    ///
    /// IRQL: `DISPATCH_LEVEL`, no lock held.
    pub fn indicate(&self, adapter: &Adapter, limit: u32) -> Left {
        let mut state = self.lock();
        if state.busy {
            state.again = true;
            return Left::Nothing;
        }
        state.busy = true;
        let mut budget = limit;
        let left = loop {
            state.again = false;
            if !state.online {
                break Left::Nothing;
            }
            if budget == 0 {
                let left = if state.look_ahead() { Left::Frames } else { Left::Nothing };
                // Bad ones are back on the ring, and the device is to see them.
                self.refill(adapter, &mut state);
                break left;
            }
            let spare = state.free.count();
            let lend = spare == 0;
            let most = budget.min(if lend { LENT } else { BATCH.min(spare) });
            let (harvest, consumed) = self.harvest(adapter, &mut state, most);
            // The buffers just taken off are replaced before they are passed on.
            self.refill(adapter, &mut state);
            budget = budget.saturating_sub(consumed);
            if consumed == 0 {
                if state.again {
                    continue;
                }
                break Left::Nothing;
            }
            if harvest.count == 0 {
                continue;
            }
            drop(state);
            state = self.pass_on(adapter, harvest, lend);
        };
        state.busy = false;
        left
    }

    /// Takes up to `most` frames off the ring and readies their NBLs (NDIS-RECV-02, -03). Returns them, and
    /// how much was consumed: bad frames count too.
    fn harvest(&self, adapter: &Adapter, state: &mut State, most: u32) -> (Harvest, u32) {
        let mut harvest = Harvest {
            nbls: NblQueue::new(),
            tokens: [0; BATCH as usize],
            count: 0,
            traffic: Traffic::default(),
        };
        let mut consumed = 0_u32;
        while consumed < most {
            let frame = match state.poll() {
                Polled::Frame(frame) => frame,
                Polled::Dropped => {
                    consumed = consumed.wrapping_add(1);
                    continue;
                }
                Polled::Empty => break,
            };
            consumed = consumed.wrapping_add(1);
            let Some(buffer) = self.buffers.get(frame.token) else { continue };
            harvest.traffic.add(buffer.destination().into(), frame.length);
            harvest.nbls.append(buffer.ready(adapter.handle, frame.length));
            if let Some(token) = harvest.tokens.get_mut(harvest.count as usize) {
                *token = u32::try_from(frame.token).unwrap_or(u32::MAX);
            }
            harvest.count = harvest.count.wrapping_add(1);
        }
        (harvest, consumed)
    }

    /// Indicates a chain, or, while the gate is closed, drops it. Returns the lock again.
    fn pass_on(&self, adapter: &Adapter, mut harvest: Harvest, lend: bool) -> SpinLockGuard<'_, State> {
        let Harvest { count, traffic, .. } = harvest;
        let tokens = harvest.tokens.get(..count as usize).unwrap_or_default();
        let Ok(indication) = adapter.gate.indicate(count) else {
            // Nobody but this function refers to the NBLs.
            let _nbls = harvest.nbls.pop_all().into_raw();
            let mut state = self.lock();
            state.counters.discards = state.counters.discards.wrapping_add(count.into());
            self.take_back(adapter, &mut state, tokens);
            return state;
        };
        let mut flags = ndis::NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL;
        if lend {
            flags |= ndis::NDIS_RECEIVE_FLAGS_RESOURCES;
        }
        let chain = harvest.nbls.pop_all().into_raw();
        // SAFETY: the chain has `count` NBLs, which are the driver's and fully set up; a DPC runs at
        // DISPATCH_LEVEL, and no lock is held (NDIS-RECV-01, -08).
        unsafe {
            ndis::NdisMIndicateReceiveNetBufferLists(
                adapter.handle,
                chain,
                ndis::NDIS_DEFAULT_PORT_NUMBER,
                count,
                flags,
            );
        };
        let drained = if lend {
            // NDIS-RECV-05: they are back.
            let mut state = self.lock();
            self.take_back(adapter, &mut state, tokens);
            drop(state);
            indication.returned_all()
        } else {
            indication.returned()
        };
        flow::drained(adapter.handle, drained);
        let mut state = self.lock();
        state.counters.received.merge(&traffic);
        state
    }

    /// Buffers come home.
    fn take_back(&self, adapter: &Adapter, state: &mut State, tokens: &[u32]) {
        for &token in tokens {
            state.free.push(token as usize);
        }
        self.refill(adapter, state);
    }

    /// Puts free buffers onto the ring as far as there is room, and shows them to the device: one write, or
    /// none.
    fn refill(&self, adapter: &Adapter, state: &mut State) {
        if !state.online {
            return;
        }
        while state.ring.free() != 0 {
            let Some(token) = state.free.pop() else { break };
            let posted = match self.buffers.get(token) {
                Some(buffer) => state.ring.post(token, buffer.address()).is_ok(),
                None => false,
            };
            if !posted {
                state.free.push(token);
                break;
            }
        }
        state.ring.kick(adapter.hardware.nic().regs());
    }

    /// Takes NBLs back that protocols have returned, in any mixture (NDIS-RECV-07).
    fn returned(&self, adapter: &Adapter, chain: NblChain) {
        let mut count = 0_u32;
        {
            let mut state = self.state.lock();
            for nbl in chain {
                state.free.push(buffers::token(nbl));
                count = count.wrapping_add(1);
            }
            self.refill(adapter, &mut state);
        }
        flow::leave(adapter, count);
    }

    fn lock(&self) -> SpinLockGuard<'_, State> {
        // SAFETY: for the DPC's functions only, which run at DISPATCH_LEVEL (NDIS-INT-11).
        unsafe { self.state.lock_at_dispatch() }
    }
}

impl State {
    /// The next frame.
    fn poll(&mut self) -> Polled {
        match self.ahead.take() {
            Some(frame) => Polled::Frame(frame),
            None => self.ring.poll(),
        }
    }

    /// Whether a frame is waiting.
    fn look_ahead(&mut self) -> bool {
        // Bad ones in front of it are dropped: as many as the ring holds.
        for _ in 0..=self.ring.held() {
            match self.poll() {
                Polled::Frame(frame) => {
                    self.ahead = Some(frame);
                    return true;
                }
                Polled::Dropped => {}
                Polled::Empty => break,
            }
        }
        false
    }
}

/// `MiniportReturnNetBufferLists`.
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context and NBLs that the driver has indicated, each once.
pub unsafe extern "C" fn return_net_buffer_lists(
    context: NDIS_HANDLE,
    chain: *mut NET_BUFFER_LIST,
    _flags: u32,
) {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    // SAFETY: the NBLs are the driver's again.
    let chain = unsafe { NblChain::from_raw(chain) };
    adapter.receive.returned(adapter, chain);
}
