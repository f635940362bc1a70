//! Non-paged pool.

use core::ptr::NonNull;

use ferrite_ddk::ndis::{self, NDIS_HANDLE};

/// The pool tag of everything the provider allocates: `Fdma` in a debugger.
pub const TAG: u32 = u32::from_le_bytes(*b"Fdma");

/// Zeroed pool for a `T`; `None` if there is no memory. IRQL: up to `DISPATCH_LEVEL`.
pub fn zeroed<T>(owner: NDIS_HANDLE) -> Option<NonNull<T>> {
    const { assert!(align_of::<T>() <= 16, "what pool memory is aligned to") };
    let bytes = u32::try_from(size_of::<T>()).ok()?;
    // SAFETY: `owner` is a handle that NDIS gave this driver and has not taken back.
    let base =
        unsafe { ndis::NdisAllocateMemoryWithTagPriority(owner, bytes, TAG, ndis::NormalPoolPriority) };
    let base = NonNull::new(base.cast::<T>())?;
    // SAFETY: the pool has just given us room for a `T`, which nobody else knows.
    unsafe { base.as_ptr().write_bytes(0, 1) };
    Some(base)
}

/// Gives it back.
///
/// # Safety
/// `base` comes from [`zeroed`] with the same `T`, and is used no more.
pub unsafe fn free<T>(base: NonNull<T>) {
    let bytes = u32::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the caller's promise.
    unsafe { ndis::NdisFreeMemory(base.as_ptr().cast(), bytes, 0) };
}
