//! The relocation directory of an image that has been accepted, read anew.

/// Four bytes as a number.
pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Directory 5 in a PE32+ optional header, from the PE signature.
const DIRECTORY: usize = 24 + 112 + 5 * 8;
/// The number of directories, from the PE signature.
const COUNT: usize = 24 + 108;

/// RVAs of the addresses to relocate, in order.
pub fn targets(file: &[u8], memory: &[u8]) -> Vec<u32> {
    let signature = word(file, 0x3c) as usize;
    if word(file, signature + COUNT) <= 5 {
        return Vec::new();
    }
    let (start, size) = (word(file, signature + DIRECTORY), word(file, signature + DIRECTORY + 4));
    let mut targets = Vec::new();
    // A directory at the very beginning is none.
    if start == 0 {
        return targets;
    }
    let mut at = start as usize;
    let end = at + size as usize;
    while at + 8 <= end {
        let (page, length) = (word(memory, at), word(memory, at + 4) as usize);
        let entries = memory[at + 8..at + length.max(8)].chunks_exact(2);
        for entry in entries.map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]]))) {
            // DIR64; the other kind that is allowed is padding.
            if entry >> 12 == 10 {
                targets.push(page + (entry & 0xfff));
            }
        }
        at += length.max(8);
    }
    targets
}
