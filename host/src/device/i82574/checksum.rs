//! Internet checksums in frames.

/// The one's complement sum of bytes, padded with a zero.
pub(super) fn sum(bytes: &[u8], start: u32) -> u32 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let words = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair)));
    let last = rest.first().map_or(0, |&byte| u32::from(byte) << 8);
    words.fold(start, |sum, word| fold(sum + word)) + last
}

/// Brought into 16 bits.
pub(super) fn fold(mut sum: u32) -> u32 {
    while sum > 0xFFFF {
        sum = (sum >> 16) + (sum & 0xFFFF);
    }
    sum
}

/// Sums from `start` to `end` (0: to the frame's end) and puts the complement at `offset`. Whether that is in the frame.
pub(super) fn insert(frame: &mut [u8], start: usize, offset: usize, end: usize) -> bool {
    let end = if end == 0 || end >= frame.len() { frame.len() } else { end + 1 };
    let Some(covered) = frame.get(start..end) else { return false };
    let value = !(fold(sum(covered, 0)) as u16);
    let Some(place) = frame.get_mut(offset..offset + 2) else { return false };
    place.copy_from_slice(&value.to_be_bytes());
    true
}

/// What a frame's checksums say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The IPv4 header's, where there is one.
    pub ip: Option<bool>,
    /// TCP's or UDP's.
    pub l4: Option<bool>,
    pub udp: bool,
    /// The IPv4 identification.
    pub id: u16,
}

/// Looks at an Ethernet frame without a VLAN tag.
pub(super) fn verify(frame: &[u8]) -> Verdict {
    let word = |at: usize| frame.get(at..at + 2).map_or(0, |w| u32::from(w[0]) << 8 | u32::from(w[1]));
    let byte = |at: usize| frame.get(at).copied().unwrap_or(0);
    let mut verdict = Verdict::default();
    let (protocol, addresses, start, len) = match word(12) {
        0x0800 => {
            let header = usize::from(byte(14) & 0xF) * 4;
            let total = word(16) as usize;
            let Some(bytes) = frame.get(14..14 + header).filter(|_| header >= 20) else { return verdict };
            verdict.ip = Some(fold(sum(bytes, 0)) == 0xFFFF);
            verdict.id = word(18) as u16;
            if word(20) & 0x3FFF != 0 || total < header {
                return verdict;
            }
            (byte(23), 26..34, 14 + header, total - header)
        }
        0x86DD => (byte(20), 22..54, 54, word(18) as usize),
        _ => return verdict,
    };
    let Some(l4) = frame.get(start..start + len) else { return verdict };
    verdict.udp = protocol == 17;
    let none = verdict.udp && word(start + 6) == 0;
    if !matches!(protocol, 6 | 17) || none {
        return verdict;
    }
    let pseudo = sum(frame.get(addresses).unwrap_or_default(), u32::from(protocol) + fold(len as u32));
    verdict.l4 = Some(fold(sum(l4, fold(pseudo))) == 0xFFFF);
    verdict
}

/// The frame check sequence (IEEE 802.3, 3.2.9).
pub(super) fn frame_check(frame: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xEDB8_8320 };
    !frame.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
