//! Which counter counts what.

use super::registers::File;

/// Offsets by name.
pub(super) mod counter {
    pub const MPC: u32 = 0x4010;
    pub const XOFFTXC: u32 = 0x4054;
    pub const XONTXC: u32 = 0x404C;
    pub const GPRC: u32 = 0x4074;
    pub const BPRC: u32 = 0x4078;
    pub const MPRC: u32 = 0x407C;
    pub const GPTC: u32 = 0x4080;
    pub const GORCL: u32 = 0x4088;
    pub const GOTCL: u32 = 0x4090;
    pub const RNBC: u32 = 0x40A0;
    pub const RUC: u32 = 0x40A4;
    pub const ROC: u32 = 0x40AC;
    pub const TORL: u32 = 0x40C0;
    pub const TOTL: u32 = 0x40C8;
    pub const TPR: u32 = 0x40D0;
    pub const TPT: u32 = 0x40D4;
    pub const MPTC: u32 = 0x40F0;
    pub const BPTC: u32 = 0x40F4;
    pub const TSCTC: u32 = 0x40F8;
    /// Size bins: up to 64 bytes, 127, 255, 511, 1023, and more.
    pub const PRC64: u32 = 0x405C;
    pub const PTC64: u32 = 0x40D8;
}

/// Bytes of the frame check sequence, which the counters include.
const CHECK: u32 = 4;

/// The lower half of a counter of 64 bits, which only a read of the upper half clears.
pub(super) fn is_low_half(offset: u32) -> bool {
    [counter::GORCL, counter::GOTCL, counter::TORL, counter::TOTL].contains(&offset)
}

fn count64(file: &mut File, low: u32, by: u32) {
    let (sum, carry) = file.get(low).overflowing_add(by);
    file.set(low, sum);
    if carry {
        file.count(low + 4, 1);
    }
}

fn bin(len: u32) -> u32 {
    4 * match len {
        ..=64 => 0,
        65..=127 => 1,
        128..=255 => 2,
        256..=511 => 3,
        512..=1023 => 4,
        _ => 5,
    }
}

/// Of which kind an address is: broadcast, multicast.
fn casts(frame: &[u8]) -> (bool, bool) {
    let broadcast = frame.first_chunk() == Some(&[0xFF; 6]);
    (broadcast, !broadcast && frame.first().is_some_and(|byte| byte & 1 != 0))
}

/// A frame has arrived, wanted or not.
pub(super) fn arrived(file: &mut File, frame: &[u8]) {
    file.count(counter::TPR, 1);
    count64(file, counter::TORL, frame.len() as u32 + CHECK);
}

/// A frame was received.
pub(super) fn received(file: &mut File, frame: &[u8]) {
    let len = frame.len() as u32 + CHECK;
    file.count(counter::GPRC, 1);
    count64(file, counter::GORCL, len);
    file.count(counter::PRC64 + bin(len), 1);
    match casts(frame) {
        (true, _) => file.count(counter::BPRC, 1),
        (_, true) => file.count(counter::MPRC, 1),
        _ => {}
    }
}

/// A frame was sent.
pub(super) fn sent(file: &mut File, frame: &[u8]) {
    let len = frame.len() as u32 + CHECK;
    file.count(counter::GPTC, 1);
    file.count(counter::TPT, 1);
    count64(file, counter::GOTCL, len);
    count64(file, counter::TOTL, len);
    file.count(counter::PTC64 + bin(len), 1);
    match casts(frame) {
        (true, _) => file.count(counter::BPTC, 1),
        (_, true) => file.count(counter::MPTC, 1),
        _ => {}
    }
}
