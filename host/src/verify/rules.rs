//! The rules that are watched so far.

use super::Rule;

macro_rules! rules {
    ($( $(#[$doc:meta])* $ident:ident = $id:literal, $name:literal, $code:literal; )*) => {
        $( $(#[$doc])* pub static $ident: Rule = Rule { id: $id, name: $name, code: $code }; )*
        /// All of them.
        pub static ALL: &[&Rule] = &[$(&$ident),*];
    };
}

rules! {
    /// Every import at its documented IRQL.
    IRQL = "NDIS-IRQL", "Irql_Ndis_Function", "0xC4";
    /// A handler returned at another IRQL than it was called at.
    IRQL_RETURN = "NDIS-IRQL", "IRQL_UNEXPECTED_VALUE", "0xC8";
    /// A handler returned with a spin lock held.
    LOCK_HELD = "NDIS-LOCK", "SpinLockBalanced", "0xC4";
    /// A spin lock acquired by its holder, or released by a CPU that does not hold it.
    LOCK_ORDER = "NDIS-LOCK", "SpinLock", "0xC4";
    /// CPUs that wait for each other's spin locks.
    DEADLOCK = "NDIS-LOCK", "DRIVER_VERIFIER_DETECTED_VIOLATION: deadlock", "0xC4/0x1001";
    /// IRQL raised downwards, lowered upwards, or below the level of the handler's call.
    IRQL_ORDER = "NDIS-IRQL", "IRQL_NOT_LESS_OR_EQUAL", "0xC4/0x30";
    /// Pool allocated or freed against its rules: zero bytes, a wrong tag, paged pool at raised IRQL.
    POOL = "NDIS-MEM", "BAD_POOL_CALLER", "0xC2";
    /// Bytes around a block of special pool written, found when it was freed.
    SPECIAL_POOL = "NDIS-MEM", "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION", "0xC1";
    /// Memory touched behind a block.
    BEYOND_END = "NDIS-MEM", "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "0xD6";
    /// Memory touched before a block.
    BEFORE_START = "NDIS-MEM", "PAGE_FAULT_IN_NONPAGED_AREA", "0x50";
    /// Memory touched that was freed.
    FREED_MEMORY = "NDIS-MEM", "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL", "0xD5";
    /// Paged pool touched at `DISPATCH_LEVEL` or above.
    PAGED_MEMORY = "NDIS-IRQL", "DRIVER_IRQL_NOT_LESS_OR_EQUAL: paged pool", "0xD1";
    /// An NBL, its NBs, MDLs or data touched between their indication and their return.
    INDICATED_MEMORY = "NDIS-RECV-04", "NET_BUFFER_LIST touched while NDIS owns it", "";
    /// An NBL, its NBs, MDLs or data touched after the send was completed.
    COMPLETED_MEMORY = "NDIS-SEND-04", "NET_BUFFER_LIST touched after its completion", "";
    /// Memory freed that holds an active timer, a queued DPC or a held lock.
    FREED_IN_USE = "NDIS-MEM", "TIMER_OR_DPC_INVALID", "0xC7";
    /// A kernel object that was not initialised, is of another type, or is in use.
    OBJECT = "KERNEL-OBJECT", "DRIVER_VERIFIER_DETECTED_VIOLATION: kernel object", "0xC4";
    /// A mutex or other owned lock acquired twice, or released by another thread than its owner.
    MUTEX = "KERNEL-OBJECT", "MUTANT_NOT_OWNED", "0xC4";
    /// A reference taken or dropped on something that has none.
    REFERENCE = "KERNEL-OBJECT", "REFERENCE_BY_POINTER", "0x18";
    /// A linked list whose neighbours do not point at each other.
    LIST = "KERNEL-OBJECT", "KERNEL_SECURITY_CHECK_FAILURE", "0x139/3";
    /// A work item queued or freed while it is queued.
    WORK_ITEM = "NDIS-WORK", "WORKER_INVALID", "0xE4";
    /// An MDL used against its state.
    MDL = "NDIS-MDL", "DRIVER_VERIFIER_DETECTED_VIOLATION: MDL", "0xC4";
    /// An IRP completed twice, without stack locations, or freed in use.
    IRP = "KERNEL-IRP", "MULTIPLE_IRP_COMPLETE_REQUESTS", "0x44";
    /// A dispatch routine that returned `STATUS_PENDING` without marking the IRP, or marked it and returned another
    /// status.
    IRP_PENDING = "KERNEL-IRP", "PendedCompletedRequest", "0xC9";
    /// An IRP that is never completed.
    IRP_LOST = "KERNEL-IRP", "IrpProcessingComplete", "0xC9";
    /// An IRP completed with another status than its dispatch routine returned.
    IRP_STATUS = "KERNEL-IRP", "CompleteRequestStatusCheck", "0xC9";
    /// A plug and play, power or WMI IRP that was not passed down the stack.
    IRP_NOT_PASSED = "WDM-PNP", "PnpIrpCompletion", "0xC9";
    /// The device used before the drivers below have started it.
    START_WAIT = "WDM-START", "StartDeviceWait", "0xC9";
    /// `AddDevice` that attaches nothing, or leaves a device object that is not initialized, or one behind a failure.
    ADD_DEVICE = "WDM-ADD", "AddDevice", "0xC9";
    /// Registers of a device that is off.
    POWER = "WDM-POWER", "register access in a low-power state", "";
    /// Interrupts connected or registers mapped when the device has no resources any more.
    STOP_LEAK = "WDM-STOP", "resources kept by a device that is stopped or gone", "0xC4";
    /// Anything of a device's left behind when it is removed.
    REMOVE_LEAK = "WDM-REMOVE", "PnpRemove", "0xC4";
    /// Map registers, common buffers or SG lists used against their rules.
    DMA = "NDIS-DMA", "DRIVER_VERIFIER_DMA_VIOLATION", "0xE6";
    /// An exception raised by the driver that nobody handles.
    EXCEPTION = "NDIS-FAULT", "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "0x7E";
    /// An NBL completed that is not out, or twice.
    SEND_COMPLETE = "NDIS-SEND-02", "DoubleComplete", "0xC4";
    /// An NBL indicated that NDIS holds already.
    RECEIVE_OWNED = "NDIS-RECV-04", "NdisMIndicateReceiveNetBufferLists", "0x7C";
    /// An indication whose count, source handle or NBs are wrong.
    RECEIVE_MALFORMED = "NDIS-RECV-01", "NdisMIndicateReceiveNetBufferLists", "0x7C";
    /// A receive indicated while paused or before the first restart.
    RECEIVE_PAUSED = "NDIS-PAUSE-09", "NdisMIndicateReceiveNetBufferLists in paused state", "0x7C";
    /// A receive indicated before the protocol asked for any.
    RECEIVE_FILTER = "NDIS-INIT-15", "NdisMIndicateReceiveNetBufferLists without a packet filter", "0x7C";
    /// More receives in a DPC than NDIS allowed.
    RECEIVE_THROTTLE = "NDIS-RECV-09", "receive-side throttle", "0x133";
    /// A send completed with data while paused.
    SEND_PAUSED = "NDIS-PAUSE-06", "NdisMSendNetBufferListsComplete in paused state", "0x7C";
    /// A `DISPATCH_LEVEL` flag below `DISPATCH_LEVEL`.
    DISPATCH_FLAG = "NDIS-SEND-11", "Flags_Irql", "0xC4";
    /// A mandatory OID missing in `SupportedOidList`.
    OID_LIST = "NDIS-OID-22", "SupportedOidList", "";
    /// A pause completed while NBLs are out.
    PAUSE_OUTSTANDING = "NDIS-PAUSE-05", "NdisMPauseComplete with NBLs outstanding", "0x7C/0x27";
    /// A pause or restart completed with none pending.
    PAUSE_NONE = "NDIS-PAUSE-03", "NdisMPauseComplete with no pause pending", "0x7C/0x1F";
    /// `MiniportPause` returned something else than SUCCESS or PENDING.
    PAUSE_RETURN = "NDIS-PAUSE-01", "MiniportPause_Return", "0x7C";
    /// A pause not completed in time.
    PAUSE_TIMEOUT = "NDIS-PAUSE-03", "BUGCODE_NDIS_DRIVER watchdog: pause", "0x7C/0x25/0x21";
    /// A restart completed with none pending.
    RESTART_NONE = "NDIS-RESTART-02", "NdisMRestartComplete with no restart pending", "0x7C/0x1F";
    /// A reset completed with none pending.
    RESET_NONE = "NDIS-RESET-02", "NdisMResetComplete with no reset pending", "0x7C/0x0F";
    /// A reset not completed in time.
    RESET_TIMEOUT = "NDIS-RESET-02", "BUGCODE_NDIS_DRIVER watchdog: reset", "0x7C/0x25";
    /// An OID completed that is not pending, or twice.
    OID_COMPLETE = "NDIS-OID-02", "NdisOidDoubleComplete", "0x00091002";
    /// An OID not completed in time.
    OID_TIMEOUT = "NDIS-OID-10", "NdisTimedOidComplete", "0x00092003";
    /// An OID that wrote more than the buffer holds.
    OID_OVERRUN = "NDIS-OID-07", "OID BytesWritten exceeds the buffer", "0x7C/0x1D";
    /// A short buffer refused with a `BytesNeeded` that is not larger.
    OID_NEEDED = "NDIS-OID-05", "OID BytesNeeded", "0x7C";
    /// A send not completed in time.
    SEND_TIMEOUT = "NDIS-SEND-02", "NdisTimedDataSend", "0x0009200D";
    /// An object header with a wrong type, revision or size.
    OBJECT_HEADER = "NDIS-REG-03", "malformed NDIS_OBJECT_HEADER", "0x7C/0x21";
    /// A status indication that is malformed or comes after halt.
    STATUS_INDICATION = "NDIS-STAT-01", "NdisMIndicateStatusEx", "0x7C/0x20";
    /// A call out of the order that the contract demands.
    ORDER = "NDIS-INIT-02", "NDIS call out of order", "0x7C";
    /// A handle that is not, or no longer, one.
    HANDLE = "NDIS-HANDLE", "bad handle", "0x7C";
    /// An allocation without a tag.
    TAG = "NDIS-TAG", "NdisAllocateMemoryWithTagPriority", "0xC4";
    /// Interrupt registered when it must no longer be.
    INTERRUPT_LEFT = "NDIS-HALT-02", "Init_DeRegisterInterrupt", "0x7C/0x08";
    /// Timer set when it must no longer be.
    TIMER_LEFT = "NDIS-HALT-05", "CancelTimerObject", "0x7C/0x09";
    /// The same after a failed `MiniportInitializeEx`.
    INIT_LEAK = "NDIS-INIT-11", "resources left behind by a failed MiniportInitializeEx", "0x7C/0x0B";
    /// Memory, pools, work items or other objects left behind at halt.
    HALT_LEAK = "NDIS-HALT-02", "resources left behind at halt", "0xC4/0x62";
    /// Anything left behind at unload.
    UNLOAD_LEAK = "NDIS-REG-14", "pool left behind at unload", "0xC4/0x62";
    /// NBLs of a pool still allocated or out when it is freed.
    NBL_LEAK = "NDIS-RECV-14", "leaked NET_BUFFER_LIST", "0x7C/0x27";
    /// Memory freed twice, with another length, or overrun.
    MEMORY = "NDIS-DMA-10", "memory freed twice, wrongly or overrun", "0x7C/0x02";
    /// Shared memory allocated or freed at raised IRQL.
    SHARED_IRQL = "NDIS-DMA-11", "shared memory at raised IRQL", "0x7C/0x01";
    /// Scatter/gather list freed that is not allocated, or left behind.
    SG_LIST = "NDIS-DMA-09", "NdisMFreeNetBufferSGList", "0xE6";
    /// `NdisStallExecution` of more than 50 µs.
    STALL = "NDIS-RESET-08", "NdisStallExecution_Delay", "";
    /// A wait or other blocking call at `DISPATCH_LEVEL` or above.
    WAIT_IRQL = "NDIS-INIT-13", "NdisWaitEvent at raised IRQL", "0x7C/0x14";
    /// The driver faulted.
    FAULT = "NDIS-FAULT", "DRIVER_IRQL_NOT_LESS_OR_EQUAL", "0xD1";
    /// The driver called for a bug check.
    BUG_CHECK = "NDIS-BUGCHECK", "KeBugCheckEx", "";
    /// A register access of a size or at an offset that the device does not have.
    REGISTER = "NDIS-HW", "bad register access", "";
    /// A register, a width or a bit that this version of a QuickData function does not have.
    QD_REGISTER = "QD-01", "QuickData: no such register", "";
    /// A read-only register written.
    QD_READ_ONLY = "QD-02", "QuickData: read-only register written", "";
    /// A 64-bit register accessed in halves in the wrong order.
    QD_HALVES = "QD-03", "QuickData: high half before the low one", "";
    /// CHAINADDR or CHANCMP written while the channel is active.
    QD_ACTIVE = "QD-04", "QuickData: address written while the channel is active", "";
    /// A command that the version does not have, or that is illegal in the channel's state.
    QD_COMMAND = "QD-05", "QuickData: illegal command", "";
    /// A completion word that is not aligned.
    QD_COMPLETION = "QD-06", "QuickData: CHANCMP not aligned", "";
    /// INTRCTRL misused, or interrupts that nobody is connected to.
    QD_INTERRUPT = "QD-07", "QuickData: INTRCTRL misused", "";
    /// Vectors for channels without MSI-X, or MSI-X without them.
    QD_VECTORS = "QD-08", "QuickData: MSIX_VECTOR_CONTROL does not fit the interrupt", "";
    /// DMA while bus mastering is off.
    QD_MASTER = "QD-09", "QuickData: bus mastering off", "";
    /// DMA outside the memory that clients handed over.
    QD_DMA = "QD-10", "QuickData: DMA outside the client's memory", "";
    /// A doorbell that goes backwards, publishes nothing or more than there is.
    QD_DOORBELL = "QD-11", "QuickData: DMACOUNT", "";
    /// Register accesses that go on after the function has left the bus.
    QD_GONE = "QD-12", "QuickData: accesses after removal", "";
    /// Interrupts enabled, or a channel at work, when the driver lets go.
    QD_LEFT = "QD-13", "QuickData: left enabled", "";
    /// A channel started while its completion word may overtake the data.
    QD_RELAXED = "QD-14", "QuickData: relaxed ordering on", "";
    /// A register of the 82574L that there is not, or an access that is no aligned dword.
    I82574_REGISTER = "I82574-01", "82574L: no such register", "";
    /// A read-only register of the 82574L written.
    I82574_READ_ONLY = "I82574-02", "82574L: read-only register written", "";
    /// A ring's base or length not aligned, or changed while the ring is in use.
    I82574_RING = "I82574-03", "82574L: ring registers", "";
    /// A tail beyond the ring, or one that takes descriptors back.
    I82574_TAIL = "I82574-04", "82574L: ring tail", "";
    /// DMA to memory that is not the driver's.
    I82574_DMA = "I82574-05", "82574L: DMA outside the driver's memory", "";
    /// DMA while bus mastering is off.
    I82574_MASTER = "I82574-06", "82574L: bus mastering off", "";
    /// Descriptors published after a reset before the ring is programmed again.
    I82574_RESET = "I82574-07", "82574L: descriptors published without a ring", "";
    /// Interrupts enabled, or receiver or transmitter on, when the driver lets go.
    I82574_LEFT = "I82574-08", "82574L: left enabled", "";
    /// Interrupts enabled that nobody is connected to.
    I82574_INTERRUPT = "I82574-09", "82574L: interrupts enabled without a connection", "";
    /// Registers accessed in a low-power state.
    I82574_POWER = "I82574-10", "82574L: registers in D3", "";
    /// Register accesses that go on after the function has left the bus.
    I82574_GONE = "I82574-11", "82574L: accesses after removal", "";
    /// Transmit descriptors that say what the part cannot do.
    I82574_DESCRIPTOR = "I82574-12", "82574L: transmit descriptor", "";
    /// EERD or MDIC used in the middle of a transaction, or the MDIO interface without its ownership.
    I82574_SERIAL = "I82574-13", "82574L: NVM or PHY access", "";
    /// The host itself asked for something out of order: a mistake in a test.
    HOST = "HOST", "ferrite-host's own order of calls", "";
    /// An imported function asked for something that the host does not do.
    UNSUPPORTED = "HOST", "not supported by ferrite-host", "";
    /// A NetDMA provider registered or started with something that is not as documented.
    NETDMA_REGISTRATION = "NDMA-REG", "NetDmaRegisterProvider", "-";
    /// NetDMA's calls out of order.
    NETDMA_ORDER = "NDMA-START", "NetDmaProviderOrder", "-";
    /// A handle that is no provider's.
    NETDMA_PROVIDER = "NDMA-REG", "NetDmaProviderHandle", "-";
    /// A handle that is no allocated channel's, or a channel without a CPU.
    NETDMA_CHANNEL = "NDMA-CH", "NetDmaChannelHandle", "-";
    /// An interrupt reported at the wrong level or on the wrong CPU.
    NETDMA_INTERRUPT = "NDMA-INT", "NetDmaInterrupt", "-";
    /// Descriptors that are never completed.
    NETDMA_LOST = "NDMA-STOP", "NetDmaOutstanding", "-";
    /// A provider that is left at unload.
    NETDMA_LEAK = "NDMA-STOP", "NetDmaProviderLeft", "-";
}
