//! RtlWriteRegistryValue and its family.

use super::{relative, wide, with};
use crate::{
    abi::{bytes, constants as c},
    imports,
    pnp::registry::Value,
    world::world,
};

imports! {
    /// Registry by path.
    TABLE from "ntoskrnl.exe";

    fn RtlCheckRegistryKey(to: u32, path: u64) -> u32 {
        let Some(path) = relative("RtlCheckRegistryKey", to, path) else { return c::STATUS_INVALID_PARAMETER };
        with(&path, |_| ()).map_or(c::STATUS_OBJECT_NAME_NOT_FOUND, |()| c::STATUS_SUCCESS)
    }

    fn RtlCreateRegistryKey(to: u32, path: u64) -> u32 {
        let Some(path) = relative("RtlCreateRegistryKey", to, path) else { return c::STATUS_INVALID_PARAMETER };
        world().registry.borrow_mut().create(&path);
        c::STATUS_SUCCESS
    }

    fn RtlWriteRegistryValue(to: u32, path: u64, name: u64, kind: u32, data: u64, size: u32) -> u32 {
        let Some(path) = relative("RtlWriteRegistryValue", to, path) else { return c::STATUS_INVALID_PARAMETER };
        let value = Value::from_bytes(kind, &bytes(data, size as usize));
        world().registry.borrow_mut().set(&path, &wide(name), value);
        c::STATUS_SUCCESS
    }

    fn RtlDeleteRegistryValue(to: u32, path: u64, name: u64) -> u32 {
        let Some(path) = relative("RtlDeleteRegistryValue", to, path) else { return c::STATUS_INVALID_PARAMETER };
        let name = wide(name);
        let gone = world().registry.borrow_mut().key_mut(&path).is_some_and(|key| key.delete_value(&name));
        if gone { c::STATUS_SUCCESS } else { c::STATUS_OBJECT_NAME_NOT_FOUND }
    }
}
