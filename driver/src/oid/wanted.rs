//! What the buffer of a set asks for. Pure: a buffer of any bytes and any length gets an answer.
//!
//! The error of each function is the outcome of the request (NDIS-OID-05).

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{
    self, NDIS_INTERRUPT_MODERATION_PARAMETERS, NDIS_LINK_PARAMETERS, NDIS_PM_PARAMETERS,
};
use ferrite_nic::filter::ListError;
use ferrite_nic::{FlowControl, MulticastList, PacketFilter, SpeedDuplex};

use super::request::{Outcome, Plain, is_structure};

const INVALID: Outcome = Outcome::Failed(Status::INVALID_DATA);

/// The 32-bit number at the front of a buffer that is known to have room for it.
#[must_use]
pub fn number(buffer: &[u8]) -> u32 {
    match buffer.first_chunk() {
        Some(&bytes) => u32::from_le_bytes(bytes),
        None => 0,
    }
}

/// `OID_GEN_CURRENT_PACKET_FILTER`.
///
/// # Errors
/// A type of frame that cannot be had.
pub fn packet_filter(buffer: &[u8]) -> Result<PacketFilter, Outcome> {
    PacketFilter::new(number(buffer)).ok_or(Outcome::Failed(Status::NOT_SUPPORTED))
}

/// `OID_802_3_MULTICAST_LIST`.
///
/// # Errors
/// An address is cut off or no group's, or there are too many.
pub fn multicast_list(buffer: &[u8]) -> Result<MulticastList, Outcome> {
    MulticastList::from_bytes(buffer).map_err(|error| match error {
        ListError::Length => {
            // What the whole addresses in it need, and one more.
            let whole = buffer.len() / 6;
            Outcome::Short(u32::try_from(whole.saturating_add(1).saturating_mul(6)).unwrap_or(u32::MAX))
        }
        ListError::Full => Outcome::Failed(Status::MULTICAST_FULL),
        ListError::NotMulticast => INVALID,
    })
}

/// `OID_GEN_INTERRUPT_MODERATION` (NDIS-OID-19): whether it is to be on.
///
/// # Errors
/// Not the structure, or neither on nor off.
pub fn interrupt_moderation(buffer: &[u8]) -> Result<bool, Outcome> {
    let size = ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
    let wanted = NDIS_INTERRUPT_MODERATION_PARAMETERS::read(buffer).ok_or(Outcome::Short(size.into()))?;
    let valid = is_structure(wanted.Header, ndis::NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1, size);
    match wanted.InterruptModeration {
        ndis::NdisInterruptModerationEnabled if valid => Ok(true),
        ndis::NdisInterruptModerationDisabled if valid => Ok(false),
        _ => Err(INVALID),
    }
}

/// `OID_GEN_LINK_PARAMETERS`.
///
/// # Errors
/// Not the structure, or a link that a twisted pair cannot have.
pub fn link_parameters(buffer: &[u8]) -> Result<(SpeedDuplex, FlowControl), Outcome> {
    let size = ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1;
    let wanted = NDIS_LINK_PARAMETERS::read(buffer).ok_or(Outcome::Short(size.into()))?;
    let valid = is_structure(wanted.Header, ndis::NDIS_LINK_PARAMETERS_REVISION_1, size);
    match (speed_duplex(&wanted), flow_control(&wanted), valid) {
        (Some(speed), Some(flow), true) => Ok((speed, flow)),
        _ => Err(INVALID),
    }
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

/// `OID_PM_PARAMETERS` (NDIS-PM-08).
///
/// # Errors
/// Not the structure, or some kind of wake-up.
pub fn no_wake_up(buffer: &[u8]) -> Result<(), Outcome> {
    let size = ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1;
    let wanted = NDIS_PM_PARAMETERS::read(buffer).ok_or(Outcome::Short(size.into()))?;
    let nothing = wanted.EnabledWoLPacketPatterns == 0
        && wanted.EnabledProtocolOffloads == 0
        && wanted.WakeUpFlags == 0;
    let valid = is_structure(wanted.Header, ndis::NDIS_PM_PARAMETERS_REVISION_1, size);
    if nothing && valid { Ok(()) } else { Err(INVALID) }
}
