//! What plug and play knows of a device.

use crate::{
    abi::{constants as c, write, write_bytes, write_out},
    imports,
    nt::handles::Target,
    pnp::registry::Registry,
    world::world,
};

/// Copies a property to the driver with the lengths that the call promises.
fn answer(data: Option<Vec<u8>>, room: u32, out: u64, length: u64) -> u32 {
    let Some(data) = data else {
        write_out(length, 0_u32);
        return c::STATUS_OBJECT_NAME_NOT_FOUND;
    };
    write_out(length, data.len() as u32);
    if data.len() > room as usize {
        return c::STATUS_BUFFER_TOO_SMALL;
    }
    write_bytes(out, &data);
    c::STATUS_SUCCESS
}

/// A handle to a key below a device's hardware or driver key.
fn open_key(pdo: u64, kind: u32, out: u64) -> u32 {
    let world = world();
    let driver = kind & c::PLUGPLAY_REGKEY_DRIVER != 0;
    let Some(path) = world.nt.platform().device_key(pdo, driver) else {
        return c::STATUS_INVALID_DEVICE_REQUEST;
    };
    // The hardware key's own subkey for drivers.
    let path = if driver { path } else { format!(r"{path}\Device Parameters") };
    world.registry.borrow_mut().create(&path);
    write(out, world.nt.handles.open(Target::Key(Registry::kernel_path(&path))));
    c::STATUS_SUCCESS
}

imports! {
    /// Device properties.
    TABLE from "ntoskrnl.exe";

    fn IoGetDeviceProperty(pdo: u64, property: u32, room: u32, out: u64, length: u64) -> u32 {
        let data = world().nt.platform().property(pdo, property);
        answer(data, room, out, length)
    }

    fn IoGetDevicePropertyData(_pdo: u64, _key: u64, _locale: u32, _flags: u32, _room: u32, _out: u64, length: u64, kind: u64) -> u32 {
        write_out(length, 0_u32);
        write_out(kind, 0_u32);
        c::STATUS_OBJECT_NAME_NOT_FOUND
    }

    fn IoSetDevicePropertyData(_pdo: u64, _key: u64, _locale: u32, _flags: u32, _kind: u32, _size: u32, _data: u64) -> u32 {
        c::STATUS_NOT_SUPPORTED
    }

    fn IoOpenDeviceRegistryKey(pdo: u64, kind: u32, _access: u32, out: u64) -> u32 {
        open_key(pdo, kind, out)
    }

    fn IoOpenDriverRegistryKey(_driver: u64, _kind: u32, _access: u32, _flags: u32, out: u64) -> u32 {
        write(out, 0_u64);
        c::STATUS_NOT_SUPPORTED
    }

    fn IoInvalidateDeviceState(_pdo: u64) {}

    fn IoInvalidateDeviceRelations(_pdo: u64, _kind: u32) {}

    fn IoSynchronousInvalidateDeviceRelations(_pdo: u64, _kind: u32) -> u32 {
        c::STATUS_SUCCESS
    }

    fn IoRequestDeviceEject(_pdo: u64) {}

    fn IoReportTargetDeviceChange(_pdo: u64, _notification: u64) -> u32 {
        c::STATUS_SUCCESS
    }

    fn IoReportTargetDeviceChangeAsynchronous(_pdo: u64, _notification: u64, _callback: u64, _context: u64) -> u32 {
        c::STATUS_SUCCESS
    }

    fn IoReportInterruptActive(_parameters: u64) {}

    fn IoReportInterruptInactive(_parameters: u64) {}

    fn IoIsWdmVersionAvailable(major: u8, minor: u8) -> u8 {
        // WDM 6.0 since Vista, and no newer.
        u8::from((major, minor) <= (6, 0))
    }

    fn IoGetConfigurationInformation() -> u64 {
        world().nt.variable(world(), "IoConfigurationInformation")
    }
}
