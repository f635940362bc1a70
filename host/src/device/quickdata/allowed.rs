//! The memory that a client handed over: what the function may touch, and how.

use crate::{mem::Kind, world::world};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
};

/// What memory was handed over for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Source data.
    Read,
    /// Destinations.
    Write,
    /// Completion words.
    Word,
    /// Descriptors.
    Descriptor,
}

/// Another opinion on memory that nobody handed over: address, bytes, right.
type Opinion = Box<dyn Fn(u64, u64, Right) -> bool>;

/// See the module. Addresses are physical.
pub struct Allowed {
    enforced: Cell<bool>,
    ranges: RefCell<Vec<(Right, Range<u64>)>>,
    opinion: RefCell<Option<Opinion>>,
    credits: RefCell<BTreeMap<u64, u64>>,
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            enforced: Cell::new(true),
            ranges: RefCell::default(),
            opinion: RefCell::default(),
            credits: RefCell::default(),
        }
    }
}

impl Allowed {
    /// Whether DMA outside of it is a violation; it is unless turned off.
    pub fn enforce(&self, on: bool) {
        self.enforced.set(on);
    }

    /// Hands `len` bytes at `address` over.
    pub fn add(&self, right: Right, address: u64, len: u64) {
        self.ranges.borrow_mut().push((right, address..address.saturating_add(len)));
    }

    /// Takes back what was handed over at `address`, and whether it was.
    pub fn take(&self, right: Right, address: u64) -> bool {
        let mut ranges = self.ranges.borrow_mut();
        let found = ranges.iter().position(|(kind, range)| *kind == right && range.start == address);
        found.map(|at| ranges.swap_remove(at)).is_some()
    }

    /// Takes everything back.
    pub fn clear(&self) {
        self.ranges.borrow_mut().clear();
        self.credits.borrow_mut().clear();
    }

    /// Asks `opinion` about memory that nobody handed over: a driver's own common buffers.
    pub fn or_if(&self, opinion: impl Fn(u64, u64, Right) -> bool + 'static) {
        self.opinion.replace(Some(Box::new(opinion)));
    }

    /// What the driver has allocated for DMA of its own is allowed as well: the memory of its self-test.
    pub fn or_the_drivers_own(&self) {
        self.or_if(|address, _, _| {
            let mem = &world().mem;
            let block = mem.virtual_of(address).and_then(|at| mem.block_around(at));
            block.is_some_and(|block| block.kind == Kind::Contiguous)
        });
    }

    /// A client is about to start a chain of `count` descriptors on the channel that reports at `word`. From now on
    /// the channel's doorbell is held to what the client announces.
    pub fn started(&self, word: u64, count: u64) {
        self.credits.borrow_mut().insert(word, count);
    }

    /// The client is about to append `count` descriptors.
    pub fn appended(&self, word: u64, count: u64) {
        *self.credits.borrow_mut().entry(word).or_default() += count;
    }

    /// The driver refused `count` descriptors that were announced.
    pub fn refused(&self, word: u64, count: u64) {
        if let Some(left) = self.credits.borrow_mut().get_mut(&word) {
            *left = left.saturating_sub(count);
        }
    }

    /// Whether all of `len` bytes at `address` are handed over for this.
    #[must_use]
    pub fn covers(&self, right: Right, address: u64, len: u64) -> bool {
        if !self.enforced.get() {
            return true;
        }
        let Some(end) = address.checked_add(len) else { return false };
        let ranges = self.ranges.borrow();
        let mut at = address;
        while at < end {
            // The furthest end of those that hold this byte: ranges may touch and overlap.
            let holds = ranges.iter().filter(|(kind, range)| *kind == right && range.contains(&at));
            let Some(reached) = holds.map(|(_, range)| range.end).max() else {
                drop(ranges);
                let opinion = self.opinion.borrow();
                return opinion.as_ref().is_some_and(|opinion| opinion(address, len, right));
            };
            at = reached;
        }
        true
    }

    /// Uses up what was announced for the channel that reports at `word`; `None` if nobody announces anything for it.
    ///
    /// # Errors
    /// What is left, if that is less.
    pub(super) fn publish(&self, word: u64, count: u64) -> Option<Result<(), u64>> {
        let mut credits = self.credits.borrow_mut();
        let left = credits.get_mut(&word)?;
        Some(match left.checked_sub(count) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => Err(*left),
        })
    }
}
