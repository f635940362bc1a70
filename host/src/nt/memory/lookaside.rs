//! Lookaside lists. Drivers allocate and free with inline functions, which count, pop and push in the
//! list's own fields and call its routines when it is empty or full.

use super::pool;
use crate::{
    abi::{Ptr, constants as c, read},
    imports,
    nt::{layout::GENERAL_LOOKASIDE as List, lists},
    verify::rules,
    world::{call, world},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Entries that a list keeps at most.
const DEPTH: u16 = 16;
/// Bytes of the structure that are initialised.
const USED: usize = 96;

/// The lookaside lists of a world that are initialised, and what initialised them.
#[derive(Default)]
pub struct Lookaside {
    active: RefCell<BTreeMap<u64, &'static str>>,
}

impl Lookaside {
    /// A list in a range of memory that is not deleted.
    #[must_use]
    pub fn active_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.active.borrow().keys().copied().find(|list| list.wrapping_sub(addr) < len as u64)
    }

    /// Lists that were not deleted, and what initialised them.
    #[must_use]
    pub fn left(&self) -> Vec<(u64, &'static str)> {
        self.active.borrow().iter().map(|(&list, &by)| (list, by)).collect()
    }
}

/// How the routines of a list are called.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Free(Buffer).
    Plain,
    /// FreeEx(Buffer, Lookaside).
    Extended,
}

struct Wanted {
    allocate: u64,
    free: u64,
    kind: u32,
    size: u64,
    tag: u32,
}

fn initialize(what: &'static str, addr: u64, wanted: &Wanted) {
    world().hold(&rules::LOOKASIDE_ALIGNMENT, addr.is_multiple_of(16), || {
        format!("{what}({addr:#x}): a lookaside list is 16-byte aligned")
    });
    let known = world().nt.lookaside.active.borrow_mut().insert(addr, what);
    world().hold(&rules::LOOKASIDE_REINITIALIZED, known.is_none(), || {
        format!("{what}({addr:#x}): it is initialised already")
    });
    world().hold(&rules::LOOKASIDE_SIZE, wanted.size >= 8, || format!("{what} of {} bytes", wanted.size));
    world().hold(&rules::POOL_TAG, wanted.tag != 0, || format!("{what} with tag 0"));
    crate::abi::fill(addr, 0, USED);
    let p: Ptr<List> = Ptr::new(addr);
    p.set(List::Depth, DEPTH);
    p.set(List::MaximumDepth, 256);
    p.set(List::Type, wanted.kind);
    p.set(List::Tag, wanted.tag);
    // An entry carries the list's link while it is free.
    p.set(List::Size, wanted.size.max(16) as u32);
    p.set(List::Allocate, wanted.allocate);
    p.set(List::Free, wanted.free);
}

/// The address under which the driver may call an import of this module or of the pool.
fn routine(name: &str, own: u64) -> u64 {
    if own == 0 { crate::image::routine("ntoskrnl.exe", name) } else { own }
}

fn delete(what: &str, addr: u64, shape: Shape) {
    let known = world().nt.lookaside.active.borrow_mut().remove(&addr);
    world().hold(&rules::LOOKASIDE_DELETED, known.is_some(), || {
        format!("{what}({addr:#x}): not initialised, or deleted already")
    });
    let p: Ptr<List> = Ptr::new(addr);
    let free = p.get(List::Free);
    loop {
        let entry = lists::pop(addr);
        if entry == 0 {
            return;
        }
        if free == routine("ExFreePool", 0) || shape == Shape::Extended && free == default_free() {
            pool::free(what, entry, None);
        } else {
            call("lookaside FREE_FUNCTION", free, &[entry, addr]);
        }
    }
}

fn default_allocate() -> u64 {
    world().nt.entry(AllocateForLookaside as *const () as u64)
}

fn default_free() -> u64 {
    world().nt.entry(FreeForLookaside as *const () as u64)
}

imports! {
    /// Default routines of LOOKASIDE_LIST_EX: not exported, only reached through the list.
    DEFAULTS from "lookaside";

    fn AllocateForLookaside(kind: u32, size: u64, tag: u32, _list: u64) -> u64 {
        pool::allocate("ExAllocateFromLookasideListEx", kind, size, tag)
    }

    fn FreeForLookaside(entry: u64, _list: u64) {
        pool::free("ExFreeToLookasideListEx", entry, None);
    }
}

imports! {
    /// Lookaside lists.
    TABLE from "ntoskrnl.exe";

    fn ExInitializeNPagedLookasideList(list: u64, allocate: u64, free: u64, flags: u32, size: u64, tag: u32, _depth: u16) {
        let wanted = Wanted {
            allocate: routine("ExAllocatePoolWithTag", allocate),
            free: routine("ExFreePool", free),
            kind: c::NonPagedPool | flags,
            size,
            tag,
        };
        initialize("ExInitializeNPagedLookasideList", list, &wanted);
    }

    fn ExInitializePagedLookasideList(list: u64, allocate: u64, free: u64, flags: u32, size: u64, tag: u32, _depth: u16) {
        let wanted = Wanted {
            allocate: routine("ExAllocatePoolWithTag", allocate),
            free: routine("ExFreePool", free),
            kind: c::PagedPool | flags,
            size,
            tag,
        };
        initialize("ExInitializePagedLookasideList", list, &wanted);
    }

    fn ExInitializeLookasideListEx(list: u64, allocate: u64, free: u64, kind: u32, flags: u32, size: u64, tag: u32, _depth: u16) -> u32 {
        // EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL and _FAIL_NO_RAISE exclude each other.
        if flags > 2 {
            return c::STATUS_INVALID_PARAMETER;
        }
        let wanted = Wanted {
            allocate: if allocate == 0 { default_allocate() } else { allocate },
            free: if free == 0 { default_free() } else { free },
            kind,
            size,
            tag,
        };
        initialize("ExInitializeLookasideListEx", list, &wanted);
        c::STATUS_SUCCESS
    }

    fn ExDeleteNPagedLookasideList(list: u64) {
        delete("ExDeleteNPagedLookasideList", list, Shape::Plain);
    }

    fn ExDeletePagedLookasideList(list: u64) {
        delete("ExDeletePagedLookasideList", list, Shape::Plain);
    }

    fn ExDeleteLookasideListEx(list: u64) {
        delete("ExDeleteLookasideListEx", list, Shape::Extended);
    }

    fn ExFlushLookasideListEx(list: u64) {
        let free = Ptr::<List>::new(list).get(List::Free);
        loop {
            let entry = lists::pop(list);
            if entry == 0 {
                return;
            }
            call("lookaside FREE_FUNCTION_EX", free, &[entry, list]);
        }
    }

    fn ExAllocateFromPagedLookasideList(list: u64) -> u64 {
        let p: Ptr<List> = Ptr::new(list);
        p.set(List::TotalAllocates, p.get(List::TotalAllocates).wrapping_add(1));
        match lists::pop(list) {
            0 => {
                p.set(List::AllocateMisses, p.get(List::AllocateMisses).wrapping_add(1));
                let args = [u64::from(p.get(List::Type)), u64::from(p.get(List::Size)), u64::from(p.get(List::Tag))];
                call("lookaside ALLOCATE_FUNCTION", p.get(List::Allocate), &args)
            }
            entry => entry,
        }
    }

    fn ExFreeToPagedLookasideList(list: u64, entry: u64) {
        let p: Ptr<List> = Ptr::new(list);
        p.set(List::TotalFrees, p.get(List::TotalFrees).wrapping_add(1));
        if read::<u16>(list) < p.get(List::Depth) {
            lists::push(list, entry);
        } else {
            p.set(List::FreeMisses, p.get(List::FreeMisses).wrapping_add(1));
            call("lookaside FREE_FUNCTION", p.get(List::Free), &[entry]);
        }
    }
}
