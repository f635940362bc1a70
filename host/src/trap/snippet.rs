//! Instructions executed on a copy of their memory operand.
//!
//! The instruction is assembled anew with its operand at a cell beside the code, and called with the driver's
//! registers loaded. Between filling the cell and reading it back nothing else of the area runs (it has one
//! thread and the snippet does not trap), so a cell per chunk of code serves all stacks.

use std::arch::naked_asm;
use std::cell::RefCell;

use iced_x86::{Decoder, DecoderOptions, Encoder, Instruction, Register};

use super::Registers;
use super::plan::WIDEST;
use super::xstate::{Xstate, restore, save};
use crate::pe::memory::{Memory, Protection};

/// A page for the cell, the rest for code.
const CHUNK: usize = 64 << 10;
const CODE: usize = 4096;
/// Longest instruction (15) and a return, rounded up.
const SLOT: usize = 32;

/// Snippets of an area.
#[derive(Default)]
pub(super) struct Snippets {
    chunks: RefCell<Vec<Chunk>>,
}

struct Chunk {
    memory: Memory,
    next: usize,
}

/// An instruction ready to be executed on its cell. Valid as long as the area it was made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snippet {
    code: u64,
    cell: *mut [u8; WIDEST],
}

impl Snippets {
    /// Assembles a snippet; `None` if the instruction does not let its operand be moved.
    pub(super) fn make(&self, instruction: &Instruction) -> Option<Snippet> {
        let mut chunks = self.chunks.borrow_mut();
        if chunks.last().is_none_or(|c| c.next + SLOT > CHUNK) {
            let memory = Memory::map(CHUNK, Protection::WRITE).ok()?;
            memory.protect(CODE, CHUNK - CODE, Protection::EXECUTE).ok()?;
            chunks.push(Chunk { memory, next: CODE });
        }
        let chunk = chunks.last_mut()?;
        let code = chunk.memory.base() + chunk.next as u64;
        let cell = chunk.memory.at(0, WIDEST)?;
        let bytes = assemble(instruction, code, cell as u64)?;
        let page = chunk.next & !4095;
        chunk.memory.protect(page, 4096, Protection::WRITE).ok()?;
        chunk.memory.write(chunk.next, &bytes);
        chunk.memory.protect(page, 4096, Protection::EXECUTE).ok()?;
        chunk.next += SLOT;
        Some(Snippet { code, cell: cell.cast() })
    }
}

fn assemble(instruction: &Instruction, at: u64, cell: u64) -> Option<Vec<u8>> {
    let mut moved = *instruction;
    moved.set_segment_prefix(Register::None);
    moved.set_memory_base(Register::RIP);
    moved.set_memory_index(Register::None);
    moved.set_memory_index_scale(1);
    moved.set_memory_displ_size(8);
    moved.set_memory_displacement64(cell);
    let mut encoder = Encoder::new(64);
    encoder.encode(&moved, at).ok()?;
    let mut bytes = encoder.take_buffer();
    // Instructions whose operand is implied are encoded without complaint: read it back.
    let again = Decoder::with_ip(64, &bytes, at, DecoderOptions::NONE).decode();
    if again.code() != instruction.code() || !again.is_ip_rel_memory_operand() {
        return None;
    }
    if again.ip_rel_memory_address() != cell {
        return None;
    }
    bytes.push(0xc3);
    (bytes.len() <= SLOT).then_some(bytes)
}

impl Snippet {
    /// Executes the instruction on `value`. Vector registers come from and go to `xstate`, if given.
    pub(super) fn run(&self, registers: &mut Registers, value: &mut [u8; WIDEST], xstate: Option<Xstate>) {
        // SAFETY: the cell belongs to the area's snippets; nothing else of the area runs meanwhile.
        unsafe { self.cell.write(*value) };
        let xstate = xstate.map_or(std::ptr::null_mut(), Xstate::as_ptr);
        // SAFETY: the code is one checked instruction and a return; it touches the cell and registers only.
        unsafe { execute(registers, self.code, xstate) };
        // SAFETY: as above.
        *value = unsafe { self.cell.read() };
    }
}

/// Loads general registers (but rsp), flags and, unless null, vector state; calls `code`; stores all of them back.
#[unsafe(naked)]
unsafe extern "sysv64" fn execute(registers: *mut Registers, code: u64, xstate: *mut u8) {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rdi", // [rsp + 24] below
        "push rsi", // [rsp + 16]
        "push rdx", // [rsp + 8]
        "sub rsp, 8",
        "test rdx, rdx",
        "jz 2f",
        "mov rbx, rdi",
        "mov rdi, rdx",
        "call {restore}",
        "mov rdi, rbx",
        "2:",
        "push qword ptr [rdi + 128]",
        "popfq",
        "mov rax, [rdi]",
        "mov rcx, [rdi + 8]",
        "mov rdx, [rdi + 16]",
        "mov rbx, [rdi + 24]",
        "mov rbp, [rdi + 40]",
        "mov rsi, [rdi + 48]",
        "mov r8, [rdi + 64]",
        "mov r9, [rdi + 72]",
        "mov r10, [rdi + 80]",
        "mov r11, [rdi + 88]",
        "mov r12, [rdi + 96]",
        "mov r13, [rdi + 104]",
        "mov r14, [rdi + 112]",
        "mov r15, [rdi + 120]",
        "mov rdi, [rdi + 56]",
        "call [rsp + 16]",
        "mov [rsp], rdi",
        "mov rdi, [rsp + 24]",
        "mov [rdi], rax",
        "mov [rdi + 8], rcx",
        "mov [rdi + 16], rdx",
        "mov [rdi + 24], rbx",
        "mov [rdi + 40], rbp",
        "mov [rdi + 48], rsi",
        "mov [rdi + 64], r8",
        "mov [rdi + 72], r9",
        "mov [rdi + 80], r10",
        "mov [rdi + 88], r11",
        "mov [rdi + 96], r12",
        "mov [rdi + 104], r13",
        "mov [rdi + 112], r14",
        "mov [rdi + 120], r15",
        "pushfq",
        "pop qword ptr [rdi + 128]",
        "cld",
        "mov rax, [rsp]",
        "mov [rdi + 56], rax",
        "mov rdi, [rsp + 8]",
        "test rdi, rdi",
        "jz 3f",
        "call {save}",
        "3:",
        "add rsp, 32",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
        restore = sym restore,
        save = sym save,
    )
}
