//! What the memory says of a chain: which of its descriptors were done, and what went wrong.

use super::{
    copies::{Copies, Job, flags},
    memory::GUARD,
};
use crate::verify::{
    Rule,
    breach::{Checked, hold},
    rules,
};

impl Copies {
    /// Whether everything up to descriptor `until` was done, nothing from `untouched` on, and nothing else was written.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn verify(&self, until: u64, untouched: u64) -> Checked {
        self.look(|job| job.number < until, |job| job.number >= untouched, &rules::ERROR_HALTS)
    }

    /// The same of a chain that was abandoned for the one from descriptor `first` on: it was left at descriptor `begun`.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn verify_from(&self, first: u64, begun: u64) -> Checked {
        let left = |job: &Job| job.number > begun && job.number < first;
        self.look(|job| job.number >= first, left, &rules::TRANSFER_RESTART)
    }

    fn look(&self, done: impl Fn(&Job) -> bool, kept: impl Fn(&Job) -> bool, rule: &'static Rule) -> Checked {
        let (sources, bytes) = self.memory.sources();
        let sound = self.memory.untouched(sources, sources + bytes);
        hold(&rules::TRANSFER_SOURCE, sound, || "the sources were written".into())?;
        self.check_null()?;
        self.check_left_out(&done)?;
        let mut clean = self.memory.destinations().0;
        for job in self.jobs.iter().filter(|job| job.size > 0) {
            if kept(job) {
                hold(rule, self.is_untouched(job), || {
                    format!("{job:x?} was begun, although the chain had ended before")
                })?;
            }
            if done(job) {
                self.check_done(job)?;
            }
            for (place, size) in self.pieces_of(job) {
                hold(&rules::TRANSFER_BESIDE, self.memory.untouched(clean, place), || {
                    format!("bytes between {clean:#x} and {place:#x}, beside {job:x?}, were written")
                })?;
                clean = place + size;
            }
        }
        let end = self.memory.destinations().1;
        hold(&rules::TRANSFER_BESIDE, self.memory.untouched(clean, end), || {
            format!("bytes between {clean:#x} and {end:#x}, behind all destinations, were written")
        })
    }

    /// What moves nothing has the first bytes of the destinations for its own.
    fn check_null(&self) -> Checked {
        let first = self.memory.destinations().0;
        match self.flags(flags::NULL).next() {
            Some(number) => hold(&rules::TRANSFER_NULL, self.memory.untouched(first, first + GUARD), || {
                format!(
                    "descriptor {number} or another one that is to move nothing was copied: its destination was written"
                )
            }),
            None => Ok(()),
        }
    }

    /// No descriptor in the middle was passed over. If each one that was follows a suspension, the resumption did it.
    fn check_left_out(&self, done: impl Fn(&Job) -> bool) -> Checked {
        // A byte may be by chance what it was.
        let is_left_out = |job: &&Job| job.size > 8 && done(job) && self.is_untouched(job);
        let left_out: Vec<&Job> = self.jobs.iter().filter(is_left_out).collect();
        let resumed = |job: &&Job| job.number.checked_sub(1).is_some_and(|last| self.resumed.contains(&last));
        let all = !left_out.is_empty() && left_out.iter().all(resumed);
        let told = || format!("{:x?}: the bytes are not those of its source: left out", left_out.first());
        if !self.resumed.is_empty() {
            hold(&rules::RESUME_SKIPS, !all, told)?;
        }
        hold(&rules::TRANSFER_CHAIN, left_out.is_empty(), told)
    }

    /// The bytes of a descriptor that is done are those of its source; what they are instead says what went wrong.
    fn check_done(&self, job: &Job) -> Checked {
        let (is, should) = (self.bytes_at(self.pieces_of(job)), self.expected(job));
        let right = is == should;
        let told = || format!("the bytes of {job:x?} are not those of its source");
        if job.marked {
            let again = !right && is == self.source_of(job);
            hold(&rules::RESUME_REPEATS, !again, || format!("{}: it was done again", told()))?;
        }
        if self.is_serialized(job) {
            let place = job.from;
            let early = !right && is.iter().zip(place..).all(|(&byte, at)| byte == self.memory.original(at));
            hold(&rules::TRANSFER_FENCE, !early, || format!("{}: they were read too early", told()))?;
        }
        if job.from_goes_on.is_some() {
            let contiguous = Job { from_goes_on: None, ..*job };
            let missed = !right && is == self.expected(&contiguous);
            hold(&rules::TRANSFER_SOURCE_BREAK, !missed, || {
                format!("{}: its source went on behind the page", told())
            })?;
        }
        if job.to_goes_on.is_some() {
            let contiguous = Job { to_goes_on: None, ..*job };
            let missed = !right && self.bytes_at(self.pieces_of(&contiguous)) == should;
            hold(&rules::TRANSFER_DESTINATION_BREAK, !missed, || {
                format!("{}: its destination went on behind the page", told())
            })?;
        }
        hold(&rules::TRANSFER_BYTES, right, told)
    }

    /// Whether it copies what a descriptor before it has written.
    fn is_serialized(&self, job: &Job) -> bool {
        job.from >= self.memory.destinations().0
    }

    /// The first descriptor from `first` on that was not done, as far as bytes tell it.
    #[must_use]
    pub fn first_not_done(&self, first: u64) -> Option<u64> {
        let open = |job: &&Job| {
            job.number >= first && job.size > 8 && self.bytes_at(self.pieces_of(job)) != self.expected(job)
        };
        self.jobs.iter().find(open).map(|job| job.number)
    }

    /// The first descriptor from `first` on of which no byte was written, as far as bytes tell it.
    #[must_use]
    pub fn first_untouched(&self, first: u64) -> Option<u64> {
        let open = |job: &&Job| job.number >= first && job.size > 8 && self.is_untouched(job);
        self.jobs.iter().find(open).map(|job| job.number)
    }

    /// The first descriptor from `first` on of which something was written.
    #[must_use]
    pub fn first_begun(&self, first: u64) -> Option<u64> {
        let begun = |job: &&Job| job.number >= first && job.size > 0 && !self.is_untouched(job);
        self.jobs.iter().find(begun).map(|job| job.number)
    }

    fn is_untouched(&self, job: &Job) -> bool {
        self.pieces_of(job).into_iter().all(|(place, size)| self.memory.untouched(place, place + size))
    }

    fn pieces_of(&self, job: &Job) -> [(u64, u64); 2] {
        job.pieces(job.to, job.to_goes_on, self.head(job.to))
    }

    fn source_of(&self, job: &Job) -> Vec<u8> {
        self.bytes_at(job.pieces(job.from, job.from_goes_on, self.head(job.from)))
    }

    fn expected(&self, job: &Job) -> Vec<u8> {
        let mut bytes = self.source_of(job);
        if let Some(first) = bytes.first_mut().filter(|_| job.marked) {
            *first = !*first;
        }
        bytes
    }

    fn bytes_at(&self, pieces: [(u64, u64); 2]) -> Vec<u8> {
        let all = self.memory.all();
        let slice = |(place, size)| all.get(place as usize..(place + size) as usize).unwrap_or_default();
        pieces.map(slice).concat()
    }
}
