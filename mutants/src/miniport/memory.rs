//! What the driver can do wrong with memory. It touches it as an image does: at its own addresses.

use super::{
    nbl::{self, Nbl},
    raised,
    resources::{allocate, list_pool},
    state,
};
use crate::TAG;
use crate::fault::{Memory, is_watched, misuses};
use crate::abi::{MDL, NET_BUFFER, NET_BUFFER_LIST, Ptr, import, read, write};

const PAGE: u64 = 4096;
/// Blocks after which one lies as it is needed.
const TRIES: usize = 200;

/// An NBL and what it leads to: NB, MDL, data.
#[derive(Clone, Copy, Default)]
pub struct Parts {
    list: u64,
    buffer: u64,
    mdl: u64,
    data: u64,
}

/// The first of each.
pub fn parts(list: Nbl) -> Parts {
    let buffer = list.get(NET_BUFFER_LIST::FirstNetBuffer);
    let mdl = Ptr::<NET_BUFFER>::new(buffer).get(NET_BUFFER::CurrentMdl);
    Parts { list: list.addr(), buffer, mdl, data: nbl::mdl_address(Ptr::<MDL>::new(mdl)) }
}

fn load(addr: u64) -> u8 {
    core::hint::black_box(read(addr))
}

fn store(addr: u64, value: u8) {
    write(addr, value);
}

fn touch(addr: u64) {
    store(addr, load(addr));
}

/// Everything that is the driver's as long as it has the NBL.
pub fn touch_all(list: Nbl) {
    let Parts { list, buffer, mdl, data } = parts(list);
    [list, buffer, mdl, data].into_iter().for_each(touch);
}

/// A block of which `fits` is true; the others are freed.
fn block(adapter: u64, size: u64, fits: impl Fn(u64) -> bool) -> u64 {
    for _ in 0..TRIES {
        let addr = allocate(adapter, size);
        if fits(addr) {
            return addr;
        }
        import!(NdisFreeMemory, addr, 0, 0);
    }
    panic!("none of {TRIES} blocks lies as it should");
}

/// Before and behind blocks, where they are watched.
pub fn around_blocks(adapter: u64) {
    if !is_watched() {
        return;
    }
    let ends_its_page =
        |size| block(adapter, size, move |addr| (addr + size).next_multiple_of(16) % PAGE == 0);
    let begins_its_page = |size| block(adapter, size, |addr| addr % PAGE == 0);
    let mut memory = ends_its_page(256);
    if misuses(Memory::ReadsBeyond) {
        load(memory + 256);
    }
    if misuses(Memory::WritesBeyond) {
        store(memory + 256, 0);
    }
    if misuses(Memory::CopiesBeyond) {
        let to = [0_u8; 300];
        import!(RtlCopyMemory, to.as_ptr() as u64, memory, 257);
    }
    if misuses(Memory::WritesLead) {
        store(memory - 1, 0);
    }
    import!(NdisFreeMemory, memory, 0, 0);
    memory = begins_its_page(256);
    if misuses(Memory::ReadsBefore) {
        load(memory - 1);
    }
    if misuses(Memory::WritesBefore) {
        store(memory - 1, 0);
    }
    import!(NdisFreeMemory, memory, 0, 0);
    memory = ends_its_page(250);
    if misuses(Memory::WritesTail) {
        store(memory + 250, 0);
    }
    import!(NdisFreeMemory, memory, 0, 0);
}

/// Blocks that the driver has freed.
pub fn in_freed_blocks(adapter: u64) {
    let memory = allocate(adapter, 64);
    import!(NdisFreeMemory, memory, 0, 0);
    if misuses(Memory::ReadsFreed) {
        load(memory);
    }
    if misuses(Memory::WritesFreed) {
        store(memory + 63, 0);
    }
    if misuses(Memory::CopiesFreed) {
        let to = [0_u8; 64];
        import!(RtlCopyMemory, to.as_ptr() as u64, memory, 64);
    }
    if misuses(Memory::FillsFreed) {
        import!(RtlZeroMemory, memory, 64);
    }
    if misuses(Memory::HandsFreedOver) {
        import!(NdisAllocateMemoryWithTag, memory, 64, TAG);
    }
    let pool = import!(ExAllocatePoolWithTag, 0, 4096, TAG);
    import!(ExFreePoolWithTag, pool, TAG);
    if misuses(Memory::TouchesFreedPool) {
        touch(pool + 4095);
    }
    let contiguous = import!(MmAllocateContiguousMemory, 9000, u64::MAX);
    import!(MmFreeContiguousMemory, contiguous);
    if misuses(Memory::TouchesFreedContiguous) {
        touch(contiguous + 8999);
    }
}

/// Paged pool, below `DISPATCH_LEVEL` and not.
pub fn in_paged_pool() {
    let paged = import!(ExAllocatePoolWithTag, 1, 64, TAG);
    touch(paged);
    raised(|| {
        if misuses(Memory::TouchesPagedPool) {
            touch(paged + 8);
        }
    });
    touch(paged);
    import!(ExFreePoolWithTag, paged, TAG);
}

/// Shared memory that was freed.
pub fn after_freeing_shared(addr: u64) {
    if misuses(Memory::TouchesFreedShared) {
        touch(addr);
    }
}

/// An MDL that was freed.
pub fn after_freeing_mdl(mdl: u64) {
    if misuses(Memory::TouchesFreedMdl) {
        touch(mdl);
    }
    if misuses(Memory::ReturnsMdlTwice) {
        import!(NdisFreeMdl, mdl);
    }
}

/// An NBL that was freed, with its NB.
pub fn after_freeing(parts: Parts) {
    if misuses(Memory::TouchesFreedList) {
        touch(parts.list);
    }
    if misuses(Memory::TouchesFreedBuffer) {
        touch(parts.buffer);
    }
    if misuses(Memory::ReturnsListTwice) {
        import!(NdisFreeNetBufferList, parts.list);
    }
}

/// A pool that was freed.
pub fn after_freeing_pool(pool: u64) {
    if misuses(Memory::AllocatesFromFreedPool) {
        import!(NdisAllocateNetBufferList, pool, 0, 0);
    }
    // Another pool must not be taken for it.
    let other = list_pool(state().adapter.get(), 1);
    assert_ne!(other, pool);
    import!(NdisFreeNetBufferListPool, other);
}

/// A send that is the driver's.
pub fn before_completion(parts: Parts) {
    if misuses(Memory::WritesPastSentMdl) {
        let size = Ptr::<MDL>::new(parts.mdl).get(MDL::Size);
        store(parts.mdl + u64::from(size.unsigned_abs()), 0);
    }
}

/// A send that was completed.
pub fn after_completion(parts: Parts) {
    if misuses(Memory::ReadsCompletedList) {
        load(parts.list);
    }
    if misuses(Memory::WritesCompletedList) {
        store(parts.list, 0);
    }
    if misuses(Memory::TouchesCompletedBuffer) {
        touch(parts.buffer);
    }
    if misuses(Memory::HandsCompletedOver) {
        import!(NdisQueryNetBufferPhysicalCount, parts.buffer);
    }
    if misuses(Memory::TouchesCompletedMdl) {
        touch(parts.mdl);
    }
    if misuses(Memory::TouchesCompletedData) {
        touch(parts.data);
    }
}

/// A receive that the protocol keeps.
pub fn after_indication(parts: Parts) {
    if misuses(Memory::ReadsIndicatedList) {
        load(parts.list);
    }
    if misuses(Memory::WritesIndicatedList) {
        store(parts.list, 0);
    }
    if misuses(Memory::TouchesIndicatedBuffer) {
        touch(parts.buffer);
    }
    if misuses(Memory::TouchesIndicatedMdl) {
        touch(parts.mdl);
    }
    if misuses(Memory::ReadsIndicatedData) {
        load(parts.data);
    }
    if misuses(Memory::WritesIndicatedData) {
        store(parts.data + 59, 0);
    }
    if misuses(Memory::FreesIndicatedData) {
        import!(NdisFreeMemory, parts.data, 0, 0);
    }
    if misuses(Memory::AdvancesIndicated) {
        import!(NdisAdvanceNetBufferDataStart, parts.buffer, 14, 0, 0);
    }
    if misuses(Memory::FreesIndicatedMdl) {
        import!(NdisFreeMdl, parts.mdl);
    }
}

/// A request's buffer, which holds 64 bytes in one case.
pub fn in_request(buffer: u64, length: u32) {
    if length == 64 && misuses(Memory::ReadsBeyondRequest) {
        // One of the two lies beyond its page.
        load(buffer + 64);
        load(buffer + PAGE);
    }
}

/// A request that was completed, and has been taken back.
pub fn after_request(request: u64) {
    if misuses(Memory::TouchesAnsweredRequest) {
        import!(NdisMSleep, 1000);
        touch(request);
    }
}
