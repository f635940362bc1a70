//! From posted to completed; and giving up what the device will not send.

use core::ptr::NonNull;

use ferrite_ddk::Status;
use ferrite_ddk::nbl::{Nb, NblCountedQueue};
use ferrite_ddk::ndis::SCATTER_GATHER_LIST;

use super::frames::Stage;
use super::{Sender, State, complete_at_dispatch, finish, outstanding};
use crate::adapter::Adapter;
use crate::irql::Dispatch;
use crate::{flow, time};

/// How many frames are retired between two looks at the ring.
const BATCH: usize = 32;

/// A list to be given back.
type List = Option<(NonNull<SCATTER_GATHER_LIST>, Nb)>;

impl Sender {
    /// The DPC's part: completes what the device has sent, and fills the ring again.
    ///
    /// IRQL: `DISPATCH_LEVEL`, no lock held.
    pub fn completed(&self, adapter: &Adapter) {
        // SAFETY: a DPC runs at DISPATCH_LEVEL (NDIS-INT-11).
        let dispatch = unsafe { Dispatch::assume() };
        if self.retire(adapter, &dispatch) {
            self.advance(adapter, &dispatch);
        }
    }

    /// Retires the frames that are done, oldest first, and completes the NBLs that are through.
    ///
    /// One party at a time: who comes second leaves a note and gets `false`. Who gets `true` has freed
    /// places, and goes on with [`advance`](Self::advance). The places of frames whose lists are being given
    /// back stay taken meanwhile, for their buffers hold the lists. Giving a list back may deliver another
    /// one, which may want frames retired: it leaves a note too.
    ///
    /// No NBL is completed before the loop has ended, so there are only so many that it can run for.
    pub fn retire(&self, adapter: &Adapter, dispatch: &Dispatch) -> bool {
        let now = time::milliseconds();
        let mut finished = NblCountedQueue::new();
        let mut state = self.lock(dispatch);
        if state.retiring {
            state.retire_again = true;
            return false;
        }
        state.retiring = true;
        loop {
            state.retire_again = false;
            while let Some(token) = state.ring.reap(now) {
                if let Some(frame) = u32::try_from(token).ok().and_then(|index| state.frames.get(index)) {
                    frame.stage = Stage::Done;
                }
            }
            let mut lists: [List; BATCH] = [None; BATCH];
            let mut count = 0_u32;
            for entry in &mut lists {
                let Some(frame) = state.frames.done(count) else { break };
                *entry = frame.list.take().zip(Some(frame.nb));
                count = count.wrapping_add(1);
            }
            if count == 0 {
                if state.retire_again {
                    continue;
                }
                break;
            }
            drop(state);
            for &(list, nb) in lists.iter().flatten() {
                // SAFETY: the frame is done, so the device is too (NDIS-DMA-09), and the list has been taken
                // out of it: it is given back once. IRQL is DISPATCH_LEVEL and no lock is held.
                unsafe { adapter.dma.unmap(list, nb) };
            }
            state = self.lock(dispatch);
            for _ in 0..count {
                state.retire_oldest(&mut finished);
            }
        }
        state.retiring = false;
        drop(state);

        let (chain, count) = finished.pop_all();
        if count != 0 {
            complete_at_dispatch(adapter.handle, chain, dispatch);
            flow::leave(adapter, count);
        }
        true
    }

    /// Gives up everything: what is on the ring, what was on its way there, what waits. Their NBLs are
    /// completed with `status`, now or, where NDIS still owes a list, when that has come.
    ///
    /// The device cannot reach memory: it has been reset or stopped, or is gone. The ring is empty
    /// afterwards, as the device's is.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`, no lock held.
    pub fn abort(&self, adapter: &Adapter, status: Status) {
        let dispatch = Dispatch::raise();
        let mut finished = NblCountedQueue::new();
        {
            let mut guard = self.lock(&dispatch);
            let state = &mut *guard;
            state.offline = Some(status);
            while let Some(token) = state.ring.take() {
                if let Some(frame) = u32::try_from(token).ok().and_then(|index| state.frames.get(index)) {
                    frame.stage = Stage::Done;
                    frame.abandoned = true;
                    frame.nbl.set_status(status);
                    state.counters.discards = state.counters.discards.wrapping_add(1);
                }
            }
            state.ring.reset();
            let discards = &mut state.counters.discards;
            state.frames.unposted(|frame| {
                if !frame.abandoned {
                    frame.abandoned = true;
                    frame.nbl.set_status(status);
                    *discards = discards.wrapping_add(1);
                }
            });
            state.give_up_waiting(status, &mut finished);
            self.post(adapter, state);
        }
        let (chain, count) = finished.pop_all();
        if count != 0 {
            complete_at_dispatch(adapter.handle, chain, &dispatch);
            flow::leave(adapter, count);
        }
        if self.retire(adapter, &dispatch) {
            self.advance(adapter, &dispatch);
        }
    }
}

impl State {
    /// Frees the oldest frame's place, counts it, and adds its NBL to `finished` if it was the last of it.
    fn retire_oldest(&mut self, finished: &mut NblCountedQueue) {
        let Some(frame) = self.frames.pop() else { return };
        if let Some(number) = frame.bounce {
            self.bounce |= 1_u32.checked_shl(number).unwrap_or(0);
        }
        if !frame.abandoned {
            self.counters.sent.add(frame.cast, frame.nb.data_length());
        }
        self.queued = self.queued.wrapping_sub(1);
        if finish(frame.nbl, 1) {
            finished.append(frame.nbl);
        }
    }

    /// Empties the queue of waiting NBLs. The first may have frames in the table already, with which it ends.
    fn give_up_waiting(&mut self, status: Status, finished: &mut NblCountedQueue) {
        let mut next = self.next.take();
        for nbl in self.waiting.pop_all() {
            let waiting = match next.take() {
                Some(first) => {
                    core::iter::successors(Some(first), |nb| nb.next()).fold(0_u32, |n, _| n.wrapping_add(1))
                }
                None => outstanding(nbl),
            };
            nbl.set_status(status);
            self.queued = self.queued.wrapping_sub(waiting);
            self.counters.discards = self.counters.discards.wrapping_add(waiting.into());
            if finish(nbl, waiting) {
                finished.append(nbl);
            }
        }
    }
}
