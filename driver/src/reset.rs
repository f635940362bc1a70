//! Hangs, resets, and devices that have gone.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NDIS_STATUS};
use ferrite_nic::{Error, Reason, TxHealth};

use crate::adapter::Adapter;
use crate::error_log::{Failure, Step};
use crate::time;
use crate::trace::trace;
use crate::worker::Job;
use crate::{link, removal};

/// How long the oldest frame may stay on the transmit ring, in milliseconds.
const STUCK_AFTER: u64 = 2000;

/// `MiniportCheckForHangEx`: looks, never waits (NDIS-CFH-01).
///
/// A frame that has been on the ring for two seconds is a hang, unless the link partner has asked for
/// silence; even then if a pause waits for it. Interrupts that were lost are made up for here, in both
/// directions (NDIS-CFH-04).
///
/// IRQL: `PASSIVE_LEVEL`; possibly before initialization is over (NDIS-INIT-17).
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn check_for_hang(context: NDIS_HANDLE) -> u8 {
    // SAFETY: NDIS passes the context of the registration attributes, whose memory is there.
    let Some(adapter) = (unsafe { Adapter::if_ready(context) }) else { return ndis::FALSE };
    let busy = [Reason::Removed, Reason::Halt, Reason::LowPower, Reason::Reset];
    if busy.iter().any(|&reason| adapter.gate.closed_for(reason)) {
        return ndis::FALSE;
    }
    let nic = adapter.hardware.nic();
    let Ok(silenced) = nic.transmit_paused() else {
        // NDIS-SURP-04: two registers have read all ones. So they do of a device that has been put to sleep
        // meanwhile.
        if !adapter.gate.closed_for(Reason::LowPower) {
            removal::vanished(adapter);
        }
        return ndis::FALSE;
    };
    let health = adapter.send.health(time::milliseconds(), STUCK_AFTER);
    if health == TxHealth::Stuck && (!silenced || adapter.gate.closed_for(Reason::Pause)) {
        trace!(c"ferrite: transmit ring is stuck\n");
        return ndis::TRUE;
    }
    adapter.interrupts.raise_all(nic);
    link::observe(adapter);
    ndis::FALSE
}

/// `MiniportResetEx`: from now on sends are refused with `NDIS_STATUS_RESET_IN_PROGRESS` and nothing is
/// indicated; the rest takes some 50 ms and is the worker's (NDIS-RESET-08).
///
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context and a place for the answer.
pub unsafe extern "C" fn reset(context: NDIS_HANDLE, addressing_reset: *mut u8) -> NDIS_STATUS {
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    // The filter, the list and the address are restored here (NDIS-RESET-03, -05).
    // SAFETY: NDIS's place for the answer.
    unsafe { addressing_reset.write(ndis::FALSE) };
    if adapter.gate.closed_for(Reason::Removed) {
        return Status::HARD_ERRORS.0;
    }
    if adapter.gate.closed_for(Reason::LowPower) {
        // Nothing is on the device, and it is reset on its way back to D0.
        return Status::SUCCESS.0;
    }
    if !adapter.gate.refuse(Reason::Reset) {
        return Status::RESET_IN_PROGRESS.0;
    }
    if !adapter.worker.post(adapter, Job::Reset) {
        // The adapter is being halted.
        return Status::HARD_ERRORS.0;
    }
    Status::PENDING.0
}

/// The worker's part of a reset. It may begin and end inside a pause, or a pause inside it (NDIS-STATE-04).
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn run(adapter: &Adapter) {
    let status = if adapter.gate.closed_for(Reason::LowPower) {
        // It has gone to sleep since `reset` looked, or is about to: as there (NDIS-PM-06).
        Status::SUCCESS
    } else {
        match recover(adapter, Status::RESET_IN_PROGRESS) {
            Ok(()) => Status::SUCCESS,
            Err(error) => {
                give_up(adapter, error);
                Status::HARD_ERRORS
            }
        }
    };
    // It was closed for this reason by `reset`, and nothing else lifts it.
    let _opened = adapter.gate.open(Reason::Reset);
    // SAFETY: MiniportResetEx has returned PENDING and this is its one completion (NDIS-RESET-02); no lock is
    // held.
    unsafe { ndis::NdisMResetComplete(adapter.handle, status.0, ndis::FALSE) };
}

/// Nothing goes to the device any more, and nothing that comes from it is looked at. Sends on their way to the ring
/// end with `status`.
pub fn quiesce(adapter: &Adapter, status: Status) {
    adapter.interrupts.disable(adapter.hardware.nic());
    adapter.hardware.take_offline();
    adapter.send.take_offline(status);
    adapter.receive.take_offline();
}

/// Stops the device, and gives up what it was at: sends end with `status`. It has power, or is gone.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn shut_down(adapter: &Adapter, status: Status) {
    quiesce(adapter, status);
    adapter.hardware.stop();
    adapter.send.abort(adapter, status);
    adapter.receive.rewind();
}

/// Resets the device and brings everything back that is not NDIS's to restore. Sends that have not left are
/// completed with `status` (NDIS-RESET-06, -12, C-09). The gate is closed.
///
/// IRQL: `PASSIVE_LEVEL`, in the worker.
///
/// # Errors
/// The device's: it is of no more use. Its sends are completed nevertheless.
pub fn recover(adapter: &Adapter, status: Status) -> Result<(), Error> {
    quiesce(adapter, status);
    let reset = adapter.hardware.reset();
    adapter.send.abort(adapter, status);
    adapter.receive.rewind();
    reset?;
    adapter.start_device()?;
    if adapter.gate.closed_for(Reason::Removed) {
        // It went while it was being reset: who noticed it stopped it too early, if it is still there after
        // all.
        shut_down(adapter, Status::NOT_ACCEPTED);
        return Err(Error::Gone);
    }
    // NDIS-RESET-09: if the link has dropped, now and when it is back.
    link::restarted(adapter);
    Ok(())
}

/// The device cannot be brought back: NDIS is asked to remove the adapter (NDIS-REM-01). [`recover`] has left
/// it stopped, or reset and not started.
///
/// IRQL: up to `DISPATCH_LEVEL`, no lock held.
pub fn give_up(adapter: &Adapter, error: Error) {
    quiesce(adapter, Status::NOT_ACCEPTED);
    adapter.send.abort(adapter, Status::NOT_ACCEPTED);
    // Whoever has found it gone before has seen to it.
    if adapter.gate.refuse(Reason::Removed) {
        Failure::hardware(Step::Recovery, error).log(adapter.handle);
        adapter.request_removal();
    }
}
