//! `AddDevice`: which devices are this driver's to serve, and the node that each of them gets.

use core::ptr;

use ferrite_ddk::ndis::{self, DEVICE_OBJECT, DRIVER_OBJECT, NTSTATUS};
use ferrite_ddk::netdma::EntryPoints;
use ferrite_ddk::{Result, Status, unicode_string};

use super::bus::Bus;
use super::function::MOST;
use super::node::{Extension, Node};
use super::nodes;
use crate::registration::Registration;
use crate::trace::trace;

/// The class System, as plug and play writes it.
const SYSTEM: &[u8; 38] = b"{4d36e97d-e325-11ce-bfc1-08002be10318}";

/// Whether a device belongs to the class System, which is how a `QuickData` function is bound to this driver.
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// `pdo` is a physical device object.
pub unsafe fn is_ours(pdo: *mut DEVICE_OBJECT) -> bool {
    let mut class = [0_u16; SYSTEM.len() + 1];
    let bytes = u32::try_from(size_of_val(&class)).unwrap_or(0);
    let mut length = 0;
    // SAFETY: PASSIVE_LEVEL; the caller's promise, and a buffer of so many bytes.
    let status = unsafe {
        ndis::IoGetDeviceProperty(
            pdo,
            ndis::DevicePropertyClassGuid,
            bytes,
            class.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let lower = |unit: &u16| u8::try_from(*unit).map_or(0, |byte| byte.to_ascii_lowercase());
    Status(status).result().is_ok() && class.iter().zip(SYSTEM).all(|(unit, byte)| lower(unit) == *byte)
}

/// `AddDevice` of a function: its device object, on top of the stack, and its provider. IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// The arguments of `AddDevice`.
pub unsafe fn add_device(driver: *mut DRIVER_OBJECT, pdo: *mut DEVICE_OBJECT) -> NTSTATUS {
    // SAFETY: the caller's promise.
    match unsafe { add(driver, pdo) } {
        Ok(()) => ndis::STATUS_SUCCESS,
        Err(status) => status.0,
    }
}

/// # Safety
/// As for [`add_device`].
unsafe fn add(driver: *mut DRIVER_OBJECT, pdo: *mut DEVICE_OBJECT) -> Result<()> {
    let mut device: *mut DEVICE_OBJECT = ptr::null_mut();
    let bytes = u32::try_from(size_of::<Extension>()).map_err(|_| Status::RESOURCES)?;
    // SAFETY: PASSIVE_LEVEL; the driver object is the caller's promise.
    Status(unsafe {
        ndis::IoCreateDevice(
            driver,
            bytes,
            ptr::null_mut(),
            ndis::FILE_DEVICE_UNKNOWN,
            ndis::FILE_DEVICE_SECURE_OPEN,
            0,
            &raw mut device,
        )
    })
    .result()?;
    // SAFETY: the device object is ours.
    let work = unsafe { ndis::IoAllocateWorkItem(device) };
    if work.is_null() {
        // SAFETY: created above; nobody knows it.
        unsafe { ndis::IoDeleteDevice(device) };
        return Err(Status::RESOURCES);
    }
    // SAFETY: both are device objects; PASSIVE_LEVEL.
    let lower = unsafe { ndis::IoAttachDeviceToDeviceStack(device, pdo) };
    if lower.is_null() {
        // SAFETY: allocated above, and never queued.
        unsafe { ndis::IoFreeWorkItem(work) };
        // SAFETY: created above; nobody knows it.
        unsafe { ndis::IoDeleteDevice(device) };
        return Err(Status(ndis::STATUS_DEVICE_REMOVED));
    }
    // SAFETY: the new device object is ours.
    let extension = unsafe { (*device).DeviceExtension }.cast::<Extension>();
    // SAFETY: room for an extension was asked for above; only addresses are taken.
    let function = unsafe { &raw mut (*extension).function }.cast();
    // SAFETY: as above.
    let place = unsafe { &raw mut (*extension).node };
    // SAFETY: the extension is nobody else's.
    unsafe { place.write(Node::new(device, lower, pdo, work, registration(lower), function)) };
    // SAFETY: written above; it stays until the device object is deleted.
    let node = unsafe { &mut *place };
    node.prepare();
    let most = u32::try_from(MOST).unwrap_or(0);
    let name = unicode_string!("Ferrite QuickData engine");
    if let Some(registration) = &node.registration {
        // SAFETY: the node stays until `remove`, which deregisters it first.
        if unsafe { registration.register(place, pdo, most, &name) }.is_err() {
            node.registration = None;
        }
    }
    nodes::list(node);
    // SAFETY: the device object is ours. Its power IRPs come at PASSIVE_LEVEL.
    let flags = unsafe { &mut (*device).Flags };
    *flags = (*flags | ndis::DO_POWER_PAGABLE) & !ndis::DO_DEVICE_INITIALIZING;
    Ok(())
}

/// The provider of the function above `lower`, if there is `NetDMA`.
fn registration(lower: *mut DEVICE_OBJECT) -> Option<Registration> {
    let Some(netdma) = EntryPoints::find() else {
        trace!(c"ferrite: no NetDMA here, the provider stays dormant\n");
        return None;
    };
    // Version 1.2, whose chains end in NULL, cannot be told by its registers yet.
    let terminated = matches!(Bus::of(lower)?.ids(), (0x8086, 0x1A38 | 0x360B | 0x65FF));
    Some(Registration::new(netdma, terminated))
}
