//! What is left behind, and memory that is misused.

crate::mutants! {
    /// NDIS-HALT-02.
    keeping_memory: KeepsMemory is HALT_LEAK;
    /// NDIS-HALT-02.
    keeping_an_nbl_pool: KeepsPool is HALT_LEAK;
    /// NDIS-HALT-02.
    keeping_a_work_item: KeepsWorkItem is HALT_LEAK;
    /// NDIS-CFG-05.
    keeping_a_configuration_handle: KeepsConfiguration is HALT_LEAK;
    /// NDIS-HALT-05, 0x7C/0x09.
    keeping_a_timer: KeepsTimer is TIMER_LEFT;
    /// NDIS-HALT-03, 0x7C/0x08.
    keeping_an_interrupt: KeepsInterrupt is INTERRUPT_LEFT;
    /// NDIS-HALT-10.
    keeping_the_dma_registration: KeepsDma is HALT_LEAK;
    /// NDIS-HALT-10.
    keeping_shared_memory: KeepsSharedMemory is HALT_LEAK;
    /// NDIS-INIT-19.
    keeping_registers_mapped: KeepsMapping is HALT_LEAK;
    /// NDIS-HALT-02.
    keeping_an_mdl: KeepsMdl is HALT_LEAK;
    /// NDIS-INIT-11.
    failing_the_initialization_with_memory_left: FailsInitializationLeaking is INIT_LEAK;
    /// NDIS-INIT-11, 0x7C/0x0B.
    failing_the_initialization_with_an_interrupt_left: FailsInitializationConnected is INTERRUPT_LEFT;
    /// NDIS-REG-14.
    keeping_memory_at_unload: KeepsMemoryAtUnload is UNLOAD_LEAK;
    /// NDIS-REG-12.
    staying_registered: StaysRegistered is ORDER;

    /// Freed twice.
    freeing_memory_twice: FreesTwice is MEMORY in "NdisFreeMemory";
    /// Freed with another tag than it was allocated with.
    freeing_with_a_wrong_tag: FreesWithWrongTag is MEMORY in "NdisFreeMemoryWithTagPriority";
    /// Freed as an MDL.
    freeing_as_something_else: FreesAsOtherKind is MEMORY in "NdisFreeMdl";
    /// One byte past the end.
    writing_past_a_block: WritesPastBlock is MEMORY in "NdisFreeMemory";
    /// Without a tag.
    allocating_without_a_tag: AllocatesWithoutTag is TAG in "NdisAllocateMemoryWithTagPriority";
    /// NDIS-HALT-10.
    freeing_shared_memory_with_a_wrong_length: FreesSharedWithWrongLength is MEMORY in "NdisMFreeSharedMemory";
    /// 0x7C/0x03.
    freeing_shared_memory_twice: FreesSharedTwice is MEMORY in "NdisMFreeSharedMemory";
    /// NDIS-INIT-19.
    unmapping_with_a_wrong_length: UnmapsWrongLength is MEMORY in "NdisMUnmapIoSpace";
    /// NDIS-DMA-09.
    freeing_a_list_twice: FreesListTwice is SG_LIST in "NdisMFreeNetBufferSGList";
    /// NDIS-DMA-09.
    keeping_a_list: KeepsList is SG_LIST in "NdisMDeregisterScatterGatherDma";
    /// NDIS-RECV-14.
    freeing_a_pool_in_use: FreesPoolInUse is NBL_LEAK in "NdisFreeNetBufferListPool";
    /// NDIS-HALT-05.
    freeing_a_timer_that_is_set: FreesSetTimer is TIMER_LEFT in "NdisFreeTimerObject";
}
