//! Plug and play.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, IO_RESOURCE_REQUIREMENTS_LIST, NTSTATUS};

use super::irp::Irp;
use super::node::Node;
use super::{requirements, resources};

/// `IRP_MJ_PNP`, but for the removal. IRQL: `PASSIVE_LEVEL`.
pub fn dispatch(node: &Node, irp: Irp) -> NTSTATUS {
    match irp.function().1 {
        ndis::IRP_MN_START_DEVICE => start(node, irp),
        ndis::IRP_MN_FILTER_RESOURCE_REQUIREMENTS => filter(node, irp),
        ndis::IRP_MN_STOP_DEVICE => {
            node.stop(false);
            agree(node, irp)
        }
        ndis::IRP_MN_SURPRISE_REMOVAL => {
            node.stop(true);
            agree(node, irp)
        }
        // NetDMA gives its channels back whenever they are asked for.
        ndis::IRP_MN_QUERY_STOP_DEVICE
        | ndis::IRP_MN_CANCEL_STOP_DEVICE
        | ndis::IRP_MN_QUERY_REMOVE_DEVICE
        | ndis::IRP_MN_CANCEL_REMOVE_DEVICE => agree(node, irp),
        _ => irp.pass(node.lower),
    }
}

fn agree(node: &Node, irp: Irp) -> NTSTATUS {
    irp.set_status(ndis::STATUS_SUCCESS);
    irp.pass(node.lower)
}

fn start(node: &Node, irp: Irp) -> NTSTATUS {
    // SAFETY: the form of this request.
    let list = unsafe { irp.location().Parameters.StartDevice.AllocatedResourcesTranslated };
    let status = irp.forward(node.lower);
    if Status(status).result().is_err() {
        return irp.complete(status);
    }
    // SAFETY: the plug and play manager's list, there until the request is completed.
    let range = unsafe { resources::registers(list) };
    irp.complete(node.start(range).map_or_else(|status| status.0, |()| ndis::STATUS_SUCCESS))
}

fn filter(node: &Node, irp: Irp) -> NTSTATUS {
    // SAFETY: the form of this request.
    let asked = unsafe { irp.location().Parameters.FilterResourceRequirements.IoResourceRequirementList };
    let status = irp.forward(node.lower);
    let handled = Status(status).result().is_ok();
    if !handled && status != ndis::STATUS_NOT_SUPPORTED {
        return irp.complete(status);
    }
    // Who filters puts the list there; it may be another than the one that was asked about.
    let answered = irp.information().cast::<IO_RESOURCE_REQUIREMENTS_LIST>();
    let list = if answered.is_null() { asked } else { answered };
    if list.is_null() {
        return irp.complete(status);
    }
    // SAFETY: the list of this request, which is on its way up and ours to change.
    unsafe { requirements::direct(list, |message| node.wish(message)) };
    irp.set_information(list.cast());
    irp.complete(ndis::STATUS_SUCCESS)
}
