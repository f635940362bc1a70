//! Numbered frames, and how tests compare them.

#[allow(unused_imports, reason = "each test binary uses its part")]
pub use ferrite_host::net::numbered::{
    BROADCAST, HEADER, LONGEST, Mac, PEER, SHORTEST, STATION, frame, incoming, outgoing, padded,
};

/// The number of a frame that is long enough to have one.
pub fn number(frame: &[u8]) -> u32 {
    let number = ferrite_host::net::numbered::number(frame);
    number.unwrap_or_else(|| panic!("a frame of {} bytes has no number", frame.len()))
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
