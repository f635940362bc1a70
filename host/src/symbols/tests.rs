//! Walks of hand-made stacks, driven by hand-made unwind data.

use std::cell::RefCell;
use std::rc::Rc;

use iced_x86::Code;
use iced_x86::code_asm::*;
use proptest::prelude::*;

use super::{Frame, Start, Symbols, unwind};
use crate::pe::testing::{Builder, at};
use crate::pe::{Binding, CallSite, Mapped};
use crate::trap::tests::NoHandler;
use crate::trap::{Reg, Registers, TrapArea};

thread_local! {
    /// The image under test, its call site, and what the import found.
    static RUN: RefCell<Option<(Rc<Mapped>, *const CallSite)>> = const { RefCell::new(None) };
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Stack that a walk may look at: some of what is above this function.
fn stack() -> std::ops::Range<u64> {
    let here = std::ptr::from_ref(&()) as u64;
    let local = 0u8;
    let low = &raw const local as u64;
    assert_ne!(here, low);
    low..low + 0x4000
}

extern "win64" fn walk() -> u64 {
    RUN.with_borrow(|run| {
        let (image, site) = run.as_ref().unwrap();
        // SAFETY: the stub has just filled it, and nobody else writes to it.
        let site = unsafe { site.read() };
        FRAMES.set(unwind(image, &Start::from_call(&site), stack(), 64));
    });
    0
}

/// `UNWIND_INFO`: prologue size, frame register and offset, codes as (offset, operation, info, extra slots).
fn info(flags: u8, prologue: u8, frame: u8, codes: &[(u8, u8, u8, &[u16])]) -> Vec<u8> {
    let slots: usize = codes.iter().map(|c| 1 + c.3.len()).sum();
    let mut bytes = vec![1 | flags << 3, prologue, u8::try_from(slots).unwrap(), frame];
    for (offset, operation, info, extra) in codes {
        bytes.extend([*offset, operation | info << 4]);
        bytes.extend(extra.iter().flat_map(|e| e.to_le_bytes()));
    }
    if !slots.is_multiple_of(2) {
        bytes.extend([0, 0]);
    }
    bytes
}

const RBX: u8 = 3;
const RBP: u8 = 5;
const RSI: u8 = 6;
const R12: u8 = 12;

/// Outer (frame in rbp, big) → Saver (saves by mov) → Alloca (frame in r12) → Leafy (small) → import.
fn chain() -> Builder {
    let mut b = Builder::new();
    let slot = b.import("ntoskrnl.exe", "Walk");
    let leafy = info(0, 4, 0, &[(4, 2, 4, &[])]);
    let leafy = b.function("Leafy", Some(&leafy), |a| {
        a.sub(rsp, 40)?;
        a.add_instruction(at(Code::Call_rm64, slot))?;
        a.add(rsp, 40)?;
        a.ret()
    });
    // push r12; sub rsp, 48; lea r12, [rsp + 32]; sub rsp, 64 (not in the unwind data)
    let codes: &[(u8, u8, u8, &[u16])] = &[(11, 3, 0, &[]), (6, 2, 5, &[]), (2, 0, R12, &[])];
    let alloca = b.function("Alloca", Some(&info(0, 11, 2 << 4 | R12, codes)), |a| {
        a.push(r12)?;
        a.sub(rsp, 48)?;
        a.lea(r12, ptr(rsp + 32))?;
        a.sub(rsp, 64)?;
        // A frame pointer of no meaning: r12 is the one.
        a.mov(rbp, 0x1234u64)?;
        a.call(crate::pe::testing::BASE + u64::from(leafy))?;
        a.lea(rsp, ptr(r12 + 16))?;
        a.pop(r12)?;
        a.ret()
    });
    // sub rsp, 0x98; mov [rsp + 0x80], rbx; mov [rsp + 0x88], rbp
    let codes: &[(u8, u8, u8, &[u16])] = &[(23, 4, RBP, &[0x11]), (15, 4, RBX, &[0x10]), (7, 1, 0, &[0x13])];
    let saver = b.function("Saver", Some(&info(0, 23, 0, codes)), |a| {
        a.sub(rsp, 0x98)?;
        a.mov(qword_ptr(rsp + 0x80), rbx)?;
        a.mov(qword_ptr(rsp + 0x88), rbp)?;
        a.mov(rbx, 77u64)?;
        a.mov(rbp, 78u64)?;
        a.call(crate::pe::testing::BASE + u64::from(alloca))?;
        a.mov(rbp, qword_ptr(rsp + 0x88))?;
        a.mov(rbx, qword_ptr(rsp + 0x80))?;
        a.add(rsp, 0x98)?;
        a.ret()
    });
    // push rbp; push rsi; sub rsp, 0x1008; lea rbp, [rsp + 0x80]
    let codes: &[(u8, u8, u8, &[u16])] =
        &[(17, 3, 0, &[]), (9, 1, 1, &[0x1008, 0]), (2, 0, RSI, &[]), (1, 0, RBP, &[])];
    b.function("Outer", Some(&info(0, 17, 8 << 4 | RBP, codes)), |a| {
        a.push(rbp)?;
        a.push(rsi)?;
        a.sub(rsp, 0x1008)?;
        a.lea(rbp, ptr(rsp + 0x80))?;
        a.call(crate::pe::testing::BASE + u64::from(saver))?;
        a.lea(rsp, ptr(rbp + (0x1008 - 0x80)))?;
        a.pop(rsi)?;
        a.pop(rbp)?;
        a.ret()
    });
    b
}

fn loaded(b: &Builder, site: *mut CallSite) -> Rc<Mapped> {
    b.load(site, |_, _| Some(Binding::Code(walk as *const () as u64)))
}

/// The export that holds an RVA.
fn name(image: &Mapped, rva: u32) -> String {
    let mut exports = image.image().exports().to_vec();
    exports.sort_by_key(|e| e.rva);
    exports.iter().rev().find(|e| e.rva <= rva).map_or_else(|| format!("{rva:#x}"), |e| e.name.clone())
}

fn call(image: &Mapped, function: &str) {
    let address = image.export(function).unwrap();
    // SAFETY: a function of the test's without arguments.
    let function = unsafe { std::mem::transmute::<u64, extern "win64" fn() -> u64>(address) };
    assert_eq!(function(), 0);
}

#[test]
fn walks_from_an_import_to_the_host() {
    let area = TrapArea::new(Box::new(NoHandler)).unwrap();
    let mut site = Box::new(CallSite::default());
    let cell = &raw mut *site;
    let image = loaded(&chain(), cell);
    RUN.set(Some((Rc::clone(&image), cell)));
    call(&image, "Outer");
    let frames = FRAMES.take();
    let names: Vec<_> = frames.iter().map(|f| name(&image, f.rva)).collect();
    assert_eq!(names, ["Leafy", "Alloca", "Saver", "Outer"]);
    assert!(frames.windows(2).all(|w| w[0].rsp < w[1].rsp));
    assert!(frames.iter().all(|f| image.rva(f.ip) == Some(f.rva + 1)));
    // A limit is a limit.
    RUN.with_borrow(|run| {
        let (image, site) = run.as_ref().unwrap();
        // SAFETY: as in `walk`.
        let site = unsafe { site.read() };
        assert_eq!(unwind(image, &Start::from_call(&site), 0..u64::MAX, 1).len(), 1);
        // Nothing may be read: the return address is unknown.
        assert_eq!(unwind(image, &Start::from_call(&site), 0..0, 9), []);
    });
    RUN.set(None);
    drop(area);
}

/// Runs a function on a made-up stack, one instruction after the other, and walks at each: prologue, body and
/// epilogue must all lead to the same caller.
#[test]
fn every_instruction_of_a_function_leads_to_its_caller() {
    let area = TrapArea::new(Box::new(NoHandler)).unwrap();
    let mut site = Box::new(CallSite::default());
    let image = loaded(&chain(), &raw mut *site);
    let memory = image.image().memory();
    for function in ["Leafy", "Alloca", "Saver", "Outer"] {
        let mut stack = vec![0u64; 0x400];
        let base = stack.as_ptr() as u64;
        let range = base..base + 0x2000;
        let top = 0x3c0;
        // The caller: somewhere in "Outer", whose own caller is unknown.
        let caller = image.export("Outer").unwrap() + 20;
        stack[top] = caller;
        let mut registers = Registers::default();
        registers.gpr[Reg::Rsp as usize] = base + top as u64 * 8;
        registers.gpr[Reg::Rbp as usize] = 0xb0b;
        registers.rip = image.export(function).unwrap();
        let mut steps = 0;
        loop {
            let frames = unwind(&image, &Start::from_registers(&registers), range.clone(), 2);
            let rva = image.rva(registers.rip).unwrap();
            assert_eq!(frames[0].rva, rva, "{function}");
            assert_eq!(frames.get(1).map(|f| f.ip), Some(caller), "{function} at {rva:#x}");
            assert_eq!(frames[1].rsp, base + top as u64 * 8 + 8);
            steps += 1;
            if !simulate(memory, rva, &mut registers, &mut stack, base) {
                break;
            }
        }
        assert!(steps > 3, "{function}: {steps}");
    }
    drop(area);
}

/// Executes one instruction of the few that the functions above are made of; false at the return.
fn simulate(memory: &[u8], rva: u32, r: &mut Registers, stack: &mut [u64], base: u64) -> bool {
    use iced_x86::{Decoder, DecoderOptions, Mnemonic, OpKind};
    let code = &memory[rva as usize..];
    let i = Decoder::with_ip(64, code, 0, DecoderOptions::NONE).decode();
    let pointer = Reg::Rsp as usize;
    let slot = |address: u64| usize::try_from((address - base) / 8).unwrap();
    let address = |r: &Registers| r.gpr[i.memory_base().number()].wrapping_add(i.memory_displacement64());
    match (i.mnemonic(), i.op0_kind(), i.op1_kind()) {
        (Mnemonic::Push, ..) => {
            r.gpr[pointer] -= 8;
            stack[slot(r.gpr[pointer])] = r.gpr[i.op0_register().number()];
        }
        (Mnemonic::Pop, ..) => {
            r.gpr[i.op0_register().number()] = stack[slot(r.gpr[pointer])];
            r.gpr[pointer] += 8;
        }
        (Mnemonic::Sub, ..) => r.gpr[pointer] -= i.immediate(1),
        (Mnemonic::Add, ..) => r.gpr[pointer] += i.immediate(1),
        (Mnemonic::Lea, ..) => r.gpr[i.op0_register().number()] = address(r),
        (Mnemonic::Mov, OpKind::Memory, _) => stack[slot(address(r))] = r.gpr[i.op1_register().number()],
        (Mnemonic::Mov, _, OpKind::Memory) => r.gpr[i.op0_register().number()] = stack[slot(address(r))],
        (Mnemonic::Mov, ..) => r.gpr[i.op0_register().number()] = i.immediate(1),
        (Mnemonic::Call, ..) => {}
        (Mnemonic::Ret, ..) => return false,
        other => panic!("{other:?}"),
    }
    r.rip += i.len() as u64;
    true
}

/// The parts of a function that was split: a chained entry is unwound through its main one.
#[test]
fn chained_parts() {
    let area = TrapArea::new(Box::new(NoHandler)).unwrap();
    let mut b = Builder::new();
    let main = info(0, 5, 0, &[(5, 2, 3, &[]), (1, 0, RBX, &[])]);
    let begin = b.function("Main", Some(&main), |a| {
        a.push(rbx)?;
        a.sub(rsp, 32)?;
        a.nop()
    });
    // The part saves rsi besides, and uses an odd number of codes.
    let part = info(4, 5, 0, &[(5, 4, RSI, &[2]), (0, 2, 1, &[])]);
    b.function("Part", Some(&part), |a| {
        a.mov(qword_ptr(rsp + 16), rsi)?;
        a.nop()
    });
    b.chain_to(begin);
    let mut site = Box::new(CallSite::default());
    let image = loaded(&b, &raw mut *site);
    let caller = image.export("Main").unwrap();
    let stack = [0, 0, 51, 0, 0, 0, 52, caller];
    let base = stack.as_ptr() as u64;
    let mut registers = Registers { rip: image.export("Part").unwrap() + 5, ..Registers::default() };
    registers.gpr[Reg::Rsp as usize] = base;
    let frames = unwind(&image, &Start::from_registers(&registers), base..base + 64, 2);
    assert_eq!(frames.get(1).map(|f| (f.ip, f.rsp)), Some((caller, base + 64)));
    drop(area);
}

/// A call through a bad pointer: its return address is on top of the stack.
#[test]
fn walks_from_a_wild_jump() {
    let area = TrapArea::new(Box::new(NoHandler)).unwrap();
    let mut site = Box::new(CallSite::default());
    let image = loaded(&chain(), &raw mut *site);
    let leafy = image.export("Leafy").unwrap() + 10;
    let mut stack = [0u64; 16];
    stack[0] = leafy;
    stack[6] = 0x77;
    let base = stack.as_ptr() as u64;
    let mut registers = Registers { rip: 0x10, ..Registers::default() };
    registers.gpr[Reg::Rsp as usize] = base;
    let frames = unwind(&image, &Start::from_registers(&registers), base..base + 128, 8);
    assert_eq!(frames, [Frame { ip: leafy, rva: image.rva(leafy).unwrap() - 1, rsp: base + 8 }]);
    drop(area);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any stack, any registers, any unwind data: the walk ends and reads nothing outside.
    #[test]
    fn bad_stacks_end_the_walk(
        words in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..0x2000], 64),
        offset in 0usize..64,
        rva in 0x1000u32..0x1200,
        frame in prop_oneof![any::<u64>(), 0u64..0x200],
        noise in prop::collection::vec((0usize..0x400, any::<u8>()), 0..40),
        inside in any::<bool>(),
    ) {
        let area = TrapArea::new(Box::new(NoHandler)).unwrap();
        let mut file = chain().build();
        // The read-only data (tables included) are the third section's.
        let start = crate::pe::Image::parse("x", &file).unwrap().sections()[2].file.start + 0x400;
        for (at, value) in noise {
            let len = file.len();
            file[(start + at).min(len - 1)] = value;
        }
        let Ok(image) = crate::pe::Image::parse("x", &file) else { return Ok(()) };
        let mut site = Box::new(CallSite::default());
        let all = &mut |_: &str, _: &str| Some(Binding::Data(0));
        // SAFETY: nothing of it is run.
        let Ok(image) = (unsafe { Mapped::load(&image.into(), &raw mut *site, all) }) else { return Ok(()) };
        let image = Rc::new(image);
        let words: Vec<u64> = words.iter().map(|w| if *w < 0x2000 { image.base() + w } else { *w }).collect();
        let base = words.as_ptr() as u64;
        let mut registers = Registers { rip: image.base() + u64::from(rva), ..Registers::default() };
        registers.gpr = [if inside { base + frame } else { frame }; 16];
        registers.gpr[Reg::Rsp as usize] = base + offset as u64 * 8;
        let frames = unwind(&image, &Start::from_registers(&registers), base..base + 512, 200);
        prop_assert!(!frames.is_empty() && frames.len() <= 65);
        prop_assert!(frames.windows(2).all(|w| w[0].rsp < w[1].rsp));
        drop(area);
    }
}

#[test]
fn broken_pdb_is_told() {
    let path = std::env::temp_dir().join(format!("ferrite-no-{}.pdb", std::process::id()));
    let missing = Symbols::load(&path).unwrap_err().to_string();
    assert!(missing.contains("cannot be read") && missing.contains("ferrite-no-"), "{missing}");
    std::fs::write(&path, b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0 but no more").unwrap();
    let broken = Symbols::load(&path).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert!(broken.contains("is no usable PDB"), "{broken}");
}
