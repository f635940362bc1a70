//! Runs of pages out of one range, each with a page behind it that stays out of reach. What is given back rests, in
//! order, for as long as it can: an address means one block for a long time.

use std::collections::{BTreeMap, VecDeque};

/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;
/// Pages that rest before the oldest of them is used again.
const RESTING: u64 = 1 << 14;
/// Runs that are out at most with a page of their own behind each. Every one costs the process two mappings, of which
/// it may have 65,530; runs beyond that lie side by side.
const GUARDED: usize = 12_000;

/// See the module.
pub(super) struct Runs {
    next: u64,
    end: u64,
    out: usize,
    /// What rests, oldest first: first page and pages.
    resting: VecDeque<(u64, u64)>,
    resting_pages: u64,
    /// What has rested, by pages.
    rested: BTreeMap<u64, VecDeque<u64>>,
}

/// A run that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mem) struct Run {
    /// Address of its first page.
    pub first: u64,
    /// Pages of the block.
    pub pages: u64,
    /// The same and what lies behind it.
    pub total: u64,
}

impl Runs {
    pub fn new(base: u64, len: u64) -> Self {
        // The first page stays out of reach: it is what lies before the first block.
        let next = base.next_multiple_of(PAGE) + PAGE;
        Self {
            next,
            end: base + len,
            out: 0,
            resting: VecDeque::new(),
            resting_pages: 0,
            rested: BTreeMap::new(),
        }
    }

    pub fn take(&mut self, pages: u64) -> Option<Run> {
        let total = pages.checked_add(u64::from(self.out < GUARDED))?;
        while self.resting_pages > RESTING {
            self.wake();
        }
        let mut first = self.again(total).or_else(|| self.fresh(total));
        while first.is_none() && self.wake() {
            first = self.again(total);
        }
        self.out += usize::from(first.is_some());
        Some(Run { first: first?, pages, total })
    }

    pub fn give(&mut self, run: Run) {
        self.out -= 1;
        self.resting_pages += run.total;
        self.resting.push_back((run.first, run.total));
    }

    fn fresh(&mut self, total: u64) -> Option<u64> {
        let first = self.next;
        let after = first.checked_add(total.checked_mul(PAGE)?)?;
        if after > self.end {
            return None;
        }
        self.next = after;
        Some(first)
    }

    /// The oldest of the shortest runs that are long enough; what is over stays.
    fn again(&mut self, total: u64) -> Option<u64> {
        let (&pages, list) = self.rested.range_mut(total..).find(|(_, list)| !list.is_empty())?;
        let first = list.pop_front()?;
        if pages > total {
            self.rested.entry(pages - total).or_default().push_back(first + total * PAGE);
        }
        Some(first)
    }

    /// Ends the rest of the oldest run.
    fn wake(&mut self) -> bool {
        let Some((first, total)) = self.resting.pop_front() else { return false };
        self.resting_pages -= total;
        self.rested.entry(total).or_default().push_back(first);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_a_page_between_them_and_are_not_used_again_soon() {
        let mut runs = Runs::new(0x1_0000, 1 << 30);
        let one = runs.take(1).expect("room");
        let other = runs.take(3).expect("room");
        assert!(one.first > 0x1_0000, "a page lies before the first");
        assert_eq!(other.first, one.first + 2 * PAGE);
        runs.give(one);
        for _ in 0..RESTING / 2 {
            let run = runs.take(1).expect("room");
            assert_ne!(run.first, one.first, "a run that was given back rests");
            runs.give(run);
        }
        assert!((0..4).any(|_| runs.take(1).is_some_and(|run| run.first == one.first)), "used again at last");
    }

    #[test]
    fn a_full_range_wakes_what_rests_and_then_refuses() {
        let mut runs = Runs::new(0, 6 * PAGE);
        let long = runs.take(2).expect("room");
        let short = runs.take(1).expect("room");
        assert_eq!(runs.take(1), None);
        runs.give(long);
        let again = runs.take(1).expect("what rests is used when there is nothing else");
        assert_eq!(again.first, long.first);
        runs.give(short);
        assert!(runs.take(1).is_some());
        assert_eq!(runs.take(1), None);
        assert_eq!(runs.take(u64::MAX), None);
    }

    #[test]
    fn crowded_runs_lie_side_by_side() {
        let mut runs = Runs::new(0, 1 << 40);
        let all: Vec<_> = (0..=GUARDED).map(|_| runs.take(1).expect("room")).collect();
        assert_eq!((all[0].total, all[GUARDED].total), (2, 1));
    }
}
