//! Calls of `NetDMA` with a channel's handle, and the end of them.

use crate::sync::{AtomicU32, Ordering};

/// The channel has no handle that may be used.
const CLOSED: u32 = 1 << 31;

/// Who frees a channel waits until no call with its handle is in progress, and there is none afterwards (NDMA-INT-05).
///
/// A call is made between [`enter`](Self::enter) and [`leave`](Self::leave). Any IRQL, also in a service routine.
#[derive(Debug)]
pub struct Calls(AtomicU32);

impl Calls {
    /// Closed: there is no handle yet.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicU32::new(CLOSED))
    }

    /// There is a handle now. What was written before is visible to who enters.
    pub fn open(&self) {
        self.0.fetch_and(!CLOSED, Ordering::Release);
    }

    /// A call may be made, or there is no handle.
    #[must_use]
    pub fn enter(&self) -> bool {
        let entered = self.0.fetch_add(1, Ordering::Acquire) & CLOSED == 0;
        if !entered {
            self.leave();
        }
        entered
    }

    /// The call has returned.
    pub fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Release);
    }

    /// No call begins from now on; whether none is in progress. If one is, ask [`is_quiet`](Self::is_quiet) until it
    /// is over.
    #[must_use]
    pub fn close(&self) -> bool {
        self.0.fetch_or(CLOSED, Ordering::AcqRel) & !CLOSED == 0
    }

    /// No call is in progress. What the calls did is visible then.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.load(Ordering::Acquire) & !CLOSED == 0
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self::new()
    }
}
