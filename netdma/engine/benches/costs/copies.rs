//! The CPU engine against plain copies of the same bytes: size by size, in turns of some microseconds each, so that
//! what else the machine does meets both alike.

use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Error, Limits, Word, control,
    cpu::{Channel, Memory, Step},
};
use std::{
    arch::asm,
    cell::Cell,
    hint::black_box,
    marker::PhantomData,
    ptr::{self, NonNull},
    time::Instant,
};

/// Descriptors of the ring, and of the longest turn.
const RING: u64 = 512;
/// Descriptors of an append.
const APPEND: u64 = 64;
/// Bytes of a turn, unless so many are too many descriptors.
const TURN: u64 = 2 << 20;
/// Turns of each kind.
const TURNS: u64 = 501;
/// Turns before that.
const WARM_UP: u64 = 50;
/// Sizes of descriptors.
const SIZES: [u64; 8] = [1 << 6, 1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20];

/// How bytes are copied, by the engine's memory as by the loop beside it.
trait Primitive {
    const NAME: &'static str;

    /// # Safety
    /// Both sides have so many bytes, which nothing else refers to, and do not overlap.
    unsafe fn copy(from: *const u8, to: *mut u8, length: usize);
}

/// The C library's.
struct Memcpy;

impl Primitive for Memcpy {
    const NAME: &'static str = "memcpy";

    unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
        // SAFETY: the caller's promise.
        unsafe { ptr::copy(from, to, length) };
    }
}

/// What the image is linked with: `rep movsq` between two `rep movsb` that align it.
struct Strings;

impl Primitive for Strings {
    const NAME: &'static str = "rep movs";

    #[inline]
    unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
        let head = (to.addr().wrapping_neg() & 7).min(length);
        let rest = length - head;
        // SAFETY: head, words and tail are as many bytes as the caller promises; the direction flag is clear, as the
        // calling convention has it.
        unsafe {
            asm!(
                "rep movsb",
                "mov rcx, {words}",
                "rep movsq",
                "mov ecx, {tail:e}",
                "rep movsb",
                words = in(reg) rest / 8,
                tail = in(reg) rest % 8,
                inout("rcx") head => _,
                inout("rsi") from => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags)
            );
        }
    }
}

/// The memory that a size is measured in.
#[derive(Clone, Copy)]
pub struct Place {
    pub name: &'static str,
    /// Bytes of either side, unless a single descriptor has more.
    area: u64,
}

/// Within the second level's cache for the short ones, and beyond all caches.
pub const PLACES: [Place; 2] =
    [Place { name: "cached", area: 128 << 10 }, Place { name: "uncached", area: 64 << 20 }];

/// A page, so that everything is aligned as in physical memory.
#[repr(align(4096))]
struct Page(#[expect(dead_code, reason = "it is there for its bytes")] [u64; 512]);

/// A size's results.
pub struct Row {
    pub bytes: u64,
    pub place: &'static str,
    pub primitive: &'static str,
    /// The engine's rate as a part of the plain copies', the median of all pairs of turns.
    pub ratio: f64,
    /// Nanoseconds a descriptor, medians.
    pub engine: f64,
    pub plain: f64,
}

/// Physical memory: sources, destinations behind them, and descriptors behind those. It is where it is, as memory is that
/// need not be mapped: the engine has checked what it asks for.
struct Ram<P> {
    base: NonNull<u8>,
    word: Cell<u64>,
    primitive: PhantomData<P>,
}

impl<P> Ram<P> {
    fn at(&self, address: u64) -> NonNull<u8> {
        // SAFETY: the engine's limits, and the places of the loop beside it, end with the memory.
        unsafe { self.base.add(address as usize) }
    }
}

impl<P: Primitive> Memory for &Ram<P> {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        // SAFETY: 64 bytes of the memory; the engine has checked their alignment.
        Some(unsafe { self.at(address).cast::<[u64; 8]>().read_volatile() })
    }
    fn next(&self, address: u64) -> Option<u64> {
        let [_, _, _, next, ..] = self.descriptor(address)?;
        Some(next)
    }
    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        // SAFETY: within the memory, whose sources and destinations are apart.
        unsafe { P::copy(self.at(source).as_ptr(), self.at(destination).as_ptr(), length as usize) };
        Ok(())
    }
    fn complete(&self, word: Word) {
        // SAFETY: the cell's own memory. Volatile, as NetDMA may read it at any time.
        unsafe { self.word.as_ptr().write_volatile(word.0) };
    }
}

/// Every size, in each place, with each way to copy.
pub fn measure() -> Vec<Row> {
    let area = PLACES.iter().map(|place| place.area).max().unwrap_or_default();
    let bytes = 2 * area + 64 * RING + (1 << 20);
    let mut pages: Vec<Page> = (0..bytes / 4096).map(|i| Page([i; 512])).collect();
    let base = NonNull::new(pages.as_mut_ptr().cast()).expect("an allocation");
    let end = bytes - 1;
    let mut rows = Vec::new();
    for place in PLACES {
        for size in SIZES {
            rows.push(row::<Memcpy>(base, end, place, area, size));
            rows.push(row::<Strings>(base, end, place, area, size));
        }
    }
    rows
}

fn row<P: Primitive>(base: NonNull<u8>, end: u64, place: Place, destinations: u64, bytes: u64) -> Row {
    let ram = Ram { base, word: Cell::new(0), primitive: PhantomData::<P> };
    let mut turns = Turns::new(&ram, end, place.area.max(bytes), destinations, bytes);
    let (mut engine, mut plain, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..WARM_UP + TURNS {
        // Who comes first changes, and neither copies what the other one has just copied.
        let (one, two) = if turn % 2 == 0 {
            let one = turns.engine();
            (one, turns.plain())
        } else {
            let two = turns.plain();
            (turns.engine(), two)
        };
        if turn >= WARM_UP {
            engine.push(one);
            plain.push(two);
            ratios.push(two / one);
        }
    }
    Row {
        bytes,
        place: place.name,
        primitive: P::NAME,
        ratio: median(ratios),
        engine: median(engine),
        plain: median(plain),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Both sides' turns of a size.
struct Turns<'a, P: Primitive> {
    ram: &'a Ram<P>,
    channel: Channel<&'a Ram<P>>,
    /// Bytes of either side, and where the second one begins.
    area: u64,
    destinations: u64,
    bytes: u64,
    /// Descriptors of a turn.
    count: u64,
    /// Transfers that have been made, and descriptors among them.
    made: u64,
    published: u64,
}

impl<'a, P: Primitive> Turns<'a, P> {
    fn new(ram: &'a Ram<P>, end: u64, area: u64, destinations: u64, bytes: u64) -> Self {
        let limits = Limits { highest: end, largest: 1 << 20 };
        let channel = Channel::new(ram, Chains::Counted, limits);
        let count = (TURN / bytes).clamp(1, RING - 1);
        let mut turns = Self { ram, channel, area, destinations, bytes, count, made: 0, published: 0 };
        turns.publish(1);
        turns.channel.start(turns.descriptor(0), 1).expect("a start");
        while turns.channel.step() == Step::More {}
        turns
    }

    fn descriptor(&self, number: u64) -> u64 {
        2 * self.destinations + number % RING * 64
    }

    /// Where the next transfer is: from there to as far into the other side.
    fn place(&mut self) -> u64 {
        let places = self.area / self.bytes;
        self.made += 1;
        self.made % places * self.bytes
    }

    /// As a client does: writes descriptors, in a ring.
    fn publish(&mut self, count: u64) {
        for _ in 0..count {
            let place = self.place();
            let descriptor = Descriptor {
                size: self.bytes as u32,
                control: control::STATUS_UPDATE,
                source: place,
                destination: self.destinations + place,
                next: self.descriptor(self.published + 1),
                ..Descriptor::default()
            };
            let at = self.ram.at(self.descriptor(self.published));
            // SAFETY: a descriptor's place in the memory, aligned; the channel is at rest.
            unsafe { at.cast::<[u64; 8]>().write(descriptor.words([0; 2])) };
            self.published += 1;
        }
    }

    /// Nanoseconds a descriptor, from each append to the end of its chain.
    fn engine(&mut self) -> f64 {
        self.publish(self.count);
        let began = Instant::now();
        let mut left = self.count;
        while left > 0 {
            let count = left.min(APPEND);
            self.channel.append(count as u32).expect("an append");
            while self.channel.step() == Step::More {}
            left -= count;
        }
        let took = began.elapsed();
        assert_eq!(self.ram.word.get(), self.descriptor(self.published - 1) | 1, "not done");
        took.as_nanos() as f64 / self.count as f64
    }

    /// Nanoseconds a copy.
    fn plain(&mut self) -> f64 {
        let places: Vec<u64> = (0..self.count).map(|_| self.place()).collect();
        let began = Instant::now();
        for place in places {
            let bytes = black_box(self.bytes);
            let (from, to) = (self.ram.at(place), self.ram.at(self.destinations + place));
            // SAFETY: within the memory, whose sources and destinations are apart.
            unsafe { P::copy(from.as_ptr(), to.as_ptr(), bytes as usize) };
        }
        began.elapsed().as_nanos() as f64 / self.count as f64
    }
}
