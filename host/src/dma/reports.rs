//! What a client is told in DPCs, held against what it asked for.

use super::copies::Copies;
use crate::{
    netdma::{Channel, Report},
    verify::{
        breach::{Checked, hold},
        rules,
    },
};

/// What was told of the chain at hand. Descriptors are meant by their numbers.
#[derive(Debug, Default)]
pub struct Told {
    /// The first descriptor of the chain.
    first: u64,
    /// The latest one that was told.
    latest: Option<u64>,
    /// Reports that may still come of the chain: one for each descriptor that asks for an interrupt. One that came late
    /// may name a later descriptor, so that the last one can be named more than once.
    left: u64,
    /// The same of the chain before.
    late: u64,
    /// A reset of another channel may have a completion reported once more: it may have lost a message.
    repeats: bool,
    /// This descriptor of the chain cannot be done.
    failing: Option<u64>,
    /// It came.
    failed: bool,
}

impl Told {
    /// Of a channel without a chain, whose completions may be `repeated` although nobody asks for it.
    #[must_use]
    pub fn new(repeated: bool) -> Self {
        Self { repeats: repeated, ..Self::default() }
    }

    /// A new chain begins with descriptor `first`, with so many descriptors that interrupt.
    pub fn begin(&mut self, first: u64, interrupts: u64) {
        *self = Self { first, left: interrupts, late: self.left, ..Self::new(self.repeats) };
    }

    /// So many more that interrupt are appended.
    pub fn appended(&mut self, interrupts: u64) {
        self.left += interrupts;
    }

    /// Descriptor `bad` of the chain cannot be done.
    pub fn expect_error(&mut self, bad: u64) {
        self.failing = Some(bad);
    }

    /// Whether a descriptor of the chain cannot be done.
    #[must_use]
    pub const fn expects_error(&self) -> bool {
        self.failing.is_some()
    }

    /// Whether the error that was expected came.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.failed
    }

    /// The latest descriptor that was told.
    #[must_use]
    pub const fn latest(&self) -> Option<u64> {
        self.latest
    }

    /// Whether as many completions came as interrupts were asked for.
    #[must_use]
    pub const fn all_came(&self) -> bool {
        self.left == 0
    }

    /// Takes what has come since the last look.
    ///
    /// # Errors
    /// A report that is of no descriptor of the chain, older than the one before, one more than were asked for, of one
    /// behind an error, or of an error that there was not (NDMA-INT-01 to -03).
    pub fn look(&mut self, channel: &Channel, copies: &Copies) -> Checked {
        let reports = channel.reports.take();
        reports.into_iter().try_for_each(|report| match report {
            Report::Failed => self.error(),
            Report::Completed(address) => self.completed(address, copies),
        })
    }

    fn error(&mut self) -> Checked {
        hold(&rules::ERROR_FALSE, self.failing.is_some(), || {
            "an error was reported although nothing was wrong".into()
        })?;
        hold(&rules::ERROR_TWICE, !self.failed, || "an error was reported a second time".into())?;
        self.failed = true;
        Ok(())
    }

    fn completed(&mut self, address: u64, copies: &Copies) -> Checked {
        let number = copies.number(address);
        hold(&rules::REPORT_ADDRESS, number.is_some(), || {
            format!("{address:#x} was reported as completed, which is no descriptor")
        })?;
        let number = number.unwrap_or(0);
        let stale = number < self.first;
        let late = self.late.checked_sub(1).or(self.repeats.then_some(0)).filter(|_| self.latest.is_none());
        hold(&rules::REPORT_STALE, !stale || late.is_some(), || {
            format!("descriptor {number} of an earlier chain was reported again")
        })?;
        if stale {
            self.late = late.unwrap_or(0);
            return Ok(());
        }
        if let Some(bad) = self.failing {
            hold(&rules::REPORT_FAILED, number != bad, || {
                format!("descriptor {number}, which failed, was reported as completed")
            })?;
            hold(&rules::ERROR_HALTS, number < bad, || {
                format!("descriptor {number} was reported as completed, behind the error of {bad}")
            })?;
        }
        let latest = self.latest.unwrap_or(number);
        hold(&rules::REPORT_ORDER, latest <= number, || {
            format!("descriptor {number} was reported after {latest}")
        })?;
        self.latest = Some(number);
        let left = self.left.checked_sub(1).or(self.repeats.then_some(0));
        hold(&rules::REPORT_UNASKED, left.is_some(), || {
            format!("descriptor {number} was reported; no more interrupts were asked for")
        })?;
        self.left = left.unwrap_or(0);
        Ok(())
    }
}
