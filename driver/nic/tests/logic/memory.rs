//! Plain memory as descriptor memory, and registers that only remember the tails.

use std::cell::Cell;
use std::rc::Rc;

use ferrite_nic::{DescriptorMemory, Reg, Registers, regs};

/// Descriptor memory that a simulated device shares.
#[derive(Clone, Debug)]
pub struct PlainMemory {
    words: Rc<[Cell<u64>]>,
}

impl PlainMemory {
    pub const ADDRESS: u64 = 0x1_2345_6780;

    /// Memory for `descriptors`, filled with what a new ring must not rely on.
    pub fn for_ring(descriptors: u32) -> Self {
        Self { words: vec![Cell::new(u64::MAX); descriptors as usize * 2].into() }
    }

    pub fn descriptor(&self, index: u32) -> [u64; 2] {
        let word = index as usize * 2;
        [self.words[word].get(), self.words[word + 1].get()]
    }

    pub fn set(&self, word: usize, value: u64) {
        self.words[word % self.words.len()].set(value);
    }

    pub fn update(&self, word: usize, change: impl Fn(u64) -> u64) {
        let cell = &self.words[word];
        cell.set(change(cell.get()));
    }
}

impl DescriptorMemory for PlainMemory {
    fn words(&self) -> usize {
        self.words.len()
    }

    fn device_address(&self) -> u64 {
        Self::ADDRESS
    }

    fn read(&self, word: usize) -> u64 {
        self.words[word].get()
    }

    fn write(&self, word: usize, value: u64) {
        self.words[word].set(value);
    }
}

/// The two tail registers; a data path that touches another register, or reads one, fails the test.
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
