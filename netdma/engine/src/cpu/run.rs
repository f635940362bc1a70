//! The short way for most descriptors: plain copies, one behind the other.

use super::{BATCH, Channel, Last, Memory, PIECE};
use crate::{BYTES, Chains, Descriptor, Error, Limits, Status, Word, control};

/// What a step may still do.
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) descriptors: u32,
}

impl Room {
    pub(super) const STEP: Self = Self { bytes: PIECE, descriptors: BATCH };

    pub(super) fn take(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.descriptors = self.descriptors.saturating_sub(1);
    }
}

/// Whatever is not simply copied, written to the completion word and forgotten.
const OTHERS: u32 = control::OPERATION
    | control::NULL
    | control::SERIALIZE
    | control::INTERRUPT
    | control::SOURCE_PAGE_BREAK
    | control::DESTINATION_PAGE_BREAK;

/// Limits that take a comparison each, and are a piece narrower.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// What begins up to here is in reach with all that a piece can hold.
    highest: u64,
    largest: u64,
}

impl Bounds {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { highest: limits.highest.saturating_sub(PIECE), largest: limits.largest as u64 }
    }
}

/// A descriptor that copies without breaks, checked.
#[derive(Clone, Copy)]
struct Plain {
    address: u64,
    length: u64,
    control: u32,
    source: u64,
    destination: u64,
    next: u64,
}

impl Plain {
    /// Reads one of at most `room` bytes. `None` for all others: what they are, and what is wrong with them, is found
    /// out when it is their turn.
    #[inline]
    fn read<M: Memory>(memory: &M, highest: u64, room: u64, address: u64) -> Option<Self> {
        // 0 is out of reach as well.
        if !address.is_multiple_of(BYTES) || address.wrapping_sub(BYTES) >= highest {
            return None;
        }
        let Descriptor { size, control, source, destination, next, .. } =
            Descriptor::parse(memory.descriptor(address)?);
        let length = u64::from(size);
        let is_plain = control & OTHERS == 0
            && length.wrapping_sub(1) < room
            && source <= highest
            && destination <= highest;
        is_plain.then_some(Self { address, length, control, source, destination, next })
    }
}

impl<M: Memory> Channel<M> {
    /// Executes plain descriptors while one follows another; whether there was any.
    ///
    /// Each is read and checked before the bytes of the one before are moved, so that the copies need not wait for it.
    /// What has been read ahead is forgotten with the step at the latest.
    #[inline]
    pub(super) fn run(&mut self, room: &mut Room) -> bool {
        let highest = self.bounds.highest;
        let mark = self.watch.mark();
        let most = match self.chains {
            Chains::Counted => room.descriptors.min(self.left),
            Chains::Terminated => room.descriptors,
        };
        let mut bytes = room.bytes.min(self.bounds.largest);
        let before = bytes;
        let Some(mut now) = Plain::read(&self.memory, highest, bytes, self.next) else { return false };
        let (mut more, mut last) = (most, None);
        let result = loop {
            if now.address == mark {
                break Err(Error::COUNT);
            }
            bytes = bytes.wrapping_sub(now.length);
            more = more.wrapping_sub(1);
            let then =
                if more > 0 { Plain::read(&self.memory, highest, bytes, now.next) } else { None };
            let Some(then) = then else {
                break self.memory.copy(now.source, now.destination, now.length);
            };
            if let Err(error) = self.memory.copy(now.source, now.destination, now.length) {
                break Err(error);
            }
            if now.control & control::STATUS_UPDATE != 0 {
                self.memory.complete(Word::new(now.address, Status::Active));
            }
            last = Some(now);
            now = then;
        };
        let done = most.wrapping_sub(more);
        room.descriptors = room.descriptors.saturating_sub(done);
        room.bytes = room.bytes.saturating_sub(before.wrapping_sub(bytes));
        self.settle(last, now, done, result);
        true
    }

    #[inline]
    fn settle(&mut self, last: Option<Plain>, now: Plain, done: u32, result: Result<(), Error>) {
        if let Some(last) = last {
            self.last = Some(Last { address: last.address, control: last.control });
            self.left = self.left.saturating_sub(done.wrapping_sub(1));
            self.next = now.address;
        }
        self.watch.passed(now.address, done);
        if let Err(error) = result.and_then(|()| self.complete(now.address, now.control, now.next)) {
            self.fail(error);
        }
    }
}
