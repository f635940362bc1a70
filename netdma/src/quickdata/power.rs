//! Power: the function's driver decides which power the device has in which state of the system, works or sleeps, and
//! asks for it.

use core::ptr;
use core::sync::atomic::Ordering;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, DEVICE_OBJECT, IO_STATUS_BLOCK, IRP, NTSTATUS, POWER_STATE, PVOID, UCHAR};

use super::irp::Irp;
use super::node::Node;

/// `IRP_MJ_POWER`; the device is held. IRQL: `PASSIVE_LEVEL`.
pub fn dispatch(node: &Node, irp: Irp) -> NTSTATUS {
    let set = irp.function().1 == ndis::IRP_MN_SET_POWER;
    // SAFETY: the form of this request, and of a query.
    let request = unsafe { irp.location().Parameters.Power };
    // SAFETY: both forms of a state are numbers.
    let state = unsafe { request.State.DeviceState };
    match (set, request.Type == ndis::SystemPowerState) {
        (true, true) => system(node, irp),
        (true, false) if state == ndis::PowerDeviceD0 => up(node, irp),
        (true, false) => {
            node.sleep();
            pass(node, irp)
        }
        // A sleeping or stopping system and a device without power are always fine.
        (false, _) => pass(node, irp),
    }
}

fn pass(node: &Node, irp: Irp) -> NTSTATUS {
    let tag = irp.as_ptr();
    irp.set_status(ndis::STATUS_SUCCESS);
    let status = irp.pass(node.lower);
    node.release(tag);
    status
}

/// The system's state: the drivers below first, then the device's power.
fn system(node: &Node, irp: Irp) -> NTSTATUS {
    irp.mark_pending();
    // SAFETY: the node is held until the IRP is completed.
    let _pending =
        unsafe { irp.pass_with(node.lower, Some(system_is_set), ptr::from_ref(node).cast_mut().cast()) };
    ndis::STATUS_PENDING
}

/// # Safety
/// The I/O manager calls it with the context of `system`, up to `DISPATCH_LEVEL`.
unsafe extern "C" fn system_is_set(_device: *mut DEVICE_OBJECT, irp: *mut IRP, context: PVOID) -> NTSTATUS {
    // SAFETY: the node is held until the IRP is completed.
    let node = unsafe { &*context.cast_const().cast::<Node>() };
    // SAFETY: the IRP is ours from here to its completion.
    let irp = unsafe { Irp::new(irp) };
    if Status(irp.status()).result().is_err() {
        node.release(irp.as_ptr());
        return ndis::STATUS_SUCCESS;
    }
    // SAFETY: the form of this request.
    let request = unsafe { irp.location().Parameters.Power };
    // SAFETY: both forms of a state are numbers.
    let state = unsafe { request.State.SystemState };
    let works = state == ndis::PowerSystemWorking;
    let device = if works { ndis::PowerDeviceD0 } else { ndis::PowerDeviceD3 };
    node.system_irp.store(irp.as_ptr(), Ordering::Release);
    // SAFETY: the device's own stack; the node is held. The power manager sends one system IRP at a time.
    let status = unsafe {
        ndis::PoRequestPowerIrp(
            node.pdo,
            ndis::IRP_MN_SET_POWER,
            POWER_STATE { DeviceState: device },
            Some(device_is_set),
            context,
            ptr::null_mut(),
        )
    };
    if status != ndis::STATUS_PENDING {
        // The system goes to its state without the device.
        finish(node);
    }
    ndis::STATUS_MORE_PROCESSING_REQUIRED
}

/// # Safety
/// The power manager calls it with the context of `system_is_set`, up to `DISPATCH_LEVEL`.
unsafe extern "C" fn device_is_set(
    _device: *mut DEVICE_OBJECT,
    _minor: UCHAR,
    _state: POWER_STATE,
    context: PVOID,
    _status: *mut IO_STATUS_BLOCK,
) {
    // SAFETY: the node is held until the system's IRP is completed.
    finish(unsafe { &*context.cast_const().cast::<Node>() });
}

/// Completes the system's IRP. What became of the device is the device's matter.
fn finish(node: &Node) {
    let irp = node.system_irp.swap(ptr::null_mut(), Ordering::AcqRel);
    if irp.is_null() {
        return;
    }
    // SAFETY: kept by `system_is_set`, completed once.
    let _status = unsafe { Irp::new(irp) }.complete(ndis::STATUS_SUCCESS);
    node.release(irp);
}

/// The device gets power: the drivers below first.
fn up(node: &Node, irp: Irp) -> NTSTATUS {
    irp.mark_pending();
    // SAFETY: the node is held until the IRP is completed.
    let _pending = unsafe { irp.pass_with(node.lower, Some(powered), ptr::from_ref(node).cast_mut().cast()) };
    ndis::STATUS_PENDING
}

/// # Safety
/// The I/O manager calls it with the context of `up`, up to `DISPATCH_LEVEL`.
unsafe extern "C" fn powered(_device: *mut DEVICE_OBJECT, irp: *mut IRP, context: PVOID) -> NTSTATUS {
    // SAFETY: the node is held until the IRP is completed.
    let node = unsafe { &*context.cast_const().cast::<Node>() };
    // SAFETY: the IRP is ours from here to its completion.
    let irp = unsafe { Irp::new(irp) };
    // NetDMA is told at PASSIVE_LEVEL only.
    if Status(irp.status()).result().is_ok() {
        node.device_irp.store(irp.as_ptr(), Ordering::Release);
        // SAFETY: the item is the node's, and not queued: the power manager sends one device IRP at a time.
        unsafe { ndis::IoQueueWorkItem(node.work, Some(wake), ndis::DelayedWorkQueue, context) };
        return ndis::STATUS_MORE_PROCESSING_REQUIRED;
    }
    node.release(irp.as_ptr());
    ndis::STATUS_SUCCESS
}

/// The rest of [`up`], at `PASSIVE_LEVEL`.
///
/// # Safety
/// The I/O manager calls it with the context of `wake_later`.
pub unsafe extern "C" fn wake(_device: *mut DEVICE_OBJECT, context: PVOID) {
    // SAFETY: the node is held until the IRP is completed.
    let node = unsafe { &*context.cast_const().cast::<Node>() };
    node.wake();
    let irp = node.device_irp.swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: kept by `powered`, completed once.
    let _status = unsafe { Irp::new(irp) }.complete(ndis::STATUS_SUCCESS);
    node.release(irp);
}
