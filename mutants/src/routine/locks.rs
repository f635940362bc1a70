//! Spin locks, read/write locks, mutexes, resources, run-down protection.

use super::routines;
use crate::abi::{import, write};
use super::{at, cell, dispatch, elsewhere, own, pool, raise};

/// The bytes of an `ERESOURCE`, initialised.
fn resource() -> u64 {
    let resource = own(104);
    import!(ExInitializeResourceLite, resource);
    resource
}

fn fast_mutex() -> u64 {
    let mutex = own(56);
    import!(ExInitializeFastMutex, mutex);
    mutex
}

routines! {
    /// `SpinLock`.
    locking_what_the_cpu_holds {
        let lock = own(8);
        import!(KeAcquireSpinLockRaiseToDpc, lock);
        import!(KeAcquireSpinLockRaiseToDpc, lock)
    }
    /// `SpinLockRelease`.
    unlocking_what_nobody_holds {
        raise(2);
        import!(KeReleaseSpinLock, own(8), 0)
    }
    /// `QueuedSpinLock`.
    queueing_for_what_the_cpu_holds {
        let lock = own(8);
        import!(KeAcquireInStackQueuedSpinLock, lock, own(24));
        import!(KeAcquireInStackQueuedSpinLock, lock, own(24))
    }
    /// `QueuedSpinLockRelease`.
    releasing_an_empty_handle {
        raise(2);
        import!(KeReleaseInStackQueuedSpinLock, own(24))
    }
    /// 0xC4/0x1009.
    unlocking_as_another_kind {
        let lock = own(8);
        import!(KeAcquireInStackQueuedSpinLock, lock, own(24));
        import!(KeReleaseSpinLock, lock, 0)
    }
    /// 0xC4/0x1002.
    locking_garbage {
        let lock = own(8);
        write(lock, 0x1234_u64);
        import!(KeAcquireSpinLockRaiseToDpc, lock)
    }
    /// 0xC4/0x1005.
    initialising_a_held_lock {
        let lock = own(8);
        import!(KeAcquireSpinLockRaiseToDpc, lock);
        import!(KeInitializeSpinLock, lock)
    }
    /// 0xC4/0x1001.
    locking_in_opposite_orders {
        let (one, two, here, there) = (own(8), own(8), cell(0), cell(0));
        super::spawn(1, move || {
            import!(KeAcquireSpinLockRaiseToDpc, one);
            write(here, 1_u64);
            stall_until(there);
            import!(KeAcquireSpinLockAtDpcLevel, two);
        });
        elsewhere(move || {
            import!(KeAcquireSpinLockRaiseToDpc, two);
            write(there, 1_u64);
            stall_until(here);
            import!(KeAcquireSpinLockAtDpcLevel, one);
        });
    }
    /// 0xC4/0x1000.
    write_locking_twice {
        let lock = import!(NdisAllocateRWLock, 0);
        import!(NdisAcquireRWLockWrite, lock, own(16), 0);
        import!(NdisAcquireRWLockWrite, lock, own(16), 0)
    }
    /// 0xC4/0x1007.
    releasing_a_read_lock_that_is_not_held {
        let lock = import!(NdisAllocateRWLock, 0);
        raise(2);
        import!(NdisReleaseRWLock, lock, own(16))
    }
    /// 0xC4/0x100B.
    freeing_a_held_read_lock {
        let lock = import!(NdisAllocateRWLock, 0);
        import!(NdisAcquireRWLockRead, lock, own(16), 0);
        import!(NdisFreeRWLock, lock)
    }
    /// `CriticalRegions`, 0xC4/0x3E.
    leaving_a_region_that_was_not_entered {
        import!(KeLeaveCriticalRegion)
    }
    /// `GuardedRegions`.
    leaving_a_guarded_region_that_was_not_entered {
        import!(KeLeaveGuardedRegion)
    }
    /// 0xC4/0x1004.
    releasing_anothers_mutex {
        let mutex = own(56);
        import!(KeInitializeMutex, mutex, 0);
        import!(KeReleaseMutex, mutex, 0)
    }
    /// A mutex that is none.
    releasing_a_mutex_that_is_none { import!(KeReleaseMutex, own(56), 0) }
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_fast_mutex {
        let mutex = own(56);
        write(mutex, 0x7777_u32);
        import!(ExAcquireFastMutex, mutex)
    }
    /// 0xC4/0x1000.
    acquiring_a_fast_mutex_twice {
        let mutex = fast_mutex();
        import!(ExAcquireFastMutex, mutex);
        import!(ExAcquireFastMutex, mutex)
    }
    /// 0xC4/0x1007.
    releasing_a_fast_mutex_that_is_not_owned {
        raise(1);
        import!(ExReleaseFastMutex, fast_mutex())
    }
    /// 0xC4/0x34.
    releasing_a_fast_mutex_at_passive_level {
        let mutex = fast_mutex();
        import!(ExAcquireFastMutex, mutex);
        import!(KeLowerIrql, 0);
        import!(ExReleaseFastMutex, mutex)
    }
    /// 0xC4/0x39.
    acquiring_unsafely_with_apcs {
        import!(ExAcquireFastMutexUnsafe, fast_mutex())
    }
    /// 0xC4/0x3A.
    releasing_unsafely_with_apcs {
        let mutex = fast_mutex();
        import!(KeEnterCriticalRegion);
        import!(ExAcquireFastMutexUnsafe, mutex);
        import!(KeLeaveCriticalRegion);
        import!(ExReleaseFastMutexUnsafe, mutex)
    }
    /// 0xC4/0x38.
    releasing_a_resource_with_apcs {
        let resource = resource();
        import!(KeEnterCriticalRegion);
        import!(ExAcquireResourceSharedLite, resource, 1);
        import!(KeLeaveCriticalRegion);
        import!(ExReleaseResourceLite, resource)
    }
    /// 0xC4/0x3D.
    acquiring_an_unaligned_resource {
        import!(KeEnterCriticalRegion);
        import!(ExAcquireResourceSharedLite, own(136) + 4, 1)
    }
    /// 0xC4/0x1002.
    acquiring_an_uninitialised_resource {
        import!(KeEnterCriticalRegion);
        import!(ExAcquireResourceSharedLite, own(104), 1)
    }
    /// 0xC4/0xD0.
    initialising_a_resource_twice {
        import!(ExInitializeResourceLite, resource())
    }
    /// 0xC4/0xD1.
    deleting_a_resource_that_is_none {
        import!(ExDeleteResourceLite, own(104))
    }
    /// 0xC4/0x100B.
    deleting_an_owned_resource {
        let resource = resource();
        import!(KeEnterCriticalRegion);
        import!(ExAcquireResourceSharedLite, resource, 1);
        import!(ExDeleteResourceLite, resource)
    }
    /// 0xE3.
    releasing_a_resource_that_is_not_owned {
        import!(KeEnterCriticalRegion);
        import!(ExReleaseResourceLite, resource())
    }
    /// 0xC4/0x1000.
    writing_what_the_thread_reads {
        let resource = resource();
        import!(KeEnterCriticalRegion);
        import!(ExAcquireResourceSharedLite, resource, 1);
        import!(ExAcquireResourceExclusiveLite, resource, 1)
    }
    /// 0xC4/0x37.
    acquiring_a_resource_with_apcs {
        import!(ExAcquireResourceSharedLite, resource(), 1)
    }
    /// A run-down reference that was never initialised.
    using_a_rundown_reference_that_is_none {
        let reference = own(8);
        write(reference, u64::MAX - 1);
        import!(ExAcquireRundownProtection, reference)
    }
    /// Run-down protection released that nobody has.
    releasing_rundown_protection_too_often {
        import!(ExReleaseRundownProtection, own(8))
    }
    /// 0xC4/0xD5.
    releasing_a_remove_lock_too_often {
        let lock = own(64);
        import!(IoInitializeRemoveLockEx, lock, 0, 0, 0, 32);
        import!(IoReleaseRemoveLockEx, lock, 0, 32);
        import!(IoReleaseRemoveLockEx, lock, 0, 32)
    }
}

/// Every kind of lock, acquired and released.
pub fn sound() {
    spin_locks();
    let state = own(16);
    let lock = import!(NdisAllocateRWLock, 0);
    import!(NdisAcquireRWLockRead, lock, state, 0);
    import!(NdisReleaseRWLock, lock, state);
    import!(NdisAcquireRWLockWrite, lock, state, 0);
    import!(NdisReleaseRWLock, lock, state);
    import!(NdisFreeRWLock, lock);
    import!(KeEnterCriticalRegion);
    let resource = resource();
    import!(ExAcquireResourceSharedLite, resource, 1);
    import!(ExReleaseResourceLite, resource);
    import!(ExAcquireResourceExclusiveLite, resource, 1);
    import!(ExReleaseResourceLite, resource);
    import!(ExDeleteResourceLite, resource);
    let mutex = fast_mutex();
    import!(ExAcquireFastMutexUnsafe, mutex);
    import!(ExReleaseFastMutexUnsafe, mutex);
    import!(KeLeaveCriticalRegion);
    import!(KeEnterGuardedRegion);
    import!(KeLeaveGuardedRegion);
    let mutex = own(56);
    import!(KeInitializeMutex, mutex, 0);
    import!(KeWaitForSingleObject, mutex, 0, 0, 0, 0);
    import!(KeReleaseMutex, mutex, 0);
    let mutex = fast_mutex();
    import!(ExAcquireFastMutex, mutex);
    import!(ExReleaseFastMutex, mutex);
    let reference = own(8);
    import!(ExInitializeRundownProtection, reference);
    import!(ExAcquireRundownProtection, reference);
    import!(ExReleaseRundownProtection, reference);
    let lock = own(64);
    import!(IoInitializeRemoveLockEx, lock, 0, 0, 0, 32);
    import!(IoAcquireRemoveLockEx, lock, 0, 0, 0, 32);
    import!(IoReleaseRemoveLockEx, lock, 0, 32);
}

/// Waits on this CPU for a variable to be set.
fn stall_until(variable: u64) {
    while at(variable) == 0 {
        import!(KeStallExecutionProcessor, 50);
    }
}

fn spin_locks() {
    let block = pool(64);
    let (lock, handle) = (block, own(24));
    import!(KeInitializeSpinLock, lock);
    let old = import!(KeAcquireSpinLockRaiseToDpc, lock) & 0xFF;
    import!(KeReleaseSpinLock, lock, old);
    dispatch(|| {
        import!(KeAcquireSpinLockAtDpcLevel, lock);
        import!(KeReleaseSpinLockFromDpcLevel, lock);
    });
    import!(KeAcquireInStackQueuedSpinLock, lock, handle);
    import!(KeReleaseInStackQueuedSpinLock, handle);
    // Another CPU waits for what this one holds.
    let held = cell(0);
    let done = super::spawn(1, move || {
        stall_until(held);
        let old = import!(KeAcquireSpinLockRaiseToDpc, lock) & 0xFF;
        import!(KeReleaseSpinLock, lock, old);
    });
    let old = import!(KeAcquireSpinLockRaiseToDpc, lock) & 0xFF;
    write(held, 1_u64);
    super::stall();
    import!(KeReleaseSpinLock, lock, old);
    import!(KeWaitForSingleObject, done, 0, 0, 0, 0);
    import!(ExFreePool, block);
}
