//! IRQL: every family of functions above, or below, its level; levels that are not restored.

use super::{ok, routines};
use crate::abi::{import, write};
use super::{at, cell, counted, dispatch, own, pool, raise, routine};

/// Routines that end at another level than they began.
extern "system" fn raises() -> u64 {
    import!(KeRaiseIrqlToDpcLevel)
}

routines! {
    /// `Irql_Interrupt_Function`.
    registering_an_interrupt_raised {
        raise(2);
        import!(NdisMRegisterInterruptEx)
    }
    /// `Irql_Miscellaneous_Function`.
    opening_a_configuration_raised {
        raise(2);
        import!(NdisOpenConfigurationEx)
    }
    /// `Irql_NetBuffer_Function`.
    allocating_an_nbl_raised {
        raise(3);
        import!(NdisAllocateNetBufferList)
    }
    /// `Irql_OID_Function`.
    completing_an_oid_raised {
        raise(3);
        import!(NdisMOidRequestComplete)
    }
    /// `Irql_SendRcv_Function`.
    completing_sends_raised {
        raise(3);
        import!(NdisMSendNetBufferListsComplete)
    }
    /// `Irql_StatusIndication_Function`.
    indicating_a_status_raised {
        raise(3);
        import!(NdisMIndicateStatusEx)
    }
    /// `Irql_Synch_Function`.
    setting_an_event_raised { raise(3); import!(NdisSetEvent, own(24)) }
    /// `Irql_Timer_Function`.
    setting_a_timer_raised { raise(3); import!(NdisSetTimerObject) }
    /// NDIS-DMA-11, 0x7C/0x01.
    sharing_memory_raised {
        raise(2);
        import!(NdisMAllocateSharedMemory)
    }
    /// NDIS-INIT-13, 0x7C/0x14.
    waiting_for_an_event_raised {
        raise(2);
        import!(NdisWaitEvent, own(24), 1)
    }
    /// `IrqlDispatch`.
    locking_at_passive_level {
        import!(KeAcquireSpinLockAtDpcLevel, own(8))
    }
    /// `IrqlExAllocatePool`.
    allocating_pool_raised { raise(3); pool(16) }
    /// `IrqlExFree1`.
    freeing_pool_raised {
        let block = pool(16);
        raise(3);
        import!(ExFreePoolWithTag, block, 0)
    }
    /// `IrqlExApcLte1`.
    acquiring_a_fast_mutex_raised {
        raise(2);
        import!(ExAcquireFastMutex, own(56))
    }
    /// `IrqlExApcLte2`.
    registering_a_callback_raised {
        raise(2);
        import!(ExRegisterCallback)
    }
    /// `IrqlExPassive`.
    creating_a_uuid_raised { raise(2); import!(ExUuidCreate, own(16)) }
    /// `IrqlIoApcLte`.
    deleting_a_device_raised { raise(2); import!(IoDeleteDevice) }
    /// `IrqlIoPassive1`.
    creating_a_device_raised { raise(2); import!(IoCreateDevice) }
    /// `IrqlIoPassive2`.
    connecting_raised { raise(2); import!(IoConnectInterrupt) }
    /// `IrqlIoPassive3`.
    creating_a_link_raised {
        raise(2);
        import!(IoCreateSymbolicLink)
    }
    /// `IrqlIoPassive4`.
    deleting_a_link_raised {
        raise(2);
        import!(IoDeleteSymbolicLink)
    }
    /// `IrqlIoPassive5`.
    getting_a_dma_adapter_raised {
        raise(2);
        import!(IoGetDmaAdapter)
    }
    /// `IrqlKeApcLte1`.
    delaying_raised {
        raise(2);
        import!(KeDelayExecutionThread, 0, 0, cell(-1))
    }
    /// `IrqlKeApcLte2`.
    entering_a_region_raised {
        raise(2);
        import!(KeEnterCriticalRegion)
    }
    /// `IrqlKeDispatchLte`.
    resetting_an_event_raised { raise(3); import!(KeResetEvent, own(24)) }
    /// `IrqlKeReleaseSpinLock`.
    unlocking_at_passive_level {
        import!(KeReleaseSpinLock, own(8), 0)
    }
    /// 0xC4/0x42.
    locking_raised {
        raise(3);
        import!(KeAcquireSpinLockRaiseToDpc, own(8))
    }
    /// `IrqlKeSetEvent`.
    setting_an_event_with_wait_raised {
        raise(2);
        import!(KeSetEvent, own(24), 0, 1)
    }
    /// `IrqlMmApcLte`.
    allocating_noncached_memory_raised {
        raise(2);
        import!(MmAllocateNonCachedMemory, 16)
    }
    /// 0xC4/0x73.
    mapping_raised { raise(3); import!(MmMapIoSpace) }
    /// 0xC4/0x7B.
    unmapping_raised { raise(3); import!(MmUnmapIoSpace) }
    /// 0xC4/0x78.
    unlocking_pages_raised { raise(3); import!(MmUnlockPages) }
    /// `IrqlObPassive`.
    referencing_raised {
        raise(2);
        import!(ObReferenceObjectByHandle)
    }
    /// `IrqlPsPassive`.
    creating_a_thread_raised {
        raise(2);
        import!(PsCreateSystemThread)
    }
    /// `IrqlRtlPassive`.
    deleting_a_value_raised {
        raise(2);
        import!(RtlDeleteRegistryValue)
    }
    /// `IrqlZwPassive`.
    closing_a_handle_raised { raise(2); import!(ZwClose) }
    /// 0xC4/0xE5.
    tracing_raised { raise(2); import!(EtwRegister) }

    /// 0xC4/0x30.
    raising_downwards { raise(2); raise(1); }
    /// 0xC4/0x31.
    lowering_upwards { import!(KeLowerIrql, 2) }
    /// `IrqlKeRaiseLower2`.
    lowering_below_a_dpcs_level {
        extern "system" fn lowers() -> u64 { import!(KeLowerIrql, 0) }
        let dpc = own(64);
        import!(KeInitializeDpc, dpc, lowers as *const () as u64, 0);
        import!(KeInsertQueueDpc, dpc, 0, 0);
        import!(KeFlushQueuedDpcs)
    }
    /// 0xE1.
    ending_a_work_item_raised {
        let item = own(32);
        write(item + 16, raises as *const () as u64);
        import!(ExQueueWorkItem, item, 1);
        super::pause();
    }
    /// 0xC4/0x121.
    waiting_for_ever_raised {
        let event = event(0);
        raise(2);
        import!(KeWaitForSingleObject, event, 0, 0, 0, 0)
    }
    /// 0xC4/0x122.
    waiting_some_time_raised {
        let event = event(0);
        raise(2);
        import!(KeWaitForSingleObject, event, 0, 0, 0, cell(-10))
    }
    /// `NdisStallExecution_Delay`.
    stalling_for_51_microseconds {
        import!(KeStallExecutionProcessor, 51)
    }
}

fn event(state: u64) -> u64 {
    let event = own(24);
    import!(KeInitializeEvent, event, 0, state);
    event
}

/// Every family at its level.
pub fn sound() {
    let event = event(0);
    import!(KeSetEvent, event, 0, 0);
    import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
    import!(KeResetEvent, event);
    import!(KeWaitForSingleObject, event, 0, 0, 0, cell(-10));
    super::elsewhere(move || {
        super::pause();
        import!(KeSetEvent, event, 0, 0);
    });
    import!(KeResetEvent, event);
    let waited = event;
    super::spawn(1, move || {
        super::pause();
        import!(KeSetEvent, waited, 0, 0);
    });
    import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
    let ndis = own(24);
    import!(NdisInitializeEvent, ndis);
    import!(NdisSetEvent, ndis);
    import!(NdisWaitEvent, ndis, 1);
    import!(KeDelayExecutionThread, 0, 0, cell(-10));
    dispatch(|| import!(KeStallExecutionProcessor, 50));
    import!(ExUuidCreate, own(16));
    import!(IoConnectInterrupt, own(8), routine(), 0, 0, 0x50, 6, 6, 0, 1, 1, 0);
    let (link, target) = (counted(r"\DosDevices\Test"), counted(r"\Device\Test"));
    import!(IoCreateSymbolicLink, link, target);
    import!(IoDeleteSymbolicLink, link);
    import!(RtlDeleteRegistryValue, 0, at(counted(r"\Registry\Machine\Test") + 8), at(counted("none") + 8));
    let (handle, object) = (own(8), own(8));
    ok!(PsCreateSystemThread, handle, 0, 0, 0, 0, routine(), 0);
    ok!(ObReferenceObjectByHandle, at(handle), 0, 0, 0, object, 0);
    ok!(ZwClose, at(handle));
    import!(KeWaitForSingleObject, at(object), 0, 0, 0, 0);
    import!(ObfDereferenceObject, at(object));
    let item = own(32);
    write(item + 16, routine());
    import!(ExQueueWorkItem, item, 1);
    super::pause();
}
