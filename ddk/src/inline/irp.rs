//! IRPs on their way down and up a device stack.

use super::places::{IoGetCurrentIrpStackLocation, current_stack_location};
use crate::bindings::{
    IO_STACK_LOCATION, IRP, PIO_COMPLETION_ROUTINE, PVOID, SL_INVOKE_ON_CANCEL, SL_INVOKE_ON_ERROR,
    SL_INVOKE_ON_SUCCESS, SL_PENDING_RETURNED,
};
use core::mem::offset_of;

/// Control of a stack location: the completion routine is called in any case.
#[expect(clippy::cast_possible_truncation, reason = "0xE0")]
const ON_ANYTHING: u8 = (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL) as u8;
/// And: the driver returned `STATUS_PENDING`.
#[expect(clippy::cast_possible_truncation, reason = "1")]
const PENDING: u8 = SL_PENDING_RETURNED as u8;

/// The stack location of the next lower driver.
///
/// # Safety
/// The IRP is valid, the caller's, and has a lower location.
#[inline]
#[must_use]
pub const unsafe fn IoGetNextIrpStackLocation(irp: *mut IRP) -> *mut IO_STACK_LOCATION {
    // SAFETY: the caller's promise.
    unsafe { IoGetCurrentIrpStackLocation(irp) }.wrapping_sub(1)
}

/// Gives the next lower driver the very location of the current one.
///
/// # Safety
/// The IRP is the caller's, which passes it down next and has set no completion routine.
#[inline]
pub const unsafe fn IoSkipCurrentIrpStackLocation(irp: *mut IRP) {
    // SAFETY: a field of the IRP, which is the caller's.
    let place = unsafe { &mut *current_stack_location(irp) };
    *place = place.wrapping_add(1);
    // SAFETY: as above.
    let count = unsafe { &mut (*irp).CurrentLocation };
    *count = count.wrapping_add(1);
}

/// Copies the request to the next lower driver's location, without the completion routine.
///
/// # Safety
/// As for [`IoGetNextIrpStackLocation`].
#[inline]
pub const unsafe fn IoCopyCurrentIrpStackLocationToNext(irp: *mut IRP) {
    // SAFETY: the caller's promise.
    let current = unsafe { IoGetCurrentIrpStackLocation(irp) };
    let next = current.wrapping_sub(1);
    let bytes = offset_of!(IO_STACK_LOCATION, CompletionRoutine);
    // SAFETY: two locations of the IRP that do not overlap.
    unsafe { next.cast::<u8>().copy_from_nonoverlapping(current.cast(), bytes) };
    // SAFETY: the next location is the caller's to fill.
    unsafe { (*next).Control = 0 };
}

/// Has `routine` called when the lower drivers are done, whatever the outcome.
///
/// # Safety
/// As for [`IoGetNextIrpStackLocation`]; routine and context are valid until it is called, which is before the driver
/// is unloaded.
#[inline]
pub const unsafe fn IoSetCompletionRoutine(irp: *mut IRP, routine: PIO_COMPLETION_ROUTINE, context: PVOID) {
    // SAFETY: the caller's promise.
    let next = unsafe { IoGetNextIrpStackLocation(irp) };
    // SAFETY: the location is the caller's to fill.
    let next = unsafe { &mut *next };
    next.CompletionRoutine = routine;
    next.Context = context;
    next.Control = ON_ANYTHING;
}

/// The dispatch routine will return `STATUS_PENDING`.
///
/// # Safety
/// The IRP is the caller's.
#[inline]
pub const unsafe fn IoMarkIrpPending(irp: *mut IRP) {
    // SAFETY: the caller's promise.
    let current = unsafe { IoGetCurrentIrpStackLocation(irp) };
    // SAFETY: the location is part of the caller's IRP.
    let current = unsafe { &mut *current };
    current.Control |= PENDING;
}
