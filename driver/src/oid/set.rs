//! Changes: what a buffer asks for ([`wanted`]), put into effect.

use ferrite_ddk::Status;
use ferrite_ddk::ndis;

use super::request::{Outcome, Request};
use super::wanted;
use crate::adapter::Adapter;
use crate::power;
use crate::worker::Job;

pub fn packet_filter(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    let filter = match wanted::packet_filter(buffer) {
        Ok(filter) => filter,
        Err(outcome) => return outcome,
    };
    adapter.hardware.change_filter(adapter.station, |current| current.packet = filter);
    Outcome::Done(4)
}

/// Frames are indicated whole, so any value will do that a frame can have.
pub fn lookahead(_: &Adapter, buffer: &[u8]) -> Outcome {
    if wanted::number(buffer) > crate::MTU { Outcome::Failed(Status::INVALID_DATA) } else { Outcome::Done(4) }
}

/// NDIS-OID-18: the list replaces the old one, an empty one clears it.
pub fn multicast_list(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    match wanted::multicast_list(buffer) {
        Ok(list) => {
            adapter.hardware.change_filter(adapter.station, |current| current.multicast = list);
            Outcome::Done(u32::try_from(buffer.len()).unwrap_or(u32::MAX))
        }
        Err(outcome) => outcome,
    }
}

/// NDIS-OID-19.
pub fn interrupt_moderation(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    match wanted::interrupt_moderation(buffer) {
        Ok(on) => {
            adapter.hardware.change_moderation(adapter.interrupts.plan(), on);
            Outcome::Done(ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1.into())
        }
        Err(outcome) => outcome,
    }
}

/// Negotiates anew, or forces what can be forced; the change of the link is indicated as usual
/// (NDIS-STAT-04). Waits for the PHY, so the worker does it (NDIS-OID-09).
pub fn link_parameters(adapter: &Adapter, request: &mut Request) -> Outcome {
    let (speed, flow) = match wanted::link_parameters(request.buffer()) {
        Ok(settings) => settings,
        Err(outcome) => return outcome,
    };
    {
        let mut control = adapter.hardware.control();
        control.speed_duplex = speed;
        control.flow_control = flow;
    }
    let read = ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1.into();
    adapter.defer_oid(request, Job::LinkParameters, read, ndis::NDIS_LINK_PARAMETERS_REVISION_1)
}

/// `OID_PNP_SET_POWER` (NDIS-PM-02).
pub fn power(adapter: &Adapter, request: &mut Request) -> Outcome {
    let state = wanted::number(request.buffer()).cast_signed();
    power::set(adapter, request, state)
}

/// No wake-up is advertised, so none can be asked for (NDIS-PM-08).
pub fn pm_parameters(_: &Adapter, buffer: &[u8]) -> Outcome {
    match wanted::no_wake_up(buffer) {
        Ok(()) => Outcome::Done(ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1.into()),
        Err(outcome) => outcome,
    }
}
