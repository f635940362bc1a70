//! Physically contiguous memory.

use super::check_free;
use crate::{imports, mem::Kind, verify::rules, world::world};

const PAGE: u64 = 4096;
/// Tries to find memory that does not cross a boundary.
const TRIES: usize = 16;

/// Where the memory may lie.
struct Wanted {
    size: u64,
    lowest: u64,
    highest: u64,
    boundary: u64,
}

impl Wanted {
    fn fits(&self, physical: u64) -> bool {
        let Some(last) = physical.checked_add(self.size.saturating_sub(1)) else { return false };
        let crosses = self.boundary != 0 && physical / self.boundary != last / self.boundary;
        physical >= self.lowest && last <= self.highest && !crosses
    }
}

fn allocate(what: &'static str, wanted: &Wanted) -> u64 {
    let world = world();
    world.hold(&rules::CONTIGUOUS_ZERO, wanted.size != 0, || format!("{what} of 0 bytes"));
    // Contiguous memory comes in whole pages.
    let Ok(len) = usize::try_from(wanted.size.max(PAGE)) else { return 0 };
    let mut rejected = Vec::new();
    let mut found = 0;
    for attempt in 0..TRIES {
        let high = attempt % 2 == 1;
        let block = if high {
            world.mem.allocate_high(Kind::Contiguous, 0, len, what)
        } else {
            world.mem.allocate(Kind::Contiguous, 0, len, what)
        };
        let Some(addr) = block else { break };
        if world.mem.physical(addr).is_some_and(|physical| wanted.fits(physical)) {
            found = addr;
            break;
        }
        rejected.push(addr);
    }
    for addr in rejected {
        let _ = world.mem.free(Kind::Contiguous, addr);
    }
    found
}

fn free(what: &str, addr: u64) {
    let world = world();
    if let Some(block) = world.mem.block(addr) {
        check_free(what, addr, block.size);
    }
    let freed = world.mem.free(Kind::Contiguous, addr).err();
    world.hold(&rules::CONTIGUOUS_FREED, freed.is_none(), || format!("{what}({addr:#x}): {freed:?}"));
}

imports! {
    /// Contiguous memory.
    TABLE from "ntoskrnl.exe";

    fn MmAllocateContiguousMemory(size: u64, highest: u64) -> u64 {
        allocate("MmAllocateContiguousMemory", &Wanted { size, lowest: 0, highest, boundary: 0 })
    }

    fn MmAllocateContiguousMemorySpecifyCache(size: u64, lowest: u64, highest: u64, boundary: u64, _cache: u32) -> u64 {
        allocate("MmAllocateContiguousMemorySpecifyCache", &Wanted { size, lowest, highest, boundary })
    }

    fn MmAllocateContiguousMemorySpecifyCacheNode(size: u64, lowest: u64, highest: u64, boundary: u64, _cache: u32, _node: u32) -> u64 {
        allocate("MmAllocateContiguousMemorySpecifyCacheNode", &Wanted { size, lowest, highest, boundary })
    }

    fn MmAllocateContiguousNodeMemory(size: u64, lowest: u64, highest: u64, boundary: u64, _protect: u32, _node: u32) -> u64 {
        allocate("MmAllocateContiguousNodeMemory", &Wanted { size, lowest, highest, boundary })
    }

    fn MmFreeContiguousMemory(addr: u64) {
        free("MmFreeContiguousMemory", addr);
    }

    fn MmFreeContiguousMemorySpecifyCache(addr: u64, _size: u64, _cache: u32) {
        free("MmFreeContiguousMemorySpecifyCache", addr);
    }
}
