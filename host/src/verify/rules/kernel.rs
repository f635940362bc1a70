//! The kernel: levels, locks, memory, objects, IRPs.

rules! { from super::irql::END;
    /// A handler returned at another IRQL than it was called at.
    IRQL_RETURN = "KERNEL-LEVEL-01", "IrqlReturn", "0xC4/0x0002001D", Must;
    /// An interrupt service routine returned at another IRQL than it was called at.
    IRQL_RETURN_ISR = "KERNEL-LEVEL-02", "ISR returned at a changed IRQL", "0xC4/0x111", Must;
    /// A work item's routine returned at another IRQL than it was called at.
    IRQL_RETURN_WORKER = "KERNEL-LEVEL-03", "WORKER_THREAD_RETURNED_AT_BAD_IRQL", "0xE1", Must;
    /// `KeRaiseIrql` to a level that is lower than the current one, or none.
    IRQL_RAISE = "KERNEL-LEVEL-04", "IrqlKeRaiseLower", "0xC4/0x30", Must;
    /// `KeLowerIrql` to a level that is higher than the current one.
    IRQL_LOWER = "KERNEL-LEVEL-05", "IrqlKeRaiseLower", "0xC4/0x31", Must;
    /// The IRQL lowered below the level at which the driver's handler was called.
    IRQL_LOWER_FLOOR = "KERNEL-LEVEL-06", "IrqlKeRaiseLower2", "0xC4/0x31", Must;
    /// An endless wait at `DISPATCH_LEVEL` or above.
    WAIT_ENDLESS = "KERNEL-LEVEL-07", "wait without a timeout at raised IRQL", "0xC4/0x121", Must;
    /// A wait of some time at `DISPATCH_LEVEL` or above.
    WAIT_TIMED = "KERNEL-LEVEL-08", "wait with a timeout at raised IRQL", "0xC4/0x122", Must;
    /// A stall of more than 50 µs.
    STALL = "NDIS-RESET-08", "NdisStallExecution_Delay", "", Must;

    /// A handler returned with a spin lock held.
    LOCK_HELD = "KERNEL-LOCK-01", "SpinLockBalanced", "0xC4", Must;
    /// The IRQL lowered below `DISPATCH_LEVEL` with a spin lock held.
    LOCK_LOWERED = "KERNEL-LOCK-02", "IRQL lowered with a spin lock held", "0xC4", Must;
    /// A spin lock acquired by the CPU that holds it.
    LOCK_TWICE = "KERNEL-LOCK-03", "SpinLock", "0xC4/0x00040009", Must;
    /// A spin lock released by a CPU that does not hold it.
    LOCK_NOT_HELD = "KERNEL-LOCK-04", "SpinLockRelease", "0xC4/0x0004000B", Must;
    /// A spin lock acquired at `DISPATCH_LEVEL` by the CPU that holds it.
    LOCK_DPR_TWICE = "KERNEL-LOCK-05", "SpinLockDpr", "0xC4", Must;
    /// A spin lock released at `DISPATCH_LEVEL` by a CPU that does not hold it.
    LOCK_DPR_NOT_HELD = "KERNEL-LOCK-06", "SpinLockDprRelease", "0xC4", Must;
    /// A queued spin lock acquired by the CPU that holds it.
    LOCK_QUEUED_TWICE = "KERNEL-LOCK-07", "QueuedSpinLock", "0xC4/0x00040006", Must;
    /// A queue handle released that holds no lock.
    LOCK_QUEUED_NOT_HELD = "KERNEL-LOCK-08", "QueuedSpinLockRelease", "0xC4/0x00040007", Must;
    /// A lock released as another kind than it was acquired.
    LOCK_MIXED = "KERNEL-LOCK-09", "lock released by an API of another kind", "0xC4/0x1009", Must;
    /// A spin lock acquired that was not initialised, or was overwritten.
    LOCK_UNINITIALIZED = "KERNEL-LOCK-10", "uninitialized resource", "0xC4/0x1002", Must;
    /// A spin lock initialised while it is held.
    LOCK_REINITIALIZED = "KERNEL-LOCK-11", "multiple initialization", "0xC4/0x1005", Must;
    /// CPUs that wait for each other's spin locks.
    DEADLOCK = "KERNEL-LOCK-12", "deadlock", "0xC4/0x1001", Must;
    /// A read/write lock acquired by the CPU that holds it.
    RW_LOCK_TWICE = "KERNEL-LOCK-13", "self-deadlock on a read/write lock", "0xC4/0x1000", Must;
    /// A read/write lock released by a CPU that does not hold it.
    RW_LOCK_NOT_HELD = "KERNEL-LOCK-14", "unacquired read/write lock", "0xC4/0x1007", Must;
    /// A read/write lock freed while it is held.
    RW_LOCK_FREED = "KERNEL-LOCK-15", "read/write lock freed while held", "0xC4/0x100B", Must;
    /// A reset completed with a spin lock held.
    RESET_LOCKED = "NDIS-RESET-02", "NdisMResetComplete with a spin lock held", "0xC4", Must;

    /// A critical region left that was not entered.
    CRITICAL_REGION = "KERNEL-REGION-01", "CriticalRegions", "0xC4/0x3E", Must;
    /// A guarded region left that was not entered.
    GUARDED_REGION = "KERNEL-REGION-02", "GuardedRegions", "0xC4/0x0004000E", Must;
    /// A fast mutex released at another level than `APC_LEVEL`.
    FAST_MUTEX_LEVEL = "KERNEL-MUTEX-06", "ExReleaseFastMutex at another level than APC_LEVEL", "0xC4/0x34", Must;
    /// A fast mutex acquired by an unsafe function while APCs are not disabled.
    FAST_MUTEX_UNSAFE = "KERNEL-MUTEX-07", "ExAcquireFastMutexUnsafe with APCs enabled", "0xC4/0x39", Must;
    /// A fast mutex released by an unsafe function while APCs are not disabled.
    FAST_MUTEX_UNSAFE_RELEASE = "KERNEL-MUTEX-08", "ExReleaseFastMutexUnsafe with APCs enabled", "0xC4/0x3A", Must;
    /// A mutex released by a thread that does not own it.
    MUTEX_OWNER = "KERNEL-MUTEX-01", "KeReleaseMutex by another thread than the owner", "0xC4/0x1004", Must;
    /// A fast mutex acquired that was not initialised.
    FAST_MUTEX_UNINITIALIZED = "KERNEL-MUTEX-02", "uninitialized fast mutex", "0xC4/0x1002", Must;
    /// A fast mutex acquired by its owner.
    FAST_MUTEX_TWICE = "KERNEL-MUTEX-03", "self-deadlock on a fast mutex", "0xC4/0x1000", Must;
    /// A fast mutex released by a thread that does not own it.
    FAST_MUTEX_OWNER = "KERNEL-MUTEX-04", "unacquired fast mutex", "0xC4/0x1007", Must;
    /// An ERESOURCE used that was not initialised.
    RESOURCE_UNINITIALIZED = "KERNEL-RESOURCE-01", "uninitialized ERESOURCE", "0xC4/0x1002", Must;
    /// An ERESOURCE initialised twice.
    RESOURCE_REINITIALIZED = "KERNEL-RESOURCE-02", "ERESOURCE initialized again", "0xC4/0xD0", Must;
    /// An ERESOURCE deleted that was not initialised.
    RESOURCE_DELETED = "KERNEL-RESOURCE-03", "uninitialized ERESOURCE deleted", "0xC4/0xD1", Must;
    /// An ERESOURCE deleted while a thread owns it.
    RESOURCE_OWNED = "KERNEL-RESOURCE-04", "ERESOURCE deleted while owned", "0xC4/0x100B", Must;
    /// An ERESOURCE released by a thread that does not own it.
    RESOURCE_NOT_OWNED = "KERNEL-RESOURCE-05", "RESOURCE_NOT_OWNED", "0xE3", Must;
    /// An ERESOURCE acquired exclusively by a thread that reads it.
    RESOURCE_TWICE = "KERNEL-RESOURCE-06", "self-deadlock on an ERESOURCE", "0xC4/0x1000", Must;
    /// An ERESOURCE acquired while APCs are not disabled.
    RESOURCE_APC = "KERNEL-RESOURCE-07", "ERESOURCE acquired with APCs enabled", "0xC4/0x37", Must;
    /// An ERESOURCE released while APCs are not disabled.
    RESOURCE_RELEASE_APC = "KERNEL-RESOURCE-08", "ERESOURCE released with APCs enabled", "0xC4/0x38", Must;
    /// An ERESOURCE that is not aligned.
    RESOURCE_ALIGNMENT = "KERNEL-RESOURCE-09", "unaligned ERESOURCE", "0xC4/0x3D", Must;
    /// A run-down reference used that was not initialised.
    RUNDOWN_UNINITIALIZED = "KERNEL-RUNDOWN-01", "uninitialized EX_RUNDOWN_REF", "0xC4", Must;
    /// Run-down protection released more often than acquired.
    RUNDOWN_RELEASED = "KERNEL-RUNDOWN-02", "EX_RUNDOWN_REF released too often", "0xC4", Must;
    /// A remove lock released more often than acquired.
    REMOVE_LOCK = "KERNEL-RUNDOWN-03", "RemoveLockCheck", "0xC4/0xD5", Must;

    /// Pool of zero bytes.
    POOL_ZERO = "KERNEL-POOL-01", "zero-byte pool allocation", "0xC4/0x00", Must;
    /// Paged pool allocated above `APC_LEVEL`.
    POOL_PAGED = "KERNEL-POOL-02", "paged pool allocated at raised IRQL", "0xC4/0x01", Must;
    /// Paged pool freed above `APC_LEVEL`.
    POOL_PAGED_FREED = "KERNEL-POOL-03", "paged pool freed at raised IRQL", "0xC4/0x11", Must;
    /// Pool allocated with tag 0.
    POOL_TAG = "KERNEL-POOL-04", "BAD_POOL_CALLER: tag 0", "0xC2/0x9B", Must;
    /// Must-succeed pool, which is gone.
    POOL_MUST_SUCCEED = "KERNEL-POOL-05", "BAD_POOL_CALLER: must-succeed pool", "0xC2/0x9A", Must;
    /// NULL freed.
    POOL_NULL = "KERNEL-POOL-06", "BAD_POOL_CALLER: NULL freed", "0xC2/0x46", Must;
    /// Memory freed with another tag than it was allocated with.
    POOL_WRONG_TAG = "KERNEL-POOL-07", "BAD_POOL_CALLER: wrong tag", "0xC2/0x0A", Must;
    /// Memory freed twice, or never allocated.
    POOL_TWICE = "KERNEL-POOL-08", "DoubleExFreePool", "0xC4/0x13", Must;
    /// Memory freed by another function than the one that belongs to its allocation.
    POOL_KIND = "KERNEL-POOL-09", "memory freed that another allocator returned", "0xC4/0x10", Must;
    /// Memory written beyond its end.
    POOL_OVERRUN = "KERNEL-POOL-10", "memory written past its end", "0xC4/0x53", Must;
    /// Pool allocated or freed against another of its rules.
    POOL = "KERNEL-POOL-11", "BAD_POOL_CALLER", "0xC2", Must;
    /// `NdisAllocateMemoryWithTagPriority` without a tag.
    TAG = "NDIS-MEM-01", "NdisAllocateMemoryWithTagPriority", "0xC4", Must;
    /// Memory freed with a timer in it that is set.
    FREED_TIMER = "KERNEL-FREE-01", "TIMER_OR_DPC_INVALID: timer", "0xC7/0x00", Must;
    /// Memory freed with a queued DPC in it.
    FREED_DPC = "KERNEL-FREE-02", "TIMER_OR_DPC_INVALID: DPC", "0xC7/0x01", Must;
    /// Memory freed with a spin lock in it that is held.
    FREED_LOCK = "KERNEL-FREE-03", "held lock freed", "0xC4/0x100B", Must;
    /// Memory freed with a queued work item in it.
    FREED_WORK_ITEM = "KERNEL-FREE-04", "WORKER_INVALID: freed while queued", "0xE4/0x00", Must;
    /// Memory freed with an object in it that a thread waits for.
    FREED_WAITED = "KERNEL-FREE-05", "synchronization object freed while waited for", "0xC4/0xE1", Must;
    /// Memory freed with an active lookaside list in it.
    FREED_LOOKASIDE = "KERNEL-FREE-06", "active lookaside list freed", "0xC4/0xCC", Must;
    /// Memory freed with an active ERESOURCE in it.
    FREED_RESOURCE = "KERNEL-FREE-07", "active ERESOURCE freed", "0xC4/0xD2", Must;
    /// A lookaside list that is not 16-byte aligned.
    LOOKASIDE_ALIGNMENT = "KERNEL-LOOKASIDE-01", "misaligned lookaside list", "0x80000002", Must;
    /// A lookaside list initialised twice.
    LOOKASIDE_REINITIALIZED = "KERNEL-LOOKASIDE-02", "lookaside list initialized again", "0xC4/0xCA", Must;
    /// A lookaside list deleted that is not initialised.
    LOOKASIDE_DELETED = "KERNEL-LOOKASIDE-03", "uninitialized lookaside list deleted", "0xC4/0xCB", Must;
    /// A lookaside list of blocks that cannot hold a link.
    LOOKASIDE_SIZE = "KERNEL-LOOKASIDE-04", "lookaside list of blocks that are too small", "0xC4/0xCD", Must;
    /// Contiguous memory of zero bytes.
    CONTIGUOUS_ZERO = "KERNEL-CONTIGUOUS-01", "contiguous memory of 0 bytes", "0xC4", Must;
    /// Contiguous memory freed that is not allocated, or was overrun.
    CONTIGUOUS_FREED = "KERNEL-CONTIGUOUS-02", "contiguous memory freed wrongly", "0xC4/0x16", Must;
    /// Noncached memory freed that is not allocated, or with another length.
    NONCACHED_FREED = "KERNEL-CONTIGUOUS-03", "noncached memory freed wrongly", "0xC4/0x13F", Must;
    /// Register space of zero bytes mapped.
    IO_SPACE_ZERO = "KERNEL-IOSPACE-01", "MmMapIoSpace of 0 bytes", "0xC4", Must;
    /// Register space unmapped with another length than it was mapped with.
    IO_SPACE_LENGTH = "KERNEL-IOSPACE-02", "MmUnmapIoSpace with another length", "0xC4", Must;
    /// Register space unmapped that is not mapped.
    IO_SPACE_UNMAPPED = "KERNEL-IOSPACE-03", "MmUnmapIoSpace of what is not mapped", "0xC4", Must;
    /// An error log entry written or freed that is not allocated.
    ERROR_LOG_ENTRY = "KERNEL-LOG-01", "IoWriteErrorLogEntry", "0xC4", Must;

    /// An MDL freed while its pages are locked.
    MDL_LOCKED = "KERNEL-MDL-01", "IoFreeMdl of locked pages", "0xC4", Must;
    /// An MDL freed twice, or never allocated.
    MDL_FREED = "KERNEL-MDL-02", "MDL freed twice", "0xC4/0x13", Must;
    /// `MmBuildMdlForNonPagedPool` of an MDL that is built.
    MDL_BUILT = "KERNEL-MDL-03", "MmBuildMdlForNonPagedPool", "0xC4/0x7F", Must;
    /// A partial MDL of memory that its source does not describe, or too short for it.
    MDL_PARTIAL = "KERNEL-MDL-04", "IoBuildPartialMdl", "0xC4", Must;
    /// `MmProbeAndLockPages` of an MDL that is locked or describes nonpaged pool.
    MDL_PROBED = "KERNEL-MDL-05", "MmProbeAndLockPages", "0xC4/0xB0", Must;
    /// `MmUnlockPages` of an MDL whose pages are not locked.
    MDL_UNLOCKED = "KERNEL-MDL-06", "MmUnlockPages", "0xC4/0x7C", Must;
    /// `MmUnlockPages` of nonpaged pool.
    MDL_UNLOCKED_POOL = "KERNEL-MDL-12", "MmUnlockPages of nonpaged pool", "0xC4/0x7D", Must;
    /// `MmUnlockPages` of a partial MDL.
    MDL_UNLOCKED_PART = "KERNEL-MDL-13", "MmUnlockPages of a partial MDL", "0xC4/0xB4", Must;
    /// An MDL mapped with `BugCheckOnFailure`.
    MDL_BUG_CHECK = "KERNEL-MDL-14", "MmMapLockedPagesSpecifyCache with BugCheckOnFailure", "0xC4/0x82", Must;
    /// An MDL mapped that is mapped already.
    MDL_MAPPED = "KERNEL-MDL-07", "MmMapLockedPages of mapped pages", "0xC4/0xB2", Must;
    /// An MDL mapped whose pages are not locked.
    MDL_NOT_LOCKED = "KERNEL-MDL-08", "MmMapLockedPages of pages that are not locked", "0xC4/0xB3", Must;
    /// An MDL unmapped that is not mapped there.
    MDL_UNMAPPED = "KERNEL-MDL-09", "MmUnmapLockedPages", "0xDA", Must;
    /// Pages freed from an MDL that has none, or is mapped.
    MDL_PAGES = "KERNEL-MDL-10", "MmFreePagesFromMdl", "0xC4", Must;
    /// A reserved range of addresses used against its state.
    MDL_RESERVED = "KERNEL-MDL-11", "SYSTEM_PTE_MISUSE", "0xDA", Must;
    /// `NdisAllocateMdl` over memory that is not nonpaged.
    MDL_NONPAGED = "NDIS-MDL-01", "NdisAllocateMdl", "0xC4/0x140", Must;

    /// An object waited for that is none, or was not initialised.
    WAIT_OBJECT = "KERNEL-OBJECT-01", "wait for what is no dispatcher object", "0xC4/0xE1", Must;
    /// A wait in user mode for an object on the kernel's stack.
    WAIT_STACK = "KERNEL-OBJECT-04", "UserMode wait for an object on the stack", "0xC4/0x123", Must;
    /// An object initialised while a thread waits for it.
    OBJECT_WAITED = "KERNEL-OBJECT-02", "object initialized while waited for", "0xC4", Must;
    /// More objects waited for than are possible, or none.
    WAIT_COUNT = "KERNEL-OBJECT-03", "MAXIMUM_WAIT_OBJECTS_EXCEEDED", "0x0C", Must;
    /// An event used that was not initialised, or is none.
    EVENT_OBJECT = "KERNEL-EVENT-01", "KeSetEvent of what is no event", "0xC4", Must;
    /// An event initialised as a type that does not exist.
    EVENT_TYPE = "KERNEL-EVENT-02", "KeInitializeEvent", "0xC4", Must;
    /// A semaphore used that was not initialised, or is none.
    SEMAPHORE_OBJECT = "KERNEL-SEMAPHORE-01", "KeReleaseSemaphore of what is no semaphore", "0xC4", Must;
    /// A semaphore initialised with a count beyond its limit.
    SEMAPHORE_COUNT = "KERNEL-SEMAPHORE-02", "KeInitializeSemaphore", "0xC4", Must;
    /// A semaphore released beyond its limit.
    SEMAPHORE_LIMIT = "KERNEL-SEMAPHORE-03", "STATUS_SEMAPHORE_LIMIT_EXCEEDED", "0xC0000047", Must;
    /// A mutex used that was not initialised, or is none.
    MUTEX_OBJECT = "KERNEL-MUTEX-05", "KeReleaseMutex of what is no mutex", "0xC4", Must;
    /// A timer used that was not initialised, or is none.
    TIMER_OBJECT = "KERNEL-TIMER-01", "KeSetTimer of what is no timer", "0xC7/0x00", Must;
    /// A timer initialised while it is set.
    TIMER_SET = "KERNEL-TIMER-02", "KeInitializeTimer of a timer that is set", "0xC7/0x00", Must;
    /// A timer set with a DPC that was not initialised.
    TIMER_DPC = "KERNEL-TIMER-03", "KeSetTimer with an uninitialized DPC", "0xC7/0x01", Must;
    /// An allocated timer used after it was deleted.
    EX_TIMER_OBJECT = "KERNEL-TIMER-04", "ExSetTimer of what is no timer", "0xC7", Must;
    /// `ExDeleteTimer` with Wait and without Cancel.
    EX_TIMER_WAIT = "KERNEL-TIMER-05", "ExDeleteTimer", "0xC7", Must;
    /// A DPC used that was not initialised.
    DPC_OBJECT = "KERNEL-DPC-01", "KeInsertQueueDpc of what is no DPC", "0xC7/0x01", Must;
    /// A DPC initialised while it is queued.
    DPC_QUEUED = "KERNEL-DPC-02", "KeInitializeDpc of a queued DPC", "0xC7/0x01", Must;
    /// A DPC targeted at a processor that does not exist.
    DPC_PROCESSOR = "KERNEL-DPC-03", "KeSetTargetProcessorDpc", "0xC7/0x03", Must;
    /// A thread ended that the driver did not create.
    THREAD_FOREIGN = "KERNEL-THREAD-01", "PsTerminateSystemThread in another's thread", "0xC4", Must;
    /// An affinity without an active processor.
    THREAD_AFFINITY = "KERNEL-THREAD-02", "INVALID_AFFINITY_SET", "0x03", Must;
    /// A reference taken or dropped on something that has none.
    REFERENCE = "KERNEL-REFERENCE-01", "REFERENCE_BY_POINTER", "0xC4/0x3F", Must;
    /// A handle closed or used that is not open.
    KERNEL_HANDLE = "KERNEL-HANDLE-01", "INVALID_KERNEL_HANDLE", "0x93", Must;
    /// A callback unregistered that is not registered.
    CALLBACK = "KERNEL-HANDLE-02", "ExUnregisterCallback", "0xC4", Must;
    /// A processor change callback deregistered that is not registered.
    PROCESSOR_CALLBACK = "KERNEL-HANDLE-03", "KeDeregisterProcessorChangeCallback", "0xC4", Must;
    /// An event trace provider unregistered that is not registered.
    ETW_HANDLE = "KERNEL-HANDLE-04", "EtwUnregister", "0xC4/0xDC", Must;
    /// A performance counter set unregistered that is not registered.
    PCW_HANDLE = "KERNEL-HANDLE-05", "PcwUnregister", "0xC4", Must;
    /// A notification unregistered that is not registered.
    NOTIFICATION = "KERNEL-HANDLE-06", "IoUnregisterPlugPlayNotification", "0xC4", Must;
    /// A non-maskable interrupt's callback deregistered that is not registered.
    NMI_CALLBACK = "KERNEL-HANDLE-07", "KeDeregisterNmiCallback", "0xC4", Must;
    /// A doubly linked list whose neighbours do not point at each other.
    LIST = "KERNEL-LIST-01", "KERNEL_SECURITY_CHECK_FAILURE", "0x139/3", Must;
    /// A sequenced list, or an entry of it, that is not 16-byte aligned.
    SLIST_ALIGNMENT = "KERNEL-LIST-02", "STATUS_DATATYPE_MISALIGNMENT", "0x80000002", Must;
    /// An entry pushed that is in the sequenced list already.
    SLIST_TWICE = "KERNEL-LIST-03", "SLIST entry pushed twice", "0x139", Must;
    /// A work item used that was not initialised.
    WORK_ITEM = "KERNEL-WORK-01", "WORKER_INVALID", "0xE4", Must;
    /// An I/O work item queued while it is queued.
    WORK_ITEM_TWICE = "KERNEL-WORK-02", "WORKER_INVALID: queued twice", "0xE4/0x01", Must;
    /// An I/O work item freed while it is queued.
    WORK_ITEM_FREED = "KERNEL-WORK-03", "WORKER_INVALID: freed while queued", "0xE4/0x00", Must;
    /// A work item queued to a queue that does not exist.
    WORK_QUEUE = "KERNEL-WORK-04", "ExQueueWorkItem", "", Must;
    /// An executive work item queued while it is queued.
    EX_WORK_ITEM_TWICE = "KERNEL-WORK-05", "WORKER_INVALID: queued twice", "0xE4/0x01", Must;
    /// A device object used that is none, or a deleted one.
    DEVICE_OBJECT = "KERNEL-DEVICE-01", "DEVICE_REFERENCE_COUNT_NOT_ZERO", "0xC9", Must;
    /// A device object deleted that the driver did not create.
    DEVICE_FOREIGN = "KERNEL-DEVICE-02", "IoDeleteDevice of another's device object", "0xC9", Must;
    /// A device object deleted while it is attached.
    DEVICE_ATTACHED = "KERNEL-DEVICE-03", "IoDeleteDevice of an attached device object", "0xC9", Must;
    /// A device object detached to which nothing is attached.
    DEVICE_DETACHED = "KERNEL-DEVICE-04", "IoDetachDevice of what is not attached", "0xC9", Must;
    /// An interrupt object used that is not connected.
    INTERRUPT_OBJECT = "KERNEL-INTERRUPT-01", "IoDisconnectInterrupt of what is not connected", "0xC4", Must;

    /// An IRP completed twice.
    IRP = "KERNEL-IRP-01", "MULTIPLE_IRP_COMPLETE_REQUESTS", "0x44", Must;
    /// An IRP used that is none, or a freed one.
    IRP_OBJECT = "KERNEL-IRP-02", "IRP that is none, or freed", "0xC9", Must;
    /// An IRP sent without a stack location left.
    IRP_STACK = "KERNEL-IRP-03", "NO_MORE_IRP_STACK_LOCATIONS", "0x35", Must;
    /// An IRP completed with `STATUS_PENDING`.
    IRP_COMPLETED_PENDING = "KERNEL-IRP-04", "IoCompleteRequest with STATUS_PENDING", "0xC9", Must;
    /// An IRP sent with a major function that does not exist.
    IRP_MAJOR = "KERNEL-IRP-05", "IoCallDriver with an unknown major function", "0xC9", Must;
    /// A dispatch routine that returned `STATUS_PENDING` without marking the IRP, or marked it and returned another
    /// status.
    IRP_PENDING = "KERNEL-IRP-06", "PendedCompletedRequest", "0xC9", Must;
    /// An IRP that is never completed.
    IRP_LOST = "KERNEL-IRP-07", "IrpProcessingComplete", "0xC9", Must;
    /// An IRP completed with another status than its dispatch routine returned.
    IRP_STATUS = "KERNEL-IRP-08", "CompleteRequestStatusCheck", "0xC9", Must;

    /// A DMA adapter used that is none, or was put back.
    DMA_ADAPTER = "KERNEL-DMA-01", "DMA adapter that was put back", "0xE6", Must;
    /// Map registers freed that are not allocated.
    DMA_MAP_REGISTERS = "KERNEL-DMA-02", "FreeMapRegisters", "0xE6", Must;
    /// A bus master's `AdapterControl` that keeps the adapter.
    DMA_KEEP = "KERNEL-DMA-03", "AdapterControl returned KeepObject", "0xE6", Must;
    /// A transfer outside the memory that its MDL describes.
    DMA_RANGE = "KERNEL-DMA-04", "transfer outside its MDL", "0xE6", Must;
    /// A function for transfers called at another level than `DISPATCH_LEVEL`.
    DMA_IRQL = "KERNEL-DMA-05", "DMA function at the wrong IRQL", "0xE6", Must;
    /// A common buffer freed otherwise than it was allocated.
    DMA_COMMON_BUFFER = "KERNEL-DMA-06", "FreeCommonBuffer", "0xE6", Must;
    /// A DMA adapter put back with common buffers or lists out.
    DMA_LEFT = "KERNEL-DMA-07", "PutDmaAdapter with buffers or lists out", "0xE6", Must;
    /// A scatter/gather list put back that is not out.
    DMA_LIST = "KERNEL-DMA-08", "PutScatterGatherList", "0xE6", Must;

    /// `memcpy` between ranges that overlap.
    COPY_OVERLAP = "KERNEL-FAULT-06", "memcpy with overlapping buffers", "0xC4/0xF0", Must;
    /// An exception raised by the driver that nobody handles.
    EXCEPTION = "KERNEL-FAULT-01", "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "0x7E", Must;
    /// The driver faulted.
    FAULT = "KERNEL-FAULT-02", "DRIVER_IRQL_NOT_LESS_OR_EQUAL", "0xD1", Must;
    /// Memory that is read-only was written.
    READ_ONLY = "KERNEL-FAULT-03", "ATTEMPTED_WRITE_TO_READONLY_MEMORY", "0xBE", Must;
    /// The driver called for a bug check.
    BUG_CHECK = "KERNEL-FAULT-04", "KeBugCheckEx", "", Must;
    /// A breakpoint or a failed assertion with no debugger attached.
    BREAKPOINT = "KERNEL-FAULT-05", "breakpoint without a debugger", "0x7E/0x80000003", Must;
    /// Bytes around a block of special pool written, found when it was freed.
    SPECIAL_POOL = "KERNEL-MEM-01", "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION", "0xC1", Must;
    /// Memory touched behind a block of special pool.
    BEYOND_END = "KERNEL-MEM-02", "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION", "0xD6", Must;
    /// Memory touched before a block of special pool.
    BEFORE_START = "KERNEL-MEM-03", "PAGE_FAULT_IN_NONPAGED_AREA", "0x50", Must;
    /// Memory touched that was freed.
    FREED_MEMORY = "KERNEL-MEM-04", "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL", "0xD5", Must;
    /// Paged pool touched at `DISPATCH_LEVEL` or above.
    PAGED_MEMORY = "KERNEL-MEM-05", "DRIVER_IRQL_NOT_LESS_OR_EQUAL: paged pool", "0xD1", Must;
    /// An NBL, its NBs, MDLs or data touched between their indication and their return.
    INDICATED_MEMORY = "NDIS-RECV-04", "NET_BUFFER_LIST touched while NDIS owns it", "", Must;
    /// An NBL, its NBs, MDLs or data touched after the send was completed.
    COMPLETED_MEMORY = "NDIS-SEND-04", "NET_BUFFER_LIST touched after its completion", "", Must;
}
