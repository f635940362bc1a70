//! The short way for most descriptors: plain copies, one behind the other.

use super::{BATCH, Channel, Current, Last, Memory, PIECE};
use crate::{BYTES, Chains, Descriptor, Error, Limits, Status, Word, control};

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

/// Where a descriptor is, and whether it wants the word, in the bits that its alignment leaves: one value less to be kept
/// while bytes are moved.
#[derive(Clone, Copy)]
struct Tag(u64);

impl Tag {
    #[inline]
    const fn new(address: u64, control: u32) -> Self {
        Self(address | (control & control::STATUS_UPDATE) as u64)
    }

    #[inline]
    const fn address(self) -> u64 {
        self.0 & !(control::STATUS_UPDATE as u64)
    }

    /// All that is left of its flags.
    #[inline]
    const fn control(self) -> u32 {
        if self.0 & control::STATUS_UPDATE as u64 == 0 { 0 } else { control::STATUS_UPDATE }
    }
}

/// A descriptor that copies without breaks, checked.
#[derive(Clone, Copy)]
struct Plain {
    tag: Tag,
    length: u64,
    source: u64,
    destination: u64,
    next: u64,
}

impl Plain {
    /// A descriptor that fits into so many bytes and does not lead to itself; `None` for all others.
    #[inline]
    const fn of(address: u64, descriptor: &Descriptor, highest: u64, room: u64) -> Option<Self> {
        let Descriptor { size, control, source, destination, next, .. } = *descriptor;
        let length = size as u64;
        // No bytes are not less than any room.
        if control & OTHERS == 0
            && length.wrapping_sub(1) < room
            && source <= highest
            && destination <= highest
            && next != address
        {
            Some(Self { tag: Tag::new(address, control), length, source, destination, next })
        } else {
            None
        }
    }

    /// Reads the one that follows. `None` for all others: what they are, and what is wrong with them, is found out when it
    /// is their turn.
    #[inline]
    fn read<M: Memory>(memory: &M, address: u64, highest: u64, room: u64) -> Option<Self> {
        // In one comparison: what is not aligned is far out of reach when turned around, and so is what precedes 0.
        if address.rotate_right(BYTES.trailing_zeros()).wrapping_sub(1) >= highest / BYTES {
            return None;
        }
        Self::of(address, &Descriptor::parse(memory.descriptor(address)?), highest, room)
    }
}

/// Plain descriptors, one behind the other.
struct Run {
    /// The one that is executed, and the one before if there was any.
    now: Plain,
    last: Tag,
    /// Descriptors begun, and how many may be.
    begun: u32,
    most: u32,
    /// What the bytes of those may be in all, less those that have been begun.
    bytes: u64,
    highest: u64,
    mark: u64,
}

impl Run {
    /// Executes it, except that nothing has been said of the last one, whose copy's result this is.
    ///
    /// Each is read and checked before the bytes of the one before are moved, so that the copies need not wait for it.
    /// By itself, as string instructions let nothing run beside them: what the caller has at hand would only take the
    /// registers that are kept during a copy.
    #[inline(never)]
    fn execute<M: Memory>(&mut self, memory: &M) -> Result<(), Error> {
        let Self { mut now, mut last, mut begun, most, mut bytes, highest, mark } = *self;
        let copied = loop {
            bytes = bytes.wrapping_sub(now.length);
            begun = begun.wrapping_add(1);
            let then = if begun < most && now.next != mark {
                Plain::read(memory, now.next, highest, bytes)
            } else {
                None
            };
            let copied = memory.copy(now.source, now.destination, now.length);
            let Some(then) = then.filter(|_| copied.is_ok()) else { break copied };
            if control::updates_status(now.tag.control()) {
                memory.complete(Word::new(now.tag.address(), Status::Active));
            }
            last = now.tag;
            now = then;
        };
        *self = Self { now, last, begun, most, bytes, highest, mark };
        copied
    }
}

impl<M: Memory> Channel<M> {
    /// Executes the current descriptor and those behind it while they are plain; whether there was any.
    ///
    /// What has been read ahead is forgotten with the step at the latest: the client may rewrite it once the channel is
    /// suspended (NDMA-SUS-03).
    #[inline]
    pub(super) fn run(&mut self, room: &mut Room) -> bool {
        let Bounds { highest, largest } = self.bounds;
        let Some(current) = self.current.as_ref().filter(|current| current.done == 0) else { return false };
        let bytes = room.bytes.min(largest);
        let Some(now) = Plain::of(current.address, &current.descriptor, highest, bytes) else {
            return false;
        };
        self.current = None;
        // Nothing is read that has not been published; a chain that ends in NULL says so itself.
        let most = match self.chains {
            Chains::Counted => room.descriptors.min(self.left),
            Chains::Terminated => room.descriptors,
        };
        let mut run = Run { now, last: Tag(0), begun: 0, most, bytes, highest, mark: self.watch.mark() };
        let copied = run.execute(&self.memory);
        let Run { now: Plain { tag, length, next, .. }, last, begun, .. } = run;
        room.descriptors = room.descriptors.saturating_sub(begun);
        room.bytes = room.bytes.saturating_sub(bytes.wrapping_sub(run.bytes));
        if begun > 1 {
            self.last = Some(Last { address: last.address(), control: last.control() });
            self.left = self.left.saturating_sub(begun.wrapping_sub(1));
        }
        self.watch.passed(tag.address(), begun);
        if copied.is_err() {
            // It is the one in flight, which decides about the word (NDMA-CST-04).
            let descriptor = Descriptor { control: tag.control(), ..Descriptor::default() };
            self.current = Some(Current { address: tag.address(), descriptor, done: 0, total: length });
        }
        if let Err(error) = copied.and_then(|()| self.complete(tag.address(), tag.control(), next)) {
            self.fail(error);
        }
        true
    }
}
