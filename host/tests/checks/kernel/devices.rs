//! Device objects and interrupts.

use super::{at, broken, driver_object, k, ok, own, pdo};

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
    disconnecting_no_interrupt: INTERRUPT_OBJECT in "IoDisconnectInterrupt" { k("IoDisconnectInterrupt", &[own(64)]) }
}

/// A device attached and detached.
pub fn sound() {
    let (mine, bottom) = (device(), pdo());
    k("IoAttachDeviceToDeviceStack", &[mine, bottom]);
    k("IoDetachDevice", &[bottom]);
    k("IoDeleteDevice", &[mine]);
}
