//! The one place of unsafe code: registers of a mapped BAR, and the completion word in memory that hardware writes.
#![allow(unsafe_code)]

use core::ptr::NonNull;

/// Registers by byte offset. Reads and writes happen in program order; writes are posted. Any IRQL.
///
/// What lies outside the mapping reads as all ones, as a device that has left the bus does, and is not written.
pub trait Registers {
    /// Reads a byte.
    fn read8(&self, offset: u32) -> u8;
    /// Reads a word.
    fn read16(&self, offset: u32) -> u16;
    /// Reads a dword.
    fn read32(&self, offset: u32) -> u32;
    /// Reads a qword in one access.
    fn read64(&self, offset: u32) -> u64;
    /// Writes a byte.
    fn write8(&self, offset: u32, value: u8);
    /// Writes a word.
    fn write16(&self, offset: u32, value: u16);
    /// Writes a dword.
    fn write32(&self, offset: u32, value: u32);
    /// Writes a qword in one access.
    fn write64(&self, offset: u32, value: u64);
}

/// BAR 0, mapped uncached.
#[derive(Clone, Copy, Debug)]
pub struct Mmio {
    base: NonNull<u8>,
    length: usize,
}

impl Mmio {
    /// Takes the mapping at `base`, or `None` if it is not qword aligned.
    ///
    /// # Safety
    /// `base` is a mapping of `length` bytes of BAR 0 (`MmMapIoSpace`), valid for volatile access from any thread for
    /// as long as this value or a copy of it is used.
    #[must_use]
    pub unsafe fn new(base: NonNull<u8>, length: usize) -> Option<Self> {
        base.as_ptr().addr().is_multiple_of(8).then_some(Self { base, length })
    }

    /// Bytes that are mapped.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    fn at<T>(&self, offset: u32) -> Option<NonNull<T>> {
        let (offset, size) = (offset as usize, size_of::<T>());
        if !offset.is_multiple_of(size) || offset.checked_add(size)? > self.length {
            return None;
        }
        // SAFETY: the mapping is valid for `length` bytes (contract of `new`), and the access ends inside it.
        Some(unsafe { self.base.add(offset) }.cast())
    }

    fn read<T>(&self, offset: u32) -> Option<T> {
        // SAFETY: `at` has checked bounds and alignment; the mapping is valid for volatile reads (contract of `new`).
        self.at::<T>(offset).map(|address| unsafe { address.read_volatile() })
    }

    fn write<T>(&self, offset: u32, value: T) {
        if let Some(address) = self.at::<T>(offset) {
            // SAFETY: as for `read`; device memory has no Rust object that the write could invalidate.
            unsafe { address.write_volatile(value) };
        }
    }
}

impl Registers for Mmio {
    fn read8(&self, offset: u32) -> u8 {
        self.read(offset).unwrap_or(u8::MAX)
    }

    fn read16(&self, offset: u32) -> u16 {
        self.read(offset).unwrap_or(u16::MAX)
    }

    fn read32(&self, offset: u32) -> u32 {
        self.read(offset).unwrap_or(u32::MAX)
    }

    fn read64(&self, offset: u32) -> u64 {
        self.read(offset).unwrap_or(u64::MAX)
    }

    fn write8(&self, offset: u32, value: u8) {
        self.write(offset, value);
    }

    fn write16(&self, offset: u32, value: u16) {
        self.write(offset, value);
    }

    fn write32(&self, offset: u32, value: u32) {
        self.write(offset, value);
    }

    fn write64(&self, offset: u32, value: u64) {
        self.write(offset, value);
    }
}

// SAFETY: the mapping is valid from any thread (contract of `new`), and an access is one bus transaction.
unsafe impl Send for Mmio {}

// SAFETY: as for `Send`: shared access is volatile access to device memory.
unsafe impl Sync for Mmio {}
