//! Registration of the driver with NDIS.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use ferrite_ddk::ndis::{
    self, DRIVER_OBJECT, MINIPORT_DRIVER_UNLOAD, NDIS_HANDLE, NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
    NDIS_MINIPORT_PNP_CHARACTERISTICS, NDIS_STATUS, UNICODE_STRING,
};
use ferrite_ddk::{Object, Result, Status};

use crate::companion::{self, Companion};
use crate::trace::trace;
use crate::{VERSION, adapter, flow, oid, pnp, receive, removal, reset, send};

/// The handle that `NdisMRegisterMiniportDriver` has given; NULL before and after.
static DRIVER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Registers the miniport driver. `unload` becomes its `MiniportDriverUnload`, which NDIS calls after the
/// last adapter has been halted (NDIS-REG-13), and which has to call [`unload`]. `shared` hears of every device.
///
/// IRQL: `PASSIVE_LEVEL`, from `DriverEntry`, which returns what this returns (NDIS-REG-02).
///
/// # Safety
/// `driver` and `path` are what the I/O manager has given to `DriverEntry` (NDIS-REG-01).
pub unsafe fn driver_entry(
    driver: *mut DRIVER_OBJECT,
    path: *mut UNICODE_STRING,
    unload: MINIPORT_DRIVER_UNLOAD,
    shared: &'static Companion,
) -> Status {
    companion::set(shared);
    // SAFETY: the caller's promise.
    unsafe { register(driver, path, unload) }.into()
}

/// # Safety
/// As for [`driver_entry`].
unsafe fn register(
    driver: *mut DRIVER_OBJECT,
    path: *mut UNICODE_STRING,
    unload: MINIPORT_DRIVER_UNLOAD,
) -> Result<()> {
    const NEEDED: u32 = (VERSION.ndis_major as u32) << 16 | VERSION.ndis_minor as u32;
    // SAFETY: no preconditions.
    let running = unsafe { ndis::NdisGetVersion() };
    trace!(c"ferrite: NDIS %x\n", running);
    if running < NEEDED {
        return Err(Status::BAD_VERSION);
    }
    let mut characteristics = NDIS_MINIPORT_DRIVER_CHARACTERISTICS {
        MajorNdisVersion: VERSION.ndis_major,
        MinorNdisVersion: VERSION.ndis_minor,
        MajorDriverVersion: VERSION.major,
        MinorDriverVersion: VERSION.minor,
        SetOptionsHandler: Some(set_options),
        InitializeHandlerEx: Some(adapter::init::initialize),
        HaltHandlerEx: Some(adapter::halt::halt),
        UnloadHandler: unload,
        PauseHandler: Some(flow::pause),
        RestartHandler: Some(flow::restart),
        OidRequestHandler: Some(oid::oid_request),
        SendNetBufferListsHandler: Some(send::send_net_buffer_lists),
        ReturnNetBufferListsHandler: Some(receive::return_net_buffer_lists),
        CancelSendHandler: Some(send::cancel_send),
        // With CheckForHangEx comes ResetEx (NDIS-REG-06, C-01).
        CheckForHangHandlerEx: Some(reset::check_for_hang),
        ResetHandlerEx: Some(reset::reset),
        DevicePnPEventNotifyHandler: Some(removal::device_pnp_event),
        ShutdownHandlerEx: Some(adapter::halt::shutdown),
        CancelOidRequestHandler: Some(oid::cancel_oid_request),
        // A pair (NDIS-REG-07, C-02).
        DirectOidRequestHandler: Some(oid::direct_oid_request),
        CancelDirectOidRequestHandler: Some(oid::cancel_direct_oid_request),
        ..Object::new()
    };
    // SAFETY: the driver object and the path are DriverEntry's (caller's promise); NDIS copies the
    // characteristics (NDIS-REG-04). Handlers may run from inside this call on (NDIS-REG-09); none of them
    // needs the handle.
    let status = unsafe {
        ndis::NdisMRegisterMiniportDriver(
            driver,
            path,
            ptr::null_mut(),
            &raw mut characteristics,
            DRIVER.as_ptr(),
        )
    };
    Status(status).result()
}

/// Takes the registration back: all that [`driver_entry`] has done (NDIS-REG-12, -14).
///
/// IRQL: `PASSIVE_LEVEL`, from `MiniportDriverUnload` and nowhere else.
pub fn unload() {
    let driver = DRIVER.swap(ptr::null_mut(), Ordering::AcqRel);
    if !driver.is_null() {
        // SAFETY: the handle of a successful registration, taken back once; no adapter is left (NDIS-REG-13).
        unsafe { ndis::NdisMDeregisterMiniportDriver(driver) };
    }
}

/// `MiniportSetOptions`: installs the handlers that see a device before its adapter is initialized
/// (NDIS-PNP-01).
///
/// IRQL: `PASSIVE_LEVEL`, inside `NdisMRegisterMiniportDriver` (NDIS-REG-08).
///
/// # Safety
/// NDIS calls it with the driver's handle.
unsafe extern "C" fn set_options(driver: NDIS_HANDLE, _context: NDIS_HANDLE) -> NDIS_STATUS {
    let mut handlers = NDIS_MINIPORT_PNP_CHARACTERISTICS {
        MiniportAddDeviceHandler: Some(pnp::add_device),
        MiniportRemoveDeviceHandler: Some(pnp::remove_device),
        MiniportFilterResourceRequirementsHandler: Some(pnp::filter_resource_requirements),
        MiniportStartDeviceHandler: Some(pnp::start_device),
        ..Object::new()
    };
    // SAFETY: the handle is NDIS's of this call; the structure begins with the common header, and is copied.
    unsafe { ndis::NdisSetOptionalHandlers(driver, (&raw mut handlers).cast()) }
}
