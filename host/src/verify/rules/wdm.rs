//! Plug and play and power of WDM nodes.

rules! { from super::kernel::END;
    /// A plug and play, power or WMI IRP that was not passed down the stack.
    IRP_NOT_PASSED = "WDM-PNP", "PnpIrpCompletion", "0xC9", Must;
    /// The device used before the drivers below have started it.
    START_WAIT = "WDM-START", "StartDeviceWait", "0xC9", Must;
    /// `AddDevice` that attaches nothing, or leaves a device object that is not initialized, or one behind a failure.
    ADD_DEVICE = "WDM-ADD", "AddDevice", "0xC9", Must;
    /// Registers of a device that is off.
    POWER = "WDM-POWER", "register access in a low-power state", "", Must;
    /// Interrupts connected or registers mapped when the device has no resources any more.
    STOP_LEAK = "WDM-STOP", "resources kept by a device that is stopped or gone", "0xC4", Must;
    /// Anything of a device's left behind when it is removed.
    REMOVE_LEAK = "WDM-REMOVE", "PnpRemove", "0xC4", Must;
}
