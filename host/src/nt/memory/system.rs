//! Questions to the memory manager, and names that drivers resolve at run time.

use super::pool;
use crate::{
    abi::{Ptr, unicode, write},
    imports,
    pe::Mapped,
    trap,
    verify::rules,
    world::world,
};
use std::rc::Rc;

/// MM_SYSTEMSIZE: MmLargeSystem.
const LARGE: u32 = 2;
/// Tag of the list of physical ranges, which drivers free with ExFreePool.
const TAG: u32 = u32::from_le_bytes(*b"hPmM");

/// The driver's image, if an address lies in it.
fn drivers_image(addr: u64) -> Option<Rc<Mapped>> {
    let image = world().image.borrow();
    image.as_ref().map(|image| &image.mapped).filter(|mapped| mapped.contains(addr)).cloned()
}

/// Keeps the section of an address, or of a handle, which is where it begins, in memory.
fn lock(what: &str, addr: u64) -> u64 {
    let handle = drivers_image(addr).and_then(|image| image.lock(addr));
    world().hold(&rules::SECTION_LOCK, handle.is_some(), || {
        format!("{what}({addr:#x}): no section of the driver's is there")
    });
    handle.unwrap_or(0)
}

/// Makes all sections of the image of an address pageable, or those that were linked so; where it begins, 0 for none.
fn page_entirely(addr: u64, whole: bool) -> u64 {
    let Some(image) = drivers_image(addr) else { return 0 };
    image.page_entirely(whole);
    world().trim();
    image.base()
}

imports! {
    /// Memory manager.
    TABLE from "ntoskrnl.exe";

    fn MmGetSystemRoutineAddress(name: u64) -> u64 {
        crate::image::routine("ntoskrnl.exe", &unicode(Ptr::new(name)))
    }

    fn MmGetPhysicalAddress(addr: u64) -> u64 {
        let world = world();
        if let Some(physical) = world.mem.physical(addr).or_else(|| world.nt.io_space.physical(addr)) {
            return physical;
        }
        if trap::peek(addr, &mut [0]).is_ok() {
            let text = format!("MmGetPhysicalAddress({addr:#x}): memory that devices cannot reach (image or stack)");
            world.violation(&rules::UNSUPPORTED, text);
        }
        0
    }

    fn MmGetVirtualForPhysical(physical: u64) -> u64 {
        world().mem.virtual_of(physical).unwrap_or(0)
    }

    fn MmIsAddressValid(addr: u64) -> u8 {
        u8::from(world().trap.is_register(addr) || trap::peek(addr, &mut [0]).is_ok())
    }

    fn MmGetPhysicalMemoryRanges() -> u64 {
        let regions = world().mem.regions().to_vec();
        let size = 16 * (regions.len() as u64 + 1);
        let list = pool::allocate("MmGetPhysicalMemoryRanges", 0, size, TAG);
        if list != 0 {
            crate::abi::fill(list, 0, usize::try_from(size).unwrap_or(0));
            for (region, at) in regions.iter().zip((list..).step_by(16)) {
                write(at, region.physical);
                write(at + 8, region.len);
            }
        }
        list
    }

    fn MmQuerySystemSize() -> u32 {
        LARGE
    }

    fn MmIsDriverVerifying(_driver: u64) -> u32 {
        1
    }

    fn MmIsThisAnNtAsSystem() -> u8 {
        0
    }

    fn MmLockPagableDataSection(addr: u64) -> u64 {
        lock("MmLockPagableDataSection", addr)
    }

    fn MmLockPagableSectionByHandle(section: u64) {
        lock("MmLockPagableSectionByHandle", section);
    }

    fn MmUnlockPagableImageSection(section: u64) {
        let known = drivers_image(section).and_then(|image| image.unlock(section));
        world().hold(&rules::SECTION_UNLOCK, known == Some(true), || {
            let what = if known.is_none() { "no handle of a section" } else { "a section that is not locked" };
            format!("MmUnlockPagableImageSection({section:#x}): {what}")
        });
    }

    fn MmPageEntireDriver(addr: u64) -> u64 {
        page_entirely(addr, true)
    }

    fn MmResetDriverPaging(addr: u64) {
        page_entirely(addr, false);
    }
}
