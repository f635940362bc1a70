//! Which pages the driver reaches, and which the host does on its behalf.

use super::{super::Region, runs::PAGE};
use std::{
    cell::{Cell, RefCell},
    ops::Range,
};

/// Part of a block that is out.
const OUT: u8 = 1;
/// In the driver's reach.
const SHOWN: u8 = 2;

/// The pages of one region, in the mapping that the driver has.
pub(super) struct Shield {
    region: Region,
    pages: RefCell<Vec<u8>>,
    edges: Cell<usize>,
}

impl Shield {
    /// Puts a whole region out of the driver's reach.
    pub fn new(region: Region) -> Self {
        let pages = vec![SHOWN; usize::try_from(region.len / PAGE).unwrap_or(0)];
        let shield = Self { region, pages: RefCell::new(pages), edges: Cell::new(0) };
        shield.hide(region.base, region.len / PAGE);
        shield
    }

    /// Whether an address lies here.
    pub fn contains(&self, addr: u64) -> bool {
        addr.wrapping_sub(self.region.base) < self.region.len
    }

    /// Places where what is in reach and what is not meet: one more mapping of the process for each.
    pub fn edges(&self) -> usize {
        self.edges.get()
    }

    fn range(&self, first: u64, pages: u64) -> Range<usize> {
        let index = |page: u64| usize::try_from(page).unwrap_or(usize::MAX).min(self.pages.borrow().len());
        let start = first.saturating_sub(self.region.base) / PAGE;
        index(start)..index(start.saturating_add(pages))
    }

    /// Whether all pages of a range are parts of blocks that are out.
    pub fn is_out(&self, addr: u64, len: u64) -> bool {
        let end = addr.saturating_add(len).next_multiple_of(PAGE);
        let range = self.range(addr, end.saturating_sub(addr - addr % PAGE) / PAGE);
        self.pages.borrow().get(range).is_some_and(|pages| pages.iter().all(|page| page & OUT != 0))
    }

    /// Pages become part of a block; false if the process has no mapping left for them.
    pub fn open(&self, first: u64, pages: u64) -> bool {
        let opened = self.show(first, pages);
        if opened {
            self.set(first, pages, |page| page | OUT);
        }
        opened
    }

    /// Pages are no block's any more; whether they are out of reach.
    pub fn close(&self, first: u64, pages: u64) -> bool {
        self.set(first, pages, |page| page & !OUT);
        self.hide(first, pages)
    }

    fn set(&self, first: u64, pages: u64, change: impl Fn(u8) -> u8) {
        let range = self.range(first, pages);
        if let Some(pages) = self.pages.borrow_mut().get_mut(range) {
            for page in pages {
                *page = change(*page);
            }
        }
    }

    /// The driver reaches pages from now on; false if the process has no mapping left for them.
    pub fn show(&self, first: u64, pages: u64) -> bool {
        self.turn(first, pages, SHOWN)
    }

    /// It does not any more. Where the process has no mapping left, they stay as they are: less is found, and nothing
    /// is found wrongly.
    pub fn hide(&self, first: u64, pages: u64) -> bool {
        self.turn(first, pages, 0)
    }

    fn turn(&self, first: u64, pages: u64, wanted: u8) -> bool {
        let range = self.range(first, pages);
        let mut states = self.pages.borrow_mut();
        let as_wanted = |page: &u8| page & SHOWN == wanted;
        if states.get(range.clone()).is_none_or(|pages| pages.iter().all(as_wanted)) {
            return true;
        }
        let protection = if wanted == SHOWN { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
        if !self.protect(first, range.len() as u64 * PAGE, protection) {
            return false;
        }
        let mut edges = self.edges.get();
        for index in range {
            let neighbours = [index.checked_sub(1), index.checked_add(1)];
            for near in neighbours.into_iter().flatten().filter_map(|near| states.get(near)) {
                let state = states.get(index).is_some_and(as_wanted);
                match (state, as_wanted(near)) {
                    (true, _) => {}
                    (false, true) => edges = edges.saturating_sub(1),
                    (false, false) => edges += 1,
                }
            }
            if let Some(state) = states.get_mut(index) {
                *state = *state & !SHOWN | wanted;
            }
        }
        self.edges.set(edges);
        true
    }

    fn protect(&self, first: u64, len: u64, protection: libc::c_int) -> bool {
        let inside = first.wrapping_sub(self.region.base).checked_add(len);
        if inside.is_none_or(|end| end > self.region.len) {
            return false;
        }
        let len = usize::try_from(len).unwrap_or(0);
        // SAFETY: the pages lie in the region, which is the world's memory for as long as the world lives. The host
        // reaches it through the alias, and no Rust reference into it exists.
        unsafe { libc::mprotect(first as *mut libc::c_void, len, protection) == 0 }
    }
}

impl Drop for Shield {
    /// The memory may serve another world.
    fn drop(&mut self) {
        self.show(self.region.base, self.region.len / PAGE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::Ram,
        world::{Config, World},
    };

    #[test]
    fn edges_are_counted_as_pages_turn() {
        let ram = Ram::new(4 << 20, 0).expect("memory");
        let region = Region::from(ram.ranges()[0]);
        let shield = Shield::new(region);
        let page = |index: u64| region.base + index * PAGE;
        assert_eq!(shield.edges(), 0);
        assert!(shield.open(page(1), 2) && shield.open(page(4), 1));
        assert_eq!(shield.edges(), 4);
        assert!(shield.show(page(3), 1));
        assert_eq!(shield.edges(), 2, "neighbours are one mapping");
        assert!(shield.is_out(page(1) + 5, PAGE) && shield.is_out(page(4), 1));
        assert!(!shield.is_out(page(2) + 4095, 2) && !shield.is_out(page(3), 1), "in reach, and no block's");
        shield.hide(page(0), 6);
        assert_eq!(shield.edges(), 0);
        assert!(shield.is_out(page(1), 1), "out of the driver's reach, and a block's");
        shield.close(page(1), 2);
        assert!(!shield.is_out(page(1), 1));
    }

    #[test]
    fn the_alias_reaches_what_the_driver_does_not() {
        // A world takes faults, those of a look as well.
        let _world = World::new(Config::new(Vec::new())).expect("a world");
        let ram = Ram::new(4 << 20, 0).expect("memory");
        let region = Region::from(ram.ranges()[0]);
        let shield = Shield::new(region);
        ram.write(region.physical + 8, &[1, 2, 3]).expect("RAM");
        assert_eq!(crate::abi::bytes(region.alias + 8, 3), [1, 2, 3]);
        assert!(crate::trap::peek(region.base + 8, &mut [0; 3]).is_err(), "out of reach");
        drop(shield);
        let mut seen = [0; 3];
        crate::trap::peek(region.base + 8, &mut seen).expect("in reach again");
        assert_eq!(seen, [1, 2, 3]);
    }
}
