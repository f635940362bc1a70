//! What a sound driver does with the part, from its set-up to its removal.

use super::rig::*;
use ferrite_host::world::{Hardware, InterruptMode};
use std::sync::OnceLock;

/// Transmit descriptors: extended, of data, for a large send; POPTS.
pub const DEXT: u64 = 1 << 29;
pub const DATA: u64 = DEXT | 1 << 20;
pub const TSE: u64 = 1 << 26;
pub const TXSM: u64 = 2 << 40;
/// Bytes of the headers of [`context`].
pub const HEADERS: u64 = 54;

/// How often each rule was watched in sound runs.
pub fn coverage() -> Vec<u64> {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(run_all).clone()
}

fn run_all() -> Vec<u64> {
    let mut all = watched(config(), life);
    let removed = watched(config(), |rig| {
        rig.set_up();
        rig.model.pull_out();
        assert_eq!(rig.read(STATUS), u32::MAX);
    });
    all.iter_mut().zip(removed).for_each(|(sum, count)| *sum += count);
    all
}

/// A context for TCP over IPv4: checksums from their places to the end, and segments of `mss` bytes of `payload`.
pub fn context(payload: u64, mss: u64) -> [u64; 2] {
    let (ip, tcp) = (14, 34);
    let first = ip | (ip + 10) << 8 | (tcp - 1) << 16 | tcp << 32 | (tcp + 16) << 40;
    [first, payload | 3 << 24 | TSE | DEXT | HEADERS << 40 | mss << 48]
}

fn life(rig: &Rig) {
    rig.set_up();
    rig.connect(InterruptMode::Messages(3));
    rig.write(IMS, 4);
    rig.send(&[1; 60]);
    let at = rig.stage(&[0; 2000]);
    rig.post(&[context(2000 - HEADERS, 500), [at, 2000 | LAST | DATA | TSE | TXSM]]);
    rig.sent(4);
    rig.model.wire().send(&[2; 60]);
    assert_eq!(rig.frame(0).len(), 60);
    // The buffer again.
    rig.write(RX + 0x18, 0);
    rig.own();
    rig.mdi(2, 1, 0);
    rig.nvm(0);
    rig.read(0x4074);
    rig.write(IMC, u32::MAX);
    rig.model.disconnect();
    rig.reset();
    rig.model.check_removed();
}
