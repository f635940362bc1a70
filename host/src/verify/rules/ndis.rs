//! NDIS: what a miniport owes it.

rules! { from 0;
    /// `NdisMRegisterMiniportDriver` with another driver object or registry path than `DriverEntry` got.
    REG_DRIVER_OBJECT = "NDIS-REG-01", "NdisMRegisterMiniportDriver", "0x7C", Must;
    /// `DriverEntry` returned another status than `NdisMRegisterMiniportDriver`.
    REG_STATUS = "NDIS-REG-02", "DriverEntry status", "0x7C", Must;
    /// Characteristics of another object type.
    REG_HEADER = "NDIS-REG-03", "malformed NDIS_MINIPORT_DRIVER_CHARACTERISTICS", "0x7C/0x21", Must;
    /// Characteristics whose size does not fit their revision.
    REG_SIZE = "NDIS-REG-15", "NDIS_STATUS_BAD_CHARACTERISTICS: size", "0x7C/0x21", Must;
    /// A required handler missing.
    REG_HANDLERS = "NDIS-REG-05", "NDIS_STATUS_BAD_CHARACTERISTICS: required handlers", "0x7C", Must;
    /// `MiniportCheckForHangEx` without `MiniportResetEx`.
    REG_RESET = "NDIS-REG-06", "NDIS_STATUS_BAD_CHARACTERISTICS: reset handler", "0x7C", Must;
    /// One of the two handlers for direct OID requests without the other.
    REG_DIRECT = "NDIS-REG-07", "NDIS_STATUS_BAD_CHARACTERISTICS: direct OID handlers", "0x7C", Must;
    /// `NdisSetOptionalHandlers` outside `MiniportSetOptions`.
    REG_OPTIONS = "NDIS-REG-08", "NdisSetOptionalHandlers", "0x7C", Must;
    /// `DriverEntry` failed and left the driver registered.
    REG_FAILED = "NDIS-REG-11", "NdisMDeregisterMiniportDriver after a failed DriverEntry", "0x7C", Must;
    /// `MiniportDriverUnload` left the driver registered.
    REG_UNLOAD = "NDIS-REG-12", "NdisMDeregisterMiniportDriver in MiniportDriverUnload", "0x7C", Must;
    /// The driver deregistered while it has adapters.
    REG_EARLY = "NDIS-REG-13", "NdisMDeregisterMiniportDriver with adapters left", "0x7C", Must;
    /// Anything left behind at unload.
    UNLOAD_LEAK = "NDIS-REG-14", "pool left behind at unload", "0xC4/0x62", Must;

    /// A handle that is no driver handle.
    HANDLE_DRIVER = "NDIS-HANDLE-01", "bad miniport driver handle", "0x7C", Must;
    /// A handle that is no miniport adapter handle.
    HANDLE_ADAPTER = "NDIS-HANDLE-02", "bad miniport adapter handle", "0x7C", Must;
    /// A handle that is no timer object, or a freed one.
    HANDLE_TIMER = "NDIS-HANDLE-03", "bad timer object", "0x7C", Must;
    /// A handle that is no work item, or a freed one.
    HANDLE_WORK_ITEM = "NDIS-HANDLE-04", "bad work item", "0x7C", Must;
    /// A handle that is no configuration handle, or a closed one.
    HANDLE_CONFIGURATION = "NDIS-HANDLE-05", "NdisOpenConfigurationEx: bad configuration handle", "0x7C", Must;
    /// A handle that is no DMA handle, or a deregistered one.
    HANDLE_DMA = "NDIS-HANDLE-06", "bad DMA handle", "0x7C", Must;
    /// A handle that is no interrupt handle, or a deregistered one.
    HANDLE_INTERRUPT = "NDIS-HANDLE-07", "bad interrupt handle", "0x7C", Must;
    /// A handle that is no pool, or a freed one.
    HANDLE_POOL = "NDIS-HANDLE-08", "bad pool handle", "0x7C", Must;
    /// A handle that is no read/write lock, or a freed one.
    HANDLE_RW_LOCK = "NDIS-HANDLE-09", "bad read/write lock", "0x7C", Must;

    /// Malformed `NDIS_MINIPORT_PNP_CHARACTERISTICS`.
    PNP_HEADER = "NDIS-PNP-01", "malformed NDIS_MINIPORT_PNP_CHARACTERISTICS", "0x7C/0x21", Must;
    /// Add-device attributes outside `MiniportAddDevice`, or malformed.
    PNP_ATTRIBUTES = "NDIS-PNP-03", "NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES", "0x7C", Must;
    /// A failed `MiniportAddDevice` left something behind.
    PNP_ADD_LEAK = "NDIS-PNP-05", "resources left behind by a failed MiniportAddDevice", "0xC4/0x62", Must;
    /// `MiniportFilterResourceRequirements` changed the memory or ports of the device.
    PNP_RESOURCES = "NDIS-PNP-09", "MiniportFilterResourceRequirements", "0x7C", Must;
    /// New resource requirements that were not allocated with `NdisAllocateMemoryWithTagPriority`.
    PNP_NEW_LIST = "NDIS-PNP-12", "replaced IO_RESOURCE_REQUIREMENTS_LIST", "0xC2", Must;

    /// Registration attributes with a wrong header.
    INIT_REGISTRATION_HEADER = "NDIS-INIT-06", "malformed NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES", "0x7C/0x21", Must;
    /// General attributes with a wrong header.
    INIT_GENERAL_HEADER = "NDIS-INIT-05", "malformed NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES", "0x7C/0x21", Must;
    /// Attributes that are NULL or of an unknown type.
    INIT_ATTRIBUTES = "NDIS-INIT-20", "NdisMSetMiniportAttributes", "0x7C/0x21", Must;
    /// Attributes set outside `MiniportInitializeEx`.
    INIT_LATE = "NDIS-INIT-21", "NdisMSetMiniportAttributes outside MiniportInitializeEx", "0x7C", Must;
    /// A call that depends on the registration attributes before they are set.
    INIT_REGISTRATION = "NDIS-INIT-02", "NDIS call before the registration attributes", "0x7C", Must;
    /// General attributes before the registration attributes.
    INIT_GENERAL = "NDIS-INIT-03", "general attributes before the registration attributes", "0x7C", Must;
    /// Offload attributes before the general attributes.
    INIT_OFFLOAD = "NDIS-INIT-03", "offload attributes before the general attributes", "0x7C", Must;
    /// Success without general attributes.
    INIT_SUCCESS = "NDIS-INIT-04", "MiniportInitializeEx without general attributes", "0x7C", Must;
    /// A MAC address length that Ethernet does not have.
    INIT_MAC = "NDIS-INIT-22", "MacAddressLength", "0x7C", Must;
    /// Shared memory before the scatter/gather registration.
    INIT_SHARED = "NDIS-INIT-08", "NdisMAllocateSharedMemory before NdisMRegisterScatterGatherDma", "0x7C", Must;
    /// A port range registered before the registration attributes are set.
    INIT_PORT_RANGE = "NDIS-INIT-23", "NdisMRegisterIoPortRange", "0x7C", Must;
    /// Registers mapped outside `MiniportInitializeEx`.
    INIT_MAP = "NDIS-INIT-19", "NdisMMapIoSpace", "0x7C", Must;
    /// Registers unmapped outside `MiniportInitializeEx` and `MiniportHaltEx`.
    INIT_UNMAP = "NDIS-INIT-19", "NdisMUnmapIoSpace", "0x7C", Must;
    /// Registers unmapped with another length than they were mapped with.
    UNMAP_LENGTH = "NDIS-INIT-19", "NdisMUnmapIoSpace with another length", "0x7C", Must;
    /// Registers unmapped that are not mapped.
    UNMAP_TWICE = "NDIS-INIT-19", "NdisMUnmapIoSpace of what is not mapped", "0x7C", Must;
    /// A failure for want of shared memory that is not logged.
    INIT_ERROR_LOG = "NDIS-INIT-12", "WriteErrorLog", "0x7C", Should;

    /// An interrupt left behind by a failed `MiniportInitializeEx`.
    INIT_LEFT_INTERRUPT = "NDIS-INIT-11", "Init_RegisterInterrupt", "0x7C/0x0B", Must;
    /// A timer left behind by a failed `MiniportInitializeEx`.
    INIT_LEFT_TIMER = "NDIS-INIT-11", "timer left by a failed MiniportInitializeEx", "0x7C/0x0C", Must;
    /// A work item left behind by a failed `MiniportInitializeEx`.
    INIT_LEFT_WORK_ITEM = "NDIS-INIT-11", "Init_NdisAllocateIoWorkItem", "0xC4", Must;
    /// A scatter/gather registration left behind by a failed `MiniportInitializeEx`.
    INIT_LEFT_SG = "NDIS-INIT-11", "Init_RegisterSG", "0xC4", Must;
    /// Memory or another object left behind by a failed `MiniportInitializeEx`.
    INIT_LEFT = "NDIS-INIT-11", "resources left behind by a failed MiniportInitializeEx", "0xC4/0x62", Must;
    /// An interrupt registered after `MiniportHaltEx`.
    HALT_LEFT_INTERRUPT = "NDIS-HALT-03", "Init_DeRegisterInterrupt", "0x7C/0x08", Must;
    /// A timer not cancelled and freed by `MiniportHaltEx`.
    HALT_LEFT_TIMER = "NDIS-HALT-05", "timer left by MiniportHaltEx", "0x7C/0x09", Must;
    /// A work item not freed by `MiniportHaltEx`.
    HALT_LEFT_WORK_ITEM = "NDIS-HALT-02", "work item left by MiniportHaltEx", "0xC4", Must;
    /// A scatter/gather registration left by `MiniportHaltEx`.
    HALT_LEFT_SG = "NDIS-HALT-10", "NdisMDeregisterScatterGatherDma", "0xC4", Must;
    /// Shared memory not freed by `MiniportHaltEx`.
    HALT_LEFT_SHARED = "NDIS-HALT-10", "NdisMFreeSharedMemory", "0xC4", Must;
    /// Registers not unmapped by `MiniportHaltEx`.
    HALT_LEFT_MAPPING = "NDIS-INIT-19", "NdisMUnmapIoSpace in MiniportHaltEx", "0xC4", Must;
    /// A configuration handle not closed by `MiniportHaltEx`.
    HALT_LEFT_CONFIGURATION = "NDIS-CFG-05", "NdisOpenConfigurationEx", "0xC4", Must;
    /// An NBL pool not freed by `MiniportHaltEx`.
    HALT_LEFT_NBL_POOL = "NDIS-HALT-02", "NBL pool left by MiniportHaltEx", "0xC4", Must;
    /// An NB pool not freed by `MiniportHaltEx`.
    HALT_LEFT_NB_POOL = "NDIS-HALT-02", "NB pool left by MiniportHaltEx", "0xC4", Must;
    /// A read/write lock not freed by `MiniportHaltEx`.
    HALT_LEFT_RW_LOCK = "NDIS-HALT-02", "read/write lock left by MiniportHaltEx", "0xC4", Must;
    /// Memory or an MDL not freed by `MiniportHaltEx`.
    HALT_LEFT_MEMORY = "NDIS-HALT-02", "memory left by MiniportHaltEx", "0xC4/0x62", Must;
    /// NBLs out after a halt or a failed initialization.
    LEFT_NBLS = "NDIS-HALT-01", "leaked NET_BUFFER_LIST", "0x7C/0x27", Must;

    /// `MiniportRestart` returned a status that it may not.
    RESTART_RETURN = "NDIS-RESTART-01", "MiniportRestart_Return", "0x7C", Must;
    /// A restart completed with none pending.
    RESTART_NONE = "NDIS-RESTART-02", "NdisMRestartComplete with no restart pending", "0x7C/0x1F", Must;
    /// A restart completed by a call and by the return value.
    RESTART_TWICE = "NDIS-RESTART-02", "NdisMRestartComplete and a final status", "0x7C/0x1F", Must;
    /// A restart completed with a status that it may not have.
    RESTART_STATUS = "NDIS-RESTART-02", "NdisMRestartComplete status", "0x7C", Must;
    /// A restart not completed in time.
    RESTART_TIMEOUT = "NDIS-RESTART-02", "restart not completed", "0x7C/0x25", Must;
    /// Restart attributes added where there were none.
    RESTART_ATTRIBUTES = "NDIS-RESTART-06", "RestartAttributes", "0x7C", Must;
    /// `MiniportPause` returned something else than SUCCESS or PENDING.
    PAUSE_RETURN = "NDIS-PAUSE-01", "MiniportPause_Return", "0x7C", Must;
    /// A pause completed with none pending.
    PAUSE_NONE = "NDIS-PAUSE-03", "NdisMPauseComplete with no pause pending", "0x7C/0x1F", Must;
    /// A pause completed by a call and by the return value.
    PAUSE_TWICE = "NDIS-PAUSE-03", "NdisMPauseComplete and NDIS_STATUS_SUCCESS", "0x7C/0x1F", Must;
    /// A pause not completed in time.
    PAUSE_TIMEOUT = "NDIS-PAUSE-03", "BUGCODE_NDIS_DRIVER watchdog: pause", "0x7C/0x25/0x21", Must;
    /// A pause completed in the middle of a receive indication.
    PAUSE_INDICATING = "NDIS-PAUSE-04", "NdisMPauseComplete with indications in progress", "0x7C/0x27", Must;
    /// A pause completed while indicated NBLs are out.
    PAUSE_RECEIVES = "NDIS-PAUSE-05", "NdisMPauseComplete with receives outstanding", "0x7C/0x27", Must;
    /// A pause completed while sends are out.
    PAUSE_SENDS = "NDIS-PAUSE-06", "NdisMPauseComplete with sends outstanding", "0x7C/0x27", Must;
    /// `MiniportResetEx` returned a status that it may not.
    RESET_RETURN = "NDIS-RESET-01", "MiniportResetEx_Return", "0x7C", Must;
    /// A reset completed with none pending.
    RESET_NONE = "NDIS-RESET-02", "NdisMResetComplete with no reset pending", "0x7C/0x0F", Must;
    /// A reset completed by a call and by the return value.
    RESET_TWICE = "NDIS-RESET-02", "NdisMResetComplete and a final status", "0x7C/0x0F", Must;
    /// A reset not completed in time.
    RESET_TIMEOUT = "NDIS-RESET-02", "BUGCODE_NDIS_DRIVER watchdog: reset", "0x7C/0x25", Must;
    /// A reset status indicated by the driver.
    RESET_STATUS = "NDIS-RESET-07", "NDIS_STATUS_RESET_START", "0x7C/0x20", Should;
    /// An OID request after a surprise removal completed otherwise than with `NDIS_STATUS_NOT_ACCEPTED`.
    SURPRISE_OID = "NDIS-SURP-02", "OID request after a surprise removal", "0x7C", Must;
    /// A send after a surprise removal completed otherwise than with `NDIS_STATUS_NOT_ACCEPTED`.
    SURPRISE_SEND = "NDIS-SURP-02", "send after a surprise removal", "0x7C", Must;
    /// Shared memory freed in `MiniportShutdownEx`.
    SHUTDOWN_SHARED = "NDIS-SHUT-05", "NdisMFreeSharedMemory in MiniportShutdownEx", "0x7C", Must;
    /// Memory freed in `MiniportShutdownEx` during a bug check.
    SHUTDOWN_FREED = "NDIS-SHUT-04", "memory freed in MiniportShutdownEx", "0x7C", Must;

    /// An NBL completed that is not out, or twice.
    SEND_COMPLETE = "NDIS-SEND-02", "DoubleComplete", "0xC4", Must;
    /// An NBL completed as pending.
    SEND_PENDING = "NDIS-SEND-06", "NdisMSendNetBufferListsComplete with NDIS_STATUS_PENDING", "0xC4", Must;
    /// An NBL completed with a status that sends do not have.
    SEND_STATUS = "NDIS-SEND-06", "NdisMSendNetBufferListsComplete status", "0xC4", Should;
    /// An NBL completed with another list of NBs than it was sent with.
    SEND_NBS = "NDIS-SEND-03", "NET_BUFFER list altered", "0xC4", Must;
    /// A send accepted while paused.
    SEND_PAUSED = "NDIS-PAUSE-08", "NdisMSendNetBufferListsComplete in paused state", "0x7C", Must;
    /// A send not completed in time.
    SEND_TIMEOUT = "NDIS-SEND-02", "NdisTimedDataSend", "0x0009200D", Must;
    /// No send completed for long while sends are out.
    SEND_HANG = "NDIS-SEND-14", "NdisTimedDataHang", "0x0009200F", Must;
    /// Sends completed with a `DISPATCH_LEVEL` flag below `DISPATCH_LEVEL`.
    SEND_FLAG = "NDIS-SEND-11", "Flags_Irql: send completion", "0xC4", Must;
    /// Receives indicated with a `DISPATCH_LEVEL` flag below `DISPATCH_LEVEL`.
    RECEIVE_FLAG = "NDIS-SEND-11", "Flags_Irql: receive indication", "0xC4", Must;
    /// `MiniportCancelSend` aborted an NBL with another cancel id.
    CANCEL_SEND = "NDIS-CANCEL-01", "MiniportCancelSend", "0x7C", Must;
    /// An indication whose count is not that of its chain.
    RECEIVE_COUNT = "NDIS-RECV-01", "NumberOfNetBufferLists", "0x7C", Must;
    /// An NBL indicated with another source handle than the adapter's.
    RECEIVE_SOURCE = "NDIS-RECV-02", "SourceHandle", "0x7C", Must;
    /// An NBL indicated without NBs, or with fewer bytes in its MDLs than it claims.
    RECEIVE_DATA = "NDIS-RECV-03", "NET_BUFFER without its data", "0x7C", Must;
    /// An NBL indicated that NDIS holds already.
    RECEIVE_OWNED = "NDIS-RECV-04", "NdisMIndicateReceiveNetBufferLists", "0x7C", Must;
    /// A receive indicated while paused or before the first restart.
    RECEIVE_PAUSED = "NDIS-PAUSE-09", "NdisMIndicateReceiveNetBufferLists in paused state", "0x7C", Should;
    /// A receive indicated before the protocol asked for any.
    RECEIVE_FILTER = "NDIS-INIT-15", "NdisMIndicateReceiveNetBufferLists without a packet filter", "0x7C", Must;
    /// More receives in a DPC than NDIS allowed.
    RECEIVE_THROTTLE = "NDIS-RECV-09", "MaxNblsToIndicate", "0x133", Must;
    /// More receives claimed to be pending where there is no limit.
    RECEIVE_MORE = "NDIS-RECV-11", "MoreNblsPending with NDIS_INDICATE_ALL_NBLS", "0x133", Must;

    /// An NBL freed while it is out.
    NBL_OUT = "NDIS-RECV-14", "NET_BUFFER_LIST freed while outstanding", "0x7C/0x27", Must;
    /// An NBL freed that is not allocated.
    NBL_FREED = "NDIS-NBL-01", "NdisFreeNetBufferList", "0xC4", Must;
    /// An NB freed that is not allocated.
    NB_FREED = "NDIS-NBL-02", "NdisAllocateNetBuffer", "0xC4", Must;
    /// A pool freed while NBLs or NBs of it are allocated.
    POOL_IN_USE = "NDIS-NBL-03", "NdisFreeNetBufferListPool", "0x7C/0x27", Must;
    /// An NBL with an NB from a pool that has no NBs.
    POOL_WITHOUT_NBS = "NDIS-NBL-04", "NdisAllocateNetBufferAndNetBufferList", "0xC4", Must;
    /// Parameters of an NBL pool with a wrong header.
    NBL_POOL_HEADER = "NDIS-NBL-05", "malformed NET_BUFFER_LIST_POOL_PARAMETERS", "0x7C/0x21", Must;
    /// Parameters of an NB pool with a wrong header.
    NB_POOL_HEADER = "NDIS-NBL-06", "malformed NET_BUFFER_POOL_PARAMETERS", "0x7C/0x21", Must;
    /// An NB advanced beyond its data.
    NB_ADVANCED = "NDIS-NBL-07", "NdisAdvanceNetBufferDataStart", "0xC4", Must;
    /// An NBL's context of a size that is no multiple of `MEMORY_ALLOCATION_ALIGNMENT`.
    NBL_CONTEXT = "NDIS-NBL-08", "NdisAllocateNetBufferList ContextSize", "0xC4", Must;
    /// An MDL freed with `NdisFreeMdl` that `NdisAllocateMdl` did not return, or twice.
    MDL_PAIR = "NDIS-MDL-02", "NdisAllocateMdl: NdisFreeMdl without it", "0xC4", Must;
    /// A generic object freed that is not allocated.
    GENERIC_OBJECT = "NDIS-MEM-02", "NdisAllocateGenericObject", "0xC4", Must;

    /// An OID completed as pending.
    OID_PENDING = "NDIS-OID-02", "NdisOidComplete", "0x00091001", Must;
    /// An OID completed that is not pending, or twice.
    OID_COMPLETE = "NDIS-OID-02", "NdisOidDoubleComplete", "0x00091002", Must;
    /// An OID completed by a call and by the return value.
    OID_RETURNED = "NDIS-OID-03", "NdisMOidRequestComplete and a final status", "0x7C/0x26", Must;
    /// A direct OID request completed that is not pending.
    OID_DIRECT = "NDIS-DOID-02", "NdisMDirectOidRequestComplete", "0x7C/0x26", Must;
    /// An OID not completed in time.
    OID_TIMEOUT = "NDIS-OID-10", "NdisTimedOidComplete", "0x00092003", Must;
    /// A query that reports more bytes than the buffer holds.
    OID_WRITTEN = "NDIS-OID-07", "OID BytesWritten exceeds the buffer", "0x7C/0x1D", Must;
    /// A set that reports more bytes than the buffer holds.
    OID_READ = "NDIS-OID-07", "OID BytesRead exceeds the buffer", "0x7C/0x1D", Must;
    /// A query answered with no bytes.
    OID_NOTHING = "NDIS-OID-07", "OID BytesWritten", "0x7C", Must;
    /// An OID that wrote past its buffer.
    OID_OVERRUN = "NDIS-OID-07", "OID buffer overrun", "0x7C/0x1D", Must;
    /// A short buffer refused with a `BytesNeeded` that is not larger.
    OID_NEEDED = "NDIS-OID-05", "OID BytesNeeded", "0x7C", Must;
    /// An OID that nobody knows answered with success.
    OID_UNKNOWN = "NDIS-OID-06", "unknown OID answered", "0x7C", Must;
    /// A set that claims to honour a newer revision than it was given.
    OID_REVISION = "NDIS-OID-08", "OID SupportedRevision", "0x7C", Must;
    /// `NDIS_STATUS_INDICATION_REQUIRED` for an OID that does not allow it.
    OID_INDICATION = "NDIS-OID-12", "NDIS_STATUS_INDICATION_REQUIRED", "0x7C", Must;
    /// A statistic of 64 bits not answered with its lower half in four bytes.
    OID_64_LOW = "NDIS-OID-13", "1c_64BitOIDs: four bytes", "", Must;
    /// A statistic of 64 bits not answered in eight bytes.
    OID_64_FULL = "NDIS-OID-13", "1c_64BitOIDs: eight bytes", "", Must;
    /// A statistic of 64 bits that does not ask for eight bytes when it gets none.
    OID_64_NONE = "NDIS-OID-13", "1c_64BitOIDs: no bytes", "", Must;
    /// `OID_GEN_STATISTICS` answered with a wrong header.
    OID_STATISTICS = "NDIS-OID-14", "malformed NDIS_STATISTICS_INFO", "", Must;
    /// A mandatory OID for queries missing in `SupportedOidList`.
    OID_LIST_QUERY = "NDIS-OID-16", "SupportedOidList: queries", "", Must;
    /// A mandatory OID for sets missing in `SupportedOidList`.
    OID_LIST_SET = "NDIS-OID-17", "SupportedOidList: sets", "", Must;
    /// An event for protocols in the middle of an OID request.
    OID_PNP_EVENT = "NDIS-OID-23", "NdisMNetPnPEventInOIDRequest", "0xC4", Must;
    /// `OID_PNP_QUERY_POWER` failed.
    OID_QUERY_POWER = "NDIS-PM-01", "OID_PNP_QUERY_POWER", "0x7C/0x1C", Must;
    /// `OID_PNP_SET_POWER` failed.
    OID_SET_POWER = "NDIS-PM-02", "NdisOidComplete: OID_PNP_SET_POWER", "0x00091001", Must;
    /// An OID that removes something failed.
    OID_REMOVE = "NDIS-OID-24", "NdisOidComplete: OID that removes", "0x00091001", Must;

    /// Interrupt characteristics with a wrong header.
    INTERRUPT_HEADER = "NDIS-INT-02", "malformed NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS", "0x7C/0x21", Must;
    /// Interrupt characteristics without a handler that is required.
    INTERRUPT_HANDLERS = "NDIS-INT-02", "NDIS_STATUS_BAD_CHARACTERISTICS: interrupt handlers", "0x7C", Must;
    /// An interrupt registered outside `MiniportInitializeEx`.
    INTERRUPT_LATE = "NDIS-INT-01", "NdisMRegisterInterruptEx", "0x7C", Must;
    /// An interrupt deregistered outside `MiniportInitializeEx` and `MiniportHaltEx`.
    INTERRUPT_EARLY = "NDIS-PAUSE-11", "NdisMDeregisterInterruptEx outside MiniportHaltEx", "0x7C", Should;
    /// The message table was modified.
    INTERRUPT_TABLE = "NDIS-INT-04", "IO_INTERRUPT_MESSAGE_INFO modified", "0x7C", Must;
    /// A shared interrupt claimed that the device did not raise.
    INTERRUPT_CLAIMED = "NDIS-INT-05", "MiniportInterrupt", "0x7C", Must;
    /// `TargetProcessors` used by a driver for NDIS 6.20 or later.
    INTERRUPT_TARGETS = "NDIS-INT-07", "TargetProcessors", "0x7C", Should;
    /// A message's service routine that does not claim its interrupt.
    INTERRUPT_MESSAGE = "NDIS-INT-09", "MiniportMessageInterrupt", "0x7C", Should;
    /// `NdisMSynchronizeWithInterruptEx` with an interrupt that is deregistered.
    INTERRUPT_SYNCHRONIZED = "NDIS-INT-13", "NdisMDeregisterInterruptEx", "0xC4", Must;

    /// A scatter/gather description with a wrong header.
    DMA_HEADER = "NDIS-DMA-16", "malformed NDIS_SG_DMA_DESCRIPTION", "0x7C/0x21", Must;
    /// A scatter/gather registration outside `MiniportInitializeEx`.
    DMA_LATE = "NDIS-DMA-01", "NdisMRegisterScatterGatherDma", "0x7C", Must;
    /// A scatter/gather registration by a driver that did not declare a bus master.
    DMA_BUS_MASTER = "NDIS-DMA-01", "NdisMRegisterScatterGatherDma without BUS_MASTER", "0x7C", Must;
    /// A scatter/gather list allocated for an NB that has one.
    SG_TWICE = "NDIS-DMA-17", "NdisMAllocateNetBufferSGList", "0xE6", Must;
    /// A scatter/gather list of memory that is no RAM.
    SG_MEMORY = "NDIS-DMA-18", "scatter/gather list of memory that is no RAM", "0xE6", Must;
    /// A scatter/gather list longer than `MaximumPhysicalMapping`.
    SG_LENGTH = "NDIS-DMA-15", "MaximumPhysicalMapping", "0xE6", Must;
    /// A scatter/gather list for a send without `NDIS_SG_LIST_WRITE_TO_DEVICE`.
    SG_DIRECTION = "NDIS-DMA-08", "NDIS_SG_LIST_WRITE_TO_DEVICE", "0xE6", Should;
    /// A scatter/gather list freed that is not out.
    SG_FREED = "NDIS-DMA-09", "NdisMFreeNetBufferSGList", "0xE6", Must;
    /// A scatter/gather list out when its registration goes.
    SG_LEFT = "NDIS-DMA-09", "NdisMDeregisterScatterGatherDma with lists out", "0xE6", Must;
    /// A send completed while its scatter/gather list is out.
    SG_COMPLETED = "NDIS-DMA-09", "send completed with its scatter/gather list out", "0xE6", Must;
    /// Shared memory allocated outside `MiniportInitializeEx`.
    SHARED_LATE = "NDIS-DMA-11", "NdisMAllocateSharedMemory", "0x7C", Must;
    /// Shared memory freed that is not allocated.
    SHARED_TWICE = "NDIS-DMA-14", "shared memory freed twice", "0x7C/0x03", Must;
    /// Shared memory freed otherwise than it was allocated.
    SHARED_OTHERWISE = "NDIS-HALT-10", "NdisMFreeSharedMemory with other arguments", "0x7C", Must;
    /// Shared memory written past its end.
    SHARED_OVERRUN = "NDIS-DMA-12", "shared memory corrupted", "0x7C/0x02", Must;

    /// A status indication with a wrong header.
    STATUS_HEADER = "NDIS-STAT-01", "malformed NDIS_STATUS_INDICATION", "0x7C/0x21", Must;
    /// A status indicated in another's name.
    STATUS_SOURCE = "NDIS-STAT-01", "NDIS_STATUS_INDICATION SourceHandle", "0x7C/0x20", Must;
    /// A status indication with a buffer without a length, or a length without a buffer.
    STATUS_BUFFER = "NDIS-STAT-01", "NDIS_STATUS_INDICATION StatusBuffer", "0x7C/0x20", Must;
    /// A status indication with flags.
    STATUS_FLAGS = "NDIS-STAT-01", "NDIS_STATUS_INDICATION Flags", "0x7C/0x20", Must;
    /// A status indicated after `MiniportHaltEx` has returned.
    STATUS_HALTED = "NDIS-HALT-09", "NdisMIndicateStatusEx", "0x7C/0x20", Must;
    /// `NDIS_STATUS_LINK_STATE` with fewer bytes than its structure has.
    LINK_SIZE = "NDIS-STAT-02", "NDIS_STATUS_LINK_STATE", "0x7C/0x20", Must;
    /// A link state indicated again without a change.
    LINK_REPEATED = "NDIS-STAT-02", "NDIS_STATUS_LINK_STATE without a change", "", Should;
    /// Timer characteristics with a wrong header.
    TIMER_HEADER = "NDIS-TMR-04", "malformed NDIS_TIMER_CHARACTERISTICS", "0x7C/0x21", Must;
    /// A timer freed while it is set, queued or running.
    TIMER_FREED = "NDIS-TMR-05", "CancelTimerObject", "0xC4", Must;
    /// A timer allocated without a function.
    TIMER_FUNCTION = "NDIS-TMR-06", "NDIS_TIMER_CHARACTERISTICS TimerFunction", "0x7C", Must;
    /// A periodic timer cancelled above `PASSIVE_LEVEL`.
    PERIODIC_TIMER = "NDIS-TMR-02", "PeriodicTimer", "0xC4", Must;
    /// A timer set with a period that is negative, or more than `MAXLONG`.
    TIMER_PERIOD = "NDIS-TMR-07", "NdisSetTimerObject MillisecondsPeriod", "0xC4", Must;
    /// A work item queued while it is queued.
    WORK_QUEUED = "NDIS-WI-01", "NdisQueueIoWorkItem of a queued work item", "0xE4/0x01", Must;
    /// A work item freed while it is queued.
    WORK_FREED = "NDIS-WI-02", "NdisFreeIoWorkItem of a queued work item", "0xE4/0x00", Must;
    /// A configuration object with a wrong header.
    CONFIGURATION_HEADER = "NDIS-CFG-09", "malformed NDIS_CONFIGURATION_OBJECT", "0x7C/0x21", Must;
    /// An I/O port range deregistered that is not registered.
    PORT_RANGE = "NDIS-INIT-24", "NdisMDeregisterIoPortRange", "0x7C", Must;
}
