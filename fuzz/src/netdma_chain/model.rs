//! What a channel is, by the contract, after everything that was done and called.

use std::collections::HashSet;

use ferrite_netdma_engine::{Chains, Descriptor, Error, Status, Word, control};

use super::ram::Ram;

/// The states of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Fresh,
    Active,
    Idle,
    Suspended,
    Halted,
}

/// The descriptor in flight.
#[derive(Clone, Copy, Debug)]
pub struct Current {
    pub at: u64,
    pub descriptor: Descriptor,
    pub done: u64,
    pub total: u64,
    /// Its word has been written.
    pub reported: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Model {
    pub chains: Chains,
    pub ram: Ram,
    pub state: State,
    pub next: u64,
    pub left: u32,
    pub current: Option<Current>,
    /// A descriptor that was read while the one before was in flight, in this step.
    pub ahead: Option<(u64, Descriptor)>,
    /// The last one done, and whether it asked for the word.
    pub last: Option<(u64, bool)>,
    /// Descriptors read since the last publication.
    pub visited: HashSet<u64>,
    /// The last one done since events were taken that asked for an interrupt.
    pub interrupt: Option<u64>,
    /// What the chain has failed of in this call, and what it has failed of at all.
    pub failure: Option<Error>,
    pub error: Option<Error>,
    /// Words other than a descriptor's own, in this call.
    pub words: Vec<Word>,
    /// Bytes moved and descriptors read in this step.
    pub work: (u64, u32),
}

impl Model {
    pub fn new(chains: Chains) -> Self {
        Self {
            chains,
            ram: Ram::new(),
            state: State::Fresh,
            next: 0,
            left: 0,
            current: None,
            ahead: None,
            last: None,
            visited: HashSet::new(),
            interrupt: None,
            failure: None,
            error: None,
            words: Vec::new(),
            work: (0, 0),
        }
    }

    pub fn next_of(&self, at: u64) -> u64 {
        self.ram.words(at).expect("a descriptor that was read")[3]
    }

    /// Where the chain goes on after a descriptor: as it was read, or, where it ended then, as it says now.
    pub fn next_after(&self, current: &Current) -> u64 {
        match (self.chains, current.descriptor.next) {
            (Chains::Terminated, 0) => self.next_of(current.at),
            (_, next) => next,
        }
    }

    pub fn is_finished(&self) -> bool {
        self.failure.is_none() && self.current.is_some_and(|current| current.done == current.total)
    }

    /// Whether there is more, with so many left and this to come next.
    pub fn more(&self, left: u32, next: u64) -> bool {
        match self.chains {
            Chains::Counted => left > 0,
            Chains::Terminated => next != 0,
        }
    }

    pub fn go_on(&mut self) {
        self.state = if self.more(self.left, self.next) { State::Active } else { State::Idle };
    }

    /// A descriptor whose bytes have moved is done; its word has been written if it asked for it (NDMA-CST-01).
    pub fn settle(&mut self) {
        if !self.is_finished() {
            return;
        }
        let Some(current) = self.current.take() else { return };
        let wants = current.descriptor.control & control::STATUS_UPDATE != 0;
        assert_eq!(current.reported, wants, "the completion word of {current:x?}");
        self.last = Some((current.at, wants));
        self.left = self.left.saturating_sub(1);
        self.next = self.next_after(&current);
        self.go_on();
        let context = current.descriptor.control >> 24 == 0xff;
        if current.descriptor.control & control::INTERRUPT != 0 && !context {
            self.interrupt = Some(current.at);
        }
    }

    /// The channel is stopped: the descriptor in flight, or else the last one, decides about the word (NDMA-CST-04).
    pub fn stop(&mut self, to: State) {
        let governed = match (self.current.take(), self.last) {
            (Some(current), _) => current.descriptor.control & control::STATUS_UPDATE != 0,
            (None, Some((_, wants))) => wants,
            (None, None) => false,
        };
        let word = Word::new(self.last.map_or(0, |(at, _)| at), Status::Halted);
        let expected: &[Word] = if governed && self.state != State::Halted { &[word] } else { &[] };
        assert_eq!(self.words, expected, "the word of a stop");
        self.words.clear();
        (self.state, self.left) = (to, 0);
    }
}
