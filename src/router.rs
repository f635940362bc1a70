//! What stands in front of NDIS's entries in the driver object: devices of the class System go to the `NetDMA` provider,
//! everything else goes where it would have gone.
//!
//! NDIS puts its entries there when the miniport registers (NDIS-REG-13). They are kept as they were, and called for
//! every device object that is not the provider's.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use ferrite_ddk::ndis::{
    self, DEVICE_OBJECT, DRIVER_OBJECT, IRP, NTSTATUS, PDRIVER_ADD_DEVICE, PDRIVER_DISPATCH,
};
use ferrite_netdma::quickdata;

/// Entries of a dispatch table.
const MAJORS: usize = ndis::IRP_MJ_MAXIMUM_FUNCTION as usize + 1;

/// NDIS's `AddDevice`, and its dispatch table: written once, before any device is there.
static ADD_DEVICE: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static DISPATCH: [AtomicPtr<()>; MAJORS] = [const { AtomicPtr::new(ptr::null_mut()) }; MAJORS];

/// Puts itself in front. IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// `driver` is the driver object, in `DriverEntry`, after the miniport has registered.
pub unsafe fn install(driver: *mut DRIVER_OBJECT) {
    // SAFETY: the driver object is the caller's in `DriverEntry`.
    let driver = unsafe { &mut *driver };
    // SAFETY: every driver object has its extension.
    let extension = unsafe { &mut *driver.DriverExtension };
    ADD_DEVICE.store(address(extension.AddDevice), Ordering::Release);
    extension.AddDevice = Some(add_device);
    for (kept, entry) in DISPATCH.iter().zip(&mut driver.MajorFunction) {
        kept.store(dispatch_address(*entry), Ordering::Release);
        *entry = Some(dispatch);
    }
}

fn address(routine: PDRIVER_ADD_DEVICE) -> *mut () {
    routine.map_or(ptr::null_mut(), |routine| routine as *mut ())
}

fn dispatch_address(routine: PDRIVER_DISPATCH) -> *mut () {
    routine.map_or(ptr::null_mut(), |routine| routine as *mut ())
}

/// # Safety
/// The plug and play manager calls it, at `PASSIVE_LEVEL`.
unsafe extern "C" fn add_device(driver: *mut DRIVER_OBJECT, pdo: *mut DEVICE_OBJECT) -> NTSTATUS {
    // SAFETY: the arguments of AddDevice.
    if unsafe { quickdata::is_ours(pdo) } {
        // SAFETY: the arguments of AddDevice.
        return unsafe { quickdata::add_device(driver, pdo) };
    }
    // SAFETY: NULL or NDIS's routine, kept as it was: an Option of a function pointer has NULL for None.
    let next: PDRIVER_ADD_DEVICE = unsafe { core::mem::transmute(ADD_DEVICE.load(Ordering::Acquire)) };
    // SAFETY: the very arguments.
    next.map_or(ndis::STATUS_INVALID_DEVICE_REQUEST, |next| unsafe { next(driver, pdo) })
}

/// # Safety
/// The I/O manager calls it, at the IRQL of the IRP.
unsafe extern "C" fn dispatch(device: *mut DEVICE_OBJECT, irp: *mut IRP) -> NTSTATUS {
    // SAFETY: the arguments of a dispatch routine.
    if let Some(status) = unsafe { quickdata::dispatch(device, irp) } {
        return status;
    }
    // SAFETY: the IRP is this driver's until it is completed or passed on.
    let location = unsafe { ndis::IoGetCurrentIrpStackLocation(irp) };
    // SAFETY: its current location.
    let major = unsafe { (*location).MajorFunction };
    let kept = DISPATCH.get(usize::from(major)).map_or(ptr::null_mut(), |kept| kept.load(Ordering::Acquire));
    // SAFETY: as in `add_device`.
    let next: PDRIVER_DISPATCH = unsafe { core::mem::transmute(kept) };
    // SAFETY: the very arguments.
    next.map_or(ndis::STATUS_INVALID_DEVICE_REQUEST, |next| unsafe { next(device, irp) })
}
