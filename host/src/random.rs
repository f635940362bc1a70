//! Random choices that a seed repeats.

use crate::net::transfer::Stream;

/// What `SplitMix64` adds to its state for each word.
pub(crate) const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// `SplitMix64`'s word of a state.
pub(crate) const fn mix(state: u64) -> u64 {
    let word = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

/// A sequence of choices.
pub struct Random(Stream);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Stream::new(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.any() % limit.max(1)
    }

    /// True once in `of` times.
    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// A size from 1 to `most`, as often a small as a large one.
    pub fn size(&mut self, most: u64) -> u64 {
        let bits = self.below(u64::from(most.max(1).ilog2()) + 1);
        (1 + self.below(2 << bits)).min(most)
    }

    /// One of a list.
    ///
    /// # Panics
    /// The list is empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let at = self.below(list.len() as u64) as usize;
        *list.get(at).expect("a list to pick from")
    }
}
