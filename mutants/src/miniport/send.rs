//! Sends.

use super::{QUEUE, lock, memory, nbl::{self, Nb, Nbl}, register_at,  raised, state};
use crate::fault::{Fault, is};
use crate::abi::{MDL, NET_BUFFER, NET_BUFFER_LIST, Ptr, c, import, read};
use alloc::vec::Vec;

/// `MiniportSendNetBufferLists`: asks for the lists of the frames, and completes them.
pub extern "system" fn send(_context: u64, first: u64, _port: u64, _flags: u64) {
    let state = state();
    let chain = nbl::chain(Nbl::new(first));
    chain.iter().copied().for_each(memory::touch_all);
    let parts = chain.first().map(|&nbl| memory::parts(nbl)).unwrap_or_default();
    let refused = match () {
        () if state.removed.get() && !is(Fault::AcceptsAfterRemoval) => Some(c::NDIS_STATUS_NOT_ACCEPTED),
        () if state.paused.get() && !is(Fault::SendsWhilePaused) => Some(c::NDIS_STATUS_PAUSED),
        () => None,
    };
    if refused == Some(c::NDIS_STATUS_PAUSED) && is(Fault::KeepsLateSend) {
        return;
    }
    if register_at(QUEUE) != 0 {
        state.queue.borrow_mut().extend(chain.iter().map(|nbl| nbl.addr()));
        return;
    }
    for &nbl in &chain {
        let status = match () {
            () if refused.is_some() => refused.unwrap_or_default(),
            () if is(Fault::CompletesPending) => c::NDIS_STATUS_PENDING,
            () if is(Fault::CompletesOddly) => c::NDIS_STATUS_INVALID_OID,
            () => c::NDIS_STATUS_SUCCESS,
        };
        nbl.set(NET_BUFFER_LIST::Status, status.cast_signed());
        let nb = Nb::new(nbl.get(NET_BUFFER_LIST::FirstNetBuffer));
        if is(Fault::MapsListAtPassive) {
            map(nb)
        } else {
            raised(|| map(nb))
        };
    }
    irql_faults();
    if is(Fault::NeverCompletes) || is(Fault::PausesWithSendsOut) || is(Fault::Hangs) {
        return;
    }
    // The chain is not the driver's any more once it is completed.
    let last = chain.last().map_or(0, |nbl| nbl.addr());
    memory::before_completion(parts);
    if chain.len() > 1 && !is(Fault::ClaimsDispatch) {
        raised(|| complete(first, c::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL));
    } else {
        let claimed = if is(Fault::ClaimsDispatch) { c::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL } else { 0 };
        complete(first, claimed);
    }
    memory::after_completion(parts);
    if is(Fault::CompletesTwice) {
        complete(last, 0);
    }
    if is(Fault::CompletesForeign) {
        let frame = state.frames.borrow()[0];
        complete(frame, 0);
    }
}

fn complete(first: u64, flags: u32) {
    if is(Fault::LosesNb) {
        Nbl::new(first).set(NET_BUFFER_LIST::FirstNetBuffer, 0);
    }
    import!(NdisMSendNetBufferListsComplete, state().adapter.get(), first, flags.into());
}

/// Asks for the scatter/gather list of an NB.
pub fn map(nb: Nb) -> u64 {
    if is(Fault::MapsStray) {
        let local = 0_u8;
        let mdl: Ptr<MDL> = Ptr::new(nb.get(NET_BUFFER::CurrentMdl));
        mdl.set(MDL::MappedSystemVa, &raw const local as u64);
    }
    let flags = if is(Fault::ForgetsDirection) { 0 } else { c::NDIS_SG_LIST_WRITE_TO_DEVICE };
    import!(NdisMAllocateNetBufferSGList, state().dma.get(), nb.addr(), nb.addr(), flags.into(), 0, 0)
}

/// `MiniportProcessSGList`: the list is not needed.
pub extern "system" fn list_came(_device: u64, _reserved: u64, list: u64, nb: u64) {
    let own = nb == state().nb.get();
    if is(Fault::MapsTwice) {
        map(Nb::new(nb));
    }
    if (is(Fault::KeepsList) && own) || is(Fault::CompletesMapped) {
        return;
    }
    import!(NdisMFreeNetBufferSGList, state().dma.get(), list, nb);
    if is(Fault::FreesListTwice) {
        import!(NdisMFreeNetBufferSGList, state().dma.get(), list, nb);
    }
}

/// `NDIS_GET_NET_BUFFER_LIST_CANCEL_ID`.
fn cancel_id(nbl: u64) -> u64 {
    let info = Nbl::new(nbl).at(NET_BUFFER_LIST::NetBufferListInfo);
    read(info + 8 * u64::from(c::NetBufferListCancelId))
}

/// `MiniportCancelSend`.
pub extern "system" fn cancel(_context: u64, id: u64) {
    let queue = state().queue.take();
    let matches = |&nbl: &u64| is(Fault::CancelsOthers) || cancel_id(nbl) == id;
    let (cancelled, others): (Vec<u64>, Vec<u64>) = queue.into_iter().partition(matches);
    state().queue.replace(others);
    for nbl in cancelled {
        Nbl::new(nbl).set(NET_BUFFER_LIST::Status, c::NDIS_STATUS_SEND_ABORTED.cast_signed());
        complete(nbl, 0);
    }
}

/// Completes what is left in the queue.
pub fn complete_queue() {
    for nbl in state().queue.take() {
        Nbl::new(nbl).set(NET_BUFFER_LIST::Status, c::NDIS_STATUS_SUCCESS.cast_signed());
        complete(nbl, 0);
    }
}

/// What a handler at `PASSIVE_LEVEL` can do wrong with levels and locks.
fn irql_faults() {
    let lock = lock();
    if is(Fault::SleepsAtDispatch) {
        raised(|| import!(NdisMSleep, 10));
    }
    if is(Fault::StallsTooLong) {
        import!(KeStallExecutionProcessor, 51);
    }
    if is(Fault::ReturnsRaised) {
        import!(KeRaiseIrqlToDpcLevel);
    }
    if is(Fault::LocksTwice) {
        raised(|| {
            import!(KeAcquireSpinLockAtDpcLevel, lock);
            import!(KeAcquireSpinLockAtDpcLevel, lock)
        });
    }
    if is(Fault::UnlocksTwice) {
        raised(|| {
            import!(KeAcquireSpinLockAtDpcLevel, lock);
            import!(KeReleaseSpinLockFromDpcLevel, lock);
            import!(KeReleaseSpinLockFromDpcLevel, lock)
        });
    }
    if is(Fault::LowersWithLock) {
        raised(|| import!(KeAcquireSpinLockAtDpcLevel, lock));
    }
}
