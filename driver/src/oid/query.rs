//! Answers.

use ferrite_ddk::Object;
use ferrite_ddk::ndis::{self, NDIS_INTERRUPT_MODERATION_PARAMETERS, NDIS_STATISTICS_INFO};
use ferrite_nic::Reason;

use super::request::{Outcome, Plain};
use crate::adapter::{Adapter, attributes};
use crate::{MAX_FRAME, MTU, VERSION, receive};

/// `OID_GEN_VENDOR_DESCRIPTION`, with its NUL.
pub const DESCRIPTION: &[u8] = b"Ferrite Intel 82574L Gigabit Ethernet\0";

/// Its length.
#[expect(clippy::cast_possible_truncation, reason = "a short text")]
pub const DESCRIPTION_LENGTH: u32 = DESCRIPTION.len() as u32;

pub fn hardware_status(adapter: &Adapter) -> u32 {
    let status = match adapter.gate.closed() {
        Some(Reason::Removed | Reason::LowPower) => ndis::NdisHardwareStatusNotReady,
        Some(Reason::Halt) => ndis::NdisHardwareStatusClosing,
        _ if adapter.gate.closed_for(Reason::Reset) => ndis::NdisHardwareStatusReset,
        _ => ndis::NdisHardwareStatusReady,
    };
    status.cast_unsigned()
}

pub fn mtu(_: &Adapter) -> u32 {
    MTU
}

/// NDIS-OID-21 does not apply: 802.1p is not advertised.
pub fn max_frame(_: &Adapter) -> u32 {
    MAX_FRAME
}

pub fn transmit_space(adapter: &Adapter) -> u32 {
    adapter.settings.transmit_buffers.saturating_mul(MAX_FRAME)
}

pub fn receive_space(adapter: &Adapter) -> u32 {
    adapter.receive.buffers().saturating_mul(receive::BUFFER_BYTES)
}

pub fn receive_block(_: &Adapter) -> u32 {
    receive::BUFFER_BYTES
}

/// The maker's part of the address, and zero for the kind of NIC.
pub fn vendor_id(adapter: &Adapter) -> u32 {
    let [a, b, c, ..] = adapter.permanent.0;
    u32::from_le_bytes([a, b, c, 0])
}

pub fn vendor_description(_: &Adapter, place: &mut [u8]) {
    fill(place, DESCRIPTION);
}

pub fn packet_filter(adapter: &Adapter) -> u32 {
    adapter.hardware.control().filter.packet.types()
}

/// Everything is indicated whole, whatever is asked for.
pub fn lookahead(_: &Adapter) -> u32 {
    MTU
}

pub fn ndis_version(_: &Adapter, place: &mut [u8]) {
    fill(place, &(u16::from(VERSION.ndis_major) << 8 | u16::from(VERSION.ndis_minor)).to_le_bytes());
}

pub fn mac_options(_: &Adapter) -> u32 {
    attributes::MAC_OPTIONS
}

pub fn media_connect_status(adapter: &Adapter) -> u32 {
    let state =
        if adapter.link.is_up() { ndis::NdisMediaStateConnected } else { ndis::NdisMediaStateDisconnected };
    state.cast_unsigned()
}

/// Of no meaning to an NDIS 6 miniport, which takes chains of any length.
pub fn maximum_send_packets(_: &Adapter) -> u32 {
    u32::MAX
}

/// Frames accepted and not yet done with.
pub fn transmit_queue_length(adapter: &Adapter) -> u32 {
    let (_, queued) = adapter.send.counters();
    queued
}

/// NDIS-OID-20.
pub fn driver_version(_: &Adapter) -> u32 {
    u32::from(VERSION.major) << 16 | u32::from(VERSION.minor)
}

/// NDIS-OID-19.
pub fn interrupt_moderation(adapter: &Adapter, place: &mut [u8]) {
    let on = adapter.hardware.control().moderation;
    let answer = NDIS_INTERRUPT_MODERATION_PARAMETERS {
        InterruptModeration: if on {
            ndis::NdisInterruptModerationEnabled
        } else {
            ndis::NdisInterruptModerationDisabled
        },
        ..Object::new()
    };
    fill(place, answer.bytes());
}

/// NDIS-OID-14.
pub fn statistics(adapter: &Adapter, place: &mut [u8]) {
    let now = adapter.statistics();
    let (sent, received) = (&now.send.sent, &now.receive.received);
    let answer = NDIS_STATISTICS_INFO {
        SupportedStatistics: attributes::VALID_STATISTICS,
        ifInDiscards: now.receive_discards(),
        ifInErrors: now.receive_errors(),
        ifHCInOctets: received.bytes(),
        ifHCInUcastPkts: received.directed.frames,
        ifHCInMulticastPkts: received.multicast.frames,
        ifHCInBroadcastPkts: received.broadcast.frames,
        ifHCOutOctets: sent.bytes(),
        ifHCOutUcastPkts: sent.directed.frames,
        ifHCOutMulticastPkts: sent.multicast.frames,
        ifHCOutBroadcastPkts: sent.broadcast.frames,
        ifOutErrors: now.send_errors(),
        ifOutDiscards: now.send.discards,
        ifHCInUcastOctets: received.directed.bytes,
        ifHCInMulticastOctets: received.multicast.bytes,
        ifHCInBroadcastOctets: received.broadcast.bytes,
        ifHCOutUcastOctets: sent.directed.bytes,
        ifHCOutMulticastOctets: sent.multicast.bytes,
        ifHCOutBroadcastOctets: sent.broadcast.bytes,
        ..Object::new()
    };
    fill(place, answer.bytes());
}

/// What the NVM says, whatever `NetworkAddress` does (NDIS-CFG-08).
pub fn permanent_address(adapter: &Adapter, place: &mut [u8]) {
    fill(place, &adapter.permanent.0);
}

pub fn current_address(adapter: &Adapter, place: &mut [u8]) {
    fill(place, &adapter.station.0);
}

pub fn multicast_list(adapter: &Adapter, buffer: &mut [u8]) -> Outcome {
    let list = adapter.hardware.control().filter.multicast.clone();
    let bytes = list.len().saturating_mul(size_of::<ferrite_nic::MacAddress>());
    let length = u32::try_from(bytes).unwrap_or(u32::MAX);
    let Some(place) = buffer.get_mut(..bytes) else { return Outcome::Short(length) };
    for (place, address) in place.chunks_exact_mut(6).zip(list.iter()) {
        place.copy_from_slice(&address.0);
    }
    Outcome::Done(length)
}

pub fn maximum_list_size(_: &Adapter) -> u32 {
    attributes::MULTICAST_LIST
}

/// The promise that the next `OID_PNP_SET_POWER` succeeds (NDIS-PM-01): nothing to fill in.
pub fn power(_: &Adapter, _: &mut [u8]) {}

/// Copies `value` into a place of the same length.
fn fill(place: &mut [u8], value: &[u8]) {
    for (place, &byte) in place.iter_mut().zip(value) {
        *place = byte;
    }
}
