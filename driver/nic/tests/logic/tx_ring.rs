//! The transmit ring against a queue of frames and a device that sends what the descriptors say.

use std::collections::VecDeque;

use ferrite_nic::{Fragment, PushError, RingError, TxHealth, TxRing, TxSlot, fragments};
use proptest::prelude::*;

use crate::memory::{PlainMemory, Tails};

type Ring = TxRing<PlainMemory, Vec<TxSlot>>;

const PAD: u64 = 0xfeed_0000;
const EOP: u64 = 1 << 24;
const IFCS: u64 = 1 << 25;
const RS: u64 = 1 << 27;
const DD: u64 = 1 << 32;

/// The ring, the device behind it, and what both ought to be doing.
struct Bench {
    ring: Ring,
    memory: PlainMemory,
    tails: Tails,
    length: u32,
    /// The device's own head.
    head: u32,
    /// Frames on the ring, oldest first: token, expected pieces.
    expected: VecDeque<(usize, Vec<Fragment>)>,
    /// How many of them the device has been shown, and has sent.
    shown: usize,
    sent: usize,
    next_token: usize,
}

fn ring_of(length: u32) -> (Ring, PlainMemory) {
    let memory = PlainMemory::for_ring(length);
    (Ring::new(memory.clone(), vec![TxSlot::default(); length as usize], PAD).unwrap(), memory)
}

impl Bench {
    fn new(length: u32) -> Self {
        let (ring, memory) = ring_of(length);
        Self {
            ring,
            memory,
            tails: Tails::default(),
            length,
            head: 0,
            expected: VecDeque::new(),
            shown: 0,
            sent: 0,
            next_token: 0x7000,
        }
    }

    fn used(&self) -> u32 {
        self.expected.iter().map(|(_, pieces)| u32::try_from(pieces.len()).unwrap()).sum()
    }

    fn push(&mut self, lengths: &[u32]) {
        let frame: Vec<_> = lengths
            .iter()
            .zip(0_u64..)
            .map(|(&length, index)| Fragment {
                address: (self.next_token as u64) << 20 | index << 12,
                length,
            })
            .collect();
        let mut pieces: Vec<_> = frame.iter().copied().filter(|piece| piece.length != 0).collect();
        let total: u32 = lengths.iter().sum();
        if total < 60 {
            pieces.push(Fragment { address: PAD, length: 60 - total });
        }
        let needed = u32::try_from(pieces.len()).unwrap();
        let free = self.length - 1 - self.used();
        let verdict = if total > 1518 {
            Err(PushError::TooLong)
        } else if total < 14 {
            Err(PushError::TooShort)
        } else if needed > 32 || needed > self.length - 1 {
            Err(PushError::Fragmented)
        } else if needed > free {
            Err(PushError::Full)
        } else {
            Ok(())
        };
        assert_eq!(self.ring.push(self.next_token, frame.into_iter()), verdict);
        if verdict.is_ok() {
            self.expected.push_back((self.next_token, pieces));
            self.next_token += 1;
        }
    }

    fn kick(&mut self) {
        let writes = self.tails.writes.get();
        let news = self.shown < self.expected.len();
        assert_eq!(self.ring.kick(&self.tails), news);
        assert_eq!(self.tails.writes.get() - writes, u32::from(news), "one tail write for a batch");
        self.shown = self.expected.len();
    }

    /// Sends at most `frames` frames as the descriptors describe them.
    fn send(&mut self, frames: usize) {
        for _ in 0..frames {
            if self.sent == self.shown {
                break;
            }
            let mut pieces = Vec::new();
            loop {
                assert_ne!(self.head, self.tails.transmit.get(), "the tail lies inside a frame");
                let [address, command] = self.memory.descriptor(self.head);
                assert_eq!(command & (1 << 29), 0, "legacy");
                assert_eq!(command & DD, 0, "not done yet");
                pieces.push(Fragment { address, length: (command & 0xffff) as u32 });
                let last = command & EOP != 0;
                assert_eq!(command & RS != 0, last, "RS with EOP");
                if command & RS != 0 {
                    self.memory.update(self.head as usize * 2 + 1, |word| word | DD);
                }
                self.head = (self.head + 1) % self.length;
                if last {
                    assert_ne!(command & IFCS, 0, "check sequence");
                    break;
                }
            }
            assert_eq!(pieces, self.expected[self.sent].1);
            self.sent += 1;
        }
        if self.sent == self.shown {
            assert_eq!(self.head, self.tails.transmit.get(), "everything shown has been sent");
        }
    }

    fn reap(&mut self) {
        let token = self.ring.reap(0);
        if self.sent == 0 {
            assert_eq!(token, None);
        } else {
            assert_eq!(token, Some(self.expected[0].0));
            self.expected.pop_front();
            self.sent -= 1;
            self.shown -= 1;
        }
    }

    fn check(&self) {
        assert_eq!(self.ring.free(), self.length - 1 - self.used());
        assert_eq!(self.ring.is_empty(), self.expected.is_empty());
        assert!(self.tails.transmit.get() < self.length);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Push(Vec<u32>),
    Kick,
    Send(usize),
    Reap,
    Garbage(usize, u64),
}

fn frame() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![
        6 => prop::collection::vec(0_u32..500, 1..4),
        2 => prop::collection::vec(0_u32..40, 0..40),
        1 => prop::collection::vec(0_u32..2000, 1..3),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => frame().prop_map(Op::Push),
        2 => Just(Op::Kick),
        2 => (1_usize..5).prop_map(Op::Send),
        4 => Just(Op::Reap),
    ]
}

fn hostile_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => op(),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(word, value)| Op::Garbage(word, value)),
        1 => (any::<usize>(), Just(u64::MAX)).prop_map(|(word, value)| Op::Garbage(word, value)),
    ]
}

fn ring_length() -> impl Strategy<Value = u32> {
    (1_u32..=8).prop_map(|eights| eights * 8)
}

proptest! {
    #[test]
    fn follows_the_queue(length in ring_length(), ops in prop::collection::vec(op(), 1..300)) {
        let mut bench = Bench::new(length);
        for op in ops {
            match op {
                Op::Push(lengths) => bench.push(&lengths),
                Op::Kick => bench.kick(),
                Op::Send(frames) => bench.send(frames),
                Op::Reap => bench.reap(),
                Op::Garbage(..) => unreachable!(),
            }
            bench.check();
        }
        // Everything comes out again, in order.
        bench.kick();
        bench.send(usize::MAX);
        while !bench.expected.is_empty() {
            bench.reap();
        }
        bench.check();
        prop_assert_eq!(bench.ring.take(), None);
    }

    /// A device may write anything anywhere at any time: tokens still come back in order, once each, none before it
    /// was shown, and the account of free descriptors holds.
    #[test]
    fn survives_a_hostile_device(length in ring_length(), ops in prop::collection::vec(hostile_op(), 1..300)) {
        let mut bench = Bench::new(length);
        for op in ops {
            match op {
                Op::Push(lengths) => bench.push(&lengths),
                Op::Kick => bench.kick(),
                Op::Garbage(word, value) => bench.memory.set(word, value),
                Op::Send(_) => {}
                Op::Reap => {
                    if let Some(token) = bench.ring.reap(0) {
                        prop_assert!(bench.shown > 0);
                        prop_assert_eq!(token, bench.expected.pop_front().unwrap().0);
                        bench.shown -= 1;
                    }
                }
            }
            bench.check();
        }
        while let Some((token, _)) = bench.expected.pop_front() {
            prop_assert_eq!(bench.ring.take(), Some(token));
        }
        prop_assert_eq!(bench.ring.take(), None);
        prop_assert!(bench.ring.reset());
        prop_assert_eq!(bench.ring.free(), length - 1);
    }

    /// Cutting a frame out of an SG list, against the bytes themselves.
    #[test]
    fn fragments_cover_exactly_the_frame(
        lengths in prop::collection::vec(0_u32..300, 0..12),
        skip in 0_u32..700,
        length in 0_u32..1600,
    ) {
        let elements: Vec<_> =
            lengths.iter().zip(1_u64..).map(|(&length, index)| Fragment { address: index << 32, length }).collect();
        let bytes = |pieces: &[Fragment]| -> Vec<u64> {
            pieces.iter().flat_map(|piece| (0..u64::from(piece.length)).map(|at| piece.address + at)).collect()
        };
        let mut cut = fragments(elements.iter().copied(), skip, length);
        let pieces: Vec<_> = cut.by_ref().collect();
        let wanted: Vec<u64> =
            bytes(&elements).into_iter().skip(skip as usize).take(length as usize).collect();
        prop_assert!(pieces.iter().all(|piece| piece.length != 0));
        prop_assert_eq!(bytes(&pieces), &wanted[..]);
        prop_assert_eq!(cut.missing() as usize, length as usize - wanted.len());
    }
}

#[test]
fn a_reset_begins_at_descriptor_zero() {
    let mut bench = Bench::new(16);
    bench.push(&[100, 200]);
    bench.kick();
    assert!(!bench.ring.reset(), "frames are on the ring");
    assert_eq!(bench.ring.take(), Some(0x7000));
    assert!(bench.ring.reset());
    for index in 0..16 {
        assert_eq!(bench.memory.descriptor(index), [0, 0]);
    }
    bench.expected.clear();
    bench.shown = 0;
    bench.tails.transmit.set(0);
    bench.push(&[64]);
    bench.kick();
    assert_eq!(bench.tails.transmit.get(), 1);
    bench.send(1);
    bench.reap();
    bench.check();
}

#[test]
fn health_tells_a_lost_interrupt_from_a_stuck_ring() {
    let mut bench = Bench::new(16);
    assert_eq!(bench.ring.health(1_000, 100), TxHealth::Idle);
    bench.push(&[64]);
    bench.kick();
    assert_eq!(bench.ring.health(2_000, 100), TxHealth::Moving, "time counts from the first look");
    assert_eq!(bench.ring.health(2_099, 100), TxHealth::Moving);
    assert_eq!(bench.ring.health(2_100, 100), TxHealth::Stuck);
    bench.push(&[64]);
    bench.kick();
    bench.send(1);
    assert_eq!(bench.ring.health(2_200, 100), TxHealth::Unreaped);
    assert!(bench.ring.reap(2_250).is_some());
    assert_eq!(bench.ring.health(2_300, 100), TxHealth::Moving, "a frame left at 2250");
    assert_eq!(bench.ring.health(2_350, 100), TxHealth::Stuck);
    // A clock that goes backwards is no hang.
    assert_eq!(bench.ring.health(0, 100), TxHealth::Moving);
    assert!(bench.ring.take().is_some());
    assert_eq!(bench.ring.health(9_999, 100), TxHealth::Idle);
    bench.ring.push(1, [Fragment { address: 1, length: 64 }].into_iter()).unwrap();
    assert_eq!(bench.ring.health(10_000, 100), TxHealth::Moving, "the old time is forgotten");
}

#[test]
fn unsuitable_rings_are_refused() {
    let new = |slots: usize, descriptors: u32| {
        Ring::new(PlainMemory::for_ring(descriptors), vec![TxSlot::default(); slots], PAD)
            .map(|ring| ring.base().bytes())
    };
    assert_eq!(new(64, 64), Ok(1024));
    assert_eq!(new(64, 128), Ok(1024));
    assert_eq!(new(4096, 4096), Ok(65536));
    assert_eq!(new(0, 8).err(), Some(RingError::Descriptors));
    assert_eq!(new(12, 16).err(), Some(RingError::Descriptors));
    assert_eq!(new(4104, 4104).err(), Some(RingError::Descriptors));
    assert_eq!(new(64, 63).err(), Some(RingError::Memory));
}
