//! A watchdog of a channel: does it go on?

use crate::{Status, Word};

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It goes on, or has nothing to do.
    Fine,
    /// It has stopped, and nobody has been told.
    Halted,
    /// It has work and has not moved since the look before.
    Stuck,
    /// The device has left the bus.
    Gone,
}

/// See the module. Looks are so far apart that a descriptor of the largest size is done in between.
///
/// A register is read only when neither a doorbell was rung nor the completion word written since the last look, and
/// not again before one is.
#[derive(Debug, Default)]
pub struct Watch {
    word: u64,
    doorbells: u32,
    status: Option<Word>,
    settled: bool,
}

impl Watch {
    /// One look at a channel that was started: its completion word, how often its doorbell was rung so far, and its
    /// CHANSTS. IRQL <= `DISPATCH_LEVEL`.
    pub fn look(&mut self, word: u64, doorbells: u32, status: impl FnOnce() -> Word) -> Finding {
        if (word, doorbells) != (self.word, self.doorbells) {
            *self = Self { word, doorbells, ..Self::default() };
            return Finding::Fine;
        }
        if self.settled {
            return Finding::Fine;
        }
        let now = status();
        let before = self.status.replace(now);
        let finding = match (now, now.status()) {
            (Word(u64::MAX), _) => Finding::Gone,
            (_, Some(Status::Halted)) => Finding::Halted,
            (_, Some(Status::Idle | Status::Suspended)) => {
                self.settled = true;
                Finding::Fine
            }
            _ if before == Some(now) => Finding::Stuck,
            _ => Finding::Fine,
        };
        self.settled |= finding != Finding::Fine;
        finding
    }
}
