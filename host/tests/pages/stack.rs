//! The kernel's stack.

use crate::{
    machine::*,
    rows::mutants,
    testing::{Builder, at, reg_at},
};
use ferrite_host::{cpu::PASSIVE, mem::Kind, sched::BUDGET, verify::rules, world::world};
use iced_x86::{Code, Register, code_asm::*};

/// Bytes of a level of `Descend`: its frame, rbx, and the return address.
const LEVEL: u64 = 0x100 + 16;
/// Bytes of the frame of `Leap`.
const LEAP: u32 = 12_000;

/// An image with functions that go deep: `Descend(n)` by n levels, each of which calls an import; `Sink(n)` the same
/// without an import; `Leap` by one frame with `__chkstk`, `Plunge` by one that is too big; `Nest` by a comparison that
/// qsort calls, in a frame of its own.
pub fn deep() -> Builder {
    let mut image = image();
    let irql = image.import("ntoskrnl.exe", "KeGetCurrentIrql");
    let chkstk = image.import("ntoskrnl.exe", "__chkstk");
    let sort = image.import("ntoskrnl.exe", "qsort");
    for (name, calls) in [("Descend", true), ("Sink", false)] {
        // push rbx; sub rsp, 100h
        image.function(name, Some(&[1, 8, 3, 0, 8, 1, 0x20, 0, 1, 0x30, 0, 0]), |a| {
            let mut start = a.create_label();
            let mut over = a.create_label();
            a.set_label(&mut start)?;
            a.push(rbx)?;
            a.sub(rsp, 0x100)?;
            a.mov(rbx, rcx)?;
            if calls {
                import(a, irql)?;
            }
            a.mov(rcx, rbx)?;
            a.sub(rcx, 1)?;
            a.jbe(over)?;
            a.call(start)?;
            a.set_label(&mut over)?;
            a.add(rsp, 0x100)?;
            a.pop(rbx)?;
            a.ret()
        });
    }
    for (name, frame) in [("Leap", LEAP), ("Plunge", 20_000)] {
        image.function(name, None, |a| {
            a.mov(eax, frame)?;
            a.add_instruction(at(Code::Call_rm64, chkstk))?;
            a.sub(rsp, rax)?;
            a.add(rsp, rax)?;
            a.ret()
        });
    }
    let compare = image.function("Compare", None, |a| {
        a.mov(eax, LEAP - 8)?;
        a.add_instruction(at(Code::Call_rm64, chkstk))?;
        a.sub(rsp, rax)?;
        a.add(rsp, rax)?;
        a.xor(eax, eax)?;
        a.ret()
    });
    // Sorts two bytes on its own stack.
    image.function("Nest", None, |a| {
        a.mov(eax, LEAP + 8)?;
        a.add_instruction(at(Code::Call_rm64, chkstk))?;
        a.sub(rsp, rax)?;
        a.lea(rcx, ptr(rsp) + 0x40)?;
        a.mov(edx, 2)?;
        a.mov(r8d, 1)?;
        a.add_instruction(reg_at(Code::Lea_r64_m, Register::R9, compare))?;
        import(a, sort)?;
        a.mov(eax, LEAP + 8)?;
        a.add(rsp, rax)?;
        a.ret()
    });
    for name in ["KeInitializeDpc", "KeInsertQueueDpc", "IoGetRemainingStackSize", "IoGetStackLimits"] {
        forward(&mut image, name);
    }
    image
}

mutants! {
    descending_without_end breaks STACK: |rule| {
        let violation = caught(&deep(), rule, "bytes of stack in the driver's frames", || {
            go("Descend", &[1000]);
        });
        assert_eq!(violation.calls, ["KeGetCurrentIrql", "Descend"], "{violation}");
        assert!(violation.stack.len() > 20, "{violation}");
    };
}

/// A big frame is caught before it is used, in the function that has it.
#[test]
fn a_frame_that_is_too_big() {
    let violation = caught(&deep(), &rules::STACK, "a frame of 20000 bytes: 20008 bytes of stack", || {
        go("Plunge", &[]);
    });
    assert_eq!((violation.calls.len(), violation.stack.len()), (1, 1), "{violation}");
}

/// Recursion that calls nothing ends at the real guard.
#[test]
fn recursion_that_calls_nothing() {
    caught(&deep(), &rules::STACK, "bytes of stack in the driver's frames", || {
        go("Sink", &[u64::MAX]);
    });
}

/// Calls that are nested are on one stack, whatever the host has between them.
#[test]
fn nested_calls_add_up() {
    caught(&deep(), &rules::STACK, "a frame of 11992 bytes", || {
        go("Nest", &[]);
    });
}

/// What is measured is what the code has, byte for byte.
#[test]
fn use_is_exact() {
    let life = live(&deep(), || {
        for (levels, expected) in [(1, LEVEL), (5, 5 * LEVEL), (2, 5 * LEVEL)] {
            go("Descend", &[levels]);
            // And the return address of the import.
            assert_eq!(world().sched.stack_use().thread, expected + 8);
        }
        go("Leap", &[]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    assert_eq!((life.stack.thread, life.stack.dpc, life.stack.of), (u64::from(LEAP) + 8, 0, BUDGET));
}

/// A call that calls no import is measured by what it leaves on the stack, a service routine as well.
#[test]
fn calls_without_imports_are_measured() {
    let life = live(&deep(), || {
        go("Sink", &[3]);
        // The deepest level pushes rbx and touches nothing of its frame.
        assert_eq!(world().sched.stack_use().thread, 2 * LEVEL + 16);
        go("Sink", &[2]);
        assert_eq!(world().sched.stack_use().thread, 2 * LEVEL + 16);
        go("Descend", &[4]);
        assert_eq!(world().sched.stack_use().thread, 4 * LEVEL + 8);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
}

/// A DPC has a stack of its own: what the thread that it interrupts has used does not count.
#[test]
fn a_dpc_has_its_own_stack() {
    let life = live(&deep(), || {
        let dpc = world().mem.allocate(Kind::Host, 0, 64, "a test").expect("memory");
        go("Leap", &[]);
        go("KeInitializeDpc", &[dpc, address("Leap"), 0]);
        go("KeInsertQueueDpc", &[dpc, 0, 0]);
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
    assert_eq!((life.stack.thread, life.stack.dpc), (u64::from(LEAP) + 8, u64::from(LEAP) + 8));
}

/// What the driver is told of its stack is what it may use of it.
#[test]
fn the_driver_is_told() {
    let life = live(&deep(), || {
        assert_eq!(world().cpu().irql(), PASSIVE);
        // The frame of the forwarding function, and two return addresses.
        let used = 0x28 + 8 + 8;
        let left = go("IoGetRemainingStackSize", &[]);
        assert_eq!(left, BUDGET - used);
        let limits = world().mem.allocate(Kind::Host, 0, 16, "a test").expect("memory");
        go("IoGetStackLimits", &[limits, limits + 8]);
        let (low, high) =
            (ferrite_host::abi::read::<u64>(limits), ferrite_host::abi::read::<u64>(limits + 8));
        assert!(low % 8 == 0 && high - low > BUDGET, "{low:#x} {high:#x}");
    });
    assert!(life.ended.is_ok(), "{}", life.ended.unwrap_err());
}
