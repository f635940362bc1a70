//! Memory descriptor lists: making them, and what memory they describe.

use crate::{
    abi::{IRP, Layout, MDL, Ptr, constants as c, read, write},
    imports,
    mem::{BadFree, Kind},
    verify::rules,
    world::world,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// Shift and mask of a page.
const SHIFT: u32 = 12;
const OFFSET: u64 = 4095;
/// Stands in the frame array for a page that is not in RAM: the image's, or a stack's.
pub const NO_FRAME: u64 = u64::MAX;
/// Flags that a new MDL has none of, and a freed one must have lost.
const LOCKED: i16 = c::MDL_PAGES_LOCKED as i16;
const MAPPED: i16 = c::MDL_MAPPED_TO_SYSTEM_VA as i16;
const NONPAGED: i16 = c::MDL_SOURCE_IS_NONPAGED_POOL as i16;
const PARTIAL: i16 = c::MDL_PARTIAL as i16;

/// What is known of MDLs beyond their own fields.
#[derive(Default)]
pub struct Mdls {
    /// Locked by MmProbeAndLockPages.
    pub(super) locked: RefCell<BTreeSet<u64>>,
    /// MDLs of MmAllocatePagesForMdl and the memory behind them.
    pub(super) pages: RefCell<BTreeMap<u64, u64>>,
    /// Ranges of MmAllocateMappingAddress.
    pub(super) reserved: RefCell<BTreeMap<u64, super::mdl_map::Reserved>>,
}

impl Mdls {
    /// MDLs whose pages are still locked, and MDLs whose pages were not freed.
    #[must_use]
    pub fn left(&self) -> (Vec<u64>, Vec<u64>) {
        (self.locked.borrow().iter().copied().collect(), self.pages.borrow().keys().copied().collect())
    }
}

/// Pages that `len` bytes from `va` touch.
#[must_use]
pub fn pages(va: u64, len: u64) -> u64 {
    ((va & OFFSET) + len).div_ceil(OFFSET + 1)
}

/// Bytes of an MDL with its frame array.
#[must_use]
pub fn size(va: u64, len: u64) -> usize {
    usize::try_from(pages(va, len)).map_or(usize::MAX, |pages| MDL::SIZE + 8 * pages)
}

/// Writes the fields of a new MDL for `len` bytes from `va`.
pub fn initialize(mdl: Ptr<MDL>, va: u64, len: u32) {
    mdl.set(MDL::Next, 0);
    mdl.set(MDL::Size, i16::try_from(size(va, u64::from(len))).unwrap_or(i16::MAX));
    mdl.set(MDL::MdlFlags, 0);
    mdl.set(MDL::Process, 0);
    mdl.set(MDL::MappedSystemVa, 0);
    mdl.set(MDL::StartVa, va & !OFFSET);
    mdl.set(MDL::ByteOffset, (va & OFFSET) as u32);
    mdl.set(MDL::ByteCount, len);
}

/// Allocates an MDL; `None` if memory is short or the range is too long for one.
pub fn allocate(what: &'static str, va: u64, len: u32) -> Option<Ptr<MDL>> {
    let bytes = size(va, u64::from(len));
    // MDL.Size has 15 bits.
    i16::try_from(bytes).ok()?;
    let mdl = Ptr::new(world().mem.allocate(Kind::Mdl, 0, bytes, what)?);
    initialize(mdl, va, len);
    Some(mdl)
}

/// Frees an MDL. Its pages must not be locked any more.
pub fn free(what: &str, mdl: Ptr<MDL>) {
    let world = world();
    let addr = mdl.addr();
    let locked = world.nt.mdls.locked.borrow().contains(&addr);
    world.hold(&rules::MDL_LOCKED, !locked, || format!("{what}({addr:#x}): its pages are locked"));
    world.verify.watch(&rules::MDL_FREED);
    if let Err(bad) = world.mem.free(Kind::Mdl, addr) {
        let text = match bad {
            BadFree::Unknown => "no MDL is there: freed twice, or never allocated",
            BadFree::Kind(_) => "allocated by other means",
            BadFree::Overrun => "its frame array was overrun",
        };
        world.violation(&rules::MDL_FREED, format!("{what}({addr:#x}): {text}"));
    }
}

/// The virtual address that an MDL was made for.
#[must_use]
pub fn virtual_address(mdl: Ptr<MDL>) -> u64 {
    mdl.get(MDL::StartVa) + u64::from(mdl.get(MDL::ByteOffset))
}

/// Where the driver sees the described memory in system space.
#[must_use]
pub fn system_address(mdl: Ptr<MDL>) -> u64 {
    if mdl.get(MDL::MdlFlags) & (MAPPED | NONPAGED) != 0 {
        mdl.get(MDL::MappedSystemVa)
    } else {
        virtual_address(mdl)
    }
}

/// The page frame of a virtual address.
#[must_use]
pub fn frame(va: u64) -> u64 {
    world().mem.physical(va).map_or(NO_FRAME, |physical| physical >> SHIFT)
}

fn frame_cell(mdl: Ptr<MDL>, index: u64) -> u64 {
    mdl.addr() + MDL::SIZE as u64 + 8 * index
}

/// Fills the frame array from the addresses.
pub fn fill_frames(mdl: Ptr<MDL>) {
    let start = mdl.get(MDL::StartVa);
    let amount = pages(virtual_address(mdl), u64::from(mdl.get(MDL::ByteCount)));
    for i in 0..amount {
        write(frame_cell(mdl, i), frame(start + (i << SHIFT)));
    }
}

/// MmBuildMdlForNonPagedPool.
pub fn build(mdl: Ptr<MDL>) {
    fill_frames(mdl);
    mdl.set(MDL::MappedSystemVa, virtual_address(mdl));
    mdl.set(MDL::MdlFlags, mdl.get(MDL::MdlFlags) | NONPAGED);
}

/// The physical pieces of `len` bytes that begin `skip` bytes into a chain of MDLs, adjacent ones joined.
///
/// # Errors
/// What is wrong with the chain.
pub fn physical(first: Ptr<MDL>, skip: u64, len: u64) -> Result<Vec<(u64, u64)>, String> {
    let mut pieces: Vec<(u64, u64)> = Vec::new();
    let (mut mdl, mut skip, mut left) = (first, skip, len);
    while left > 0 {
        if mdl.is_null() {
            return Err(format!("the MDL chain ends {left} bytes early"));
        }
        let count = u64::from(mdl.get(MDL::ByteCount));
        while skip < count && left > 0 {
            let at = u64::from(mdl.get(MDL::ByteOffset)) + skip;
            let number: u64 = read(frame_cell(mdl, at >> SHIFT));
            if number >= NO_FRAME >> SHIFT {
                return Err(format!("MDL {:#x} describes memory that devices cannot reach", mdl.addr()));
            }
            let take = (OFFSET + 1 - (at & OFFSET)).min(count - skip).min(left);
            let address = (number << SHIFT) + (at & OFFSET);
            match pieces.last_mut() {
                Some((start, length)) if *start + *length == address => *length += take,
                _ => pieces.push((address, take)),
            }
            skip += take;
            left -= take;
        }
        skip = skip.saturating_sub(count);
        mdl = Ptr::new(mdl.get(MDL::Next));
    }
    Ok(pieces)
}

/// Appends an MDL to an IRP's, or makes it the IRP's first.
fn attach(mdl: Ptr<MDL>, irp: u64, secondary: bool) {
    let irp: Ptr<IRP> = Ptr::new(irp);
    let first = irp.get(IRP::MdlAddress);
    if !secondary || first == 0 {
        irp.set(IRP::MdlAddress, mdl.addr());
        return;
    }
    let mut last: Ptr<MDL> = Ptr::new(first);
    while last.get(MDL::Next) != 0 {
        last = Ptr::new(last.get(MDL::Next));
    }
    last.set(MDL::Next, mdl.addr());
}

imports! {
    /// MDLs.
    TABLE from "ntoskrnl.exe";

    fn IoAllocateMdl(va: u64, len: u32, secondary: u8, _quota: u8, irp: u64) -> u64 {
        let Some(mdl) = allocate("IoAllocateMdl", va, len) else { return 0 };
        if irp != 0 {
            attach(mdl, irp, secondary != 0);
        }
        mdl.addr()
    }

    fn IoFreeMdl(mdl: u64) {
        free("IoFreeMdl", Ptr::new(mdl));
    }

    fn MmCreateMdl(mdl: u64, va: u64, len: u64) -> u64 {
        let Ok(count) = u32::try_from(len) else { return 0 };
        if mdl == 0 {
            return allocate("MmCreateMdl", va, count).map_or(0, Ptr::addr);
        }
        initialize(Ptr::new(mdl), va, count);
        mdl
    }

    fn MmSizeOfMdl(va: u64, len: u64) -> u64 {
        size(va, len) as u64
    }

    fn MmBuildMdlForNonPagedPool(mdl: u64) {
        let p: Ptr<MDL> = Ptr::new(mdl);
        let fresh = p.get(MDL::MdlFlags) & (LOCKED | NONPAGED | MAPPED | PARTIAL) == 0;
        world().hold(&rules::MDL_BUILT, fresh, || format!("MmBuildMdlForNonPagedPool({mdl:#x}): it is built already"));
        build(p);
    }

    fn IoBuildPartialMdl(source: u64, target: u64, va: u64, len: u32) {
        let (from, to): (Ptr<MDL>, Ptr<MDL>) = (Ptr::new(source), Ptr::new(target));
        let start = virtual_address(from);
        let end = start + u64::from(from.get(MDL::ByteCount));
        let len = if len == 0 { end.saturating_sub(va) as u32 } else { len };
        let needed = size(va, u64::from(len));
        let room = usize::try_from(to.get(MDL::Size)).unwrap_or(0);
        let inside = va >= start && va + u64::from(len) <= end;
        world().hold(&rules::MDL_PARTIAL, inside && needed <= room, || format!(
            "IoBuildPartialMdl: {len} bytes at {va:#x} of {start:#x}..{end:#x} into an MDL of {room} bytes, {needed} are needed"));
        let skip = (va & !OFFSET).saturating_sub(from.get(MDL::StartVa)) >> SHIFT;
        to.set(MDL::StartVa, va & !OFFSET);
        to.set(MDL::ByteOffset, (va & OFFSET) as u32);
        to.set(MDL::ByteCount, len);
        for i in 0..pages(va, u64::from(len)) {
            write(frame_cell(to, i), read::<u64>(frame_cell(from, skip + i)));
        }
        let kept = to.get(MDL::MdlFlags) & c::MDL_ALLOCATED_FIXED_SIZE as i16;
        let mut flags = kept | PARTIAL | from.get(MDL::MdlFlags) & (c::MDL_IO_SPACE as i16 | NONPAGED);
        if from.get(MDL::MdlFlags) & (MAPPED | NONPAGED) != 0 {
            to.set(MDL::MappedSystemVa, from.get(MDL::MappedSystemVa) + (va - start));
            flags |= c::MDL_PARENT_MAPPED_SYSTEM_VA as i16 | MAPPED;
        }
        to.set(MDL::MdlFlags, flags);
    }

    fn MmAdvanceMdl(mdl: u64, bytes: u32) -> u32 {
        let p: Ptr<MDL> = Ptr::new(mdl);
        let count = p.get(MDL::ByteCount);
        if bytes >= count {
            return c::STATUS_INVALID_PARAMETER_2;
        }
        let at = u64::from(p.get(MDL::ByteOffset)) + u64::from(bytes);
        let skip = at >> SHIFT;
        let left = pages(at & OFFSET, u64::from(count - bytes));
        for i in 0..left {
            write(frame_cell(p, i), read::<u64>(frame_cell(p, skip + i)));
        }
        p.set(MDL::StartVa, p.get(MDL::StartVa) + (skip << SHIFT));
        p.set(MDL::ByteOffset, (at & OFFSET) as u32);
        p.set(MDL::ByteCount, count - bytes);
        if p.get(MDL::MdlFlags) & (MAPPED | NONPAGED) != 0 {
            p.set(MDL::MappedSystemVa, p.get(MDL::MappedSystemVa) + u64::from(bytes));
        }
        c::STATUS_SUCCESS
    }
}
