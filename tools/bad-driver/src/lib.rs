//! A driver that does nothing, and with each feature something that the image checks have to find.
//!
//! `scripts/test-image-checks` builds it and knows what has to be found.

#![no_std]

#[cfg(feature = "formatting")]
mod formatting;
#[cfg(feature = "imports")]
mod imports;
#[cfg(feature = "panics")]
mod panics;
#[cfg(feature = "stack")]
mod stack;

use core::{ffi::c_void, panic::PanicInfo};

/// Called when the image is loaded; nobody ever loads it.
///
/// # Safety
/// The arguments are not looked at beyond their value.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DriverEntry(driver: *mut c_void, path: *mut c_void) -> i32 {
    // Values that no compiler can foresee.
    let (index, number) = (driver as usize, path as usize);
    #[cfg(feature = "panics")]
    let index = panics::all(index, number);
    #[cfg(feature = "formatting")]
    let index = formatting::length(index);
    #[cfg(feature = "stack")]
    let index = stack::all(index, number);
    #[cfg(feature = "imports")]
    imports::all();
    i32::from(index == number)
}

#[panic_handler]
#[inline(never)]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
