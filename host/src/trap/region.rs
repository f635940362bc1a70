//! Register space: a range of addresses without memory behind it, where windows are.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{SharedWindow, TrapError};
use crate::pe::memory::{Memory, Protection};

/// Address space for windows. It costs nothing until used, and addresses are never reused, so that a
/// pointer kept after an unmap is always told.
const SPACE: usize = 4 << 30;
const PAGE: u64 = 4096;

/// A register access in a window.
pub(super) struct Hit {
    pub(super) window: SharedWindow,
    pub(super) offset: u64,
}

struct Slot {
    len: u64,
    window: SharedWindow,
}

/// The windows of an area.
pub(super) struct Region {
    space: Memory,
    next: u64,
    windows: BTreeMap<u64, Slot>,
    /// Windows at addresses of their own, outside the space.
    fixed: BTreeMap<u64, Slot>,
}

impl Region {
    pub(super) fn new() -> Result<Self, TrapError> {
        let space = Memory::map(SPACE, Protection::NONE)
            .map_err(|source| TrapError::System { what: "reserving register space", source })?;
        // An unused page in front: running off the beginning of the first window stays in register space.
        let next = space.base() + PAGE;
        Ok(Self { space, next, windows: BTreeMap::new(), fixed: BTreeMap::new() })
    }

    fn range(&self) -> Range<u64> {
        self.space.base()..self.space.base() + self.space.len() as u64
    }

    /// Is this address in register space, with a window or without?
    pub(super) fn contains(&self, address: u64) -> bool {
        self.range().contains(&address)
            || self.fixed.range(..=address).next_back().is_some_and(|(base, slot)| address - base < slot.len)
    }

    /// Puts a window where nothing can be mapped; the former one there.
    pub(super) fn map_at(&mut self, base: u64, len: u64, window: SharedWindow) -> Option<SharedWindow> {
        self.fixed.insert(base, Slot { len, window }).map(|slot| slot.window)
    }

    pub(super) fn map(&mut self, len: u64, window: SharedWindow) -> Result<u64, TrapError> {
        let left = self.range().end - self.next;
        // With an unused page behind it, too.
        let pages =
            len.checked_next_multiple_of(PAGE).and_then(|n| n.checked_add(PAGE)).filter(|n| *n <= left);
        let pages = pages.ok_or(TrapError::Exhausted { wanted: len, left: left.saturating_sub(PAGE) })?;
        let base = self.next;
        self.next += pages;
        self.windows.insert(base, Slot { len, window });
        Ok(base)
    }

    pub(super) fn unmap(&mut self, base: u64) -> Option<SharedWindow> {
        self.windows.remove(&base).map(|slot| slot.window)
    }

    /// The window that holds all of `size` bytes at `address`.
    pub(super) fn find(&self, address: u64, size: u64) -> Option<Hit> {
        let windows = if self.range().contains(&address) { &self.windows } else { &self.fixed };
        let (base, slot) = windows.range(..=address).next_back()?;
        let offset = address - base;
        let end = offset.checked_add(size)?;
        (end <= slot.len).then(|| Hit { window: slot.window.clone(), offset })
    }
}
