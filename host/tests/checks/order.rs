//! Order, handles, object headers, status indications.

crate::mutants! {
    /// NDIS-INIT-03.
    general_attributes_first: DescribesBeforeRegistering is ORDER in "NdisMSetMiniportAttributes";
    /// NDIS-INIT-04.
    no_general_attributes: DoesNotDescribe is ORDER;
    /// NDIS-INIT-19.
    mapping_registers_later: MapsOutsideInitialize is ORDER in "NdisMMapIoSpace";
    /// NDIS-DMA-11.
    sharing_memory_later: SharesOutsideInitialize is ORDER in "NdisMAllocateSharedMemory";
    /// NDIS-INT-01.
    registering_an_interrupt_later: ConnectsOutsideInitialize is ORDER in "NdisMRegisterInterruptEx";
    /// NDIS-REG-08.
    setting_optional_handlers_later: SetsHandlersLate is ORDER in "NdisSetOptionalHandlers";
    /// NDIS-REG-03, 0x7C/0x21.
    a_header_of_a_wrong_type: SendsWrongType is OBJECT_HEADER in "NdisMRegisterMiniportDriver";
    /// NDIS-INIT-06, 0x7C/0x21.
    a_header_of_no_revision: SendsOldRevision is OBJECT_HEADER in "NdisMSetMiniportAttributes";
    /// A handle that is none.
    a_handle_that_is_none: UsesStrangeHandle is HANDLE in "NdisMSetMiniportAttributes";
    /// NDIS-TMR-02.
    a_timer_that_was_freed: UsesFreedTimer is HANDLE in "NdisSetTimerObject";
    /// NDIS-INT-13.
    synchronizing_with_no_interrupt: SynchronizesLate is HANDLE in "NdisMSynchronizeWithInterruptEx";
    /// NDIS-HALT-09.
    a_status_after_the_halt: IndicatesStatusAfterHalt is STATUS_INDICATION in "NdisMIndicateStatusEx";
    /// NDIS-RESET-07.
    a_reset_indicated_by_the_driver: IndicatesReset is STATUS_INDICATION in "NdisMIndicateStatusEx";
    /// NDIS-STAT-02.
    a_link_state_that_is_too_short: IndicatesShortLink is STATUS_INDICATION in "NdisMIndicateStatusEx";
    /// NDIS-STAT-01.
    a_status_in_anothers_name: IndicatesOthersStatus is STATUS_INDICATION in "NdisMIndicateStatusEx";
}
