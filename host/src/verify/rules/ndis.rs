//! NDIS: what a miniport owes it.

rules! { from 0;
    /// An NBL completed that is not out, or twice.
    SEND_COMPLETE = "NDIS-SEND-02", "DoubleComplete", "0xC4", Must;
    /// An NBL indicated that NDIS holds already.
    RECEIVE_OWNED = "NDIS-RECV-04", "NdisMIndicateReceiveNetBufferLists", "0x7C", Must;
    /// An indication whose count, source handle or NBs are wrong.
    RECEIVE_MALFORMED = "NDIS-RECV-01", "NdisMIndicateReceiveNetBufferLists", "0x7C", Must;
    /// A receive indicated while paused or before the first restart.
    RECEIVE_PAUSED = "NDIS-PAUSE-09", "NdisMIndicateReceiveNetBufferLists in paused state", "0x7C", Must;
    /// A receive indicated before the protocol asked for any.
    RECEIVE_FILTER = "NDIS-INIT-15", "NdisMIndicateReceiveNetBufferLists without a packet filter", "0x7C", Must;
    /// More receives in a DPC than NDIS allowed.
    RECEIVE_THROTTLE = "NDIS-RECV-09", "receive-side throttle", "0x133", Must;
    /// A send completed with data while paused.
    SEND_PAUSED = "NDIS-PAUSE-06", "NdisMSendNetBufferListsComplete in paused state", "0x7C", Must;
    /// A `DISPATCH_LEVEL` flag below `DISPATCH_LEVEL`.
    DISPATCH_FLAG = "NDIS-SEND-11", "Flags_Irql", "0xC4", Must;
    /// A mandatory OID missing in `SupportedOidList`.
    OID_LIST = "NDIS-OID-22", "SupportedOidList", "", Must;
    /// A pause completed while NBLs are out.
    PAUSE_OUTSTANDING = "NDIS-PAUSE-05", "NdisMPauseComplete with NBLs outstanding", "0x7C/0x27", Must;
    /// A pause or restart completed with none pending.
    PAUSE_NONE = "NDIS-PAUSE-03", "NdisMPauseComplete with no pause pending", "0x7C/0x1F", Must;
    /// `MiniportPause` returned something else than SUCCESS or PENDING.
    PAUSE_RETURN = "NDIS-PAUSE-01", "MiniportPause_Return", "0x7C", Must;
    /// A pause not completed in time.
    PAUSE_TIMEOUT = "NDIS-PAUSE-03", "BUGCODE_NDIS_DRIVER watchdog: pause", "0x7C/0x25/0x21", Must;
    /// A restart completed with none pending.
    RESTART_NONE = "NDIS-RESTART-02", "NdisMRestartComplete with no restart pending", "0x7C/0x1F", Must;
    /// A reset completed with none pending.
    RESET_NONE = "NDIS-RESET-02", "NdisMResetComplete with no reset pending", "0x7C/0x0F", Must;
    /// A reset not completed in time.
    RESET_TIMEOUT = "NDIS-RESET-02", "BUGCODE_NDIS_DRIVER watchdog: reset", "0x7C/0x25", Must;
    /// An OID completed that is not pending, or twice.
    OID_COMPLETE = "NDIS-OID-02", "NdisOidDoubleComplete", "0x00091002", Must;
    /// An OID not completed in time.
    OID_TIMEOUT = "NDIS-OID-10", "NdisTimedOidComplete", "0x00092003", Must;
    /// An OID that wrote more than the buffer holds.
    OID_OVERRUN = "NDIS-OID-07", "OID BytesWritten exceeds the buffer", "0x7C/0x1D", Must;
    /// A short buffer refused with a `BytesNeeded` that is not larger.
    OID_NEEDED = "NDIS-OID-05", "OID BytesNeeded", "0x7C", Must;
    /// A send not completed in time.
    SEND_TIMEOUT = "NDIS-SEND-02", "NdisTimedDataSend", "0x0009200D", Must;
    /// An object header with a wrong type, revision or size.
    OBJECT_HEADER = "NDIS-REG-03", "malformed NDIS_OBJECT_HEADER", "0x7C/0x21", Must;
    /// A status indication that is malformed or comes after halt.
    STATUS_INDICATION = "NDIS-STAT-01", "NdisMIndicateStatusEx", "0x7C/0x20", Must;
    /// A call out of the order that the contract demands.
    ORDER = "NDIS-INIT-02", "NDIS call out of order", "0x7C", Must;
    /// A handle that is not, or no longer, one.
    HANDLE = "NDIS-HANDLE", "bad handle", "0x7C", Must;
    /// Interrupt registered when it must no longer be.
    INTERRUPT_LEFT = "NDIS-HALT-02", "Init_DeRegisterInterrupt", "0x7C/0x08", Must;
    /// Timer set when it must no longer be.
    TIMER_LEFT = "NDIS-HALT-05", "CancelTimerObject", "0x7C/0x09", Must;
    /// The same after a failed `MiniportInitializeEx`.
    INIT_LEAK = "NDIS-INIT-11", "resources left behind by a failed MiniportInitializeEx", "0x7C/0x0B", Must;
    /// Memory, pools, work items or other objects left behind at halt.
    HALT_LEAK = "NDIS-HALT-02", "resources left behind at halt", "0xC4/0x62", Must;
    /// Anything left behind at unload.
    UNLOAD_LEAK = "NDIS-REG-14", "pool left behind at unload", "0xC4/0x62", Must;
    /// NBLs of a pool still allocated or out when it is freed.
    NBL_LEAK = "NDIS-RECV-14", "leaked NET_BUFFER_LIST", "0x7C/0x27", Must;
    /// Shared memory allocated or freed at raised IRQL.
    SHARED_IRQL = "NDIS-DMA-11", "shared memory at raised IRQL", "0x7C/0x01", Must;
    /// Scatter/gather list freed that is not allocated, or left behind.
    SG_LIST = "NDIS-DMA-09", "NdisMFreeNetBufferSGList", "0xE6", Must;
}
