//! `ferrite.sys`: the image's entry, its exit and its panic handler, the only place where the miniport and the
//! `NetDMA` provider meet: on a network adapter's device, and in the driver object.

#![no_std]

mod panic;
mod router;

use ferrite_driver::Companion;
use ferrite_netdma::cpu;
use wdk_sys::{DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING};

/// The `NetDMA` provider, as what shares each adapter's device.
static NETDMA: Companion =
    Companion { add: cpu::add, start: cpu::start, power: cpu::power, stop: cpu::stop, remove: cpu::remove };

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
    let status = unsafe {
        ferrite_driver::driver_entry(driver.cast(), registry_path.cast_mut().cast(), Some(unload), &NETDMA)
    };
    if status.result().is_ok() {
        // SAFETY: in DriverEntry, and the miniport has registered.
        unsafe { router::install(driver.cast()) };
    }
    status.0
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
