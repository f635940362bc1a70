//! `IRP_MJ_PNP`.

use super::{
    GIVEN, IRP, LOWER, PENDING, SUCCESS, WORK,
    fault::{Fault, Turn, is, turns},
    forget, irps, netdma, resources,
};
use crate::abi::{IO_STACK_LOCATION as Stack, c, import};

/// The fault in which an IRP is completed here instead of below.
fn keeps(minor: u32) -> Option<Fault> {
    Some(match minor {
        c::IRP_MN_FILTER_RESOURCE_REQUIREMENTS => Fault::KeepsFilter,
        c::IRP_MN_QUERY_STOP_DEVICE | c::IRP_MN_QUERY_REMOVE_DEVICE => Fault::KeepsQuery,
        c::IRP_MN_CANCEL_STOP_DEVICE | c::IRP_MN_CANCEL_REMOVE_DEVICE => Fault::KeepsCancel,
        c::IRP_MN_STOP_DEVICE => Fault::KeepsStop,
        c::IRP_MN_SURPRISE_REMOVAL => Fault::KeepsSurprise,
        c::IRP_MN_REMOVE_DEVICE => Fault::KeepsRemove,
        _ => return None,
    })
}

/// The fault in which an IRP fails that none may.
fn fails(minor: u32) -> Option<Fault> {
    Some(match minor {
        c::IRP_MN_CANCEL_STOP_DEVICE | c::IRP_MN_CANCEL_REMOVE_DEVICE => Fault::FailsCancel,
        c::IRP_MN_STOP_DEVICE => Fault::FailsStop,
        c::IRP_MN_SURPRISE_REMOVAL => Fault::FailsSurprise,
        c::IRP_MN_REMOVE_DEVICE => Fault::FailsRemove,
        _ => return None,
    })
}

pub fn dispatch(device: u64, irp: u64) -> u64 {
    let minor = irps::minor(irp);
    if keeps(minor).is_some_and(is) {
        return irps::complete(irp, SUCCESS);
    }
    if fails(minor).is_some_and(is) {
        return irps::complete(irp, c::STATUS_UNSUCCESSFUL.into());
    }
    match minor {
        c::IRP_MN_QUERY_STOP_DEVICE | c::IRP_MN_QUERY_REMOVE_DEVICE if turns(Turn::Busy) => {
            irps::complete(irp, c::STATUS_UNSUCCESSFUL.into())
        }
        c::IRP_MN_START_DEVICE => start(device, irp),
        c::IRP_MN_FILTER_RESOURCE_REQUIREMENTS => resources::filter(device, irp),
        c::IRP_MN_QUERY_STOP_DEVICE => query_stop(device, irp),
        c::IRP_MN_QUERY_REMOVE_DEVICE => query_remove(device, irp),
        c::IRP_MN_CANCEL_STOP_DEVICE => cancel_stop(device, irp),
        c::IRP_MN_STOP_DEVICE => {
            resources::release(device, is(Fault::KeepsInterruptAtStop), is(Fault::KeepsRegistersAtStop));
            irps::set_status(irp, SUCCESS);
            irps::pass_down(device, irp)
        }
        c::IRP_MN_SURPRISE_REMOVAL => {
            resources::release(device, is(Fault::KeepsInterruptWhenGone), is(Fault::KeepsRegistersWhenGone));
            irps::set_status(irp, SUCCESS);
            irps::pass_down(device, irp)
        }
        c::IRP_MN_CANCEL_REMOVE_DEVICE => {
            irps::set_status(irp, SUCCESS);
            irps::pass_down(device, irp)
        }
        c::IRP_MN_REMOVE_DEVICE => remove(device, irp),
        c::IRP_MN_QUERY_CAPABILITIES if is(Fault::DropsUnknown) => {
            irps::complete(irp, c::STATUS_NOT_SUPPORTED.into())
        }
        _ => irps::pass_down(device, irp),
    }
}

fn start(device: u64, irp: u64) -> u64 {
    let list = irps::location(irp).get(Stack::AllocatedResourcesTranslated);
    GIVEN.set(device, 0);
    resources::note_given(device, irps::location(irp).get(Stack::AllocatedResources));
    resources::note_given(device, list);
    if is(Fault::StartsAlone) {
        return irps::complete(irp, SUCCESS);
    }
    if is(Fault::MapsBeforeStart) {
        resources::take(device, list);
    }
    if is(Fault::StartsProviderEarly) {
        netdma::start(device);
    }
    let mut status = irps::forward(device, irp);
    if is(Fault::RegistersProviderLate) {
        netdma::register(device);
    }
    if status == SUCCESS {
        status = resources::take(device, list);
    }
    irps::complete(irp, status);
    if is(Fault::ReturnsOtherStatus) {
        return u64::from(c::STATUS_UNSUCCESSFUL);
    }
    status
}

/// The worker passes it down: the IRP pends.
fn query_stop(device: u64, irp: u64) -> u64 {
    if !is(Fault::PendsUnmarked) {
        irps::mark_pending(irp);
    }
    irps::set_status(irp, SUCCESS);
    if is(Fault::NeverCompletesIrp) {
        return PENDING;
    }
    if is(Fault::MarksAndReturns) {
        return irps::pass_down(device, irp);
    }
    IRP.set(device, irp);
    import!(KeSetEvent, WORK.get(device), 0, 0);
    PENDING
}

fn query_remove(device: u64, irp: u64) -> u64 {
    if is(Fault::ForgetsToComplete) {
        return SUCCESS;
    }
    irps::set_status(irp, SUCCESS);
    irps::pass_down(device, irp)
}

fn cancel_stop(device: u64, irp: u64) -> u64 {
    irps::set_status(irp, SUCCESS);
    let status = irps::forward(device, irp);
    irps::complete(irp, status);
    if is(Fault::CompletesIrpTwice) {
        irps::complete(irp, status);
    }
    status
}

fn remove(device: u64, irp: u64) -> u64 {
    resources::release(device, is(Fault::KeepsInterruptAtRemoval), is(Fault::KeepsRegistersAtRemoval));
    resources::end(device);
    netdma::deregister(device);
    irps::set_status(irp, SUCCESS);
    let status = irps::pass_down(device, irp);
    forget(device);
    if !is(Fault::StaysAttached) {
        import!(IoDetachDevice, LOWER.get(device));
        if !is(Fault::KeepsDevice) {
            import!(IoDeleteDevice, device);
        }
    }
    status
}
