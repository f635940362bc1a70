//! Faults, exceptions, bug checks.

use super::routines;
use crate::abi::{import, jump, read};

/// `KUSER_SHARED_DATA`.
const SHARED: u64 = 0xFFFF_F780_0000_0000;

routines! {
    /// 0x7E.
    raising_an_exception { import!(ExRaiseStatus, 0xC000_0005) }
    /// 0xD1.
    giving_the_kernel_a_bad_pointer { import!(KeSetEvent, 0x10, 0, 0) }
    /// 0xBE.
    giving_the_kernel_read_only_memory {
        import!(KeQuerySystemTimePrecise, SHARED + 0x14)
    }
    /// 0xC4/0xF0.
    copying_what_overlaps {
        // The compiler's own memcpy would be taken otherwise.
        let block = super::own(64);
        let routine = import!(MmGetSystemRoutineAddress, super::counted("memcpy"));
        jump(routine, &[block + 8, block, 16])
    }
    /// A bug check that the driver asks for.
    calling_for_a_bug_check { import!(KeBugCheckEx, 0x7C, 1, 2, 3, 4) }
    /// A callback for NMIs that was deregistered.
    deregistering_an_nmi_callback_twice {
        let handle = import!(KeRegisterNmiCallback, super::routine(), 0);
        import!(KeDeregisterNmiCallback, handle);
        import!(KeDeregisterNmiCallback, handle)
    }
    /// A breakpoint.
    breaking_without_a_debugger { import!(DbgBreakPoint) }
}

/// Memory that may be read and written.
pub fn sound() {
    let block = super::own(64);
    let routine = import!(MmGetSystemRoutineAddress, super::counted("memcpy"));
    jump(routine, &[block + 16, block, 16]);
    let handle = import!(KeRegisterNmiCallback, super::routine(), 0);
    assert_ne!(handle, 0);
    import!(KeDeregisterNmiCallback, handle);
    let now = 0_u64;
    import!(KeQuerySystemTimePrecise, &raw const now as u64);
    assert_eq!(read::<u32>(SHARED + 0x26C), 10, "NtMajorVersion");
}
