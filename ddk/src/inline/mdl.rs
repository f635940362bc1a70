//! MDLs.

use crate::bindings::{
    KernelMode, MDL, MDL_MAPPED_TO_SYSTEM_VA, MDL_SOURCE_IS_NONPAGED_POOL, MM_PAGE_PRIORITY, MmCached,
    MmMapLockedPagesSpecifyCache, NdisGetVersion, PAGE_SHIFT, PAGE_SIZE, PVOID, ULONG,
};

/// The next MDL of a chain.
///
/// # Safety
/// The MDL is valid.
#[inline]
#[must_use]
pub const unsafe fn NdisGetNextMdl(mdl: *const MDL) -> *mut MDL {
    // SAFETY: a field of a valid MDL.
    unsafe { (*mdl).Next }
}

/// Bytes that an MDL describes.
///
/// # Safety
/// The MDL is valid.
#[inline]
#[must_use]
pub const unsafe fn MmGetMdlByteCount(mdl: *const MDL) -> ULONG {
    // SAFETY: a field of a valid MDL.
    unsafe { (*mdl).ByteCount }
}

/// Where in its first page an MDL's memory begins.
///
/// # Safety
/// The MDL is valid.
#[inline]
#[must_use]
pub const unsafe fn MmGetMdlByteOffset(mdl: *const MDL) -> ULONG {
    // SAFETY: a field of a valid MDL.
    unsafe { (*mdl).ByteOffset }
}

/// The address of an MDL's memory in the process it was built for: a name for it, not to be read.
///
/// # Safety
/// The MDL is valid.
#[inline]
#[must_use]
pub const unsafe fn MmGetMdlVirtualAddress(mdl: *const MDL) -> PVOID {
    // SAFETY: a valid MDL.
    let mdl = unsafe { &*mdl };
    mdl.StartVa.wrapping_byte_add(mdl.ByteOffset as usize)
}

/// System address and length of an MDL's memory; the address is NULL if it had to be mapped and could not be.
/// Where the kernel knows how (Windows 8, NDIS 6.30) the mapping is made not executable, for it is of data.
/// IRQL: up to `DISPATCH_LEVEL`.
///
/// # Safety
/// The MDL is valid, and its pages are locked or in non-paged pool, as NDIS promises of an NB's.
#[inline]
#[must_use]
pub unsafe fn NdisQueryMdl(mdl: *mut MDL, priority: MM_PAGE_PRIORITY) -> (PVOID, ULONG) {
    const MAPPED: i16 = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;
    #[expect(clippy::cast_possible_truncation, reason = "the enumerator is 0")]
    const MODE: i8 = KernelMode as i8;
    const BUG_CHECK_ON_FAILURE: ULONG = 0;
    /// `MdlMappingNoExecute`, which Windows 7 and its headers do not know.
    const NO_EXECUTE: ULONG = 0x4000_0000;
    const NDIS_6_30: ULONG = 0x0006_001e;
    let (flags, mapped, length) = {
        // SAFETY: a valid MDL; the reference ends before the kernel may change it.
        let mdl = unsafe { &*mdl };
        (mdl.MdlFlags, mdl.MappedSystemVa, mdl.ByteCount)
    };
    if flags & MAPPED != 0 {
        return (mapped, length);
    }
    // SAFETY: no preconditions.
    let running = unsafe { NdisGetVersion() };
    let priority = priority.cast_unsigned() | if running >= NDIS_6_30 { NO_EXECUTE } else { 0 };
    // SAFETY: the pages are locked (caller's promise); if it fails the call answers NULL.
    let mapped = unsafe {
        MmMapLockedPagesSpecifyCache(
            mdl,
            MODE,
            MmCached,
            core::ptr::null_mut(),
            BUG_CHECK_ON_FAILURE,
            priority,
        )
    };
    (mapped, length)
}

/// Pages that `length` bytes at `address` touch.
#[inline]
#[must_use]
pub const fn ADDRESS_AND_SIZE_TO_SPAN_PAGES(address: usize, length: ULONG) -> usize {
    const MASK: usize = PAGE_SIZE as usize - 1;
    (address & MASK).wrapping_add(length as usize).wrapping_add(MASK) >> PAGE_SHIFT
}

/// The most physical fragments that an MDL's memory can consist of.
///
/// # Safety
/// The MDL is valid.
#[inline]
#[must_use]
pub const unsafe fn NdisGetMdlPhysicalArraySize(mdl: *const MDL) -> usize {
    // SAFETY: a valid MDL.
    let mdl = unsafe { &*mdl };
    ADDRESS_AND_SIZE_TO_SPAN_PAGES(mdl.ByteOffset as usize, mdl.ByteCount)
}
