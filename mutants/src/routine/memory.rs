//! Pool, what is freed in use, lookaside lists, contiguous memory, register space, error log entries.

use super::routines;
use crate::abi::{import, write};
use super::{TAG, cell, own, pool, raise, routine};

/// Bits of `POOL_TYPE`.
const PAGED: u64 = 1;
const MUST_SUCCEED: u64 = 2;

/// An hour from now.
const LATER: i64 = -36_000_000_000;

fn contiguous(len: u64) -> u64 {
    import!(MmAllocateContiguousMemory, len, u64::MAX)
}

fn lookaside(list: u64) {
    import!(ExInitializeNPagedLookasideList, list, 0, 0, 0, 64, TAG, 0);
}

routines! {
    /// 0xC4/0x00.
    allocating_nothing { import!(ExAllocatePoolWithTag, 0, 0, TAG) }
    /// 0xC4/0x01.
    allocating_paged_pool_raised {
        raise(2);
        import!(ExAllocatePoolWithTag, PAGED, 16, TAG)
    }
    /// 0xC4/0x11.
    freeing_paged_pool_raised {
        let block = import!(ExAllocatePoolWithTag, PAGED, 16, TAG);
        raise(2);
        import!(ExFreePool, block)
    }
    /// 0xC2/0x9B.
    allocating_pool_with_no_tag {
        import!(ExAllocatePoolWithTag, 0, 16, 0)
    }
    /// 0xC2/0x9A.
    allocating_must_succeed_pool {
        import!(ExAllocatePoolWithTag, MUST_SUCCEED, 16, TAG)
    }
    /// 0xC2/0x46.
    freeing_null { import!(ExFreePool, 0) }
    /// 0xC2/0x0A.
    freeing_pool_with_another_tag {
        import!(ExFreePoolWithTag, pool(16), TAG + 1)
    }
    /// 0xC4/0x13.
    freeing_pool_twice {
        let block = pool(16);
        import!(ExFreePool, block);
        import!(ExFreePool, block)
    }
    /// 0xC4/0x10.
    freeing_contiguous_memory_as_pool { import!(ExFreePool, contiguous(4096)) }
    /// 0xC4/0x53.
    writing_past_pool {
        let block = pool(16);
        write(block + 16, 0_u8);
        import!(ExFreePool, block)
    }

    /// 0xC7/0x00.
    freeing_a_set_timer {
        let timer = pool(64);
        import!(KeInitializeTimer, timer);
        import!(KeSetTimer, timer, LATER.cast_unsigned(), 0);
        import!(ExFreePool, timer)
    }
    /// 0xC7/0x01.
    freeing_a_queued_dpc {
        let dpc = pool(64);
        raise(2);
        import!(KeInitializeDpc, dpc, routine(), 0);
        import!(KeInsertQueueDpc, dpc, 0, 0);
        import!(ExFreePool, dpc)
    }
    /// 0xC4/0x100B.
    freeing_a_held_lock {
        let lock = pool(64);
        import!(KeAcquireSpinLockRaiseToDpc, lock);
        import!(ExFreePool, lock)
    }
    /// 0xE4/0x00.
    freeing_a_queued_executive_item {
        let item = pool(64);
        write(item + 16, routine());
        raise(2);
        import!(ExQueueWorkItem, item, 1);
        import!(ExFreePool, item)
    }
    /// 0xC4/0xE1.
    freeing_what_a_thread_waits_for {
        let event = pool(64);
        import!(KeInitializeEvent, event, 0, 0);
        super::spawn(1, move || {
            import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
        });
        super::pause();
        import!(ExFreePool, event)
    }
    /// 0xC4/0xCC.
    freeing_an_active_lookaside_list {
        let list = pool(128);
        lookaside(list);
        import!(ExFreePool, list)
    }
    /// 0xC4/0xD2.
    freeing_an_active_resource {
        let resource = pool(128);
        import!(ExInitializeResourceLite, resource);
        import!(ExFreePool, resource)
    }

    /// A lookaside list on an odd address.
    a_misaligned_lookaside_list {
        lookaside(own(136) + 8);
    }
    /// 0xC4/0xCA.
    initialising_a_lookaside_list_twice {
        let list = own(128);
        lookaside(list);
        lookaside(list);
    }
    /// 0xC4/0xCB.
    deleting_a_lookaside_list_that_is_none {
        import!(ExDeleteNPagedLookasideList, own(128))
    }
    /// 0xC4/0xCD.
    a_lookaside_list_of_small_blocks {
        import!(ExInitializeNPagedLookasideList, own(128), 0, 0, 0, 4, TAG, 0)
    }
    /// Contiguous memory of zero bytes.
    allocating_no_contiguous_memory { contiguous(0) }
    /// 0xC4/0x16.
    freeing_contiguous_memory_twice {
        let block = contiguous(4096);
        import!(MmFreeContiguousMemory, block);
        import!(MmFreeContiguousMemory, block)
    }
    /// 0xC4/0x13F.
    freeing_noncached_memory_with_another_length {
        let block = import!(MmAllocateNonCachedMemory, 64);
        import!(MmFreeNonCachedMemory, block, 32)
    }
    /// Register space of zero bytes.
    mapping_nothing { import!(MmMapIoSpace, 0xFEB0_0000, 0, 0) }
    /// Register space unmapped that is not mapped.
    unmapping_what_is_not_mapped {
        import!(MmUnmapIoSpace, 0x1000, 0x1000)
    }
    /// Register space unmapped in part.
    unmapping_a_part {
        let base = registers();
        import!(MmUnmapIoSpace, base, 0x1000)
    }
    /// An error log entry written twice.
    writing_an_error_log_entry_twice {
        let entry = import!(IoAllocateErrorLogEntry, super::driver_object(), 48);
        import!(IoWriteErrorLogEntry, entry);
        import!(IoWriteErrorLogEntry, entry)
    }
}

/// Registers of a device, mapped.
fn registers() -> u64 {
    super::pdo();
    import!(MmMapIoSpace, 0xC000_0000, 0x2000, 0)
}

/// Memory of every kind, given back.
pub fn sound() {
    for (kind, len) in [(0, 64), (PAGED, 64)] {
        let block = import!(ExAllocatePoolWithTag, kind, len, TAG);
        import!(ExFreePoolWithTag, block, TAG);
    }
    let list = pool(128);
    lookaside(list);
    import!(ExDeleteNPagedLookasideList, list);
    import!(ExFreePool, list);
    import!(MmFreeContiguousMemory, contiguous(8192));
    let block = import!(MmAllocateNonCachedMemory, 64);
    import!(MmFreeNonCachedMemory, block, 64);
    let base = registers();
    import!(MmUnmapIoSpace, base, 0x2000);
    let entry = import!(IoAllocateErrorLogEntry, super::driver_object(), 48);
    import!(IoWriteErrorLogEntry, entry);
    let timer = pool(64);
    import!(KeInitializeTimer, timer);
    import!(KeSetTimer, timer, LATER.cast_unsigned(), 0);
    import!(KeCancelTimer, timer);
    import!(ExFreePool, timer);
    import!(KeDelayExecutionThread, 0, 0, cell(-10));
}
