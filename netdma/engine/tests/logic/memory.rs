//! Physical memory of a test: a few pages, and a log of what an engine does to it.

use ferrite_netdma_engine::{Descriptor, Error, Word, cpu::Memory};
use std::cell::RefCell;

/// Where it begins.
pub const BASE: u64 = 0x10_0000;
/// Its size.
pub const BYTES: usize = 1 << 20;
/// Descriptors are in its first part.
pub const DESCRIPTORS: u64 = BASE;
/// Data is behind them.
pub const DATA: u64 = BASE + 0x1_0000;

/// What an engine did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Read a descriptor.
    Fetch(u64),
    /// Read a descriptor's next.
    Next(u64),
    /// Moved bytes: source, destination, length.
    Copy(u64, u64, u64),
    /// Wrote the completion word.
    Complete(Word),
}

/// See the module.
pub struct Ram {
    pub bytes: RefCell<Vec<u8>>,
    pub log: RefCell<Vec<Act>>,
}

impl Ram {
    /// With data that differs from byte to byte.
    pub fn new() -> Self {
        let bytes = (0..BYTES as u32).map(|i| (i.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
        let ram = Self { bytes: RefCell::new(bytes), log: RefCell::default() };
        ram.bytes.borrow_mut()[..(DATA - BASE) as usize].fill(0);
        ram
    }

    pub fn put(&self, address: u64, descriptor: &Descriptor) {
        let at = (address - BASE) as usize;
        let words = descriptor.words([0x1111, 0x2222]);
        let mut bytes = self.bytes.borrow_mut();
        for (i, word) in words.iter().enumerate() {
            bytes[at + 8 * i..at + 8 * i + 8].copy_from_slice(&word.to_le_bytes());
        }
    }

    pub fn get(&self, address: u64) -> Descriptor {
        Descriptor::parse(self.words(address).expect("a descriptor's address"))
    }

    /// Links a descriptor to another.
    pub fn link(&self, address: u64, next: u64) {
        self.put(address, &Descriptor { next, ..self.get(address) });
    }

    pub fn take_log(&self) -> Vec<Act> {
        self.log.take()
    }

    fn words(&self, address: u64) -> Option<[u64; 8]> {
        let at = usize::try_from(address.checked_sub(BASE)?).ok()?;
        let bytes = self.bytes.borrow();
        let all = bytes.get(at..at + 64)?;
        let word = |i: usize| u64::from_le_bytes(all[8 * i..8 * i + 8].try_into().expect("eight bytes"));
        Some(std::array::from_fn(word))
    }

    fn range(address: u64, length: u64) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(address.checked_sub(BASE)?).ok()?;
        let end = start.checked_add(length as usize)?;
        (end <= BYTES).then_some(start..end)
    }
}

impl Memory for &Ram {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        self.log.borrow_mut().push(Act::Fetch(address));
        self.words(address)
    }

    fn next(&self, address: u64) -> Option<u64> {
        self.log.borrow_mut().push(Act::Next(address));
        Some(self.words(address)?[3])
    }

    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        let from = Ram::range(source, length).ok_or(Error::SOURCE)?;
        let to = Ram::range(destination, length).ok_or(Error::DESTINATION)?;
        self.log.borrow_mut().push(Act::Copy(source, destination, length));
        self.bytes.borrow_mut().copy_within(from, to.start);
        Ok(())
    }

    fn complete(&self, word: Word) {
        self.log.borrow_mut().push(Act::Complete(word));
    }
}
