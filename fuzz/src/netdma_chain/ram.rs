//! Physical memory, with holes in it.

use std::ops::Range;
use std::sync::LazyLock;

/// Where the memory begins.
pub const BASE: u64 = 0x10_0000;
/// Where it ends.
pub const END: u64 = BASE + PAGES as u64 * 4096;
const PAGES: usize = 12;
/// Pages in which there is no memory.
const HOLES: [usize; 2] = [7, 8];
/// What is in their place, which nobody may touch.
const GUARD: u8 = 0xa5;

/// See the module.
#[derive(Debug)]
pub struct Ram(Vec<u8>);

impl Ram {
    /// Room for descriptors, zero, and data that differs from byte to byte.
    pub fn new() -> Self {
        // Made once: most inputs take less time than this.
        static FRESH: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let data = |at: usize| u8::try_from((at * 7 / 8) & 0xff).unwrap_or(0);
            let mut bytes: Vec<u8> = (0..PAGES * 4096).map(data).collect();
            bytes[..2 * 4096].fill(0);
            for hole in HOLES {
                bytes[hole * 4096..(hole + 1) * 4096].fill(GUARD);
            }
            bytes
        });
        Self(FRESH.clone())
    }

    /// Where these bytes are; `None` if there is no memory for one of them.
    pub fn range(at: u64, length: u64) -> Option<Range<usize>> {
        let start = usize::try_from(at.checked_sub(BASE)?).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        let pages = start / 4096..end.div_ceil(4096);
        (end <= PAGES * 4096 && !HOLES.iter().any(|hole| pages.contains(hole))).then_some(start..end)
    }

    /// A descriptor's words.
    pub fn words(&self, at: u64) -> Option<[u64; 8]> {
        let bytes = self.0.get(Self::range(at, 64)?)?;
        let (words, _) = bytes.as_chunks::<8>();
        Some(std::array::from_fn(|index| u64::from_le_bytes(words[index])))
    }

    /// Writes a word; nothing happens where no memory is.
    pub fn put(&mut self, at: u64, word: u64) {
        if let Some(place) = Self::range(at, 8) {
            self.0[place].copy_from_slice(&word.to_le_bytes());
        }
    }

    pub fn copy(&mut self, from: Range<usize>, to: usize) {
        self.0.copy_within(from, to);
    }

    pub fn check_holes(&self) {
        for hole in HOLES {
            let page = &self.0[hole * 4096..(hole + 1) * 4096];
            assert!(page == [GUARD; 4096], "memory that is not there was written");
        }
    }
}
