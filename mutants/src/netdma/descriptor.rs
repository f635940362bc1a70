//! Descriptors, and how the provider copies them.

use super::fault::{Fault, is};
use crate::abi::{copy, import, read, write};
use core::cell::Cell;

/// The most that a descriptor copies.
pub const LONGEST: u64 = 1 << 20;
const PAGE: u64 = 4096;

/// Flags of a descriptor.
pub mod flags {
    /// It interrupts.
    pub const INTERRUPT: u32 = 1;
    /// It writes the completion word.
    pub const STATUS: u32 = 8;
    /// It moves nothing.
    pub const NULL: u32 = 0x20;
    /// The source goes on at another page.
    pub const SOURCE_PAGE_BREAK: u32 = 0x40;
    /// The destination goes on at another page.
    pub const DESTINATION_PAGE_BREAK: u32 = 0x80;
}

struct Buffers {
    /// Room for the bytes of two descriptors.
    both: Cell<u64>,
    /// The descriptor whose bytes were read too early, into the second half.
    ahead: Cell<u64>,
}

// SAFETY: one thread works on descriptors; where another has worked before, it has ended.
unsafe impl Sync for Buffers {}

static BUFFERS: Buffers = Buffers { both: Cell::new(0), ahead: Cell::new(0) };

/// Room for twice [`LONGEST`].
pub fn prepare(buffer: u64) {
    assert!(buffer != 0, "memory");
    BUFFERS.both.set(buffer);
    BUFFERS.ahead.set(0);
}

/// What `prepare` was given.
pub fn buffer() -> u64 {
    BUFFERS.both.get()
}

/// A descriptor as it was read.
pub struct Descriptor {
    pub size: u64,
    pub flags: u32,
    pub next: u64,
    source: u64,
    destination: u64,
    source_goes_on: u64,
    destination_goes_on: u64,
}

/// Where memory is mapped: all of it is, as long as the tests' machine runs.
fn place(physical: u64) -> u64 {
    let place = import!(MmGetVirtualForPhysical, physical);
    assert!(place != 0, "no memory");
    place
}

pub fn descriptor(address: u64) -> Descriptor {
    let place = place(address);
    let word = |index: u64| read::<u64>(place + 8 * index);
    Descriptor {
        size: word(0) & 0xFFFF_FFFF,
        flags: (word(0) >> 32) as u32,
        source: word(1),
        destination: word(2),
        next: word(3),
        source_goes_on: word(4),
        destination_goes_on: word(5),
    }
}

/// A range that may go on at another page.
struct Range {
    start: u64,
    /// Where it goes on after its first page.
    goes_on: Option<u64>,
}

impl Range {
    /// Where its byte `index` is.
    fn byte(&self, index: u64) -> u64 {
        let head = PAGE - self.start % PAGE;
        match self.goes_on {
            Some(page) if index >= head => place(page + index - head),
            _ => place(self.start + index),
        }
    }

    /// Its first `len` bytes, page by page: each with its place, the bytes before it and its own.
    fn pieces(&self, len: u64, mut body: impl FnMut(u64, u64, u64)) {
        let mut done = 0;
        while done < len {
            let at = self.byte(done);
            // Pages of the machine's memory are pages where it is mapped as well.
            let piece = (PAGE - at % PAGE).min(len - done);
            body(at, done, piece);
            done += piece;
        }
    }
}

impl Descriptor {
    pub fn asks(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Its bytes are read.
    fn read_to(&self, buffer: u64) {
        let breaks = self.asks(flags::SOURCE_PAGE_BREAK) && !is(Fault::IgnoresSourceBreak);
        let range = Range { start: self.source, goes_on: breaks.then_some(self.source_goes_on) };
        range.pieces(self.size, |at, done, len| copy(at, buffer + done, len));
    }

    /// Its bytes are written, from where they were read to.
    fn write_from(&self, number: u64, buffer: u64) {
        if self.asks(flags::NULL) && !is(Fault::IgnoresNull) {
            return;
        }
        if is(Fault::WrongByte) && self.size > 1000 {
            write(buffer + 1000, read::<u8>(buffer + 1000) ^ 0x10);
        }
        if is(Fault::Skips) && number % 8 == 3 {
            return;
        }
        if is(Fault::WritesSource) && self.size > 0 {
            write(place(self.source), !read::<u8>(buffer));
        }
        let breaks = self.asks(flags::DESTINATION_PAGE_BREAK) && !is(Fault::IgnoresDestinationBreak);
        let range = Range { start: self.destination, goes_on: breaks.then_some(self.destination_goes_on) };
        range.pieces(self.size, |at, done, len| copy(buffer + done, at, len));
        if is(Fault::Overruns) && self.size > 0 {
            let behind = range.byte(self.size);
            write(behind, !read::<u8>(behind));
        }
        if is(Fault::Underruns) && self.size > 0 {
            let before = place(self.destination) - 1;
            write(before, !read::<u8>(before));
        }
    }

    /// It is copied; with the fault its bytes were read while the one before was at work.
    pub fn copy(&self, address: u64, left: u64) {
        let (now, ahead) = (buffer(), buffer() + LONGEST);
        if BUFFERS.ahead.replace(0) == address {
            copy(ahead, now, self.size);
        } else {
            self.read_to(now);
        }
        if is(Fault::ReadsAhead) && left > 1 {
            let next = descriptor(self.next);
            if next.size <= LONGEST {
                next.read_to(ahead);
                BUFFERS.ahead.set(self.next);
            }
        }
        self.write_from(left, now);
    }
}

/// So many descriptors, without a word.
pub fn copy_all(mut address: u64, count: u64) {
    for _ in 0..count {
        let this = descriptor(address);
        if this.size <= LONGEST {
            this.read_to(buffer());
            this.write_from(0, buffer());
        }
        address = this.next;
    }
}
