//! The driver's registry key.

use crate::{
    abi::{copy, import, read, write},
    heap,
};
use alloc::{string::String, vec::Vec};

/// `KEY_READ`.
const READ: u64 = 0x2_0019;
/// `KeyValuePartialInformation`.
const PARTIAL: u64 = 2;
/// Bytes before the data of a `KEY_VALUE_PARTIAL_INFORMATION`, and at most in all.
const HEADER: usize = 12;
const MOST: usize = 256;
/// `RTL_REGISTRY_ABSOLUTE`, `REG_SZ`.
const ABSOLUTE: u64 = 0;
const SZ: u64 = 1;

/// A path that lasts, ended with 0.
pub fn keep(path: u64) -> u64 {
    let (lengths, from): (u64, u64) = (read(path), read(path + 8));
    let len = lengths & 0xFFFF;
    let buffer = heap::zeroed(len as usize + 2);
    copy(from, buffer, len);
    let counted = heap::zeroed(16);
    write(counted, [len | (len + 2) << 16, buffer]);
    counted
}

/// Writes a text. The path ends with 0.
pub fn set_text(path: u64, name: &str, text: &str) {
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
    let (name, data) = (wide(name), wide(text));
    let (buffer, bytes) = (read(path + 8), 2 * data.len() as u64);
    import!(RtlWriteRegistryValue, ABSOLUTE, buffer, name.as_ptr() as u64, SZ, data.as_ptr() as u64, bytes);
}

/// A text of the service's key; empty if there is none.
pub fn text(path: u64, name: &str) -> String {
    let mut handle = 0_u64;
    // OBJECT_ATTRIBUTES: length, root, name, attributes, security.
    let attributes = [48_u64, 0, path, 0x40, 0, 0];
    if import!(ZwOpenKey, &raw mut handle as u64, READ, attributes.as_ptr() as u64) as u32 != 0 {
        return String::new();
    }
    let units: Vec<u16> = name.encode_utf16().collect();
    let bytes = 2 * units.len() as u64;
    let counted = [bytes | bytes << 16, units.as_ptr() as u64];
    let (mut answer, mut len) = ([0_u8; MOST], 0_u32);
    let status = import!(
        ZwQueryValueKey,
        handle,
        counted.as_ptr() as u64,
        PARTIAL,
        answer.as_mut_ptr() as u64,
        MOST as u64,
        &raw mut len as u64
    );
    import!(ZwClose, handle);
    if status as u32 != 0 {
        return String::new();
    }
    let data = answer.get(HEADER..len as usize).unwrap_or_default();
    let units = data.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units.take_while(|&unit| unit != 0)).flatten().collect()
}
