//! The line, which may be shared, and MSI, which reports its causes in the same way.

use core::ffi::c_void;
use core::sync::atomic::Ordering;

use ferrite_ddk::ndis::NDIS_HANDLE;
use ferrite_nic::Work;

use super::service::{After, Throttle, serve};
use crate::adapter::Adapter;

/// In `Interrupts::pending`: look at the link.
const OTHER: u32 = 1;

/// What reading the causes has said.
pub struct Acknowledged {
    /// The NIC asserts the line.
    pub ours: bool,
    /// A DPC has to run. Even if the line was not ours: reading has cleared the causes (NDIS-INT-06).
    pub wanted: bool,
}

/// Reads, clears and masks the causes.
///
/// IRQL: the interrupt's.
pub fn acknowledge(adapter: &Adapter) -> Acknowledged {
    match adapter.hardware.nic().line_interrupt() {
        Ok(interrupt) => {
            if interrupt.work.other {
                adapter.interrupts.pending.fetch_or(OTHER, Ordering::Release);
            }
            Acknowledged { ours: interrupt.ours, wanted: interrupt.ours || interrupt.work.any() }
        }
        // A device that has gone interrupts nobody (NDIS-SURP-04).
        Err(_gone) => Acknowledged { ours: false, wanted: false },
    }
}

/// `MiniportInterrupt` (NDIS-INT-05).
///
/// IRQL: the line's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn isr(context: NDIS_HANDLE, queue_dpc: *mut u8, target_processors: *mut u32) -> u8 {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    let Acknowledged { ours, wanted } = if adapter.interrupts.is_enabled() {
        acknowledge(adapter)
    } else {
        // Everything is masked: it is another device's.
        Acknowledged { ours: false, wanted: false }
    };
    // SAFETY: NDIS's place for the answer.
    unsafe { queue_dpc.write(wanted.into()) };
    // NDIS-INT-07.
    // SAFETY: NDIS's place for the answer.
    unsafe { target_processors.write(0) };
    ours.into()
}

/// `MiniportInterruptDPC`.
///
/// IRQL: `DISPATCH_LEVEL`.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn dpc(
    context: NDIS_HANDLE,
    _dpc_context: *mut c_void,
    throttle: *mut c_void,
    _reserved: *mut c_void,
) {
    // SAFETY: the context registered, alive until the interrupt is deregistered, which waits for this DPC
    // (NDIS-HALT-04).
    let adapter = unsafe { Adapter::from_context(context) };
    // SAFETY: NDIS's parameters of this call.
    let throttle = unsafe { Throttle::new(throttle) };
    run(adapter, &throttle);
}

/// The DPC of the line and of MSI. Both rings are polled whatever the causes were: NDIS may run it again for
/// what it has throttled, without an interrupt.
pub fn run(adapter: &Adapter, throttle: &Throttle) {
    let interrupts = &adapter.interrupts;
    if !interrupts.is_enabled() {
        return;
    }
    let other = interrupts.pending.fetch_and(!OTHER, Ordering::Acquire) & OTHER != 0;
    let causes = interrupts.plan().all_causes();
    match serve(adapter, Work { other, ..Work::ALL }, throttle) {
        After::Done => interrupts.rearm(adapter.hardware.nic(), causes, 0),
        After::Again => interrupts.rearm(adapter.hardware.nic(), causes, causes),
        After::Throttled => {}
    }
}

/// `MiniportDisableInterrupt`: one posted write (NDIS-INT-15).
///
/// IRQL: the line's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn disable(context: NDIS_HANDLE) {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    adapter.hardware.nic().mask_all();
}

/// `MiniportEnableInterrupt`: one posted write (NDIS-INT-15).
///
/// IRQL: the line's.
///
/// # Safety
/// NDIS calls it with the interrupt context, which is the adapter.
pub unsafe extern "C" fn enable(context: NDIS_HANDLE) {
    // SAFETY: the context registered, alive until the interrupt is deregistered.
    let adapter = unsafe { Adapter::from_context(context) };
    if adapter.interrupts.is_enabled() {
        adapter.hardware.nic().arm_all(adapter.interrupts.plan());
    }
}
