//! Device objects and interrupts.

crate::routines::broken! {
    /// A device object that was deleted.
    attaching_a_deleted_device: DEVICE_OBJECT in "IoAttachDeviceToDeviceStack";
    /// A device object of the bus driver's.
    deleting_anothers_device: DEVICE_FOREIGN in "IoDeleteDevice";
    /// A device object that is still attached.
    deleting_an_attached_device: DEVICE_ATTACHED in "IoDeleteDevice";
    /// A device object to which nothing is attached.
    detaching_what_is_not_attached: DEVICE_DETACHED in "IoDetachDevice";
    /// An interrupt that is not connected.
    disconnecting_no_interrupt: INTERRUPT_OBJECT in "IoDisconnectInterrupt";
}
