//! Stacks that drivers run on.

/// A stack registered with an area: faults on it are reported, and its guard tells an overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackRange {
    /// First usable byte.
    pub low: u64,
    /// One past the last byte.
    pub high: u64,
    /// Bytes of guard below `low`.
    pub guard: u64,
}

impl StackRange {
    /// From the range that a mapping spans, guard included (corosensei's `limit()..base()`).
    #[must_use]
    pub fn with_guard(limit: u64, base: u64, guard: u64) -> Self {
        Self { low: limit.saturating_add(guard), high: base, guard }
    }

    /// Is this address on the stack proper?
    #[must_use]
    pub fn contains(&self, address: u64) -> bool {
        (self.low..self.high).contains(&address)
    }

    /// Is this address in the guard?
    #[must_use]
    pub fn in_guard(&self, address: u64) -> bool {
        (self.low.saturating_sub(self.guard)..self.low).contains(&address)
    }
}
