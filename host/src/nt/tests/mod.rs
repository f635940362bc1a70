//! The kernel's functions as a driver calls them: tests run as threads of a world and call imports by name.

mod interrupts;
mod io;
mod lists;
mod locks;
mod mdl;
mod nodes;
mod pool;
mod print;
mod registry;
mod tables;
mod threads;
mod timers;
mod waits;
mod work;

use crate::{
    abi::{read, write, write_bytes},
    image::resolve,
    mem::{Kind, Region},
    pe::memory::{Memory, Protection},
    verify::{End, Rule},
    world::{Config, World, world},
};
use std::{cell::RefCell, rc::Rc};

/// RAM of a test's machine: some below 4 GiB, some above.
const LOW: usize = 32 << 20;
const HIGH: usize = 4 << 20;

/// Runs `body` as the first thread of a machine with two CPUs.
fn run(body: impl FnOnce() + 'static) -> Result<(), End> {
    run_as((10, 0, 19045), body)
}

/// The same on some version of Windows.
fn run_as(windows: (u32, u32, u32), body: impl FnOnce() + 'static) -> Result<(), End> {
    let low = Memory::map(LOW, Protection::WRITE).expect("memory");
    let high = Memory::map(HIGH, Protection::WRITE).expect("memory");
    let regions = vec![
        Region { base: low.base(), physical: 1 << 20, len: LOW as u64, alias: low.base() },
        Region { base: high.base(), physical: 1 << 32, len: HIGH as u64, alias: high.base() },
    ];
    let config = Config { windows, ..Config::new(regions) };
    let world = World::new(config).expect("a world");
    let result = world.run(body);
    drop(world);
    result
}

/// Asserts that `body` breaks `rule`, and that the report says `what`.
fn breaks(rule: &'static Rule, what: &str, body: impl FnOnce() + 'static) {
    let violation = match run(body) {
        Err(End::Violation(violation)) => violation,
        other => panic!("{} expected, not {other:?}", rule.name),
    };
    assert!(
        std::ptr::eq(violation.rule, rule),
        "{} instead of {}: {}",
        violation.rule.name,
        rule.name,
        violation.detail
    );
    assert!(violation.detail.contains(what), "{:?} does not say {what:?}", violation.detail);
}

/// Calls an import.
fn k(name: &str, args: &[u64]) -> u64 {
    let import = resolve("ntoskrnl.exe", name).unwrap_or_else(|| panic!("{name} is not provided"));
    jump(import.address.0 as u64, args)
}

/// The same for functions that return 32 bits.
fn k32(name: &str, args: &[u64]) -> u32 {
    k(name, args) as u32
}

/// The same for BOOLEAN and KIRQL.
fn k8(name: &str, args: &[u64]) -> u8 {
    k(name, args) as u8
}

/// Calls a function in the win64 convention.
fn jump(address: u64, args: &[u64]) -> u64 {
    type Function = extern "win64" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> u64;
    // SAFETY: the address is that of an import or of a test's routine; surplus arguments do no harm in
    // this convention.
    let function: Function = unsafe { std::mem::transmute(address as *const ()) };
    let a = |i: usize| args.get(i).copied().unwrap_or(0);
    function(a(0), a(1), a(2), a(3), a(4), a(5), a(6), a(7), a(8), a(9), a(10), a(11))
}

/// Memory that stands for the driver's own variables; zeroed.
fn own(len: usize) -> u64 {
    let addr = world().mem.allocate(Kind::Host, 0, len, "test").expect("memory");
    crate::abi::fill(addr, 0, len);
    addr
}

/// A zero-terminated narrow string.
fn narrow(text: &str) -> u64 {
    let addr = own(text.len() + 1);
    write_bytes(addr, text.as_bytes());
    addr
}

/// A zero-terminated wide string.
fn wide(text: &str) -> u64 {
    let units: Vec<u16> = text.encode_utf16().collect();
    let addr = own(2 * units.len() + 2);
    for (unit, at) in units.into_iter().zip((addr..).step_by(2)) {
        write(at, unit);
    }
    addr
}

/// A UNICODE_STRING.
fn counted(text: &str) -> u64 {
    let addr = own(16);
    k("RtlInitUnicodeString", &[addr, wide(text)]);
    addr
}

/// A 64-bit variable.
fn cell(value: i64) -> u64 {
    let addr = own(8);
    write(addr, value);
    addr
}

/// A timeout of some milliseconds from now.
fn milliseconds(count: i64) -> u64 {
    cell(-10_000 * count)
}

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn say(&self, text: impl Into<String>) {
        self.0.borrow_mut().push(text.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}

thread_local! {
    /// What the routines that the kernel calls back have seen.
    static CALLS: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

/// A call of a routine: on which CPU, at which level, with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    cpu: usize,
    irql: u8,
    args: [u64; 4],
}

/// A routine of any kind with up to four arguments: notes the call and answers its third argument.
extern "win64" fn note(a: u64, b: u64, c: u64, d: u64) -> u64 {
    let cpu = world().cpu();
    CALLS.with_borrow_mut(|calls| calls.push(Seen { cpu: cpu.number, irql: cpu.irql(), args: [a, b, c, d] }));
    c
}

fn noting() -> u64 {
    note as *const () as u64
}

/// What [`note`] has seen so far.
fn seen() -> Vec<Seen> {
    CALLS.with_borrow(Clone::clone)
}

/// Waits until [`note`] was called `count` times.
fn wait_seen(count: usize) {
    let deadline = world().clock.now().after(std::time::Duration::from_secs(5));
    let came = world().sched.wait("calls", Some(deadline), &|| seen().len() >= count);
    assert!(came, "{} of {count} calls within 5 s", seen().len());
}

/// Starts a thread on a CPU.
fn on_cpu(cpu: usize, body: impl FnOnce() + 'static) -> Rc<crate::sched::Thread> {
    world().sched.spawn("test", cpu, body)
}

/// Waits for a thread's end.
fn join(thread: &Rc<crate::sched::Thread>) {
    let deadline = world().clock.now().after(std::time::Duration::from_secs(5));
    assert!(
        world().sched.wait("a test's thread", Some(deadline), &|| thread.is_over()),
        "the thread ends within 5 s"
    );
}

#[test]
fn memory_helpers_hold_what_is_written() {
    run(|| assert_eq!(read::<i64>(milliseconds(3)), -30_000)).expect("no violation");
}
