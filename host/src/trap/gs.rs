//! The gs segment: a Windows driver finds its KPCR there, Linux leaves it free.

use std::arch::asm;
use std::sync::OnceLock;

const ARCH_SET_GS: libc::c_long = 0x1001;
const ARCH_GET_GS: libc::c_long = 0x1004;

/// Points `gs:[0]` of the calling thread at `base` (a KPCR). Signal handlers and system calls keep it.
///
/// # Safety
/// `base` stays readable for as long as driver code may run on this thread.
pub unsafe fn set_gs(base: u64) {
    if has_fsgsbase() {
        // SAFETY: the kernel allows the instruction; nothing of this program or its C library uses gs.
        unsafe { asm!("wrgsbase {}", in(reg) base, options(nostack, preserves_flags, nomem)) };
        return;
    }
    // SAFETY: it sets the gs base of this thread and touches no memory.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, base) };
}

/// The base that [`set_gs`] has set.
#[must_use]
pub fn gs() -> u64 {
    if has_fsgsbase() {
        let base;
        // SAFETY: the kernel allows the instruction, which reads a register.
        unsafe { asm!("rdgsbase {}", out(reg) base, options(nostack, preserves_flags, nomem)) };
        return base;
    }
    let mut base = 0u64;
    // SAFETY: it writes 8 bytes to the variable given.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_GET_GS, &raw mut base) };
    base
}

/// Has the kernel enabled the gs instructions for programs?
fn has_fsgsbase() -> bool {
    const HWCAP2_FSGSBASE: libc::c_ulong = 2;
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| {
        // SAFETY: it reads the auxiliary vector, which is constant.
        let capabilities = unsafe { libc::getauxval(libc::AT_HWCAP2) };
        capabilities & HWCAP2_FSGSBASE != 0
    })
}
