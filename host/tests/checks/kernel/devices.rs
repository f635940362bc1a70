//! Device objects and interrupts.

use super::{at, broken, driver_object, k, ok, own, pdo, routine};
use ferrite_host::{
    abi::write,
    nt::{Platform, Vector},
    world::world,
};
use std::rc::Rc;

/// A machine with one interrupt line.
struct Line;

impl Platform for Line {
    fn vectors(&self, _: u64) -> Vec<Vector> {
        vec![Vector { vector: 0x51, irql: 6, affinity: 3, message: None }]
    }

    fn connect(&self, _: u32, _: Rc<dyn Fn() -> bool>) -> bool {
        true
    }

    fn disconnect(&self, _: u32) {}
}

/// A device object of the driver's.
fn device() -> u64 {
    let out = own(8);
    ok("IoCreateDevice", &[driver_object(), 0, 0, 0x22, 0, 0, out]);
    at(out)
}

broken! {
    /// A device object that was deleted.
    attaching_a_deleted_device: DEVICE_OBJECT in "IoAttachDeviceToDeviceStack" {
        let mine = device();
        k("IoDeleteDevice", &[mine]);
        k("IoAttachDeviceToDeviceStack", &[mine, pdo()])
    }
    /// A device object of the bus driver's.
    deleting_anothers_device: DEVICE_FOREIGN in "IoDeleteDevice" { k("IoDeleteDevice", &[pdo()]) }
    /// A device object that is still attached.
    deleting_an_attached_device: DEVICE_ATTACHED in "IoDeleteDevice" {
        let mine = device();
        k("IoAttachDeviceToDeviceStack", &[mine, pdo()]);
        k("IoDeleteDevice", &[mine])
    }
    /// A device object to which nothing is attached.
    detaching_what_is_not_attached: DEVICE_DETACHED in "IoDetachDevice" { k("IoDetachDevice", &[pdo()]) }
    /// An interrupt that is not connected.
    disconnecting_no_interrupt: INTERRUPT_OBJECT in "IoDisconnectInterrupt" {
        k("IoDisconnectInterrupt", &[own(64)])
    }
}

/// A device attached and detached, and an interrupt connected and disconnected.
pub fn sound() {
    let (mine, bottom) = (device(), pdo());
    k("IoAttachDeviceToDeviceStack", &[mine, bottom]);
    k("IoDetachDevice", &[bottom]);
    k("IoDeleteDevice", &[mine]);
    world().nt.set_platform(Rc::new(Line));
    // IO_CONNECT_INTERRUPT_PARAMETERS for messages, with a fallback to the line.
    let (parameters, out) = (own(80), own(8));
    write(parameters, 3_u32);
    for (at, value) in [(16, out), (24, routine()), (56, routine())] {
        write(parameters + at, value);
    }
    ok("IoConnectInterruptEx", &[parameters]);
    k("IoDisconnectInterrupt", &[at(out)]);
}
