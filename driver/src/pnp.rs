//! A device before its adapter is initialized, and after it is halted: that may happen many times in its life
//! (NDIS-PNP-04).

use core::ptr::NonNull;

use ferrite_ddk::ndis::{
    self, IRP, NDIS_HANDLE, NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES, NDIS_STATUS,
};
use ferrite_ddk::{Object, Result, Status};

use crate::companion::Presence;
use crate::memory::Memory;
use crate::trace::trace;

/// What belongs to a device from `MiniportAddDevice` to `MiniportRemoveDevice`, whatever becomes of its
/// adapter.
struct Device {
    /// What shares the device with the miniport.
    presence: Presence,
    /// This allocation.
    memory: Memory,
}

/// The companion of the device with this `AddDevice` context; `None` for NULL.
///
/// # Safety
/// `context` is that of [`add_device`], or NULL, and [`remove_device`] has not been called.
pub unsafe fn presence<'a>(context: NDIS_HANDLE) -> Option<&'a Presence> {
    // SAFETY: the caller's promise.
    let device = unsafe { context.cast_const().cast::<Device>().as_ref() };
    device.map(|device| &device.presence)
}

/// `MiniportAddDevice`.
///
/// IRQL: `PASSIVE_LEVEL` (NDIS-PNP-15).
///
/// # Safety
/// NDIS calls it with the handle of the adapter to be (NDIS-PNP-02).
pub unsafe extern "C" fn add_device(adapter: NDIS_HANDLE, _driver_context: NDIS_HANDLE) -> NDIS_STATUS {
    Status::from(try_add_device(adapter)).0
}

fn try_add_device(adapter: NDIS_HANDLE) -> Result<()> {
    let memory = Memory::zeroed(adapter, size_of::<Device>()).ok_or(Status::RESOURCES)?;
    let place = memory.base().cast::<Device>();
    let mut attributes = NDIS_MINIPORT_ADD_DEVICE_REGISTRATION_ATTRIBUTES {
        MiniportAddDeviceContext: place.as_ptr().cast(),
        ..Object::new()
    };
    // SAFETY: the handle is NDIS's of this call; the structure is one of the attributes, and is copied. NDIS
    // hands the context out after this function has returned (NDIS-PNP-03, -07).
    let status = unsafe { ndis::NdisMSetMiniportAttributes(adapter, (&raw mut attributes).cast()) };
    // On failure the memory goes back here (NDIS-PNP-05).
    Status(status).result()?;
    // SAFETY: the place is in the memory just allocated, aligned as the pool aligns, and nobody else's.
    unsafe { place.write(Device { presence: Presence::new(adapter), memory }) };
    trace!(c"ferrite: device added\n");
    Ok(())
}

/// `MiniportRemoveDevice` (NDIS-PNP-06).
///
/// IRQL: `PASSIVE_LEVEL` (NDIS-PNP-15).
///
/// # Safety
/// NDIS calls it with the context of [`add_device`], for the last time.
pub unsafe extern "C" fn remove_device(context: NDIS_HANDLE) {
    let Some(place) = NonNull::new(context.cast::<Device>()) else { return };
    // SAFETY: written by `add_device`; nobody refers to it after this call.
    let Device { presence, memory } = unsafe { place.read() };
    drop(presence);
    drop(memory);
    trace!(c"ferrite: device removed\n");
}

/// `MiniportFilterResourceRequirements`: the bus driver's list stands. It offers the messages that the INF
/// allows; which processors they go to is the system's choice, and without any the line does (C-16).
///
/// IRQL: `PASSIVE_LEVEL` (NDIS-PNP-15). At any time after [`add_device`], whatever the adapter does (C-04).
///
/// # Safety
/// NDIS calls it with the context of [`add_device`].
pub unsafe extern "C" fn filter_resource_requirements(_context: NDIS_HANDLE, _irp: *mut IRP) -> NDIS_STATUS {
    Status::SUCCESS.0
}

/// `MiniportStartDevice`: no resource was invented that would have to be hidden from the bus driver
/// (NDIS-PNP-14).
///
/// IRQL: `PASSIVE_LEVEL` (NDIS-PNP-15).
///
/// # Safety
/// NDIS calls it with the context of [`add_device`].
pub unsafe extern "C" fn start_device(_context: NDIS_HANDLE, _irp: *mut IRP) -> NDIS_STATUS {
    Status::SUCCESS.0
}
