//! The kernel: IRQL, locks, memory, objects, IRPs.

rules! { from super::ndis::END;
    /// Every import at its documented IRQL.
    IRQL = "NDIS-IRQL", "Irql_Ndis_Function", "0xC4", Must;
    /// A handler returned at another IRQL than it was called at.
    IRQL_RETURN = "NDIS-IRQL", "IRQL_UNEXPECTED_VALUE", "0xC8", Must;
    /// A handler returned with a spin lock held.
    LOCK_HELD = "NDIS-LOCK", "SpinLockBalanced", "0xC4", Must;
    /// A spin lock acquired by its holder, or released by a CPU that does not hold it.
    LOCK_ORDER = "NDIS-LOCK", "SpinLock", "0xC4", Must;
    /// CPUs that wait for each other's spin locks.
    DEADLOCK = "NDIS-LOCK", "DRIVER_VERIFIER_DETECTED_VIOLATION: deadlock", "0xC4/0x1001", Must;
    /// IRQL raised downwards, lowered upwards, or below the level of the handler's call.
    IRQL_ORDER = "NDIS-IRQL", "IRQL_NOT_LESS_OR_EQUAL", "0xC4/0x30", Must;
    /// Pool allocated or freed against its rules: zero bytes, a wrong tag, paged pool at raised IRQL.
    POOL = "NDIS-MEM", "BAD_POOL_CALLER", "0xC2", Must;
    /// Memory freed that holds an active timer, a queued DPC or a held lock.
    FREED_IN_USE = "NDIS-MEM", "TIMER_OR_DPC_INVALID", "0xC7", Must;
    /// A kernel object that was not initialised, is of another type, or is in use.
    OBJECT = "KERNEL-OBJECT", "DRIVER_VERIFIER_DETECTED_VIOLATION: kernel object", "0xC4", Must;
    /// A mutex or other owned lock acquired twice, or released by another thread than its owner.
    MUTEX = "KERNEL-OBJECT", "MUTANT_NOT_OWNED", "0xC4", Must;
    /// A reference taken or dropped on something that has none.
    REFERENCE = "KERNEL-OBJECT", "REFERENCE_BY_POINTER", "0x18", Must;
    /// A linked list whose neighbours do not point at each other.
    LIST = "KERNEL-OBJECT", "KERNEL_SECURITY_CHECK_FAILURE", "0x139/3", Must;
    /// A work item queued or freed while it is queued.
    WORK_ITEM = "NDIS-WORK", "WORKER_INVALID", "0xE4", Must;
    /// An MDL used against its state.
    MDL = "NDIS-MDL", "DRIVER_VERIFIER_DETECTED_VIOLATION: MDL", "0xC4", Must;
    /// An IRP completed twice, without stack locations, or freed in use.
    IRP = "KERNEL-IRP", "MULTIPLE_IRP_COMPLETE_REQUESTS", "0x44", Must;
    /// A dispatch routine that returned `STATUS_PENDING` without marking the IRP, or marked it and returned another
    /// status.
    IRP_PENDING = "KERNEL-IRP", "PendedCompletedRequest", "0xC9", Must;
    /// An IRP that is never completed.
    IRP_LOST = "KERNEL-IRP", "IrpProcessingComplete", "0xC9", Must;
    /// An IRP completed with another status than its dispatch routine returned.
    IRP_STATUS = "KERNEL-IRP", "CompleteRequestStatusCheck", "0xC9", Must;
    /// Map registers, common buffers or SG lists used against their rules.
    DMA = "NDIS-DMA", "DRIVER_VERIFIER_DMA_VIOLATION", "0xE6", Must;
    /// An exception raised by the driver that nobody handles.
    EXCEPTION = "NDIS-FAULT", "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "0x7E", Must;
    /// An allocation without a tag.
    TAG = "NDIS-TAG", "NdisAllocateMemoryWithTagPriority", "0xC4", Must;
    /// Memory freed twice, with another length, or overrun.
    MEMORY = "NDIS-DMA-10", "memory freed twice, wrongly or overrun", "0x7C/0x02", Must;
    /// `NdisStallExecution` of more than 50 µs.
    STALL = "NDIS-RESET-08", "NdisStallExecution_Delay", "", Must;
    /// A wait or other blocking call at `DISPATCH_LEVEL` or above.
    WAIT_IRQL = "NDIS-INIT-13", "NdisWaitEvent at raised IRQL", "0x7C/0x14", Must;
    /// The driver faulted.
    FAULT = "NDIS-FAULT", "DRIVER_IRQL_NOT_LESS_OR_EQUAL", "0xD1", Must;
    /// The driver called for a bug check.
    BUG_CHECK = "NDIS-BUGCHECK", "KeBugCheckEx", "", Must;
}
