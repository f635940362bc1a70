//! MDLs: locking pages, mapping them into system space, pages without an address.

use super::mdl::{self, NO_FRAME, virtual_address};
use crate::{
    abi::{Layout, MDL, Ptr, constants as c, read, write},
    imports,
    mem::Kind,
    nt::memory::pool,
    trap,
    verify::rules,
    world::world,
};

const PAGE: u64 = 4096;
const LOCKED: i16 = c::MDL_PAGES_LOCKED as i16;
const MAPPED: i16 = c::MDL_MAPPED_TO_SYSTEM_VA as i16;
const NONPAGED: i16 = c::MDL_SOURCE_IS_NONPAGED_POOL as i16;
const PARTIAL: i16 = c::MDL_PARTIAL as i16;
const PARTIAL_MAPPED: i16 = c::MDL_PARTIAL_HAS_BEEN_MAPPED as i16;
const WRITE: i16 = c::MDL_WRITE_OPERATION as i16;
/// LOCK_OPERATION: IoReadAccess.
const READ_ACCESS: u32 = 0;
/// KPROCESSOR_MODE: UserMode.
const USER_MODE: u8 = 1;
/// Tag of MDLs that the memory manager allocates and drivers free with ExFreePool.
const TAG: u32 = u32::from_le_bytes(*b"Mdl ");

fn add(mdl: Ptr<MDL>, flags: i16) {
    mdl.set(MDL::MdlFlags, mdl.get(MDL::MdlFlags) | flags);
}

fn remove(mdl: Ptr<MDL>, flags: i16) {
    mdl.set(MDL::MdlFlags, mdl.get(MDL::MdlFlags) & !flags);
}

/// The address at which an MDL's pages already are in this process.
///
/// RAM is mapped as a whole, so pages that follow each other do so here, too.
fn address(mdl: Ptr<MDL>) -> Option<u64> {
    let amount = mdl::pages(virtual_address(mdl), u64::from(mdl.get(MDL::ByteCount)));
    let cell = |i: u64| -> u64 { read(mdl.addr() + MDL::SIZE as u64 + 8 * i) };
    let first = cell(0);
    if first == NO_FRAME {
        return Some(virtual_address(mdl));
    }
    if (1..amount).any(|i| cell(i) != first + i) {
        return None;
    }
    Some(world().mem.virtual_of(first * PAGE)? + u64::from(mdl.get(MDL::ByteOffset)))
}

fn map(what: &str, mdl: Ptr<MDL>, mode: u8) -> u64 {
    let world = world();
    let flags = mdl.get(MDL::MdlFlags);
    if mode == USER_MODE {
        world.violation(&rules::UNSUPPORTED, format!("{what} into user mode"));
    }
    world.hold(&rules::MDL_MAPPED, flags & (MAPPED | NONPAGED) == 0, || {
        format!("{what}({:#x}): it is mapped already (flags {flags:#x})", mdl.addr())
    });
    world.hold(&rules::MDL_NOT_LOCKED, flags & (LOCKED | PARTIAL) != 0, || {
        format!("{what}({:#x}): its pages are not locked (flags {flags:#x})", mdl.addr())
    });
    let Some(va) = address(mdl) else {
        world.violation(&rules::UNSUPPORTED, format!("{what} of scattered pages"))
    };
    mdl.set(MDL::MappedSystemVa, va);
    add(mdl, if flags & PARTIAL != 0 { MAPPED | PARTIAL_MAPPED } else { MAPPED });
    va
}

fn unmap(what: &str, base: u64, mdl: Ptr<MDL>) {
    let there = mdl.get(MDL::MdlFlags) & MAPPED != 0 && mdl.get(MDL::MappedSystemVa) == base;
    world().hold(&rules::MDL_UNMAPPED, there, || {
        format!("{what}({base:#x}, {:#x}): it is not mapped there", mdl.addr())
    });
    remove(mdl, MAPPED | PARTIAL_MAPPED);
    mdl.set(MDL::MappedSystemVa, 0);
}

/// Pages for an MDL: contiguous, zeroed, within bounds; NULL if there are none.
fn allocate_pages(what: &'static str, low: u64, high: u64, total: u64) -> u64 {
    let world = world();
    let total = total.next_multiple_of(PAGE);
    let (Ok(len), Ok(count)) = (usize::try_from(total), u32::try_from(total)) else { return 0 };
    if total == 0 || i16::try_from(mdl::size(0, total)).is_err() {
        return 0;
    }
    let Some(memory) = world.mem.allocate(Kind::Contiguous, 0, len, what) else { return 0 };
    let physical = world.mem.physical(memory).unwrap_or(u64::MAX);
    let fits = physical >= low && physical.checked_add(total - 1).is_some_and(|last| last <= high);
    let addr = if fits { pool::allocate(what, 0, mdl::size(0, total) as u64, TAG) } else { 0 };
    if addr == 0 {
        let _ = world.mem.free(Kind::Contiguous, memory);
        return 0;
    }
    crate::abi::fill(memory, 0, len);
    let p: Ptr<MDL> = Ptr::new(addr);
    mdl::initialize(p, 0, count);
    add(p, LOCKED);
    for i in 0..total / PAGE {
        write(addr + MDL::SIZE as u64 + 8 * i, physical / PAGE + i);
    }
    world.nt.mdls.pages.borrow_mut().insert(addr, memory);
    addr
}

/// A range of addresses that was set aside for mappings.
#[derive(Clone, Copy)]
pub struct Reserved {
    /// Bytes.
    size: u64,
    /// The tag that it goes by.
    tag: u32,
    /// The MDL that is mapped there; 0 for none.
    holds: u64,
}

/// A range that was set aside under this tag (SYSTEM_PTE_MISUSE otherwise).
fn reserved(what: &str, base: u64, tag: u32) -> Reserved {
    let found = world().nt.mdls.reserved.borrow().get(&base).copied();
    world().verify.watch(&rules::MDL_RESERVED);
    let problem = match found {
        Some(range) if range.tag == tag => return range,
        Some(_) => "reserved with another tag",
        None => "no reserved range of addresses",
    };
    world().violation(&rules::MDL_RESERVED, format!("{what}({base:#x}): {problem}"))
}

imports! {
    /// Locking and mapping.
    TABLE from "ntoskrnl.exe";

    fn MmProbeAndLockPages(addr: u64, _mode: u8, operation: u32) {
        let world = world();
        let p: Ptr<MDL> = Ptr::new(addr);
        world.hold(&rules::MDL_PROBED, p.get(MDL::MdlFlags) & (LOCKED | NONPAGED) == 0, || {
            format!("MmProbeAndLockPages({addr:#x}): its pages are locked already")
        });
        let (start, len) = (virtual_address(p), u64::from(p.get(MDL::ByteCount)));
        for page in 0..mdl::pages(start, len) {
            let at = if page == 0 { start } else { (start & !(PAGE - 1)) + page * PAGE };
            if trap::peek(at, &mut [0]).is_err() {
                world.violation(&rules::EXCEPTION, format!("MmProbeAndLockPages raises STATUS_ACCESS_VIOLATION for {at:#x}"));
            }
        }
        mdl::fill_frames(p);
        add(p, if operation == READ_ACCESS { LOCKED } else { LOCKED | WRITE });
        world.nt.mdls.locked.borrow_mut().insert(addr);
    }

    fn MmUnlockPages(addr: u64) {
        let world = world();
        let p: Ptr<MDL> = Ptr::new(addr);
        let flags = p.get(MDL::MdlFlags);
        world.hold(&rules::MDL_UNLOCKED_PART, flags & PARTIAL == 0, || format!("MmUnlockPages({addr:#x}): it is partial"));
        world.hold(&rules::MDL_UNLOCKED_POOL, flags & NONPAGED == 0, || {
            format!("MmUnlockPages({addr:#x}): it describes nonpaged pool")
        });
        world.hold(&rules::MDL_UNLOCKED, p.get(MDL::MdlFlags) & LOCKED != 0, || {
            format!("MmUnlockPages({addr:#x}): its pages are not locked")
        });
        if p.get(MDL::MdlFlags) & MAPPED != 0 {
            unmap("MmUnlockPages", p.get(MDL::MappedSystemVa), p);
        }
        remove(p, LOCKED | WRITE);
        world.nt.mdls.locked.borrow_mut().remove(&addr);
    }

    fn MmMapLockedPages(mdl: u64, mode: u8) -> u64 {
        map("MmMapLockedPages", Ptr::new(mdl), mode)
    }

    fn MmMapLockedPagesSpecifyCache(mdl: u64, mode: u8, _cache: u32, _wanted: u64, bug_check: u32, _priority: u32) -> u64 {
        world().hold(&rules::MDL_BUG_CHECK, bug_check == 0, || {
            format!("MmMapLockedPagesSpecifyCache({mdl:#x}) with BugCheckOnFailure")
        });
        map("MmMapLockedPagesSpecifyCache", Ptr::new(mdl), mode)
    }

    fn MmUnmapLockedPages(base: u64, mdl: u64) {
        unmap("MmUnmapLockedPages", base, Ptr::new(mdl));
    }

    fn MmProtectMdlSystemAddress(_mdl: u64, _protect: u32) -> u32 {
        c::STATUS_SUCCESS
    }

    fn MmAllocatePagesForMdl(low: u64, high: u64, _skip: u64, total: u64) -> u64 {
        allocate_pages("MmAllocatePagesForMdl", low, high, total)
    }

    fn MmAllocatePagesForMdlEx(low: u64, high: u64, _skip: u64, total: u64, _cache: u32, _flags: u32) -> u64 {
        allocate_pages("MmAllocatePagesForMdlEx", low, high, total)
    }

    fn MmFreePagesFromMdl(addr: u64) {
        let world = world();
        let memory = world.nt.mdls.pages.borrow_mut().remove(&addr);
        world.verify.watch(&rules::MDL_PAGES);
        let Some(memory) = memory else {
            world.violation(&rules::MDL_PAGES, format!("MmFreePagesFromMdl({addr:#x}): it has no pages of MmAllocatePagesForMdl"))
        };
        let p: Ptr<MDL> = Ptr::new(addr);
        if p.get(MDL::MdlFlags) & MAPPED != 0 {
            world.violation(&rules::MDL_PAGES, format!("MmFreePagesFromMdl({addr:#x}): it is still mapped"));
        }
        remove(p, LOCKED);
        let _ = world.mem.free(Kind::Contiguous, memory);
    }

    fn MmAllocateMappingAddress(size: u64, tag: u32) -> u64 {
        // A range of addresses that MDLs are mapped to later: the pages keep their own here.
        let base = pool::allocate("MmAllocateMappingAddress", 0, size.min(PAGE), tag);
        if base != 0 {
            let range = Reserved { size: size.next_multiple_of(PAGE), tag, holds: 0 };
            world().nt.mdls.reserved.borrow_mut().insert(base, range);
        }
        base
    }

    fn MmFreeMappingAddress(base: u64, tag: u32) {
        let range = reserved("MmFreeMappingAddress", base, tag);
        if range.holds != 0 {
            world().violation(&rules::MDL_RESERVED, format!("MmFreeMappingAddress({base:#x}): MDL {:#x} is mapped there", range.holds));
        }
        world().nt.mdls.reserved.borrow_mut().remove(&base);
        pool::free("MmFreeMappingAddress", base, Some(tag));
    }

    fn MmMapLockedPagesWithReservedMapping(base: u64, tag: u32, mdl: u64, _cache: u32) -> u64 {
        let what = "MmMapLockedPagesWithReservedMapping";
        let range = reserved(what, base, tag);
        let p: Ptr<MDL> = Ptr::new(mdl);
        if range.holds != 0 {
            world().violation(&rules::MDL_RESERVED, format!("{what}({base:#x}): MDL {:#x} is mapped there", range.holds));
        }
        if mdl::pages(virtual_address(p), u64::from(p.get(MDL::ByteCount))) * PAGE > range.size {
            return 0;
        }
        let va = map(what, p, 0);
        world().nt.mdls.reserved.borrow_mut().insert(base, Reserved { holds: mdl, ..range });
        va
    }

    fn MmUnmapReservedMapping(base: u64, tag: u32, mdl: u64) {
        let range = reserved("MmUnmapReservedMapping", base, tag);
        if range.holds != mdl {
            world().violation(&rules::MDL_RESERVED, format!("MmUnmapReservedMapping({base:#x}, {mdl:#x}): it is not mapped there"));
        }
        let p: Ptr<MDL> = Ptr::new(mdl);
        unmap("MmUnmapReservedMapping", p.get(MDL::MappedSystemVa), p);
        world().nt.mdls.reserved.borrow_mut().insert(base, Reserved { holds: 0, ..range });
    }
}
