//! Memory access that fails instead of faulting.
//!
//! The copy is one instruction at a known address; the signal handler takes the thread out of it when it faults.

use std::arch::naked_asm;

/// What [`copy`] returns when all is copied; no address that can be touched.
const DONE: u64 = u64::MAX;
/// Offset of the copying instruction in [`copy`].
const COPYING: u64 = 4;

/// Copies `into.len()` bytes from `address`.
///
/// # Errors
/// The first address found inaccessible (register windows are).
pub fn peek(address: u64, into: &mut [u8]) -> Result<(), u64> {
    // SAFETY: the destination is a Rust slice; the source may be anything.
    let end = unsafe { copy(into.as_mut_ptr(), address as *const u8, into.len()) };
    outcome(end, address)
}

/// Copies `from` to `address`.
///
/// # Errors
/// The first address found inaccessible (register windows are).
///
/// # Safety
/// The caller owns the memory at `address` as far as it is mapped: the driver's, or its own.
pub unsafe fn poke(address: u64, from: &[u8]) -> Result<(), u64> {
    // SAFETY: the source is a Rust slice; the destination is the caller's to write, if it exists.
    let end = unsafe { copy(address as *mut u8, from.as_ptr(), from.len()) };
    outcome(end, address)
}

/// Copies a value to `address`, padding and all; false if that is inaccessible.
///
/// # Safety
/// As for [`poke`].
pub(super) unsafe fn put<T: Copy>(address: u64, value: &T) -> bool {
    // SAFETY: the source is a Rust value; the destination is the caller's to write, if it exists.
    let end = unsafe { copy(address as *mut u8, std::ptr::from_ref(value).cast(), size_of::<T>()) };
    end == DONE
}

fn outcome(end: u64, address: u64) -> Result<(), u64> {
    match end {
        DONE => Ok(()),
        // A non-canonical address faults without being told.
        0 => Err(address),
        at => Err(at),
    }
}

/// Where a fault in the copying instruction goes on, and whether this is one.
pub(super) fn fixup(rip: u64) -> Option<u64> {
    (rip == copy as *const () as u64 + COPYING).then_some(failed as *const () as u64)
}

/// Copies `len` bytes. Returns [`DONE`] or the address that faulted.
#[unsafe(naked)]
unsafe extern "sysv64" fn copy(to: *mut u8, from: *const u8, len: usize) -> u64 {
    naked_asm!(
        ".byte 0x48, 0x89, 0xd1", // mov rcx, rdx
        "cld",
        "rep movsb",
        "mov rax, -1",
        "ret",
    )
}

/// The end of a [`copy`] that faulted: rax is the address already.
#[unsafe(naked)]
unsafe extern "sysv64" fn failed() {
    naked_asm!("ret")
}
