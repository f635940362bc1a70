//! Random choices that a seed repeats.

pub use ferrite_host::random::Random;
use std::{env, time::SystemTime};

/// Repeats a run: `FERRITE_SEED=0x1234`.
const VARIABLE: &str = "FERRITE_SEED";

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
