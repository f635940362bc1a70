//! Blocks in powers of two out of one range. Freed ones rest before they are used again, so that a
//! use after free meets the freed pattern and not another owner's data.

use std::collections::{BTreeMap, VecDeque};

/// Smallest block.
const SMALLEST: u64 = 64;
/// Largest alignment that a block has by itself.
const PAGE: u64 = 4096;
/// Freed blocks of one size that rest.
const RESTING: usize = 32;

pub(super) struct Blocks {
    next: u64,
    end: u64,
    freed: BTreeMap<u64, VecDeque<u64>>,
}

impl Blocks {
    pub fn new(base: u64, len: u64) -> Self {
        Self { next: base, end: base + len, freed: BTreeMap::new() }
    }

    fn class(size: usize) -> u64 {
        let size = size as u64;
        if size > PAGE { size.next_multiple_of(PAGE) } else { size.next_power_of_two().max(SMALLEST) }
    }

    pub fn take(&mut self, size: usize) -> Option<u64> {
        let class = Self::class(size);
        if let Some(resting) = self.freed.get_mut(&class)
            && resting.len() > RESTING
        {
            return resting.pop_front();
        }
        let addr = self.next.next_multiple_of(class.min(PAGE));
        if addr.checked_add(class)? > self.end {
            return self.freed.get_mut(&class)?.pop_front();
        }
        self.next = addr + class;
        Some(addr)
    }

    pub fn give(&mut self, addr: u64, size: usize) {
        self.freed.entry(Self::class(size)).or_default().push_back(addr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_disjoint_and_rest_before_reuse() {
        let mut blocks = Blocks::new(0x1000, 1 << 20);
        let first = blocks.take(100).expect("room");
        let second = blocks.take(100).expect("room");
        assert_eq!(first % 128, 0);
        assert!(second >= first + 128);
        blocks.give(first, 100);
        assert_ne!(blocks.take(100), Some(first), "a freed block rests");
        for _ in 0..RESTING {
            let block = blocks.take(100).expect("room");
            blocks.give(block, 100);
        }
        let reused = (0..RESTING + 2).filter_map(|_| blocks.take(100)).any(|block| block == first);
        assert!(reused, "a rested block is used again");
    }

    #[test]
    fn an_exhausted_range_falls_back_to_resting_blocks_and_then_refuses() {
        let mut blocks = Blocks::new(0x1000, 8192);
        let first = blocks.take(4096).expect("room");
        assert!(blocks.take(4096).is_some());
        assert_eq!(blocks.take(4096), None);
        blocks.give(first, 4096);
        assert_eq!(blocks.take(4096), Some(first));
    }
}
