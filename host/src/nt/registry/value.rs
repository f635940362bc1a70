//! Values: ZwQueryValueKey and its family.

use super::{
    key::{answer, record, units},
    path_of, with,
};
use crate::{
    abi::{
        KEY_VALUE_FULL_INFORMATION as Full, KEY_VALUE_PARTIAL_INFORMATION as Partial, Ptr, bytes,
        constants as c, unicode,
    },
    imports,
    nt::{layout::KEY_VALUE_BASIC_INFORMATION as Basic, status::STATUS_NO_MORE_ENTRIES},
    pnp::registry::Value,
    world::world,
};

/// KEY_VALUE_INFORMATION_CLASS.
const BASIC: u32 = 0;
const FULL: u32 = 1;
const PARTIAL: u32 = 2;
/// Bytes of KEY_VALUE_FULL_INFORMATION before the name.
const FULL_FIXED: usize = 20;

fn describe(name: &str, value: &Value, class: u32, out: u64, room: u32, length: u64) -> u32 {
    let (name, data) = (units(name), value.to_bytes());
    match class {
        BASIC => {
            let fixed = record::<12>(&[
                (Basic::Type.offset(), value.kind()),
                (Basic::NameLength.offset(), name.len() as u32),
            ]);
            answer(&fixed, &name, out, room, length)
        }
        FULL => {
            // The data is aligned to 4 bytes behind the name.
            let at = (FULL_FIXED + name.len()).next_multiple_of(4);
            let fixed = record::<FULL_FIXED>(&[
                (Full::Type.offset(), value.kind()),
                (Full::DataOffset.offset(), at as u32),
                (Full::DataLength.offset(), data.len() as u32),
                (Full::NameLength.offset(), name.len() as u32),
            ]);
            let mut rest = name;
            rest.resize(at - FULL_FIXED, 0);
            rest.extend(data);
            answer(&fixed, &rest, out, room, length)
        }
        PARTIAL => {
            let fixed = record::<12>(&[
                (Partial::Type.offset(), value.kind()),
                (Partial::DataLength.offset(), data.len() as u32),
            ]);
            answer(&fixed, &data, out, room, length)
        }
        _ => c::STATUS_INVALID_PARAMETER,
    }
}

imports! {
    /// Registry values.
    TABLE from "ntoskrnl.exe";

    fn ZwQueryValueKey(handle: u64, name: u64, class: u32, out: u64, room: u32, length: u64) -> u32 {
        let path = path_of("ZwQueryValueKey", handle);
        let name = unicode(Ptr::new(name));
        match with(&path, |key| key.value(&name).cloned()) {
            Some(Some(value)) => describe(&name, &value, class, out, room, length),
            _ => c::STATUS_OBJECT_NAME_NOT_FOUND,
        }
    }

    fn ZwEnumerateValueKey(handle: u64, index: u32, class: u32, out: u64, room: u32, length: u64) -> u32 {
        let path = path_of("ZwEnumerateValueKey", handle);
        match with(&path, |key| key.values().nth(index as usize).map(|(name, value)| (name.to_owned(), value.clone()))) {
            Some(Some((name, value))) => describe(&name, &value, class, out, room, length),
            Some(None) => STATUS_NO_MORE_ENTRIES,
            None => c::STATUS_OBJECT_NAME_NOT_FOUND,
        }
    }

    fn ZwSetValueKey(handle: u64, name: u64, _title: u32, kind: u32, data: u64, size: u32) -> u32 {
        let path = path_of("ZwSetValueKey", handle);
        let (name, data) = (unicode(Ptr::new(name)), bytes(data, size as usize));
        let mut registry = world().registry.borrow_mut();
        let Some(key) = registry.key_mut(&path) else { return c::STATUS_OBJECT_NAME_NOT_FOUND };
        key.set(&name, Value::from_bytes(kind, &data));
        c::STATUS_SUCCESS
    }
}
