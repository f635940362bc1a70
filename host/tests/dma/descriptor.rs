//! Descriptors, and how the provider copies them.

use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{read, write},
    dma::copies::flags,
    world::world,
};
use std::cell::RefCell;

const PAGE: u64 = 4096;

thread_local! {
    /// A descriptor's bytes that were read too early.
    static AHEAD: RefCell<Option<(u64, Vec<u8>)>> = const { RefCell::new(None) };
}

/// As at the start of the machine.
pub fn forget() {
    AHEAD.take();
}

/// A descriptor as it was read.
pub struct Descriptor {
    pub size: u64,
    pub flags: u32,
    pub source: u64,
    pub destination: u64,
    pub next: u64,
    pub source_goes_on: u64,
    pub destination_goes_on: u64,
}

fn place(physical: u64) -> u64 {
    world().mem.virtual_of(physical).expect("RAM")
}

pub fn descriptor(address: u64) -> Descriptor {
    let word = |index: u64| read::<u64>(place(address) + 8 * index);
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

/// Where byte `index` of a range is.
fn byte(start: u64, goes_on: u64, breaks: bool, index: u64) -> u64 {
    let head = PAGE - start % PAGE;
    if breaks && index >= head { goes_on + index - head } else { start + index }
}

impl Descriptor {
    pub fn asks(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    pub fn bytes(&self) -> Vec<u8> {
        let breaks = self.asks(flags::SOURCE_PAGE_BREAK) && !is(Fault::IgnoresSourceBreak);
        let at = |index| byte(self.source, self.source_goes_on, breaks, index);
        (0..self.size).map(|index| read(place(at(index)))).collect()
    }

    pub fn copy(&self, number: u64, mut bytes: Vec<u8>) {
        if self.asks(flags::NULL) && !is(Fault::IgnoresNull) {
            return;
        }
        if is(Fault::WrongByte)
            && let Some(byte) = bytes.get_mut(1000)
        {
            *byte ^= 0x10;
        }
        if is(Fault::Skips) && number % 8 == 3 {
            return;
        }
        if is(Fault::WritesSource) && self.size > 0 {
            write(place(self.source), !bytes.first().copied().unwrap_or(0));
        }
        let breaks = self.asks(flags::DESTINATION_PAGE_BREAK) && !is(Fault::IgnoresDestinationBreak);
        let at = |index| place(byte(self.destination, self.destination_goes_on, breaks, index));
        for (index, byte) in (0..).zip(&bytes) {
            write(at(index), *byte);
        }
        if is(Fault::Overruns) && self.size > 0 {
            write(at(self.size), !read::<u8>(at(self.size)));
        }
        if is(Fault::Underruns) && self.size > 0 {
            let before = place(self.destination) - 1;
            write(before, !read::<u8>(before));
        }
    }
}

/// So many descriptors, without a word.
pub fn copy_all(mut address: u64, count: u64) {
    for _ in 0..count {
        let this = descriptor(address);
        this.copy(0, this.bytes());
        address = this.next;
    }
}

/// A descriptor's bytes; with the fault they were read while the one before was at work.
pub fn source(address: u64, this: &Descriptor, left: u64) -> Vec<u8> {
    let ahead = AHEAD.take().filter(|(of, _)| *of == address);
    if is(Fault::ReadsAhead) && left > 1 {
        AHEAD.set(Some((this.next, descriptor(this.next).bytes())));
    }
    ahead.map_or_else(|| this.bytes(), |(_, bytes)| bytes)
}
