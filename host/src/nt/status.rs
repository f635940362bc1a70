//! NTSTATUS values that the fact tables do not hold (ntstatus.h).

#![allow(missing_docs, reason = "Microsoft's names")]

pub const STATUS_NO_MORE_ENTRIES: u32 = 0x8000_001A;
pub const STATUS_ACCESS_DENIED: u32 = 0xC000_0022;
pub const STATUS_OBJECT_NAME_COLLISION: u32 = 0xC000_0035;
pub const STATUS_OBJECT_PATH_SYNTAX_BAD: u32 = 0xC000_003B;
pub const STATUS_MUTANT_NOT_OWNED: u32 = 0xC000_0046;
pub const STATUS_NO_SUCH_PRIVILEGE: u32 = 0xC000_0060;
pub const STATUS_INVALID_IMAGE_FORMAT: u32 = 0xC000_007B;
pub const STATUS_CANNOT_DELETE: u32 = 0xC000_0121;
pub const STATUS_FLOAT_MULTIPLE_FAULTS: u32 = 0xC000_02B4;

/// NT_SUCCESS: success and informational values.
#[must_use]
pub fn success(status: u32) -> bool {
    status < 0x8000_0000
}
