use super::*;
use crate::{abi::Ptr, nt::layout::GENERAL_LOOKASIDE as List, verify::rules};

const TAG: u64 = 0x3154_7346;

#[test]
fn pool_is_counted_under_its_tag_until_it_is_freed() {
    run(|| {
        let block = k("ExAllocatePoolWithTag", &[0, 100, TAG]);
        let out = world().mem.drivers_blocks();
        assert_eq!(
            (out.len(), out[0].addr, u64::from(out[0].tag), out[0].by),
            (1, block, TAG, "ExAllocatePoolWithTag")
        );
        k("ExFreePoolWithTag", &[block, TAG]);
        assert!(world().mem.drivers_blocks().is_empty());
        let zeroed = k("ExAllocatePool2", &[0x40, 256, TAG]);
        assert!((0..32).all(|i| read::<u64>(zeroed + 8 * i) == 0));
        let page = k("ExAllocatePoolWithTag", &[0, 5000, TAG]);
        assert_eq!(page % 4096, 0, "a page or more begins at a page");
        k("ExFreePool", &[zeroed]);
        k("ExFreePool", &[page]);
    })
    .expect("no violation");
}

#[test]
fn wrong_use_of_pool_is_found() {
    let tagged = || k("ExAllocatePoolWithTag", &[0, 100, TAG]);
    breaks(&rules::POOL_WRONG_TAG, "'FsT1'", move || {
        k("ExFreePoolWithTag", &[tagged(), 0x3254_7346]);
    });
    breaks(&rules::POOL_TWICE, "freed twice", move || {
        let block = tagged();
        k("ExFreePool", &[block]);
        k("ExFreePool", &[block]);
    });
    breaks(&rules::POOL_OVERRUN, "beyond its end", move || {
        let block = tagged();
        write(block + 100, 0_u8);
        k("ExFreePool", &[block]);
    });
    breaks(&rules::POOL_ZERO, "0 bytes", || {
        k("ExAllocatePoolWithTag", &[0, 0, TAG]);
    });
    breaks(&rules::POOL_PAGED, "paged pool at IRQL 2", || {
        k("KfRaiseIrql", &[2]);
        k("ExAllocatePoolWithTag", &[1, 8, TAG]);
    });
}

#[test]
fn a_lookaside_list_serves_the_inline_functions() {
    run(|| {
        let list = own(128);
        k("ExInitializeNPagedLookasideList", &[list, 0, 0, 0, 200, TAG, 0]);
        let p: Ptr<List> = Ptr::new(list);
        // What ExAllocateFromNPagedLookasideList and ExFreeToNPagedLookasideList compile to.
        let take = || match k("ExpInterlockedPopEntrySList", &[list]) {
            0 => {
                let args =
                    [u64::from(p.get(List::Type)), u64::from(p.get(List::Size)), u64::from(p.get(List::Tag))];
                jump(p.get(List::Allocate), &args)
            }
            entry => entry,
        };
        let give = |entry: u64| {
            if k("ExQueryDepthSList", &[list]) as u16 >= p.get(List::Depth) {
                jump(p.get(List::Free), &[entry]);
            } else {
                k("ExpInterlockedPushEntrySList", &[list, entry]);
            }
        };
        let entries: Vec<u64> = (0..20).map(|_| take()).collect();
        assert!(entries.iter().all(|&entry| entry != 0));
        assert_eq!(world().mem.drivers_blocks().len(), 20);
        for &entry in &entries {
            give(entry);
        }
        let kept = usize::from(p.get(List::Depth));
        assert_eq!(world().mem.drivers_blocks().len(), kept, "the rest went back to the pool");
        assert_eq!(world().nt.left_behind().len(), 1);
        k("ExDeleteNPagedLookasideList", &[list]);
        assert!(world().mem.drivers_blocks().is_empty());
        assert!(world().nt.left_behind().is_empty());
    })
    .expect("no violation");
}

#[test]
fn the_extended_list_calls_the_drivers_own_routines() {
    run(|| {
        let list = own(96);
        assert_eq!(k32("ExInitializeLookasideListEx", &[list, 0, noting(), 512, 0, 64, TAG, 0]), 0);
        let p: Ptr<List> = Ptr::new(list);
        let entry = jump(p.get(List::Allocate), &[512, 64, TAG, list]);
        k("ExpInterlockedPushEntrySList", &[list, entry]);
        k("ExDeleteLookasideListEx", &[list]);
        assert_eq!(seen().len(), 1);
        assert_eq!(seen()[0].args[..2], [entry, list]);
    })
    .expect("no violation");
}

#[test]
fn contiguous_memory_keeps_to_its_bounds() {
    run(|| {
        let physical = |addr| k("MmGetPhysicalAddress", &[addr]);
        let block = k("MmAllocateContiguousMemory", &[10_000, u64::MAX]);
        assert_eq!(physical(block + 8192), physical(block) + 8192);
        assert_eq!(block % 4096, 0);
        let high = k("MmAllocateContiguousMemorySpecifyCache", &[4096, 1 << 32, u64::MAX, 0, 1]);
        assert!(physical(high) >= 1 << 32);
        assert_eq!(k("MmAllocateContiguousMemory", &[4096, 0xFFFF]), 0, "there is no RAM that low");
        k("MmFreeContiguousMemory", &[block]);
        k("MmFreeContiguousMemory", &[high]);
        assert!(world().mem.drivers_blocks().is_empty());
    })
    .expect("no violation");
}
