//! What an import sees of its caller.

use std::cell::RefCell;

use iced_x86::Code;
use iced_x86::code_asm::*;

use crate::pe::testing::{Builder, at};
use crate::pe::{Binding, CallSite, chkstk, printf, variadic_shim};
use crate::trap::peek;

thread_local! {
    static SITE: RefCell<CallSite> = RefCell::default();
    static SEEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

extern "win64" fn five(first: u64, second: u64, third: u64, fourth: u64, fifth: u64) -> u64 {
    SEEN.with_borrow_mut(|s| s.extend([first, second, third, fourth, fifth]));
    99
}

#[test]
fn stub_records_the_caller_and_changes_nothing() {
    let mut b = Builder::new();
    b.import("ntoskrnl.exe", "Unused");
    let slot = b.import("ntoskrnl.exe", "Five");
    // rcx: where to store rsp before the call.
    b.function("Entry", None, |a| {
        for r in [rbx, rbp, rsi, rdi, r12, r13, r14, r15] {
            a.push(r)?;
        }
        a.sub(rsp, 56)?;
        a.mov(qword_ptr(rcx), rsp)?;
        for (r, value) in [(rbx, 1), (rbp, 2), (rsi, 3), (rdi, 4), (r12, 5), (r13, 6), (r14, 7), (r15, 8)] {
            a.mov(r, 0x1111_1111_1111_1111u64 * value)?;
        }
        a.mov(rcx, 21u64)?;
        a.mov(rdx, 22u64)?;
        a.mov(r8, 23u64)?;
        a.mov(r9, 24u64)?;
        a.mov(qword_ptr(rsp + 32), 25)?;
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.add(rsp, 56)?;
        for r in [r15, r14, r13, r12, rdi, rsi, rbp, rbx] {
            a.pop(r)?;
        }
        a.ret()
    });
    let mut site = Box::new(CallSite::default());
    let cell = &raw mut *site;
    let image = b.load(cell, |_, name| match name {
        "Five" => Some(Binding::Code(five as *const () as u64)),
        _ => Some(Binding::Data(1)),
    });
    // SAFETY: it is the function above.
    let entry = unsafe { std::mem::transmute::<u64, extern "win64" fn(*mut u64) -> u64>(image.entry()) };
    let mut before = 0;
    assert_eq!(entry(&raw mut before), 99);
    // SAFETY: the cell is this test's, and nobody else writes to it now.
    let seen = unsafe { cell.read() };
    let pattern = |n: u64| 0x1111_1111_1111_1111 * n;
    let expected = CallSite {
        rsp: before - 8,
        rbp: pattern(2),
        rbx: pattern(1),
        rsi: pattern(3),
        rdi: pattern(4),
        r12: pattern(5),
        r13: pattern(6),
        r14: pattern(7),
        r15: pattern(8),
        import: 1,
    };
    assert_eq!(seen, expected);
    SEEN.with_borrow(|s| assert_eq!(s[..], [21, 22, 23, 24, 25]));
}

fn print(args: *const u64) -> u64 {
    let mut slots = [0; 8];
    peek(args as u64, &mut slots).unwrap();
    let text = printf::format(u64::from_le_bytes(slots), args as u64 + 8, &mut |at, to| peek(at, to).is_ok());
    SEEN.with_borrow_mut(|s| s.push(text.len() as u64));
    LINE.with_borrow_mut(|l| *l = text);
    5
}

thread_local! { static LINE: RefCell<String> = const { RefCell::new(String::new()) }; }

variadic_shim!(
    /// `DbgPrint` of this test.
    dbg_print,
    print
);

#[test]
fn variadic_import_gets_all_arguments() {
    let area = crate::trap::TrapArea::new(Box::new(crate::trap::tests::NoHandler)).unwrap();
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "DbgPrint");
    // rcx: the format; passes 1 to 6 behind it.
    b.function("Entry", None, |a| {
        a.sub(rsp, 72)?;
        a.mov(edx, 1)?;
        a.mov(r8d, 2)?;
        a.mov(r9d, 3)?;
        for n in 4..7i32 {
            a.mov(qword_ptr(rsp + (32 + (n - 4) * 8)), n)?;
        }
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.add(rsp, 72)?;
        a.ret()
    });
    let mut site = Box::new(CallSite::default());
    let image = b.load(&raw mut *site, |_, _| Some(Binding::Code(dbg_print as *const () as u64)));
    // SAFETY: it is the function above.
    let entry = unsafe { std::mem::transmute::<u64, extern "win64" fn(*const u8) -> u64>(image.entry()) };
    assert_eq!(entry(c"%d %d %d %d %d %d!".as_ptr().cast()), 5);
    LINE.with_borrow(|l| assert_eq!(l, "1 2 3 4 5 6!"));
    drop(area);
}

#[test]
fn chkstk_touches_pages_and_keeps_registers() {
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "__chkstk");
    // A frame of 40000 bytes; r10 and r11 and the rest must survive; returns their sum.
    b.function("Entry", None, |a| {
        a.mov(r10, 100u64)?;
        a.mov(r11, 20u64)?;
        a.mov(rcx, 3u64)?;
        a.mov(eax, 40_008)?;
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.sub(rsp, rax)?;
        a.mov(qword_ptr(rsp), 0)?;
        a.add(rsp, rax)?;
        a.add(rax, r10)?;
        a.add(rax, r11)?;
        a.add(rax, rcx)?;
        a.ret()
    });
    let mut site = Box::new(CallSite::default());
    let image = b.load(&raw mut *site, |_, _| Some(Binding::Raw(chkstk as *const () as u64)));
    // SAFETY: it is the function above.
    let entry = unsafe { std::mem::transmute::<u64, extern "win64" fn() -> u64>(image.entry()) };
    assert_eq!(entry(), 40_008 + 123);
}
