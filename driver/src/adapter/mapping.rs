//! BAR 0 in the system's address space.

use core::ptr::{self, NonNull};

use ferrite_ddk::ndis::{self, NDIS_HANDLE};
use ferrite_ddk::{Result, Status};

/// A mapping of device registers; undone when dropped.
pub struct Mapping {
    adapter: NDIS_HANDLE,
    base: NonNull<u8>,
    bytes: u32,
}

impl Mapping {
    /// Maps `bytes` bytes at `address`.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx` (NDIS-INIT-19).
    ///
    /// # Errors
    /// NDIS's status.
    pub fn new(adapter: NDIS_HANDLE, address: ndis::PHYSICAL_ADDRESS, bytes: u32) -> Result<Self> {
        let mut base = ptr::null_mut();
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx, the range is one of its resources,
        // and `base` lives through the call.
        let status = unsafe { ndis::NdisMMapIoSpace(&raw mut base, adapter, address, bytes) };
        Status(status).result()?;
        let base = NonNull::new(base.cast()).ok_or(Status::RESOURCES)?;
        Ok(Self { adapter, base, bytes })
    }

    /// The first register.
    pub const fn base(&self) -> NonNull<u8> {
        self.base
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, unmapped once, in MiniportHaltEx or the failing
        // MiniportInitializeEx (NDIS-INIT-19), when nobody touches registers any more.
        unsafe { ndis::NdisMUnmapIoSpace(self.adapter, self.base.as_ptr().cast(), self.bytes) };
    }
}

// SAFETY: the mapping is valid from any thread.
unsafe impl Send for Mapping {}

// SAFETY: shared access gives out the address only.
unsafe impl Sync for Mapping {}
