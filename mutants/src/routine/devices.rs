//! Device objects and interrupts.

use super::{ok, routines};
use crate::abi::{import, write};
use super::{at, driver_object, own, pdo, routine};

/// A device object of the driver's.
fn device() -> u64 {
    let out = own(8);
    ok!(IoCreateDevice, driver_object(), 0, 0, 0x22, 0, 0, out);
    at(out)
}

routines! {
    /// A device object that was deleted.
    attaching_a_deleted_device {
        let mine = device();
        import!(IoDeleteDevice, mine);
        import!(IoAttachDeviceToDeviceStack, mine, pdo())
    }
    /// A device object of the bus driver's.
    deleting_anothers_device { import!(IoDeleteDevice, pdo()) }
    /// A device object that is still attached.
    deleting_an_attached_device {
        let mine = device();
        import!(IoAttachDeviceToDeviceStack, mine, pdo());
        import!(IoDeleteDevice, mine)
    }
    /// A device object to which nothing is attached.
    detaching_what_is_not_attached { import!(IoDetachDevice, pdo()) }
    /// An interrupt that is not connected.
    disconnecting_no_interrupt {
        import!(IoDisconnectInterrupt, own(64))
    }
}

/// A device attached and detached, and an interrupt connected and disconnected.
pub fn sound() {
    let (mine, bottom) = (device(), pdo());
    import!(IoAttachDeviceToDeviceStack, mine, bottom);
    import!(IoDetachDevice, bottom);
    import!(IoDeleteDevice, mine);
    // IO_CONNECT_INTERRUPT_PARAMETERS for messages, with a fallback to the line.
    let (parameters, out) = (own(80), own(8));
    write(parameters, 3_u32);
    for (at, value) in [(16, out), (24, routine()), (56, routine())] {
        write(parameters + at, value);
    }
    ok!(IoConnectInterruptEx, parameters);
    import!(IoDisconnectInterrupt, at(out));
}
