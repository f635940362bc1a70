//! What a driver owes the kernel: routines that each break one rule, and sound ones that keep them all.

mod devices;
mod ends;
mod irp;
mod levels;
mod locks;
mod mdl;
mod memory;
mod objects;
mod transfer;

use crate::{bench, driver, proof};
use ferrite_host::{
    abi::{fill, read, write},
    devnode::Device,
    mem::Kind,
    verify::Rule,
    world::world,
};
use std::{cell::Cell, rc::Rc, time::Duration};

/// A tag.
const TAG: u64 = 0x6461_6221;

/// The routines that keep every rule, by name.
pub static SOUND: &[(&str, fn())] = &[
    ("levels", levels::sound),
    ("locks", locks::sound),
    ("memory", memory::sound),
    ("MDLs", mdl::sound),
    ("objects", objects::sound),
    ("devices", devices::sound),
    ("IRPs", irp::sound),
    ("transfers", transfer::sound),
    ("ends", ends::sound),
];

/// The rules that the others break.
pub static PROOFS: [&[&Rule]; 9] = [
    levels::PROOFS,
    locks::PROOFS,
    memory::PROOFS,
    mdl::PROOFS,
    objects::PROOFS,
    devices::PROOFS,
    irp::PROOFS,
    transfer::PROOFS,
    ends::PROOFS,
];

/// One test for each routine: its name, the rule that it breaks, the call in which it is caught, what it does. All of
/// them are the file's `PROOFS`.
macro_rules! broken {
    ($( $(#[$doc:meta])* $test:ident: $rule:ident $(in $call:literal)? $body:block )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                let call: &[&str] = &[$($call)?];
                crate::kernel::breaks(stringify!($test), &ferrite_host::verify::rules::$rule, call, || { $body; });
            }
        )*
        /// The rules that these routines break.
        pub static PROOFS: &[&ferrite_host::verify::Rule] = &[$(&ferrite_host::verify::rules::$rule),*];
    };
}
use broken;

/// The routine is ended by this rule, in this call if one is named.
#[track_caller]
fn breaks(name: &str, rule: &'static Rule, call: &[&str], body: fn()) {
    let violation = proof::broken(name, bench::routine(body).ended, rule);
    if let Some(call) = call.first() {
        assert_eq!(violation.calls.first().map(String::as_str), Some(*call), "{name}: {violation}");
    }
}

/// Calls an import.
fn k(name: &str, args: &[u64]) -> u64 {
    driver::import(name, args)
}

/// The same where a failure is the test's.
#[track_caller]
fn ok(name: &str, args: &[u64]) {
    let status = k(name, args) as u32;
    assert_eq!(status, 0, "{name}");
}

/// Memory that stands for the driver's variables; zeroed.
fn own(len: usize) -> u64 {
    let addr = world().mem.allocate(Kind::Host, 0, len.next_multiple_of(64), "test").expect("memory");
    fill(addr, 0, len);
    addr
}

/// Nonpaged pool; zeroed.
fn pool(len: u64) -> u64 {
    let addr = k("ExAllocatePoolWithTag", &[0, len, TAG]);
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
    k("RtlInitUnicodeString", &[string, wide]);
    string
}

/// Raises the level for good.
fn raise(level: u64) {
    k("KfRaiseIrql", &[level]);
}

/// At `DISPATCH_LEVEL`.
fn dispatch<T>(body: impl FnOnce() -> T) -> T {
    let old = k("KeRaiseIrqlToDpcLevel", &[]) & 0xFF;
    let value = body();
    k("KeLowerIrql", &[old]);
    value
}

/// A routine that does nothing and answers its third argument.
extern "win64" fn nothing(_a: u64, _b: u64, c: u64) -> u64 {
    c
}

/// Its address.
fn routine() -> u64 {
    nothing as *const () as u64
}

/// On another CPU, to the end.
fn elsewhere(body: impl FnOnce() + 'static) {
    let done = Rc::new(Cell::new(false));
    let flag = Rc::clone(&done);
    world().sched.spawn("elsewhere", 1, move || {
        body();
        flag.set(true);
    });
    world().sched.wait("another CPU", None, &|| done.get());
}

/// The physical device object of a new device.
fn pdo() -> u64 {
    let device = Device::new(r"PCI\TEST".into(), Rc::new(bench::Nothing::default()), String::new(), 1);
    world().nt.enumerate(&Rc::new(device)).pdo
}

/// The driver object, made when it is first asked for.
fn driver_object() -> u64 {
    match world().driver_object.get() {
        0 => bench::driver_object(),
        known => known,
    }
}

/// Lets time pass.
fn pause() {
    world().sched.sleep(Duration::from_millis(2));
}

/// What a pointer points at.
fn at(addr: u64) -> u64 {
    read(addr)
}
