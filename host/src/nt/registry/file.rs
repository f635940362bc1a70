//! Files: the machine has none, and says so.

use crate::{
    abi::{constants as c, write, write_out},
    imports,
};

/// Answers an open of a file that is not there.
fn absent(handle: u64, block: u64) -> u32 {
    write(handle, 0_u64);
    write_out(block, c::STATUS_OBJECT_NAME_NOT_FOUND);
    c::STATUS_OBJECT_NAME_NOT_FOUND
}

imports! {
    /// Files.
    TABLE from "ntoskrnl.exe";

    fn ZwCreateFile(handle: u64, _access: u32, _names: u64, block: u64, _size: u64, _attributes: u32, _share: u32,
        _disposition: u32, _options: u32, _ea: u64, _ea_len: u32) -> u32 {
        absent(handle, block)
    }

    fn ZwOpenFile(handle: u64, _access: u32, _names: u64, block: u64, _share: u32, _options: u32) -> u32 {
        absent(handle, block)
    }

    fn ZwReadFile(_handle: u64, _event: u64, _apc: u64, _context: u64, _block: u64, _buffer: u64, _len: u32, _offset: u64,
        _key: u64) -> u32 {
        c::STATUS_INVALID_HANDLE
    }

    fn ZwWriteFile(_handle: u64, _event: u64, _apc: u64, _context: u64, _block: u64, _buffer: u64, _len: u32, _offset: u64,
        _key: u64) -> u32 {
        c::STATUS_INVALID_HANDLE
    }

    fn ZwQueryInformationFile(_handle: u64, _block: u64, _information: u64, _len: u32, _class: u32) -> u32 {
        c::STATUS_INVALID_HANDLE
    }

    fn ZwSetInformationFile(_handle: u64, _block: u64, _information: u64, _len: u32, _class: u32) -> u32 {
        c::STATUS_INVALID_HANDLE
    }
}
