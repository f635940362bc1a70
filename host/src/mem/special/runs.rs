//! Runs of pages out of one range, each with a page behind it that stays out of reach. What is given back rests, in
//! order, for as long as it can: an address means one block for a long time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Bytes of a page.
pub(super) const PAGE: u64 = 4096;
/// Pages that rest before the oldest of them is used again.
const RESTING: u64 = 1 << 13;

/// See the module.
pub(super) struct Runs {
    next: u64,
    end: u64,
    /// What rests, oldest first: first page and pages.
    resting: VecDeque<(u64, u64)>,
    resting_pages: u64,
    /// What has rested, neighbours joined: pages by their first, and both by pages.
    rested: BTreeMap<u64, u64>,
    by_pages: BTreeSet<(u64, u64)>,
}

/// A run that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mem) struct Run {
    /// Address of its first page.
    pub first: u64,
    /// Pages of the block.
    pub pages: u64,
    /// The same and the one behind them.
    pub total: u64,
}

impl Runs {
    pub fn new(base: u64, len: u64) -> Self {
        // The first page stays out of reach: it is what lies before the first block.
        let next = base.next_multiple_of(PAGE) + PAGE;
        Self {
            next,
            end: base + len,
            resting: VecDeque::new(),
            resting_pages: 0,
            rested: BTreeMap::new(),
            by_pages: BTreeSet::new(),
        }
    }

    pub fn take(&mut self, pages: u64) -> Option<Run> {
        let total = pages.checked_add(1)?;
        while self.resting_pages > RESTING {
            self.wake();
        }
        let mut first = self.again(total).or_else(|| self.fresh(total));
        while first.is_none() && self.wake() {
            first = self.again(total);
        }
        Some(Run { first: first?, pages, total })
    }

    pub fn give(&mut self, run: Run) {
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

    /// The shortest run that is long enough; what is over stays.
    fn again(&mut self, total: u64) -> Option<u64> {
        let &(pages, first) = self.by_pages.range((total, 0)..).next()?;
        self.forget(first, pages);
        if pages > total {
            self.note(first + total * PAGE, pages - total);
        }
        Some(first)
    }

    /// Ends the rest of the oldest run.
    fn wake(&mut self) -> bool {
        let Some((mut first, mut total)) = self.resting.pop_front() else { return false };
        self.resting_pages -= total;
        if let Some(&pages) = self.rested.get(&(first + total * PAGE)) {
            self.forget(first + total * PAGE, pages);
            total += pages;
        }
        let before = self.rested.range(..first).next_back().map(|(&before, &pages)| (before, pages));
        if let Some((before, pages)) = before.filter(|(before, pages)| before + pages * PAGE == first) {
            self.forget(before, pages);
            (first, total) = (before, total + pages);
        }
        self.note(first, total);
        true
    }

    fn note(&mut self, first: u64, pages: u64) {
        self.rested.insert(first, pages);
        self.by_pages.insert((pages, first));
    }

    fn forget(&mut self, first: u64, pages: u64) {
        self.rested.remove(&first);
        self.by_pages.remove(&(pages, first));
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
    fn neighbours_that_have_rested_are_one() {
        let mut runs = Runs::new(0, 7 * PAGE);
        let three: Vec<Run> = (0..3).map(|_| runs.take(1).expect("room")).collect();
        assert_eq!(runs.take(5), None);
        for at in [1, 0, 2] {
            runs.give(three[at]);
        }
        assert_eq!(runs.take(5).map(|run| run.first), Some(three[0].first));
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
}
