//! `ferrite.sys`: the image's entry, its exit and its panic handler, the only place where the miniport and the
//! `NetDMA` provider meet.

#![no_std]

mod panic;

use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, STATUS_SUCCESS};

/// Called by the I/O manager when the image is loaded.
///
/// IRQL: `PASSIVE_LEVEL`. Source: WDM, `DRIVER_INITIALIZE`.
///
/// # Safety
/// `driver` and `registry_path` are the I/O manager's, valid for this call; `driver` outlives the image.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DriverEntry(
    driver: *mut DRIVER_OBJECT,
    registry_path: PCUNICODE_STRING,
) -> NTSTATUS {
    _ = (driver, registry_path);
    STATUS_SUCCESS
}
