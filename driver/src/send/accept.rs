//! What NDIS hands over, and takes back before it has begun.

use core::ffi::c_void;
use core::ptr;

use ferrite_ddk::Status;
use ferrite_ddk::nbl::{Nb, Nbl, NblChain, NblCountedQueue, NblQueue};
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NET_BUFFER_LIST};
use ferrite_nic::{MacAddress, Reason};

use super::{Sender, complete, complete_at_dispatch, outstanding, set_outstanding};
use crate::adapter::Adapter;
use crate::irql::Dispatch;
use crate::stats::Cast;
use crate::{MAX_FRAME, flow};

impl Sender {
    /// Takes a chain over, or refuses it.
    fn accept(&self, adapter: &Adapter, chain: NblChain, dispatch: &Dispatch) {
        let mut good = NblQueue::new();
        let mut bad = NblCountedQueue::new();
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
        // One more than there are NBLs: for this call, which must be over before a pause is (NDIS-PAUSE-06).
        let all = nbls.wrapping_add(bad.count()).wrapping_add(1);
        if let Err(reason) = adapter.gate.enter(all) {
            good.append_chain(bad.pop_all().0);
            let chain = good.pop_all();
            chain.set_status(refusal(reason));
            complete_at_dispatch(adapter.handle, chain, dispatch);
            return;
        }
        let refused = self.enqueue(adapter, &mut good, frames, dispatch);
        let mut out = 1_u32;
        for (chain, count) in [bad.pop_all(), (good.pop_all(), if refused { nbls } else { 0 })] {
            if count != 0 {
                complete_at_dispatch(adapter.handle, chain, dispatch);
                out = out.wrapping_add(count);
            }
        }
        if !refused {
            self.advance(adapter, dispatch);
        }
        flow::leave(adapter, out);
    }

    /// Puts NBLs that the gate has let through into the queue, or, if nothing can come of it, their fate into them.
    /// Whether they are refused.
    fn enqueue(&self, adapter: &Adapter, nbls: &mut NblQueue, frames: u32, dispatch: &Dispatch) -> bool {
        let mut state = self.lock(dispatch);
        let fate = match state.offline {
            Some(status) => Some(status),
            // There is no wire. A ring that nobody empties would only keep the adapter from pausing.
            None if !adapter.link.is_up() => Some(Status::MEDIA_DISCONNECTED),
            None => None,
        };
        if let Some(status) = fate {
            drop(state);
            let chain = nbls.pop_all();
            chain.set_status(status);
            nbls.append_chain(chain);
            return true;
        }
        state.queued = state.queued.wrapping_add(frames);
        if state.next.is_none() {
            state.next = nbls.first().and_then(Nbl::first_nb);
        }
        state.waiting.append_queue(nbls);
        false
    }

    /// Takes out of the queue what may be cancelled: NBLs of which nothing has been mapped yet
    /// (NDIS-CANCEL-01, -02).
    fn cancel(&self, adapter: &Adapter, id: *mut c_void) {
        if id.is_null() {
            return;
        }
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
}

/// Checks the NBs of an NBL and notes in each whose it is and how it is addressed. Returns how many there
/// are.
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
        // SAFETY: the span has at least `length` bytes, in an NB that is the driver's; `piece` is a local
        // buffer.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), piece.as_mut_ptr(), length) };
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    MacAddress(address)
}

/// The status of sends that the gate refuses.
const fn refusal(reason: Reason) -> Status {
    match reason {
        Reason::Removed => Status::NOT_ACCEPTED,        // NDIS-SURP-02
        Reason::LowPower => Status::LOW_POWER_STATE,    // NDIS-PM-04
        Reason::Pause | Reason::Halt => Status::PAUSED, // NDIS-PAUSE-07, -08
        Reason::Reset => Status::RESET_IN_PROGRESS,     // NDIS-SEND-06, C-09
    }
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
