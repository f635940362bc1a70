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

    /// Whether the descriptor has been executed since; a loop is noticed within three times around.
    pub(super) const fn has_been_at(&mut self, address: u64) -> bool {
        if address == self.mark {
            return true;
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps >= self.limit {
            self.mark = address;
            self.steps = 0;
            self.limit = self.limit.saturating_mul(2);
        }
        false
    }
}
