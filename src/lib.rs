//! `ferrite.sys`: the image's entry, its exit and its panic handler, the only place where the miniport and the
//! `NetDMA` provider meet.

#![no_std]

mod panic;

use ferrite_driver::Companion;
use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING};

/// The `NetDMA` provider, as what shares each adapter's device.
static NETDMA: Companion = Companion {
    add: ferrite_netdma::add,
    start: ferrite_netdma::start,
    power: ferrite_netdma::power,
    stop: ferrite_netdma::stop,
    remove: ferrite_netdma::remove,
};

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
    // SAFETY: both are passed on exactly as they came (NDIS-REG-01); they are the same structures under either
    // crate's name.
    unsafe {
        ferrite_driver::driver_entry(driver.cast(), registry_path.cast_mut().cast(), Some(unload), &NETDMA)
    }
    .0
}

/// `MiniportDriverUnload`: NDIS owns the driver object's unload routine and calls this from it (NDIS-REG-13).
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it once, when no adapter is left.
unsafe extern "C" fn unload(_driver: *mut ferrite_ddk::ndis::DRIVER_OBJECT) {
    ferrite_driver::unload();
}
