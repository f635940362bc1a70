//! A spin lock around the data that it protects.

use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::ndis::{self, KIRQL, KSPIN_LOCK};

/// Data behind a kernel spin lock. Holding it means running at `DISPATCH_LEVEL`: no waiting, no paged memory, and
/// no call into NDIS that may call back for the same lock.
pub struct SpinLock<T> {
    lock: UnsafeCell<KSPIN_LOCK>,
    data: UnsafeCell<T>,
}

// SAFETY: the lock gives the data to one processor at a time, so sharing it is sending the data around.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// A free lock. The value may be moved until it is first taken.
    #[must_use]
    pub const fn new(data: T) -> Self {
        // KeInitializeSpinLock stores this 0 (functions.json).
        Self { lock: UnsafeCell::new(0), data: UnsafeCell::new(data) }
    }

    /// Takes the lock. IRQL: up to `DISPATCH_LEVEL`; taking it twice on one processor hangs.
    #[inline]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        // SAFETY: initialised to 0 and only ever used through these functions.
        let old = unsafe { ndis::KeAcquireSpinLockRaiseToDpc(self.lock.get()) };
        SpinLockGuard { lock: self, old: Some(old), processor: PhantomData }
    }

    /// Takes the lock without touching the IRQL: cheaper in DPCs and in send paths that NDIS calls there.
    ///
    /// # Safety
    /// The IRQL is `DISPATCH_LEVEL` until the guard is dropped.
    #[inline]
    pub unsafe fn lock_at_dispatch(&self) -> SpinLockGuard<'_, T> {
        // SAFETY: as in `lock`; the IRQL is the caller's promise.
        unsafe { ndis::KeAcquireSpinLockAtDpcLevel(self.lock.get()) };
        SpinLockGuard { lock: self, old: None, processor: PhantomData }
    }

    /// The data, when nobody else can have it.
    #[inline]
    pub const fn get_mut(&mut self) -> &mut T {
        self.data.get_mut()
    }
}

/// The lock, held; frees it and restores the IRQL when dropped. Guards are dropped in reverse order of taking.
#[must_use]
pub struct SpinLockGuard<'a, T> {
    lock: &'a SpinLock<T>,
    /// The IRQL to go back to, if taking the lock raised it.
    old: Option<KIRQL>,
    /// A lock is freed on the processor that took it: the guard stays with its thread.
    processor: PhantomData<*mut ()>,
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the lock is held as long as the guard lives.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held as long as the guard lives, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T> Drop for SpinLockGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let lock = self.lock.lock.get();
        match self.old {
            // SAFETY: taken by `lock` on this processor, which gave this IRQL.
            Some(old) => unsafe { ndis::KeReleaseSpinLock(lock, old) },
            // SAFETY: taken by `lock_at_dispatch` on this processor.
            None => unsafe { ndis::KeReleaseSpinLockFromDpcLevel(lock) },
        }
    }
}
