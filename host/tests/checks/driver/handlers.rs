//! What the driver does between initialization and halt.

use super::{Block, address, import, memory, resources, state};
use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{
        NDIS_OID_REQUEST, NDIS_STATUS_INDICATION as Indication, NET_BUFFER_LIST, Ptr, constants as c, read,
        write,
    },
    ndis::nbl::{self, Nbl},
};

const SUCCESS: u64 = c::NDIS_STATUS_SUCCESS as u64;
const PENDING: u64 = c::NDIS_STATUS_PENDING as u64;
const FAILURE: u64 = c::NDIS_STATUS_FAILURE as u64;
/// Places in the union of an OID request.
const OID: u64 = 0;
const BUFFER: u64 = 8;
const LENGTH: u64 = 16;
const DONE: u64 = 20;
const NEEDED: u64 = 24;

/// A handler that has nothing to do.
pub extern "win64" fn nothing() -> u64 {
    0
}

/// At `DISPATCH_LEVEL`.
fn raised<T>(body: impl FnOnce() -> T) -> T {
    let level = import("KeRaiseIrqlToDpcLevel", &[]);
    let value = body();
    import("KeLowerIrql", &[level & 0xFF]);
    value
}

/// `MiniportSendNetBufferLists`: asks for the lists of the frames, and completes them.
pub extern "win64" fn send(_context: u64, first: u64, _port: u64, _flags: u64) {
    let state = state();
    let adapter = state.adapter.get();
    let chain = nbl::chain(Nbl::new(first));
    chain.iter().copied().for_each(memory::touch_all);
    let parts = chain.first().map(|&nbl| memory::parts(nbl));
    let refuse = state.paused.get() && !is(Fault::SendsWhilePaused);
    for &nbl in &chain {
        let status = match () {
            () if refuse => c::NDIS_STATUS_PAUSED,
            () if is(Fault::CompletesPending) => c::NDIS_STATUS_PENDING,
            () => c::NDIS_STATUS_SUCCESS,
        };
        nbl.set(NET_BUFFER_LIST::Status, status.cast_signed());
        let Some(nb) = nbl::net_buffers(nbl).first().copied() else { continue };
        let map =
            || import("NdisMAllocateNetBufferSGList", &[state.dma.get(), nb.addr(), nb.addr(), 1, 0, 0]);
        if is(Fault::MapsListAtPassive) {
            map()
        } else {
            raised(map)
        };
    }
    irql_faults();
    if is(Fault::NeverCompletes) || is(Fault::PausesWithSendsOut) {
        state.held.set(first);
        return;
    }
    let claimed = if is(Fault::ClaimsDispatch) { c::NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL } else { 0 };
    // The chain is not the driver's any more once it is completed.
    let last = chain.last().map_or(0, |nbl| nbl.addr());
    memory::before_completion(parts.unwrap_or_default());
    import("NdisMSendNetBufferListsComplete", &[adapter, first, claimed.into()]);
    memory::after_completion(parts.unwrap_or_default());
    if is(Fault::CompletesTwice) {
        import("NdisMSendNetBufferListsComplete", &[adapter, last, 0]);
    }
    if is(Fault::CompletesForeign) {
        let frame = state.frames.borrow()[0];
        import("NdisMSendNetBufferListsComplete", &[adapter, frame, 0]);
    }
}

/// What a handler at `PASSIVE_LEVEL` can do wrong with levels and locks.
fn irql_faults() {
    let lock = &raw const *state().lock as u64;
    if is(Fault::SleepsAtDispatch) {
        raised(|| import("NdisMSleep", &[10]));
    }
    if is(Fault::StallsTooLong) {
        import("KeStallExecutionProcessor", &[51]);
    }
    if is(Fault::ReturnsRaised) {
        import("KeRaiseIrqlToDpcLevel", &[]);
    }
    if is(Fault::LocksTwice) {
        raised(|| {
            import("KeAcquireSpinLockAtDpcLevel", &[lock]);
            import("KeAcquireSpinLockAtDpcLevel", &[lock])
        });
    }
    if is(Fault::UnlocksTwice) {
        raised(|| {
            import("KeAcquireSpinLockAtDpcLevel", &[lock]);
            import("KeReleaseSpinLockFromDpcLevel", &[lock]);
            import("KeReleaseSpinLockFromDpcLevel", &[lock])
        });
    }
    if is(Fault::LowersWithLock) {
        raised(|| import("KeAcquireSpinLockAtDpcLevel", &[lock]));
    }
}

/// `MiniportProcessSGList`: the list is not needed.
pub extern "win64" fn list_came(_device: u64, _reserved: u64, list: u64, nb: u64) {
    if is(Fault::KeepsList) {
        return;
    }
    import("NdisMFreeNetBufferSGList", &[state().dma.get(), list, nb]);
    if is(Fault::FreesListTwice) {
        import("NdisMFreeNetBufferSGList", &[state().dma.get(), list, nb]);
    }
}

/// `MiniportMessageInterrupt`.
pub extern "win64" fn isr(_context: u64, _message: u64, queue: u64, targets: u64) -> u64 {
    write(queue, 1_u8);
    write(targets, 0_u32);
    1
}

/// `MiniportMessageInterruptDPC`: indicates every frame, as far as the throttle allows.
pub extern "win64" fn dpc(_context: u64, _message: u64, _dpc: u64, throttle: u64) {
    let state = state();
    if is(Fault::KeepsLock) {
        import("KeAcquireSpinLockAtDpcLevel", &[&raw const *state.lock as u64]);
    }
    if state.paused.get() && !is(Fault::IndicatesPaused) {
        return;
    }
    let limit: u32 = read(throttle);
    let all = state.frames.borrow().clone();
    let free: Vec<Nbl> = all.into_iter().map(Nbl::new).skip(state.out.get()).collect();
    let allowed = if is(Fault::IndicatesTooMany) { usize::MAX } else { limit as usize };
    let now: Vec<Nbl> = free.into_iter().take(allowed).collect();
    let count = now.len();
    if limit != c::NDIS_INDICATE_ALL_NBLS {
        // Twice as many DPCs as there are frames: what comes back is indicated again.
        state.turns.set(state.turns.get() + 1);
        write(throttle + 4, u32::from(state.turns.get() < super::FRAMES));
    } else if is(Fault::ClaimsMore) {
        write(throttle + 4, 1_u32);
    }
    state.out.set(state.out.get() + count);
    let told = if is(Fault::IndicatesWrongCount) { count + 1 } else { count } as u64;
    // Few buffers are left under a throttle: they are not lent.
    let lent = limit == c::NDIS_INDICATE_ALL_NBLS;
    let mut flags = u64::from(c::NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    if !lent {
        flags |= u64::from(c::NDIS_RECEIVE_FLAGS_RESOURCES);
        state.out.set(state.out.get() - count);
    }
    let parts = now.first().map(|&nbl| memory::parts(nbl));
    let first = nbl::link(&now).addr();
    let args = [state.adapter.get(), first, 0, told, flags];
    import("NdisMIndicateReceiveNetBufferLists", &args);
    if is(Fault::IndicatesTwice) {
        import("NdisMIndicateReceiveNetBufferLists", &args);
    }
    if lent {
        memory::after_indication(parts.unwrap_or_default());
    } else {
        // NDIS-RECV-05: the driver's again.
        now.iter().copied().for_each(memory::touch_all);
    }
    if is(Fault::FreesIndicated) {
        import("NdisFreeNetBufferList", &[first]);
    }
}

/// `MiniportReturnNetBufferLists`: the last one home completes the pause.
pub extern "win64" fn returned(_context: u64, first: u64, _flags: u64) {
    let state = state();
    let chain = nbl::chain(Nbl::new(first));
    chain.iter().copied().for_each(memory::touch_all);
    let left = state.out.get() - chain.len();
    state.out.set(left);
    let early = is(Fault::CompletesPauseEarly) && left > 0;
    if state.pausing.get() && (left == 0 || early) && !is(Fault::NeverPauses) {
        state.pausing.set(false);
        import("NdisMPauseComplete", &[state.adapter.get()]);
        if is(Fault::CompletesPauseTwice) {
            import("NdisMPauseComplete", &[state.adapter.get()]);
        }
    }
}

/// `MiniportRestart`.
pub extern "win64" fn restart(_context: u64, _parameters: u64) -> u64 {
    let state = state();
    state.paused.set(false);
    if is(Fault::CompletesRestartAndReturns) {
        import("NdisMRestartComplete", &[state.adapter.get(), SUCCESS]);
    }
    SUCCESS
}

/// `MiniportPause`.
pub extern "win64" fn pause(_context: u64, _parameters: u64) -> u64 {
    let state = state();
    state.paused.set(true);
    let lies = is(Fault::PausesWithReceivesOut);
    match () {
        () if is(Fault::FailsPause) => FAILURE,
        () if state.out.get() > 0 && !lies => {
            state.pausing.set(true);
            PENDING
        }
        () => {
            if is(Fault::CompletesPauseAndReturns) {
                import("NdisMPauseComplete", &[state.adapter.get()]);
            }
            SUCCESS
        }
    }
}

/// `MiniportResetEx`: a work item ends it.
pub extern "win64" fn reset(_context: u64, _addressing: u64) -> u64 {
    let state = state();
    if is(Fault::CompletesResetAndReturns) {
        import("NdisMResetComplete", &[state.adapter.get(), SUCCESS, 0]);
        return SUCCESS;
    }
    let times = if is(Fault::QueuesTwice) { 2 } else { 1 };
    for _ in 0..times {
        import("NdisQueueIoWorkItem", &[state.work_item.get(), address!(end_reset), 0]);
    }
    PENDING
}

extern "win64" fn end_reset(_context: u64, _item: u64) {
    let adapter = state().adapter.get();
    if is(Fault::NeverResets) {
        return;
    }
    if is(Fault::CompletesResetLocked) {
        let lock = &raw const *state().lock as u64;
        import("KeAcquireSpinLockRaiseToDpc", &[lock]);
    }
    import("NdisMResetComplete", &[adapter, SUCCESS, 0]);
}

/// `MiniportOidRequest`: every query has four bytes for an answer; link parameters take time.
pub extern "win64" fn oid_request(_context: u64, request: u64) -> u64 {
    let state = state();
    let p: Ptr<NDIS_OID_REQUEST> = Ptr::new(request);
    let data = p.at(&NDIS_OID_REQUEST::DATA);
    let (oid, buffer, length): (u32, u64, u32) = (read(data + OID), read(data + BUFFER), read(data + LENGTH));
    state_faults();
    if oid == c::OID_GEN_LINK_PARAMETERS {
        state.request.set(request);
        if is(Fault::CompletesOidAndReturns) {
            import("NdisMOidRequestComplete", &[state.adapter.get(), request, SUCCESS]);
            return SUCCESS;
        }
        import("NdisQueueIoWorkItem", &[state.work_item.get(), address!(end_request), 0]);
        return PENDING;
    }
    if p.get(NDIS_OID_REQUEST::RequestType) == c::NdisRequestSetInformation {
        write(data + DONE, length);
        return SUCCESS;
    }
    if length < 4 {
        write(data + NEEDED, if is(Fault::NeedsTooLittle) { 0_u32 } else { 4 });
        return u64::from(c::NDIS_STATUS_INVALID_LENGTH);
    }
    memory::in_request(buffer, length);
    write(buffer, 1514_u32);
    if is(Fault::WritesPastBuffer) {
        write(buffer + u64::from(length), 0_u8);
    }
    write(data + DONE, if is(Fault::AnswersTooLong) { length + 1 } else { 4 });
    SUCCESS
}

extern "win64" fn end_request(_context: u64, _item: u64) {
    let (adapter, request) = (state().adapter.get(), state().request.get());
    if is(Fault::NeverAnswers) {
        return;
    }
    let status = if is(Fault::CompletesOidPending) { PENDING } else { SUCCESS };
    import("NdisMOidRequestComplete", &[adapter, request, status]);
    memory::after_request(request);
    if is(Fault::CompletesOidTwice) {
        import("NdisMOidRequestComplete", &[adapter, request, status]);
    }
}

/// Calls that come at the wrong time: the adapter runs, and nothing is pending.
fn state_faults() {
    let adapter = state().adapter.get();
    if is(Fault::CompletesNoPause) {
        import("NdisMPauseComplete", &[adapter]);
    }
    if is(Fault::CompletesNoRestart) {
        import("NdisMRestartComplete", &[adapter, SUCCESS]);
    }
    if is(Fault::CompletesNoReset) {
        import("NdisMResetComplete", &[adapter, SUCCESS, 0]);
    }
    if is(Fault::MapsOutsideInitialize) {
        resources::map(adapter);
    }
    if is(Fault::SharesOutsideInitialize) {
        resources::share(adapter);
    }
    if is(Fault::ConnectsOutsideInitialize) {
        resources::connect(adapter);
    }
    if is(Fault::IndicatesReset) {
        indicate(adapter, adapter, c::NDIS_STATUS_RESET_START, 0);
    }
    if is(Fault::IndicatesShortLink) {
        indicate(adapter, adapter, c::NDIS_STATUS_LINK_STATE, 8);
    }
    if is(Fault::IndicatesOthersStatus) {
        indicate(adapter, adapter + 8, c::NDIS_STATUS_LINK_STATE, 40);
    }
}

fn indicate(adapter: u64, source: u64, code: u32, size: u32) {
    let block =
        Block::new(c::NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, c::NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    let data = [0_u64; 8];
    let p: Ptr<Indication> = block.as_ptr();
    p.set(Indication::SourceHandle, source);
    p.set(Indication::StatusCode, code.cast_signed());
    p.set(Indication::StatusBuffer, if size == 0 { 0 } else { data.as_ptr() as u64 });
    p.set(Indication::StatusBufferSize, size);
    import("NdisMIndicateStatusEx", &[adapter, block.addr()]);
}

/// `MiniportRemoveDevice`, after the halt.
pub extern "win64" fn remove_device(_context: u64) {
    if is(Fault::IndicatesStatusAfterHalt) {
        let adapter = state().adapter.get();
        indicate(adapter, adapter, c::NDIS_STATUS_MEDIA_CONNECT, 0);
    }
}
