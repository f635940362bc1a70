//! `__chkstk`: touches every page of a big frame before it is used.

use std::arch::naked_asm;

/// `__chkstk`, to be given as [`Binding::Raw`](super::Binding::Raw): rax is the size of the frame that the caller is
/// about to allocate; every register is kept.
///
/// The stack pointer is not moved, so that a fault here (the guard page) looks like one of the caller's.
///
/// # Safety
/// To be called by compiled code only, as its convention is no function's.
#[unsafe(naked)]
pub unsafe extern "win64" fn chkstk() {
    naked_asm!(
        // Nothing runs below the stack pointer of this process's driver code: signals have a stack of their own.
        "mov [rsp - 8], r10",
        "mov [rsp - 16], r11",
        // r10: the stack pointer to come; a frame bigger than the address space shall fault, not wrap.
        "lea r10, [rsp + 8]",
        "sub r10, rax",
        "mov r11, 0",
        "cmovb r10, r11",
        "lea r11, [rsp + 8]",
        "and r11, -4096",
        "2:",
        "cmp r11, r10",
        "jbe 3f",
        "sub r11, 4096",
        "test byte ptr [r11], 0",
        "jmp 2b",
        "3:",
        "mov r10, [rsp - 8]",
        "mov r11, [rsp - 16]",
        "ret",
    )
}
