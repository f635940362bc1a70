//! A device that has left the bus (NDIS-SURP-01 to -04).

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HANDLE, NET_DEVICE_PNP_EVENT};
use ferrite_nic::{Error, Reason};

use crate::adapter::Adapter;
use crate::error_log::{Failure, Step};
use crate::reset;
use crate::trace::trace;

/// `MiniportDevicePnPEventNotify`: only a surprise removal asks for something.
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context and a valid event.
pub unsafe extern "C" fn device_pnp_event(context: NDIS_HANDLE, event: *mut NET_DEVICE_PNP_EVENT) {
    // SAFETY: NDIS passes the context of the registration attributes, whose memory is there.
    let Some(adapter) = (unsafe { Adapter::if_ready(context) }) else { return };
    // SAFETY: NDIS's event is valid during the call.
    let event = unsafe { (*event).DevicePnPEvent };
    if event == ndis::NdisDevicePnPEventSurpriseRemoved {
        remove(adapter);
    }
}

/// From now on sends and OIDs are refused with `NDIS_STATUS_NOT_ACCEPTED` (NDIS-SURP-02), and what is out is
/// completed without the device. `false` if that had been done before.
///
/// IRQL: `PASSIVE_LEVEL`, no lock held.
pub fn remove(adapter: &Adapter) -> bool {
    if !adapter.gate.refuse(Reason::Removed) {
        return false;
    }
    trace!(c"ferrite: device is gone\n");
    // Looked at after the refusal, as `power::go_up` looks for the removal after lifting its reason: one of the
    // two sees the other and stops the device.
    if adapter.gate.closed_for(Reason::LowPower) {
        // It is asleep, and no register may be touched (NDIS-PM-06); or the worker is putting it there, or
        // waking it, and stops it.
        adapter.send.abort(adapter, Status::NOT_ACCEPTED);
        adapter.receive.rewind();
    } else {
        // In case that it is still there after all: nothing may be written to memory that is about to be
        // freed.
        reset::shut_down(adapter, Status::NOT_ACCEPTED);
    }
    true
}

/// The driver has found by itself that no register answers any more (NDIS-SURP-04): NDIS is asked to remove
/// the adapter.
///
/// IRQL: `PASSIVE_LEVEL`, no lock held.
pub fn vanished(adapter: &Adapter) {
    if remove(adapter) {
        Failure::hardware(Step::Recovery, Error::Gone).log(adapter.handle);
        adapter.request_removal();
    }
}
