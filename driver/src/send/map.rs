//! From waiting to ready: places in the table, and SG lists.

use core::ffi::c_void;
use core::ptr::{self, NonNull};

use ferrite_ddk::nbl::{Nb, Nbl};
use ferrite_ddk::ndis::{DEVICE_OBJECT, SCATTER_GATHER_LIST};

use super::frames::{Frame, Stage};
use super::{Sender, State};
use crate::adapter::Adapter;
use crate::flow;
use crate::irql::Dispatch;
use crate::stats::Cast;

/// How many frames are mapped between two looks at the ring, each of which ends in one tail write.
const BATCH: usize = 32;

/// The shortest frame that the ring takes as it is: an Ethernet header. Shorter ones are copied.
const HEADER: u32 = 14;

/// Frames of a batch that NDIS is to be asked for: NB and index.
type Batch = [Option<(Nb, u32)>; BATCH];

impl Sender {
    /// Moves everything along as far as there is room: waiting frames into the table, ready ones onto the
    /// ring, done ones to their completion.
    ///
    /// IRQL: `DISPATCH_LEVEL`, no lock held.
    pub fn advance(&self, adapter: &Adapter, dispatch: &Dispatch) {
        // Frames are done without having been on the ring if they were given up; there is room after them. If
        // somebody else is retiring, that party advances afterwards.
        while self.pump(adapter, dispatch) && self.retire(adapter, dispatch) {}
    }

    /// Waiting frames into the table, ready ones onto the ring. Whether frames are done.
    ///
    /// Any number of CPUs may be in here at once: places are given out in order, and it is by place that
    /// frames are posted.
    fn pump(&self, adapter: &Adapter, dispatch: &Dispatch) -> bool {
        let mut state = self.lock(dispatch);
        state.pumps = state.pumps.wrapping_add(1);
        loop {
            let mut batch: Batch = [None; BATCH];
            if state.assign(&mut batch) == 0 {
                state.pumps = state.pumps.wrapping_sub(1);
                return self.post(adapter, &mut state);
            }
            drop(state);
            for &(nb, index) in batch.iter().flatten() {
                self.map(adapter, nb, index, dispatch);
            }
            state = self.lock(dispatch);
            self.post(adapter, &mut state);
        }
    }

    /// Asks NDIS for the frame's list. If it cannot have one the frame is copied (NDIS-DMA-10).
    fn map(&self, adapter: &Adapter, nb: Nb, index: u32, dispatch: &Dispatch) {
        let context: *mut c_void = nb.as_ptr().cast();
        // SAFETY: the NB is the driver's while the frame has its place, which it keeps until its list has
        // been given back; the place's buffer is for this frame alone. IRQL is DISPATCH_LEVEL, and no lock is
        // held.
        let mapped = unsafe { adapter.dma.map(nb, context, self.list_buffer(index)) };
        if mapped.is_err() {
            let mut state = self.lock(dispatch);
            if let Some(frame) = state.frames.get(index) {
                frame.stage = Stage::Copy;
            }
        }
    }

    /// A list has come, or none (NULL).
    ///
    /// Nothing but frames in the table keeps the adapter from being paused and halted meanwhile: NDIS may have
    /// owed nothing else.
    fn mapped(&self, adapter: &Adapter, index: u32, list: *mut SCATTER_GATHER_LIST, dispatch: &Dispatch) {
        let done = {
            let mut state = self.lock(dispatch);
            let Some(frame) = state.frames.get(index) else { return };
            frame.list = NonNull::new(list);
            frame.stage = if list.is_null() { Stage::Copy } else { Stage::Ready };
            // Otherwise somebody in `pump` is about to post it.
            let done = state.pumps == 0 && self.post(adapter, &mut state);
            if done {
                // The frame that is done is still in the table, so its NBL is out. Without the lock anybody
                // may complete it.
                adapter.gate.hold();
            }
            done
        };
        if done {
            if self.retire(adapter, dispatch) {
                self.advance(adapter, dispatch);
            }
            flow::leave(adapter, 1);
        }
    }
}

impl State {
    /// Gives places to waiting frames; returns how many, and in `batch` those that NDIS is to be asked for.
    fn assign(&mut self, batch: &mut Batch) -> u32 {
        let mut assigned = 0_u32;
        for entry in batch {
            let Some((nbl, nb)) = self.waiting.first().zip(self.next) else { break };
            let copied = nb.data_length() < HEADER;
            let [owner, _, cast, spare] = nb.miniport_reserved();
            let frame = Frame {
                nbl,
                nb,
                stage: if copied { Stage::Copy } else { Stage::Mapping },
                abandoned: false,
                cast: noted(cast),
                list: None,
                bounce: None,
            };
            let Ok(index) = self.frames.push(frame) else { break };
            nb.set_miniport_reserved([owner, ptr::without_provenance_mut(index as usize), cast, spare]);
            if !copied {
                *entry = Some((nb, index));
            }
            assigned = assigned.wrapping_add(1);
            self.next = nb.next();
            if self.next.is_none() {
                // It lives on in its frames.
                let _nbl = self.waiting.pop_first();
                self.next = self.waiting.first().and_then(Nbl::first_nb);
            }
        }
        assigned
    }
}

/// What `prepare` has noted in an NB.
fn noted(cast: *mut c_void) -> Cast {
    const MULTICAST: usize = Cast::Multicast as usize;
    const BROADCAST: usize = Cast::Broadcast as usize;
    match cast.addr() {
        MULTICAST => Cast::Multicast,
        BROADCAST => Cast::Broadcast,
        _ => Cast::Directed,
    }
}

/// `MiniportProcessSGList`: on any CPU, in any order, from inside the call that asked or long after it
/// (NDIS-DMA-04).
///
/// The list passed counts, not the buffer supplied (NDIS-DMA-06).
///
/// IRQL: `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with a list and the NB for which it was asked.
pub unsafe extern "C" fn process_sg_list(
    _device: *mut DEVICE_OBJECT,
    _reserved: *mut c_void,
    list: *mut SCATTER_GATHER_LIST,
    context: *mut c_void,
) {
    // SAFETY: `map` has passed an NB that is the driver's until its list has been given back.
    let Some(nb) = (unsafe { Nb::new(context.cast()) }) else { return };
    let [owner, index, ..] = nb.miniport_reserved();
    // SAFETY: `prepare` has noted the adapter, which outlives the NB: it is counted in the gate.
    let adapter = unsafe { &*owner.cast_const().cast::<Adapter>() };
    // SAFETY: NDIS calls this at DISPATCH_LEVEL.
    let dispatch = unsafe { Dispatch::assume() };
    let index = u32::try_from(index.addr()).unwrap_or(u32::MAX);
    adapter.send.mapped(adapter, index, list, &dispatch);
}
