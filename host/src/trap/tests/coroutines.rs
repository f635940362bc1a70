//! Many stacks in the middle of an access at once.

use std::rc::Rc;

use iced_x86::code_asm::*;

use super::{Backed, World};
use crate::pe::testing::Builder;

/// Fills registers from a seed, reads and writes the window, and counts what has changed that should not.
fn checker() -> Builder {
    let mut b = Builder::new();
    b.function("Check", None, |a| {
        let kept = [rbx, rsi, rdi, r12, r13, r14];
        for r in [rbx, rsi, rdi, r12, r13, r14, r15, rbp] {
            a.push(r)?;
        }
        a.sub(rsp, 24)?;
        a.movups(xmmword_ptr(rsp), xmm6)?;
        a.xor(r10d, r10d)?;
        a.mov(r15d, 50)?;
        let mut again = a.create_label();
        a.set_label(&mut again)?;
        // r9: the pattern of this round.
        a.lea(r9, ptr(rdx + r15))?;
        for (i, r) in kept.into_iter().enumerate() {
            a.lea(r, ptr(r9 + i))?;
        }
        a.movq(xmm6, r9)?;
        a.movq(xmm0, r9)?;
        a.movq(xmm5, r9)?;
        a.stc()?;
        a.mov(eax, dword_ptr(rcx + 0x100))?; // long: patched
        a.setc(r8b)?;
        a.movzx(r8d, r8b)?;
        a.sub(r8, 1)?;
        a.or(r10, r8)?;
        a.mov(dword_ptr(rcx + 8), eax)?; // short: never patched
        a.lock().add(dword_ptr(rcx + 0x104), 3)?;
        for x in [xmm0, xmm5, xmm6] {
            a.movq(rax, x)?;
            a.sub(rax, r9)?;
            a.or(r10, rax)?;
        }
        for (i, r) in (0i32..).zip(kept) {
            a.sub(r, r9)?;
            a.sub(r, i)?;
            a.or(r10, r)?;
        }
        a.dec(r15)?;
        a.jnz(again)?;
        a.mov(rax, r10)?;
        a.movups(xmm6, xmmword_ptr(rsp))?;
        a.add(rsp, 24)?;
        for r in [rbp, r15, r14, r13, r12, rdi, rsi, rbx] {
            a.pop(r)?;
        }
        a.ret()
    });
    b
}

/// Three coroutines that are switched at every access, in an order of the seed.
#[test]
fn interleaved_accesses_keep_all_state() {
    for (seed, patching) in [(1u64, false), (2, true), (3, true)] {
        let mut world = World::new();
        let image = world.load(&checker(), &[]);
        let _entered = world.area.enter().unwrap();
        world.area.set_patching(patching);
        let bytes = Rc::new(std::cell::RefCell::new(vec![0; 0x200]));
        let window = Backed { bytes: bytes.clone(), log: Rc::default(), cpu: Some(world.cpu.clone()) };
        let base = world.area.map_window(0x200, Box::new(window)).unwrap();
        let mut tasks: Vec<_> = (0..3u64)
            .map(|i| {
                Some(world.start(&image, "Check", [base, 0x1111_2222_3333_4444u64.wrapping_mul(i + 1), 0, 0]))
            })
            .collect();
        let (mut random, mut switches, mut left) = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0, 3);
        while left > 0 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let slot = &mut tasks[(random % 3) as usize];
            let Some(task) = slot else { continue };
            switches += 1;
            if let Some(result) = task.resume() {
                assert_eq!(result.unwrap(), 0, "seed {seed}: a register, vector or flag was lost");
                *slot = None;
                left -= 1;
            }
        }
        // 50 rounds of a read, a write, and a read and a write; and the first resumption.
        assert_eq!(switches, 3 * (50 * 4 + 1));
        let stats = world.area.stats();
        assert_eq!(stats.signals + stats.patched, 3 * 50 * 3);
        assert_eq!(stats.sites, if patching { 2 } else { 0 });
        assert_eq!(stats.patched > 0, patching);
    }
}

/// A window that goes while an access is inside it; the access still ends, the next one is a fault.
#[test]
fn window_unmapped_during_an_access() {
    let mut world = World::new();
    let mut b = Builder::new();
    b.function("Twice", None, |a| {
        a.mov(eax, dword_ptr(rcx))?;
        a.mov(eax, dword_ptr(rcx))?;
        a.ret()
    });
    let image = world.load(&b, &[]);
    let _entered = world.area.enter().unwrap();
    let window = Backed { bytes: Rc::default(), log: Rc::default(), cpu: Some(world.cpu.clone()) };
    window.bytes.borrow_mut().resize(8, 1);
    let log = window.log.clone();
    let base = world.area.map_window(8, Box::new(window)).unwrap();
    let mut task = world.start(&image, "Twice", [base, 0, 0, 0]);
    assert!(task.resume().is_none(), "it must be waiting inside the first access");
    assert!(world.area.unmap_window(base));
    let info = task.resume().unwrap().unwrap_err();
    assert_eq!(log.borrow().len(), 1);
    assert_eq!((info.kind, info.address), (crate::trap::FaultKind::NoWindow, Some(base)));
}
