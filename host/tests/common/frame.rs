//! Frames whose contents follow from their number.

use ferrite_host::net::transfer::Stream;

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
pub fn frame(to: Mac, from: Mac, number: u32, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len.max(HEADER));
    bytes.extend(to);
    bytes.extend(from);
    bytes.extend(TYPE);
    bytes.extend(number.to_le_bytes());
    bytes.resize(len.max(HEADER), 0);
    Stream::new(number.into()).fill(&mut bytes[HEADER..]);
    bytes.truncate(len);
    bytes
}

/// A frame from the NIC to its peer.
pub fn outgoing(number: u32, len: usize) -> Vec<u8> {
    frame(PEER, STATION, number, len)
}

/// A frame from the peer to the NIC.
pub fn incoming(number: u32, len: usize) -> Vec<u8> {
    frame(STATION, PEER, number, len)
}

/// The number of a frame that is long enough to have one.
pub fn number(frame: &[u8]) -> u32 {
    let bytes = frame.get(14..HEADER).and_then(|bytes| bytes.first_chunk());
    u32::from_le_bytes(*bytes.unwrap_or_else(|| panic!("a frame of {} bytes has no number", frame.len())))
}

/// The frame as it is on the wire: padded with zeros to the shortest (NDIS-SEND-07).
pub fn padded(frame: &[u8]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    bytes.resize(frame.len().max(SHORTEST), 0);
    bytes
}

/// Fails with the first difference, not with two dumps.
#[track_caller]
pub fn assert_same(what: &str, found: &[u8], expected: &[u8]) {
    if found == expected {
        return;
    }
    let at = found.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(found.len().min(expected.len()));
    let around = |bytes: &[u8]| bytes[at.saturating_sub(4)..bytes.len().min(at + 12)].to_vec();
    panic!(
        "{what}: {} bytes, expected {}; the first difference is at {at}: {:02x?}, expected {:02x?}",
        found.len(),
        expected.len(),
        around(found),
        around(expected),
    );
}

/// Every frame, in order.
#[track_caller]
pub fn assert_all_same(what: &str, found: &[Vec<u8>], expected: &[Vec<u8>]) {
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_same(&format!("{what}, frame {i}"), found, expected);
    }
    assert_eq!(found.len(), expected.len(), "{what}: frames");
}
