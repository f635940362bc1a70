//! Questions to the memory manager, and names that drivers resolve at run time.

use super::pool;
use crate::{
    abi::{Ptr, unicode, write},
    imports, trap,
    verify::rules,
    world::world,
};

/// MM_SYSTEMSIZE: MmLargeSystem.
const LARGE: u32 = 2;
/// Tag of the list of physical ranges, which drivers free with ExFreePool.
const TAG: u32 = u32::from_le_bytes(*b"hPmM");

/// The driver's image that an address lies in; 0 if it lies in none.
fn image_around(addr: u64) -> u64 {
    world()
        .image
        .borrow()
        .as_ref()
        .filter(|image| image.mapped.contains(addr))
        .map_or(0, |image| image.mapped.base())
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

    // The whole image stays in memory.
    fn MmLockPagableDataSection(addr: u64) -> u64 {
        image_around(addr)
    }

    fn MmLockPagableSectionByHandle(_section: u64) {}

    fn MmUnlockPagableImageSection(_section: u64) {}

    fn MmPageEntireDriver(addr: u64) -> u64 {
        image_around(addr)
    }

    fn MmResetDriverPaging(_addr: u64) {}
}
