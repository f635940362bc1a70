//! Non-paged pool owned by a value, and tables made of it.

use core::ffi::c_void;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;

use ferrite_ddk::ndis::{self, NDIS_HANDLE};

/// The pool tag of everything the driver allocates: `Ferr` in a debugger.
pub const TAG: u32 = u32::from_le_bytes(*b"Ferr");

/// What pool memory is aligned to on x64.
const POOL_ALIGNMENT: usize = 16;

/// A run of zeroed non-paged pool. Freed when dropped, at any IRQL up to `DISPATCH_LEVEL`.
pub struct Memory {
    base: NonNull<u8>,
    bytes: u32,
}

impl Memory {
    /// Allocates `bytes` bytes of zeros; `None` if there is no memory. `owner` is a driver or adapter handle.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    #[must_use]
    pub fn zeroed(owner: NDIS_HANDLE, bytes: usize) -> Option<Self> {
        let bytes = u32::try_from(bytes).ok().filter(|&bytes| bytes != 0)?;
        // SAFETY: `owner` is a handle that NDIS gave this driver and has not taken back; any length and tag
        // will do.
        let base =
            unsafe { ndis::NdisAllocateMemoryWithTagPriority(owner, bytes, TAG, ndis::NormalPoolPriority) };
        let base = NonNull::new(base.cast::<u8>())?;
        // SAFETY: the pool has just given us `bytes` bytes at `base`, which nobody else knows.
        unsafe { base.as_ptr().write_bytes(0, bytes as usize) };
        Some(Self { base, bytes })
    }

    /// Takes memory back that [`forget`](core::mem::forget) has kept from being freed; `None` for NULL.
    ///
    /// # Safety
    /// `base` is that of a value made by [`zeroed`](Self::zeroed) with this length and forgotten, and is used
    /// no more.
    #[must_use]
    pub unsafe fn from_raw(base: *mut c_void, bytes: usize) -> Option<Self> {
        Some(Self { base: NonNull::new(base.cast())?, bytes: u32::try_from(bytes).ok()? })
    }

    /// The first byte.
    #[must_use]
    pub const fn base(&self) -> NonNull<u8> {
        self.base
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated by `zeroed` with this length, owned by this value, freed once.
        unsafe { ndis::NdisFreeMemory(self.base.as_ptr().cast(), self.bytes, 0) };
    }
}

/// A table of fixed length in non-paged pool.
pub struct Table<T> {
    memory: Memory,
    length: usize,
    items: PhantomData<T>,
}

impl<T> Table<T> {
    /// A table of `length` items, item `i` being `make(i)`; `None` if there is no memory or `make` gives up,
    /// and then the items made so far are dropped.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    pub fn new(owner: NDIS_HANDLE, length: usize, mut make: impl FnMut(usize) -> Option<T>) -> Option<Self> {
        const { assert!(align_of::<T>() <= POOL_ALIGNMENT) };
        let memory = Memory::zeroed(owner, length.checked_mul(size_of::<T>())?)?;
        let mut table = Self { memory, length: 0, items: PhantomData };
        for index in 0..length {
            let item = make(index)?;
            // SAFETY: `index` is below `length`, so the place lies in the table's memory.
            let place = unsafe { table.first().add(index) };
            // SAFETY: the place is aligned (checked above), the table's own, and holds nothing yet.
            unsafe { place.write(item) };
            table.length = index.wrapping_add(1);
        }
        Some(table)
    }

    fn first(&self) -> NonNull<T> {
        self.memory.base().cast()
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the first `length` items have been written by `new` and are borrowed with the table.
        unsafe { slice::from_raw_parts(self.first().as_ptr(), self.length) }
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as for `deref`; the exclusive borrow of the table is one of its items.
        unsafe { slice::from_raw_parts_mut(self.first().as_ptr(), self.length) }
    }
}

impl<T> AsRef<[T]> for Table<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> AsMut<[T]> for Table<T> {
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        let items: *mut [T] = &raw mut **self;
        // SAFETY: the items are initialised and the table's own; the memory behind them is freed after this.
        unsafe { ptr::drop_in_place(items) };
    }
}

// SAFETY: the memory is the table's own and valid from any thread; what may be sent is up to the items.
unsafe impl<T: Send> Send for Table<T> {}

// SAFETY: a shared table gives out shared items only.
unsafe impl<T: Sync> Sync for Table<T> {}
