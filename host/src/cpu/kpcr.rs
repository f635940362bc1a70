//! The processor control region, as far as drivers read it through `gs` without a call.

use std::cell::Cell;

/// Offset of KPCR.Self.
const SELF: usize = 0x18;
/// Offset of KPCR.CurrentPrcb.
const CURRENT_PRCB: usize = 0x20;
/// Offset of the KPRCB inside the region.
const PRCB: usize = 0x180;
/// Offset of KPRCB.Number (`KeGetCurrentProcessorNumber` reads `gs:[184h]`).
const NUMBER: usize = PRCB + 4;
/// Offset of KPRCB.CurrentThread (`KeGetCurrentThread` reads `gs:[188h]`).
const CURRENT_THREAD: usize = PRCB + 8;

/// One CPU's region; its address goes into the `gs` base.
pub struct Kpcr {
    page: Box<[Cell<u64>; 1024]>,
}

impl Kpcr {
    /// The region of CPU `number`.
    #[must_use]
    pub fn new(number: usize) -> Self {
        let kpcr = Self { page: Box::new([const { Cell::new(0) }; 1024]) };
        let base = kpcr.base();
        kpcr.put(SELF, base);
        kpcr.put(CURRENT_PRCB, base + PRCB as u64);
        kpcr.put(NUMBER & !7, (number as u64) << 32);
        kpcr
    }

    /// Another thread runs. A driver compares thread addresses and does not look inside.
    pub fn set_thread(&self, object: u64) {
        self.put(CURRENT_THREAD, object);
    }

    /// What the `gs` base holds.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.page.as_ptr() as u64
    }

    fn put(&self, offset: usize, value: u64) {
        if let Some(cell) = self.page.get(offset / 8) {
            cell.set(value);
        }
    }
}
