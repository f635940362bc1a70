//! Pool memory.

use super::check_free;
use crate::{
    abi::constants as c,
    cpu::APC,
    imports,
    mem::{BadFree, Kind},
    verify::rules,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

/// Bits of POOL_TYPE: paged, and the must-succeed types that are gone.
const PAGED: u32 = 1;
const MUST_SUCCEED: u32 = 2;
/// POOL_RAISE_IF_ALLOCATION_FAILURE.
const RAISE: u32 = 16;
/// POOL_FLAGS of ExAllocatePool2.
mod flag {
    pub const UNINITIALIZED: u64 = 0x02;
    pub const RAISE_ON_FAILURE: u64 = 0x20;
    pub const NON_PAGED: u64 = 0x40;
    pub const NON_PAGED_EXECUTE: u64 = 0x80;
    pub const PAGED: u64 = 0x100;
    /// From here on flags may be ignored if unknown.
    pub const REQUIRED_END: u64 = 1 << 31;
}
/// What ExAllocatePool uses for a tag.
const NO_TAG: u32 = u32::from_le_bytes(*b"None");
/// PROTECTED_POOL: a bit in a tag.
const PROTECTED: u32 = 0x8000_0000;

/// What is known of pool blocks beyond their size.
#[derive(Default)]
pub struct Pool {
    paged: RefCell<BTreeSet<u64>>,
    /// Allocations that were made.
    pub allocations: Cell<u64>,
}

/// Allocates pool as `what` would; NULL if memory is short.
pub fn allocate(what: &'static str, kind: u32, size: u64, tag: u32) -> u64 {
    let world = world();
    let tag_text = || tag_name(tag);
    world.hold(&rules::POOL_ZERO, size != 0, || format!("{what} of 0 bytes, tag {}", tag_text()));
    world.hold(&rules::POOL_TAG, tag != 0, || format!("{what} of {size} bytes with tag 0"));
    world.hold(&rules::POOL_MUST_SUCCEED, kind & MUST_SUCCEED == 0, || {
        format!("{what} from must-succeed pool (type {kind}), which is gone")
    });
    if kind & PAGED != 0 {
        let irql = world.cpu().irql();
        world.hold(&rules::POOL_PAGED, irql <= APC, || format!("{what} of paged pool at IRQL {irql}"));
    }
    let len = usize::try_from(size).unwrap_or(usize::MAX);
    let Some(addr) = world.mem.allocate(Kind::Pool, tag & !PROTECTED, len, what) else {
        if kind & RAISE != 0 {
            let text = format!("{what} raises STATUS_INSUFFICIENT_RESOURCES for {size} bytes");
            world.violation(&rules::EXCEPTION, text);
        }
        return 0;
    };
    let pool = &world.nt.pool;
    pool.allocations.set(pool.allocations.get() + 1);
    if kind & PAGED != 0 {
        pool.paged.borrow_mut().insert(addr);
        world.mem.page(addr);
    }
    addr
}

/// Frees pool. With a tag it has to be the one of the allocation.
pub fn free(what: &str, addr: u64, tag: Option<u32>) {
    let world = world();
    world.hold(&rules::POOL_NULL, addr != 0, || format!("{what}(NULL)"));
    let block = world.mem.block(addr);
    if let (Some(block), Some(tag)) = (&block, tag)
        && block.kind == Kind::Pool
        && tag != 0
    {
        world.hold(&rules::POOL_WRONG_TAG, block.tag == tag & !PROTECTED, || {
            let (given, right) = (tag_name(tag), tag_name(block.tag));
            format!("{what}({addr:#x}) with tag {given}, allocated by {} with {right}", block.by)
        });
    }
    if let Some(block) = &block {
        check_free(what, addr, block.size);
    }
    let paged = world.nt.pool.paged.borrow_mut().remove(&addr);
    if paged {
        let irql = world.cpu().irql();
        world.hold(&rules::POOL_PAGED_FREED, irql <= APC, || format!("{what} of paged pool at IRQL {irql}"));
    }
    freed(what, addr, world.mem.free(Kind::Pool, addr).map(drop));
}

/// Holds a driver to what it owes memory that it frees.
pub fn freed(what: &str, addr: u64, result: Result<(), BadFree>) {
    for rule in [&rules::POOL_TWICE, &rules::POOL_KIND, &rules::POOL_OVERRUN] {
        world().verify.watch(rule);
    }
    let (rule, text) = match result {
        Ok(()) => return,
        Err(BadFree::Unknown) => {
            (&rules::POOL_TWICE, "no block begins there: freed twice, or never allocated".to_owned())
        }
        Err(BadFree::Kind(kind)) => (&rules::POOL_KIND, format!("allocated as {kind:?}")),
        Err(BadFree::Overrun) => (&rules::POOL_OVERRUN, "written beyond its end".to_owned()),
    };
    world().violation(rule, format!("{what}({addr:#x}): {text}"))
}

/// A tag as text, as pool tools print it.
#[must_use]
pub fn tag_name(tag: u32) -> String {
    let text = (tag & !PROTECTED)
        .to_le_bytes()
        .map(|byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' });
    format!("'{}'", text.iter().collect::<String>())
}

/// ExAllocatePool2 and ExAllocatePool3.
fn allocate_flagged(what: &'static str, flags: u64, size: u64, tag: u32) -> u64 {
    let kinds = flags & (flag::NON_PAGED | flag::NON_PAGED_EXECUTE | flag::PAGED);
    // Exactly one kind of pool, and nothing unknown among the flags that count.
    if !kinds.is_power_of_two() || flags & (flag::REQUIRED_END - 1) & !0x1FF != 0 || tag == 0 {
        if flags & flag::RAISE_ON_FAILURE != 0 {
            world().violation(
                &rules::EXCEPTION,
                format!("{what} raises STATUS_INVALID_PARAMETER for flags {flags:#x}"),
            );
        }
        return 0;
    }
    let kind = if flags & flag::PAGED != 0 { PAGED } else { 0 };
    let raise = if flags & flag::RAISE_ON_FAILURE != 0 { RAISE } else { 0 };
    let addr = allocate(what, kind | raise, size, tag);
    if addr != 0 && flags & flag::UNINITIALIZED == 0 {
        crate::abi::fill(addr, 0, usize::try_from(size).unwrap_or(0));
    }
    addr
}

imports! {
    /// Pool.
    TABLE from "ntoskrnl.exe";

    fn ExAllocatePool(kind: u32, size: u64) -> u64 {
        allocate("ExAllocatePool", kind, size, NO_TAG)
    }

    fn ExAllocatePoolWithTag(kind: u32, size: u64, tag: u32) -> u64 {
        allocate("ExAllocatePoolWithTag", kind, size, tag)
    }

    fn ExAllocatePoolWithTagPriority(kind: u32, size: u64, tag: u32, _priority: u32) -> u64 {
        allocate("ExAllocatePoolWithTagPriority", kind, size, tag)
    }

    fn ExAllocatePoolWithQuota(kind: u32, size: u64) -> u64 {
        // Quota calls raise unless told not to (POOL_QUOTA_FAIL_INSTEAD_OF_RAISE).
        allocate("ExAllocatePoolWithQuota", kind | if kind & 8 == 0 { RAISE } else { 0 }, size, NO_TAG)
    }

    fn ExAllocatePoolWithQuotaTag(kind: u32, size: u64, tag: u32) -> u64 {
        allocate("ExAllocatePoolWithQuotaTag", kind | if kind & 8 == 0 { RAISE } else { 0 }, size, tag)
    }

    fn ExAllocatePool2(flags: u64, size: u64, tag: u32) -> u64 {
        allocate_flagged("ExAllocatePool2", flags, size, tag)
    }

    fn ExAllocatePool3(flags: u64, size: u64, tag: u32, parameters: u64, amount: u32) -> u64 {
        if amount != 0 && parameters != 0 {
            world().violation(&rules::UNSUPPORTED, "ExAllocatePool3 with extended parameters".into());
        }
        allocate_flagged("ExAllocatePool3", flags, size, tag)
    }

    fn ExFreePool(addr: u64) {
        free("ExFreePool", addr, None);
    }

    fn ExFreePoolWithTag(addr: u64, tag: u32) {
        free("ExFreePoolWithTag", addr, Some(tag));
    }

    fn ExFreePool2(addr: u64, tag: u32, _parameters: u64, _amount: u32) {
        free("ExFreePool2", addr, Some(tag));
    }

    fn MmAllocateNonCachedMemory(size: u64) -> u64 {
        allocate("MmAllocateNonCachedMemory", c::NonPagedPool, size, u32::from_le_bytes(*b"MmNC"))
    }

    fn MmFreeNonCachedMemory(addr: u64, size: u64) {
        let known = world().mem.block(addr);
        let right = known.is_some_and(|block| block.size as u64 == size && block.by == "MmAllocateNonCachedMemory");
        world().hold(&rules::NONCACHED_FREED, right, || {
            format!("MmFreeNonCachedMemory({addr:#x}, {size}): not allocated so")
        });
        free("MmFreeNonCachedMemory", addr, None);
    }
}
