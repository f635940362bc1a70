//! Spin locks: KSPIN_LOCK, plain and in-stack queued, and EX_SPIN_LOCK.

use super::{
    irql,
    locks::{Way, must_be_at_dispatch, raise_to_dispatch},
};
use crate::{
    abi::{KLOCK_QUEUE_HANDLE, Ptr, write},
    imports,
    verify::rules,
    world::world,
};

/// Offset of LockQueue.Lock in a KLOCK_QUEUE_HANDLE.
const QUEUE_LOCK: u64 = 8;

/// Raises to DISPATCH_LEVEL, takes the lock, and answers the former level.
pub fn acquire(lock: u64) -> u8 {
    let old = raise_to_dispatch();
    world().nt.locks.acquire(lock, Way::Plain);
    old
}

/// Gives the lock back and lowers to `level`.
pub fn release(what: &str, lock: u64, level: u8) {
    world().nt.locks.release(lock, Way::Plain);
    irql::lower(what, level);
}

/// Takes the lock at the current level, which is DISPATCH_LEVEL or above.
pub fn acquire_at_dispatch(what: &str, lock: u64) {
    must_be_at_dispatch(what);
    world().nt.locks.acquire(lock, Way::Plain);
}

/// Gives the lock back and stays at the level.
pub fn release_from_dispatch(what: &str, lock: u64) {
    must_be_at_dispatch(what);
    world().nt.locks.release(lock, Way::Plain);
}

fn acquire_queued(lock: u64, handle: u64) {
    let p: Ptr<KLOCK_QUEUE_HANDLE> = Ptr::new(handle);
    write(p.addr(), 0_u64);
    write(p.addr() + QUEUE_LOCK, lock);
    world().nt.locks.acquire(lock, Way::Queued(handle));
}

fn release_queued(handle: u64) {
    let lock: u64 = crate::abi::read(handle + QUEUE_LOCK);
    world().hold(&rules::LOCK_QUEUED_NOT_HELD, lock != 0, || {
        format!("KLOCK_QUEUE_HANDLE {handle:#x} holds no lock")
    });
    world().nt.locks.release(lock, Way::Queued(handle));
    write(handle + QUEUE_LOCK, 0_u64);
}

imports! {
    /// Spin locks.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeSpinLock(lock: u64) {
        let held = world().nt.locks.is_held(lock);
        world().hold(&rules::LOCK_REINITIALIZED, !held, || format!("KeInitializeSpinLock({lock:#x}) while it is held"));
        write(lock, 0_u64);
    }

    fn KeAcquireSpinLockRaiseToDpc(lock: u64) -> u8 {
        acquire(lock)
    }

    fn KeAcquireSpinLockRaiseToSynch(lock: u64) -> u8 {
        let old = irql::raise("KeAcquireSpinLockRaiseToSynch", 12);
        world().nt.locks.acquire(lock, Way::Plain);
        old
    }

    fn KeReleaseSpinLock(lock: u64, level: u8) {
        release("KeReleaseSpinLock", lock, level);
    }

    fn KeAcquireSpinLockAtDpcLevel(lock: u64) {
        acquire_at_dispatch("KeAcquireSpinLockAtDpcLevel", lock);
    }

    fn KeReleaseSpinLockFromDpcLevel(lock: u64) {
        release_from_dispatch("KeReleaseSpinLockFromDpcLevel", lock);
    }

    fn KeAcquireSpinLockForDpc(lock: u64) -> u8 {
        acquire(lock)
    }

    fn KeReleaseSpinLockForDpc(lock: u64, level: u8) {
        release("KeReleaseSpinLockForDpc", lock, level);
    }

    fn KeTryToAcquireSpinLockAtDpcLevel(lock: u64) -> u8 {
        must_be_at_dispatch("KeTryToAcquireSpinLockAtDpcLevel");
        u8::from(world().nt.locks.try_acquire(lock, Way::Plain))
    }

    fn KeTestSpinLock(lock: u64) -> u8 {
        u8::from(!world().nt.locks.is_held(lock))
    }

    fn KeAcquireInStackQueuedSpinLock(lock: u64, handle: u64) {
        let old = raise_to_dispatch();
        acquire_queued(lock, handle);
        Ptr::<KLOCK_QUEUE_HANDLE>::new(handle).set(KLOCK_QUEUE_HANDLE::OldIrql, old);
    }

    fn KeReleaseInStackQueuedSpinLock(handle: u64) {
        let old = Ptr::<KLOCK_QUEUE_HANDLE>::new(handle).get(KLOCK_QUEUE_HANDLE::OldIrql);
        release_queued(handle);
        irql::lower("KeReleaseInStackQueuedSpinLock", old);
    }

    fn KeAcquireInStackQueuedSpinLockAtDpcLevel(lock: u64, handle: u64) {
        must_be_at_dispatch("KeAcquireInStackQueuedSpinLockAtDpcLevel");
        acquire_queued(lock, handle);
    }

    fn KeReleaseInStackQueuedSpinLockFromDpcLevel(handle: u64) {
        must_be_at_dispatch("KeReleaseInStackQueuedSpinLockFromDpcLevel");
        release_queued(handle);
    }

    fn KeAcquireInStackQueuedSpinLockForDpc(lock: u64, handle: u64) {
        let old = raise_to_dispatch();
        acquire_queued(lock, handle);
        Ptr::<KLOCK_QUEUE_HANDLE>::new(handle).set(KLOCK_QUEUE_HANDLE::OldIrql, old);
    }

    fn KeReleaseInStackQueuedSpinLockForDpc(handle: u64) {
        let old = Ptr::<KLOCK_QUEUE_HANDLE>::new(handle).get(KLOCK_QUEUE_HANDLE::OldIrql);
        release_queued(handle);
        irql::lower("KeReleaseInStackQueuedSpinLockForDpc", old);
    }

    fn ExAcquireSpinLockExclusive(lock: u64) -> u8 {
        let old = raise_to_dispatch();
        world().nt.locks.acquire(lock, Way::Exclusive);
        old
    }

    fn ExAcquireSpinLockExclusiveAtDpcLevel(lock: u64) {
        must_be_at_dispatch("ExAcquireSpinLockExclusiveAtDpcLevel");
        world().nt.locks.acquire(lock, Way::Exclusive);
    }

    fn ExReleaseSpinLockExclusive(lock: u64, level: u8) {
        world().nt.locks.release(lock, Way::Exclusive);
        irql::lower("ExReleaseSpinLockExclusive", level);
    }

    fn ExReleaseSpinLockExclusiveFromDpcLevel(lock: u64) {
        must_be_at_dispatch("ExReleaseSpinLockExclusiveFromDpcLevel");
        world().nt.locks.release(lock, Way::Exclusive);
    }

    fn ExTryAcquireSpinLockExclusiveAtDpcLevel(lock: u64) -> u8 {
        must_be_at_dispatch("ExTryAcquireSpinLockExclusiveAtDpcLevel");
        u8::from(world().nt.locks.try_acquire(lock, Way::Exclusive))
    }

    fn ExAcquireSpinLockShared(lock: u64) -> u8 {
        let old = raise_to_dispatch();
        world().nt.locks.acquire(lock, Way::Shared);
        old
    }

    fn ExAcquireSpinLockSharedAtDpcLevel(lock: u64) {
        must_be_at_dispatch("ExAcquireSpinLockSharedAtDpcLevel");
        world().nt.locks.acquire(lock, Way::Shared);
    }

    fn ExReleaseSpinLockShared(lock: u64, level: u8) {
        world().nt.locks.release(lock, Way::Shared);
        irql::lower("ExReleaseSpinLockShared", level);
    }

    fn ExReleaseSpinLockSharedFromDpcLevel(lock: u64) {
        must_be_at_dispatch("ExReleaseSpinLockSharedFromDpcLevel");
        world().nt.locks.release(lock, Way::Shared);
    }

    fn ExTryAcquireSpinLockSharedAtDpcLevel(lock: u64) -> u8 {
        must_be_at_dispatch("ExTryAcquireSpinLockSharedAtDpcLevel");
        u8::from(world().nt.locks.try_acquire(lock, Way::Shared))
    }

    fn ExTryConvertSharedSpinLockExclusive(lock: u64) -> u32 {
        u32::from(world().nt.locks.upgrade(lock))
    }
}
