//! Notices a chain that comes back to itself, in constant memory.

/// Brent's: a mark that moves on after twice as many steps each time, and is met again in a loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    mark: u64,
    steps: u32,
    limit: u32,
}

impl Watch {
    /// Nothing has been seen: also after every publication, since a client may use a completed descriptor again.
    pub(super) const fn new() -> Self {
        Self { mark: 0, steps: 0, limit: 1 }
    }

    /// Whether the descriptor has been executed since; a loop is noticed within three times around, or a few batches.
    #[inline]
    pub(super) const fn has_been_at(&self, address: u64) -> bool {
        address == self.mark
    }

    /// The descriptor that would be noticed.
    pub(super) const fn mark(&self) -> u64 {
        self.mark
    }

    /// So many more have been executed, this one as the last.
    pub(super) const fn passed(&mut self, address: u64, count: u32) {
        self.steps = self.steps.saturating_add(count);
        if self.steps >= self.limit {
            self.mark = address;
            self.steps = 0;
            self.limit = self.limit.saturating_mul(2);
        }
    }
}
