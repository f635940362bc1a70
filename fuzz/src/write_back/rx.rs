//! The receive ring.

use std::collections::VecDeque;

use ferrite_nic::{Frame, Full, Polled, RxCounters, RxRing, RxSlot};

use crate::input::Input;
use crate::memory::{Shared, Tails, indices};

const DD: u64 = 1;
const EOP: u64 = 2;
/// CE, SE, SEQ, CXE, RXE.
const FRAME_ERRORS: u64 = 0x9700_0000;

/// The ring, its memory, and a model of what it has to be.
struct Bench {
    ring: RxRing<Shared, Vec<RxSlot>>,
    memory: Shared,
    tails: Tails,
    length: u32,
    buffer: u32,
    /// Buffers on the ring, oldest first.
    posted: VecDeque<usize>,
    /// How many of them the device has been shown.
    shown: usize,
    /// The descriptor of the oldest.
    clean: u32,
    discarding: bool,
    counters: RxCounters,
    next_token: usize,
}

pub fn run(length: u32, input: &mut Input) {
    let memory = Shared::for_ring(length);
    let buffer = RxRing::<Shared, Vec<RxSlot>>::MIN_BUFFER + u32::from(input.u8());
    let slots = vec![RxSlot::default(); length as usize];
    let ring = RxRing::new(memory.clone(), slots, buffer).expect("a suitable ring");
    let mut bench = Bench {
        ring,
        memory,
        tails: Tails::default(),
        length,
        buffer,
        posted: VecDeque::new(),
        shown: 0,
        clean: 0,
        discarding: false,
        counters: RxCounters::default(),
        next_token: 1,
    };
    while !input.is_empty() {
        bench.turn(input);
        bench.check();
    }
    bench.empty();
}

fn address_of(token: usize) -> u64 {
    0x8000_0000_0000 | (token as u64) << 12
}

impl Bench {
    fn turn(&mut self, input: &mut Input) {
        let _ = self.memory.take_accesses();
        match input.u8() & 7 {
            0 | 1 => self.post(),
            2 => self.kick(),
            3 | 4 => self.poll(),
            // A write-back of the descriptor that the device has to do next, with whatever it says.
            5 => {
                let index = (self.clean + u32::from(input.u8() & 3)) % self.length;
                let (status, length) = (input.u32(), input.u16());
                self.memory.corrupt(index as usize * 2 + 1, u64::from(status) | u64::from(length) << 32);
            }
            6 => self.memory.corrupt(usize::from(input.u8()), input.u64()),
            _ if input.u8() == 0 => self.empty(),
            _ => {
                for _ in 0..self.length {
                    self.post();
                }
                self.kick();
            }
        }
    }

    fn post(&mut self) {
        let token = self.next_token;
        let posted = self.ring.post(token, address_of(token));
        if self.posted.len() + 1 == self.length as usize {
            assert_eq!(posted, Err(Full), "a tail that catches the head");
            return;
        }
        assert_eq!(posted, Ok(()));
        self.next_token += 1;
        self.append(token);
    }

    /// A buffer that has just been posted: its descriptor is fresh.
    fn append(&mut self, token: usize) {
        self.posted.push_back(token);
        let index = indices(self.clean, self.posted.len(), self.length).last().unwrap_or(0);
        assert_eq!(self.memory.descriptor(index), [address_of(token), 0], "descriptor {index}");
    }

    fn kick(&mut self) {
        let writes = self.tails.writes.get();
        let news = self.shown < self.posted.len();
        assert_eq!(self.ring.kick(&self.tails), news);
        assert_eq!(self.tails.writes.get() - writes, u32::from(news), "one tail write for a batch");
        self.shown = self.posted.len();
    }

    fn poll(&mut self) {
        let [_, word] = self.memory.descriptor(self.clean);
        let polled = self.ring.poll();
        let (reads, writes) = self.memory.take_accesses();
        assert!(reads <= 1, "the device's word was read {reads} times");
        if self.shown == 0 || word & DD == 0 {
            assert_eq!(polled, Polled::Empty);
            assert_eq!(writes, 0);
            return;
        }
        let token = self.posted.pop_front().expect("a shown buffer");
        self.shown -= 1;
        self.clean = (self.clean + 1) % self.length;
        if let Some(length) = self.judge(word) {
            let status = u32::try_from(word & 0xf_ffff).unwrap_or(0);
            assert_eq!(polled, Polled::Frame(Frame { token, length, status }));
        } else {
            assert_eq!(polled, Polled::Dropped);
            self.append(token);
        }
    }

    /// The frame's length, or `None` for one that has to be dropped, which is counted.
    fn judge(&mut self, word: u64) -> Option<u32> {
        let end = word & EOP != 0;
        if self.discarding {
            self.discarding = !end;
            return None;
        }
        let length = u32::try_from(word >> 32 & 0xffff).unwrap_or(0);
        let counter = if !end {
            self.discarding = true;
            &mut self.counters.continued
        } else if word & FRAME_ERRORS != 0 {
            &mut self.counters.errors
        } else if length > self.buffer {
            &mut self.counters.too_long
        } else if length < 14 {
            &mut self.counters.too_short
        } else {
            return Some(length);
        };
        *counter += 1;
        None
    }

    fn check(&self) {
        assert_eq!(self.ring.held() as usize, self.posted.len());
        assert_eq!(self.ring.free() as usize + 1 + self.posted.len(), self.length as usize);
        assert_eq!(self.ring.unshown() as usize, self.posted.len() - self.shown);
        assert_eq!(self.ring.counters(), self.counters);
        assert!(self.tails.receive.get() < self.length);
    }

    /// Every buffer comes back in order, once each, whatever the memory says; then the ring begins anew.
    fn empty(&mut self) {
        assert_eq!(self.ring.reset(), self.posted.is_empty());
        while let Some(token) = self.posted.pop_front() {
            assert_eq!(self.ring.take(), Some(token));
        }
        assert_eq!(self.ring.take(), None);
        assert!(self.ring.reset());
        assert!((0..self.length).all(|index| self.memory.descriptor(index) == [0, 0]));
        (self.shown, self.clean, self.discarding) = (0, 0, false);
    }
}
