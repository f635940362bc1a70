//! Pause and restart; and what follows when the last NBL is home.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NDIS_HANDLE, NDIS_MINIPORT_PAUSE_PARAMETERS, NDIS_MINIPORT_RESTART_PARAMETERS, NDIS_STATUS,
};
use ferrite_nic::{Close, Drained, OpenError, Reason};

use crate::adapter::Adapter;
use crate::trace::trace;

/// `MiniportPause`: from here on sends are refused with `NDIS_STATUS_PAUSED` and nothing is indicated
/// (NDIS-PAUSE-07 to -09). What is out comes home by itself; the last completes the pause. Nothing is needed
/// for that which could be short (NDIS-PAUSE-02), and the pause never fails (NDIS-PAUSE-01).
///
/// The receiver stays on: the DPC recycles what arrives.
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn pause(
    context: NDIS_HANDLE,
    _parameters: *mut NDIS_MINIPORT_PAUSE_PARAMETERS,
) -> NDIS_STATUS {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    let status = match adapter.gate.close(Reason::Pause) {
        Close::Idle | Close::Already => Status::SUCCESS,
        // NdisMPauseComplete may have been called by now, on another CPU.
        Close::Pending => Status::PENDING,
    };
    trace!(c"ferrite: pause %x\n", status.0);
    status.0
}

/// `MiniportRestart`: sends and receives pass again when it has returned. The restart attributes are those
/// that the general attributes gave, and stand (NDIS-RESTART-07).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn restart(
    context: NDIS_HANDLE,
    _parameters: *mut NDIS_MINIPORT_RESTART_PARAMETERS,
) -> NDIS_STATUS {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    trace!(c"ferrite: restart\n");
    let status = match adapter.gate.open(Reason::Pause) {
        // Closed for another reason, it stays so until that is over: a reset does not change the state
        // (NDIS-STATE-03).
        Ok(_) | Err(OpenError::NotClosed) => Status::SUCCESS,
        Err(OpenError::Pending | OpenError::Final) => Status::FAILURE,
    };
    status.0
}

/// Counts `count` NBLs, or calls, out; whoever counts out the last completes the pause that waits for it
/// (NDIS-PAUSE-03).
///
/// The adapter may be gone when this returns.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn leave(adapter: &Adapter, count: u32) {
    let handle = adapter.handle;
    drained(handle, adapter.gate.leave(count));
}

/// Does what the last one out has to.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn drained(adapter: NDIS_HANDLE, drained: Option<Drained>) {
    if drained.is_some_and(|drained| drained.includes(Reason::Pause)) {
        trace!(c"ferrite: pause complete\n");
        // SAFETY: `adapter` is the miniport adapter handle; MiniportPause has returned or will return
        // PENDING, and the gate has given this duty to nobody else. No lock is held.
        unsafe { ndis::NdisMPauseComplete(adapter) };
    }
}
