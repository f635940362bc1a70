//! Order, handles, object headers, status indications, interrupts.

crate::mutants! {
    /// NDIS-INIT-02.
    mapping_before_registering: MapsBeforeRegistering is INIT_REGISTRATION in "NdisMMapIoSpace";
    /// `NdisMRegisterIoPortRange`.
    a_port_range_before_registering: RangesBeforeRegistering is INIT_PORT_RANGE in "NdisMRegisterIoPortRange";
    /// NDIS-INIT-03.
    general_attributes_first: DescribesBeforeRegistering is INIT_GENERAL in "NdisMSetMiniportAttributes";
    /// NDIS-INIT-03.
    offload_attributes_first: OffloadsBeforeDescribing is INIT_OFFLOAD in "NdisMSetMiniportAttributes";
    /// NDIS-INIT-04.
    no_general_attributes: DoesNotDescribe is INIT_SUCCESS;
    /// Attributes set while the adapter runs.
    registering_attributes_later: RegistersLate is INIT_LATE in "NdisMSetMiniportAttributes";
    /// Attributes of no type.
    attributes_of_no_type: SendsUnknownAttributes is INIT_ATTRIBUTES in "NdisMSetMiniportAttributes";
    /// An address of eight bytes on Ethernet.
    an_address_of_eight_bytes: HasLongAddress is INIT_MAC in "NdisMSetMiniportAttributes";
    /// NDIS-PNP-03.
    add_device_attributes_later: AddsLate is PNP_ATTRIBUTES in "NdisMSetMiniportAttributes";
    /// NDIS-INIT-08.
    sharing_memory_before_dma: SharesBeforeDma is INIT_SHARED in "NdisMAllocateSharedMemory";
    /// NDIS-INIT-19.
    mapping_registers_later: MapsOutsideInitialize is INIT_MAP in "NdisMMapIoSpace";
    /// NDIS-INIT-19.
    unmapping_registers_early: UnmapsEarly is INIT_UNMAP in "NdisMUnmapIoSpace";
    /// NDIS-DMA-11.
    sharing_memory_later: SharesOutsideInitialize is SHARED_LATE in "NdisMAllocateSharedMemory";
    /// NDIS-DMA-01.
    registering_dma_later: RegistersDmaLate is DMA_LATE in "NdisMRegisterScatterGatherDma";
    /// NDIS-DMA-01.
    dma_without_a_bus_master: DeclaresNoBusMaster is DMA_BUS_MASTER in "NdisMRegisterScatterGatherDma";
    /// NDIS-INT-01.
    registering_an_interrupt_later: ConnectsOutsideInitialize is INTERRUPT_LATE in "NdisMRegisterInterruptEx";
    /// NDIS-PAUSE-11.
    deregistering_an_interrupt_in_a_pause: DisconnectsInPause is INTERRUPT_EARLY in "NdisMDeregisterInterruptEx";
    /// NDIS-INT-02.
    no_handler_to_disable_interrupts: LacksInterruptHandler is INTERRUPT_HANDLERS in "NdisMRegisterInterruptEx";
    /// NDIS-INT-04.
    writing_the_message_table: WritesMessageTable is INTERRUPT_TABLE in "NdisMDeregisterInterruptEx";
    /// NDIS-INT-05.
    claiming_anothers_interrupt: ClaimsForeign is INTERRUPT_CLAIMED;
    /// NDIS-INT-07.
    naming_target_processors: UsesTargets is INTERRUPT_TARGETS;
    /// NDIS-INT-09.
    disowning_a_message: DisownsMessage is INTERRUPT_MESSAGE;
    /// NDIS-INT-13.
    synchronizing_with_no_interrupt: SynchronizesLate is INTERRUPT_SYNCHRONIZED in "NdisMSynchronizeWithInterruptEx";

    /// NDIS-PNP-01, 0x7C/0x21.
    short_pnp_characteristics: SendsShortPnp is PNP_HEADER in "NdisSetOptionalHandlers";
    /// NDIS-INIT-06, 0x7C/0x21.
    a_header_of_no_revision: SendsOldRevision is INIT_REGISTRATION_HEADER in "NdisMSetMiniportAttributes";
    /// NDIS-INIT-05, 0x7C/0x21.
    general_attributes_of_an_old_revision: SendsOldGeneral is INIT_GENERAL_HEADER in "NdisMSetMiniportAttributes";
    /// NDIS-INT-02, 0x7C/0x21.
    short_interrupt_characteristics: SendsShortInterrupt is INTERRUPT_HEADER in "NdisMRegisterInterruptEx";
    /// 0x7C/0x21.
    a_short_dma_description: SendsShortSg is DMA_HEADER in "NdisMRegisterScatterGatherDma";
    /// 0x7C/0x21.
    short_timer_characteristics: SendsShortTimer is TIMER_HEADER in "NdisAllocateTimerObject";
    /// 0x7C/0x21.
    a_short_configuration_object: SendsShortConfiguration is CONFIGURATION_HEADER in "NdisOpenConfigurationEx";
    /// 0x7C/0x21.
    short_nbl_pool_parameters: SendsShortNblPool is NBL_POOL_HEADER in "NdisAllocateNetBufferListPool";
    /// 0x7C/0x21.
    short_nb_pool_parameters: SendsShortNbPool is NB_POOL_HEADER in "NdisAllocateNetBufferPool";
    /// NDIS-STAT-01, 0x7C/0x21.
    a_short_status_indication: IndicatesShortHeader is STATUS_HEADER in "NdisMIndicateStatusEx";

    /// A driver handle that is none.
    a_driver_handle_that_is_none: UsesStrangeDriver is HANDLE_DRIVER in "NdisMDeregisterMiniportDriver";
    /// A handle that is none.
    a_handle_that_is_none: UsesStrangeHandle is HANDLE_ADAPTER in "NdisMSetMiniportAttributes";
    /// A timer that was freed.
    a_timer_that_was_freed: UsesFreedTimer is HANDLE_TIMER in "NdisSetTimerObject";
    /// A work item that was freed.
    a_work_item_that_was_freed: UsesFreedWorkItem is HANDLE_WORK_ITEM in "NdisQueueIoWorkItem";
    /// `NdisOpenConfigurationEx`.
    a_configuration_closed_twice: UsesClosedConfiguration is HANDLE_CONFIGURATION in "NdisCloseConfiguration";
    /// A DMA handle that was deregistered.
    a_dma_handle_that_is_gone: UsesFreedDma is HANDLE_DMA in "NdisMDeregisterScatterGatherDma";
    /// An interrupt deregistered twice.
    an_interrupt_that_is_gone: DisconnectsTwice is HANDLE_INTERRUPT in "NdisMDeregisterInterruptEx";
    /// A pool that was freed.
    a_pool_that_was_freed: UsesFreedPool is HANDLE_POOL in "NdisAllocateNetBufferList";
    /// A read/write lock that was freed.
    a_read_write_lock_that_was_freed: UsesFreedRwLock is HANDLE_RW_LOCK in "NdisFreeRWLock";

    /// NDIS-HALT-09.
    a_status_after_the_halt: IndicatesStatusAfterHalt is STATUS_HALTED in "NdisMIndicateStatusEx";
    /// NDIS-RESET-07.
    a_reset_indicated_by_the_driver: IndicatesReset is RESET_STATUS in "NdisMIndicateStatusEx";
    /// NDIS-STAT-02.
    a_link_state_that_is_too_short: IndicatesShortLink is LINK_SIZE in "NdisMIndicateStatusEx";
    /// NDIS-STAT-02.
    a_link_state_twice: RepeatsLink is LINK_REPEATED in "NdisMIndicateStatusEx";
    /// NDIS-STAT-01.
    a_status_in_anothers_name: IndicatesOthersStatus is STATUS_SOURCE in "NdisMIndicateStatusEx";
    /// NDIS-STAT-01, 0x7C/0x20.
    a_status_without_its_buffer: IndicatesNoBuffer is STATUS_BUFFER in "NdisMIndicateStatusEx";
    /// NDIS-STAT-01, 0x7C/0x20.
    a_status_with_flags: IndicatesFlags is STATUS_FLAGS in "NdisMIndicateStatusEx";
}
