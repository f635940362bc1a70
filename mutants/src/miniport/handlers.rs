//! Interrupts, receives, pause, restart, reset.

use super::{FLUSH, RECEIVED, REASON, lock, nbl::{self, Nb, Nbl}, register_at, FAILURE, memory, raised, send, state};
use crate::fault::{Fault, is};
use crate::abi::{NDIS_MINIPORT_RESTART_PARAMETERS as Restart, Ptr, address, c, import, read, write};
use alloc::vec::Vec;

pub const SUCCESS: u64 = c::NDIS_STATUS_SUCCESS as u64;
pub const PENDING: u64 = c::NDIS_STATUS_PENDING as u64;
const ODD: u64 = c::NDIS_STATUS_NOT_SUPPORTED as u64;

/// A handler that has nothing to do.
pub extern "system" fn nothing() -> u64 {
    0
}

/// Why the device interrupted, noted for the DPC.
fn why() -> u32 {
    let reason = register_at(REASON);
    state().reason.set(state().reason.get() | reason);
    reason
}

/// `MiniportMessageInterrupt`.
pub extern "system" fn isr(_context: u64, _message: u64, queue: u64, targets: u64) -> u64 {
    why();
    write(queue, u8::from(!is(Fault::UsesTargets)));
    write(targets, u32::from(is(Fault::UsesTargets)));
    if is(Fault::RaisesInIsr) {
        import!(KfRaiseIrql, 12);
    }
    u64::from(!is(Fault::DisownsMessage))
}

/// `MiniportInterrupt`: the line is shared.
pub extern "system" fn line_isr(_context: u64, queue: u64, _targets: u64) -> u64 {
    let mine = why() != 0;
    write(queue, u8::from(mine));
    u64::from(mine || is(Fault::ClaimsForeign))
}

/// `MiniportInterruptDPC`.
pub extern "system" fn line_dpc(context: u64, dpc_context: u64, throttle: u64) {
    dpc(context, 0, dpc_context, throttle);
}

/// `MiniportMessageInterruptDPC`: indicates every frame, as far as the throttle allows.
pub extern "system" fn dpc(_context: u64, _message: u64, _dpc: u64, throttle: u64) {
    let state = state();
    if is(Fault::KeepsLock) {
        import!(KeAcquireSpinLockAtDpcLevel, lock());
    }
    let reason = state.reason.take();
    if reason & FLUSH != 0 {
        send::complete_queue();
    }
    let paused = state.paused.get() && !is(Fault::IndicatesPaused);
    let deaf = !state.filtering.get() && !is(Fault::IndicatesBeforeFilter);
    if reason & RECEIVED == 0 || paused || deaf {
        return;
    }
    let limit: u32 = read(throttle);
    let allowed = if is(Fault::IndicatesTooMany) { usize::MAX } else { limit as usize };
    if limit != c::NDIS_INDICATE_ALL_NBLS {
        // Twice as many DPCs as there are frames: what comes back is indicated again.
        state.turns.set(state.turns.get() + 1);
        let more = state.turns.get() < super::FRAMES;
        write(throttle + 4, u32::from(more));
        state.reason.set(if more { RECEIVED } else { 0 });
    } else if is(Fault::ClaimsMore) {
        write(throttle + 4, 1_u32);
    }
    // Few buffers are left under a throttle: they are not lent.
    let lent = limit == c::NDIS_INDICATE_ALL_NBLS;
    let resources = if lent { 0 } else { c::NDIS_RECEIVE_FLAGS_RESOURCES };
    let first = indicate(allowed, c::NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL | resources);
    if is(Fault::FreesIndicated) {
        import!(NdisFreeNetBufferList, first);
    }
}

/// Indicates what is not out, up to `most`; answers the first NBL.
pub fn indicate(most: usize, flags: u32) -> u64 {
    let state = state();
    let all = state.frames.borrow().clone();
    let now: Vec<Nbl> = all.into_iter().map(Nbl::new).skip(state.out.get()).take(most).collect();
    let count = now.len();
    let lent = flags & c::NDIS_RECEIVE_FLAGS_RESOURCES == 0;
    state.out.set(state.out.get() + if lent { count } else { 0 });
    let told = if is(Fault::IndicatesWrongCount) { count + 1 } else { count } as u64;
    let parts = now.first().map(|&nbl| memory::parts(nbl)).unwrap_or_default();
    let first = nbl::link(&now).addr();
    
    import!(NdisMIndicateReceiveNetBufferLists, state.adapter.get(), first, 0, told, flags.into());
    if is(Fault::IndicatesTwice) {
        import!(NdisMIndicateReceiveNetBufferLists, state.adapter.get(), first, 0, told, flags.into());
    }
    if lent {
        memory::after_indication(parts);
    } else {
        // NDIS-RECV-05: the driver's again.
        now.iter().copied().for_each(memory::touch_all);
    }
    first
}

/// `MiniportReturnNetBufferLists`: the last one home completes the pause.
pub extern "system" fn returned(_context: u64, first: u64, _flags: u64) {
    let state = state();
    let chain = nbl::chain(Nbl::new(first));
    chain.iter().copied().for_each(memory::touch_all);
    let left = state.out.get() - chain.len();
    state.out.set(left);
    let early = is(Fault::CompletesPauseEarly) && left > 0;
    if state.pausing.get() && (left == 0 || early) && !is(Fault::NeverPauses) {
        state.pausing.set(false);
        import!(NdisMPauseComplete, state.adapter.get());
        if is(Fault::CompletesPauseTwice) {
            import!(NdisMPauseComplete, state.adapter.get());
        }
    }
}

/// `MiniportRestart`: at once the first time, later the second.
pub extern "system" fn restart(_context: u64, parameters: u64) -> u64 {
    let state = state();
    state.paused.set(false);
    state.restarts.set(state.restarts.get() + 1);
    if is(Fault::AddsAttributes) {
        Ptr::<Restart>::new(parameters).set(Restart::RestartAttributes, parameters);
    }
    import!(NdisMNetPnPEvent, state.adapter.get(), 0);
    if is(Fault::CompletesRestartAndReturns) {
        import!(NdisMRestartComplete, state.adapter.get(), SUCCESS);
    }
    if state.restarts.get() > 1 {
        import!(NdisQueueIoWorkItem, state.work_item.get(), address!(end_restart), 0);
        return PENDING;
    }
    if is(Fault::RestartsOddly) { ODD } else { SUCCESS }
}

extern "system" fn end_restart(_context: u64, _item: u64) {
    let status = if is(Fault::CompletesRestartOddly) { ODD } else { SUCCESS };
    if !is(Fault::NeverRestarts) {
        import!(NdisMRestartComplete, state().adapter.get(), status);
    }
}

/// `MiniportPause`.
pub extern "system" fn pause(_context: u64, _parameters: u64) -> u64 {
    let state = state();
    state.paused.set(true);
    if is(Fault::DisconnectsInPause) {
        import!(NdisMDeregisterInterruptEx, state.interrupt.get());
    }
    if is(Fault::PausesIndicating) && state.out.get() == 0 {
        state.pausing.set(true);
        indicate(1, 0);
        return PENDING;
    }
    let lies = is(Fault::PausesWithReceivesOut);
    match () {
        () if is(Fault::FailsPause) => FAILURE,
        () if state.out.get() > 0 && !lies => {
            state.pausing.set(true);
            PENDING
        }
        () => {
            if is(Fault::CompletesPauseAndReturns) {
                import!(NdisMPauseComplete, state.adapter.get());
            }
            SUCCESS
        }
    }
}

/// `MiniportResetEx`: a work item ends the first; the second is over at once, and looks at the memory of the driver's own
/// NB.
pub extern "system" fn reset(_context: u64, _addressing: u64) -> u64 {
    let state = state();
    state.resets.set(state.resets.get() + 1);
    if is(Fault::CompletesResetAndReturns) {
        import!(NdisMResetComplete, state.adapter.get(), SUCCESS, 0);
        return SUCCESS;
    }
    if state.resets.get() > 1 {
        raised(|| send::map(Nb::new(state.nb.get())));
        return if is(Fault::ResetsOddly) { ODD } else { SUCCESS };
    }
    let times = if is(Fault::QueuesTwice) { 2 } else { 1 };
    for _ in 0..times {
        import!(NdisQueueIoWorkItem, state.work_item.get(), address!(end_reset), 0);
    }
    PENDING
}

extern "system" fn end_reset(_context: u64, _item: u64) {
    if is(Fault::NeverResets) {
        return;
    }
    if is(Fault::CompletesResetLocked) {
        import!(KeAcquireSpinLockRaiseToDpc, lock());
    }
    import!(NdisMResetComplete, state().adapter.get(), SUCCESS, 0);
}
