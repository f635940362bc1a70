//! Plug and play and power of WDM nodes.

rules! { from super::kernel::END;
    /// `AddDevice` that succeeds and attaches nothing to the device's stack.
    ADD_ATTACHED = "WDM-ADD-01", "AddDevice", "0xC9", Must;
    /// `AddDevice` that leaves `DO_DEVICE_INITIALIZING` set in its device object.
    ADD_INITIALIZED = "WDM-ADD-02", "AddDevice: DO_DEVICE_INITIALIZING", "0xC9", Must;
    /// `AddDevice` that fails and leaves a device object or anything else behind.
    ADD_FAILED = "WDM-ADD-03", "AddDevice: left behind by a failure", "0xC9", Must;
    /// Requirements replaced in `IRP_MN_FILTER_RESOURCE_REQUIREMENTS`, of which the old ones are not freed.
    FILTER_FREED = "WDM-FILTER-01", "IRP_MN_FILTER_RESOURCE_REQUIREMENTS: old list not freed", "0xC4", Must;
    /// Requirements of the driver's that are no pool, or shorter than they state.
    FILTER_SIZE = "WDM-FILTER-02", "IRP_MN_FILTER_RESOURCE_REQUIREMENTS: ListSize", "0xC4", Must;
    /// The device used before the drivers below have started it.
    START_WAIT = "WDM-START-01", "StartDeviceWait", "0xC9", Must;
    /// `IRP_MN_FILTER_RESOURCE_REQUIREMENTS` completed without having been passed down.
    PASSED_FILTER = "WDM-PNP-01", "PnpIrpCompletion: IRP_MN_FILTER_RESOURCE_REQUIREMENTS", "0xC9", Must;
    /// `IRP_MN_START_DEVICE` completed without having been passed down.
    PASSED_START = "WDM-PNP-02", "PnpIrpCompletion: IRP_MN_START_DEVICE", "0xC9", Must;
    /// A query to stop or to remove that was agreed to and not passed down.
    PASSED_QUERY = "WDM-PNP-03", "PnpIrpCompletion: IRP_MN_QUERY_STOP_DEVICE, IRP_MN_QUERY_REMOVE_DEVICE", "0xC9", Must;
    /// The end of a stop or removal that was pending not passed down.
    PASSED_CANCEL = "WDM-PNP-04", "PnpIrpCompletion: IRP_MN_CANCEL_STOP_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE", "0xC9", Must;
    /// `IRP_MN_STOP_DEVICE` completed without having been passed down.
    PASSED_STOP = "WDM-PNP-05", "PnpIrpCompletion: IRP_MN_STOP_DEVICE", "0xC9", Must;
    /// `IRP_MN_SURPRISE_REMOVAL` completed without having been passed down.
    PASSED_SURPRISE = "WDM-PNP-06", "PnpSurpriseRemove", "0xC9", Must;
    /// `IRP_MN_REMOVE_DEVICE` completed without having been passed down.
    PASSED_REMOVE = "WDM-PNP-07", "PnpRemove", "0xC9", Must;
    /// A plug and play IRP that the driver does not handle and does not pass down.
    PASSED_UNKNOWN = "WDM-PNP-08", "PnpIrpCompletion", "0xC9", Must;
    /// A stop or removal whose end the driver fails.
    FAILED_CANCEL = "WDM-PNP-09", "IRP_MN_CANCEL_STOP_DEVICE, IRP_MN_CANCEL_REMOVE_DEVICE failed", "0xC9", Must;
    /// `IRP_MN_STOP_DEVICE` failed, which no driver may.
    FAILED_STOP = "WDM-PNP-10", "IRP_MN_STOP_DEVICE failed", "0xC9", Must;
    /// `IRP_MN_SURPRISE_REMOVAL` failed, which no driver may.
    FAILED_SURPRISE = "WDM-PNP-11", "IRP_MN_SURPRISE_REMOVAL failed", "0xC9", Must;
    /// `IRP_MN_REMOVE_DEVICE` failed, which no driver may.
    FAILED_REMOVE = "WDM-PNP-12", "IRP_MN_REMOVE_DEVICE failed", "0xC9", Must;
    /// `IRP_MN_QUERY_POWER` that was agreed to and not passed down.
    PASSED_QUERY_POWER = "WDM-POWER-01", "IRP_MN_QUERY_POWER not passed down", "0xC9", Must;
    /// `IRP_MN_SET_POWER` completed without having been passed down.
    PASSED_SET_POWER = "WDM-POWER-02", "IRP_MN_SET_POWER not passed down", "0xC9", Must;
    /// `IRP_MN_SET_POWER` to a lower state failed, which no driver may.
    FAILED_POWER_DOWN = "WDM-POWER-03", "PowerDownFail", "0xC9", Must;
    /// Registers accessed while the device is off.
    POWER = "WDM-POWER-04", "register access in a low-power state", "", Must;
    /// A power setting callback unregistered that is not registered.
    POWER_CALLBACK = "WDM-POWER-05", "PoUnregisterPowerSettingCallback", "0xC4", Must;
    /// A WMI IRP that the driver does not handle and does not pass down.
    PASSED_WMI = "WDM-WMI-01", "WmiForward", "0xC9", Must;
    /// Interrupts connected when the device is stopped.
    STOP_INTERRUPT = "WDM-STOP-01", "interrupt connected after IRP_MN_STOP_DEVICE", "0xC4", Must;
    /// Registers mapped when the device is stopped.
    STOP_REGISTERS = "WDM-STOP-02", "registers mapped after IRP_MN_STOP_DEVICE", "0xC4", Must;
    /// Interrupts connected when the driver has heard that the device is gone.
    SURPRISE_INTERRUPT = "WDM-STOP-03", "interrupt connected after IRP_MN_SURPRISE_REMOVAL", "0xC4", Must;
    /// Registers mapped when the driver has heard that the device is gone.
    SURPRISE_REGISTERS = "WDM-STOP-04", "registers mapped after IRP_MN_SURPRISE_REMOVAL", "0xC4", Must;
    /// Interrupts connected when the device is removed.
    REMOVE_INTERRUPT = "WDM-REMOVE-01", "interrupt connected after IRP_MN_REMOVE_DEVICE", "0xC4", Must;
    /// Registers mapped when the device is removed.
    REMOVE_REGISTERS = "WDM-REMOVE-02", "registers mapped after IRP_MN_REMOVE_DEVICE", "0xC4", Must;
    /// A device object that is still attached when the device is removed.
    REMOVE_ATTACHED = "WDM-REMOVE-03", "PnpRemove: IoDetachDevice", "0xC4", Must;
    /// A device object that is not deleted when the device is removed.
    REMOVE_DEVICE = "WDM-REMOVE-04", "PnpRemove: IoDeleteDevice", "0xC4", Must;
    /// References of the physical device object, such as those of bus interfaces, when the device is removed.
    REMOVE_REFERENCE = "WDM-REMOVE-05", "physical device object referenced after removal", "0xC4", Must;
    /// System threads of the device's that run when it is removed.
    REMOVE_THREAD = "WDM-REMOVE-06", "system thread left after removal", "0xC4", Must;
    /// DMA adapters that are not put back when the device is removed.
    REMOVE_ADAPTER = "WDM-REMOVE-07", "PutDmaAdapter missing", "0xE6", Must;
}
