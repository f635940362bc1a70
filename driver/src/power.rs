//! Device power states (`OID_PNP_SET_POWER`). NDIS has paused the adapter before a low one (NDIS-PM-03).

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_DEVICE_POWER_STATE};
use ferrite_nic::Reason;

use crate::adapter::Adapter;
use crate::link;
use crate::oid::{Outcome, Request};
use crate::reset;
use crate::trace::trace;
use crate::worker::Job;

/// Begins a change of the power state. It always succeeds (NDIS-PM-02); what takes time is the worker's, and
/// so comes after a reset that is running.
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn set(adapter: &Adapter, request: &mut Request, state: NDIS_DEVICE_POWER_STATE) -> Outcome {
    const LENGTH: u32 = 4;
    trace!(c"ferrite: power state %d\n", state);
    let low = adapter.gate.closed_for(Reason::LowPower);
    match state {
        ndis::NdisDeviceStateD0 if low => adapter.defer_oid(request, Job::PowerUp, LENGTH, 0),
        ndis::NdisDeviceStateD1 | ndis::NdisDeviceStateD2 | ndis::NdisDeviceStateD3 if !low => {
            // From here on sends are refused with NDIS_STATUS_LOW_POWER_STATE and no reset begins
            // (NDIS-PM-04).
            adapter.gate.refuse(Reason::LowPower);
            adapter.defer_oid(request, Job::PowerDown, LENGTH, 0)
        }
        ndis::NdisDeviceStateD0
        | ndis::NdisDeviceStateD1
        | ndis::NdisDeviceStateD2
        | ndis::NdisDeviceStateD3 => Outcome::Done(LENGTH),
        _ => Outcome::Failed(Status::INVALID_DATA),
    }
}

/// The worker's part of going down: interrupts, DMA and receiver off, what is left of the sends completed
/// (NDIS-PM-04, -05). No register is touched afterwards (NDIS-PM-06).
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn go_down(adapter: &Adapter) {
    if let Some(presence) = adapter.presence() {
        presence.power(false);
    }
    reset::shut_down(adapter, Status::LOW_POWER_STATE);
    link::forget(adapter);
    adapter.complete_oid(Status::SUCCESS);
}

/// The worker's part of coming up: a reset, and everything as it was (NDIS-PM-07). The request succeeds even
/// if the device does not come up (NDIS-PM-02): its removal has been asked for then.
///
/// IRQL: `PASSIVE_LEVEL`.
pub fn go_up(adapter: &Adapter) {
    match reset::recover(adapter, Status::LOW_POWER_STATE) {
        Ok(()) => {
            // It was closed for this reason by `set`, and nothing else lifts it.
            let _opened = adapter.gate.open(Reason::LowPower);
            if adapter.gate.closed_for(Reason::Removed) {
                // It went since `recover` looked, and was left alone as one that is asleep.
                reset::shut_down(adapter, Status::NOT_ACCEPTED);
            }
        }
        Err(error) => reset::give_up(adapter, error),
    }
    if let Some(presence) = adapter.presence() {
        presence.power(true);
    }
    adapter.complete_oid(Status::SUCCESS);
}
