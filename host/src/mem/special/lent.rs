//! What belongs to somebody else for a while: ranges of the driver's and of the protocol's memory, by the NBL that they
//! went with.

use std::collections::BTreeMap;

/// Why the driver may not touch a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// Indicated, and not returned yet (NDIS-RECV-04).
    Indicated,
    /// Sent and completed (NDIS-SEND-04).
    Completed,
}

/// Where a range begins and ends.
pub type Range = (u64, u64);

#[derive(Clone, Copy)]
struct Held {
    /// NBLs may share an MDL.
    times: u32,
    away: Away,
}

/// See the module.
#[derive(Default)]
pub(super) struct Lent {
    ranges: BTreeMap<Range, Held>,
    lists: BTreeMap<u64, Vec<Range>>,
}

impl Lent {
    /// Ranges go away with an NBL. An NBL that is away already stays as it is.
    pub fn add(&mut self, list: u64, ranges: Vec<Range>, away: Away) -> bool {
        if self.lists.contains_key(&list) {
            return false;
        }
        for &range in &ranges {
            self.ranges.entry(range).or_insert(Held { times: 0, away }).times += 1;
        }
        self.lists.insert(list, ranges);
        true
    }

    /// They come back; what did is answered.
    pub fn remove(&mut self, list: u64) -> Vec<Range> {
        let ranges = self.lists.remove(&list).unwrap_or_default();
        for range in &ranges {
            if let Some(held) = self.ranges.get_mut(range) {
                held.times -= 1;
                if held.times == 0 {
                    self.ranges.remove(range);
                }
            }
        }
        ranges
    }

    /// A block is freed: nothing of it is anybody's.
    pub fn forget(&mut self, (start, end): Range) {
        self.lists.remove(&start);
        while let Some((&range, _)) = self.ranges.range((start, 0)..(end, 0)).next() {
            self.ranges.remove(&range);
        }
    }

    /// Why a byte is away.
    pub fn at(&self, addr: u64) -> Option<Away> {
        let (&(_, end), held) = self.ranges.range(..=(addr, u64::MAX)).next_back()?;
        (end > addr).then_some(held.away)
    }

    /// Whether anything of a block is away.
    pub fn within(&self, (start, end): Range) -> Option<Away> {
        let inside = self.ranges.range((start, 0)..(end, 0)).next().map(|(_, held)| held.away);
        inside.or_else(|| self.at(start))
    }

    /// Whether every byte of a range is away.
    pub fn covers(&self, (start, end): Range) -> bool {
        let mut at = start;
        while at < end {
            match self.ranges.range(..=(at, u64::MAX)).next_back() {
                Some((&(_, next), _)) if next > at => at = next,
                _ => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_together_cover_what_neither_does() {
        let mut lent = Lent::default();
        lent.add(1, vec![(0, 2048)], Away::Indicated);
        assert!(!lent.covers((0, 4096)));
        lent.add(2, vec![(2048, 4096)], Away::Indicated);
        assert!(lent.covers((0, 4096)));
        lent.remove(1);
        assert!(!lent.covers((0, 4096)) && lent.covers((2048, 4096)));
        assert_eq!((lent.at(2047), lent.at(2048), lent.at(4096)), (None, Some(Away::Indicated), None));
    }

    #[test]
    fn what_lists_share_comes_back_with_the_last() {
        let mut lent = Lent::default();
        assert!(lent.add(1, vec![(0, 8), (64, 72)], Away::Indicated));
        assert!(lent.add(2, vec![(0, 8)], Away::Completed));
        assert!(!lent.add(2, vec![(0, 16)], Away::Completed), "it is away already");
        assert_eq!(lent.remove(1), [(0, 8), (64, 72)]);
        assert!(lent.covers((0, 8)) && lent.at(64).is_none());
        lent.forget((0, 64));
        assert!(lent.within((0, 64)).is_none());
    }
}
