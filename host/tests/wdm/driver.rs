//! The driver's own variables, in its devices' extensions, and what its service's key tells it.

use ferrite_host::{
    abi::{DEVICE_OBJECT, DRIVER_OBJECT, Ptr, read},
    pnp::Value,
    world::world,
};

#[allow(dead_code, reason = "the driver has more variables than tests ask for")]
#[path = "../../../mutants/src/wdm/extension.rs"]
mod extension;

pub use extension::*;

impl Slot {
    /// Its value in the extension of a device.
    pub fn get(self, device: u64) -> u64 {
        read(Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::DeviceExtension) + self.0)
    }
}

/// The device object that AddDevice made last; 0 if there is none.
pub fn device() -> u64 {
    Ptr::<DRIVER_OBJECT>::new(world().driver_object.get()).get(DRIVER_OBJECT::DeviceObject)
}

/// What the raw and the translated resources said of interrupts at the last start: flags, count or level, vector,
/// affinity.
pub fn given() -> Vec<[u64; 4]> {
    let first = Ptr::<DEVICE_OBJECT>::new(device()).get(DEVICE_OBJECT::DeviceExtension) + GIVEN_LIST.0;
    let count = GIVEN.get(device());
    assert!(count <= MOST_GIVEN, "{count} interrupts");
    (0..count).map(|number| read(first + number * GIVEN_SIZE)).collect()
}

/// What the driver meets from now on; empty for nothing special.
pub fn meets(turn: &str) {
    set("Turn", turn);
}

/// Sets a value of the service's key.
pub fn set(name: &str, text: &str) {
    let world = world();
    world.registry.borrow_mut().set(&world.service_key.borrow(), name, Value::sz(text));
}

/// Takes the value that the driver has set.
pub fn take(name: &str) -> Option<Value> {
    let world = world();
    let value = world.registry.borrow().value(&world.service_key.borrow(), name).cloned();
    if let Some(key) = world.registry.borrow_mut().key_mut(&world.service_key.borrow()) {
        key.delete_value(name);
    }
    value
}
