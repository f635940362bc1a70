//! The CPU engine against `memcpy`, size by size, taking turns in one run.

use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Error, Limits, Word, control,
    cpu::{Channel, Memory, Step},
};
use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    time::{Duration, Instant},
};

/// Bytes of each of the two areas.
const AREA: usize = 8 << 20;
/// Descriptors of the ring.
const RING: u64 = 64;
/// Turns of each kind.
const TURNS: u32 = 41;
/// Bytes of a turn.
const TURN: usize = 16 << 20;

/// The median of a size.
pub struct Row {
    pub bytes: usize,
    /// The engine's rate as a part of memcpy's.
    pub ratio: f64,
    /// The engine's.
    pub rate: f64,
}

/// Physical memory: sources at 0, destinations behind them, descriptors behind those.
struct Ram {
    data: RefCell<Vec<u8>>,
    descriptors: RefCell<Vec<[u64; 8]>>,
    word: Cell<u64>,
}

const DESCRIPTORS: u64 = 2 * AREA as u64;

impl Memory for &Ram {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        self.descriptors.borrow().get(usize::try_from(address.checked_sub(DESCRIPTORS)? / 64).ok()?).copied()
    }
    fn next(&self, address: u64) -> Option<u64> {
        let [_, _, _, next, ..] = self.descriptor(address)?;
        Some(next)
    }
    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        let mut data = self.data.borrow_mut();
        let (sources, destinations) = data.split_at_mut(AREA);
        let (from, to) = (source as usize, destination as usize - AREA);
        let from = sources.get(from..from + length as usize).ok_or(Error::SOURCE)?;
        destinations.get_mut(to..to + length as usize).ok_or(Error::DESTINATION)?.copy_from_slice(from);
        Ok(())
    }
    fn complete(&self, word: Word) {
        self.word.set(word.0);
    }
}

/// Every size, in turns.
pub fn measure() -> Vec<Row> {
    let data = (0..2 * AREA).map(|i| (i % 251) as u8).collect();
    let ram = Ram { data: RefCell::new(data), descriptors: RefCell::default(), word: Cell::new(0) };
    (6..=20).step_by(2).map(|power| size(&ram, 1 << power)).collect()
}

fn size(ram: &Ram, bytes: usize) -> Row {
    let place = |i: u64| (i as usize * bytes.next_multiple_of(64)) % (AREA - bytes);
    *ram.descriptors.borrow_mut() = (0..RING)
        .map(|i| {
            let descriptor = Descriptor {
                size: bytes as u32,
                control: control::STATUS_UPDATE,
                source: place(i) as u64,
                destination: (AREA + place(i)) as u64,
                next: DESCRIPTORS + 64 * ((i + 1) % RING),
                ..Descriptor::default()
            };
            descriptor.words([0; 2])
        })
        .collect();
    let limits = Limits { highest: 1 << 32, largest: 1 << 20 };
    let mut channel = Channel::new(ram, Chains::Counted, limits);
    channel.start(DESCRIPTORS, 1).expect("a start");
    while channel.step() == Step::More {}
    let count = (TURN / bytes).max(1) as u64;
    let (mut engine, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let began = Instant::now();
        let mut left = count;
        while left > 0 {
            let batch = left.min(RING - 1);
            channel.append(batch as u32).expect("an append");
            while channel.step() == Step::More {}
            left -= batch;
        }
        engine.push(began.elapsed());
        black_box(ram.word.get());
        let began = Instant::now();
        let mut data = ram.data.borrow_mut();
        let (sources, destinations) = data.split_at_mut(AREA);
        for i in 0..count {
            let at = place(i % RING);
            let bytes = black_box(bytes);
            destinations[at..at + bytes].copy_from_slice(&sources[at..at + bytes]);
            black_box(&destinations[at]);
        }
        plain.push(began.elapsed());
    }
    assert_ne!(ram.word.get(), 0);
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let (engine, plain) = (median(&mut engine), median(&mut plain));
    Row { bytes, ratio: plain / engine, rate: (count as usize * bytes) as f64 / engine / 1e9 }
}
