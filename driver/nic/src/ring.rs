//! Descriptor rings: the truth is shadow state that the device cannot write.
//!
//! The device's memory is read in one place per ring, one word once, and what it says is validated. Tokens
//! are the caller's (an NBL, a buffer): a ring takes one with a frame or a buffer, and gives each back exactly
//! once. A ring has no lock; the caller brings one per ring.

mod fragments;
mod rx;
mod tx;

pub use fragments::{Fragment, Fragments, fragments};
pub use rx::{Frame, Full, Polled, RxCounters, RxRing, RxSlot};
pub use tx::{PushError, TxHealth, TxRing, TxSlot};

use crate::desc;
use crate::raw::DescriptorMemory;

/// The fewest descriptors of a ring.
pub const MIN_DESCRIPTORS: u32 = 8;
/// The most descriptors of a ring.
pub const MAX_DESCRIPTORS: u32 = 4096;
/// RDLEN and TDLEN are multiples of 128 bytes.
pub const DESCRIPTOR_MULTIPLE: u32 = 8;

/// The bytes of descriptor memory for a ring of `descriptors`.
#[must_use]
pub const fn ring_bytes(descriptors: u32) -> usize {
    descriptors as usize * desc::BYTES
}

/// Where a ring lies and how long it is, for the device's base and length registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingBase {
    pub(crate) address: u64,
    pub(crate) bytes: u32,
}

impl RingBase {
    /// Where the device finds the ring.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.address
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        self.bytes
    }
}

/// Why a ring cannot be made of what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// The number of slots is not a multiple of [`DESCRIPTOR_MULTIPLE`] between [`MIN_DESCRIPTORS`] and
    /// [`MAX_DESCRIPTORS`].
    Descriptors,
    /// The descriptor memory is smaller than the slots need, or not 16-byte aligned for the device.
    Memory,
    /// A receive buffer is smaller than what the device writes into one (2048 bytes).
    Buffer,
}

/// The common part: memory, length, and index arithmetic.
#[derive(Debug)]
struct Space<M> {
    memory: M,
    length: u32,
}

impl<M: DescriptorMemory> Space<M> {
    fn new(memory: M, slots: usize) -> Result<Self, RingError> {
        let length = u32::try_from(slots).map_err(|_| RingError::Descriptors)?;
        if !(MIN_DESCRIPTORS..=MAX_DESCRIPTORS).contains(&length) || length % DESCRIPTOR_MULTIPLE != 0 {
            return Err(RingError::Descriptors);
        }
        if memory.words() < slots * desc::WORDS || !memory.device_address().is_multiple_of(16) {
            return Err(RingError::Memory);
        }
        let space = Self { memory, length };
        space.clear();
        Ok(space)
    }

    fn base(&self) -> RingBase {
        RingBase { address: self.memory.device_address(), bytes: self.length * 16 }
    }

    fn clear(&self) {
        for index in 0..self.length {
            self.write(index, [0, 0]);
        }
    }

    /// The index `count` (at most a ring's length) after `index`.
    #[inline]
    const fn after(&self, index: u32, count: u32) -> u32 {
        let sum = index.wrapping_add(count);
        if sum >= self.length { sum.wrapping_sub(self.length) } else { sum }
    }

    /// How many steps lead from `from` to `to`.
    #[inline]
    const fn distance(&self, from: u32, to: u32) -> u32 {
        if to >= from { to - from } else { to.wrapping_add(self.length).wrapping_sub(from) }
    }

    #[inline]
    fn write(&self, index: u32, words: [u64; 2]) {
        let [first, second] = words;
        let word = index as usize * desc::WORDS;
        self.memory.write(word, first);
        self.memory.write(word + 1, second);
    }

    /// The one read of a descriptor: the word that holds its status.
    #[inline]
    fn status(&self, index: u32) -> u64 {
        self.memory.read(index as usize * desc::WORDS + 1)
    }
}
