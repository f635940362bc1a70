//! `MiniportHaltEx` and `MiniportShutdownEx`.

use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::sync::atomic::Ordering;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_HALT_ACTION, NDIS_HANDLE, NDIS_SHUTDOWN_ACTION};
use ferrite_nic::{Delay, Reason};

use super::Adapter;
use crate::hardware::Passive;
use crate::memory::Memory;
use crate::removal;
use crate::trace::trace;

/// An adapter at its place, with the duty to take it down: that is what dropping it does.
pub struct Running {
    memory: ManuallyDrop<Memory>,
}

impl Running {
    /// The adapter in this memory.
    pub(super) const fn new(memory: Memory) -> Self {
        Self { memory: ManuallyDrop::new(memory) }
    }

    /// Its memory.
    pub(super) fn base(&self) -> NonNull<u8> {
        self.memory.base()
    }

    /// The adapter.
    pub fn adapter(&self) -> &Adapter {
        // SAFETY: whoever makes this value has placed an adapter, and its drop takes it down.
        unsafe { Adapter::from_context(self.context()) }
    }
}

impl Drop for Running {
    /// Interrupts first (NDIS-HALT-03), then whatever else may still run, then the device, then what it could
    /// have reached, and everything else in the reverse order of its making.
    fn drop(&mut self) {
        let adapter = self.adapter();
        if let Some(presence) = adapter.presence() {
            presence.stop();
        }
        // Nothing is accepted or indicated any more. In a halt after a pause nothing is out either.
        adapter.gate.refuse(Reason::Halt);
        if adapter.is_reachable() {
            adapter.interrupts.disable(adapter.hardware.nic());
        }
        // SAFETY: MiniportHaltEx, or the failing MiniportInitializeEx: alone.
        unsafe { adapter.interrupts.unregister() };
        adapter.worker.close();
        adapter.hardware.take_offline();
        if adapter.is_reachable() {
            // The reset ends all DMA; a device that fails it has been silenced by its first part.
            let _reset = adapter.hardware.reset();
            let _released = adapter.hardware.nic().release();
        }
        adapter.send.abort(adapter, Status::FAILURE);
        adapter.receive.rewind();
        // Without a pause before (a surprise removal on Windows 7, NDIS-SURP-03) protocols may still have
        // NBLs: their memory cannot go before they are home.
        while adapter.gate.outstanding() != 0 {
            Passive.sleep_ms(1);
        }
        self.shell().ready.store(false, Ordering::Release);
        let place = self.shell().adapter.get();
        // SAFETY: the adapter is at its place and nobody refers to it: interrupts, DPCs, the worker and NDIS
        // are through with it.
        unsafe { ptr::drop_in_place(place.cast::<Adapter>()) };
        // SAFETY: dropped once, and not used afterwards.
        unsafe { ManuallyDrop::drop(&mut self.memory) };
    }
}

/// `MiniportHaltEx`: NDIS has paused the adapter (NDIS-STATE-02), or the device has gone.
///
/// IRQL: `PASSIVE_LEVEL`.
///
/// # Safety
/// NDIS calls it with the adapter's context, and nothing else for this adapter afterwards (NDIS-HALT-01).
pub unsafe extern "C" fn halt(context: NDIS_HANDLE, action: NDIS_HALT_ACTION) {
    trace!(c"ferrite: halt %d\n", action);
    // SAFETY: NDIS passes the context of an initialized adapter.
    let adapter = unsafe { Adapter::from_context(context) };
    if action == ndis::NdisHaltDeviceSurpriseRemoved {
        removal::remove(adapter);
    }
    // SAFETY: the context is the memory that MiniportInitializeEx has kept, given up here.
    let Some(memory) = (unsafe { Memory::from_raw(context, size_of::<super::Shell>()) }) else { return };
    drop(Running::new(memory));
    trace!(c"ferrite: halted\n");
}

/// `MiniportShutdownEx`: registers only, no lock, no call into NDIS (C-10), nothing freed (NDIS-SHUT-03 to
/// -05).
///
/// IRQL: `PASSIVE_LEVEL`, or any on a bug check (NDIS-SHUT-02).
///
/// # Safety
/// NDIS calls it with the adapter's context.
pub unsafe extern "C" fn shutdown(context: NDIS_HANDLE, _action: NDIS_SHUTDOWN_ACTION) {
    // Nothing is left to do if the bug check is one of MiniportHaltEx's own (NDIS-SHUT-06).
    // SAFETY: NDIS passes the context of the registration attributes, whose memory is there.
    let Some(adapter) = (unsafe { Adapter::if_ready(context) }) else { return };
    if adapter.is_reachable() {
        adapter.hardware.stop();
    }
}
