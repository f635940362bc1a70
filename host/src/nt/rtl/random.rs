//! Random numbers: the world's own generator, so that a run can be repeated.

use crate::{
    abi::{read, write},
    imports, random,
    world::world,
};
use std::cell::Cell;

/// The state of the generator.
pub struct Random(Cell<u64>);

impl Default for Random {
    fn default() -> Self {
        Self(Cell::new(random::STEP))
    }
}

/// The next 64 bits (a counter mixed by multiplication and shifts).
#[must_use]
pub fn next() -> u64 {
    let state = &world().nt.random.0;
    state.set(state.get().wrapping_add(random::STEP));
    random::mix(state.get())
}

/// The seeded generator of RtlRandom: 31 bits, and the next seed.
fn seeded(seed: u64) -> u32 {
    let old: u32 = read(seed);
    // Lehmer's generator modulo 2^31 - 1.
    let new = (u64::from(old) * 0x7FFF_FFED + 0x7FFF_FFC3) % 0x7FFF_FFFF;
    write(seed, new as u32);
    new as u32
}

imports! {
    /// Random numbers.
    TABLE from "ntoskrnl.exe";

    fn RtlRandom(seed: u64) -> u32 {
        seeded(seed)
    }

    fn RtlRandomEx(seed: u64) -> u32 {
        seeded(seed)
    }
}
