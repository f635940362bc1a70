//! Interrupt messages: MSI-X, where each has its causes and masks itself, or a single MSI message.

use core::ffi::c_void;

use ferrite_ddk::ndis::{self, NDIS_HANDLE};
use ferrite_nic::InterruptPlan;

use super::line;
use super::service::{After, Throttle, serve};
use crate::adapter::Adapter;

/// `MiniportMessageInterrupt`: with MSI-X the device has acknowledged and masked the message by itself, so no
/// register is touched. It is always ours (NDIS-INT-09).
///
/// IRQL: the message's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn isr(
    context: NDIS_HANDLE,
    message: u32,
    queue_dpc: *mut u8,
    target_processors: *mut u32,
) -> u8 {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    let interrupts = &adapter.interrupts;
    let wanted = if !interrupts.is_enabled() {
        false
    } else if interrupts.plan().is_message() {
        interrupts.plan().work(message).any()
    } else {
        line::acknowledge(adapter).wanted
    };
    // SAFETY: NDIS's place for the answer.
    unsafe { queue_dpc.write(wanted.into()) };
    // NDIS-INT-07.
    // SAFETY: NDIS's place for the answer.
    unsafe { target_processors.write(0) };
    ndis::TRUE
}

/// `MiniportMessageInterruptDPC`.
///
/// IRQL: `DISPATCH_LEVEL`. DPCs of one message may run on several CPUs at once (NDIS-INT-11).
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn dpc(
    context: NDIS_HANDLE,
    message: u32,
    _dpc_context: *mut c_void,
    throttle: *mut c_void,
    _reserved: *mut c_void,
) {
    // SAFETY: the context registered, alive until the interrupt is deregistered, which waits for this DPC
    // (NDIS-HALT-04).
    let adapter = unsafe { Adapter::from_context(context) };
    // SAFETY: NDIS's parameters of this call.
    let throttle = unsafe { Throttle::new(throttle) };
    let plan = adapter.interrupts.plan();
    if !plan.is_message() {
        line::run(adapter, &throttle);
        return;
    }
    if !adapter.interrupts.is_enabled() {
        return;
    }
    let causes = plan.causes(message);
    match serve(adapter, plan.work(message), &throttle) {
        After::Done => adapter.interrupts.rearm(adapter.hardware.nic(), causes, 0),
        After::Again => adapter.interrupts.rearm(adapter.hardware.nic(), causes, receive_cause(plan)),
        After::Throttled => {}
    }
}

/// The cause that stands for frames left on the receive ring.
fn receive_cause(plan: InterruptPlan) -> u32 {
    // Message 0 has it, perhaps with others, for which it does no harm.
    plan.causes(0)
}

/// `MiniportDisableMessageInterrupt`: one posted write (NDIS-INT-10, -15).
///
/// IRQL: the message's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn disable(context: NDIS_HANDLE, message: u32) {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    adapter.hardware.nic().mask(adapter.interrupts.plan().causes(message));
}

/// `MiniportEnableMessageInterrupt`: one posted write (NDIS-INT-15).
///
/// IRQL: the message's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn enable(context: NDIS_HANDLE, message: u32) {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    if adapter.interrupts.is_enabled() {
        adapter.hardware.nic().arm(adapter.interrupts.plan().causes(message));
    }
}
