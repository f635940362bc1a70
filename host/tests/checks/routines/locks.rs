//! Spin locks, read/write locks, mutexes, resources, run-down protection.

crate::routines::broken! {
    /// `SpinLock`.
    locking_what_the_cpu_holds: LOCK_TWICE in "KeAcquireSpinLockRaiseToDpc";
    /// `SpinLockRelease`.
    unlocking_what_nobody_holds: LOCK_NOT_HELD in "KeReleaseSpinLock";
    /// `QueuedSpinLock`.
    queueing_for_what_the_cpu_holds: LOCK_QUEUED_TWICE in "KeAcquireInStackQueuedSpinLock";
    /// `QueuedSpinLockRelease`.
    releasing_an_empty_handle: LOCK_QUEUED_NOT_HELD in "KeReleaseInStackQueuedSpinLock";
    /// 0xC4/0x1009.
    unlocking_as_another_kind: LOCK_MIXED in "KeReleaseSpinLock";
    /// 0xC4/0x1002.
    locking_garbage: LOCK_UNINITIALIZED in "KeAcquireSpinLockRaiseToDpc";
    /// 0xC4/0x1005.
    initialising_a_held_lock: LOCK_REINITIALIZED in "KeInitializeSpinLock";
    /// 0xC4/0x1001.
    locking_in_opposite_orders: DEADLOCK;
    /// 0xC4/0x1000.
    write_locking_twice: RW_LOCK_TWICE in "NdisAcquireRWLockWrite";
    /// 0xC4/0x1007.
    releasing_a_read_lock_that_is_not_held: RW_LOCK_NOT_HELD in "NdisReleaseRWLock";
    /// 0xC4/0x100B.
    freeing_a_held_read_lock: RW_LOCK_FREED in "NdisFreeRWLock";
    /// `CriticalRegions`, 0xC4/0x3E.
    leaving_a_region_that_was_not_entered: CRITICAL_REGION in "KeLeaveCriticalRegion";
    /// `GuardedRegions`.
    leaving_a_guarded_region_that_was_not_entered: GUARDED_REGION in "KeLeaveGuardedRegion";
    /// 0xC4/0x1004.
    releasing_anothers_mutex: MUTEX_OWNER in "KeReleaseMutex";
    /// A mutex that is none.
    releasing_a_mutex_that_is_none: MUTEX_OBJECT in "KeReleaseMutex";
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_fast_mutex: FAST_MUTEX_UNINITIALIZED in "ExAcquireFastMutex";
    /// 0xC4/0x1000.
    acquiring_a_fast_mutex_twice: FAST_MUTEX_TWICE in "ExAcquireFastMutex";
    /// 0xC4/0x1007.
    releasing_a_fast_mutex_that_is_not_owned: FAST_MUTEX_OWNER in "ExReleaseFastMutex";
    /// 0xC4/0x34.
    releasing_a_fast_mutex_at_passive_level: FAST_MUTEX_LEVEL in "ExReleaseFastMutex";
    /// 0xC4/0x39.
    acquiring_unsafely_with_apcs: FAST_MUTEX_UNSAFE in "ExAcquireFastMutexUnsafe";
    /// 0xC4/0x3A.
    releasing_unsafely_with_apcs: FAST_MUTEX_UNSAFE_RELEASE in "ExReleaseFastMutexUnsafe";
    /// 0xC4/0x38.
    releasing_a_resource_with_apcs: RESOURCE_RELEASE_APC in "ExReleaseResourceLite";
    /// 0xC4/0x3D.
    acquiring_an_unaligned_resource: RESOURCE_ALIGNMENT in "ExAcquireResourceSharedLite";
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_resource: RESOURCE_UNINITIALIZED in "ExAcquireResourceSharedLite";
    /// 0xC4/0xD0.
    initialising_a_resource_twice: RESOURCE_REINITIALIZED in "ExInitializeResourceLite";
    /// 0xC4/0xD1.
    deleting_a_resource_that_is_none: RESOURCE_DELETED in "ExDeleteResourceLite";
    /// 0xC4/0x100B.
    deleting_an_owned_resource: RESOURCE_OWNED in "ExDeleteResourceLite";
    /// 0xE3.
    releasing_a_resource_that_is_not_owned: RESOURCE_NOT_OWNED in "ExReleaseResourceLite";
    /// 0xC4/0x1000.
    writing_what_the_thread_reads: RESOURCE_TWICE in "ExAcquireResourceExclusiveLite";
    /// 0xC4/0x37.
    acquiring_a_resource_with_apcs: RESOURCE_APC in "ExAcquireResourceSharedLite";
    /// A run-down reference that was never initialised.
    using_a_rundown_reference_that_is_none: RUNDOWN_UNINITIALIZED in "ExAcquireRundownProtection";
    /// Run-down protection released that nobody has.
    releasing_rundown_protection_too_often: RUNDOWN_RELEASED in "ExReleaseRundownProtection";
    /// 0xC4/0xD5.
    releasing_a_remove_lock_too_often: REMOVE_LOCK in "IoReleaseRemoveLockEx";
}
