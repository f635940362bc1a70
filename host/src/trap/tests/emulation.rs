//! Instructions on a window: what the window sees of them, and privileged ones.

use std::rc::Rc;

use iced_x86::Code;
use iced_x86::code_asm::*;

use super::{Backed, World};
use crate::pe::testing::Builder;

/// Accesses reach the window once each, in order, with their size.
#[test]
fn accesses_are_what_the_instructions_do() {
    let mut world = World::new();
    let mut b = Builder::new();
    b.function("Run", None, |a| {
        a.mov(eax, dword_ptr(rcx + 8))?;
        a.mov(byte_ptr(rcx + 1), 0x7f)?;
        a.or(word_ptr(rcx + 2), 0x101)?;
        a.test(dword_ptr(rcx + 8), 1)?;
        a.mov(qword_ptr(rcx + 16), rdx)?;
        a.movups(xmm0, xmmword_ptr(rcx + 32))?;
        a.ret()
    });
    let image = world.load(&b, &[]);
    let _entered = world.area.enter().unwrap();
    let window = Backed { bytes: Rc::default(), log: Rc::default(), cpu: None };
    window.bytes.borrow_mut().resize(64, 0x11);
    let log = window.log.clone();
    let base = world.area.map_window(64, Box::new(window)).unwrap();
    assert_eq!(world.run(&image, "Run", [base, 0x1122, 0, 0]).unwrap(), 0x1111_1111);
    let eights = 0x1111_1111_1111_1111;
    assert_eq!(
        *log.borrow(),
        [
            (8, 4, 0x1111_1111, false),
            (1, 1, 0x7f, true),
            (2, 2, 0x1111, false),
            (2, 2, 0x1111, true),
            (8, 4, 0x1111_1111, false),
            (16, 8, 0x1122, true),
            (32, 8, eights, false),
            (40, 8, eights, false),
        ]
    );
    assert_eq!(world.area.stats().signals, 6);
}

/// String instructions between memory and window, both ways, forwards and backwards.
#[test]
fn string_instructions() {
    let mut world = World::new();
    let mut b = Builder::new();
    // rcx: destination, rdx: source, r8: count, r9: what
    b.function("Run", None, |a| {
        a.push(rsi)?;
        a.push(rdi)?;
        a.mov(rdi, rcx)?;
        a.mov(rsi, rdx)?;
        a.mov(rcx, r8)?;
        let mut labels: Vec<_> = (0..5).map(|_| a.create_label()).collect();
        let mut end = a.create_label();
        for (i, label) in (0i32..).zip(&labels) {
            a.cmp(r9, i)?;
            a.je(*label)?;
        }
        let mut part =
            |a: &mut CodeAssembler, index: usize, write: &dyn Fn(&mut CodeAssembler) -> Result<(), _>| {
                a.set_label(&mut labels[index])?;
                write(a)?;
                a.jmp(end)
            };
        part(a, 0, &|a| a.rep().movsd())?;
        part(a, 1, &|a| {
            a.mov(eax, 0x1234_5678)?;
            a.rep().stosw()
        })?;
        part(a, 2, &|a| {
            a.std()?;
            a.rep().movsb()?;
            a.cld()
        })?;
        part(a, 3, &|a| {
            a.mov(rax, -1i64)?;
            a.lodsb()
        })?;
        part(a, 4, &|a| {
            a.mov(rax, -1i64)?;
            a.lodsd()
        })?;
        a.set_label(&mut end)?;
        a.lea(rcx, ptr(rsi + rdi))?;
        a.pop(rdi)?;
        a.pop(rsi)?;
        a.ret()
    });
    let image = world.load(&b, &[]);
    let _entered = world.area.enter().unwrap();
    let (base, window) = world.memory(64);
    let mut memory: Vec<u8> = (1..=64).collect();
    let plain = memory.as_mut_ptr() as u64;
    let run = |to, from, count, what| world.run(&image, "Run", [to, from, count, what]).unwrap();
    run(base + 4, plain, 4, 0);
    assert_eq!(
        window.borrow()[..24],
        [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 0, 0]
    );
    // Nothing to copy: no access at all, not even a trap.
    let before = world.area.stats();
    run(base, plain, 0, 0);
    assert_eq!(world.area.stats(), before);
    run(base + 20, plain, 2, 1);
    assert_eq!(window.borrow()[20..26], [0x78, 0x56, 0x78, 0x56, 0, 0]);
    run(plain + 63, base + 23, 4, 2);
    // SAFETY: the vector is the test's; the driver code has ended.
    let memory = unsafe { std::slice::from_raw_parts(plain as *const u8, 64) };
    assert_eq!(memory[59..], [60, 0x78, 0x56, 0x78, 0x56]);
    assert_eq!(run(plain, base + 4, 1, 3), 0xffff_ffff_ffff_ff01);
    assert_eq!(run(plain, base + 4, 1, 4), 0x0403_0201);
    // From window to window.
    run(base + 40, base + 4, 2, 0);
    assert_eq!(window.borrow()[40..48], [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn irql_by_cr8() {
    let mut world = World::new();
    let mut b = Builder::new();
    b.function("Raise", None, |a| {
        a.mov(rax, cr8)?;
        a.mov(cr8, rcx)?;
        a.ret()
    });
    let image = world.load(&b, &[]);
    let _entered = world.area.enter().unwrap();
    assert_eq!(world.run(&image, "Raise", [2, 0, 0, 0]).unwrap(), 0);
    assert_eq!(world.run(&image, "Raise", [12, 0, 0, 0]).unwrap(), 2);
    assert_eq!(world.cpu.irql.get(), 12);
    assert_eq!(world.area.stats().signals, 4);
}

#[test]
fn gs_base_is_the_kpcr() {
    let mut world = World::new();
    let mut b = Builder::new();
    // mov eax, gs:[rcx], then a trap, then again.
    b.function("Read", None, |a| {
        a.mov(eax, dword_ptr(rcx).gs())?;
        a.mov(dword_ptr(rdx), eax)?;
        a.add(eax, dword_ptr(rcx).gs())?;
        a.ret()
    });
    let image = world.load(&b, &[]);
    let _entered = world.area.enter().unwrap();
    let (base, _) = world.memory(4);
    let kpcr: Vec<u32> = (0..64).collect();
    let before = crate::trap::gs();
    // SAFETY: the vector outlives the code below.
    unsafe { crate::trap::set_gs(kpcr.as_ptr() as u64) };
    assert_eq!(world.run(&image, "Read", [0x20, base, 0, 0]).unwrap(), 16);
    // SAFETY: as it was.
    unsafe { crate::trap::set_gs(before) };
}

extern "win64" fn copy(to: *mut u8, from: *const u8, len: usize) -> u64 {
    // SAFETY: the test passes memory of this length on one side, a window on the other.
    unsafe { std::ptr::copy_nonoverlapping(from, to, len) };
    // A leaf that keeps its variables below the stack pointer, and touches the window again.
    // SAFETY: as above.
    let first = unsafe { to.read_volatile() };
    u64::from(first)
}

/// Imports may use windows as they use memory, with whatever instructions the C library has.
#[test]
fn host_code_copies_from_and_to_windows() {
    let mut world = World::new();
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "Copy");
    b.function("Run", None, |a| {
        a.sub(rsp, 40)?;
        a.add_instruction(crate::pe::testing::at(Code::Call_rm64, slot))?;
        a.add(rsp, 40)?;
        a.ret()
    });
    let image = world.load(&b, &[("Copy", copy as *const () as u64)]);
    let _entered = world.area.enter().unwrap();
    let (base, window) = world.memory(4096);
    let content: Vec<u8> = (0..4096u32).map(|i| (i % 251) as u8 + 1).collect();
    for len in (1..200).chain([255, 256, 300, 511, 1000, 2048, 4096]) {
        let mut memory = vec![0; 4096];
        window.borrow_mut().copy_from_slice(&content);
        let copied = world.run(&image, "Run", [memory.as_mut_ptr() as u64, base, len as u64, 0]);
        assert_eq!(copied.unwrap(), 1);
        assert!(memory[..len] == content[..len] && memory[len..].iter().all(|b| *b == 0), "{len} from");
        window.borrow_mut().fill(0);
        let copied = world.run(&image, "Run", [base, content.as_ptr() as u64, len as u64, 0]);
        assert_eq!(copied.unwrap(), 1);
        let window = window.borrow();
        assert!(window[..len] == content[..len] && window[len..].iter().all(|b| *b == 0), "{len} to");
    }
    assert_eq!(world.area.stats().patched, 0);
}
