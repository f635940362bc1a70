//! The short way for most descriptors: plain copies, one behind the other.

use super::{BATCH, Channel, Current, Last, Memory, PIECE};
use crate::{BYTES, Chains, Descriptor, Limits, Status, Word, control};

/// What a step may still do.
pub(super) struct Room {
    pub(super) bytes: u64,
    pub(super) descriptors: u32,
}

impl Room {
    /// Of a whole step.
    pub(super) const STEP: Self = Self { bytes: PIECE, descriptors: BATCH };

    /// A descriptor has been worked at.
    pub(super) fn take(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.descriptors = self.descriptors.saturating_sub(1);
    }
}

/// What asks for more than bytes and the word. Before the one behind a serialized transfer is read, everything is
/// written.
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
    /// A descriptor that fits into so many bytes; `None` for all others.
    #[inline]
    const fn of(address: u64, descriptor: &Descriptor, highest: u64, room: u64) -> Option<Self> {
        let Descriptor { size, control, source, destination, next, .. } = *descriptor;
        let length = size as u64;
        // No bytes are not less than any room.
        if control & OTHERS == 0
            && length.wrapping_sub(1) < room
            && source <= highest
            && destination <= highest
        {
            Some(Self { address, length, control, source, destination, next })
        } else {
            None
        }
    }

    /// Reads the one that follows. `None` for all others: what they are, and what is wrong with them, is found out when it
    /// is their turn.
    #[inline]
    fn read<M: Memory>(memory: &M, address: u64, highest: u64, room: u64) -> Option<Self> {
        // 0 is out of reach as well.
        if !address.is_multiple_of(BYTES) || address.wrapping_sub(BYTES) >= highest {
            return None;
        }
        Self::of(address, &Descriptor::parse(memory.descriptor(address)?), highest, room)
    }
}

impl<M: Memory> Channel<M> {
    /// Executes the current descriptor and those behind it while they are plain; whether there was any.
    ///
    /// Each is read and checked before the bytes of the one before are moved, so that the copies need not wait for it.
    /// What has been read ahead is forgotten with the step at the latest: the client may rewrite it once the channel is
    /// suspended (NDMA-SUS-03).
    #[inline]
    pub(super) fn run(&mut self, room: &mut Room) -> bool {
        let highest = self.bounds.highest;
        let mark = self.watch.mark();
        // Nothing is read that has not been published; a chain that ends in NULL says so itself.
        let most = match self.chains {
            Chains::Counted => room.descriptors.min(self.left),
            Chains::Terminated => room.descriptors,
        };
        let most_bytes = room.bytes.min(self.bounds.largest);
        let (mut more, mut bytes) = (most, most_bytes);
        let Some(current) = self.current.as_ref().filter(|current| current.done == 0) else { return false };
        let Some(mut now) = Plain::of(current.address, &current.descriptor, highest, bytes) else {
            return false;
        };
        self.current = None;
        let mut last = None;
        let copied = loop {
            bytes = bytes.wrapping_sub(now.length);
            more = more.wrapping_sub(1);
            let returns = now.next == mark || now.next == now.address;
            let then = if more > 0 && bytes > 0 && !returns {
                Plain::read(&self.memory, now.next, highest, bytes)
            } else {
                None
            };
            let copied = self.memory.copy(now.source, now.destination, now.length);
            let Some(then) = then.filter(|_| copied.is_ok()) else { break copied };
            if control::updates_status(now.control) {
                self.memory.complete(Word::new(now.address, Status::Active));
            }
            last = Some(now);
            now = then;
        };
        let begun = most.wrapping_sub(more);
        room.descriptors = room.descriptors.saturating_sub(begun);
        room.bytes = room.bytes.saturating_sub(most_bytes.wrapping_sub(bytes));
        if let Some(last) = last {
            self.last = Some(Last { address: last.address, control: last.control });
            self.left = self.left.saturating_sub(begun.wrapping_sub(1));
        }
        self.watch.passed(now.address, begun);
        if copied.is_err() {
            // It is the one in flight, which decides about the word (NDMA-CST-04).
            let descriptor = Descriptor { control: now.control, ..Descriptor::default() };
            self.current = Some(Current { address: now.address, descriptor, done: 0, total: now.length });
        }
        if let Err(error) = copied.and_then(|()| self.complete(now.address, now.control, now.next)) {
            self.fail(error);
        }
        true
    }
}
