//! Vector and x87 state, kept while normal code runs in the middle of an instruction.
//!
//! Host code may use any vector register the processor has (libc's copies use AVX), so all that such code touches is
//! kept, not only what a driver may use.

use std::arch::naked_asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::atomic::{AtomicU32, Ordering};

/// Components saved: x87, SSE, AVX and AVX-512, as far as enabled. 0: by FXSAVE, on processors without XSAVE.
static MASK: AtomicU32 = AtomicU32::new(0);
/// Bytes of a save area, a multiple of 64.
static SIZE: AtomicU32 = AtomicU32::new(512);
/// Whether there is XSAVEC, which writes only what is in use. (XSAVEOPT does too, but trusts a save area
/// restored earlier at the same address to be unchanged: on a stack it is not.)
static COMPACT: AtomicU32 = AtomicU32::new(0);

const COMPONENTS: u64 = 0b1110_0111;
/// x87 and SSE, then the header.
const LEGACY: u32 = 512 + 64;

/// Finds out what the processor has. Called once, before any trap.
pub(super) fn detect() {
    const OSXSAVE: u32 = 1 << 27;
    const XSAVEC: u32 = 2;
    if __cpuid(0).eax < 0xd || __cpuid(1).ecx & OSXSAVE == 0 {
        return;
    }
    // SAFETY: OSXSAVE says that the system has enabled the instruction.
    let enabled = unsafe { _xgetbv(0) };
    let mask = enabled & COMPONENTS;
    let extended = (2..8).filter(|i| mask >> i & 1 != 0).map(|i| {
        // Size and offset in the standard layout, which is at least as long as the compact one.
        let component = __cpuid_count(0xd, i);
        component.eax + component.ebx
    });
    let size = extended.max().unwrap_or(0).max(LEGACY).next_multiple_of(64);
    SIZE.store(size, Ordering::Relaxed);
    COMPACT.store(__cpuid_count(0xd, 1).eax & XSAVEC, Ordering::Relaxed);
    MASK.store(u32::try_from(mask).unwrap_or(0), Ordering::Relaxed);
}

/// Bytes that a trap needs for vector state.
pub(super) fn size() -> u64 {
    u64::from(SIZE.load(Ordering::Relaxed))
}

/// A save area on the stack of a trap in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Xstate(*mut u8);

impl Xstate {
    /// # Safety
    /// `area` is a filled save area that outlives the value.
    pub(super) unsafe fn new(area: *mut u8) -> Self {
        Self(area)
    }

    pub(super) fn as_ptr(self) -> *mut u8 {
        self.0
    }
}

/// Makes room for a save area below rsp (64-byte aligned) and fills it; rsp is its address on return.
/// Uses rax, rcx, rdx and rdi, keeps the rest. Not a function of any convention: for the trampolines.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn push() {
    naked_asm!(
        "pop rcx",
        "mov eax, [rip + {size}]",
        "sub rsp, rax",
        "and rsp, -64",
        "mov rdi, rsp",
        "push rcx",
        "jmp {save}",
        size = sym SIZE,
        save = sym save,
    )
}

/// Fills the save area at rdi from the registers. Uses rax and rdx only.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn save() {
    naked_asm!(
        "mov eax, [rip + {mask}]",
        "test eax, eax",
        "jz 3f",
        // What the instructions do not write of the header must be zero.
        "xor edx, edx",
        "mov [rdi + 512], rdx",
        "mov [rdi + 520], rdx",
        "mov [rdi + 528], rdx",
        "mov [rdi + 536], rdx",
        "mov [rdi + 544], rdx",
        "mov [rdi + 552], rdx",
        "mov [rdi + 560], rdx",
        "mov [rdi + 568], rdx",
        "cmp dword ptr [rip + {compact}], 0",
        "je 2f",
        "xsavec64 [rdi]",
        "ret",
        "2:",
        "xsave64 [rdi]",
        "ret",
        "3:",
        "fxsave64 [rdi]",
        "ret",
        mask = sym MASK,
        compact = sym COMPACT,
    )
}

/// Loads the registers from the save area at rdi. Uses rax and rdx only.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn restore() {
    naked_asm!(
        "mov eax, [rip + {mask}]",
        "test eax, eax",
        "jz 2f",
        "xor edx, edx",
        "xrstor64 [rdi]",
        "ret",
        "2:",
        "fxrstor64 [rdi]",
        "ret",
        mask = sym MASK,
    )
}
