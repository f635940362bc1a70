//! The receive ring against a queue of buffers and a device that fills them.

use std::collections::{HashSet, VecDeque};

use ferrite_nic::{Frame, Full, Polled, RingError, RxRing, RxSlot};
use proptest::prelude::*;

use crate::memory::{PlainMemory, Tails};

type Ring = RxRing<PlainMemory, Vec<RxSlot>>;

const BUFFER: u32 = 2048;
const DD: u32 = 1;
const EOP: u32 = 2;
const CRC_ERROR: u32 = 1 << 24;
const FRAME_ERRORS: u32 = 0x9700_0000;
const CHECKSUM_ERROR: u32 = 1 << 29;

fn address_of(token: usize) -> u64 {
    0x8000_0000 + token as u64 * u64::from(BUFFER)
}

fn ring_of(length: u32) -> (Ring, PlainMemory) {
    let memory = PlainMemory::for_ring(length);
    (Ring::new(memory.clone(), vec![RxSlot::default(); length as usize], BUFFER).unwrap(), memory)
}

/// The ring, the device behind it, and what both ought to be doing.
struct Bench {
    ring: Ring,
    memory: PlainMemory,
    tails: Tails,
    length: u32,
    /// The device's own head.
    head: u32,
    /// Buffers on the ring, oldest first, and how many of them the device has been shown.
    posted: VecDeque<usize>,
    shown: usize,
    /// What the device has written into the oldest of them.
    written: VecDeque<Written>,
    discarding: bool,
    dropped: u64,
    /// Buffers that are the caller's.
    spare: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Written {
    status_error: u32,
    length: u16,
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
            posted: VecDeque::new(),
            shown: 0,
            written: VecDeque::new(),
            discarding: false,
            dropped: 0,
            spare: (1..=length as usize + 3).collect(),
        }
    }

    fn post(&mut self) {
        let Some(token) = self.spare.pop() else { return };
        let posted = self.ring.post(token, address_of(token));
        if self.posted.len() < self.length as usize - 1 {
            assert_eq!(posted, Ok(()));
            self.posted.push_back(token);
        } else {
            assert_eq!(posted, Err(Full));
            self.spare.push(token);
        }
    }

    fn kick(&mut self) {
        let news = self.shown < self.posted.len();
        let writes = self.tails.writes.get();
        assert_eq!(self.ring.unshown() as usize, self.posted.len() - self.shown);
        assert_eq!(self.ring.kick(&self.tails), news);
        assert_eq!(self.tails.writes.get() - writes, u32::from(news));
        self.shown = self.posted.len();
    }

    /// Receives into the next buffer that the device knows of.
    fn receive(&mut self, written: Written) {
        if self.written.len() == self.shown {
            assert_eq!(self.head, self.tails.receive.get(), "the device has used all it was shown");
            return;
        }
        assert_ne!(self.head, self.tails.receive.get(), "the tail has met the head");
        let [address, second] = self.memory.descriptor(self.head);
        assert_eq!(address, address_of(self.posted[self.written.len()]));
        assert_eq!(second, 0, "DD is clear in a fresh descriptor");
        let word = self.head as usize * 2;
        self.memory.set(word, 0xdead_beef_dead_beef);
        let status_error = written.status_error | DD;
        self.memory.set(word + 1, u64::from(status_error) | u64::from(written.length) << 32);
        self.head = (self.head + 1) % self.length;
        self.written.push_back(written);
    }

    fn poll(&mut self) {
        let polled = self.ring.poll();
        let Some(written) = self.written.pop_front() else {
            assert_eq!(polled, Polled::Empty);
            return;
        };
        let token = self.posted.pop_front().unwrap();
        self.shown -= 1;
        let end = written.status_error & EOP != 0;
        let length = u32::from(written.length);
        let good = end
            && !self.discarding
            && written.status_error & FRAME_ERRORS == 0
            && (14..=BUFFER).contains(&length);
        if good {
            let status = (written.status_error | DD) & 0xf_ffff;
            assert_eq!(polled, Polled::Frame(Frame { token, length, status }));
            self.spare.push(token);
        } else {
            assert_eq!(polled, Polled::Dropped);
            // A continued frame counts once, however many buffers it took.
            if !self.discarding {
                self.dropped += 1;
            }
            self.discarding = !end;
            self.posted.push_back(token);
        }
    }

    fn check(&self) {
        assert_eq!(self.ring.held() as usize, self.posted.len());
        assert_eq!(self.ring.free() as usize, self.length as usize - 1 - self.posted.len());
        assert_eq!(self.ring.counters().total(), self.dropped);
        assert!(self.tails.receive.get() < self.length);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Post,
    Kick,
    Receive(Written),
    Poll,
    Garbage(usize, u64),
}

fn written() -> impl Strategy<Value = Written> {
    let status = prop_oneof![
        6 => Just(EOP),
        1 => Just(EOP | CHECKSUM_ERROR | 0x60),
        1 => Just(EOP | CRC_ERROR),
        1 => Just(0),
    ];
    let length = prop_oneof![6 => 14_u16..1519, 1 => 0_u16..14, 1 => 2000_u16..2100, 1 => any::<u16>()];
    (status, length).prop_map(|(status_error, length)| Written { status_error, length })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::Post),
        2 => Just(Op::Kick),
        4 => written().prop_map(Op::Receive),
        4 => Just(Op::Poll),
    ]
}

fn hostile_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => op(),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(word, value)| Op::Garbage(word, value)),
        1 => (any::<usize>(), any::<u16>()).prop_map(|(word, length)| {
            Op::Garbage(word, u64::from(DD | EOP) | u64::from(length) << 32)
        }),
    ]
}

fn ring_length() -> impl Strategy<Value = u32> {
    (1_u32..=4).prop_map(|eights| eights * 8)
}

proptest! {
    #[test]
    fn follows_the_queue(length in ring_length(), ops in prop::collection::vec(op(), 1..400)) {
        let mut bench = Bench::new(length);
        for op in ops {
            match op {
                Op::Post => bench.post(),
                Op::Kick => bench.kick(),
                Op::Receive(written) => bench.receive(written),
                Op::Poll => bench.poll(),
                Op::Garbage(..) => unreachable!(),
            }
            bench.check();
        }
        // What is left comes out in order, whether the device has written into it or not.
        while let Some(token) = bench.posted.pop_front() {
            prop_assert_eq!(bench.ring.take(), Some(token));
        }
        prop_assert_eq!(bench.ring.take(), None);
    }

    /// A device may write anything anywhere at any time: every buffer is either the ring's or the caller's, no
    /// frame is longer than its buffer, and a burst of polls ends.
    #[test]
    fn survives_a_hostile_device(length in ring_length(), ops in prop::collection::vec(hostile_op(), 1..400)) {
        let mut bench = Bench::new(length);
        let all: HashSet<_> = bench.spare.iter().copied().collect();
        let mut ours: HashSet<usize> = all.clone();
        let mut theirs: HashSet<usize> = HashSet::new();
        for op in ops {
            match op {
                Op::Post => {
                    if let Some(&token) = ours.iter().next() {
                        if bench.ring.post(token, address_of(token)).is_ok() {
                            ours.remove(&token);
                            prop_assert!(theirs.insert(token));
                        } else {
                            prop_assert_eq!(theirs.len(), length as usize - 1);
                        }
                    }
                }
                Op::Kick => {
                    bench.ring.kick(&bench.tails);
                }
                Op::Garbage(word, value) => bench.memory.set(word, value),
                Op::Receive(_) => {}
                Op::Poll => {
                    for round in 0.. {
                        prop_assert!(round <= length, "more descriptors than the ring has");
                        match bench.ring.poll() {
                            Polled::Frame(frame) => {
                                prop_assert!((14..=BUFFER).contains(&frame.length));
                                prop_assert!(theirs.remove(&frame.token));
                                prop_assert!(ours.insert(frame.token));
                            }
                            Polled::Dropped => {}
                            Polled::Empty => break,
                        }
                    }
                }
            }
            prop_assert_eq!(bench.ring.held() as usize, theirs.len());
            prop_assert!(bench.tails.receive.get() < length);
        }
        while let Some(token) = bench.ring.take() {
            prop_assert!(theirs.remove(&token));
        }
        prop_assert!(theirs.is_empty());
        prop_assert!(bench.ring.reset());
    }
}

#[test]
fn only_what_was_shown_can_be_finished() {
    let mut bench = Bench::new(8);
    bench.post();
    bench.memory.set(1, u64::from(DD | EOP) | 60 << 32);
    assert_eq!(bench.ring.poll(), Polled::Empty, "the device does not know of the descriptor");
    bench.kick();
    assert!(matches!(bench.ring.poll(), Polled::Frame(_)));
    bench.memory.set(3, u64::from(DD | EOP) | 60 << 32);
    assert_eq!(bench.ring.poll(), Polled::Empty, "the ring is empty");
}

#[test]
fn each_fault_has_its_counter() {
    let mut bench = Bench::new(16);
    for _ in 0..10 {
        bench.post();
    }
    bench.kick();
    let faults = [
        (EOP | CRC_ERROR, 64),
        (0, 2048),
        (EOP, 100), // the end of the continued frame
        (EOP, 2049),
        (EOP, 13),
        (EOP, 13),
        (EOP | 1 << 31, 64),
    ];
    for (status_error, length) in faults {
        bench.receive(Written { status_error, length });
        bench.poll();
    }
    let counters = bench.ring.counters();
    assert_eq!((counters.errors, counters.continued), (2, 1));
    assert_eq!((counters.too_long, counters.too_short), (1, 2));
    bench.receive(Written { status_error: EOP, length: 14 });
    bench.poll();
    bench.check();
}

#[test]
fn a_reset_begins_at_descriptor_zero() {
    let mut bench = Bench::new(8);
    for _ in 0..7 {
        bench.post();
    }
    bench.kick();
    bench.receive(Written { status_error: 0, length: 2048 });
    bench.poll(); // now discarding
    assert!(!bench.ring.reset(), "buffers are on the ring");
    while bench.ring.take().is_some() {}
    assert!(bench.ring.reset());
    bench.tails.receive.set(0);
    assert_eq!(bench.ring.post(9, address_of(9)), Ok(()));
    assert!(bench.ring.kick(&bench.tails));
    assert_eq!(bench.tails.receive.get(), 1);
    bench.memory.set(1, u64::from(DD | EOP) | 60 << 32);
    assert!(matches!(bench.ring.poll(), Polled::Frame(Frame { token: 9, length: 60, .. })));
}

#[test]
fn unsuitable_rings_are_refused() {
    let new = |slots: usize, buffer| {
        Ring::new(PlainMemory::for_ring(64), vec![RxSlot::default(); slots], buffer)
            .map(|ring| ring.base().bytes())
    };
    assert_eq!(new(64, 2048), Ok(1024));
    assert_eq!(new(64, 2047).err(), Some(RingError::Buffer));
    assert_eq!(new(60, 2048).err(), Some(RingError::Descriptors));
    assert_eq!(new(72, 2048).err(), Some(RingError::Memory));
}
