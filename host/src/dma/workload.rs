//! What a client does with a channel: chains, appends, suspensions, aborts, resets and errors, at random.

use super::{
    copies::{Alignments, Copies, flags, refusal},
    memory::{Descriptor, Memory, RING},
    reports::Told,
};
use crate::{
    device::quickdata::{Fault, Quickdata},
    netdma::{Channel, Provider},
    random::Random,
    world::world,
};
use serde::Serialize;
use std::{rc::Rc, time::Duration};

/// States of a completion word (NDMA-CST-02).
const IDLE: u64 = 1;
const SUSPENDED: u64 = 2;
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
/// Bytes of the longest transfer, where the provider takes as much.
pub const LONGEST: u64 = 1 << 20;

/// What was done with a channel.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Bytes that were to be moved.
    pub bytes: u64,
    /// Descriptors handed over.
    pub descriptors: u64,
    /// Chains started.
    pub chains: u64,
    /// The longest of them, in descriptors, appends included.
    pub longest_chain: u64,
    /// Appends.
    pub appends: u64,
    /// Interrupts that the client was told of.
    pub interrupts: u64,
    /// Suspensions.
    pub suspends: u64,
    /// Resumptions.
    pub resumes: u64,
    /// Aborts.
    pub aborts: u64,
    /// Resets.
    pub resets: u64,
    /// Errors that were made to happen.
    pub errors_injected: u64,
    /// Errors that the driver reported.
    pub errors_reported: u64,
}

impl Counts {
    /// The sum, and the longest chain of both.
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.descriptors += other.descriptors;
        self.chains += other.chains;
        self.longest_chain = self.longest_chain.max(other.longest_chain);
        self.appends += other.appends;
        self.interrupts += other.interrupts;
        self.suspends += other.suspends;
        self.resumes += other.resumes;
        self.aborts += other.aborts;
        self.resets += other.resets;
        self.errors_injected += other.errors_injected;
        self.errors_reported += other.errors_reported;
    }
}

/// A client with a channel.
pub struct Client {
    channel: Rc<Channel>,
    copies: Copies,
    random: Random,
    counts: Counts,
    told: Told,
    /// Bytes of the longest transfer.
    longest: u64,
    model: Option<(Rc<Quickdata>, usize)>,
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
        })
    }

    /// Works until so many bytes have been moved and every kind of thing was done at least once, then frees the channel.
    ///
    /// # Errors
    /// What went wrong.
    pub fn work(mut self, bytes: u64, progress: &dyn Fn(u64)) -> Result<Counts, String> {
        let mut round = 0;
        while self.copies.bytes < bytes || round < 8 {
            let before = self.copies.bytes;
            match round % 8 {
                3 => self.stopped(false)?,
                5 => self.stopped(true)?,
                6 => self.failed()?,
                7 => self.started_over()?,
                _ => self.chain()?,
            }
            round += 1;
            self.copies.renew();
            progress(self.copies.bytes - before);
        }
        self.channel.set_quiet(true);
        self.channel.free();
        // What came since the last look was one too many.
        self.told.look(&self.channel, &self.copies)?;
        if let Some((model, _)) = &self.model {
            self.copies.memory.take_back(model, &self.channel);
        }
        self.counts.bytes = self.copies.bytes;
        self.counts.descriptors = self.copies.made;
        self.counts.interrupts = self.channel.interrupts.get();
        Ok(self.counts)
    }

    /// Waits for something, and looks at what is reported meanwhile.
    fn wait(&mut self, what: &'static str, condition: impl Fn(&Self) -> bool) -> Result<(), String> {
        let patience = PATIENCE * world().netdma.patience.get();
        let until = world().clock.now().after(patience);
        loop {
            self.told.look(&self.channel, &self.copies)?;
            if condition(self) {
                return Ok(());
            }
            let this = &*self;
            let news = || condition(this) || !this.channel.reports.borrow().is_empty();
            if !world().sched.block(what, Some(until), &news) {
                let (word, told) = (self.channel.word(), &self.told);
                return Err(format!("{what}: not within {patience:?}; the word is {word:x?}, {told:?}"));
            }
        }
    }

    /// A little while in which the driver and the hardware may go on.
    fn pass(&mut self) {
        let microseconds = self.random.below(200);
        world().sched.sleep(Duration::from_micros(microseconds));
    }

    /// A first part of a chain: the number of its first descriptor.
    fn start(&mut self) -> Result<u64, String> {
        let count = self.random.size(CHAIN);
        let longest = self.longest.min((self.copies.room() / count).max(64));
        let longest = if self.random.one_in(8) { self.longest } else { longest };
        let first = self.copies.make(&mut self.random, count, longest, false);
        self.begin(first)?;
        Ok(first)
    }

    /// Hands a new chain over, of all descriptors from `first` on.
    fn begin(&mut self, first: u64) -> Result<(), String> {
        self.told.look(&self.channel, &self.copies)?;
        self.told.begin(first, self.copies.interrupts(first));
        self.copies.start(&self.channel, first)?;
        self.counts.chains += 1;
        Ok(())
    }

    fn append(&mut self) -> Result<(), String> {
        let count = 1 + self.random.below(20);
        let first = self.copies.make(&mut self.random, count, self.longest / 16, true);
        self.told.appended(self.copies.interrupts(first));
        self.copies.append(&self.channel, first)?;
        self.counts.appends += 1;
        Ok(())
    }

    /// Waits for the last descriptor's word and interrupt, and looks at every byte.
    fn finish(&mut self, first: u64) -> Result<(), String> {
        let number = self.copies.made - 1;
        let last = self.copies.memory.at(number);
        // A channel that was suspended when everything was done has nothing left to write the word for.
        let done = move |(address, status)| address == last && matches!(status, IDLE | SUSPENDED);
        self.wait("the last completion word", |this| this.channel.word().is_some_and(done))?;
        self.wait("the last interrupt", |this| this.told.latest() == Some(number))?;
        self.channel.set_quiet(true);
        self.counts.longest_chain = self.counts.longest_chain.max(self.copies.made - first);
        self.copies.verify(self.copies.made, u64::MAX)
    }

    /// A chain that is appended to and suspended while it is at work, and appended to once more when it is done.
    fn chain(&mut self) -> Result<(), String> {
        let first = self.start()?;
        for _ in 0..self.random.below(12) {
            if self.copies.made - first > RING / 2 {
                break;
            }
            self.pass();
            if self.random.one_in(2) {
                self.append()?;
                continue;
            }
            self.suspended(first)?;
        }
        self.finish(first)?;
        self.append()?;
        self.finish(first)
    }

    /// A suspension in which nothing may happen, with or without an append.
    fn suspended(&mut self, first: u64) -> Result<(), String> {
        let last =
            self.channel.suspend().map_err(|refused| refusal("a suspension", refused, &self.channel))?;
        self.counts.suspends += 1;
        let before = self.channel.word();
        self.check_suspended(first, last, before)?;
        if let Some(done) = self.copies.number(last) {
            self.copies.mark(done);
        }
        if self.random.one_in(2) {
            self.append()?;
        }
        self.pass();
        if self.channel.word() != before {
            return Err(format!("the word was {before:x?}, now {:x?}, while suspended", self.channel.word()));
        }
        self.channel.resume().map_err(|refused| refusal("a resumption", refused, &self.channel))?;
        self.counts.resumes += 1;
        Ok(())
    }

    /// The address that a suspension gave is of the chain's; every word that was asked for up to it was written, and that
    /// of the descriptor itself says that the channel is suspended.
    fn check_suspended(&self, first: u64, last: u64, word: Option<(u64, u64)>) -> Result<(), String> {
        let copies = &self.copies;
        let number = if last == 0 { None } else { copies.number(last) };
        if number.map_or(last != 0, |number| number < first) {
            return Err(format!("suspended after {last:#x}, which is no descriptor of the chain"));
        }
        let governing = number.and_then(|number| copies.last_word(first, number));
        let right = match (governing, word) {
            (None, None) => true,
            // Starting over may have had to suspend the chain before, which wrote its word.
            (None, Some((address, _))) => copies.number(address).is_some_and(|number| number < first),
            (Some(governing), Some((address, status))) => {
                address == copies.memory.at(governing) && (number != Some(governing) || status == SUSPENDED)
            }
            _ => false,
        };
        if right {
            return Ok(());
        }
        let number = number.map_or("none".into(), |number| number.to_string());
        let governing = governing.map_or("none".into(), |number| number.to_string());
        Err(format!(
            "suspended after {last:#x}, descriptor {number} of a chain from {first} on; the last that asks for the word is \
             {governing}, but the word is {word:x?}"
        ))
    }

    /// A chain that is aborted, or whose channel is reset: nothing happens afterwards.
    fn stopped(&mut self, reset: bool) -> Result<(), String> {
        let first = self.start()?;
        self.pass();
        let stop = if reset { self.channel.reset() } else { self.channel.abort() };
        stop.map_err(|refused| refusal(if reset { "a reset" } else { "an abort" }, refused, &self.channel))?;
        if reset {
            self.counts.resets += 1;
        } else {
            self.counts.aborts += 1;
        }
        let frozen = self.copies.memory.all().to_vec();
        if self.channel.append(0, 0, 1).is_ok() {
            return Err("an append to a stopped channel succeeded".into());
        }
        world().sched.sleep(WATCHED);
        if *self.copies.memory.all() != *frozen {
            return Err("the old chain goes on after it was stopped".into());
        }
        self.copies.verify(first, u64::MAX)
    }

    /// A chain that is abandoned for another one.
    fn started_over(&mut self) -> Result<(), String> {
        self.start()?;
        self.pass();
        let first = self.start()?;
        let number = self.copies.made - 1;
        let last = self.copies.memory.at(number);
        self.wait("the last completion word", move |this| this.channel.word() == Some((last, IDLE)))?;
        self.wait("the last interrupt", |this| this.told.latest() == Some(number))?;
        self.channel.set_quiet(true);
        self.copies.verify_from(first)
    }

    /// An error in the middle of a chain: it is reported, nothing is written from there on, and a reset mends it.
    fn failed(&mut self) -> Result<(), String> {
        let count = 4 + self.random.below(20);
        let first = self.copies.make(&mut self.random, count, 4096, false);
        let bad = self.random.below(count);
        if let Some((model, number)) = &self.model {
            let bit = self.random.below(19) as u8;
            if !model.inject(*number, Fault::Error { after: bad, bit }) {
                return Err(format!("there is no channel {number}"));
            }
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
        self.wait("the report of an error", |this| this.told.has_failed())?;
        self.counts.errors_reported += 1;
        // The last good descriptor, where the bad one asks for a word.
        let wanted = (if bad == 0 { 0 } else { self.copies.memory.at(first + bad - 1) }, HALTED);
        let word = self.channel.word();
        let asked = self.model.is_none() || self.copies.asks_for_word(first + bad);
        if asked && word != Some(wanted) {
            return Err(format!("the word after an error is {word:x?} instead of {wanted:x?}"));
        }
        self.channel.set_quiet(true);
        self.copies.verify(first + bad, first + bad + 1)?;
        if self.channel.append(0, 0, 1).is_ok() {
            return Err("an append to a channel that failed succeeded".into());
        }
        self.channel.reset().map_err(|refused| refusal("a reset after an error", refused, &self.channel))?;
        self.counts.resets += 1;
        Ok(())
    }
}
