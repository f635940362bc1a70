//! From interrupted code to normal code and back.

use std::arch::naked_asm;
use std::mem::offset_of;

use super::Registers;
use super::area::Shared;
use super::fault::Call;
use super::hot::Site;
use super::xstate;

/// Why a trap was taken, as the kernel told it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cause {
    /// Signal number; 0 for a patched instruction.
    pub(super) signal: i32,
    /// Could the frame not be put on the interrupted stack? Then it lies on the area's own, and there is
    /// no way back.
    pub(super) stranded: bool,
    /// Processor exception.
    pub(super) trap: u64,
    /// Its error code.
    pub(super) error: u64,
    /// The address in question, if the exception has one.
    pub(super) address: u64,
}

/// The state of interrupted code, on its own stack.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) registers: Registers,
    pub(super) cause: Cause,
    /// The area that took a signal; null for a patched instruction.
    pub(super) shared: *const Shared,
    /// The patched instruction; null for a signal.
    pub(super) site: *const Site,
}

/// Bytes below the stack pointer that interrupted host code may be using (its red zone).
pub(super) const RED_ZONE: u64 = 128;
/// A frame keeps this far from the interrupted stack pointer: red zone and what `resume` writes.
pub(super) const CLEARANCE: u64 = 256;

/// Where a signal handler sends a trap. rdi and rsp are the frame's address.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn by_signal() {
    naked_asm!(
        "mov rbx, rdi",
        "call {push}",
        "mov r12, rsp",
        "mov rdi, rbx",
        "mov rsi, r12",
        "call {run}",
        "mov rdi, r12",
        "call {restore}",
        "mov rdi, rbx",
        "jmp {resume}",
        push = sym xstate::push,
        run = sym super::emulate::on_signal,
        restore = sym xstate::restore,
        resume = sym resume,
    )
}

/// Where the stub of a patched instruction goes. `[rsp]` is the driver's rax, rax the address of the [`Site`].
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn by_patch() {
    naked_asm!(
        "pushfq",
        "push rbx",
        "lea rbx, [rsp - {size}]",
        "and rbx, -64",
        "cld",
        "mov [rbx + {site}], rax",
        "mov [rbx + 8], rcx",
        "mov [rbx + 16], rdx",
        "mov [rbx + 40], rbp",
        "mov [rbx + 48], rsi",
        "mov [rbx + 56], rdi",
        "mov [rbx + 64], r8",
        "mov [rbx + 72], r9",
        "mov [rbx + 80], r10",
        "mov [rbx + 88], r11",
        "mov [rbx + 96], r12",
        "mov [rbx + 104], r13",
        "mov [rbx + 112], r14",
        "mov [rbx + 120], r15",
        "mov rcx, [rsp]",
        "mov [rbx + 24], rcx",
        "mov rcx, [rsp + 8]",
        "mov [rbx + 128], rcx",
        "mov rcx, [rsp + 16]",
        "mov [rbx], rcx",
        "lea rcx, [rsp + 24]",
        "mov [rbx + 32], rcx",
        "xor ecx, ecx",
        "mov [rbx + {signal}], ecx",
        "mov [rbx + {shared}], rcx",
        "mov rsp, rbx",
        "call {push}",
        "mov r12, rsp",
        "mov rdi, rbx",
        "mov rsi, r12",
        "call {run}",
        "mov rdi, r12",
        "call {restore}",
        "mov rdi, rbx",
        "jmp {resume}",
        // As far away as a signal handler keeps, since `resume` writes there, too.
        size = const size_of::<Frame>() as u64 + CLEARANCE,
        site = const offset_of!(Frame, site),
        signal = const offset_of!(Frame, cause) + offset_of!(Cause, signal),
        shared = const offset_of!(Frame, shared),
        push = sym xstate::push,
        run = sym super::emulate::on_patch,
        restore = sym xstate::restore,
        resume = sym resume,
    )
}

/// Loads all registers from the frame at rdi and goes on at its rip, touching the stack only below the red zone.
#[unsafe(naked)]
unsafe extern "sysv64" fn resume() {
    naked_asm!(
        "mov rax, [rdi + 32]",
        "mov rcx, [rdi + 136]",
        "mov [rax - {zone} - 8], rcx",
        "mov rcx, [rdi + 128]",
        "mov [rax - {zone} - 16], rcx",
        "lea rsp, [rax - {zone} - 16]",
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
        "popfq",
        // lea leaves the flags as they are.
        "lea rsp, [rsp + {zone} + 8]",
        "jmp [rsp - {zone} - 8]",
        zone = const RED_ZONE,
    )
}

/// Calls `run(argument)` on another stack, for good.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn leave(
    top: u64,
    run: unsafe extern "sysv64" fn(*const Call<'_>) -> !,
    argument: *const Call<'_>,
) -> ! {
    naked_asm!("mov rsp, rdi", "mov rdi, rdx", "xor ebp, ebp", "call rsi", "ud2")
}

const _: () = {
    assert!(offset_of!(Frame, registers) == 0, "the trampolines count on it");
    assert!(offset_of!(Registers, flags) == 128 && offset_of!(Registers, rip) == 136);
    assert!(CLEARANCE >= RED_ZONE + 16);
};
