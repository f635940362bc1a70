//! Faults, exceptions, bug checks.

crate::routines::broken! {
    /// 0x7E.
    raising_an_exception: EXCEPTION in "ExRaiseStatus";
    /// 0xD1.
    giving_the_kernel_a_bad_pointer: FAULT in "KeSetEvent";
    /// 0xBE.
    giving_the_kernel_read_only_memory: READ_ONLY in "KeQuerySystemTimePrecise";
    /// 0xC4/0xF0.
    copying_what_overlaps: COPY_OVERLAP;
    /// A bug check that the driver asks for.
    calling_for_a_bug_check: BUG_CHECK in "KeBugCheckEx";
    /// A callback for NMIs that was deregistered.
    deregistering_an_nmi_callback_twice: NMI_CALLBACK in "KeDeregisterNmiCallback";
    /// A breakpoint.
    breaking_without_a_debugger: BREAKPOINT in "DbgBreakPoint";
}
