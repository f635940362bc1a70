//! Physical addresses in the driver's address space: device registers, and RAM.

use crate::{imports, verify::rules, world::world};
use std::{cell::RefCell, collections::BTreeMap};

/// A mapping: physical address and length.
type Mapping = (u64, u64);

/// The mappings that were made and not undone.
#[derive(Default)]
pub struct IoSpace {
    mapped: RefCell<BTreeMap<u64, Mapping>>,
    /// Mappings of RAM, which may be mapped more than once: address and length.
    ram: RefCell<Vec<(u64, u64)>>,
}

impl IoSpace {
    /// The physical address of a mapped register.
    #[must_use]
    pub fn physical(&self, addr: u64) -> Option<u64> {
        let mapped = self.mapped.borrow();
        let (base, (physical, len)) = mapped.range(..=addr).next_back()?;
        (addr - base < *len).then(|| physical + (addr - base))
    }

    /// Mappings of a range of physical addresses, or a part of it.
    #[must_use]
    pub fn mapped_in(&self, start: u64, len: u64) -> usize {
        let overlaps = |&&(physical, size): &&Mapping| physical < start + len && start < physical + size;
        self.mapped.borrow().values().filter(overlaps).count()
    }

    /// Mappings that were not undone.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        let ram = self.ram.borrow();
        self.mapped.borrow().keys().copied().chain(ram.iter().map(|(addr, _)| *addr)).collect()
    }
}

/// RAM is seen where it is; a range that begins in it must not leave it.
fn ram(physical: u64, len: u64) -> Option<u64> {
    let mem = &world().mem;
    let first = mem.virtual_of(physical)?;
    let last = mem.virtual_of(physical.checked_add(len - 1)?)?;
    (last.checked_sub(first) == Some(len - 1)).then_some(first)
}

fn map(what: &str, physical: u64, len: u64) -> u64 {
    let world = world();
    world.hold(&rules::IO_SPACE_ZERO, len != 0, || format!("{what} of 0 bytes"));
    if let Some(addr) = ram(physical, len) {
        world.nt.io_space.ram.borrow_mut().push((addr, len));
        return addr;
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
        let mut ram = world.nt.io_space.ram.borrow_mut();
        if let Some(at) = ram.iter().position(|&mapping| mapping == (addr, len)) {
            ram.swap_remove(at);
            return;
        }
        drop(ram);
        let known = world.nt.io_space.mapped.borrow_mut().remove(&addr);
        world.hold(&rules::IO_SPACE_UNMAPPED, known.is_some(), || format!("MmUnmapIoSpace({addr:#x}): not mapped"));
        let mapped = known.map_or(0, |(_, mapped)| mapped);
        world.hold(&rules::IO_SPACE_LENGTH, mapped == len, || {
            format!("MmUnmapIoSpace({addr:#x}, {len}): {mapped} bytes were mapped")
        });
        world.nt.platform().unmap_registers(addr, len);
    }
}
