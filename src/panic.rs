//! The panic handler. No release image contains it: `scripts/build` fails on one that does and names the function
//! that could have panicked. A debug image stops the machine here.

use core::panic::PanicInfo;

/// Code of the fast-fail interrupt, `FAST_FAIL_FATAL_APP_EXIT`.
const FAST_FAIL_FATAL_APP_EXIT: u32 = 7;

/// Stops the machine with a bug check that has the panicking stack on it.
///
/// It is a function of its own wherever it is reached from, so that its presence in the image tells.
#[panic_handler]
#[inline(never)]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: interrupt 0x29 takes its code in ecx and does not return; it is allowed at any IRQL and touches no
    // memory of ours. Before Windows 8 its vector is undefined, which ends in a bug check as well.
    unsafe { core::arch::asm!("int 0x29", in("ecx") FAST_FAIL_FATAL_APP_EXIT, options(noreturn, nostack)) }
}
