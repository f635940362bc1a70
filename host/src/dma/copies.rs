//! Chains of copies for one channel, and whether they were done.

use super::memory::{Descriptor, GUARD, Memory, RING};
use crate::{
    netdma::{Channel, Refused},
    random::Random,
};
use std::{cell::Cell, collections::BTreeSet, rc::Rc};

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
    /// The destination goes on at another page.
    pub const DESTINATION_PAGE_BREAK: u32 = 0x80;
}

const PAGE: u64 = 4096;
/// What alignments are modulo.
const LINE: u64 = 64;
/// Bytes of the longest serialized transfer.
const SERIALIZED: u64 = 4096;

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
pub(super) struct Job {
    pub number: u64,
    pub flags: u32,
    pub from: u64,
    pub to: u64,
    pub size: u64,
    /// Where source and destination go on behind their first pages.
    pub from_goes_on: Option<u64>,
    pub to_goes_on: Option<u64>,
    /// The client has changed its first byte since it was done.
    pub marked: bool,
}

impl Job {
    /// The pieces of a range of `size` bytes that may go on elsewhere: places and lengths.
    pub fn pieces(&self, place: u64, goes_on: Option<u64>, head: u64) -> [(u64, u64); 2] {
        match goes_on {
            None => [(place, self.size), (place + self.size, 0)],
            Some(goes_on) => [(place, head), (goes_on, self.size - head)],
        }
    }
}

/// See the module.
pub struct Copies {
    /// Where everything is.
    pub memory: Memory,
    /// Descriptors made so far.
    pub made: u64,
    /// Every descriptor asks for the completion word; otherwise the last of a chain or of an append does, and most others.
    pub every_word: bool,
    place: u64,
    pub(super) jobs: Vec<Job>,
    /// Descriptors after which a channel was suspended and resumed.
    pub(super) resumed: BTreeSet<u64>,
    alignments: Alignments,
    /// Bytes that the descriptors made so far move.
    pub bytes: u64,
}

impl Copies {
    /// In a memory that is as it was at first.
    #[must_use]
    pub fn new(memory: Memory, alignments: &Alignments) -> Self {
        let place = memory.destinations().0 + 2 * GUARD;
        Self {
            memory,
            made: 0,
            every_word: true,
            place,
            jobs: Vec::new(),
            resumed: BTreeSet::new(),
            alignments: alignments.clone(),
            bytes: 0,
        }
    }

    /// Bytes of destinations that are left.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.memory.destinations().1.saturating_sub(self.place)
    }

    /// Starts over at the first destination; the ring goes on.
    pub fn renew(&mut self) {
        self.jobs.clear();
        self.resumed.clear();
        self.place = self.memory.destinations().0 + 2 * GUARD;
        self.memory.fill();
    }

    /// So many more descriptors at the end of the chain, or of a new one; the number of the first. At most `longest`
    /// bytes each, and fewer than asked for if there is no room.
    pub fn make(&mut self, random: &mut Random, count: u64, longest: u64, appended: bool) -> u64 {
        let first = self.made;
        for number in first..first + count {
            let last = number + 1 == first + count;
            let job = self.job(random, number, longest);
            self.hand_in(random, job, last);
        }
        if appended && first > 0 {
            self.memory.link(first - 1);
        }
        first
    }

    /// A new chain of so many pairs of descriptors: a serialized one, and one that goes on copying what that has written.
    pub fn make_serialized(&mut self, random: &mut Random, pairs: u64) -> u64 {
        let first = self.made;
        for pair in 0..pairs {
            let mut job = self.job(random, self.made, SERIALIZED);
            (job.from_goes_on, job.flags) = (None, flags::FENCE);
            if job.to_goes_on.take().is_some() {
                // The room that the break has left out is enough.
                self.place = job.to + job.size + PAGE + GUARD;
            }
            self.hand_in(random, job, false);
            let then = Job { number: self.made, flags: 0, from: job.to, to: self.place, ..job };
            self.place += then.size + GUARD;
            self.bytes += then.size;
            self.hand_in(random, then, pair + 1 == pairs);
        }
        first
    }

    fn hand_in(&mut self, random: &mut Random, mut job: Job, last: bool) {
        let asked = [
            (self.every_word || last || !random.one_in(4), flags::STATUS),
            (random.one_in(4), flags::FENCE),
            (last || random.one_in(16), flags::INTERRUPT),
            (job.from_goes_on.is_some(), flags::SOURCE_PAGE_BREAK),
            (job.to_goes_on.is_some(), flags::DESTINATION_PAGE_BREAK),
            (job.size == 0 && random.one_in(2), flags::NULL),
        ];
        job.flags = asked.iter().filter(|(asked, _)| *asked).fold(job.flags, |flags, (_, flag)| flags | flag);
        // What is to move nothing may say how much all the same; no bytes are nothing without saying so.
        let empty = if job.size == 0 { random.below(LINE) as u32 } else { 0 };
        if job.size == 0 && empty > 0 {
            job.flags |= flags::NULL;
        }
        let descriptor = Descriptor {
            size: job.size as u32 + empty,
            flags: job.flags,
            from: job.from,
            to: job.to,
            from_goes_on: job.from_goes_on.unwrap_or(0),
            to_goes_on: job.to_goes_on.unwrap_or(0),
        };
        self.memory.put(job.number, &descriptor, last);
        self.jobs.push(job);
        self.made = job.number + 1;
    }

    fn job(&mut self, random: &mut Random, number: u64, longest: u64) -> Job {
        let (sources, bytes) = self.memory.sources();
        // Room for the bytes, their alignment, and the page that a break leaves out.
        let longest = longest.min(self.room().saturating_sub(2 * GUARD + 2 * PAGE));
        let size = if longest == 0 || random.one_in(32) { 0 } else { random.size(longest) };
        let mut job = Job {
            number,
            flags: 0,
            from: sources,
            to: self.memory.destinations().0,
            size,
            from_goes_on: None,
            to_goes_on: None,
            marked: false,
        };
        if size == 0 {
            return job;
        }
        let (source, destination) = self.alignments.next();
        job.from = sources + random.below((bytes - size).saturating_sub(LINE) / LINE) * LINE + source;
        job.to = self.place.next_multiple_of(LINE) + destination;
        // NetDMA 2.0's alone; a second boundary would be one too many.
        let counted = self.memory.counted;
        let breaks = |head: u64| counted && size > head && size - head <= PAGE;
        if breaks(self.head(job.from)) && random.one_in(4) {
            job.from_goes_on = Some(sources + random.below(bytes / PAGE) * PAGE);
        }
        let head = self.head(job.to);
        let mut end = job.to + size;
        if breaks(head) && random.one_in(4) {
            // The next page but one: that in between is not to be touched.
            let goes_on = job.to + head + PAGE;
            job.to_goes_on = Some(goes_on);
            end = goes_on + size - head;
        }
        self.place = end + GUARD;
        self.bytes += size;
        job
    }

    /// Bytes from a place to the end of its page.
    pub(super) fn head(&self, place: u64) -> u64 {
        PAGE - self.memory.physical(place) % PAGE
    }

    /// The number of the descriptor at a physical address, the latest there was.
    #[must_use]
    pub fn number(&self, address: u64) -> Option<u64> {
        let offset = address.checked_sub(self.memory.at(0))?;
        let slot = offset / Memory::descriptor(1);
        let last = self.made.checked_sub(1)?;
        let back = (last % RING + RING - slot % RING) % RING;
        (slot < RING && offset.is_multiple_of(Memory::descriptor(1)))
            .then(|| last.checked_sub(back))
            .flatten()
    }

    pub(super) fn flags(&self, flag: u32) -> impl DoubleEndedIterator<Item = u64> {
        self.jobs.iter().filter(move |job| job.flags & flag != 0).map(|job| job.number)
    }

    /// Changes the destination of a descriptor that is done: what is done once more will show.
    pub fn mark(&mut self, number: u64) {
        let job = self.jobs.iter_mut().find(|job| job.number == number && job.size > 0 && !job.marked);
        if let Some(job) = job
            && let Some(byte) = self.memory.all().get_mut(job.to as usize)
        {
            *byte = !*byte;
            job.marked = true;
        }
    }

    /// How many descriptors from `first` on ask for an interrupt.
    #[must_use]
    pub fn interrupts(&self, first: u64) -> u64 {
        self.flags(flags::INTERRUPT).filter(|&number| number >= first).count() as u64
    }

    /// The last descriptor from `first` to `last` that asks for the completion word.
    #[must_use]
    pub fn last_word(&self, first: u64, last: u64) -> Option<u64> {
        self.flags(flags::STATUS).rfind(|number| (first..=last).contains(number))
    }

    /// Whether a descriptor asks for the completion word.
    #[must_use]
    pub fn asks_for_word(&self, number: u64) -> bool {
        self.last_word(number, number).is_some()
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
    pub fn start(&self, channel: &Channel, first: u64) -> Result<(), Refused> {
        channel.set_quiet(false);
        let (at, physical) = self.place_of(first);
        channel.start(at, physical, (self.made - first) as u32)
    }

    /// Appends the descriptors from `first` on.
    ///
    /// # Errors
    /// The provider refuses.
    pub fn append(&self, channel: &Channel, first: u64) -> Result<(), Refused> {
        channel.set_quiet(false);
        let (at, physical) = self.place_of(first);
        channel.append(at, physical, (self.made - first) as u32)
    }
}
