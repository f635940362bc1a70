use super::*;
use crate::{
    abi::{Layout, MDL, Ptr},
    nt::io::dma,
    verify::rules,
};

/// Page frames of an MDL.
fn frames(mdl: u64, count: u64) -> Vec<u64> {
    (0..count).map(|i| read(mdl + MDL::SIZE as u64 + 8 * i)).collect()
}

#[test]
fn an_mdl_names_the_frames_of_every_page_it_touches() {
    run(|| {
        let buffer = k("ExAllocatePoolWithTag", &[0, 4 * 4096, 0x31]);
        let physical = k("MmGetPhysicalAddress", &[buffer]);
        let mdl = k("IoAllocateMdl", &[buffer + 100, 2 * 4096, 0, 0, 0]);
        k("MmBuildMdlForNonPagedPool", &[mdl]);
        let first = physical >> 12;
        assert_eq!(frames(mdl, 3), [first, first + 1, first + 2]);
        let p: Ptr<MDL> = Ptr::new(mdl);
        assert_eq!(
            (p.get(MDL::ByteOffset), p.get(MDL::ByteCount), p.get(MDL::MappedSystemVa)),
            (100, 8192, buffer + 100)
        );
        // The bytes 5000 to 7999 of the buffer.
        let part = k("IoAllocateMdl", &[buffer + 5000, 3000, 0, 0, 0]);
        k("IoBuildPartialMdl", &[mdl, part, buffer + 5000, 3000]);
        assert_eq!(frames(part, 1), [first + 1]);
        assert_eq!(Ptr::<MDL>::new(part).get(MDL::MappedSystemVa), buffer + 5000);
        k("IoFreeMdl", &[part]);
        k("IoFreeMdl", &[mdl]);
        k("ExFreePool", &[buffer]);
    })
    .expect("no violation");
}

#[test]
fn locked_pages_are_mapped_and_unlocked_before_the_mdl_goes() {
    run(|| {
        let buffer = k("ExAllocatePoolWithTag", &[0, 6000, 0x31]);
        let mdl = k("IoAllocateMdl", &[buffer, 6000, 0, 0, 0]);
        k("MmProbeAndLockPages", &[mdl, 0, 1]);
        assert_eq!(k("MmMapLockedPagesSpecifyCache", &[mdl, 0, 1, 0, 0, 16]), buffer);
        assert_eq!(world().nt.left_behind().len(), 1);
        k("MmUnlockPages", &[mdl]);
        k("IoFreeMdl", &[mdl]);
        k("ExFreePool", &[buffer]);
    })
    .expect("no violation");
    breaks(&rules::MDL_LOCKED, "its pages are locked", || {
        let buffer = k("ExAllocatePoolWithTag", &[0, 6000, 0x31]);
        let mdl = k("IoAllocateMdl", &[buffer, 6000, 0, 0, 0]);
        k("MmProbeAndLockPages", &[mdl, 0, 0]);
        k("IoFreeMdl", &[mdl]);
    });
    breaks(&rules::MDL_FREED, "freed twice", || {
        let mdl = k("IoAllocateMdl", &[own(10), 10, 0, 0, 0]);
        k("IoFreeMdl", &[mdl]);
        k("IoFreeMdl", &[mdl]);
    });
}

#[test]
fn pages_without_an_address_get_one() {
    run(|| {
        let mdl = k("MmAllocatePagesForMdlEx", &[0, u64::MAX, 0, 3 * 4096, 1, 0]);
        let va = k("MmMapLockedPagesSpecifyCache", &[mdl, 0, 1, 0, 0, 16]);
        assert_eq!(k("MmGetPhysicalAddress", &[va]) >> 12, frames(mdl, 1)[0]);
        k("MmUnmapLockedPages", &[va, mdl]);
        k("MmFreePagesFromMdl", &[mdl]);
        k("ExFreePool", &[mdl]);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
}

/// A DEVICE_DESCRIPTION of a bus master.
fn adapter(wide: bool) -> u64 {
    let description = own(40);
    write(description, 1_u32);
    write(description + 4, 1_u8);
    write(description + 5, 1_u8);
    write(description + 11, u8::from(wide));
    write(description + 32, 65_536_u32);
    k("IoGetDmaAdapter", &[0, description, own(4)])
}

/// An operation of an adapter, by its offset in DMA_OPERATIONS.
fn operation(adapter: u64, offset: u64, args: &[u64]) -> u64 {
    let table: u64 = read(adapter + 8);
    jump(read(table + offset), args)
}

const PUT_ADAPTER: u64 = 8;
const ALLOCATE_COMMON: u64 = 16;
const FREE_COMMON: u64 = 24;
const GET_LIST: u64 = 88;
const PUT_LIST: u64 = 96;

#[test]
fn a_scatter_gather_list_holds_the_physical_pieces_of_a_chain() {
    run(|| {
        let device = own(336);
        let adapter = adapter(true);
        let (one, two) =
            (k("ExAllocatePoolWithTag", &[0, 8192, 0x31]), k("ExAllocatePoolWithTag", &[0, 8192, 0x31]));
        let mdl = |va: u64, len: u64| {
            let mdl = k("IoAllocateMdl", &[va, len, 0, 0, 0]);
            k("MmBuildMdlForNonPagedPool", &[mdl]);
            mdl
        };
        // 5000 bytes over a page boundary, then 100 from elsewhere.
        let (first, second) = (mdl(one + 96, 5000), mdl(two + 4, 100));
        write(first, second);
        k("KfRaiseIrql", &[2]);
        let status =
            operation(adapter, GET_LIST, &[adapter, device, first, one + 96 + 10, 5090, noting(), 77, 1])
                as u32;
        assert_eq!(status, 0);
        let list = seen()[0].args[2];
        assert_eq!((seen()[0].args[0], seen()[0].args[3], seen()[0].irql), (device, 77, 2));
        let physical = |addr| k("MmGetPhysicalAddress", &[addr]);
        assert_eq!(dma::elements(list), [(physical(one + 106), 4990), (physical(two + 4), 100)]);
        operation(adapter, PUT_LIST, &[adapter, list, 1]);
        k("KeLowerIrql", &[0]);
        operation(adapter, PUT_ADAPTER, &[adapter]);
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}

#[test]
fn an_adapter_with_32_address_lines_gets_a_copy_it_can_reach() {
    run(|| {
        let adapter = adapter(false);
        let high = k("MmAllocateContiguousMemorySpecifyCache", &[4096, 1 << 32, u64::MAX, 0, 1]);
        write(high, 0x1122_3344_u32);
        let mdl = k("IoAllocateMdl", &[high, 4096, 0, 0, 0]);
        k("MmBuildMdlForNonPagedPool", &[mdl]);
        k("KfRaiseIrql", &[2]);
        let device = own(336);
        operation(adapter, GET_LIST, &[adapter, device, mdl, high, 4096, noting(), 0, 1]);
        operation(adapter, GET_LIST, &[adapter, device, mdl, high, 4096, noting(), 0, 0]);
        let (to, from) = (seen()[0].args[2], seen()[1].args[2]);
        let at = |list| world().mem.virtual_of(dma::elements(list)[0].0).expect("in RAM");
        assert!(dma::elements(to)[0].0 < 1 << 32);
        assert_eq!(read::<u32>(at(to)), 0x1122_3344, "what the device is to read");
        write(at(from), 0x5566_7788_u32);
        operation(adapter, PUT_LIST, &[adapter, from, 0]);
        assert_eq!(read::<u32>(high), 0x5566_7788, "what the device wrote");
        operation(adapter, PUT_LIST, &[adapter, to, 1]);
    })
    .expect("no violation");
}

#[test]
fn common_buffers_go_back_as_they_came() {
    run(|| {
        let (adapter, logical) = (adapter(true), own(8));
        let buffer = operation(adapter, ALLOCATE_COMMON, &[adapter, 8192, logical, 1]);
        assert_eq!(k("MmGetPhysicalAddress", &[buffer]), read::<u64>(logical));
        operation(adapter, FREE_COMMON, &[adapter, 8192, read(logical), buffer, 1]);
        operation(adapter, PUT_ADAPTER, &[adapter]);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
    breaks(&rules::DMA_LEFT, "1 common buffers", || {
        let (adapter, logical) = (adapter(true), own(8));
        operation(adapter, ALLOCATE_COMMON, &[adapter, 8192, logical, 1]);
        operation(adapter, PUT_ADAPTER, &[adapter]);
    });
    breaks(&rules::DMA_RANGE, "ends 10 bytes early", || {
        let adapter = adapter(true);
        let buffer = k("ExAllocatePoolWithTag", &[0, 100, 0x31]);
        let mdl = k("IoAllocateMdl", &[buffer, 90, 0, 0, 0]);
        k("MmBuildMdlForNonPagedPool", &[mdl]);
        k("KfRaiseIrql", &[2]);
        operation(adapter, GET_LIST, &[adapter, own(336), mdl, buffer, 100, noting(), 0, 1]);
    });
}

#[test]
fn a_reserved_range_holds_one_mdl_at_a_time() {
    const TAG: u64 = 0x31;
    /// An MDL with locked pages.
    fn locked(len: u64) -> u64 {
        let buffer = k("ExAllocatePoolWithTag", &[0, len, TAG]);
        let mdl = k("IoAllocateMdl", &[buffer, len, 0, 0, 0]);
        k("MmProbeAndLockPages", &[mdl, 0, 1]);
        mdl
    }
    run(|| {
        let range = k("MmAllocateMappingAddress", &[3 * 4096, TAG]);
        let mdl = locked(4096);
        for _ in 0..2 {
            let va = k("MmMapLockedPagesWithReservedMapping", &[range, TAG, mdl, 1]);
            assert_eq!(va, Ptr::<MDL>::new(mdl).get(MDL::MappedSystemVa));
            write(va, 7_u32);
            k("MmUnmapReservedMapping", &[range, TAG, mdl]);
        }
        let longer = locked(4 * 4096);
        assert_eq!(k("MmMapLockedPagesWithReservedMapping", &[range, TAG, longer, 1]), 0, "it does not fit");
        k("MmFreeMappingAddress", &[range, TAG]);
    })
    .expect("no violation");
    breaks(&rules::MDL_RESERVED, "reserved with another tag", || {
        let range = k("MmAllocateMappingAddress", &[4096, TAG]);
        k("MmMapLockedPagesWithReservedMapping", &[range, TAG + 1, locked(100), 1]);
    });
    breaks(&rules::MDL_RESERVED, "is mapped there", || {
        let range = k("MmAllocateMappingAddress", &[3 * 4096, TAG]);
        k("MmMapLockedPagesWithReservedMapping", &[range, TAG, locked(100), 1]);
        k("MmMapLockedPagesWithReservedMapping", &[range, TAG, locked(100), 1]);
    });
    breaks(&rules::MDL_RESERVED, "is mapped there", || {
        let range = k("MmAllocateMappingAddress", &[3 * 4096, TAG]);
        k("MmMapLockedPagesWithReservedMapping", &[range, TAG, locked(100), 1]);
        k("MmFreeMappingAddress", &[range, TAG]);
    });
    breaks(&rules::MDL_RESERVED, "no reserved range", || {
        k("MmUnmapReservedMapping", &[own(8), TAG, locked(100)]);
    });
}
