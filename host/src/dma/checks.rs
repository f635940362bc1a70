//! What a client sees of its channel, held against the rules: completion words, reports, refusals.

use super::workload::{ACTIVE, Client, IDLE, SUSPENDED};
use crate::{
    abi::constants as c,
    netdma::Refused,
    verify::{
        Rule,
        breach::{Breach, Checked, hold},
        rules,
    },
    world::world,
};

impl Client {
    /// The completion word: the number of its descriptor, if it is one, and its state.
    pub(super) fn word(&self) -> Option<(Option<u64>, u64)> {
        self.channel.word().map(|(address, status)| (self.copies.number(address), status))
    }

    /// Takes what was reported, and looks at the word.
    pub(super) fn look(&mut self) -> Checked {
        self.told.look(&self.channel, &self.copies)?;
        if let Some((Some(number), status)) = self.word() {
            let end = self.ends.iter().copied().filter(|&end| end >= number).min();
            let open = || self.copies.first_not_done(number + 1).is_some_and(|open| Some(open) <= end);
            let early = status == IDLE && end != Some(number) && !self.told.expects_error() && open();
            hold(&rules::WORD_ACTIVE, !early, || {
                format!("the word of descriptor {number} says Idle; the chain goes on behind it")
            })?;
        }
        Ok(())
    }

    /// The provider takes a call. What it has reported before it refuses one comes first.
    pub(super) fn accepted<T>(
        &mut self,
        rule: &'static Rule,
        what: &str,
        result: Result<T, Refused>,
    ) -> Checked<T> {
        match result {
            Ok(value) => {
                world().verify.watch(rule);
                Ok(value)
            }
            Err(Refused(status)) => {
                self.look()?;
                let (word, reports) = (self.channel.word(), &self.told);
                let detail =
                    format!("{what} was refused with {status:#010x}; the word is {word:x?}, {reports:?}");
                Err(Breach::new(rule, detail))
            }
        }
    }

    /// A channel that is stopped takes no append.
    pub(super) fn refuses_append(&mut self, what: &str) -> Checked {
        let result = self.channel.append(0, 0, 1);
        hold(&rules::TRANSFER_APPEND_STOPPED, result.is_err(), || {
            format!("an append to a channel that {what} succeeded")
        })?;
        let status = result.err().map_or(0, |Refused(status)| status);
        hold(&rules::TRANSFER_APPEND_STATUS, status == c::STATUS_UNSUCCESSFUL, || {
            format!("an append to a channel that {what} was refused with {status:#010x}")
        })
    }

    /// The word of the last descriptor, which asks for it, has come.
    pub(super) fn check_last_word(&self, first: u64, number: u64) -> Checked {
        let word = self.word();
        let told = || format!("the last descriptor is {number}; the word is {word:x?}, {:?}", self.told);
        let done = matches!(word, Some((Some(last), IDLE | SUSPENDED)) if last == number);
        let open = if done { None } else { self.copies.first_not_done(first) };
        if let Some(open) = open {
            let detail = format!("descriptor {open} and those behind it are not done; {}", told());
            return Err(Breach::new(self.lost(open), detail));
        }
        self.appends.iter().for_each(|(.., risk)| world().verify.watch(risk));
        let other = matches!(word, Some((last, IDLE)) if last != Some(number));
        hold(&rules::WORD_DESCRIPTOR, !other, told)?;
        let busy = matches!(word, Some((Some(last), status)) if last == number && status != IDLE);
        hold(&rules::WORD_IDLE, done || !busy, told)?;
        hold(&rules::WORD_MISSING, done, told)
    }

    /// What is not done from descriptor `open` on is as much as was lost: the rule that the appends of as many were under.
    pub(super) fn lost(&self, open: u64) -> &'static Rule {
        let many = self.copies.made - open;
        let same = self.appends.iter().find(|(_, count, _)| *count == many);
        let total = |rule: &&'static Rule| {
            let alike = self.appends.iter().filter(|(.., risk)| std::ptr::eq(*risk, *rule));
            alike.map(|(_, count, _)| count).sum::<u64>()
        };
        let rules = self.appends.iter().map(|(.., risk)| *risk);
        let all = rules.filter(|rule| total(rule) >= many).min_by_key(total);
        let at = self.appends.iter().rfind(|(first, ..)| *first <= open).map(|(.., risk)| *risk);
        same.map(|(.., risk)| *risk).or(all).or(at).unwrap_or(&rules::TRANSFER_CHAIN)
    }

    /// The interrupt of the last descriptor, which asks for it, has come.
    pub(super) fn check_last_report(&mut self, number: u64) -> Checked {
        let came = self.wait("the last interrupt", |this| this.told.latest() == Some(number))?;
        let told = format!("the last descriptor is {number}; {:?}", self.told);
        hold(&rules::REPORT_OLDER, came || !self.told.all_came(), || told.clone())?;
        hold(&rules::REPORT_MISSING, came, || told)
    }

    /// The address that a suspension gave is of the chain's, and nothing behind it was begun; every word that was asked for
    /// up to it was written, and that of the descriptor itself says that the channel is suspended.
    pub(super) fn check_suspended(&self, first: u64, last: u64) -> Checked<Option<u64>> {
        let (copies, word) = (&self.copies, self.word());
        let number = if last == 0 { None } else { copies.number(last).filter(|&number| number >= first) };
        let governing = number.and_then(|number| copies.last_word(first, number));
        let told = || {
            format!(
                "suspended after {last:#x}, descriptor {number:?} of a chain from {first} on; the last that asks for the word \
                 is {governing:?}, but the word is {word:x?}"
            )
        };
        hold(&rules::SUSPEND_ADDRESS, last == 0 || number.is_some(), told)?;
        // Starting over may have had to suspend the chain before, which wrote its word.
        let (of, status) = match word {
            Some((Some(of), status)) if of >= first => (Some(of), status),
            _ => (None, ACTIVE),
        };
        let begun = copies.first_begun(number.map_or(first, |number| number + 1));
        let later = of.is_some_and(|of| number.is_none_or(|number| of > number)) || begun.is_some();
        hold(&rules::SUSPEND_LAST, !later, told)?;
        hold(&rules::WORD_UNASKED, of.is_none() || of <= governing, told)?;
        if governing.is_some() {
            hold(&rules::WORD_MISSING, of.is_some(), told)?;
            hold(&rules::WORD_DESCRIPTOR, of == governing, told)?;
        }
        if governing.is_some() && number == governing {
            hold(&rules::SUSPEND_WORD, status == SUSPENDED, told)?;
        }
        Ok(number)
    }
}
