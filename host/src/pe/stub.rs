//! The code between a driver and its imports, and the space where it lies.

use std::io;
use std::mem::offset_of;

use super::CallSite;
use super::memory::{Memory, Protection};

/// Room for one import's stub.
pub(crate) const STUB: usize = 80;
/// Room for what is added later: jumps out of patched instructions.
pub(super) const SPARE: usize = 64 << 10;

/// The stub of an import: fills the call site, then goes on to the import. All but rax stays as it was.
pub(crate) fn encode(site: u64, import: u32, target: u64) -> Vec<u8> {
    // mov [rax + offset], reg: REX, opcode, ModRM with an 8-bit offset.
    let stores: [(usize, u8, u8); 9] = [
        (offset_of!(CallSite, rsp), 0x48, 4),
        (offset_of!(CallSite, rbp), 0x48, 5),
        (offset_of!(CallSite, rbx), 0x48, 3),
        (offset_of!(CallSite, rsi), 0x48, 6),
        (offset_of!(CallSite, rdi), 0x48, 7),
        (offset_of!(CallSite, r12), 0x4c, 4),
        (offset_of!(CallSite, r13), 0x4c, 5),
        (offset_of!(CallSite, r14), 0x4c, 6),
        (offset_of!(CallSite, r15), 0x4c, 7),
    ];
    let mut code = vec![0x48, 0xb8];
    code.extend(site.to_le_bytes());
    for (offset, rex, reg) in stores {
        code.extend([rex, 0x89, 0x40 | reg << 3, small(offset)]);
    }
    // mov qword [rax + offset], import (sign-extended: imports are far fewer than 2^31)
    code.extend([0x48, 0xc7, 0x40, small(offset_of!(CallSite, import))]);
    code.extend(import.to_le_bytes());
    // mov rax, target; jmp rax
    code.extend([0x48, 0xb8]);
    code.extend(target.to_le_bytes());
    code.extend([0xff, 0xe0]);
    code
}

fn small(offset: usize) -> u8 {
    const { assert!(size_of::<CallSite>() <= 128, "offsets must fit a signed byte") }
    u8::try_from(offset).unwrap_or(0)
}

/// Writes code into executable memory, never leaving it writable and executable at once.
///
/// The code may be the very instruction that another stack of this thread is about to execute; other
/// threads do not run it (an image belongs to one world, a world to one thread).
pub(crate) fn write_code(memory: &Memory, offset: usize, code: &[u8]) -> io::Result<()> {
    let first = offset & !4095;
    let len = (offset + code.len()).next_multiple_of(4096) - first;
    memory.protect(first, len, Protection::WRITE)?;
    let fits = memory.write(offset, code);
    memory.protect(first, len, Protection::EXECUTE)?;
    if fits { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
