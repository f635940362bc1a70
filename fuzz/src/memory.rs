//! Descriptor memory that the device shares, and the two tail registers.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use ferrite_nic::{DescriptorMemory, Reg, Registers, regs};

/// Descriptor memory. It is longer than the ring, and the words behind the ring are guards: a write there, or outside
/// of what the next operation may touch, panics.
#[derive(Clone, Debug)]
pub struct Shared(Rc<Words>);

#[derive(Debug)]
struct Words {
    cells: Vec<Cell<u64>>,
    reads: Cell<u32>,
    writes: Cell<u32>,
    ring: usize,
}

impl Shared {
    pub const ADDRESS: u64 = 0x1_2345_6780;
    const GUARD: usize = 16;

    /// Memory for a ring of `descriptors`, filled with what a new ring must not rely on.
    pub fn for_ring(descriptors: u32) -> Self {
        let ring = descriptors as usize * 2;
        let cells = vec![Cell::new(u64::MAX); ring + Self::GUARD];
        Self(Rc::new(Words { cells, reads: Cell::new(0), writes: Cell::new(0), ring }))
    }

    /// What the device reads.
    pub fn descriptor(&self, index: u32) -> [u64; 2] {
        let word = index as usize * 2;
        [self.0.cells[word].get(), self.0.cells[word + 1].get()]
    }

    /// What the device writes, anywhere in the ring.
    pub fn corrupt(&self, word: usize, value: u64) {
        self.0.cells[word % self.0.ring].set(value);
    }

    /// The driver's reads and writes since the last call.
    pub fn take_accesses(&self) -> (u32, u32) {
        (self.0.reads.take(), self.0.writes.take())
    }
}

impl DescriptorMemory for Shared {
    fn words(&self) -> usize {
        self.0.cells.len()
    }

    fn device_address(&self) -> u64 {
        Self::ADDRESS
    }

    fn read(&self, word: usize) -> u64 {
        assert!(word < self.0.ring, "word {word} read, behind a ring of {}", self.0.ring);
        self.0.reads.set(self.0.reads.get() + 1);
        self.0.cells[word].get()
    }

    fn write(&self, word: usize, value: u64) {
        assert!(word < self.0.ring, "word {word} written, behind a ring of {}", self.0.ring);
        self.0.writes.set(self.0.writes.get() + 1);
        self.0.cells[word].set(value);
    }
}

/// The two tails; a data path that touches another register, or reads one, panics.
#[derive(Debug, Default)]
pub struct Tails {
    pub transmit: Cell<u32>,
    pub receive: Cell<u32>,
    pub writes: Cell<u32>,
}

impl Registers for Tails {
    fn read(&self, reg: Reg) -> u32 {
        panic!("a register read on the data path: {reg:?}");
    }

    fn write(&self, reg: Reg, value: u32) {
        self.writes.set(self.writes.get() + 1);
        match reg {
            regs::TDT0 => self.transmit.set(value),
            regs::RDT0 => self.receive.set(value),
            _ => panic!("a register write on the data path: {reg:?}"),
        }
    }
}

/// Indices of a ring, from `from` so many.
pub fn indices(from: u32, count: usize, length: u32) -> impl Iterator<Item = u32> {
    let all: Range<u64> = 0..count as u64;
    all.map(move |step| u32::try_from((u64::from(from) + step) % u64::from(length)).unwrap_or(0))
}
