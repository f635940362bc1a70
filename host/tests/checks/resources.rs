//! What is left behind, and memory that is misused.

crate::mutants! {
    /// NDIS-HALT-02.
    keeping_memory: KeepsMemory is HALT_LEFT_MEMORY;
    /// NDIS-HALT-02.
    keeping_an_mdl: KeepsMdl is HALT_LEFT_MEMORY;
    /// NDIS-HALT-02.
    keeping_an_nbl_pool: KeepsPool is HALT_LEFT_NBL_POOL;
    /// NDIS-HALT-02.
    keeping_an_nb_pool: KeepsNbPool is HALT_LEFT_NB_POOL;
    /// NDIS-HALT-02.
    keeping_a_read_write_lock: KeepsRwLock is HALT_LEFT_RW_LOCK;
    /// NDIS-HALT-02.
    keeping_a_work_item: KeepsWorkItem is HALT_LEFT_WORK_ITEM;
    /// NDIS-CFG-05.
    keeping_a_configuration_handle: KeepsConfiguration is HALT_LEFT_CONFIGURATION;
    /// NDIS-HALT-05, 0x7C/0x09.
    keeping_a_timer: KeepsTimer is HALT_LEFT_TIMER;
    /// NDIS-HALT-03, 0x7C/0x08.
    keeping_an_interrupt: KeepsInterrupt is HALT_LEFT_INTERRUPT;
    /// NDIS-HALT-10.
    keeping_the_dma_registration: KeepsDma is HALT_LEFT_SG;
    /// NDIS-HALT-10.
    keeping_shared_memory: KeepsSharedMemory is HALT_LEFT_SHARED;
    /// NDIS-INIT-19.
    keeping_registers_mapped: KeepsMapping is HALT_LEFT_MAPPING;
    /// NDIS-HALT-01, 0x7C/0x27.
    keeping_a_send: KeepsLateSend is LEFT_NBLS;
    /// NDIS-INIT-11.
    failing_the_initialization_with_memory_left: FailsKeepingMemory is INIT_LEFT;
    /// NDIS-INIT-11, 0x7C/0x0B.
    failing_the_initialization_with_an_interrupt_left: FailsKeepingInterrupt is INIT_LEFT_INTERRUPT;
    /// NDIS-INIT-11, 0x7C/0x0C.
    failing_the_initialization_with_a_timer_left: FailsKeepingTimer is INIT_LEFT_TIMER;
    /// `Init_NdisAllocateIoWorkItem`.
    failing_the_initialization_with_a_work_item_left: FailsKeepingWorkItem is INIT_LEFT_WORK_ITEM;
    /// `Init_RegisterSG`.
    failing_the_initialization_with_dma_left: FailsKeepingDma is INIT_LEFT_SG;
    /// NDIS-INIT-12, `WriteErrorLog`.
    failing_the_initialization_unlogged: FailsUnlogged is INIT_ERROR_LOG;
    /// NDIS-PNP-05.
    failing_to_add_with_memory_left: FailsAddLeaking is PNP_ADD_LEAK;
    /// NDIS-REG-14.
    keeping_memory_at_unload: KeepsMemoryAtUnload is UNLOAD_LEAK;

    /// Freed twice.
    freeing_memory_twice: FreesTwice is POOL_TWICE in "NdisFreeMemory";
    /// Freed with another tag than it was allocated with.
    freeing_with_a_wrong_tag: FreesWithWrongTag is POOL_WRONG_TAG in "NdisFreeMemoryWithTagPriority";
    /// One byte past the end.
    writing_past_a_block: WritesPastBlock is POOL_OVERRUN in "NdisFreeMemoryWithTagPriority";
    /// Without a tag.
    allocating_without_a_tag: AllocatesWithoutTag is TAG in "NdisAllocateMemoryWithTagPriority";
    /// `NdisAllocateMdl`.
    freeing_an_mdl_twice: FreesMdlTwice is MDL_PAIR in "NdisFreeMdl";
    /// `NdisAllocateGenericObject`.
    freeing_a_generic_object_twice: FreesGenericTwice is GENERIC_OBJECT in "NdisFreeGenericObject";
    /// An NBL freed twice.
    freeing_an_nbl_twice: FreesNblTwice is NBL_FREED in "NdisFreeNetBufferList";
    /// `NdisAllocateNetBuffer`.
    freeing_an_nb_twice: FreesNbTwice is NB_FREED in "NdisFreeNetBuffer";
    /// An NB advanced beyond its data.
    advancing_an_nb_too_far: AdvancesTooFar is NB_ADVANCED in "NdisAdvanceNetBufferDataStart";
    /// A pool freed with NBLs of it allocated.
    freeing_a_pool_in_use: FreesPoolInUse is POOL_IN_USE in "NdisFreeNetBufferListPool";
    /// An NB from a pool of NBLs alone.
    taking_an_nb_from_a_pool_without: TakesNbFromListPool is POOL_WITHOUT_NBS in "NdisAllocateNetBufferAndNetBufferList";
    /// NDIS-HALT-10.
    freeing_shared_memory_with_a_wrong_length: FreesSharedWithWrongLength is SHARED_OTHERWISE in "NdisMFreeSharedMemory";
    /// 0x7C/0x03.
    freeing_shared_memory_twice: FreesSharedTwice is SHARED_TWICE in "NdisMFreeSharedMemory";
    /// 0x7C/0x02.
    writing_past_shared_memory: WritesPastShared is SHARED_OVERRUN in "NdisMFreeSharedMemory";
    /// NDIS-INIT-19.
    unmapping_with_a_wrong_length: UnmapsWrongLength is UNMAP_LENGTH in "NdisMUnmapIoSpace";
    /// NDIS-INIT-19.
    unmapping_twice: UnmapsTwice is UNMAP_TWICE in "NdisMUnmapIoSpace";
    /// NDIS-DMA-09.
    freeing_a_list_twice: FreesListTwice is SG_FREED in "NdisMFreeNetBufferSGList";
    /// NDIS-DMA-09.
    keeping_a_list: KeepsList is SG_LEFT in "NdisMDeregisterScatterGatherDma";
    /// NDIS-DMA-09.
    completing_a_send_with_its_list: CompletesMapped is SG_COMPLETED in "NdisMSendNetBufferListsComplete";
    /// A list for an NB that has one.
    mapping_an_nb_twice: MapsTwice is SG_TWICE in "NdisMAllocateNetBufferSGList";
    /// A list of memory that is no RAM.
    mapping_stray_memory: MapsStray is SG_MEMORY in "NdisMAllocateNetBufferSGList";
    /// NDIS-DMA-15.
    mapping_too_much: MapsTooMuch is SG_LENGTH in "NdisMAllocateNetBufferSGList";
    /// NDIS-DMA-08.
    mapping_a_send_for_reading: ForgetsDirection is SG_DIRECTION in "NdisMAllocateNetBufferSGList";
    /// `CancelTimerObject`.
    freeing_a_timer_that_is_set: FreesSetTimer is TIMER_FREED in "NdisFreeTimerObject";
    /// A timer without a function.
    a_timer_without_a_function: MakesIdleTimer is TIMER_FUNCTION in "NdisAllocateTimerObject";
    /// A timer with a period of more than `MAXLONG`.
    a_timer_with_a_negative_period: SetsNegativePeriod is TIMER_PERIOD in "NdisSetTimerObject";
    /// An NBL's context of ten bytes.
    a_misaligned_context: MisalignsContext is NBL_CONTEXT in "NdisAllocateNetBufferAndNetBufferList";
    /// `PeriodicTimer`.
    cancelling_a_periodic_timer_raised: CancelsPeriodicRaised is PERIODIC_TIMER in "NdisCancelTimerObject";
    /// NDIS-WI-02.
    freeing_a_queued_work_item: FreesQueued is WORK_FREED in "NdisFreeIoWorkItem";
}
