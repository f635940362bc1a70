//! What a service routine leaves for its DPC.

use crate::sync::{AtomicBool, AtomicU64, Ordering};

/// No descriptor.
const NONE: u64 = u64::MAX;

/// What was left since the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The last completed descriptor.
    pub completed: Option<u64>,
    /// A service routine saw a halted channel. It may have been aborted or reset: whoever has the channel's lock knows
    /// whether there is an error.
    pub looks_failed: bool,
}

/// See the module. Any IRQL; the service routine may run again at any moment.
#[derive(Debug)]
pub struct Pending {
    completed: AtomicU64,
    looks_failed: AtomicBool,
}

impl Pending {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { completed: AtomicU64::new(NONE), looks_failed: AtomicBool::new(false) }
    }

    /// The last completed descriptor is this.
    pub fn completed(&self, address: u64) {
        self.completed.store(address, Ordering::Release);
    }

    /// The channel is halted.
    pub fn looks_failed(&self) {
        self.looks_failed.store(true, Ordering::Release);
    }

    /// Takes it, once a DPC: what comes afterwards has a DPC of its own.
    pub fn take(&self) -> Left {
        let completed = self.completed.swap(NONE, Ordering::AcqRel);
        Left {
            completed: (completed != NONE).then_some(completed),
            looks_failed: self.looks_failed.swap(false, Ordering::AcqRel),
        }
    }
}

impl Default for Pending {
    fn default() -> Self {
        Self::new()
    }
}
