//! The sound provider, and clients that copy with it.

use crate::provider;
use ferrite_host::dma::Counts;
use std::sync::OnceLock;

/// Bytes that a client copies: every kind of thing is done at least once whatever they are.
pub const BYTES: u64 = 4 << 20;
/// Choices of which one at least meets each fault: some descriptors break pages, move nothing and ask for nothing.
pub const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// What came of one life.
fn life(seed: u64) -> (Vec<u64>, Counts) {
    let (watched, ended) = provider::run("", seed, BYTES);
    (watched, ended.unwrap_or_else(|end| panic!("seed {seed}: {end}")))
}

/// How often each rule was watched in sound runs.
pub fn coverage() -> Vec<u64> {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(|| life(SEEDS[0]).0).clone()
}

/// A provider that does all of it as documented passes, and the counts are those of what was done.
#[test]
fn a_sound_provider_passes() {
    for seed in SEEDS {
        let (_, n) = life(seed);
        assert!(n.bytes >= BYTES && n.descriptors > n.chains && n.chains >= 10, "{n:?}");
        assert!(n.interrupts >= n.chains - n.aborts - n.resets, "{n:?}");
        assert_eq!((n.errors_reported, n.suspends), (n.errors_injected, n.resumes));
        assert!(n.errors_injected > 0 && n.aborts > 0 && n.resets > n.errors_injected, "{n:?}");
    }
}
