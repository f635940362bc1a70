//! Frames whose contents follow from their number: whoever finds one knows whether it is whole.

use super::transfer::Stream;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// The NIC's permanent address.
pub const STATION: Mac = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];
/// Who is at the other end of the cable.
pub const PEER: Mac = [0x02, 0x00, 0x00, 0x00, 0x00, 0x01];
/// Everybody.
pub const BROADCAST: Mac = [0xFF; 6];
/// The longest frame, without its check sequence.
pub const LONGEST: usize = 1514;
/// The shortest one on a wire.
pub const SHORTEST: usize = 60;

/// The EtherType for local experiments.
const TYPE: [u8; 2] = [0x88, 0xB5];
/// Addresses, type and number.
pub const HEADER: usize = 18;

/// A frame of `len` bytes. One that is too short for its header has as much of it as there is room for.
#[must_use]
pub fn frame(to: Mac, from: Mac, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len.max(HEADER));
    bytes.extend(to);
    bytes.extend(from);
    bytes.extend(TYPE);
    bytes.extend(number.to_le_bytes());
    bytes.resize(len.max(HEADER), 0);
    if let Some(rest) = bytes.get_mut(HEADER..) {
        Stream::new(number.into()).fill(rest);
    }
    bytes.truncate(len);
    bytes
}

/// A frame from the NIC to its peer.
#[must_use]
pub fn outgoing(number: u32, len: usize) -> Vec<u8> {
    frame(PEER, STATION, number, len)
}

/// A frame from the peer to the NIC.
#[must_use]
pub fn incoming(number: u32, len: usize) -> Vec<u8> {
    frame(STATION, PEER, number, len)
}

/// The number of a frame that is long enough to have one.
#[must_use]
pub fn number(frame: &[u8]) -> Option<u32> {
    let bytes = frame.get(14..HEADER)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// The frame as it is on the wire: padded with zeros to the shortest (NDIS-SEND-07).
#[must_use]
pub fn padded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    bytes.resize(frame.len().max(SHORTEST), 0);
    bytes
}
