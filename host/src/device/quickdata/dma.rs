//! What the function does in memory, and whether it may.

use super::{
    Allowed, Right,
    breach::{Breach, Checked, hold},
};
use crate::{device::Ram, verify::rules};

/// Bytes of a page, at which transfers break.
pub(super) const PAGE: u64 = 4096;
/// Bytes of a descriptor, and its alignment.
pub(super) const DESCRIPTOR: u64 = 64;

/// A descriptor as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub size: u32,
    pub control: u32,
    pub source: u64,
    pub destination: u64,
    pub next: u64,
    pub next_source: u64,
    pub next_destination: u64,
}

/// A way into memory.
#[derive(Clone, Copy)]
pub(super) struct Dma<'a> {
    pub ram: &'a Ram,
    pub allowed: &'a Allowed,
    /// Bus mastering is on.
    pub master: bool,
    /// Writes may overtake each other.
    pub relaxed: bool,
}

impl Dma<'_> {
    /// Whether there is memory at all.
    pub fn reaches(&self, address: u64, len: u64) -> bool {
        usize::try_from(len).is_ok_and(|len| self.ram.host_address(address, len).is_some())
    }

    fn check(&self, right: Right, address: u64, len: u64, what: &str) -> Checked {
        hold(&rules::QD_MASTER_DMA, self.master, || {
            format!("{what} at {address:#x} while bus mastering is off in the Command register")
        })?;
        let rule = match right {
            Right::Descriptor => &rules::QD_DMA_DESCRIPTOR,
            Right::Read => &rules::QD_DMA_SOURCE,
            Right::Write => &rules::QD_DMA_DESTINATION,
            Right::Word => &rules::QD_DMA_WORD,
        };
        hold(rule, self.allowed.covers(right, address, len), || {
            format!("{what}: {len} bytes at {address:#x}, which no client handed over for this")
        })
    }

    /// The descriptor at an address where there is memory.
    pub fn descriptor(&self, at: u64) -> Checked<Descriptor> {
        self.check(Right::Descriptor, at, DESCRIPTOR, "a descriptor is fetched")?;
        let mut bytes = [0; DESCRIPTOR as usize];
        self.ram.read(at, &mut bytes).map_err(|error| self.lost(&error))?;
        let (words, _) = bytes.as_chunks::<8>();
        let word = |i: usize| words.get(i).map_or(0, |word| u64::from_le_bytes(*word));
        Ok(Descriptor {
            size: word(0) as u32,
            control: (word(0) >> 32) as u32,
            source: word(1),
            destination: word(2),
            next: word(3),
            next_source: word(4),
            next_destination: word(5),
        })
    }

    /// Reads source data.
    pub fn fetch(&self, source: u64, len: u32) -> Checked<Vec<u8>> {
        self.check(Right::Read, source, len.into(), "source data is read")?;
        let mut bytes = vec![0; len as usize];
        self.ram.read(source, &mut bytes).map_err(|error| self.lost(&error))?;
        Ok(bytes)
    }

    /// Writes to a destination.
    pub fn store(&self, destination: u64, bytes: &[u8]) -> Checked {
        self.check(Right::Write, destination, bytes.len() as u64, "a destination is written")?;
        self.ram.write(destination, bytes).map_err(|error| self.lost(&error))
    }

    /// Writes a completion word.
    pub fn complete(&self, at: u64, word: u64) -> Checked {
        self.check(Right::Word, at, 8, "a completion word is written")?;
        self.ram.write_u64(at, word).map_err(|error| self.lost(&error))
    }

    /// Ranges are checked before: this is a mistake of the model's own.
    #[allow(clippy::unused_self, reason = "reads as part of the access")]
    fn lost(&self, error: &crate::device::Error) -> Breach {
        Breach::new(&rules::HOST, error.to_string())
    }
}
