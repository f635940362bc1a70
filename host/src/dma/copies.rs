//! Chains of copies for one channel, and whether they were done.

use super::memory::{Descriptor, GUARD, Memory};
use crate::{
    net::transfer::Stream,
    netdma::{Channel, Refused},
};
use std::{cell::Cell, rc::Rc};

/// `ControlFlags` (NDMA-XFER-12).
pub mod flags {
    /// The descriptor interrupts.
    pub const INTERRUPT: u32 = 1;
    /// It writes the completion word.
    pub const STATUS: u32 = 8;
    /// It waits for the ones before.
    pub const FENCE: u32 = 0x10;
    /// It moves nothing.
    pub const NULL: u32 = 0x20;
    /// The source goes on at another page.
    pub const SOURCE_PAGE_BREAK: u32 = 0x40;
}

const PAGE: u64 = 4096;

/// A call that a provider refused, and what is known of the channel.
pub(super) fn refusal(what: &str, refused: Refused, channel: &Channel) -> String {
    let (word, reports) = (channel.word(), channel.reports.borrow());
    format!("{what} was refused with {:#010x}; the word is {word:x?}, reported was {reports:x?}", refused.0)
}

/// Random choices that a seed repeats.
pub struct Random(Stream);

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Stream::new(seed))
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % limit.max(1)
    }

    /// True once in `of` times.
    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// A size from 1 to `most`, as often a small as a large one.
    pub fn size(&mut self, most: u64) -> u64 {
        let bits = self.below(u64::from(most.max(1).ilog2()) + 1);
        (1 + self.below(2 << bits)).min(most)
    }
}

/// Alignments of source and destination modulo 64, one pair after the other: shared by all clients of a run, so that every
/// pair occurs as soon as there are 4096 copies.
#[derive(Clone, Debug, Default)]
pub struct Alignments(Rc<Cell<u64>>);

impl Alignments {
    /// The pairs that occurred.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.0.get().min(64 * 64)
    }

    fn next(&self) -> (u64, u64) {
        let number = self.0.get();
        self.0.set(number + 1);
        // Odd, so that neighbours differ in both and all are met.
        let pair = number.wrapping_mul(1365) % (64 * 64);
        (pair / 64, pair % 64)
    }
}

/// What a descriptor was to do.
#[derive(Clone, Copy, Debug)]
struct Job {
    number: u64,
    from: u64,
    to: u64,
    size: u64,
    /// Where the source goes on behind its first page.
    goes_on: Option<u64>,
}

/// See the module.
pub struct Copies {
    /// Where everything is.
    pub memory: Memory,
    /// Descriptors made so far.
    pub made: u64,
    place: u64,
    jobs: Vec<Job>,
    alignments: Alignments,
    /// Bytes that the descriptors made so far move.
    pub bytes: u64,
}

impl Copies {
    /// In a memory that is as it was at first.
    #[must_use]
    pub fn new(memory: Memory, alignments: &Alignments) -> Self {
        let place = memory.destinations().0 + GUARD;
        Self { memory, made: 0, place, jobs: Vec::new(), alignments: alignments.clone(), bytes: 0 }
    }

    /// Bytes of destinations that are left.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.memory.destinations().1.saturating_sub(self.place)
    }

    /// Starts over at the first destination; the ring goes on.
    pub fn renew(&mut self) {
        self.jobs.clear();
        self.place = self.memory.destinations().0 + GUARD;
        self.memory.fill();
    }

    /// So many more descriptors at the end of the chain, or of a new one; the number of the first. At most `longest`
    /// bytes each, and fewer than asked for if there is no room.
    pub fn make(&mut self, random: &mut Random, count: u64, longest: u64, appended: bool) -> u64 {
        let first = self.made;
        for number in first..first + count {
            let last = number + 1 == first + count;
            let job = self.job(random, number, longest);
            let mut flags = flags::STATUS;
            if random.one_in(4) {
                flags |= flags::FENCE;
            }
            if last || random.one_in(16) {
                flags |= flags::INTERRUPT;
            }
            if job.goes_on.is_some() {
                flags |= flags::SOURCE_PAGE_BREAK;
            }
            if job.size == 0 {
                flags |= flags::NULL;
            }
            let descriptor = Descriptor {
                size: job.size as u32,
                flags,
                from: job.from,
                to: job.to,
                goes_on: job.goes_on.unwrap_or(0),
            };
            self.memory.put(number, &descriptor, last);
            self.made = number + 1;
        }
        if appended && first > 0 {
            self.memory.link(first - 1);
        }
        first
    }

    fn job(&mut self, random: &mut Random, number: u64, longest: u64) -> Job {
        let (sources, bytes) = self.memory.sources();
        let longest = longest.min(self.room().saturating_sub(2 * GUARD));
        let size = if longest == 0 || random.one_in(32) { 0 } else { random.size(longest) };
        let (source, destination) = if size == 0 { (0, 0) } else { self.alignments.next() };
        let from = sources + random.below((bytes - size) / 64) * 64;
        let from = if from + source + size <= sources + bytes { from + source } else { from - 64 + source };
        let to = if size == 0 {
            self.memory.destinations().0
        } else {
            self.place.next_multiple_of(64) + destination
        };
        // NetDMA 2.0's alone; a second boundary would be one too many.
        let head = PAGE - self.memory.physical(from) % PAGE;
        let breaks = self.memory.counted && size > head && size - head <= PAGE && random.one_in(4);
        let goes_on = breaks.then(|| sources + random.below(bytes / PAGE) * PAGE);
        let job = Job { number, from, to, size, goes_on };
        if size > 0 {
            self.place = to + size + GUARD;
            self.bytes += size;
        }
        self.jobs.push(job);
        job
    }

    /// Address and physical address of a descriptor, as a channel takes them.
    #[must_use]
    pub fn place_of(&self, number: u64) -> (u64, u64) {
        (self.memory.base + Memory::descriptor(number), self.memory.at(number))
    }

    /// Starts a new chain of `count` descriptors from `first` on.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn start(&self, channel: &Channel, first: u64) -> Result<(), String> {
        channel.set_quiet(false);
        let (at, physical) = self.place_of(first);
        channel
            .start(at, physical, (self.made - first) as u32)
            .map_err(|refused| refusal("a start", refused, channel))
    }

    /// Appends the descriptors from `first` on.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn append(&self, channel: &Channel, first: u64) -> Result<(), String> {
        channel.set_quiet(false);
        let (at, physical) = self.place_of(first);
        channel
            .append(at, physical, (self.made - first) as u32)
            .map_err(|refused| refusal("an append", refused, channel))
    }

    fn expected(&self, job: &Job) -> Vec<u8> {
        let all = self.memory.all();
        let head = job.goes_on.map_or(job.size, |_| PAGE - self.memory.physical(job.from) % PAGE);
        let slice = |from: u64, size: u64| all.get(from as usize..(from + size) as usize).unwrap_or_default();
        let mut bytes = slice(job.from, head).to_vec();
        if let Some(goes_on) = job.goes_on {
            bytes.extend_from_slice(slice(goes_on, job.size - head));
        }
        bytes
    }

    /// Whether everything up to descriptor `until` was done, nothing from `untouched` on, and nothing else was written.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn verify(&self, until: u64, untouched: u64) -> Result<(), String> {
        self.look(|job| job.number < until, |job| job.number >= untouched)
    }

    /// Whether everything from descriptor `first` on was done, and nothing was written beside the destinations.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn verify_from(&self, first: u64) -> Result<(), String> {
        self.look(|job| job.number >= first, |_| false)
    }

    fn look(&self, done: impl Fn(&Job) -> bool, kept: impl Fn(&Job) -> bool) -> Result<(), String> {
        let mut clean = self.memory.destinations().0;
        for job in self.jobs.iter().filter(|job| job.size > 0) {
            let end = job.to + job.size;
            if !self.memory.untouched(clean, job.to) {
                return Err(format!(
                    "bytes between {clean:#x} and {:#x}, before {job:x?}, were written",
                    job.to
                ));
            }
            let now = self.memory.all().get(job.to as usize..end as usize).unwrap_or_default();
            if done(job) && now != self.expected(job) {
                return Err(format!("the bytes of {job:x?} are not those of its source"));
            }
            if kept(job) && !self.memory.untouched(job.to, end) {
                return Err(format!("{job:x?} was begun, although the chain had ended before"));
            }
            clean = end;
        }
        let end = self.memory.destinations().1;
        if self.memory.untouched(clean, end) {
            Ok(())
        } else {
            Err(format!("bytes between {clean:#x} and {end:#x}, behind all destinations, were written"))
        }
    }
}
