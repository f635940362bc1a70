//! Every node, and the IRPs for them.

use core::ptr::{self, NonNull};

use ferrite_ddk::SpinLock;
use ferrite_ddk::ndis::{self, DEVICE_OBJECT, IRP, NTSTATUS};

use super::irp::Irp;
use super::node::Node;
use super::{pnp, power};

/// The newest first.
static NODES: SpinLock<List> = SpinLock::new(List(ptr::null_mut()));

struct List(*mut Node);

// SAFETY: nodes are used from any processor; the lock gives the list to one at a time.
unsafe impl Send for List {}

/// A new one. IRQL: up to `DISPATCH_LEVEL`.
pub fn list(node: &Node) {
    let mut list = NODES.lock();
    // SAFETY: the list's lock is held.
    unsafe { *node.next.get() = list.0 };
    list.0 = ptr::from_ref(node).cast_mut();
}

/// It goes. IRQL: up to `DISPATCH_LEVEL`.
pub fn unlist(node: &Node) {
    let mut list = NODES.lock();
    let mut place: *mut *mut Node = &raw mut list.0;
    loop {
        // SAFETY: the list's head, or a listed node's link; the lock is held.
        let here = unsafe { place.read() };
        let Some(found) = NonNull::new(here) else { return };
        // SAFETY: listed nodes are alive.
        let link = unsafe { found.as_ref() }.next.get();
        if ptr::eq(here, node) {
            // SAFETY: as above.
            let behind = unsafe { *link };
            // SAFETY: as above.
            unsafe { *place = behind };
            return;
        }
        place = link;
    }
}

/// The node of a device object, if it is one of ours.
fn node_of<'a>(device: *mut DEVICE_OBJECT) -> Option<&'a Node> {
    let list = NODES.lock();
    let mut at = list.0;
    while let Some(found) = NonNull::new(at) {
        // SAFETY: listed nodes are alive, and one that IRPs come for is not deleted meanwhile.
        let node = unsafe { found.as_ref() };
        if node.device == device {
            return Some(node);
        }
        // SAFETY: the list's lock is held.
        at = unsafe { *node.next.get() };
    }
    None
}

/// Handles an IRP if it is for one of our device objects. IRQL: that of the IRP.
///
/// # Safety
/// The arguments of a dispatch routine.
pub unsafe fn dispatch(device: *mut DEVICE_OBJECT, irp: *mut IRP) -> Option<NTSTATUS> {
    let node = node_of(device)?;
    // SAFETY: the caller's promise.
    let irp = unsafe { Irp::new(irp) };
    let (major, minor) = irp.function();
    if let Err(status) = node.hold(irp) {
        return Some(irp.complete(status.0));
    }
    let status = match (major, minor) {
        // It ends the node.
        (ndis::IRP_MJ_PNP, ndis::IRP_MN_REMOVE_DEVICE) => return Some(node.remove(irp)),
        (ndis::IRP_MJ_POWER, _) => return Some(power::dispatch(node, irp)),
        (ndis::IRP_MJ_PNP, _) => pnp::dispatch(node, irp),
        (ndis::IRP_MJ_SYSTEM_CONTROL, _) => irp.pass(node.lower),
        _ => irp.complete(ndis::STATUS_INVALID_DEVICE_REQUEST),
    };
    node.release(irp.as_ptr());
    Some(status)
}
