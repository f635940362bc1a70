//! Memory and MDLs.

use super::nbl::mdl_address;
use crate::{
    abi::{self, Layout, MDL, Ptr, constants as c},
    imports,
    mem::Kind,
    verify::rules,
    world::world,
};

/// Bytes of a page.
const PAGE: u64 = 4096;
/// `MDL_MAPPED_TO_SYSTEM_VA` and `MDL_SOURCE_IS_NONPAGED_POOL`.
const MDL_FLAGS: i16 = 0x1 | 0x4;

/// Makes an MDL over `len` bytes at `addr`.
pub fn make_mdl(addr: u64, len: u32, kind: Kind, by: &'static str) -> Option<u64> {
    let world = world();
    let pages = ((addr % PAGE) + u64::from(len)).div_ceil(PAGE).max(1);
    let size = MDL::SIZE + 8 * pages as usize;
    let at = world.mem.allocate(kind, 0, size, by)?;
    let p: Ptr<MDL> = Ptr::new(at);
    p.set(MDL::Next, 0);
    p.set(MDL::Size, i16::try_from(size).unwrap_or(i16::MAX));
    p.set(MDL::MdlFlags, MDL_FLAGS);
    p.set(MDL::Process, 0);
    p.set(MDL::MappedSystemVa, addr);
    p.set(MDL::StartVa, addr - addr % PAGE);
    p.set(MDL::ByteCount, len);
    p.set(MDL::ByteOffset, (addr % PAGE) as u32);
    for i in 0..pages {
        let frame = world.mem.physical(addr - addr % PAGE + i * PAGE).unwrap_or(0) / PAGE;
        abi::write(at + MDL::SIZE as u64 + 8 * i, frame);
    }
    Some(at)
}

fn free_memory(addr: u64, tag: Option<u32>, what: &'static str) {
    let world = world();
    world.hold(&rules::SHUTDOWN_FREED, !world.ndis.crashing.get(), || {
        format!("{what}({addr:#x}) in MiniportShutdownEx during a bug check")
    });
    if let (Some(tag), Some(block)) = (tag, world.mem.block(addr))
        && tag != 0
    {
        world.hold(&rules::POOL_WRONG_TAG, block.tag == tag, || {
            format!("{what}: {addr:#x} freed with tag {tag:#x}, allocated with {:#x}", block.tag)
        });
    }
    if let Some(block) = world.mem.block(addr) {
        crate::nt::memory::check_free(what, addr, block.size);
    }
    world.ndis.owners.borrow_mut().remove(&addr);
    crate::nt::memory::pool::freed(what, addr, world.mem.free(Kind::NdisMemory, addr).map(drop));
}

imports! {
    /// Memory.
    TABLE from "ndis.sys";

    fn NdisAllocateMemoryWithTagPriority(handle: u64, len: u32, tag: u32, _priority: u32) -> u64 {
        let world = world();
        world.hold(&rules::TAG, tag != 0, || "NdisAllocateMemoryWithTagPriority without a tag".into());
        let addr = world.mem.allocate(Kind::NdisMemory, tag, len as usize, "NdisAllocateMemoryWithTagPriority");
        if let Some(addr) = addr {
            world.ndis.own(addr, handle);
        }
        addr.unwrap_or(0)
    }

    fn NdisAllocateMemoryWithTag(out: u64, len: u32, tag: u32) -> u32 {
        let addr = world().mem.allocate(Kind::NdisMemory, tag, len as usize, "NdisAllocateMemoryWithTag");
        abi::write(out, addr.unwrap_or(0));
        if addr.is_some() { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_RESOURCES }
    }

    fn NdisFreeMemory(addr: u64, _len: u32, _flags: u32) {
        free_memory(addr, None, "NdisFreeMemory");
    }

    fn NdisFreeMemoryWithTag(addr: u64, tag: u32) {
        free_memory(addr, Some(tag), "NdisFreeMemoryWithTag");
    }

    fn NdisFreeMemoryWithTagPriority(_handle: u64, addr: u64, tag: u32) {
        free_memory(addr, Some(tag), "NdisFreeMemoryWithTagPriority");
    }

    fn NdisAllocateMdl(handle: u64, addr: u64, len: u32) -> u64 {
        let world = world();
        world.hold(&rules::MDL_NONPAGED, world.mem.physical(addr).is_some(), || {
            format!("NdisAllocateMdl over {addr:#x}, which is not nonpaged memory")
        });
        let mdl = make_mdl(addr, len, Kind::Mdl, "NdisAllocateMdl");
        if let Some(mdl) = mdl {
            world.ndis.own(mdl, handle);
        }
        mdl.unwrap_or(0)
    }

    fn NdisFreeMdl(mdl: u64) {
        let world = world();
        world.ndis.owners.borrow_mut().remove(&mdl);
        let bad = world.mem.free(Kind::Mdl, mdl).err();
        world.hold(&rules::MDL_PAIR, bad.is_none(), || format!("NdisFreeMdl({mdl:#x}): {bad:?}"));
    }

    fn NdisCopyBuffer(status_out: u64, mdl_out: u64, _pool: u64, source: u64, offset: u32, len: u32) {
        let base = mdl_address(Ptr::<MDL>::new(source)) + u64::from(offset);
        let made = make_mdl(base, len, Kind::Mdl, "NdisCopyBuffer");
        abi::write(mdl_out, made.unwrap_or(0));
        abi::write(status_out, if made.is_some() { c::NDIS_STATUS_SUCCESS } else { c::NDIS_STATUS_RESOURCES });
    }
}
