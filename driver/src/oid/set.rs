//! Changes.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NDIS_INTERRUPT_MODERATION_PARAMETERS, NDIS_LINK_PARAMETERS, NDIS_PM_PARAMETERS,
};
use ferrite_nic::filter::ListError;
use ferrite_nic::{FlowControl, MulticastList, PacketFilter, SpeedDuplex};

use super::request::{Outcome, Plain, Request, is_structure};
use crate::adapter::Adapter;
use crate::power;
use crate::worker::Job;

/// The 32-bit number at the front of a buffer that is known to have room for it.
fn number(buffer: &[u8]) -> u32 {
    match buffer.first_chunk() {
        Some(&bytes) => u32::from_le_bytes(bytes),
        None => 0,
    }
}

pub fn packet_filter(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    let Some(filter) = PacketFilter::new(number(buffer)) else {
        return Outcome::Failed(Status::NOT_SUPPORTED);
    };
    adapter.hardware.change_filter(adapter.station, |current| current.packet = filter);
    Outcome::Done(4)
}

/// Frames are indicated whole, so any value will do that a frame can have.
pub fn lookahead(_: &Adapter, buffer: &[u8]) -> Outcome {
    if number(buffer) > crate::MTU { Outcome::Failed(Status::INVALID_DATA) } else { Outcome::Done(4) }
}

/// NDIS-OID-18: the list replaces the old one, an empty one clears it.
pub fn multicast_list(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    match MulticastList::from_bytes(buffer) {
        Ok(list) => {
            adapter.hardware.change_filter(adapter.station, |current| current.multicast = list);
            Outcome::Done(u32::try_from(buffer.len()).unwrap_or(u32::MAX))
        }
        Err(ListError::Length) => {
            // What the whole addresses in it need, and one more.
            let whole = buffer.len() / 6;
            Outcome::Short(u32::try_from(whole.saturating_add(1).saturating_mul(6)).unwrap_or(u32::MAX))
        }
        Err(ListError::Full) => Outcome::Failed(Status::MULTICAST_FULL),
        Err(ListError::NotMulticast) => Outcome::Failed(Status::INVALID_DATA),
    }
}

/// NDIS-OID-19.
pub fn interrupt_moderation(adapter: &Adapter, buffer: &[u8]) -> Outcome {
    let Some(wanted) = NDIS_INTERRUPT_MODERATION_PARAMETERS::read(buffer) else {
        return Outcome::Short(ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1.into());
    };
    let valid = is_structure(
        wanted.Header,
        ndis::NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
        ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
    );
    let on = match wanted.InterruptModeration {
        ndis::NdisInterruptModerationEnabled => true,
        ndis::NdisInterruptModerationDisabled => false,
        _ => return Outcome::Failed(Status::INVALID_DATA),
    };
    if !valid {
        return Outcome::Failed(Status::INVALID_DATA);
    }
    adapter.hardware.change_moderation(adapter.interrupts.plan(), on);
    Outcome::Done(ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1.into())
}

/// Negotiates anew, or forces what can be forced; the change of the link is indicated as usual
/// (NDIS-STAT-04). Waits for the PHY, so the worker does it (NDIS-OID-09).
pub fn link_parameters(adapter: &Adapter, request: &mut Request) -> Outcome {
    let needed = u32::from(ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1);
    let Some(wanted) = NDIS_LINK_PARAMETERS::read(request.buffer()) else { return Outcome::Short(needed) };
    let valid = is_structure(
        wanted.Header,
        ndis::NDIS_LINK_PARAMETERS_REVISION_1,
        ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1,
    );
    let (Some(speed), Some(flow), true) = (speed_duplex(&wanted), flow_control(&wanted), valid) else {
        return Outcome::Failed(Status::INVALID_DATA);
    };
    {
        let mut control = adapter.hardware.control();
        control.speed_duplex = speed;
        control.flow_control = flow;
    }
    adapter.defer_oid(request, Job::LinkParameters, needed, ndis::NDIS_LINK_PARAMETERS_REVISION_1)
}

/// The setting that link parameters ask for.
fn speed_duplex(wanted: &NDIS_LINK_PARAMETERS) -> Option<SpeedDuplex> {
    const NEGOTIATED: u32 = ndis::NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED
        | ndis::NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED
        | ndis::NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED;
    if wanted.AutoNegotiationFlags & NEGOTIATED == NEGOTIATED {
        return Some(SpeedDuplex::Auto);
    }
    // A twisted pair runs at one speed in both directions.
    if wanted.XmitLinkSpeed != wanted.RcvLinkSpeed {
        return None;
    }
    let full = match wanted.MediaDuplexState {
        ndis::MediaDuplexStateFull => true,
        ndis::MediaDuplexStateHalf => false,
        _ => return None,
    };
    match (wanted.XmitLinkSpeed, full) {
        (10_000_000, false) => Some(SpeedDuplex::Half10),
        (10_000_000, true) => Some(SpeedDuplex::Full10),
        (100_000_000, false) => Some(SpeedDuplex::Half100),
        (100_000_000, true) => Some(SpeedDuplex::Full100),
        (1_000_000_000, true) => Some(SpeedDuplex::Full1000),
        _ => None,
    }
}

/// The flow control that link parameters ask for.
fn flow_control(wanted: &NDIS_LINK_PARAMETERS) -> Option<FlowControl> {
    if wanted.AutoNegotiationFlags & ndis::NDIS_LINK_STATE_PAUSE_FUNCTIONS_AUTO_NEGOTIATED != 0 {
        return Some(FlowControl::Auto);
    }
    match wanted.PauseFunctions {
        ndis::NdisPauseFunctionsUnsupported => Some(FlowControl::Disabled),
        ndis::NdisPauseFunctionsSendOnly => Some(FlowControl::Transmit),
        ndis::NdisPauseFunctionsReceiveOnly => Some(FlowControl::Receive),
        ndis::NdisPauseFunctionsSendAndReceive => Some(FlowControl::Both),
        ndis::NdisPauseFunctionsUnknown => Some(FlowControl::Auto),
        _ => None,
    }
}

/// `OID_PNP_SET_POWER` (NDIS-PM-02).
pub fn power(adapter: &Adapter, request: &mut Request) -> Outcome {
    let state = number(request.buffer()).cast_signed();
    power::set(adapter, request, state)
}

/// No wake-up is advertised, so none can be asked for (NDIS-PM-08).
pub fn pm_parameters(_: &Adapter, buffer: &[u8]) -> Outcome {
    let Some(wanted) = NDIS_PM_PARAMETERS::read(buffer) else {
        return Outcome::Short(ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1.into());
    };
    let nothing = wanted.EnabledWoLPacketPatterns == 0
        && wanted.EnabledProtocolOffloads == 0
        && wanted.WakeUpFlags == 0;
    let valid = is_structure(
        wanted.Header,
        ndis::NDIS_PM_PARAMETERS_REVISION_1,
        ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1,
    );
    if nothing && valid {
        Outcome::Done(ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1.into())
    } else {
        Outcome::Failed(Status::INVALID_DATA)
    }
}
