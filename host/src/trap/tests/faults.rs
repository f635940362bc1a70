//! What ends a driver's run, and how it is told.

use std::os::unix::process::ExitStatusExt;

use corosensei::stack::Stack;
use iced_x86::Code;
use iced_x86::code_asm::*;

use super::World;
use crate::pe::testing::{Builder, at};
use crate::trap::{FaultInfo, FaultKind, Origin, Reg, Registers, StackRange, Touch, Window};

extern "win64" fn store(to: *mut u64) -> u64 {
    // SAFETY: it is not: the test wants the fault.
    unsafe { to.write_volatile(1) };
    0
}

fn driver() -> Builder {
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "Store");
    b.function("Load", None, |a| {
        a.mov(rax, qword_ptr(rcx))?;
        a.ret()
    });
    b.function("Store", None, |a| {
        a.mov(qword_ptr(rcx), rdx)?;
        a.ret()
    });
    b.function("Call", None, |a| {
        a.sub(rsp, 40)?;
        a.call(rcx)?;
        a.add(rsp, 40)?;
        a.ret()
    });
    b.function("Import", None, |a| {
        a.sub(rsp, 40)?;
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.add(rsp, 40)?;
        a.ret()
    });
    b.function("Break", None, CodeAssembler::int3);
    b.function("Undefined", None, CodeAssembler::ud2);
    b.function("FastFail", None, |a| {
        a.mov(ecx, 2)?;
        a.int(0x29)
    });
    b.function("Assert", None, |a| a.int(0x2c));
    b.function("Halt", None, CodeAssembler::hlt);
    b.function("Divide", None, |a| {
        a.xor(edx, edx)?;
        a.mov(eax, 1)?;
        a.xor(ecx, ecx)?;
        a.div(ecx)?;
        a.ret()
    });
    b.function("Recurse", None, |a| {
        let mut again = a.create_label();
        a.set_label(&mut again)?;
        a.sub(rsp, 0x400)?;
        a.call(again)?;
        a.ret()
    });
    // Reads the window with little stack left.
    b.function("Deep", None, |a| {
        a.mov(rax, rsp)?;
        a.mov(rsp, rdx)?;
        a.mov(ecx, dword_ptr(rcx))?;
        a.mov(rsp, rax)?;
        a.ret()
    });
    b.function("Push", None, |a| {
        a.push(qword_ptr(rcx))?;
        a.pop(rax)?;
        a.ret()
    });
    b.function("Bit", None, |a| {
        a.bts(dword_ptr(rcx), edx)?;
        a.ret()
    });
    b.function("CopyTo", None, |a| {
        a.push(rdi)?;
        a.push(rsi)?;
        a.mov(rdi, rcx)?;
        a.mov(rsi, rdx)?;
        a.mov(ecx, 4)?;
        a.rep().movsd()?;
        a.pop(rsi)?;
        a.pop(rdi)?;
        a.ret()
    });
    b
}

fn fault(name: &str, args: [u64; 4]) -> Box<FaultInfo> {
    let mut world = World::new();
    let image = world.load(&driver(), &[("Store", store as *const () as u64)]);
    let _entered = world.area.enter().unwrap();
    // Each leaves the area fit for more.
    let info = world.run(&image, name, args).unwrap_err();
    let again = world.run(&image, name, args).unwrap_err();
    assert_eq!(again.kind, info.kind);
    if info.origin == Origin::Image {
        assert!(image.contains(info.rip));
    }
    info
}

#[test]
fn access_violations() {
    let info = fault("Load", [0, 0, 0, 0]);
    assert_eq!(info.kind, FaultKind::AccessViolation(Touch::Read));
    assert_eq!((info.origin, info.address, info.registers.get(Reg::Rcx)), (Origin::Image, Some(0), 0));
    assert_eq!(info.instruction.as_deref(), Some("mov rax,[rcx]"));
    let text = format!("read of inaccessible memory at {:#x} (mov rax,[rcx]), address 0x0", info.rip);
    assert_eq!(info.to_string(), text);
    let info = fault("Store", [0x18, 5, 0, 0]);
    assert_eq!((info.kind, info.address), (FaultKind::AccessViolation(Touch::Write), Some(0x18)));
    let info = fault("Load", [0x8000_0000_0000_0000, 0, 0, 0]);
    assert_eq!((info.kind, info.address), (FaultKind::GeneralProtection, None));
}

#[test]
fn wild_jump_keeps_the_return_address() {
    let info = fault("Call", [0x10, 0, 0, 0]);
    assert_eq!(info.kind, FaultKind::AccessViolation(Touch::Execute));
    assert_eq!((info.origin, info.rip), (Origin::WildJump, 0x10));
    // Into data: not executable.
    let mut data = [0xc3u8; 16];
    let info = fault("Call", [data.as_mut_ptr() as u64, 0, 0, 0]);
    assert_eq!((info.kind, info.origin), (FaultKind::AccessViolation(Touch::Execute), Origin::WildJump));
}

#[test]
fn bad_pointer_given_to_an_import() {
    let info = fault("Import", [0x28, 0, 0, 0]);
    assert_eq!(info.kind, FaultKind::AccessViolation(Touch::Write));
    assert_eq!((info.origin, info.address), (Origin::Host, Some(0x28)));
}

#[test]
fn exceptions_have_their_kind() {
    for (name, kind) in [
        ("Break", FaultKind::Breakpoint),
        ("Undefined", FaultKind::IllegalInstruction),
        ("FastFail", FaultKind::FastFail(2)),
        ("Assert", FaultKind::Assertion),
        ("Halt", FaultKind::GeneralProtection),
        ("Divide", FaultKind::DivideError),
        ("Recurse", FaultKind::StackOverflow),
    ] {
        let info = fault(name, [0; 4]);
        assert_eq!((info.kind, info.origin), (kind, Origin::Image), "{name}: {info}");
    }
    assert_eq!(fault("Break", [0; 4]).instruction.as_deref(), Some("int3"));
}

struct Ones;

impl Window for Ones {
    fn read(&self, _: u64, _: usize, _: &Registers) -> u64 {
        u64::MAX
    }

    fn write(&self, _: u64, _: usize, _: u64, _: &Registers) {}
}

#[test]
fn register_space_without_a_window() {
    let mut world = World::new();
    let image = world.load(&driver(), &[("Store", 1)]);
    let _entered = world.area.enter().unwrap();
    let base = world.area.map_window(0x14, Box::new(Ones)).unwrap();
    let other = world.area.map_window(0x1000, Box::new(Ones)).unwrap();
    assert_ne!(base & !4095, other & !4095);
    assert!(world.area.is_register(base) && world.area.is_register(other + 0x1000));
    let load = |address| world.run(&image, "Load", [address, 0, 0, 0]);
    assert_eq!(load(base).unwrap(), u64::MAX);
    // Beyond the end, across the end, between windows, before them all.
    for address in [base + 0x18, base + 0x10, base + 0x1000, base - 8] {
        let info = load(address).unwrap_err();
        assert_eq!((info.kind, info.address), (FaultKind::NoWindow, Some(address)));
    }
    assert!(world.area.unmap_window(base) && !world.area.unmap_window(base));
    assert_eq!(load(base).unwrap_err().kind, FaultKind::NoWindow);
    // An address is not given out again.
    assert_ne!(world.area.map_window(0x14, Box::new(Ones)).unwrap(), base);
    // Jumping into a window is a wild jump, not an access.
    let info = world.run(&image, "Call", [other, 0, 0, 0]).unwrap_err();
    assert_eq!((info.origin, info.rip), (Origin::WildJump, other));
}

#[test]
fn instructions_that_cannot_be_completed() {
    let mut world = World::new();
    let image = world.load(&driver(), &[("Store", 1)]);
    let _entered = world.area.enter().unwrap();
    let base = world.area.map_window(0x1000, Box::new(Ones)).unwrap();
    // One moves the stack pointer, the other's operand is elsewhere than it says.
    for name in ["Push", "Bit"] {
        let info = world.run(&image, name, [base, 40, 0, 0]).unwrap_err();
        assert_eq!((info.kind, info.origin), (FaultKind::UnsupportedAccess, Origin::Image));
    }
    // The other end of a copy is bad.
    let info = world.run(&image, "CopyTo", [base, 0x40, 0, 0]).unwrap_err();
    assert_eq!((info.kind, info.address), (FaultKind::AccessViolation(Touch::Read), Some(0x40)));
    let info = world.run(&image, "CopyTo", [0x40, base, 0, 0]).unwrap_err();
    assert_eq!((info.kind, info.address), (FaultKind::AccessViolation(Touch::Write), Some(0x40)));
}

#[test]
fn access_without_stack_is_a_stack_overflow() {
    let mut world = World::new();
    let image = world.load(&driver(), &[("Store", 1)]);
    let _entered = world.area.enter().unwrap();
    let base = world.area.map_window(0x1000, Box::new(Ones)).unwrap();
    let stack = corosensei::stack::DefaultStack::new(64 << 10).unwrap();
    let bottom = stack.limit().get() as u64 + 4096;
    let range = StackRange { low: bottom, high: stack.base().get() as u64, guard: 4096 };
    world.area.register_stack(range);
    let run = |top| world.run(&image, "Deep", [base, top, 0, 0]);
    // With enough of it, the access is completed on the stack that the driver has switched to.
    assert!(run(range.high - 64).is_ok());
    for at in [bottom + 0x200, bottom + 8, bottom - 8] {
        let info = run(at).unwrap_err();
        assert_eq!((info.kind, info.registers.rsp()), (FaultKind::StackOverflow, at));
    }
    drop(stack);
}

/// A frame bigger than the stack: `__chkstk` finds the guard, and the stack still names the function.
#[test]
fn frame_probe_is_a_stack_overflow() {
    let mut world = World::new();
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "__chkstk");
    b.function("Big", None, |a| {
        a.mov(eax, 0x10_0000)?;
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.sub(rsp, rax)?;
        a.add(rsp, rax)?;
        a.ret()
    });
    let probe = crate::pe::Binding::Raw(crate::pe::chkstk as *const () as u64);
    let image = b.load(&raw mut *world.site, |_, _| Some(probe));
    world.area.register_image(&image);
    let _entered = world.area.enter().unwrap();
    let task = world.start(&image, "Big", [0; 4]);
    let range = task.range;
    let info = world.finish(task).unwrap_err();
    assert_eq!((info.kind, info.origin), (FaultKind::StackOverflow, Origin::Host));
    assert!(range.in_guard(info.address.unwrap()));
    assert!(range.contains(info.registers.rsp()));
}

/// A fault of this program itself still ends it.
#[test]
fn faults_elsewhere_are_a_crash() {
    const CHILD: &str = "FERRITE_TEST_CRASH";
    if std::env::var_os(CHILD).is_some() {
        let world = World::new();
        let _entered = world.area.enter().unwrap();
        store(std::ptr::dangling_mut());
        std::process::exit(0);
    }
    let test = "trap::tests::faults::faults_elsewhere_are_a_crash";
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV), "{output:?}");
}
