//! What wdm.h has inline: a driver's own handling of IRPs and their stack locations.

use super::{LOWER, Locals};
use crate::abi::{IO_STACK_LOCATION as Stack, IRP, Ptr, address, c, copy, import, read, write};

/// Bytes that `IoCopyCurrentIrpStackLocationToNext` copies: all before the completion routine.
const COPIED: u64 = 56;
/// `SL_INVOKE_ON_CANCEL`, `SL_INVOKE_ON_SUCCESS`, `SL_INVOKE_ON_ERROR`.
const ON_ANYTHING: u8 = 0xE0;

pub fn location(irp: u64) -> Ptr<Stack> {
    Ptr::new(Ptr::<IRP>::new(irp).get(IRP::CurrentStackLocation))
}

/// The stack location of the driver below.
pub fn below(irp: u64) -> Ptr<Stack> {
    Ptr::new(location(irp).addr() - Stack::BYTES as u64)
}

pub fn major(irp: u64) -> u8 {
    location(irp).get(Stack::MajorFunction)
}

pub fn minor(irp: u64) -> u32 {
    location(irp).get(Stack::MinorFunction).into()
}

fn status_block(irp: u64) -> u64 {
    Ptr::<IRP>::new(irp).at(IRP::IoStatus)
}

pub fn status(irp: u64) -> u64 {
    read::<u32>(status_block(irp)).into()
}

pub fn set_status(irp: u64, status: u64) {
    write(status_block(irp), status as u32);
}

pub fn information(irp: u64) -> u64 {
    read(status_block(irp) + 8)
}

pub fn set_information(irp: u64, information: u64) {
    write(status_block(irp) + 8, information);
}

/// `IoMarkIrpPending`.
pub fn mark_pending(irp: u64) {
    let p = location(irp);
    p.set(Stack::Control, p.get(Stack::Control) | c::SL_PENDING_RETURNED as u8);
}

/// Completes an IRP with a status, and answers it.
pub fn complete(irp: u64, status: u64) -> u64 {
    set_status(irp, status);
    import!(IofCompleteRequest, irp, 0);
    status
}

/// `IoSkipCurrentIrpStackLocation` and `IoCallDriver`.
pub fn pass_down(device: u64, irp: u64) -> u64 {
    let p: Ptr<IRP> = Ptr::new(irp);
    p.set(IRP::CurrentLocation, p.get(IRP::CurrentLocation) + 1);
    p.set(IRP::CurrentStackLocation, location(irp).addr() + Stack::BYTES as u64);
    import!(IofCallDriver, LOWER.get(device), irp)
}

extern "system" fn came_back(_device: u64, irp: u64, event: u64) -> u64 {
    if Ptr::<IRP>::new(irp).get(IRP::PendingReturned) != 0 {
        import!(KeSetEvent, event, 0, 0);
    }
    u64::from(c::STATUS_MORE_PROCESSING_REQUIRED)
}

/// Sends an IRP down with a completion routine, waits, and has it back: the status of the drivers below.
pub fn forward(device: u64, irp: u64) -> u64 {
    let event = Locals::<3>::new();
    let event = event.addr();
    import!(KeInitializeEvent, event, 0, 0);
    let below = below(irp);
    copy(location(irp).addr(), below.addr(), COPIED);
    below.set(Stack::CompletionRoutine, address!(came_back));
    below.set(Stack::Context, event);
    below.set(Stack::Control, ON_ANYTHING);
    if import!(IofCallDriver, LOWER.get(device), irp) as u32 == c::STATUS_PENDING {
        import!(KeWaitForSingleObject, event, 0, 0, 0, 0);
    }
    status(irp)
}
