//! Routines that are not imported: looked up at run time, absent where Windows does not have them (NDIS-REG-16).

use core::ffi::c_void;
use core::ptr::NonNull;

use crate::{UnicodeString, ndis};

/// A routine of the kernel or the HAL. IRQL: `PASSIVE_LEVEL`.
#[must_use]
pub fn system_routine(name: &UnicodeString<'_>) -> Option<NonNull<c_void>> {
    // SAFETY: the name is a valid string that the call only reads.
    NonNull::new(unsafe { ndis::MmGetSystemRoutineAddress(name.as_ptr()) })
}

/// A routine of NDIS. IRQL: `PASSIVE_LEVEL`.
#[must_use]
pub fn ndis_routine(name: &UnicodeString<'_>) -> Option<NonNull<c_void>> {
    // SAFETY: the name is a valid string that the call only reads.
    NonNull::new(unsafe { ndis::NdisGetRoutineAddress(name.as_ptr()) })
}

/// The address of a routine as a function pointer.
///
/// # Safety
/// `F` is a function pointer type, and that of the routine at this address.
#[inline]
#[must_use]
pub const unsafe fn routine_as<F: Copy>(address: NonNull<c_void>) -> F {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>(), "not a function pointer") };
    // SAFETY: both are one pointer long, and F is the routine's type (caller's promise).
    unsafe { core::mem::transmute_copy(&address) }
}
