//! Faults on demand.

/// What goes wrong. Descriptors are counted from the next one that the channel begins, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A descriptor fails with this bit of CHANERR.
    Error {
        /// Which descriptor.
        after: u64,
        /// 0 to 18.
        bit: u8,
    },
    /// The channel makes no progress any more, until it is reset.
    Stuck {
        /// Before which descriptor.
        after: u64,
    },
    /// A descriptor's data arrives wrong in one byte.
    Corrupt {
        /// Which descriptor.
        after: u64,
    },
    /// The next interrupt of the channel is not delivered.
    LostInterrupt,
    /// An interrupt without a cause, at the next poll.
    SpuriousInterrupt,
    /// The next interrupt is delivered so many polls late.
    LateInterrupt {
        /// Polls.
        polls: u32,
    },
    /// RESET never ends, until [`heal`](super::Quickdata::heal).
    ResetHangs,
    /// The next doorbell (DMACOUNT, START or APPEND) is not heard.
    DoorbellIgnored,
    /// The function is pulled out once a descriptor is done.
    Gone {
        /// Which descriptor.
        after: u64,
    },
}

/// The faults of a channel that wait.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Takes the first one that `pick` makes something of.
    pub fn take<T>(&mut self, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
        let (at, found) =
            self.waiting.iter().enumerate().find_map(|(at, &fault)| Some((at, pick(fault)?)))?;
        self.waiting.remove(at);
        Some(found)
    }

    /// Whether this very fault waits.
    pub fn has(&self, fault: Fault) -> bool {
        self.waiting.contains(&fault)
    }

    /// How many wait. One that lasts has taken effect once its descriptor is reached.
    pub fn waiting(&self) -> u64 {
        let waits = |fault: &&Fault| !matches!(fault, Fault::Stuck { after: 0 } | Fault::ResetHangs);
        self.waiting.iter().filter(waits).count() as u64
    }

    /// A descriptor has begun: those that wait for one are one nearer.
    pub fn count_down(&mut self) {
        for fault in &mut self.waiting {
            match fault {
                Fault::Error { after, .. }
                | Fault::Stuck { after }
                | Fault::Corrupt { after }
                | Fault::Gone { after } => *after = after.saturating_sub(1),
                _ => {}
            }
        }
    }
}
