//! Where the host reaches the driver's memory: at the driver's addresses, or, while some of it is out of the driver's
//! reach, in another mapping of the same memory.

use std::{cell::Cell, ops::Range};

/// A range of the driver's addresses, and how far from there the host finds the same memory.
#[derive(Clone, Copy, Default)]
pub struct View {
    base: u64,
    len: u64,
    distance: u64,
}

thread_local! {
    static VIEW: Cell<View> = const { Cell::new(View { base: 0, len: 0, distance: 0 }) };
}

impl View {
    /// The memory at `range`, found at `alias` as well.
    #[must_use]
    pub const fn new(range: Range<u64>, alias: u64) -> Self {
        let Range { start, end } = range;
        Self { base: start, len: end - start, distance: alias.wrapping_sub(start) }
    }

    /// Makes this thread use it; the one before is answered.
    pub(crate) fn enter(self) -> Self {
        VIEW.replace(self)
    }
}

/// Where the host finds `len` bytes of the driver's at `addr`.
#[inline]
pub(super) fn reach(addr: u64, len: usize) -> u64 {
    let view = VIEW.get();
    if addr.wrapping_sub(view.base) >= view.len {
        return addr;
    }
    aliased(view, addr, len)
}

#[inline(never)]
fn aliased(view: View, addr: u64, len: usize) -> u64 {
    crate::world::check_reach(addr, len as u64);
    addr.wrapping_add(view.distance)
}
