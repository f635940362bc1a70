//! `__chkstk`: touches every page of a big frame before it is used, and measures it.

use crate::world::try_world;
use std::arch::naked_asm;

/// No more bytes than [`chkstk`] has.
const LENGTH: u64 = 512;

/// Whether an address is in [`chkstk`]: the caller's frame is what a fault there is about.
#[must_use]
pub fn in_chkstk(address: u64) -> bool {
    address.wrapping_sub(chkstk as *const () as u64) < LENGTH
}

/// Whether the driver may have its stack pointer there.
extern "win64" fn fits(rsp: u64) -> bool {
    try_world().is_none_or(|world| world.sched.measure(rsp).is_none())
}

/// `__chkstk`, to be given as [`Binding::Raw`](super::Binding::Raw): rax is the size of the frame that the caller is
/// about to allocate; every register is kept.
///
/// The stack pointer is as the caller left it where this faults: at the guard page, and at an undefined instruction if
/// the frame is more than the driver may use of a kernel stack.
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
        "mov r11, r10",
        "mov r10, [rsp - 8]",
        // r11 is below r10's place, which the pushes keep.
        "push r10",
        "push qword ptr [rsp - 8]",
        "push rax",
        "push rcx",
        "push rdx",
        "push r8",
        "push r9",
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 128",
        "and rsp, -16",
        "movaps [rsp + 32], xmm0",
        "movaps [rsp + 48], xmm1",
        "movaps [rsp + 64], xmm2",
        "movaps [rsp + 80], xmm3",
        "movaps [rsp + 96], xmm4",
        "movaps [rsp + 112], xmm5",
        "mov rcx, r11",
        "call {fits}",
        "test al, al",
        "movaps xmm0, [rsp + 32]",
        "movaps xmm1, [rsp + 48]",
        "movaps xmm2, [rsp + 64]",
        "movaps xmm3, [rsp + 80]",
        "movaps xmm4, [rsp + 96]",
        "movaps xmm5, [rsp + 112]",
        "mov rsp, rbp",
        "pop rbp",
        "pop r9",
        "pop r8",
        "pop rdx",
        "pop rcx",
        "pop rax",
        "pop r11",
        "pop r10",
        "jz 4f",
        "ret",
        "4:",
        "ud2",
        fits = sym fits,
    )
}
