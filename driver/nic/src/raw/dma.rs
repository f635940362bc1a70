//! Memory that the device reads and writes at any time.

use core::ptr::NonNull;

/// A run of little-endian 64-bit words shared with the device.
///
/// Nothing read from it can be trusted, and two reads of a word may differ.
pub trait DescriptorMemory {
    /// The number of words.
    fn words(&self) -> usize;

    /// Where the device finds word 0.
    fn device_address(&self) -> u64;

    /// One volatile read; zero outside.
    fn read(&self, word: usize) -> u64;

    /// One volatile write; ignored outside.
    fn write(&self, word: usize, value: u64);
}

/// Shared memory (`NdisMAllocateSharedMemory`) as [`DescriptorMemory`].
#[derive(Debug)]
pub struct DmaSlice {
    base: NonNull<u64>,
    words: usize,
    device_address: u64,
}

impl DmaSlice {
    /// Takes `bytes` bytes at `base`, which the device sees at `device_address`; `None` unless both addresses
    /// are multiples of 16, as a ring must be.
    ///
    /// # Safety
    /// The memory is the caller's, non-paged, valid for reads and writes of `bytes` bytes from any thread for
    /// as long as this value lives, and accessed by nobody but this value and the device. Shared memory is, from
    /// its allocation in `MiniportInitializeEx` to its release in `MiniportHaltEx` (NDIS-DMA-11, NDIS-HALT-10).
    #[must_use]
    pub unsafe fn new(base: NonNull<u8>, device_address: u64, bytes: usize) -> Option<Self> {
        let aligned = base.as_ptr().addr().is_multiple_of(16) && device_address.is_multiple_of(16);
        aligned.then_some(Self { base: base.cast(), words: bytes / 8, device_address })
    }

    fn at(&self, word: usize) -> Option<NonNull<u64>> {
        if word >= self.words {
            return None;
        }
        // SAFETY: `word` is below the number of words of this value's own memory (contract of `new`).
        Some(unsafe { self.base.add(word) })
    }
}

impl DescriptorMemory for DmaSlice {
    fn words(&self) -> usize {
        self.words
    }

    fn device_address(&self) -> u64 {
        self.device_address
    }

    #[inline]
    fn read(&self, word: usize) -> u64 {
        match self.at(word) {
            // SAFETY: `at` has checked bounds and `new` alignment; the memory is this value's own, and the
            // device's concurrent writes are why the read is volatile.
            Some(address) => u64::from_le(unsafe { address.read_volatile() }),
            None => 0,
        }
    }

    #[inline]
    fn write(&self, word: usize, value: u64) {
        if let Some(address) = self.at(word) {
            // SAFETY: as for `read`; no Rust reference into this memory exists.
            unsafe { address.write_volatile(value.to_le()) };
        }
    }
}

// SAFETY: the memory is valid from any thread and this value's own (contract of `new`).
unsafe impl Send for DmaSlice {}
