//! What a client does with a channel: chains, appends, suspensions, aborts, resets and errors, at random.

use super::{
    copies::{Alignments, Copies, flags},
    counts::Counts,
    memory::{Descriptor, Memory, RING},
    reports::Told,
};
use crate::{
    device::quickdata::{Fault, Quickdata},
    netdma::{Channel, Provider},
    random::Random,
    verify::{
        Rule,
        breach::{Checked, hold},
        rules,
    },
    world::world,
};
use std::{rc::Rc, time::Duration};

/// Kinds of rounds.
const ROUNDS: u64 = 10;
/// States of a completion word (NDMA-CST-02).
pub(super) const ACTIVE: u64 = 0;
pub(super) const IDLE: u64 = 1;
pub(super) const SUSPENDED: u64 = 2;
const HALTED: u64 = 3;
/// How long a chain or a report may take, in times what NetDMA waits for outstanding descriptors.
const PATIENCE: u32 = 2;
/// How long a channel that was stopped is watched.
const WATCHED: Duration = Duration::from_micros(200);
/// Bytes of a client's sources and destinations.
const SOURCES: u64 = 2 << 20;
const DESTINATIONS: u64 = 4 << 20;
/// Descriptors of the longest chain, as it is started.
const CHAIN: u64 = 1000;
/// Descriptors that a chain that is stopped has at least.
const LONG: u64 = 200;
/// Bytes of the longest transfer, where the provider takes as much.
pub const LONGEST: u64 = 1 << 20;

/// A client with a channel.
pub struct Client {
    pub(super) channel: Rc<Channel>,
    pub(super) copies: Copies,
    random: Random,
    counts: Counts,
    pub(super) told: Told,
    /// Bytes of the longest transfer.
    longest: u64,
    model: Option<(Rc<Quickdata>, usize)>,
    /// Descriptors that were the last ones at some time: only their words may say Idle.
    pub(super) ends: Vec<u64>,
    /// What was appended to the chain at hand: its first descriptor, how many, and what it means if they are not done.
    pub(super) appends: Vec<(u64, u64, &'static Rule)>,
    /// The channel was reset, and not started since.
    reset: bool,
}

impl Client {
    /// Allocates a channel whose completions go to `cpu`.
    ///
    /// # Errors
    /// There is no channel, or no memory.
    pub fn new(
        provider: &Rc<Provider>,
        model: Option<&Rc<Quickdata>>,
        cpu: usize,
        seed: u64,
        alignments: &Alignments,
    ) -> Result<Self, String> {
        let refused = |status| format!("no channel for CPU {cpu}: {status:#010x}");
        let channel = provider.allocate(1 << cpu).map_err(refused)?;
        let counted = provider.version.0 >= 2;
        let memory = Memory::new(SOURCES, DESTINATIONS, counted).ok_or("no memory for a client")?;
        if let Some(model) = model {
            memory.hand_over(model, &channel);
        }
        // Which of the function's channels it is, is where it reports.
        let model = model.and_then(|model| {
            let number = model.reports_at(channel.word_physical())?;
            Some((Rc::clone(model), number))
        });
        let resets_repeat = model.as_ref().is_some_and(|(model, _)| model.resets_lose_messages());
        let longest = LONGEST.min(provider.offer.get().1.into());
        let mut copies = Copies::new(memory, alignments);
        copies.every_word = false;
        Ok(Self {
            channel,
            copies,
            random: Random::new(seed),
            counts: Counts::default(),
            told: Told::new(resets_repeat),
            longest,
            model,
            ends: Vec::new(),
            appends: Vec::new(),
            reset: false,
        })
    }

    /// Works until so many bytes have been moved and every kind of thing was done at least once, then frees the channel.
    ///
    /// # Errors
    /// The rule that the provider broke.
    pub fn work(mut self, bytes: u64, progress: &dyn Fn(u64)) -> Checked<Counts> {
        let mut round = 0;
        while self.copies.bytes < bytes || round < ROUNDS {
            let before = self.copies.bytes;
            match round % ROUNDS {
                0 => self.appended()?,
                4 => self.stopped(false)?,
                6 => self.stopped(true)?,
                7 => self.failed()?,
                8 => self.started_over()?,
                9 => self.serialized()?,
                _ => self.chain()?,
            }
            round += 1;
            self.copies.renew();
            progress(self.copies.bytes - before);
        }
        self.channel.set_quiet(true);
        self.channel.free();
        // What came since the last look was one too many.
        self.look()?;
        if let Some((model, _)) = &self.model {
            self.copies.memory.take_back(model, &self.channel);
        }
        self.counts.bytes = self.copies.bytes;
        self.counts.descriptors = self.copies.made;
        self.counts.interrupts = self.channel.interrupts.get();
        Ok(self.counts)
    }

    /// Waits for something, and looks at what is reported meanwhile; false if it does not come.
    pub(super) fn wait(&mut self, what: &'static str, condition: impl Fn(&Self) -> bool) -> Checked<bool> {
        let until = world().clock.now().after(PATIENCE * world().netdma.patience.get());
        loop {
            self.look()?;
            if condition(self) {
                return Ok(true);
            }
            let this = &*self;
            let news = || condition(this) || !this.channel.reports.borrow().is_empty();
            if !world().sched.block(what, Some(until), &news) {
                return Ok(false);
            }
        }
    }

    /// A little while in which the driver and the hardware may go on.
    fn pass(&mut self) {
        let microseconds = self.random.below(200);
        world().sched.sleep(Duration::from_micros(microseconds));
    }

    /// A first part of a chain: the number of its first descriptor.
    fn start(&mut self) -> Checked<u64> {
        let count = self.random.size(CHAIN);
        self.start_some(count)
    }

    /// A chain that does not end at once.
    fn start_long(&mut self) -> Checked<u64> {
        let count = LONG + self.random.size(CHAIN - LONG);
        self.start_some(count)
    }

    fn start_some(&mut self, count: u64) -> Checked<u64> {
        let longest = self.longest.min((self.copies.room() / count).max(64));
        let longest = if self.random.one_in(8) { self.longest } else { longest };
        let first = self.copies.make(&mut self.random, count, longest, false);
        self.begin(first)?;
        Ok(first)
    }

    /// Hands a new chain over, of all descriptors from `first` on.
    fn begin(&mut self, first: u64) -> Checked {
        self.look()?;
        self.told.begin(first, self.copies.interrupts(first));
        self.ends.push(self.copies.made - 1);
        self.appends.clear();
        let reset = std::mem::take(&mut self.reset);
        let result = self.copies.start(&self.channel, first);
        self.accepted(if reset { &rules::RESET_MENDS } else { &rules::TRANSFER_START }, "a start", result)?;
        self.counts.chains += 1;
        Ok(())
    }

    /// Appends to a channel that works, is idle, or is suspended.
    fn append(&mut self, suspended: bool) -> Checked {
        let count = 1 + self.random.below(20);
        let last = self.copies.made.checked_sub(1);
        let risk = match self.word() {
            _ if suspended => &rules::RESUME_RELOADS,
            Some((number, IDLE)) if number == last => &rules::TRANSFER_APPENDED_IDLE,
            _ => &rules::TRANSFER_APPENDED,
        };
        let first = self.copies.make(&mut self.random, count, self.longest / 16, true);
        self.told.appended(self.copies.interrupts(first));
        self.ends.push(self.copies.made - 1);
        self.appends.push((first, count, risk));
        let result = self.copies.append(&self.channel, first);
        self.accepted(&rules::TRANSFER_APPEND, "an append", result)?;
        self.counts.appends += 1;
        Ok(())
    }

    /// Waits for the last descriptor's word and interrupt, and looks at every byte.
    fn finish(&mut self, first: u64) -> Checked {
        let number = self.copies.made - 1;
        // A channel that was suspended when everything was done has nothing left to write the word for.
        let done =
            move |this: &Self| matches!(this.word(), Some((Some(word), IDLE | SUSPENDED)) if word == number);
        self.wait("the last completion word", done)?;
        self.check_last_word(first, number)?;
        self.check_last_report(number)?;
        self.channel.set_quiet(true);
        self.appends.clear();
        self.counts.longest_chain = self.counts.longest_chain.max(self.copies.made - first);
        self.copies.verify(self.copies.made, u64::MAX)
    }

    /// A chain that is only appended to, while it is at work and when it is done.
    fn appended(&mut self) -> Checked {
        let first = self.start()?;
        for _ in 0..4 {
            self.pass();
            self.append(false)?;
        }
        self.finish(first)?;
        self.append(false)?;
        self.finish(first)
    }

    /// A chain that is appended to and suspended while it is at work, and appended to once more when it is done.
    fn chain(&mut self) -> Checked {
        let first = self.start()?;
        for _ in 0..self.random.below(12) {
            if self.copies.made - first > RING / 2 {
                break;
            }
            self.pass();
            if self.random.one_in(2) {
                self.append(false)?;
                continue;
            }
            self.suspended(first)?;
        }
        self.finish(first)?;
        self.append(false)?;
        self.finish(first)
    }

    /// Serialized transfers, and what depends on them.
    fn serialized(&mut self) -> Checked {
        let pairs = 1 + self.random.below(50);
        let first = self.copies.make_serialized(&mut self.random, pairs);
        self.begin(first)?;
        self.finish(first)
    }

    /// A suspension in which nothing may happen, with or without an append.
    fn suspended(&mut self, first: u64) -> Checked {
        let result = self.channel.suspend();
        let last = self.accepted(&rules::SUSPEND_REFUSED, "a suspension", result)?;
        self.counts.suspends += 1;
        let before = self.channel.word();
        let number = self.check_suspended(first, last)?;
        if let Some(done) = number {
            self.copies.mark(done);
            self.copies.resumed.insert(done);
        }
        if self.random.one_in(2) {
            self.append(true)?;
        }
        self.pass();
        let (word, begun) =
            (self.channel.word(), self.copies.first_begun(number.map_or(first, |done| done + 1)));
        hold(&rules::SUSPEND_HOLDS, word == before && begun.is_none(), || {
            format!("suspended after {number:?}; the word was {before:x?}, now {word:x?}; begun is {begun:?}")
        })?;
        let result = self.channel.resume();
        self.accepted(&rules::RESUME_REFUSED, "a resumption", result)?;
        self.counts.resumes += 1;
        Ok(())
    }

    /// A chain that is aborted, or whose channel is reset: nothing happens afterwards.
    fn stopped(&mut self, reset: bool) -> Checked {
        let first = self.start_long()?;
        self.pass();
        if reset {
            self.reset("a reset")?;
        } else {
            let result = self.channel.abort();
            self.accepted(&rules::ABORT_REFUSED, "an abort", result)?;
            self.counts.aborts += 1;
        }
        let frozen = self.copies.memory.all().to_vec();
        world().sched.sleep(WATCHED);
        let rule = if reset { &rules::RESET_STOPS } else { &rules::ABORT_STOPS };
        hold(rule, *self.copies.memory.all() == *frozen, || {
            "the old chain goes on after it was stopped".into()
        })?;
        self.refuses_append("was stopped")?;
        self.copies.verify(first, u64::MAX)
    }

    fn reset(&mut self, what: &str) -> Checked {
        let result = self.channel.reset();
        self.accepted(&rules::RESET_REFUSED, what, result)?;
        self.counts.resets += 1;
        self.reset = true;
        Ok(())
    }

    /// A chain that is abandoned for another one.
    fn started_over(&mut self) -> Checked {
        let old = self.start_long()?;
        self.pass();
        let first = self.copies.made;
        self.start()?;
        // The descriptor at hand is done to its end.
        let begun = self.copies.first_untouched(old).filter(|&begun| begun < first).unwrap_or(first);
        let number = self.copies.made - 1;
        self.wait("the last completion word", move |this| this.word() == Some((Some(number), IDLE)))?;
        self.check_last_word(first, number)?;
        self.check_last_report(number)?;
        self.channel.set_quiet(true);
        self.copies.verify_from(first, begun)
    }

    /// An error in the middle of a chain: it is reported, nothing is written from there on, and a reset mends it.
    fn failed(&mut self) -> Checked {
        let count = 4 + self.random.below(20);
        let first = self.copies.make(&mut self.random, count, 4096, false);
        let bad = self.random.below(count);
        if let Some((model, number)) = &self.model {
            let bit = self.random.below(19) as u8;
            let injected = model.inject(*number, Fault::Error { after: bad, bit });
            assert!(injected, "the channel was found in the function");
        } else {
            // A transfer that is longer than any may be.
            let too_long = Descriptor {
                size: self.longest as u32 + 1,
                flags: flags::STATUS,
                from: self.copies.memory.sources().0,
                to: self.copies.memory.destinations().0,
                ..Descriptor::default()
            };
            self.copies.memory.put(first + bad, &too_long, bad + 1 == count);
        }
        self.counts.errors_injected += 1;
        self.begin(first)?;
        self.told.expect_error(first + bad);
        let came = self.wait("the report of an error", |this| this.told.has_failed())?;
        hold(&rules::ERROR_MISSING, came, || {
            format!("descriptor {} cannot be done; {:?}", first + bad, self.told)
        })?;
        self.counts.errors_reported += 1;
        // The last good descriptor, where the bad one asks for a word.
        let wanted = (if bad == 0 { 0 } else { self.copies.memory.at(first + bad - 1) }, HALTED);
        if self.model.is_none() || self.copies.asks_for_word(first + bad) {
            let word = self.channel.word();
            hold(&rules::WORD_HALTED, word == Some(wanted), || {
                format!("the word after an error is {word:x?} instead of {wanted:x?}")
            })?;
        }
        self.channel.set_quiet(true);
        self.copies.verify(first + bad, first + bad + 1)?;
        self.refuses_append("failed")?;
        self.reset("a reset after an error")
    }
}
