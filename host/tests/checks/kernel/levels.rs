//! IRQL: every family of functions above, or below, its level; levels that are not restored.

use super::{at, broken, cell, counted, dispatch, k, ok, own, pool, raise, routine};

/// Routines that end at another level than they began.
extern "win64" fn raises() -> u64 {
    k("KeRaiseIrqlToDpcLevel", &[])
}

broken! {
    /// `Irql_Interrupt_Function`.
    registering_an_interrupt_raised: IRQL_INTERRUPT in "NdisMRegisterInterruptEx" {
        raise(2);
        k("NdisMRegisterInterruptEx", &[])
    }
    /// `Irql_Miscellaneous_Function`.
    opening_a_configuration_raised: IRQL_MISCELLANEOUS in "NdisOpenConfigurationEx" {
        raise(2);
        k("NdisOpenConfigurationEx", &[])
    }
    /// `Irql_NetBuffer_Function`.
    allocating_an_nbl_raised: IRQL_NET_BUFFER in "NdisAllocateNetBufferList" {
        raise(3);
        k("NdisAllocateNetBufferList", &[])
    }
    /// `Irql_OID_Function`.
    completing_an_oid_raised: IRQL_OID in "NdisMOidRequestComplete" {
        raise(3);
        k("NdisMOidRequestComplete", &[])
    }
    /// `Irql_SendRcv_Function`.
    completing_sends_raised: IRQL_SEND_RCV in "NdisMSendNetBufferListsComplete" {
        raise(3);
        k("NdisMSendNetBufferListsComplete", &[])
    }
    /// `Irql_StatusIndication_Function`.
    indicating_a_status_raised: IRQL_STATUS in "NdisMIndicateStatusEx" {
        raise(3);
        k("NdisMIndicateStatusEx", &[])
    }
    /// `Irql_Synch_Function`.
    setting_an_event_raised: IRQL_SYNCH in "NdisSetEvent" { raise(3); k("NdisSetEvent", &[own(24)]) }
    /// `Irql_Timer_Function`.
    setting_a_timer_raised: IRQL_TIMER in "NdisSetTimerObject" { raise(3); k("NdisSetTimerObject", &[]) }
    /// NDIS-DMA-11, 0x7C/0x01.
    sharing_memory_raised: IRQL_SHARED_MEMORY in "NdisMAllocateSharedMemory" {
        raise(2);
        k("NdisMAllocateSharedMemory", &[])
    }
    /// NDIS-INIT-13, 0x7C/0x14.
    waiting_for_an_event_raised: IRQL_WAIT_EVENT in "NdisWaitEvent" {
        raise(2);
        k("NdisWaitEvent", &[own(24), 1])
    }
    /// `IrqlDispatch`.
    locking_at_passive_level: IRQL_DISPATCH in "KeAcquireSpinLockAtDpcLevel" {
        k("KeAcquireSpinLockAtDpcLevel", &[own(8)])
    }
    /// `IrqlExAllocatePool`.
    allocating_pool_raised: IRQL_EX_ALLOCATE_POOL in "ExAllocatePoolWithTag" { raise(3); pool(16) }
    /// `IrqlExFree1`.
    freeing_pool_raised: IRQL_EX_FREE_POOL in "ExFreePoolWithTag" {
        let block = pool(16);
        raise(3);
        k("ExFreePoolWithTag", &[block, 0])
    }
    /// `IrqlExApcLte1`.
    acquiring_a_fast_mutex_raised: IRQL_EX_FAST_MUTEX in "ExAcquireFastMutex" {
        raise(2);
        k("ExAcquireFastMutex", &[own(56)])
    }
    /// `IrqlExApcLte2`.
    registering_a_callback_raised: IRQL_EX_APC in "ExRegisterCallback" {
        raise(2);
        k("ExRegisterCallback", &[])
    }
    /// `IrqlExPassive`.
    creating_a_uuid_raised: IRQL_EX_PASSIVE in "ExUuidCreate" { raise(2); k("ExUuidCreate", &[own(16)]) }
    /// `IrqlIoApcLte`.
    deleting_a_device_raised: IRQL_IO_APC in "IoDeleteDevice" { raise(2); k("IoDeleteDevice", &[]) }
    /// `IrqlIoPassive1`.
    creating_a_device_raised: IRQL_IO_PASSIVE1 in "IoCreateDevice" { raise(2); k("IoCreateDevice", &[]) }
    /// `IrqlIoPassive2`.
    connecting_raised: IRQL_IO_PASSIVE2 in "IoConnectInterrupt" { raise(2); k("IoConnectInterrupt", &[]) }
    /// `IrqlIoPassive3`.
    creating_a_link_raised: IRQL_IO_PASSIVE3 in "IoCreateSymbolicLink" {
        raise(2);
        k("IoCreateSymbolicLink", &[])
    }
    /// `IrqlIoPassive4`.
    deleting_a_link_raised: IRQL_IO_PASSIVE4 in "IoDeleteSymbolicLink" {
        raise(2);
        k("IoDeleteSymbolicLink", &[])
    }
    /// `IrqlIoPassive5`.
    getting_a_dma_adapter_raised: IRQL_IO_PASSIVE5 in "IoGetDmaAdapter" {
        raise(2);
        k("IoGetDmaAdapter", &[])
    }
    /// `IrqlKeApcLte1`.
    delaying_raised: IRQL_KE_APC1 in "KeDelayExecutionThread" {
        raise(2);
        k("KeDelayExecutionThread", &[0, 0, cell(-1)])
    }
    /// `IrqlKeApcLte2`.
    entering_a_region_raised: IRQL_KE_APC2 in "KeEnterCriticalRegion" {
        raise(2);
        k("KeEnterCriticalRegion", &[])
    }
    /// `IrqlKeDispatchLte`.
    resetting_an_event_raised: IRQL_KE_DISPATCH in "KeResetEvent" { raise(3); k("KeResetEvent", &[own(24)]) }
    /// `IrqlKeReleaseSpinLock`.
    unlocking_at_passive_level: IRQL_KE_RELEASE_SPIN_LOCK in "KeReleaseSpinLock" {
        k("KeReleaseSpinLock", &[own(8), 0])
    }
    /// 0xC4/0x42.
    locking_raised: IRQL_KE_ACQUIRE_SPIN_LOCK in "KeAcquireSpinLockRaiseToDpc" {
        raise(3);
        k("KeAcquireSpinLockRaiseToDpc", &[own(8)])
    }
    /// `IrqlKeSetEvent`.
    setting_an_event_with_wait_raised: IRQL_KE_SET_EVENT in "KeSetEvent" {
        raise(2);
        k("KeSetEvent", &[own(24), 0, 1])
    }
    /// `IrqlMmApcLte`.
    allocating_noncached_memory_raised: IRQL_MM_APC in "MmAllocateNonCachedMemory" {
        raise(2);
        k("MmAllocateNonCachedMemory", &[16])
    }
    /// 0xC4/0x73.
    mapping_raised: IRQL_MM_MAP in "MmMapIoSpace" { raise(3); k("MmMapIoSpace", &[]) }
    /// 0xC4/0x7B.
    unmapping_raised: IRQL_MM_UNMAP in "MmUnmapIoSpace" { raise(3); k("MmUnmapIoSpace", &[]) }
    /// 0xC4/0x78.
    unlocking_pages_raised: IRQL_MM_UNLOCK in "MmUnlockPages" { raise(3); k("MmUnlockPages", &[]) }
    /// `IrqlObPassive`.
    referencing_raised: IRQL_OB_PASSIVE in "ObReferenceObjectByHandle" {
        raise(2);
        k("ObReferenceObjectByHandle", &[])
    }
    /// `IrqlPsPassive`.
    creating_a_thread_raised: IRQL_PS_PASSIVE in "PsCreateSystemThread" {
        raise(2);
        k("PsCreateSystemThread", &[])
    }
    /// `IrqlRtlPassive`.
    deleting_a_value_raised: IRQL_RTL_PASSIVE in "RtlDeleteRegistryValue" {
        raise(2);
        k("RtlDeleteRegistryValue", &[])
    }
    /// `IrqlZwPassive`.
    closing_a_handle_raised: IRQL_ZW_PASSIVE in "ZwClose" { raise(2); k("ZwClose", &[]) }
    /// 0xC4/0xE5.
    tracing_raised: IRQL in "EtwRegister" { raise(2); k("EtwRegister", &[]) }

    /// 0xC4/0x30.
    raising_downwards: IRQL_RAISE in "KfRaiseIrql" { raise(2); raise(1); }
    /// 0xC4/0x31.
    lowering_upwards: IRQL_LOWER in "KeLowerIrql" { k("KeLowerIrql", &[2]) }
    /// `IrqlKeRaiseLower2`.
    lowering_below_a_dpcs_level: IRQL_LOWER_FLOOR in "KeLowerIrql" {
        extern "win64" fn lowers() -> u64 { k("KeLowerIrql", &[0]) }
        let dpc = own(64);
        k("KeInitializeDpc", &[dpc, lowers as *const () as u64, 0]);
        k("KeInsertQueueDpc", &[dpc, 0, 0]);
        k("KeFlushQueuedDpcs", &[])
    }
    /// 0xE1.
    ending_a_work_item_raised: IRQL_RETURN_WORKER {
        let item = own(32);
        ferrite_host::abi::write(item + 16, raises as *const () as u64);
        k("ExQueueWorkItem", &[item, 1]);
        super::pause();
    }
    /// 0xC4/0x121.
    waiting_for_ever_raised: WAIT_ENDLESS in "KeWaitForSingleObject" {
        let event = event(0);
        raise(2);
        k("KeWaitForSingleObject", &[event, 0, 0, 0, 0])
    }
    /// 0xC4/0x122.
    waiting_some_time_raised: WAIT_TIMED in "KeWaitForSingleObject" {
        let event = event(0);
        raise(2);
        k("KeWaitForSingleObject", &[event, 0, 0, 0, cell(-10)])
    }
    /// `NdisStallExecution_Delay`.
    stalling_for_51_microseconds: STALL in "KeStallExecutionProcessor" {
        k("KeStallExecutionProcessor", &[51])
    }
}

fn event(state: u64) -> u64 {
    let event = own(24);
    k("KeInitializeEvent", &[event, 0, state]);
    event
}

/// Every family at its level.
pub fn sound() {
    let event = event(0);
    k("KeSetEvent", &[event, 0, 0]);
    k("KeWaitForSingleObject", &[event, 0, 0, 0, 0]);
    k("KeResetEvent", &[event]);
    k("KeWaitForSingleObject", &[event, 0, 0, 0, cell(-10)]);
    super::elsewhere(move || {
        super::pause();
        k("KeSetEvent", &[event, 0, 0]);
    });
    k("KeResetEvent", &[event]);
    let waited = event;
    ferrite_host::world::world().sched.spawn("setter", 1, move || {
        super::pause();
        k("KeSetEvent", &[waited, 0, 0]);
    });
    k("KeWaitForSingleObject", &[event, 0, 0, 0, 0]);
    let ndis = own(24);
    k("NdisInitializeEvent", &[ndis]);
    k("NdisSetEvent", &[ndis]);
    k("NdisWaitEvent", &[ndis, 1]);
    k("KeDelayExecutionThread", &[0, 0, cell(-10)]);
    dispatch(|| k("KeStallExecutionProcessor", &[50]));
    k("ExUuidCreate", &[own(16)]);
    k("IoConnectInterrupt", &[own(8), routine(), 0, 0, 0x50, 6, 6, 0, 1, 1, 0]);
    let (link, target) = (counted(r"\DosDevices\Test"), counted(r"\Device\Test"));
    k("IoCreateSymbolicLink", &[link, target]);
    k("IoDeleteSymbolicLink", &[link]);
    k("RtlDeleteRegistryValue", &[0, at(counted(r"\Registry\Machine\Test") + 8), at(counted("none") + 8)]);
    let (handle, object) = (own(8), own(8));
    ok("PsCreateSystemThread", &[handle, 0, 0, 0, 0, routine(), 0]);
    ok("ObReferenceObjectByHandle", &[at(handle), 0, 0, 0, object, 0]);
    ok("ZwClose", &[at(handle)]);
    k("KeWaitForSingleObject", &[at(object), 0, 0, 0, 0]);
    k("ObfDereferenceObject", &[at(object)]);
    let item = own(32);
    ferrite_host::abi::write(item + 16, routine());
    k("ExQueueWorkItem", &[item, 1]);
    super::pause();
}
