//! A client's memory: descriptors, sources, destinations, and guard bytes round every destination.

use crate::{
    abi::write_bytes,
    device::quickdata::{Quickdata, Right},
    mem::Kind,
    netdma::Channel,
    world::world,
};

/// Descriptors that the ring has.
pub const RING: u64 = 2048;
/// Bytes of a descriptor.
const DESCRIPTOR: u64 = 64;
/// Guard bytes at least between two destinations.
pub const GUARD: u64 = 64;

/// What memory is filled with, again and again: descriptors and sources, and destinations. Numbers that have no divisor
/// in common: no byte comes twice in one.
const FIRST: [u8; 251] = table(31);
const SECOND: [u8; 241] = table(37);

const fn table<const N: usize>(step: usize) -> [u8; N] {
    let mut bytes = [0; N];
    let mut place = 0;
    while place < N {
        bytes[place] = (place * step % N) as u8;
        place += 1;
    }
    bytes
}

/// So many bytes of a table from a place on.
fn from(table: &'static [u8], at: usize, len: usize) -> &'static [u8] {
    table.get(at..at + len).unwrap_or_default()
}

/// A descriptor, as a client fills it in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Descriptor {
    /// Bytes.
    pub size: u32,
    /// `ControlFlags`.
    pub flags: u32,
    /// Places in the memory: of the source and of the destination.
    pub from: u64,
    /// See `from`.
    pub to: u64,
    /// Places of the pages where source and destination go on; 0 for none.
    pub from_goes_on: u64,
    /// See `from_goes_on`.
    pub to_goes_on: u64,
}

/// See the module. Places are offsets from its beginning; freed with it.
pub struct Memory {
    /// Its address.
    pub base: u64,
    sources: u64,
    destinations: u64,
    bytes: u64,
    /// Chains end by their count, not in NULL.
    pub counted: bool,
}

impl Memory {
    /// With so many bytes of sources and of destinations, multiples of a page; `None` if the machine has not as many.
    #[must_use]
    pub fn new(sources: u64, destinations: u64, counted: bool) -> Option<Self> {
        let start = RING * DESCRIPTOR;
        let bytes = start + sources + destinations;
        let base = world().mem.allocate(Kind::Host, 0, bytes as usize, "NetDMA client")?;
        let memory = Self { base, sources: start, destinations: start + sources, bytes, counted };
        memory.fill();
        Some(memory)
    }

    /// As it was at first.
    pub fn fill(&self) {
        let (first, second) = self.all().split_at_mut(self.destinations as usize);
        first.chunks_mut(FIRST.len()).for_each(|bytes| bytes.copy_from_slice(from(&FIRST, 0, bytes.len())));
        let skip = self.destinations as usize % SECOND.len();
        let (head, second) = second.split_at_mut((SECOND.len() - skip).min(second.len()));
        head.copy_from_slice(from(&SECOND, skip, head.len()));
        second
            .chunks_mut(SECOND.len())
            .for_each(|bytes| bytes.copy_from_slice(from(&SECOND, 0, bytes.len())));
    }

    /// Where the sources are, and how many bytes of them.
    #[must_use]
    pub const fn sources(&self) -> (u64, u64) {
        (self.sources, self.destinations - self.sources)
    }

    /// Where the destinations begin and end.
    #[must_use]
    pub const fn destinations(&self) -> (u64, u64) {
        (self.destinations, self.bytes)
    }

    /// All bytes.
    #[allow(clippy::mut_from_ref, reason = "the driver writes them as well: they are nobody's")]
    #[must_use]
    pub fn all(&self) -> &mut [u8] {
        // SAFETY: the block is the client's, in the one thread of its world; a view of it ends with the statement that
        // takes it, so that the driver writes in between only.
        unsafe { std::slice::from_raw_parts_mut(self.base as *mut u8, self.bytes as usize) }
    }

    /// Whether the bytes from one place to another are as they were at first.
    #[must_use]
    pub fn untouched(&self, from: u64, to: u64) -> bool {
        let mut bytes: &[u8] = self.all().get(from as usize..to as usize).unwrap_or_default();
        let mut place = from;
        while !bytes.is_empty() {
            let pattern = self.pattern(place);
            let (now, later) = bytes.split_at(pattern.len().min(bytes.len()));
            if !pattern.starts_with(now) {
                return false;
            }
            (bytes, place) = (later, place + now.len() as u64);
        }
        true
    }

    /// What the bytes from a place on were at first, some of them at least.
    fn pattern(&self, place: u64) -> &'static [u8] {
        let (table, left): (&'static [u8], _) =
            if place < self.destinations { (&FIRST, self.destinations - place) } else { (&SECOND, u64::MAX) };
        let at = place as usize % table.len();
        from(table, at, (table.len() - at).min(left as usize))
    }

    /// What the byte at a place was at first: no sequence in the destinations is one in the sources.
    #[must_use]
    pub fn original(&self, place: u64) -> u8 {
        self.pattern(place).first().copied().unwrap_or_default()
    }

    /// The physical address of a place.
    ///
    /// # Panics
    /// The place is not in the memory: a mistake of the client's.
    #[must_use]
    pub fn physical(&self, place: u64) -> u64 {
        world().mem.physical(self.base + place).expect("a place in the memory")
    }

    /// The place of a descriptor.
    #[must_use]
    pub const fn descriptor(number: u64) -> u64 {
        number % RING * DESCRIPTOR
    }

    /// Its physical address.
    #[must_use]
    pub fn at(&self, number: u64) -> u64 {
        self.physical(Self::descriptor(number))
    }

    /// Writes a descriptor; the last one of a chain leads on where chains are counted, and to nothing where they are not.
    pub fn put(&self, number: u64, descriptor: &Descriptor, last: bool) {
        let next = if last && !self.counted { 0 } else { self.at(number + 1) };
        self.write(number, descriptor, next);
    }

    /// The same with a next of the caller's.
    pub fn write(&self, number: u64, descriptor: &Descriptor, next: u64) {
        let Descriptor { size, flags, from, to, from_goes_on, to_goes_on } = *descriptor;
        let page = |place| if place == 0 { 0 } else { self.physical(place) };
        let words = [
            u64::from(size) | u64::from(flags) << 32,
            self.physical(from),
            self.physical(to),
            next,
            page(from_goes_on),
            page(to_goes_on),
            number,
            !number,
        ];
        write_bytes(self.base + Self::descriptor(number), &words.map(u64::to_le_bytes).concat());
    }

    /// Has a descriptor lead to the one behind it.
    pub fn link(&self, number: u64) {
        let next = self.at(number + 1).to_le_bytes();
        write_bytes(self.base + Self::descriptor(number) + 24, &next);
    }

    /// Hands it over to the function that works for the channel: each part for what it is, and nothing else.
    pub fn hand_over(&self, model: &Quickdata, channel: &Channel) {
        let allow = model.allow();
        allow.add(Right::Descriptor, self.physical(0), self.sources);
        allow.add(Right::Read, self.physical(self.sources), self.destinations - self.sources);
        let (destinations, bytes) = (self.physical(self.destinations), self.bytes - self.destinations);
        allow.add(Right::Write, destinations, bytes);
        // What a transfer has written may be copied on.
        allow.add(Right::Read, destinations, bytes);
        allow.add(Right::Word, channel.word_physical(), 8);
    }

    /// Takes it back.
    pub fn take_back(&self, model: &Quickdata, channel: &Channel) {
        let allow = model.allow();
        allow.take(Right::Descriptor, self.physical(0));
        allow.take(Right::Read, self.physical(self.sources));
        allow.take(Right::Write, self.physical(self.destinations));
        allow.take(Right::Read, self.physical(self.destinations));
        allow.take(Right::Word, channel.word_physical());
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = world().mem.free(Kind::Host, self.base);
    }
}
