//! Every import at its documented IRQL: one rule for each family of functions, as the Static Driver Verifier and the
//! Driver Verifier divide them.

rules! { from super::ndis::END;
    /// A scatter/gather DMA function of NDIS's called at another IRQL than documented.
    IRQL_GATHER_DMA = "NDIS-DMA-03", "Irql_Gather_DMA_Function", "0xC4", Must;
    /// An interrupt registered or deregistered above `PASSIVE_LEVEL`.
    IRQL_INTERRUPT = "NDIS-IRQL-02", "Irql_Interrupt_Function", "0xC4", Must;
    /// A function for miniport drivers called at another IRQL than documented.
    IRQL_MINIPORT_DRIVER = "NDIS-IRQL-03", "Irql_Miniport_Driver_Function", "0xC4", Must;
    /// A memory, configuration, work item or system function of NDIS's called at another IRQL than documented.
    IRQL_MISCELLANEOUS = "NDIS-IRQL-04", "Irql_Miscellaneous_Function", "0xC4", Must;
    /// A function for NBLs, NBs, MDLs or their pools called above `DISPATCH_LEVEL`.
    IRQL_NET_BUFFER = "NDIS-IRQL-05", "Irql_NetBuffer_Function", "0xC4", Must;
    /// An OID request completed above `DISPATCH_LEVEL`.
    IRQL_OID = "NDIS-IRQL-06", "Irql_OID_Function", "0xC4", Must;
    /// Sends completed or receives indicated above `DISPATCH_LEVEL`.
    IRQL_SEND_RCV = "NDIS-IRQL-07", "Irql_SendRcv_Function", "0xC4", Must;
    /// A status indicated above `DISPATCH_LEVEL`.
    IRQL_STATUS = "NDIS-IRQL-08", "Irql_StatusIndication_Function", "0xC4", Must;
    /// An event or a read/write lock of NDIS's used at another IRQL than documented.
    IRQL_SYNCH = "NDIS-IRQL-09", "Irql_Synch_Function", "0xC4", Must;
    /// A timer object used above `DISPATCH_LEVEL`, or a periodic one cancelled above `PASSIVE_LEVEL`.
    IRQL_TIMER = "NDIS-IRQL-10", "Irql_Timer_Function", "0xC4", Must;
    /// Shared memory allocated above `PASSIVE_LEVEL`, or freed above `DISPATCH_LEVEL`.
    IRQL_SHARED_MEMORY = "NDIS-DMA-11", "shared memory at raised IRQL", "0x7C/0x01", Must;
    /// `NdisWaitEvent` called above `PASSIVE_LEVEL`.
    IRQL_WAIT_EVENT = "NDIS-INIT-13", "NdisWaitEvent at raised IRQL", "0x7C/0x14", Must;
    /// A routine for `DISPATCH_LEVEL` called at another IRQL.
    IRQL_DISPATCH = "KERNEL-IRQL-01", "IrqlDispatch", "0xC4/0x00020003", Must;
    /// Pool allocated above `DISPATCH_LEVEL`.
    IRQL_EX_ALLOCATE_POOL = "KERNEL-IRQL-02", "IrqlExAllocatePool", "0xC4/0x00020004", Must;
    /// Pool freed above `DISPATCH_LEVEL`.
    IRQL_EX_FREE_POOL = "KERNEL-IRQL-03", "IrqlExFree1", "0xC4/0x12", Must;
    /// A fast mutex acquired above `APC_LEVEL`.
    IRQL_EX_FAST_MUTEX = "KERNEL-IRQL-04", "IrqlExApcLte1", "0xC4/0x00020005", Must;
    /// A callback registered above `APC_LEVEL`.
    IRQL_EX_APC = "KERNEL-IRQL-05", "IrqlExApcLte2", "0xC4/0x00020006", Must;
    /// A callback created or a UUID asked for above the level that is documented.
    IRQL_EX_PASSIVE = "KERNEL-IRQL-06", "IrqlExPassive", "0xC4/0x00020008", Must;
    /// A device object deleted, or the initial stack asked for, above `APC_LEVEL`.
    IRQL_IO_APC = "KERNEL-IRQL-07", "IrqlIoApcLte", "0xC4/0x00020009", Must;
    /// A device object created, or a device control request built, above the level that is documented.
    IRQL_IO_PASSIVE1 = "KERNEL-IRQL-08", "IrqlIoPassive1", "0xC4/0x0002000A", Must;
    /// An interrupt connected with `IoConnectInterrupt` above `PASSIVE_LEVEL`.
    IRQL_IO_PASSIVE2 = "KERNEL-IRQL-09", "IrqlIoPassive2", "0xC4/0x0002000B", Must;
    /// A symbolic link created, an interface registered or a device detached above `PASSIVE_LEVEL`.
    IRQL_IO_PASSIVE3 = "KERNEL-IRQL-10", "IrqlIoPassive3", "0xC4/0x0002000C", Must;
    /// A symbolic link deleted or an interrupt disconnected above `PASSIVE_LEVEL`.
    IRQL_IO_PASSIVE4 = "KERNEL-IRQL-11", "IrqlIoPassive4", "0xC4/0x0002000D", Must;
    /// A DMA adapter or another service of the I/O manager asked for above `PASSIVE_LEVEL`.
    IRQL_IO_PASSIVE5 = "KERNEL-IRQL-12", "IrqlIoPassive5", "0xC4/0x0002000E", Must;
    /// A thread delayed above `APC_LEVEL`.
    IRQL_KE_APC1 = "KERNEL-IRQL-13", "IrqlKeApcLte1", "0xC4/0x0002000F", Must;
    /// A critical region entered or left above `APC_LEVEL`.
    IRQL_KE_APC2 = "KERNEL-IRQL-14", "IrqlKeApcLte2", "0xC4/0x00020010", Must;
    /// A timer, event, semaphore or mutex used above `DISPATCH_LEVEL`.
    IRQL_KE_DISPATCH = "KERNEL-IRQL-15", "IrqlKeDispatchLte", "0xC4/0x00020011", Must;
    /// A spin lock released at another level than `DISPATCH_LEVEL`.
    IRQL_KE_RELEASE_SPIN_LOCK = "KERNEL-IRQL-16", "IrqlKeReleaseSpinLock", "0xC4/0x00020015", Must;
    /// A spin lock acquired above `DISPATCH_LEVEL`.
    IRQL_KE_ACQUIRE_SPIN_LOCK = "KERNEL-IRQL-17", "KeAcquireSpinLock above DISPATCH_LEVEL", "0xC4/0x42", Must;
    /// `KeSetEvent` above `DISPATCH_LEVEL`, or with Wait above `APC_LEVEL`.
    IRQL_KE_SET_EVENT = "KERNEL-IRQL-18", "IrqlKeSetEvent", "0xC4/0x00020016", Must;
    /// A routine of the memory manager's called above `APC_LEVEL`.
    IRQL_MM_APC = "KERNEL-IRQL-19", "IrqlMmApcLte", "0xC4/0x00020019", Must;
    /// `MmMapIoSpace` above `DISPATCH_LEVEL`.
    IRQL_MM_MAP = "KERNEL-IRQL-20", "MmMapIoSpace above DISPATCH_LEVEL", "0xC4/0x73", Must;
    /// `MmUnmapIoSpace` above `DISPATCH_LEVEL`.
    IRQL_MM_UNMAP = "KERNEL-IRQL-21", "MmUnmapIoSpace above its level", "0xC4/0x7B", Must;
    /// `MmUnlockPages` above `DISPATCH_LEVEL`.
    IRQL_MM_UNLOCK = "KERNEL-IRQL-22", "MmUnlockPages above DISPATCH_LEVEL", "0xC4/0x78", Must;
    /// `ObReferenceObjectByHandle` above `PASSIVE_LEVEL`.
    IRQL_OB_PASSIVE = "KERNEL-IRQL-23", "IrqlObPassive", "0xC4/0x0002001B", Must;
    /// A system thread created or ended above `PASSIVE_LEVEL`.
    IRQL_PS_PASSIVE = "KERNEL-IRQL-24", "IrqlPsPassive", "0xC4/0x0002001C", Must;
    /// `RtlDeleteRegistryValue` above `PASSIVE_LEVEL`.
    IRQL_RTL_PASSIVE = "KERNEL-IRQL-25", "IrqlRtlPassive", "0xC4/0x0002001E", Must;
    /// A Zw routine called above `PASSIVE_LEVEL`.
    IRQL_ZW_PASSIVE = "KERNEL-IRQL-26", "IrqlZwPassive", "0xC4/0x0002001F", Must;
    /// An import at another IRQL than documented, where no family has a rule of its own.
    IRQL = "NDIS-IRQL", "IRQL_NOT_LESS_OR_EQUAL", "0xC4/0xE5", Must;
}

/// The functions of each rule; what is in none is held to [`IRQL`].
static FAMILIES: &[(&Rule, &[&str])] = &[
    (
        &IRQL_GATHER_DMA,
        &[
            "NdisMAllocateNetBufferSGList",
            "NdisMAllocateSharedMemoryAsyncEx",
            "NdisMDeregisterScatterGatherDma",
            "NdisMFreeNetBufferSGList",
            "NdisMRegisterScatterGatherDma",
        ],
    ),
    (&IRQL_INTERRUPT, &["NdisMDeregisterInterruptEx", "NdisMRegisterInterruptEx"]),
    (
        &IRQL_MINIPORT_DRIVER,
        &[
            "NdisMDeregisterIoPortRange",
            "NdisMDeregisterMiniportDriver",
            "NdisMGetDeviceProperty",
            "NdisMGetDmaAlignment",
            "NdisMMapIoSpace",
            "NdisMPauseComplete",
            "NdisMRegisterIoPortRange",
            "NdisMRegisterMiniportDriver",
            "NdisMRemoveMiniport",
            "NdisMResetComplete",
            "NdisMRestartComplete",
            "NdisMSetMiniportAttributes",
            "NdisMSleep",
            "NdisMUnmapIoSpace",
        ],
    ),
    (
        &IRQL_MISCELLANEOUS,
        &[
            "NdisAllocateGenericObject",
            "NdisAllocateIoWorkItem",
            "NdisAllocateMemoryWithTagPriority",
            "NdisCloseConfiguration",
            "NdisFreeGenericObject",
            "NdisFreeIoWorkItem",
            "NdisFreeMemory",
            "NdisGeneratePartialCancelId",
            "NdisGetCurrentProcessorCounts",
            "NdisGetRoutineAddress",
            "NdisGetSharedDataAlignment",
            "NdisGetVersion",
            "NdisInitializeString",
            "NdisOpenConfigurationEx",
            "NdisOpenConfigurationKeyByIndex",
            "NdisOpenConfigurationKeyByName",
            "NdisQueueIoWorkItem",
            "NdisReadConfiguration",
            "NdisReadNetworkAddress",
            "NdisSetOptionalHandlers",
            "NdisSystemProcessorCount",
            "NdisWriteConfiguration",
            "NdisWriteEventLogEntry",
        ],
    ),
    (
        &IRQL_NET_BUFFER,
        &[
            "NdisAdvanceNetBufferDataStart",
            "NdisAdvanceNetBufferListDataStart",
            "NdisAllocateMdl",
            "NdisAllocateNetBuffer",
            "NdisAllocateNetBufferAndNetBufferList",
            "NdisAllocateNetBufferList",
            "NdisAllocateNetBufferListPool",
            "NdisAllocateNetBufferMdlAndData",
            "NdisAllocateNetBufferPool",
            "NdisCopyFromNetBufferToNetBuffer",
            "NdisFreeMdl",
            "NdisFreeNetBuffer",
            "NdisFreeNetBufferList",
            "NdisFreeNetBufferListPool",
            "NdisFreeNetBufferPool",
            "NdisGetDataBuffer",
            "NdisGetPoolFromNetBuffer",
            "NdisGetPoolFromNetBufferList",
            "NdisQueryNetBufferPhysicalCount",
            "NdisRetreatNetBufferDataStart",
            "NdisRetreatNetBufferListDataStart",
        ],
    ),
    (&IRQL_OID, &["NdisMDirectOidRequestComplete", "NdisMOidRequestComplete"]),
    (&IRQL_SEND_RCV, &["NdisMIndicateReceiveNetBufferLists", "NdisMSendNetBufferListsComplete"]),
    (&IRQL_STATUS, &["NdisMIndicateStatusEx"]),
    (
        &IRQL_SYNCH,
        &[
            "NdisAcquireRWLockRead",
            "NdisAcquireRWLockWrite",
            "NdisAllocateRWLock",
            "NdisFreeRWLock",
            "NdisReleaseRWLock",
            "NdisResetEvent",
            "NdisSetEvent",
        ],
    ),
    (
        &IRQL_TIMER,
        &[
            "NdisAllocateTimerObject",
            "NdisCancelTimerObject",
            "NdisFreeTimerObject",
            "NdisSetCoalescableTimerObject",
            "NdisSetTimerObject",
        ],
    ),
    (&IRQL_SHARED_MEMORY, &["NdisMAllocateSharedMemory", "NdisMFreeSharedMemory"]),
    (&IRQL_WAIT_EVENT, &["NdisWaitEvent"]),
    (
        &IRQL_DISPATCH,
        &["IoWriteErrorLogEntry", "KeAcquireSpinLockAtDpcLevel", "KeReleaseSpinLockFromDpcLevel"],
    ),
    (&IRQL_EX_ALLOCATE_POOL, &["ExAllocatePoolWithTag"]),
    (&IRQL_EX_FREE_POOL, &["ExFreePoolWithTag"]),
    (&IRQL_EX_FAST_MUTEX, &["ExAcquireFastMutex", "ExTryToAcquireFastMutex"]),
    (&IRQL_EX_APC, &["ExRegisterCallback"]),
    (&IRQL_EX_PASSIVE, &["ExCreateCallback", "ExUuidCreate"]),
    (&IRQL_IO_APC, &["IoDeleteDevice", "IoGetInitialStack"]),
    (&IRQL_IO_PASSIVE1, &["IoBuildDeviceIoControlRequest", "IoCreateDevice", "IoSetDeviceInterfaceState"]),
    (&IRQL_IO_PASSIVE2, &["IoConnectInterrupt"]),
    (&IRQL_IO_PASSIVE3, &["IoCreateSymbolicLink", "IoDetachDevice", "IoRegisterDeviceInterface"]),
    (&IRQL_IO_PASSIVE4, &["IoDeleteSymbolicLink", "IoDisconnectInterrupt"]),
    (
        &IRQL_IO_PASSIVE5,
        &[
            "IoGetDmaAdapter",
            "IoIsWdmVersionAvailable",
            "IoRegisterDriverReinitialization",
            "IoRegisterShutdownNotification",
            "IoUnregisterShutdownNotification",
            "IoWMIRegistrationControl",
        ],
    ),
    (&IRQL_KE_APC1, &["KeDelayExecutionThread", "KeQueryActiveProcessors"]),
    (&IRQL_KE_APC2, &["KeEnterCriticalRegion", "KeLeaveCriticalRegion"]),
    (
        &IRQL_KE_DISPATCH,
        &[
            "KeCancelTimer",
            "KeClearEvent",
            "KeInitializeSemaphore",
            "KeInitializeTimer",
            "KeInitializeTimerEx",
            "KeReadStateEvent",
            "KeReadStateTimer",
            "KeReleaseMutex",
            "KeResetEvent",
            "KeSaveFloatingPointState",
            "KeSetTimer",
            "KeSetTimerEx",
        ],
    ),
    (&IRQL_KE_RELEASE_SPIN_LOCK, &["KeReleaseSpinLock"]),
    (&IRQL_KE_ACQUIRE_SPIN_LOCK, &["KeAcquireInStackQueuedSpinLock", "KeAcquireSpinLockRaiseToDpc"]),
    (&IRQL_KE_SET_EVENT, &["KeSetEvent"]),
    (
        &IRQL_MM_APC,
        &[
            "MmAllocateNonCachedMemory",
            "MmAllocatePagesForMdlEx",
            "MmFreeNonCachedMemory",
            "MmFreePagesFromMdl",
            "MmLockPagableDataSection",
            "MmPageEntireDriver",
            "MmUnlockPagableImageSection",
        ],
    ),
    (&IRQL_MM_MAP, &["MmMapIoSpace", "MmMapIoSpaceEx"]),
    (&IRQL_MM_UNMAP, &["MmUnmapIoSpace"]),
    (&IRQL_MM_UNLOCK, &["MmUnlockPages"]),
    (&IRQL_OB_PASSIVE, &["ObReferenceObjectByHandle"]),
    (&IRQL_PS_PASSIVE, &["PsCreateSystemThread", "PsGetVersion", "PsTerminateSystemThread"]),
    (&IRQL_RTL_PASSIVE, &["RtlDeleteRegistryValue"]),
    (
        &IRQL_ZW_PASSIVE,
        &[
            "ZwClose",
            "ZwCreateKey",
            "ZwDeleteKey",
            "ZwEnumerateKey",
            "ZwEnumerateValueKey",
            "ZwFlushKey",
            "ZwOpenKey",
            "ZwQueryKey",
            "ZwQueryValueKey",
            "ZwSetValueKey",
        ],
    ),
];

/// The rule that holds an import to its IRQL.
#[must_use]
pub fn irql_of(import: &str) -> &'static Rule {
    FAMILIES.iter().find(|(_, functions)| functions.contains(&import)).map_or(&IRQL, |(rule, _)| rule)
}
