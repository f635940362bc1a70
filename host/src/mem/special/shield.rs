//! Which pages the driver reaches, and which the host does on its behalf.

use super::{super::Region, runs::PAGE};
use std::cell::Cell;

/// The pages of one region, in the mapping that the driver has.
pub(super) struct Shield {
    region: Region,
    /// For each page, whether it is part of a block that is out.
    out: Vec<Cell<bool>>,
}

impl Shield {
    /// Puts a whole region out of the driver's reach.
    pub fn new(region: Region) -> Self {
        let pages = usize::try_from(region.len / PAGE).unwrap_or(0);
        let shield = Self { region, out: vec![Cell::new(false); pages] };
        shield.protect(region.base, region.len, libc::PROT_NONE);
        shield
    }

    /// Whether an address lies here.
    pub fn contains(&self, addr: u64) -> bool {
        addr.wrapping_sub(self.region.base) < self.region.len
    }

    fn page(&self, addr: u64) -> Option<&Cell<bool>> {
        let index = addr.checked_sub(self.region.base)? / PAGE;
        self.out.get(usize::try_from(index).ok()?)
    }

    /// Whether a page is part of a block that is out.
    pub fn is_out(&self, addr: u64) -> bool {
        self.page(addr).is_some_and(Cell::get)
    }

    /// Pages become part of a block; false if the process has no mapping left for them.
    pub fn open(&self, first: u64, pages: u64) -> bool {
        let opened = self.show(first, pages);
        if opened {
            self.mark(first, pages, true);
        }
        opened
    }

    /// Pages are no block's any more.
    pub fn close(&self, first: u64, pages: u64) {
        self.mark(first, pages, false);
        self.hide(first, pages);
    }

    fn mark(&self, first: u64, pages: u64, out: bool) {
        (0..pages).filter_map(|i| self.page(first + i * PAGE)).for_each(|page| page.set(out));
    }

    /// The driver reaches pages.
    pub fn show(&self, first: u64, pages: u64) -> bool {
        self.protect(first, pages * PAGE, libc::PROT_READ | libc::PROT_WRITE)
    }

    /// It does not. Where the process has no mapping left, they stay as they are: less is found, and nothing is found
    /// wrongly.
    pub fn hide(&self, first: u64, pages: u64) -> bool {
        self.protect(first, pages * PAGE, libc::PROT_NONE)
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
