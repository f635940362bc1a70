//! The image of wrong drivers (`mutants/`), on a world without a system: its service's key, its load, its `AddDevice`.

use crate::built::built;
use ferrite_host::{
    abi::{DRIVER_EXTENSION, DRIVER_OBJECT, Ptr},
    nt::io::driver::NewDriver,
    pnp::Value,
    world::{World, call, world},
};

/// The service's key.
const SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\mutants";

/// Writes the values that say which driver it is, and what it does wrong. One without a text is as good as none.
pub fn choose(world: &World, values: &[(&str, &str)]) {
    world.service_key.replace(SERVICE.into());
    for (name, text) in values {
        world.registry.borrow_mut().set(SERVICE, name, Value::sz(*text));
    }
}

/// Loads the image and calls its `DriverEntry`: the driver object, and the status.
pub fn enter() -> (u64, u32) {
    let world = world();
    if let Err(error) = world.load(&built("mutants/mutants.sys")) {
        world.fail(error.to_string());
    }
    let entry = world.image.borrow().as_ref().map_or(0, |image| image.mapped.entry());
    let new = NewDriver { service: "mutants", start: 0, size: 0, entry };
    let object = world.nt.create_driver(&new).expect("memory");
    let path = world.nt.registry_path(SERVICE).expect("memory");
    (object, call("DriverEntry", entry, &[object, path]) as u32)
}

/// Calls the driver's `AddDevice`.
pub fn add(object: u64, pdo: u64) {
    let extension = Ptr::<DRIVER_OBJECT>::new(object).get(DRIVER_OBJECT::DriverExtension);
    let routine = Ptr::<DRIVER_EXTENSION>::new(extension).get(DRIVER_EXTENSION::AddDevice);
    call("AddDevice", routine, &[object, pdo]);
}
