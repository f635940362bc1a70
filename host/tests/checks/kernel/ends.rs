//! Faults, exceptions, bug checks.

use super::{broken, k};
use ferrite_host::abi::read;

/// `KUSER_SHARED_DATA`.
const SHARED: u64 = 0xFFFF_F780_0000_0000;

broken! {
    /// 0x7E.
    raising_an_exception: EXCEPTION in "ExRaiseStatus" { k("ExRaiseStatus", &[0xC000_0005]) }
    /// 0xD1.
    giving_the_kernel_a_bad_pointer: FAULT in "KeSetEvent" { k("KeSetEvent", &[0x10, 0, 0]) }
    /// 0xBE.
    giving_the_kernel_read_only_memory: READ_ONLY in "KeQuerySystemTimePrecise" {
        k("KeQuerySystemTimePrecise", &[SHARED + 0x14])
    }
    /// 0xC4/0xF0.
    copying_what_overlaps: COPY_OVERLAP { let block = super::own(64); k("memcpy", &[block + 8, block, 16]) }
    /// A bug check that the driver asks for.
    calling_for_a_bug_check: BUG_CHECK in "KeBugCheckEx" { k("KeBugCheckEx", &[0x7C, 1, 2, 3, 4]) }
    /// A breakpoint.
    breaking_without_a_debugger: BREAKPOINT in "DbgBreakPoint" { k("DbgBreakPoint", &[]) }
}

/// Memory that may be read and written.
pub fn sound() {
    let block = super::own(64);
    k("memcpy", &[block + 16, block, 16]);
    let now = 0_u64;
    k("KeQuerySystemTimePrecise", &[&raw const now as u64]);
    assert_eq!(read::<u32>(SHARED + 0x26C), 10, "NtMajorVersion");
}
