//! What a driver's image and its code may use of memory: pageable and discarded sections, and the kernel's stack.

rules! { from super::wdm::END;
    /// A pageable section with code run or read at `DISPATCH_LEVEL` or above.
    PAGEABLE_CODE = "KERNEL-PAGED-01", "DRIVER_PORTION_MUST_BE_NONPAGED: code", "0xD3", Must;
    /// A pageable section of data touched at `DISPATCH_LEVEL` or above.
    PAGEABLE_DATA = "KERNEL-PAGED-02", "DRIVER_PORTION_MUST_BE_NONPAGED: data", "0xD3", Must;
    /// A section touched that was discarded after initialisation.
    DISCARDED = "KERNEL-PAGED-03", "PAGE_FAULT_IN_NONPAGED_AREA: discarded section", "0x50", Must;
    /// A section locked by an address in no section of the driver's.
    SECTION_LOCK = "KERNEL-PAGED-04", "MmLockPagableDataSection", "", Must;
    /// A section unlocked that is not locked.
    SECTION_UNLOCK = "KERNEL-PAGED-05", "MmUnlockPagableImageSection", "", Must;
    /// A section that is still locked when the driver is unloaded.
    SECTION_LOCKED = "KERNEL-PAGED-06", "section locked at unload", "", Should;
    /// More of the kernel's stack used by the driver than a thread or a DPC can count on.
    STACK = "KERNEL-STACK-01", "UNEXPECTED_KERNEL_MODE_TRAP: kernel stack overflow", "0x7F/0x08", Must;
}
