//! Pool, what is freed in use, lookaside lists, contiguous memory, register space, error log entries.

use super::{TAG, broken, cell, k, own, pool, raise, routine};
use ferrite_host::abi::write;

/// Bits of `POOL_TYPE`.
const PAGED: u64 = 1;
const MUST_SUCCEED: u64 = 2;

/// An hour from now.
const LATER: i64 = -36_000_000_000;

fn contiguous(len: u64) -> u64 {
    k("MmAllocateContiguousMemory", &[len, u64::MAX])
}

fn lookaside(list: u64) {
    k("ExInitializeNPagedLookasideList", &[list, 0, 0, 0, 64, TAG, 0]);
}

broken! {
    /// 0xC4/0x00.
    allocating_nothing: POOL_ZERO in "ExAllocatePoolWithTag" { k("ExAllocatePoolWithTag", &[0, 0, TAG]) }
    /// 0xC4/0x01.
    allocating_paged_pool_raised: POOL_PAGED in "ExAllocatePoolWithTag" {
        raise(2);
        k("ExAllocatePoolWithTag", &[PAGED, 16, TAG])
    }
    /// 0xC4/0x11.
    freeing_paged_pool_raised: POOL_PAGED_FREED in "ExFreePool" {
        let block = k("ExAllocatePoolWithTag", &[PAGED, 16, TAG]);
        raise(2);
        k("ExFreePool", &[block])
    }
    /// 0xC2/0x9B.
    allocating_pool_with_no_tag: POOL_TAG in "ExAllocatePoolWithTag" {
        k("ExAllocatePoolWithTag", &[0, 16, 0])
    }
    /// 0xC2/0x9A.
    allocating_must_succeed_pool: POOL_MUST_SUCCEED in "ExAllocatePoolWithTag" {
        k("ExAllocatePoolWithTag", &[MUST_SUCCEED, 16, TAG])
    }
    /// 0xC2/0x46.
    freeing_null: POOL_NULL in "ExFreePool" { k("ExFreePool", &[0]) }
    /// 0xC2/0x0A.
    freeing_pool_with_another_tag: POOL_WRONG_TAG in "ExFreePoolWithTag" {
        k("ExFreePoolWithTag", &[pool(16), TAG + 1])
    }
    /// 0xC4/0x13.
    freeing_pool_twice: POOL_TWICE in "ExFreePool" {
        let block = pool(16);
        k("ExFreePool", &[block]);
        k("ExFreePool", &[block])
    }
    /// 0xC4/0x10.
    freeing_contiguous_memory_as_pool: POOL_KIND in "ExFreePool" { k("ExFreePool", &[contiguous(4096)]) }
    /// 0xC4/0x53.
    writing_past_pool: POOL_OVERRUN in "ExFreePool" {
        let block = pool(16);
        write(block + 16, 0_u8);
        k("ExFreePool", &[block])
    }

    /// 0xC7/0x00.
    freeing_a_set_timer: FREED_TIMER in "ExFreePool" {
        let timer = pool(64);
        k("KeInitializeTimer", &[timer]);
        k("KeSetTimer", &[timer, LATER.cast_unsigned(), 0]);
        k("ExFreePool", &[timer])
    }
    /// 0xC7/0x01.
    freeing_a_queued_dpc: FREED_DPC in "ExFreePool" {
        let dpc = pool(64);
        raise(2);
        k("KeInitializeDpc", &[dpc, routine(), 0]);
        k("KeInsertQueueDpc", &[dpc, 0, 0]);
        k("ExFreePool", &[dpc])
    }
    /// 0xC4/0x100B.
    freeing_a_held_lock: FREED_LOCK in "ExFreePool" {
        let lock = pool(64);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
        k("ExFreePool", &[lock])
    }
    /// 0xE4/0x00.
    freeing_a_queued_executive_item: FREED_WORK_ITEM in "ExFreePool" {
        let item = pool(64);
        write(item + 16, routine());
        raise(2);
        k("ExQueueWorkItem", &[item, 1]);
        k("ExFreePool", &[item])
    }
    /// 0xC4/0xE1.
    freeing_what_a_thread_waits_for: FREED_WAITED in "ExFreePool" {
        let event = pool(64);
        k("KeInitializeEvent", &[event, 0, 0]);
        ferrite_host::world::world().sched.spawn("waiter", 1, move || {
            k("KeWaitForSingleObject", &[event, 0, 0, 0, 0]);
        });
        super::pause();
        k("ExFreePool", &[event])
    }
    /// 0xC4/0xCC.
    freeing_an_active_lookaside_list: FREED_LOOKASIDE in "ExFreePool" {
        let list = pool(128);
        lookaside(list);
        k("ExFreePool", &[list])
    }
    /// 0xC4/0xD2.
    freeing_an_active_resource: FREED_RESOURCE in "ExFreePool" {
        let resource = pool(128);
        k("ExInitializeResourceLite", &[resource]);
        k("ExFreePool", &[resource])
    }

    /// A lookaside list on an odd address.
    a_misaligned_lookaside_list: LOOKASIDE_ALIGNMENT in "ExInitializeNPagedLookasideList" {
        lookaside(own(136) + 8);
    }
    /// 0xC4/0xCA.
    initialising_a_lookaside_list_twice: LOOKASIDE_REINITIALIZED in "ExInitializeNPagedLookasideList" {
        let list = own(128);
        lookaside(list);
        lookaside(list);
    }
    /// 0xC4/0xCB.
    deleting_a_lookaside_list_that_is_none: LOOKASIDE_DELETED in "ExDeleteNPagedLookasideList" {
        k("ExDeleteNPagedLookasideList", &[own(128)])
    }
    /// 0xC4/0xCD.
    a_lookaside_list_of_small_blocks: LOOKASIDE_SIZE in "ExInitializeNPagedLookasideList" {
        k("ExInitializeNPagedLookasideList", &[own(128), 0, 0, 0, 4, TAG, 0])
    }
    /// Contiguous memory of zero bytes.
    allocating_no_contiguous_memory: CONTIGUOUS_ZERO in "MmAllocateContiguousMemory" { contiguous(0) }
    /// 0xC4/0x16.
    freeing_contiguous_memory_twice: CONTIGUOUS_FREED in "MmFreeContiguousMemory" {
        let block = contiguous(4096);
        k("MmFreeContiguousMemory", &[block]);
        k("MmFreeContiguousMemory", &[block])
    }
    /// 0xC4/0x13F.
    freeing_noncached_memory_with_another_length: NONCACHED_FREED in "MmFreeNonCachedMemory" {
        let block = k("MmAllocateNonCachedMemory", &[64]);
        k("MmFreeNonCachedMemory", &[block, 32])
    }
    /// Register space of zero bytes.
    mapping_nothing: IO_SPACE_ZERO in "MmMapIoSpace" { k("MmMapIoSpace", &[0xFEB0_0000, 0, 0]) }
    /// Register space unmapped that is not mapped.
    unmapping_what_is_not_mapped: IO_SPACE_UNMAPPED in "MmUnmapIoSpace" {
        k("MmUnmapIoSpace", &[0x1000, 0x1000])
    }
    /// Register space unmapped in part.
    unmapping_a_part: IO_SPACE_LENGTH in "MmUnmapIoSpace" {
        let base = registers();
        k("MmUnmapIoSpace", &[base, 0x1000])
    }
    /// An error log entry written twice.
    writing_an_error_log_entry_twice: ERROR_LOG_ENTRY in "IoWriteErrorLogEntry" {
        let entry = k("IoAllocateErrorLogEntry", &[super::driver_object(), 48]);
        k("IoWriteErrorLogEntry", &[entry]);
        k("IoWriteErrorLogEntry", &[entry])
    }
}

/// Registers of a device, mapped.
fn registers() -> u64 {
    super::pdo();
    k("MmMapIoSpace", &[0xC000_0000, 0x2000, 0])
}

/// Memory of every kind, given back.
pub fn sound() {
    for (kind, len) in [(0, 64), (PAGED, 64)] {
        let block = k("ExAllocatePoolWithTag", &[kind, len, TAG]);
        k("ExFreePoolWithTag", &[block, TAG]);
    }
    let list = pool(128);
    lookaside(list);
    k("ExDeleteNPagedLookasideList", &[list]);
    k("ExFreePool", &[list]);
    k("MmFreeContiguousMemory", &[contiguous(8192)]);
    let block = k("MmAllocateNonCachedMemory", &[64]);
    k("MmFreeNonCachedMemory", &[block, 64]);
    let base = registers();
    k("MmUnmapIoSpace", &[base, 0x2000]);
    let entry = k("IoAllocateErrorLogEntry", &[super::driver_object(), 48]);
    k("IoWriteErrorLogEntry", &[entry]);
    let timer = pool(64);
    k("KeInitializeTimer", &[timer]);
    k("KeSetTimer", &[timer, LATER.cast_unsigned(), 0]);
    k("KeCancelTimer", &[timer]);
    k("ExFreePool", &[timer]);
    k("KeDelayExecutionThread", &[0, 0, cell(-10)]);
}
