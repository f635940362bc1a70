//! Run-down protection and remove locks: counts of users that an owner waits out.

use super::{dispatcher::Patience, event};
use crate::{
    abi::{IO_REMOVE_LOCK, IO_REMOVE_LOCK_COMMON_BLOCK as Lock, Ptr, constants as c, read, write},
    imports,
    nt::layout::object,
    verify::rules,
    world::world,
};

/// Bit 0 of an EX_RUNDOWN_REF: no new users. The count begins at bit 1.
const ENDING: u64 = 1;
const ONE: u64 = 2;
/// Counts above this are no counts.
const MOST: u64 = 1 << 32;

fn acquire(what: &str, addr: u64, count: u64) -> u8 {
    let value: u64 = read(addr);
    world().hold(&rules::RUNDOWN_UNINITIALIZED, value <= MOST, || {
        format!("{what}: {addr:#x} holds {value:#x}: run-down reference not initialised")
    });
    if value & ENDING != 0 {
        return 0;
    }
    write(addr, value + count.saturating_mul(ONE));
    1
}

fn release(what: &str, addr: u64, count: u64) {
    let value: u64 = read(addr);
    let less = count.saturating_mul(ONE);
    world().hold(&rules::RUNDOWN_RELEASED, value >= less, || {
        format!("{what}: {addr:#x} has {} users, {count} are to leave", value / ONE)
    });
    write(addr, value - less);
}

fn drain(what: &'static str, addr: u64) {
    write(addr, read::<u64>(addr) | ENDING);
    world().sched.block(what, None, &|| read::<u64>(addr) == ENDING);
}

fn common(lock: u64) -> Ptr<Lock> {
    Ptr::new(Ptr::<IO_REMOVE_LOCK>::new(lock).at(&IO_REMOVE_LOCK::Common))
}

/// One user fewer; the last one lets the remover go on.
fn leave(what: &str, lock: Ptr<Lock>) -> i32 {
    let left = lock.get(Lock::IoCount).wrapping_sub(1);
    world().hold(&rules::REMOVE_LOCK, left >= 0, || {
        format!("{what}: remove lock {:#x} has no users", lock.addr())
    });
    lock.set(Lock::IoCount, left);
    if left == 0 {
        event::set(what, lock.at(&Lock::RemoveEvent));
    }
    left
}

imports! {
    /// Run-down protection and remove locks.
    TABLE from "ntoskrnl.exe";

    fn ExInitializeRundownProtection(addr: u64) {
        write(addr, 0_u64);
    }

    fn ExReInitializeRundownProtection(addr: u64) {
        write(addr, 0_u64);
    }

    fn ExAcquireRundownProtection(addr: u64) -> u8 {
        acquire("ExAcquireRundownProtection", addr, 1)
    }

    fn ExAcquireRundownProtectionEx(addr: u64, count: u32) -> u8 {
        acquire("ExAcquireRundownProtectionEx", addr, u64::from(count))
    }

    fn ExReleaseRundownProtection(addr: u64) {
        release("ExReleaseRundownProtection", addr, 1);
    }

    fn ExReleaseRundownProtectionEx(addr: u64, count: u32) {
        release("ExReleaseRundownProtectionEx", addr, u64::from(count));
    }

    fn ExWaitForRundownProtectionRelease(addr: u64) {
        drain("ExWaitForRundownProtectionRelease", addr);
    }

    fn ExRundownCompleted(addr: u64) {
        write(addr, ENDING);
    }

    fn ExAllocateCacheAwareRundownProtection(pool: u32, tag: u32) -> u64 {
        let addr = crate::nt::memory::pool::allocate("ExAllocateCacheAwareRundownProtection", pool, 64, tag);
        if addr != 0 {
            write(addr, 0_u64);
        }
        addr
    }

    fn ExFreeCacheAwareRundownProtection(addr: u64) {
        crate::nt::memory::pool::free("ExFreeCacheAwareRundownProtection", addr, None);
    }

    fn ExSizeOfRundownProtectionCacheAware() -> u64 {
        64
    }

    fn ExInitializeRundownProtectionCacheAware(addr: u64, _size: u64) {
        write(addr, 0_u64);
    }

    fn ExReInitializeRundownProtectionCacheAware(addr: u64) {
        write(addr, 0_u64);
    }

    fn ExAcquireRundownProtectionCacheAware(addr: u64) -> u8 {
        acquire("ExAcquireRundownProtectionCacheAware", addr, 1)
    }

    fn ExAcquireRundownProtectionCacheAwareEx(addr: u64, count: u32) -> u8 {
        acquire("ExAcquireRundownProtectionCacheAwareEx", addr, u64::from(count))
    }

    fn ExReleaseRundownProtectionCacheAware(addr: u64) {
        release("ExReleaseRundownProtectionCacheAware", addr, 1);
    }

    fn ExReleaseRundownProtectionCacheAwareEx(addr: u64, count: u32) {
        release("ExReleaseRundownProtectionCacheAwareEx", addr, u64::from(count));
    }

    fn ExWaitForRundownProtectionReleaseCacheAware(addr: u64) {
        drain("ExWaitForRundownProtectionReleaseCacheAware", addr);
    }

    fn ExRundownCompletedCacheAware(addr: u64) {
        write(addr, ENDING);
    }

    fn IoInitializeRemoveLockEx(lock: u64, _tag: u32, _minutes: u32, _high: u32, _size: u32) {
        let p = common(lock);
        p.set(Lock::Removed, 0);
        p.set(Lock::IoCount, 1);
        event::initialize(p.at(&Lock::RemoveEvent), object::NOTIFICATION_EVENT, false);
    }

    fn IoAcquireRemoveLockEx(lock: u64, _tag: u64, _file: u64, _line: u32, _size: u32) -> u32 {
        let p = common(lock);
        if p.get(Lock::Removed) != 0 {
            return c::STATUS_DELETE_PENDING;
        }
        p.set(Lock::IoCount, p.get(Lock::IoCount).wrapping_add(1));
        c::STATUS_SUCCESS
    }

    fn IoReleaseRemoveLockEx(lock: u64, _tag: u64, _size: u32) {
        leave("IoReleaseRemoveLock", common(lock));
    }

    fn IoReleaseRemoveLockAndWaitEx(lock: u64, _tag: u64, _size: u32) {
        let p = common(lock);
        p.set(Lock::Removed, 1);
        // The caller's own use, and the one that the lock was made with.
        leave("IoReleaseRemoveLockAndWait", p);
        if leave("IoReleaseRemoveLockAndWait", p) > 0 {
            let event = p.at(&Lock::RemoveEvent);
            world().nt.dispatcher.wait("IoReleaseRemoveLockAndWait", vec![event], false, Patience::Endless);
        }
    }
}
