//! What a driver owes the kernel: routines that each break one rule, and sound ones that keep them all. `AddDevice` is
//! such a routine: it has a driver object and a device.

mod devices;
mod ends;
mod irp;
mod levels;
mod locks;
mod mdl;
mod memory;
mod objects;
mod transfer;

use crate::{
    TAG,
    abi::{DRIVER_EXTENSION, DRIVER_OBJECT, Ptr, address, fill, import, read, write},
    heap,
};
use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A routine and its name.
type Routine = (&'static str, fn());

/// The routines that break rules, and those that keep them.
pub static ALL: &[&[Routine]] = &[
    levels::ROUTINES,
    locks::ROUTINES,
    memory::ROUTINES,
    mdl::ROUTINES,
    objects::ROUTINES,
    devices::ROUTINES,
    irp::ROUTINES,
    transfer::ROUTINES,
    ends::ROUTINES,
    SOUND,
];

const SOUND: &[Routine] = &[
    ("levels", levels::sound),
    ("locks", locks::sound),
    ("memory", memory::sound),
    ("mdl", mdl::sound),
    ("objects", objects::sound),
    ("devices", devices::sound),
    ("irp", irp::sound),
    ("transfer", transfer::sound),
    ("ends", ends::sound),
];

/// Routines by name. All of them are the file's `ROUTINES`.
macro_rules! routines {
    ($( $(#[$doc:meta])* $name:ident $body:block )*) => {
        pub static ROUTINES: &[super::Routine] = &[$((stringify!($name), $name)),*];
        $(
            $(#[$doc])*
            fn $name() {
                $body;
            }
        )*
    };
}
use routines;

/// Calls an import that has to succeed.
macro_rules! ok {
    ($name:ident $(, $arg:expr)*) => {
        assert_eq!($crate::abi::import!($name $(, $arg)*) as u32, 0)
    };
}
use ok;

/// The one that was chosen, the driver object, and the device that was added.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);
static OBJECT: AtomicU64 = AtomicU64::new(0);
static DEVICE: AtomicU64 = AtomicU64::new(0);

/// The number of a routine.
pub fn find(name: &str) -> Option<usize> {
    every().position(|(known, _)| *known == name)
}

fn every() -> impl Iterator<Item = &'static Routine> {
    ALL.iter().copied().flatten()
}

/// `AddDevice` will be this routine.
pub fn add(object: u64, routine: usize) -> u64 {
    CHOSEN.store(routine, Ordering::Relaxed);
    OBJECT.store(object, Ordering::Relaxed);
    let extension = Ptr::<DRIVER_OBJECT>::new(object).get(DRIVER_OBJECT::DriverExtension);
    Ptr::<DRIVER_EXTENSION>::new(extension).set(DRIVER_EXTENSION::AddDevice, address!(add_device));
    0
}

extern "system" fn add_device(_object: u64, device: u64) -> u64 {
    DEVICE.store(device, Ordering::Relaxed);
    if let Some((_, routine)) = every().nth(CHOSEN.load(Ordering::Relaxed)) {
        routine();
    }
    0
}

/// Zeroed memory of the driver's own.
fn own(len: usize) -> u64 {
    heap::zeroed(len)
}

/// Nonpaged pool; zeroed.
fn pool(len: u64) -> u64 {
    let addr = import!(ExAllocatePoolWithTag, 0, len, TAG);
    fill(addr, 0, len as usize);
    addr
}

/// A 64-bit variable.
fn cell(value: i64) -> u64 {
    let addr = own(8);
    write(addr, value);
    addr
}

/// A `UNICODE_STRING`.
fn counted(text: &str) -> u64 {
    let wide = own(2 * text.len() + 2);
    for (unit, at) in text.encode_utf16().zip((wide..).step_by(2)) {
        write(at, unit);
    }
    let string = own(16);
    import!(RtlInitUnicodeString, string, wide);
    string
}

/// Raises the level for good.
fn raise(level: u64) {
    import!(KfRaiseIrql, level);
}

/// At `DISPATCH_LEVEL`.
fn dispatch<T>(body: impl FnOnce() -> T) -> T {
    let old = import!(KeRaiseIrqlToDpcLevel) & 0xFF;
    let value = body();
    import!(KeLowerIrql, old);
    value
}

/// A routine that does nothing and answers its third argument.
extern "system" fn nothing(_a: u64, _b: u64, c: u64) -> u64 {
    c
}

/// Its address.
fn routine() -> u64 {
    address!(nothing)
}

/// What a thread does: on which CPU, what, and the events that it sets before and then.
struct Task {
    cpu: u64,
    body: Box<dyn FnOnce()>,
    begun: u64,
    done: u64,
}

extern "system" fn thread(task: *mut Task) {
    // SAFETY: the task was leaked for this thread.
    let task = unsafe { Box::from_raw(task) };
    let old = import!(KeSetSystemAffinityThreadEx, 1 << task.cpu);
    import!(KeSetEvent, task.begun, 0, 0);
    (task.body)();
    import!(KeRevertToUserAffinityThreadEx, old);
    import!(KeSetEvent, task.done, 0, 0);
    import!(PsTerminateSystemThread, 0);
}

/// Starts a thread and waits until it is on its CPU; answers the event that it sets at its end.
fn spawn(cpu: u64, body: impl FnOnce() + 'static) -> u64 {
    let (begun, done) = (own(24), own(24));
    import!(KeInitializeEvent, begun, 0, 0);
    import!(KeInitializeEvent, done, 0, 0);
    let task = Box::into_raw(Box::new(Task { cpu, body: Box::new(body), begun, done }));
    let handle = own(8);
    ok!(PsCreateSystemThread, handle, 0, 0, 0, 0, address!(thread), task as u64);
    ok!(ZwClose, at(handle));
    import!(KeWaitForSingleObject, begun, 0, 0, 0, 0);
    done
}

/// On another thread, to the end.
fn elsewhere(body: impl FnOnce() + 'static) {
    let done = spawn(0, body);
    import!(KeWaitForSingleObject, done, 0, 0, 0, 0);
}

/// The physical device object of the device.
fn pdo() -> u64 {
    DEVICE.load(Ordering::Relaxed)
}

/// The driver object.
fn driver_object() -> u64 {
    OBJECT.load(Ordering::Relaxed)
}

/// Lets time pass, for other threads.
fn pause() {
    import!(KeDelayExecutionThread, 0, 0, cell(-20_000));
}

/// Lets time pass on this CPU.
fn stall() {
    for _ in 0..40 {
        import!(KeStallExecutionProcessor, 50);
    }
}

/// What a pointer points at.
fn at(addr: u64) -> u64 {
    read(addr)
}
