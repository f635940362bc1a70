//! Security: everything runs as the system.

use crate::{abi::constants as c, imports};

imports! {
    /// Security.
    TABLE from "ntoskrnl.exe";

    fn SeSinglePrivilegeCheck(_privilege: u64, _mode: u8) -> u8 {
        1
    }

    fn SeAccessCheck(_descriptor: u64, _context: u64, _locked: u8, desired: u32, _previous: u32, _privileges: u64, _mapping: u64,
        _mode: u8, granted: u64, status: u64) -> u8 {
        crate::abi::write_out(granted, desired);
        crate::abi::write_out(status, c::STATUS_SUCCESS);
        1
    }
}
