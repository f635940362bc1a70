//! Keys: ZwOpenKey and its family.

use super::{attributes, open, path_of, with};
use crate::{
    abi::{Ptr, constants as c, unicode, write, write_bytes, write_out},
    imports,
    nt::{
        layout::{
            KEY_BASIC_INFORMATION as Basic, KEY_FULL_INFORMATION as Full, KEY_NODE_INFORMATION as Node,
        },
        status::{STATUS_CANNOT_DELETE, STATUS_NO_MORE_ENTRIES},
    },
    pnp::registry::Key,
    world::world,
};

/// KEY_INFORMATION_CLASS.
const BASIC: u32 = 0;
const NODE: u32 = 1;
const FULL: u32 = 2;
const NAME: u32 = 3;
/// ZwCreateKey's Disposition.
const CREATED: u32 = 1;
const OPENED: u32 = 2;

/// What is known of a key.
struct Facts {
    name: String,
    subkeys: usize,
    longest_subkey: usize,
    values: usize,
    longest_value: usize,
    longest_data: usize,
}

fn facts(key: &Key) -> Facts {
    let length = |text: &str| 2 * text.encode_utf16().count();
    Facts {
        name: key.name().to_owned(),
        subkeys: key.subkeys().count(),
        longest_subkey: key.subkeys().map(|key| length(key.name())).max().unwrap_or(0),
        values: key.values().count(),
        longest_value: key.values().map(|(name, _)| length(name)).max().unwrap_or(0),
        longest_data: key.values().map(|(_, value)| value.to_bytes().len()).max().unwrap_or(0),
    }
}

/// Copies a fixed part and a name as far as they fit.
pub(super) fn answer(fixed: &[u8], rest: &[u8], out: u64, room: u32, length: u64) -> u32 {
    let room = room as usize;
    let total = fixed.len() + rest.len();
    write_out(length, total as u32);
    if room < fixed.len() {
        return c::STATUS_BUFFER_TOO_SMALL;
    }
    write_bytes(out, fixed);
    let fits = rest.len().min(room - fixed.len());
    write_bytes(out + fixed.len() as u64, rest.get(..fits).unwrap_or(rest));
    if fits < rest.len() { c::STATUS_BUFFER_OVERFLOW } else { c::STATUS_SUCCESS }
}

pub(super) fn units(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A fixed part, written by offsets.
pub(super) fn record<const N: usize>(fields: &[(usize, u32)]) -> [u8; N] {
    let mut bytes = [0; N];
    for &(at, value) in fields {
        if let Some(to) = bytes.get_mut(at..at + 4) {
            to.copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}

fn describe(facts: &Facts, path: &str, class: u32, out: u64, room: u32, length: u64) -> u32 {
    let name = units(&facts.name);
    let len = name.len() as u32;
    let none = u32::MAX;
    match class {
        BASIC => answer(&record::<16>(&[(Basic::NameLength.offset(), len)]), &name, out, room, length),
        NODE => {
            let fixed = record::<24>(&[(Node::ClassOffset.offset(), none), (Node::NameLength.offset(), len)]);
            answer(&fixed, &name, out, room, length)
        }
        FULL => {
            let fixed = record::<44>(&[
                (Full::ClassOffset.offset(), none),
                (Full::SubKeys.offset(), facts.subkeys as u32),
                (Full::MaxNameLen.offset(), facts.longest_subkey as u32),
                (Full::Values.offset(), facts.values as u32),
                (Full::MaxValueNameLen.offset(), facts.longest_value as u32),
                (Full::MaxValueDataLen.offset(), facts.longest_data as u32),
            ]);
            answer(&fixed, &[], out, room, length)
        }
        NAME => {
            let path = units(path);
            answer(&(path.len() as u32).to_le_bytes(), &path, out, room, length)
        }
        _ => c::STATUS_INVALID_PARAMETER,
    }
}

fn open_to(out: u64, path: &str) -> u32 {
    match open(path) {
        Ok(handle) => {
            write(out, handle);
            c::STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

imports! {
    /// Registry keys.
    TABLE from "ntoskrnl.exe";

    fn ZwOpenKey(out: u64, _access: u32, names: u64) -> u32 {
        open_to(out, &attributes("ZwOpenKey", names))
    }

    fn ZwOpenKeyEx(out: u64, _access: u32, names: u64, _options: u32) -> u32 {
        open_to(out, &attributes("ZwOpenKeyEx", names))
    }

    fn ZwCreateKey(out: u64, _access: u32, names: u64, _title: u32, _class: u64, _options: u32, disposition: u64) -> u32 {
        let path = attributes("ZwCreateKey", names);
        let known = with(&path, |_| ()).is_some();
        world().registry.borrow_mut().create(&path);
        write_out(disposition, if known { OPENED } else { CREATED });
        open_to(out, &path)
    }

    fn ZwDeleteKey(handle: u64) -> u32 {
        let path = path_of("ZwDeleteKey", handle);
        match with(&path, |key| key.subkeys().count()) {
            None => c::STATUS_OBJECT_NAME_NOT_FOUND,
            Some(0) => {
                world().registry.borrow_mut().delete(&path);
                c::STATUS_SUCCESS
            }
            Some(_) => STATUS_CANNOT_DELETE,
        }
    }

    fn ZwFlushKey(handle: u64) -> u32 {
        let _ = path_of("ZwFlushKey", handle);
        c::STATUS_SUCCESS
    }

    fn ZwQueryKey(handle: u64, class: u32, out: u64, room: u32, length: u64) -> u32 {
        let path = path_of("ZwQueryKey", handle);
        match with(&path, facts) {
            Some(facts) => describe(&facts, &path, class, out, room, length),
            None => c::STATUS_OBJECT_NAME_NOT_FOUND,
        }
    }

    fn ZwEnumerateKey(handle: u64, index: u32, class: u32, out: u64, room: u32, length: u64) -> u32 {
        let path = path_of("ZwEnumerateKey", handle);
        match with(&path, |key| key.subkeys().nth(index as usize).map(facts)) {
            Some(Some(facts)) => describe(&facts, &path, class, out, room, length),
            Some(None) => STATUS_NO_MORE_ENTRIES,
            None => c::STATUS_OBJECT_NAME_NOT_FOUND,
        }
    }

    fn ZwDeleteValueKey(handle: u64, name: u64) -> u32 {
        let path = path_of("ZwDeleteValueKey", handle);
        let name = unicode(Ptr::new(name));
        let gone = world().registry.borrow_mut().key_mut(&path).is_some_and(|key| key.delete_value(&name));
        if gone { c::STATUS_SUCCESS } else { c::STATUS_OBJECT_NAME_NOT_FOUND }
    }
}
