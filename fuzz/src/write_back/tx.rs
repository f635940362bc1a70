//! The transmit ring.

use std::collections::VecDeque;

use ferrite_nic::{Fragment, PushError, TxHealth, TxRing, TxSlot};

use crate::input::Input;
use crate::memory::{Shared, Tails, indices};

const PAD: u64 = 0xfeed_0000;
const EOP: u64 = 1 << 24;
const IFCS: u64 = 1 << 25;
const RS: u64 = 1 << 27;
const DD: u64 = 1 << 32;
/// When a frame that does not leave counts as stuck.
const LIMIT: u64 = 100;

/// The ring, its memory, and a model of what it has to be.
struct Bench {
    ring: TxRing<Shared, Vec<TxSlot>>,
    memory: Shared,
    tails: Tails,
    length: u32,
    /// Frames on the ring, oldest first: token and number of descriptors.
    pushed: VecDeque<(usize, usize)>,
    /// How many of them the device has been shown.
    shown: usize,
    /// The first descriptor of the oldest.
    clean: u32,
    next_token: usize,
    now: u64,
    /// When a frame last left, or the first look at one that waits.
    since: Option<u64>,
}

pub fn run(length: u32, input: &mut Input) {
    let memory = Shared::for_ring(length);
    let slots = vec![TxSlot::default(); length as usize];
    let ring = TxRing::new(memory.clone(), slots, PAD).expect("a suitable ring");
    let mut bench = Bench {
        ring,
        memory,
        tails: Tails::default(),
        length,
        pushed: VecDeque::new(),
        shown: 0,
        clean: 0,
        next_token: 1,
        now: 0,
        since: None,
    };
    while !input.is_empty() {
        bench.turn(input);
        bench.check();
    }
    bench.empty();
}

impl Bench {
    fn turn(&mut self, input: &mut Input) {
        let _ = self.memory.take_accesses();
        match input.u8() & 7 {
            0 => {
                let count = usize::from(input.u8() % 40);
                let lengths: Vec<u32> = (0..count).map(|_| u32::from(input.u8())).collect();
                self.push(&lengths);
            }
            1 => self.push(&[u32::from(input.u16())]),
            2 => self.kick(),
            3 | 4 => self.reap(),
            // The device is done with a descriptor, perhaps one that it has not been shown.
            5 => {
                let index = (self.clean + u32::from(input.u8() & 15)) % self.length;
                let [_, word] = self.memory.descriptor(index);
                self.memory.corrupt(index as usize * 2 + 1, word | DD);
            }
            6 => self.memory.corrupt(usize::from(input.u8()), input.u64()),
            _ => match input.u8() {
                0 => self.empty(),
                time => {
                    self.now += u64::from(time);
                    self.look();
                }
            },
        }
    }

    fn used(&self) -> usize {
        self.pushed.iter().map(|(_, count)| count).sum()
    }

    fn push(&mut self, lengths: &[u32]) {
        let token = self.next_token;
        let address = |index: usize| (token as u64) << 20 | (index as u64) << 8;
        let frame: Vec<Fragment> =
            lengths.iter().enumerate().map(|(i, &length)| Fragment { address: address(i), length }).collect();
        let total: u32 = lengths.iter().sum();
        let mut pieces: Vec<Fragment> = frame.iter().copied().filter(|piece| piece.length != 0).collect();
        if total < 60 {
            pieces.push(Fragment { address: PAD, length: 60 - total });
        }
        let verdict = if total > 1518 {
            Err(PushError::TooLong)
        } else if total < 14 {
            Err(PushError::TooShort)
        } else if pieces.len() > 32 || pieces.len() >= self.length as usize {
            Err(PushError::Fragmented)
        } else if self.used() + pieces.len() >= self.length as usize {
            Err(PushError::Full)
        } else {
            Ok(())
        };
        assert_eq!(self.ring.push(token, frame.into_iter()), verdict);
        let (_, writes) = self.memory.take_accesses();
        if verdict.is_err() {
            assert_eq!(writes, 0, "a refused frame has left something on the ring");
            return;
        }
        assert_eq!(writes as usize, 2 * pieces.len(), "only the frame's own descriptors are written");
        let from = indices(self.clean, self.used() + 1, self.length).last().unwrap_or(0);
        for (place, piece) in indices(from, pieces.len(), self.length).zip(1..) {
            let last = piece == pieces.len();
            let Fragment { address, length } = pieces[piece - 1];
            let command = u64::from(length) | IFCS | if last { EOP | RS } else { 0 };
            assert_eq!(self.memory.descriptor(place), [address, command], "descriptor {place}");
        }
        self.pushed.push_back((token, pieces.len()));
        self.next_token += 1;
    }

    fn kick(&mut self) {
        let writes = self.tails.writes.get();
        let news = self.shown < self.pushed.len();
        assert_eq!(self.ring.kick(&self.tails), news);
        assert_eq!(self.tails.writes.get() - writes, u32::from(news), "one tail write for a batch");
        self.shown = self.pushed.len();
    }

    /// Whether memory says that the oldest frame is done: in its last descriptor, and nowhere else.
    fn oldest_is_done(&self) -> Option<bool> {
        let &(_, count) = self.pushed.front()?;
        let last = indices(self.clean, count, self.length).last()?;
        let [_, word] = self.memory.descriptor(last);
        Some(word & DD != 0)
    }

    fn reap(&mut self) {
        let done = self.shown > 0 && self.oldest_is_done() == Some(true);
        let token = self.ring.reap(self.now);
        let (reads, writes) = self.memory.take_accesses();
        assert!(reads <= 1 && writes == 0, "{reads} reads, {writes} writes");
        assert_eq!(token, if done { self.pushed.front().map(|&(token, _)| token) } else { None });
        if done {
            self.since = Some(self.now);
            self.remove();
            self.shown -= 1;
        }
    }

    fn remove(&mut self) -> Option<usize> {
        let (token, count) = self.pushed.pop_front()?;
        self.clean = indices(self.clean, count + 1, self.length).last().unwrap_or(0);
        if self.pushed.is_empty() {
            self.since = None;
        }
        Some(token)
    }

    fn look(&mut self) {
        let health = self.ring.health(self.now, LIMIT);
        let Some(done) = self.oldest_is_done() else {
            assert_eq!(health, TxHealth::Idle);
            return;
        };
        let since = *self.since.get_or_insert(self.now);
        let expected = match (self.now - since < LIMIT, done) {
            (true, _) => TxHealth::Moving,
            (false, true) => TxHealth::Unreaped,
            (false, false) => TxHealth::Stuck,
        };
        assert_eq!(health, expected);
    }

    fn check(&self) {
        assert_eq!(self.ring.free() as usize + 1 + self.used(), self.length as usize);
        assert_eq!(self.ring.is_empty(), self.pushed.is_empty());
        assert!(self.tails.transmit.get() < self.length);
    }

    /// Every frame comes back in order, once each, whatever the memory says; then the ring begins anew.
    fn empty(&mut self) {
        assert_eq!(self.ring.reset(), self.pushed.is_empty());
        while let Some(token) = self.remove() {
            assert_eq!(self.ring.take(), Some(token));
        }
        assert_eq!(self.ring.take(), None);
        assert!(self.ring.reset());
        assert!((0..self.length).all(|index| self.memory.descriptor(index) == [0, 0]));
        (self.shown, self.clean, self.since) = (0, 0, None);
    }
}
