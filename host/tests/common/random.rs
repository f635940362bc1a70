//! Random choices that a seed repeats.

use ferrite_host::net::transfer::Stream;
use std::{env, time::SystemTime};

/// Repeats a run: `FERRITE_SEED=0x1234`.
const VARIABLE: &str = "FERRITE_SEED";

/// A sequence of choices.
pub struct Random(Stream);

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Stream::new(seed))
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `of` times.
    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// The seed that `FERRITE_SEED` asks for, or a new one; printed, so that a failure can be repeated.
pub fn seed() -> u64 {
    let asked = env::var(VARIABLE).ok().map(|text| {
        let digits = text.trim().trim_start_matches("0x");
        u64::from_str_radix(digits, 16)
            .unwrap_or_else(|_| panic!("{VARIABLE}={text}: not a hexadecimal number"))
    });
    let seed =
        asked.unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_nanos() as u64));
    println!("to repeat: {VARIABLE}={seed:#x}");
    seed
}
