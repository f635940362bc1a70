//! IRQL: every family of functions above, or below, its level; levels that are not restored.

crate::routines::broken! {
    /// `Irql_Interrupt_Function`.
    registering_an_interrupt_raised: IRQL_INTERRUPT in "NdisMRegisterInterruptEx";
    /// `Irql_Miscellaneous_Function`.
    opening_a_configuration_raised: IRQL_MISCELLANEOUS in "NdisOpenConfigurationEx";
    /// `Irql_NetBuffer_Function`.
    allocating_an_nbl_raised: IRQL_NET_BUFFER in "NdisAllocateNetBufferList";
    /// `Irql_OID_Function`.
    completing_an_oid_raised: IRQL_OID in "NdisMOidRequestComplete";
    /// `Irql_SendRcv_Function`.
    completing_sends_raised: IRQL_SEND_RCV in "NdisMSendNetBufferListsComplete";
    /// `Irql_StatusIndication_Function`.
    indicating_a_status_raised: IRQL_STATUS in "NdisMIndicateStatusEx";
    /// `Irql_Synch_Function`.
    setting_an_event_raised: IRQL_SYNCH in "NdisSetEvent";
    /// `Irql_Timer_Function`.
    setting_a_timer_raised: IRQL_TIMER in "NdisSetTimerObject";
    /// NDIS-DMA-11, 0x7C/0x01.
    sharing_memory_raised: IRQL_SHARED_MEMORY in "NdisMAllocateSharedMemory";
    /// NDIS-INIT-13, 0x7C/0x14.
    waiting_for_an_event_raised: IRQL_WAIT_EVENT in "NdisWaitEvent";
    /// `IrqlDispatch`.
    locking_at_passive_level: IRQL_DISPATCH in "KeAcquireSpinLockAtDpcLevel";
    /// `IrqlExAllocatePool`.
    allocating_pool_raised: IRQL_EX_ALLOCATE_POOL in "ExAllocatePoolWithTag";
    /// `IrqlExFree1`.
    freeing_pool_raised: IRQL_EX_FREE_POOL in "ExFreePoolWithTag";
    /// `IrqlExApcLte1`.
    acquiring_a_fast_mutex_raised: IRQL_EX_FAST_MUTEX in "ExAcquireFastMutex";
    /// `IrqlExApcLte2`.
    registering_a_callback_raised: IRQL_EX_APC in "ExRegisterCallback";
    /// `IrqlExPassive`.
    creating_a_uuid_raised: IRQL_EX_PASSIVE in "ExUuidCreate";
    /// `IrqlIoApcLte`.
    deleting_a_device_raised: IRQL_IO_APC in "IoDeleteDevice";
    /// `IrqlIoPassive1`.
    creating_a_device_raised: IRQL_IO_PASSIVE1 in "IoCreateDevice";
    /// `IrqlIoPassive2`.
    connecting_raised: IRQL_IO_PASSIVE2 in "IoConnectInterrupt";
    /// `IrqlIoPassive3`.
    creating_a_link_raised: IRQL_IO_PASSIVE3 in "IoCreateSymbolicLink";
    /// `IrqlIoPassive4`.
    deleting_a_link_raised: IRQL_IO_PASSIVE4 in "IoDeleteSymbolicLink";
    /// `IrqlIoPassive5`.
    getting_a_dma_adapter_raised: IRQL_IO_PASSIVE5 in "IoGetDmaAdapter";
    /// `IrqlKeApcLte1`.
    delaying_raised: IRQL_KE_APC1 in "KeDelayExecutionThread";
    /// `IrqlKeApcLte2`.
    entering_a_region_raised: IRQL_KE_APC2 in "KeEnterCriticalRegion";
    /// `IrqlKeDispatchLte`.
    resetting_an_event_raised: IRQL_KE_DISPATCH in "KeResetEvent";
    /// `IrqlKeReleaseSpinLock`.
    unlocking_at_passive_level: IRQL_KE_RELEASE_SPIN_LOCK in "KeReleaseSpinLock";
    /// 0xC4/0x42.
    locking_raised: IRQL_KE_ACQUIRE_SPIN_LOCK in "KeAcquireSpinLockRaiseToDpc";
    /// `IrqlKeSetEvent`.
    setting_an_event_with_wait_raised: IRQL_KE_SET_EVENT in "KeSetEvent";
    /// `IrqlMmApcLte`.
    allocating_noncached_memory_raised: IRQL_MM_APC in "MmAllocateNonCachedMemory";
    /// 0xC4/0x73.
    mapping_raised: IRQL_MM_MAP in "MmMapIoSpace";
    /// 0xC4/0x7B.
    unmapping_raised: IRQL_MM_UNMAP in "MmUnmapIoSpace";
    /// 0xC4/0x78.
    unlocking_pages_raised: IRQL_MM_UNLOCK in "MmUnlockPages";
    /// `IrqlObPassive`.
    referencing_raised: IRQL_OB_PASSIVE in "ObReferenceObjectByHandle";
    /// `IrqlPsPassive`.
    creating_a_thread_raised: IRQL_PS_PASSIVE in "PsCreateSystemThread";
    /// `IrqlRtlPassive`.
    deleting_a_value_raised: IRQL_RTL_PASSIVE in "RtlDeleteRegistryValue";
    /// `IrqlZwPassive`.
    closing_a_handle_raised: IRQL_ZW_PASSIVE in "ZwClose";
    /// 0xC4/0xE5.
    tracing_raised: IRQL in "EtwRegister";
    /// 0xC4/0x30.
    raising_downwards: IRQL_RAISE in "KfRaiseIrql";
    /// 0xC4/0x31.
    lowering_upwards: IRQL_LOWER in "KeLowerIrql";
    /// `IrqlKeRaiseLower2`.
    lowering_below_a_dpcs_level: IRQL_LOWER_FLOOR in "KeLowerIrql";
    /// 0xE1.
    ending_a_work_item_raised: IRQL_RETURN_WORKER;
    /// 0xC4/0x121.
    waiting_for_ever_raised: WAIT_ENDLESS in "KeWaitForSingleObject";
    /// 0xC4/0x122.
    waiting_some_time_raised: WAIT_TIMED in "KeWaitForSingleObject";
    /// `NdisStallExecution_Delay`.
    stalling_for_51_microseconds: STALL in "KeStallExecutionProcessor";
}
