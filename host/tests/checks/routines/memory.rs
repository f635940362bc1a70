//! Pool, what is freed in use, lookaside lists, contiguous memory, register space, error log entries.

crate::routines::broken! {
    /// 0xC4/0x00.
    allocating_nothing: POOL_ZERO in "ExAllocatePoolWithTag";
    /// 0xC4/0x01.
    allocating_paged_pool_raised: POOL_PAGED in "ExAllocatePoolWithTag";
    /// 0xC4/0x11.
    freeing_paged_pool_raised: POOL_PAGED_FREED in "ExFreePool";
    /// 0xC2/0x9B.
    allocating_pool_with_no_tag: POOL_TAG in "ExAllocatePoolWithTag";
    /// 0xC2/0x9A.
    allocating_must_succeed_pool: POOL_MUST_SUCCEED in "ExAllocatePoolWithTag";
    /// 0xC2/0x46.
    freeing_null: POOL_NULL in "ExFreePool";
    /// 0xC2/0x0A.
    freeing_pool_with_another_tag: POOL_WRONG_TAG in "ExFreePoolWithTag";
    /// 0xC4/0x13.
    freeing_pool_twice: POOL_TWICE in "ExFreePool";
    /// 0xC4/0x10.
    freeing_contiguous_memory_as_pool: POOL_KIND in "ExFreePool";
    /// 0xC4/0x53.
    writing_past_pool: POOL_OVERRUN in "ExFreePool";
    /// 0xC7/0x00.
    freeing_a_set_timer: FREED_TIMER in "ExFreePool";
    /// 0xC7/0x01.
    freeing_a_queued_dpc: FREED_DPC in "ExFreePool";
    /// 0xC4/0x100B.
    freeing_a_held_lock: FREED_LOCK in "ExFreePool";
    /// 0xE4/0x00.
    freeing_a_queued_executive_item: FREED_WORK_ITEM in "ExFreePool";
    /// 0xC4/0xE1.
    freeing_what_a_thread_waits_for: FREED_WAITED in "ExFreePool";
    /// 0xC4/0xCC.
    freeing_an_active_lookaside_list: FREED_LOOKASIDE in "ExFreePool";
    /// 0xC4/0xD2.
    freeing_an_active_resource: FREED_RESOURCE in "ExFreePool";
    /// A lookaside list on an odd address.
    a_misaligned_lookaside_list: LOOKASIDE_ALIGNMENT in "ExInitializeNPagedLookasideList";
    /// 0xC4/0xCA.
    initialising_a_lookaside_list_twice: LOOKASIDE_REINITIALIZED in "ExInitializeNPagedLookasideList";
    /// 0xC4/0xCB.
    deleting_a_lookaside_list_that_is_none: LOOKASIDE_DELETED in "ExDeleteNPagedLookasideList";
    /// 0xC4/0xCD.
    a_lookaside_list_of_small_blocks: LOOKASIDE_SIZE in "ExInitializeNPagedLookasideList";
    /// Contiguous memory of zero bytes.
    allocating_no_contiguous_memory: CONTIGUOUS_ZERO in "MmAllocateContiguousMemory";
    /// 0xC4/0x16.
    freeing_contiguous_memory_twice: CONTIGUOUS_FREED in "MmFreeContiguousMemory";
    /// 0xC4/0x13F.
    freeing_noncached_memory_with_another_length: NONCACHED_FREED in "MmFreeNonCachedMemory";
    /// Register space of zero bytes.
    mapping_nothing: IO_SPACE_ZERO in "MmMapIoSpace";
    /// Register space unmapped that is not mapped.
    unmapping_what_is_not_mapped: IO_SPACE_UNMAPPED in "MmUnmapIoSpace";
    /// Register space unmapped in part.
    unmapping_a_part: IO_SPACE_LENGTH in "MmUnmapIoSpace";
    /// An error log entry written twice.
    writing_an_error_log_entry_twice: ERROR_LOG_ENTRY in "IoWriteErrorLogEntry";
}
