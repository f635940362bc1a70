//! `NDIS_SPIN_LOCK`: on this contract the header's functions are macros over the kernel's.

use core::mem::offset_of;

use crate::bindings::{
    KIRQL, KSPIN_LOCK, KeAcquireSpinLockAtDpcLevel, KeAcquireSpinLockRaiseToDpc, KeReleaseSpinLock,
    KeReleaseSpinLockFromDpcLevel, NDIS_SPIN_LOCK,
};

/// Makes a spin lock free. Any IRQL.
#[inline]
pub const fn NdisAllocateSpinLock(lock: &mut NDIS_SPIN_LOCK) {
    lock.SpinLock = 0;
    lock.OldIrql = 0;
}

/// Takes a spin lock and raises the IRQL to `DISPATCH_LEVEL`. IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// The lock is valid, initialised, and not held by this processor.
#[inline]
pub unsafe fn NdisAcquireSpinLock(lock: *mut NDIS_SPIN_LOCK) {
    // SAFETY: the caller's promise.
    let old = unsafe { KeAcquireSpinLockRaiseToDpc(spin_lock(lock)) };
    // SAFETY: the lock is held now, so its fields are this processor's.
    unsafe { old_irql(lock).write(old) };
}

/// Frees a spin lock and restores the IRQL. IRQL: `DISPATCH_LEVEL`.
///
/// # Safety
/// This processor has taken the lock with [`NdisAcquireSpinLock`].
#[inline]
pub unsafe fn NdisReleaseSpinLock(lock: *mut NDIS_SPIN_LOCK) {
    // SAFETY: the lock is held, so its fields are this processor's.
    let old = unsafe { old_irql(lock).read() };
    // SAFETY: the caller's promise.
    unsafe { KeReleaseSpinLock(spin_lock(lock), old) };
}

/// [`NdisAcquireSpinLock`] for callers at `DISPATCH_LEVEL`.
///
/// # Safety
/// As there; and the IRQL is `DISPATCH_LEVEL`.
#[inline]
pub unsafe fn NdisDprAcquireSpinLock(lock: *mut NDIS_SPIN_LOCK) {
    // SAFETY: the caller's promise.
    unsafe { KeAcquireSpinLockAtDpcLevel(spin_lock(lock)) };
}

/// Frees what [`NdisDprAcquireSpinLock`] took.
///
/// # Safety
/// This processor has taken the lock with [`NdisDprAcquireSpinLock`].
#[inline]
pub unsafe fn NdisDprReleaseSpinLock(lock: *mut NDIS_SPIN_LOCK) {
    // SAFETY: the caller's promise.
    unsafe { KeReleaseSpinLockFromDpcLevel(spin_lock(lock)) };
}

const fn spin_lock(lock: *mut NDIS_SPIN_LOCK) -> *mut KSPIN_LOCK {
    lock.wrapping_byte_add(offset_of!(NDIS_SPIN_LOCK, SpinLock)).cast()
}

const fn old_irql(lock: *mut NDIS_SPIN_LOCK) -> *mut KIRQL {
    lock.wrapping_byte_add(offset_of!(NDIS_SPIN_LOCK, OldIrql)).cast()
}
