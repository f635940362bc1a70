//! Imports that the checks refuse, and one that they accept only if it is listed.

#[link(name = "ntoskrnl", kind = "static", modifiers = "-bundle")]
unsafe extern "system" {
    fn DbgBreakPoint();
    fn IoConnectInterruptEx();
    fn IoReportInterruptActive();
    fn KeQueryPerformanceCounter();
}

#[link(name = "ndis", kind = "static", modifiers = "-bundle")]
unsafe extern "system" {
    fn NdisMResetMiniport();
    fn NetDmaRegisterProvider();
}

#[link(name = "tdi", kind = "static", modifiers = "-bundle")]
unsafe extern "system" {
    fn TdiRegisterDeviceObject();
}

/// Calls all of them.
pub fn all() {
    let functions = [
        DbgBreakPoint,
        IoConnectInterruptEx,
        IoReportInterruptActive,
        KeQueryPerformanceCounter,
        NdisMResetMiniport,
        NetDmaRegisterProvider,
        TdiRegisterDeviceObject,
    ];
    for function in functions {
        // SAFETY: nobody runs this image; the call is there to be linked.
        unsafe { function() };
    }
}
