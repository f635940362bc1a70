//! Spin locks, read/write locks, mutexes, resources, run-down protection.

use super::{broken, dispatch, elsewhere, k, own, pool, raise};
use ferrite_host::abi::write;

/// The bytes of an `ERESOURCE`, initialised.
fn resource() -> u64 {
    let resource = own(104);
    k("ExInitializeResourceLite", &[resource]);
    resource
}

fn fast_mutex() -> u64 {
    let mutex = own(56);
    k("ExInitializeFastMutex", &[mutex]);
    mutex
}

broken! {
    /// `SpinLock`.
    locking_what_the_cpu_holds: LOCK_TWICE in "KeAcquireSpinLockRaiseToDpc" {
        let lock = own(8);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
        k("KeAcquireSpinLockRaiseToDpc", &[lock])
    }
    /// `SpinLockRelease`.
    unlocking_what_nobody_holds: LOCK_NOT_HELD in "KeReleaseSpinLock" {
        raise(2);
        k("KeReleaseSpinLock", &[own(8), 0])
    }
    /// `QueuedSpinLock`.
    queueing_for_what_the_cpu_holds: LOCK_QUEUED_TWICE in "KeAcquireInStackQueuedSpinLock" {
        let lock = own(8);
        k("KeAcquireInStackQueuedSpinLock", &[lock, own(24)]);
        k("KeAcquireInStackQueuedSpinLock", &[lock, own(24)])
    }
    /// `QueuedSpinLockRelease`.
    releasing_an_empty_handle: LOCK_QUEUED_NOT_HELD in "KeReleaseInStackQueuedSpinLock" {
        raise(2);
        k("KeReleaseInStackQueuedSpinLock", &[own(24)])
    }
    /// 0xC4/0x1009.
    unlocking_as_another_kind: LOCK_MIXED in "KeReleaseSpinLock" {
        let lock = own(8);
        k("KeAcquireInStackQueuedSpinLock", &[lock, own(24)]);
        k("KeReleaseSpinLock", &[lock, 0])
    }
    /// 0xC4/0x1002.
    locking_garbage: LOCK_UNINITIALIZED in "KeAcquireSpinLockRaiseToDpc" {
        let lock = own(8);
        write(lock, 0x1234_u64);
        k("KeAcquireSpinLockRaiseToDpc", &[lock])
    }
    /// 0xC4/0x1005.
    initialising_a_held_lock: LOCK_REINITIALIZED in "KeInitializeSpinLock" {
        let lock = own(8);
        k("KeAcquireSpinLockRaiseToDpc", &[lock]);
        k("KeInitializeSpinLock", &[lock])
    }
    /// 0xC4/0x1001.
    locking_in_opposite_orders: DEADLOCK {
        let (one, two) = (own(8), own(8));
        elsewhere(move || {
            k("KeAcquireSpinLockRaiseToDpc", &[one]);
            ferrite_host::world::world().sched.spawn("other", 0, move || {
                k("KeAcquireSpinLockRaiseToDpc", &[two]);
                k("KeAcquireSpinLockAtDpcLevel", &[one]);
            });
            ferrite_host::world::world().sched.stall(std::time::Duration::from_millis(2));
            k("KeAcquireSpinLockAtDpcLevel", &[two]);
        });
    }
    /// 0xC4/0x1000.
    write_locking_twice: RW_LOCK_TWICE in "NdisAcquireRWLockWrite" {
        let lock = k("NdisAllocateRWLock", &[0]);
        k("NdisAcquireRWLockWrite", &[lock, own(16), 0]);
        k("NdisAcquireRWLockWrite", &[lock, own(16), 0])
    }
    /// 0xC4/0x1007.
    releasing_a_read_lock_that_is_not_held: RW_LOCK_NOT_HELD in "NdisReleaseRWLock" {
        let lock = k("NdisAllocateRWLock", &[0]);
        raise(2);
        k("NdisReleaseRWLock", &[lock, own(16)])
    }
    /// 0xC4/0x100B.
    freeing_a_held_read_lock: RW_LOCK_FREED in "NdisFreeRWLock" {
        let lock = k("NdisAllocateRWLock", &[0]);
        k("NdisAcquireRWLockRead", &[lock, own(16), 0]);
        k("NdisFreeRWLock", &[lock])
    }
    /// `CriticalRegions`, 0xC4/0x3E.
    leaving_a_region_that_was_not_entered: CRITICAL_REGION in "KeLeaveCriticalRegion" {
        k("KeLeaveCriticalRegion", &[])
    }
    /// `GuardedRegions`.
    leaving_a_guarded_region_that_was_not_entered: GUARDED_REGION in "KeLeaveGuardedRegion" {
        k("KeLeaveGuardedRegion", &[])
    }
    /// 0xC4/0x1004.
    releasing_anothers_mutex: MUTEX_OWNER in "KeReleaseMutex" {
        let mutex = own(56);
        k("KeInitializeMutex", &[mutex, 0]);
        k("KeReleaseMutex", &[mutex, 0])
    }
    /// A mutex that is none.
    releasing_a_mutex_that_is_none: MUTEX_OBJECT in "KeReleaseMutex" { k("KeReleaseMutex", &[own(56), 0]) }
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_fast_mutex: FAST_MUTEX_UNINITIALIZED in "ExAcquireFastMutex" {
        let mutex = own(56);
        write(mutex, 0x7777_u32);
        k("ExAcquireFastMutex", &[mutex])
    }
    /// 0xC4/0x1000.
    acquiring_a_fast_mutex_twice: FAST_MUTEX_TWICE in "ExAcquireFastMutex" {
        let mutex = fast_mutex();
        k("ExAcquireFastMutex", &[mutex]);
        k("ExAcquireFastMutex", &[mutex])
    }
    /// 0xC4/0x1007.
    releasing_a_fast_mutex_that_is_not_owned: FAST_MUTEX_OWNER in "ExReleaseFastMutex" {
        raise(1);
        k("ExReleaseFastMutex", &[fast_mutex()])
    }
    /// 0xC4/0x34.
    releasing_a_fast_mutex_at_passive_level: FAST_MUTEX_LEVEL in "ExReleaseFastMutex" {
        let mutex = fast_mutex();
        k("ExAcquireFastMutex", &[mutex]);
        k("KeLowerIrql", &[0]);
        k("ExReleaseFastMutex", &[mutex])
    }
    /// 0xC4/0x39.
    acquiring_unsafely_with_apcs: FAST_MUTEX_UNSAFE in "ExAcquireFastMutexUnsafe" {
        k("ExAcquireFastMutexUnsafe", &[fast_mutex()])
    }
    /// 0xC4/0x3A.
    releasing_unsafely_with_apcs: FAST_MUTEX_UNSAFE_RELEASE in "ExReleaseFastMutexUnsafe" {
        let mutex = fast_mutex();
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireFastMutexUnsafe", &[mutex]);
        k("KeLeaveCriticalRegion", &[]);
        k("ExReleaseFastMutexUnsafe", &[mutex])
    }
    /// 0xC4/0x38.
    releasing_a_resource_with_apcs: RESOURCE_RELEASE_APC in "ExReleaseResourceLite" {
        let resource = resource();
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireResourceSharedLite", &[resource, 1]);
        k("KeLeaveCriticalRegion", &[]);
        k("ExReleaseResourceLite", &[resource])
    }
    /// 0xC4/0x3D.
    acquiring_an_unaligned_resource: RESOURCE_ALIGNMENT in "ExAcquireResourceSharedLite" {
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireResourceSharedLite", &[own(136) + 4, 1])
    }
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_resource: RESOURCE_UNINITIALIZED in "ExAcquireResourceSharedLite" {
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireResourceSharedLite", &[own(104), 1])
    }
    /// 0xC4/0xD0.
    initialising_a_resource_twice: RESOURCE_REINITIALIZED in "ExInitializeResourceLite" {
        k("ExInitializeResourceLite", &[resource()])
    }
    /// 0xC4/0xD1.
    deleting_a_resource_that_is_none: RESOURCE_DELETED in "ExDeleteResourceLite" {
        k("ExDeleteResourceLite", &[own(104)])
    }
    /// 0xC4/0x100B.
    deleting_an_owned_resource: RESOURCE_OWNED in "ExDeleteResourceLite" {
        let resource = resource();
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireResourceSharedLite", &[resource, 1]);
        k("ExDeleteResourceLite", &[resource])
    }
    /// 0xE3.
    releasing_a_resource_that_is_not_owned: RESOURCE_NOT_OWNED in "ExReleaseResourceLite" {
        k("KeEnterCriticalRegion", &[]);
        k("ExReleaseResourceLite", &[resource()])
    }
    /// 0xC4/0x1000.
    writing_what_the_thread_reads: RESOURCE_TWICE in "ExAcquireResourceExclusiveLite" {
        let resource = resource();
        k("KeEnterCriticalRegion", &[]);
        k("ExAcquireResourceSharedLite", &[resource, 1]);
        k("ExAcquireResourceExclusiveLite", &[resource, 1])
    }
    /// 0xC4/0x37.
    acquiring_a_resource_with_apcs: RESOURCE_APC in "ExAcquireResourceSharedLite" {
        k("ExAcquireResourceSharedLite", &[resource(), 1])
    }
    /// A run-down reference that was never initialised.
    using_a_rundown_reference_that_is_none: RUNDOWN_UNINITIALIZED in "ExAcquireRundownProtection" {
        let reference = own(8);
        write(reference, u64::MAX - 1);
        k("ExAcquireRundownProtection", &[reference])
    }
    /// Run-down protection released that nobody has.
    releasing_rundown_protection_too_often: RUNDOWN_RELEASED in "ExReleaseRundownProtection" {
        k("ExReleaseRundownProtection", &[own(8)])
    }
    /// 0xC4/0xD5.
    releasing_a_remove_lock_too_often: REMOVE_LOCK in "IoReleaseRemoveLockEx" {
        let lock = own(64);
        k("IoInitializeRemoveLockEx", &[lock, 0, 0, 0, 32]);
        k("IoReleaseRemoveLockEx", &[lock, 0, 32]);
        k("IoReleaseRemoveLockEx", &[lock, 0, 32])
    }
}

/// Every kind of lock, acquired and released.
pub fn sound() {
    spin_locks();
    let state = own(16);
    let lock = k("NdisAllocateRWLock", &[0]);
    for name in ["NdisAcquireRWLockRead", "NdisAcquireRWLockWrite"] {
        k(name, &[lock, state, 0]);
        k("NdisReleaseRWLock", &[lock, state]);
    }
    k("NdisFreeRWLock", &[lock]);
    k("KeEnterCriticalRegion", &[]);
    let resource = resource();
    k("ExAcquireResourceSharedLite", &[resource, 1]);
    k("ExReleaseResourceLite", &[resource]);
    k("ExAcquireResourceExclusiveLite", &[resource, 1]);
    k("ExReleaseResourceLite", &[resource]);
    k("ExDeleteResourceLite", &[resource]);
    let mutex = fast_mutex();
    k("ExAcquireFastMutexUnsafe", &[mutex]);
    k("ExReleaseFastMutexUnsafe", &[mutex]);
    k("KeLeaveCriticalRegion", &[]);
    k("KeEnterGuardedRegion", &[]);
    k("KeLeaveGuardedRegion", &[]);
    let mutex = own(56);
    k("KeInitializeMutex", &[mutex, 0]);
    k("KeWaitForSingleObject", &[mutex, 0, 0, 0, 0]);
    k("KeReleaseMutex", &[mutex, 0]);
    let mutex = fast_mutex();
    k("ExAcquireFastMutex", &[mutex]);
    k("ExReleaseFastMutex", &[mutex]);
    let reference = own(8);
    k("ExInitializeRundownProtection", &[reference]);
    k("ExAcquireRundownProtection", &[reference]);
    k("ExReleaseRundownProtection", &[reference]);
    let lock = own(64);
    k("IoInitializeRemoveLockEx", &[lock, 0, 0, 0, 32]);
    k("IoAcquireRemoveLockEx", &[lock, 0, 0, 0, 32]);
    k("IoReleaseRemoveLockEx", &[lock, 0, 32]);
}

fn spin_locks() {
    let block = pool(64);
    let (lock, handle) = (block, own(24));
    k("KeInitializeSpinLock", &[lock]);
    let old = k("KeAcquireSpinLockRaiseToDpc", &[lock]) & 0xFF;
    k("KeReleaseSpinLock", &[lock, old]);
    dispatch(|| {
        k("KeAcquireSpinLockAtDpcLevel", &[lock]);
        k("KeReleaseSpinLockFromDpcLevel", &[lock]);
    });
    k("KeAcquireInStackQueuedSpinLock", &[lock, handle]);
    k("KeReleaseInStackQueuedSpinLock", &[handle]);
    // Another CPU waits for what this one holds.
    let old = k("KeAcquireSpinLockRaiseToDpc", &[lock]) & 0xFF;
    ferrite_host::world::world().sched.spawn("waiter", 1, move || {
        let old = k("KeAcquireSpinLockRaiseToDpc", &[lock]) & 0xFF;
        k("KeReleaseSpinLock", &[lock, old]);
    });
    ferrite_host::world::world().sched.stall(std::time::Duration::from_millis(2));
    k("KeReleaseSpinLock", &[lock, old]);
    super::pause();
    k("ExFreePool", &[block]);
}
