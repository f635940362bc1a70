//! I/O request packets: their way down and back up a device stack.

use crate::{
    abi::{
        DEVICE_OBJECT, DRIVER_OBJECT, IO_STACK_LOCATION as Stack, IO_STATUS_BLOCK, IRP, Layout, Ptr,
        constants as c, fill, read, write,
    },
    imports,
    mem::Kind,
    nt::{
        status,
        sync::irql,
        sync::locks::{Way, raise_to_dispatch},
    },
    verify::rules,
    world::{After, call, call_to, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    time::Duration,
};

/// IRP.Type.
const TYPE: i16 = 6;
/// Tag of IRPs.
const TAG: u32 = u32::from_le_bytes(*b"Irp ");
/// IO_STACK_LOCATION.Control bits.
const PENDING: u8 = c::SL_PENDING_RETURNED as u8;
const ON_CANCEL: u8 = c::SL_INVOKE_ON_CANCEL as u8;
const ON_SUCCESS: u8 = c::SL_INVOKE_ON_SUCCESS as u8;
const ON_ERROR: u8 = c::SL_INVOKE_ON_ERROR as u8;

/// What the system does with an IRP that has come all the way back.
type Finish = Rc<dyn Fn(u64)>;

/// A stack location, and its control byte once the IRP has left it.
type Visit = (u64, Rc<Cell<Option<u8>>>);

/// The IRPs that the system has an interest in, and the cancel lock.
#[derive(Default)]
pub struct Irps {
    finish: RefCell<BTreeMap<u64, Finish>>,
    cancel_lock: Cell<u64>,
    /// Dispatch routines that run: what they were given.
    visits: RefCell<Vec<Visit>>,
    /// IRPs that a bus driver of the host's has seen.
    arrived: RefCell<BTreeSet<u64>>,
    /// How long the host waits for an IRP of its own.
    pub patience: Patience,
}

/// How long an IRP may pend before it counts as lost.
pub struct Patience(pub Cell<Duration>);

impl Default for Patience {
    fn default() -> Self {
        Self(Cell::new(Duration::from_secs(30)))
    }
}

impl Irps {
    /// The bottom of a stack has got an IRP.
    pub fn arrive(&self, addr: u64) {
        self.arrived.borrow_mut().insert(addr);
    }

    /// Whether the bottom of the stack has got it; asked once.
    pub fn take_arrival(&self, addr: u64) -> bool {
        self.arrived.borrow_mut().remove(&addr)
    }
}

fn irp(addr: u64) -> Ptr<IRP> {
    Ptr::new(addr)
}

fn checked(what: &str, addr: u64) -> Ptr<IRP> {
    let p = irp(addr);
    let known = addr != 0 && world().mem.block_around(addr).is_some() && p.get(IRP::Type) == TYPE;
    world().hold(&rules::IRP_OBJECT, known, || format!("{what}: {addr:#x} is no IRP, or a freed one"));
    p
}

fn initialize(addr: u64, size: u16, stack: i8) {
    fill(addr, 0, usize::from(size));
    let p = irp(addr);
    p.set(IRP::Type, TYPE);
    p.set(IRP::Size, size);
    p.set(IRP::StackCount, stack);
    p.set(IRP::CurrentLocation, stack.wrapping_add(1));
    let top = addr + (IRP::SIZE + Stack::SIZE * usize::try_from(stack).unwrap_or(0)) as u64;
    p.set(IRP::Tail_Overlay_CurrentStackLocation, top);
    let list = p.at(&IRP::ThreadListEntry);
    write(list, list);
    write(list + 8, list);
}

/// Bytes of an IRP with `stack` locations.
fn size(stack: i8) -> u16 {
    (IRP::SIZE + Stack::SIZE * usize::try_from(stack).unwrap_or(0)) as u16
}

/// Allocates an IRP; NULL if memory is short.
pub fn allocate(by: &'static str, stack: i8) -> u64 {
    let Some(addr) = world().mem.allocate(Kind::Object, TAG, usize::from(size(stack)), by) else { return 0 };
    initialize(addr, size(stack), stack);
    addr
}

/// Frees an IRP.
pub fn free(what: &str, addr: u64) {
    let _ = checked(what, addr);
    world().nt.irps.finish.borrow_mut().remove(&addr);
    if let Err(bad) = world().mem.free(Kind::Object, addr) {
        world().violation(&rules::IRP_OBJECT, format!("{what}({addr:#x}): {bad:?}"));
    }
}

/// Runs `finish` when the IRP has come back.
pub fn on_finish(addr: u64, finish: impl Fn(u64) + 'static) {
    world().nt.irps.finish.borrow_mut().insert(addr, Rc::new(finish));
}

/// The IRP's owner frees it itself.
pub fn keep(addr: u64) {
    world().nt.irps.finish.borrow_mut().remove(&addr);
}

/// The stack location of the driver below: what IoGetNextIrpStackLocation computes.
#[must_use]
pub fn next_location(addr: u64) -> Ptr<Stack> {
    Ptr::new(irp(addr).get(IRP::Tail_Overlay_CurrentStackLocation).wrapping_sub(Stack::SIZE as u64))
}

/// The current stack location.
#[must_use]
pub fn location(addr: u64) -> Ptr<Stack> {
    Ptr::new(irp(addr).get(IRP::Tail_Overlay_CurrentStackLocation))
}

/// Sets IoStatus.
pub fn set_status(addr: u64, value: u32, information: u64) {
    let block: Ptr<IO_STATUS_BLOCK> = Ptr::new(irp(addr).at(&IRP::IoStatus));
    write(block.addr(), value);
    write(block.addr() + 8, information);
}

/// IoStatus.Status.
#[must_use]
pub fn status_of(addr: u64) -> u32 {
    read(irp(addr).at(&IRP::IoStatus))
}

/// IoStatus.Information.
#[must_use]
pub fn information(addr: u64) -> u64 {
    read(irp(addr).at(&IRP::IoStatus) + 8)
}

/// Passes an IRP to the driver of a device.
pub fn send(what: &str, device: u64, addr: u64) -> u32 {
    let world = world();
    let p = checked(what, addr);
    let at = p.get(IRP::CurrentLocation).wrapping_sub(1);
    world.hold(&rules::IRP_STACK, at > 0, || format!("{what}({addr:#x}): no stack location is left"));
    p.set(IRP::CurrentLocation, at);
    let stack = next_location(addr);
    p.set(IRP::Tail_Overlay_CurrentStackLocation, stack.addr());
    stack.set(Stack::DeviceObject, device);
    let major = stack.get(Stack::MajorFunction);
    world.hold(&rules::IRP_MAJOR, u32::from(major) <= c::IRP_MJ_MAXIMUM_FUNCTION, || {
        format!("{what}({addr:#x}): major function {major:#x}")
    });
    if let Some(serve) = world.nt.devices.server(device) {
        return serve(device, addr);
    }
    let driver: Ptr<DRIVER_OBJECT> =
        Ptr::new(Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::DriverObject));
    let routine: u64 = read(driver.at(&DRIVER_OBJECT::MajorFunction) + 8 * u64::from(major));
    dispatch(routine, device, addr, stack)
}

/// Calls a dispatch routine, and compares what it returns with how it marked the IRP.
fn dispatch(routine: u64, device: u64, addr: u64, stack: Ptr<Stack>) -> u32 {
    let world = world();
    let (major, minor) = (stack.get(Stack::MajorFunction), stack.get(Stack::MinorFunction));
    let left = Rc::new(Cell::new(None));
    world.nt.irps.visits.borrow_mut().push((stack.addr(), Rc::clone(&left)));
    let answer = call("DRIVER_DISPATCH", routine, &[device, addr]) as u32;
    world.nt.irps.visits.borrow_mut().retain(|(_, other)| !Rc::ptr_eq(other, &left));
    // An IRP that has not left its location is still there.
    let control = left.get().unwrap_or_else(|| stack.get(Stack::Control));
    let marked = control & PENDING != 0;
    world.hold(&rules::IRP_PENDING, marked == (answer == c::STATUS_PENDING), || {
        let not = if marked { "" } else { "not " };
        format!("the dispatch routine returned {answer:#x} for {major:#x}/{minor:#x}, which was {not}marked pending")
    });
    answer
}

/// Moves one location up and answers the one that was left.
fn pop(p: Ptr<IRP>) -> Ptr<Stack> {
    let left = location(p.addr());
    p.set(IRP::CurrentLocation, p.get(IRP::CurrentLocation).wrapping_add(1));
    p.set(IRP::Tail_Overlay_CurrentStackLocation, left.addr() + Stack::SIZE as u64);
    left
}

/// Completes an IRP: calls the completion routines from here up.
pub fn complete(addr: u64) {
    let world = world();
    let p = checked("IoCompleteRequest", addr);
    let count = p.get(IRP::StackCount);
    world.hold(&rules::IRP, p.get(IRP::CurrentLocation) <= count.wrapping_add(1), || {
        format!("IoCompleteRequest({addr:#x}): it was completed before")
    });
    let result = status_of(addr);
    world.hold(&rules::IRP_COMPLETED_PENDING, result != c::STATUS_PENDING, || {
        format!("IoCompleteRequest({addr:#x}) with STATUS_PENDING")
    });
    while p.get(IRP::CurrentLocation) <= count {
        let left = pop(p);
        let control = left.get(Stack::Control);
        let visits = world.nt.irps.visits.borrow();
        visits.iter().filter(|(at, _)| *at == left.addr()).for_each(|(_, seen)| seen.set(Some(control)));
        drop(visits);
        p.set(IRP::PendingReturned, u8::from(control & PENDING != 0));
        let wanted = if status::success(status_of(addr)) { ON_SUCCESS } else { ON_ERROR };
        let cancelled = p.get(IRP::Cancel) != 0 && control & ON_CANCEL != 0;
        if control & wanted != 0 || cancelled {
            let (routine, context) = (left.get(Stack::CompletionRoutine), left.get(Stack::Context));
            fill(left.addr(), 0, Stack::SIZE);
            let above = p.get(IRP::CurrentLocation) <= count;
            let device = if above { location(addr).get(Stack::DeviceObject) } else { 0 };
            let answer = call("IO_COMPLETION_ROUTINE", routine, &[device, addr, context]) as u32;
            if answer == c::STATUS_MORE_PROCESSING_REQUIRED {
                return;
            }
        } else if control & PENDING != 0 && p.get(IRP::CurrentLocation) <= count {
            // Without a routine that could do it, pending propagates by itself.
            let above = location(addr);
            above.set(Stack::Control, above.get(Stack::Control) | PENDING);
        }
    }
    p.set(IRP::CurrentLocation, count.wrapping_add(2));
    let finish = world.nt.irps.finish.borrow_mut().remove(&addr);
    if let Some(finish) = finish {
        finish(addr);
    }
}

/// Lets the driver below have this driver's stack location: what IoSkipCurrentIrpStackLocation does.
pub fn skip(addr: u64) {
    let p = checked("IoSkipCurrentIrpStackLocation", addr);
    p.set(IRP::CurrentLocation, p.get(IRP::CurrentLocation).wrapping_add(1));
    p.set(IRP::Tail_Overlay_CurrentStackLocation, location(addr).addr() + Stack::SIZE as u64);
}

/// The cancel spin lock: one for the whole system.
fn cancel_lock() -> u64 {
    let cell = &world().nt.irps.cancel_lock;
    if cell.get() == 0 {
        let lock = world().mem.allocate(Kind::Host, 0, 8, "cancel spin lock").unwrap_or(0);
        write(lock, 0_u64);
        cell.set(lock);
    }
    cell.get()
}

imports! {
    /// IRPs.
    TABLE from "ntoskrnl.exe";

    fn IoAllocateIrp(stack: i8, _quota: u8) -> u64 {
        allocate("IoAllocateIrp", stack)
    }

    fn IoFreeIrp(addr: u64) {
        free("IoFreeIrp", addr);
    }

    fn IoInitializeIrp(addr: u64, size: u16, stack: i8) {
        initialize(addr, size, stack);
    }

    fn IoSizeOfIrp(stack: i8) -> u16 {
        size(stack)
    }

    fn IoReuseIrp(addr: u64, value: u32) {
        let p = checked("IoReuseIrp", addr);
        let (size, stack) = (p.get(IRP::Size), p.get(IRP::StackCount));
        initialize(addr, size, stack);
        set_status(addr, value, 0);
    }

    fn IofCallDriver(device: u64, addr: u64) -> u32 {
        send("IoCallDriver", device, addr)
    }

    fn IoCallDriver(device: u64, addr: u64) -> u32 {
        send("IoCallDriver", device, addr)
    }

    fn PoCallDriver(device: u64, addr: u64) -> u32 {
        send("PoCallDriver", device, addr)
    }

    fn IofCompleteRequest(addr: u64, _boost: i8) {
        complete(addr);
    }

    fn IoCompleteRequest(addr: u64, _boost: i8) {
        complete(addr);
    }

    fn IoSetCompletionRoutineEx(_device: u64, addr: u64, routine: u64, context: u64, success: u8, error: u8, cancel: u8) -> u32 {
        let stack = next_location(addr);
        stack.set(Stack::CompletionRoutine, routine);
        stack.set(Stack::Context, context);
        let bit = |on: u8, bit: u8| if on == 0 { 0 } else { bit };
        stack.set(Stack::Control, bit(success, ON_SUCCESS) | bit(error, ON_ERROR) | bit(cancel, ON_CANCEL));
        c::STATUS_SUCCESS
    }

    fn IoAcquireCancelSpinLock(out: u64) {
        let old = raise_to_dispatch();
        world().nt.locks.acquire(cancel_lock(), Way::Plain);
        write(out, old);
    }

    fn IoReleaseCancelSpinLock(level: u8) {
        world().nt.locks.release(cancel_lock(), Way::Plain);
        irql::lower("IoReleaseCancelSpinLock", level);
    }

    fn IoCancelIrp(addr: u64) -> u8 {
        let p = checked("IoCancelIrp", addr);
        let old = raise_to_dispatch();
        world().nt.locks.acquire(cancel_lock(), Way::Plain);
        p.set(IRP::Cancel, 1);
        let routine = p.get(IRP::CancelRoutine);
        p.set(IRP::CancelRoutine, 0);
        if routine == 0 {
            world().nt.locks.release(cancel_lock(), Way::Plain);
            world().cpu().set_irql(old);
            return 0;
        }
        // The routine releases the cancel lock and lowers to CancelIrql.
        p.set(IRP::CancelIrql, old);
        let device = location(addr).get(Stack::DeviceObject);
        let locks = world().sched.current().map_or(0, |thread| thread.locks.get());
        let _ = call_to("DRIVER_CANCEL", routine, &[device, addr], After { irql: old, locks: locks.saturating_sub(1) });
        1
    }
}
