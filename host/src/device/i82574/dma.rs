//! What the function does in memory, and whether it may.

use super::breach::{Breach, Checked, hold};
use crate::{
    device::Ram,
    mem::Kind,
    verify::rules,
    world::{World, world},
};
use std::cell::RefCell;

/// Bytes of a descriptor.
pub(super) const DESCRIPTOR: u64 = 16;

/// What the function does with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Reads a frame to send.
    Read,
    /// Writes a received frame.
    Write,
    /// Reads and writes descriptors.
    Descriptor,
}

/// An opinion on memory: physical address, bytes, right.
type Opinion = Box<dyn Fn(u64, u64, Right) -> bool>;

/// The memory that the function may touch: what is allocated, and is the driver's own unless it is only read. A test
/// may see it otherwise.
#[derive(Default)]
pub struct Memory {
    opinion: RefCell<Option<Opinion>>,
}

/// Whether all of it lies in one block of the machine's memory that is out.
fn is_allocated(world: &World, address: u64, len: u64, right: Right) -> bool {
    let Some(at) = world.mem.virtual_of(address) else { return false };
    world.mem.block_around(at).is_some_and(|block| {
        let inside = at - block.addr + len <= block.size as u64;
        inside && (right == Right::Read || block.kind != Kind::Host)
    })
}

impl Memory {
    /// Asks `opinion` from now on.
    pub fn judge(&self, opinion: impl Fn(u64, u64, Right) -> bool + 'static) {
        self.opinion.replace(Some(Box::new(opinion)));
    }

    fn allows(&self, address: u64, len: u64, right: Right) -> bool {
        match self.opinion.borrow().as_ref() {
            Some(opinion) => opinion(address, len, right),
            None => is_allocated(world(), address, len, right),
        }
    }
}

/// A way into memory.
#[derive(Clone, Copy)]
pub(super) struct Dma<'a> {
    pub ram: &'a Ram,
    pub memory: &'a Memory,
    /// Bus mastering is on.
    pub master: bool,
}

impl Dma<'_> {
    fn check(&self, right: Right, address: u64, len: u64, what: &str) -> Checked {
        hold(&rules::I82574_MASTER, self.master, || {
            format!("{what} at {address:#x} while bus mastering is off in the Command register")
        })?;
        let there = usize::try_from(len).is_ok_and(|len| self.ram.host_address(address, len).is_some());
        let rule = match right {
            Right::Read => &rules::I82574_DMA_FRAME,
            Right::Write => &rules::I82574_DMA_BUFFER,
            Right::Descriptor => &rules::I82574_DMA_DESCRIPTOR,
        };
        hold(rule, there && self.memory.allows(address, len, right), || {
            format!("{what}: {len} bytes at {address:#x}, which are not the driver's")
        })
    }

    /// The two words of a descriptor.
    pub fn descriptor(&self, at: u64) -> Checked<[u64; 2]> {
        self.check(Right::Descriptor, at, DESCRIPTOR, "a descriptor is fetched")?;
        let word = |at| self.ram.read_u64(at).map_err(|error| lost(&error));
        Ok([word(at)?, word(at + 8)?])
    }

    /// Writes the first word of a descriptor, then the second, which has its status.
    pub fn write_back(&self, at: u64, words: [Option<u64>; 2]) -> Checked {
        self.check(Right::Descriptor, at, DESCRIPTOR, "a descriptor is written back")?;
        for (word, at) in words.into_iter().zip([at, at + 8]) {
            if let Some(word) = word {
                self.ram.write_u64(at, word).map_err(|error| lost(&error))?;
            }
        }
        Ok(())
    }

    /// Appends bytes of a frame to send.
    pub fn fetch(&self, from: u64, len: u64, to: &mut Vec<u8>) -> Checked {
        if len == 0 {
            return Ok(());
        }
        self.check(Right::Read, from, len, "a frame to send is read")?;
        let begin = to.len();
        to.resize(begin + len as usize, 0);
        let Some(room) = to.get_mut(begin..) else { return Ok(()) };
        self.ram.read(from, room).map_err(|error| lost(&error))
    }

    /// Writes bytes of a received frame.
    pub fn store(&self, to: u64, bytes: &[u8]) -> Checked {
        self.check(Right::Write, to, bytes.len() as u64, "a received frame is written")?;
        self.ram.write(to, bytes).map_err(|error| lost(&error))
    }
}

/// Ranges are checked before: what is left is a ring that is not aligned, which its registers do not allow.
fn lost(error: &crate::device::Error) -> Breach {
    Breach::new(&rules::HOST, error.to_string())
}
