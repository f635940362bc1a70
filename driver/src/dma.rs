//! What the device reaches: the scatter/gather registration and shared memory, each undone when dropped.

use core::ptr::{self, NonNull};

use ferrite_ddk::dma::address_of;
use ferrite_ddk::nbl::Nb;
use ferrite_ddk::ndis::{
    self, MINIPORT_PROCESS_SG_LIST_HANDLER, NDIS_HANDLE, NDIS_SG_DMA_DESCRIPTION, PHYSICAL_ADDRESS,
    SCATTER_GATHER_LIST,
};
use ferrite_ddk::{Object, Result, Status};

/// The adapter's registration for scatter/gather DMA.
pub struct SgDma {
    handle: NDIS_HANDLE,
    list_bytes: u32,
}

impl SgDma {
    /// Registers for 64-bit DMA of up to `largest` bytes an operation. `process` gets every finished SG list.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx` after the registration attributes (NDIS-DMA-01,
    /// NDIS-INIT-08).
    ///
    /// # Errors
    /// NDIS's status.
    pub fn register(
        adapter: NDIS_HANDLE,
        largest: u32,
        process: MINIPORT_PROCESS_SG_LIST_HANDLER,
    ) -> Result<Self> {
        let mut description = NDIS_SG_DMA_DESCRIPTION {
            Flags: ndis::NDIS_SG_DMA_64_BIT_ADDRESS,
            MaximumPhysicalMapping: largest,
            ProcessSGListHandler: process,
            ..Object::new()
        };
        let mut handle: NDIS_HANDLE = ptr::null_mut();
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx, and both structures live through the
        // call.
        let status =
            unsafe { ndis::NdisMRegisterScatterGatherDma(adapter, &raw mut description, &raw mut handle) };
        Status(status).result()?;
        Ok(Self { handle, list_bytes: description.ScatterGatherListSize })
    }

    /// How large a buffer for one SG list has to be (NDIS-DMA-02).
    pub const fn list_bytes(&self) -> u32 {
        self.list_bytes
    }

    /// Has the NB's data mapped for the device to read. On success `MiniportProcessSGList` gets the list and
    /// `context`: before this call returns, on another CPU, or much later (NDIS-DMA-04). On failure it does
    /// not.
    ///
    /// IRQL: `DISPATCH_LEVEL` (NDIS-DMA-03). No lock may be held that the callback takes.
    ///
    /// # Errors
    /// NDIS's status: `NDIS_STATUS_RESOURCES` if it is short of memory or map registers (NDIS-DMA-10).
    ///
    /// # Safety
    /// The NB is the driver's until the list has been given to [`unmap`](Self::unmap); `buffer` is
    /// `list_bytes` bytes of non-paged memory, used for nothing else until then.
    pub unsafe fn map(&self, nb: Nb, context: *mut core::ffi::c_void, buffer: NonNull<u8>) -> Result<()> {
        // SAFETY: the handle is this registration's, the rest is the caller's promise.
        let status = unsafe {
            ndis::NdisMAllocateNetBufferSGList(
                self.handle,
                nb.as_ptr(),
                context,
                ndis::NDIS_SG_LIST_WRITE_TO_DEVICE,
                buffer.as_ptr().cast(),
                self.list_bytes,
            )
        };
        let status = Status(status);
        if status.is_pending() { Ok(()) } else { status.result() }
    }

    /// Gives a list back. That may set free map registers that another NB waits for, and so call
    /// `MiniportProcessSGList` for it.
    ///
    /// IRQL: `DISPATCH_LEVEL` (NDIS-DMA-03). No lock may be held that the callback takes.
    ///
    /// # Safety
    /// `list` came with this NB from `MiniportProcessSGList`, is given back for the first time, and the
    /// device has finished with the data (NDIS-DMA-09).
    pub unsafe fn unmap(&self, list: NonNull<SCATTER_GATHER_LIST>, nb: Nb) {
        // SAFETY: the handle is this registration's, the rest is the caller's promise.
        unsafe { ndis::NdisMFreeNetBufferSGList(self.handle, list.as_ptr(), nb.as_ptr()) };
    }
}

impl Drop for SgDma {
    fn drop(&mut self) {
        // SAFETY: registered by `register`, no list is out (NDIS-HALT-01, or initialization never finished),
        // and this is MiniportHaltEx or the failing MiniportInitializeEx (NDIS-HALT-10).
        unsafe { ndis::NdisMDeregisterScatterGatherDma(self.handle) };
    }
}

// SAFETY: a registration handle may be used from any thread.
unsafe impl Send for SgDma {}

// SAFETY: NDIS serialises what it must behind the handle; mapping and unmapping run on any CPU.
unsafe impl Sync for SgDma {}

/// Zeroed memory that the driver and the device share.
pub struct SharedMemory {
    adapter: NDIS_HANDLE,
    base: NonNull<u8>,
    address: PHYSICAL_ADDRESS,
    bytes: u32,
}

impl SharedMemory {
    /// Whether the processor may cache it: PCI Express DMA is coherent on every machine that runs Windows
    /// x64.
    const CACHED: u8 = 1;

    /// Allocates `bytes` bytes, zeroed; `None` if there is none.
    ///
    /// IRQL: `PASSIVE_LEVEL`, in `MiniportInitializeEx` after [`SgDma::register`] (NDIS-DMA-11).
    pub fn zeroed(adapter: NDIS_HANDLE, bytes: u32) -> Option<Self> {
        let mut base = ptr::null_mut();
        let mut address = PHYSICAL_ADDRESS::default();
        // SAFETY: `adapter` is the handle given to MiniportInitializeEx; both results live through the call.
        unsafe {
            ndis::NdisMAllocateSharedMemory(adapter, bytes, Self::CACHED, &raw mut base, &raw mut address);
        };
        let base = NonNull::new(base.cast::<u8>())?;
        // SAFETY: NDIS has just given us `bytes` bytes at `base`, which neither the device nor anybody else
        // knows.
        unsafe { base.as_ptr().write_bytes(0, bytes as usize) };
        Some(Self { adapter, base, address, bytes })
    }

    /// Where the processor finds the byte at `offset`; `None` behind the end.
    pub fn at(&self, offset: u32) -> Option<NonNull<u8>> {
        if offset >= self.bytes {
            return None;
        }
        // SAFETY: `offset` lies in this value's memory.
        Some(unsafe { self.base.add(offset as usize) })
    }

    /// Where the device finds the byte at `offset` (NDIS-DMA-12).
    pub fn device_address(&self, offset: u32) -> u64 {
        address_of(self.address).wrapping_add(u64::from(offset))
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: allocated by `zeroed` with exactly these values (NDIS-HALT-10); the device's DMA is off,
        // and this is MiniportHaltEx or the failing MiniportInitializeEx at PASSIVE_LEVEL (C-06).
        unsafe {
            ndis::NdisMFreeSharedMemory(
                self.adapter,
                self.bytes,
                Self::CACHED,
                self.base.as_ptr().cast(),
                self.address,
            );
        };
    }
}

// SAFETY: the memory is this value's own and valid from any thread.
unsafe impl Send for SharedMemory {}

// SAFETY: shared access gives out addresses only.
unsafe impl Sync for SharedMemory {}
