//! Device registers in the driver's address space.

use crate::{imports, verify::rules, world::world};
use std::{cell::RefCell, collections::BTreeMap};

/// A mapping: physical address and length.
type Mapping = (u64, u64);

/// The mappings that were made and not undone.
#[derive(Default)]
pub struct IoSpace {
    mapped: RefCell<BTreeMap<u64, Mapping>>,
}

impl IoSpace {
    /// The physical address of a mapped register.
    #[must_use]
    pub fn physical(&self, addr: u64) -> Option<u64> {
        let mapped = self.mapped.borrow();
        let (base, (physical, len)) = mapped.range(..=addr).next_back()?;
        (addr - base < *len).then(|| physical + (addr - base))
    }

    /// Mappings that were not undone.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.mapped.borrow().keys().copied().collect()
    }
}

fn map(what: &str, physical: u64, len: u64) -> u64 {
    let world = world();
    if len == 0 {
        world.violation(&rules::MEMORY, format!("{what} of 0 bytes"));
    }
    let Some(addr) = world.nt.platform().map_registers(physical, len) else {
        return 0;
    };
    world.nt.io_space.mapped.borrow_mut().insert(addr, (physical, len));
    addr
}

imports! {
    /// Register space.
    TABLE from "ntoskrnl.exe";

    fn MmMapIoSpace(physical: u64, len: u64, _cache: u32) -> u64 {
        map("MmMapIoSpace", physical, len)
    }

    fn MmMapIoSpaceEx(physical: u64, len: u64, _protect: u32) -> u64 {
        map("MmMapIoSpaceEx", physical, len)
    }

    fn MmUnmapIoSpace(addr: u64, len: u64) {
        let world = world();
        let known = world.nt.io_space.mapped.borrow_mut().remove(&addr);
        match known {
            Some((_, mapped)) if mapped == len => {}
            Some((_, mapped)) => {
                world.violation(&rules::MEMORY, format!("MmUnmapIoSpace({addr:#x}, {len}): {mapped} bytes were mapped"))
            }
            None => world.violation(&rules::MEMORY, format!("MmUnmapIoSpace({addr:#x}): not mapped")),
        }
        world.nt.platform().unmap_registers(addr, len);
    }
}
