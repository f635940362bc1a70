//! A plain model of a channel: it knows what was published and follows what an engine does, act by act.

use crate::memory::{Act, BASE, Ram};
use ferrite_netdma_engine::{
    Chains, Descriptor, Refusal, Status, Word, control,
    cpu::{Event, PIECE},
};

/// What the channel is, by the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Allocated,
    Running,
    Suspended,
    Halted,
}

/// See the module.
pub struct Observer {
    chains: Chains,
    pub state: State,
    next: u64,
    left: u32,
    /// The descriptor in flight and its bytes done.
    current: Option<(u64, Descriptor, u64)>,
    /// A descriptor that was read while the one before was in flight.
    ahead: Option<(u64, Descriptor)>,
    last: Option<(u64, Descriptor)>,
    /// Of this memory all but what an aborted transfer may have touched is compared.
    pub expected: Vec<u8>,
    pub completed: u64,
}

/// Where byte `i` of one side of a transfer is, the slow way.
fn place(start: u64, next: Option<u64>, i: u64) -> u64 {
    match next {
        Some(next) if (start + i) / 4096 != start / 4096 => {
            next + ((start + i) / 4096 * 4096 + (start + i) % 4096 - (start / 4096 + 1) * 4096)
        }
        _ => start + i,
    }
}

fn sides(d: &Descriptor, i: u64) -> (u64, u64) {
    let source = (d.control & control::SOURCE_PAGE_BREAK != 0).then_some(d.next_source);
    let destination = (d.control & control::DESTINATION_PAGE_BREAK != 0).then_some(d.next_destination);
    (place(d.source, source, i), place(d.destination, destination, i))
}

fn moves(d: &Descriptor) -> u64 {
    let nothing = d.control & control::NULL != 0 || d.control & control::OPERATION != 0;
    if nothing { 0 } else { d.size.into() }
}

impl Observer {
    pub fn new(chains: Chains, ram: &Ram) -> Self {
        Self {
            chains,
            state: State::Allocated,
            next: 0,
            left: 0,
            current: None,
            ahead: None,
            last: None,
            expected: ram.bytes.borrow().clone(),
            completed: 0,
        }
    }

    fn more(&self, ram: &Ram) -> bool {
        match (self.chains, self.last) {
            (Chains::Counted, _) => self.left > 0,
            (Chains::Terminated, Some((at, _))) => ram.get(at).next != 0,
            (Chains::Terminated, None) => true,
        }
    }

    /// Follows what an engine did while it was allowed to work; what it tells `NetDMA` afterwards.
    pub fn follow(&mut self, ram: &Ram, acts: &[Act], event: Option<Event>) {
        let mut interrupt = None;
        for act in acts {
            match *act {
                Act::Next(at) => {
                    assert_eq!(Some(at), self.last.map(|last| last.0).or(self.current.map(|c| c.0)));
                }
                Act::Fetch(at) => self.fetch(ram, at),
                Act::Copy(source, destination, length) => self.copied(source, destination, length),
                Act::Complete(word) => {
                    let expected = self.word(ram);
                    assert_eq!(Some(word), expected, "the completion word");
                }
            }
            self.settle(ram, &mut interrupt);
        }
        // What comes next is read again: the client may write it between calls.
        self.ahead = None;
        if let Some(address) = interrupt {
            assert_eq!(event, Some(Event::Completed(address)), "the interrupt");
        } else {
            assert!(!matches!(event, Some(Event::Completed(at)) if Some(at) != self.last.map(|last| last.0)));
        }
    }

    fn fetch(&mut self, ram: &Ram, at: u64) {
        assert_eq!(self.state, State::Running, "a descriptor was read in {:?}", self.state);
        // Either it is read again now that it is its turn, or it has begun, and this is the one behind.
        if let (None, Some(ahead)) = (self.current, self.ahead.take().filter(|ahead| ahead.0 != at)) {
            self.begin(ahead);
        }
        if let Some((_, current, _)) = self.current {
            assert_eq!(current.control & control::SERIALIZE, 0, "not everything is written");
            assert_eq!(at, current.next, "not the next descriptor");
            assert!(self.chains == Chains::Terminated || self.left > 1, "it was not published");
            self.ahead = Some((at, ram.get(at)));
            return;
        }
        assert_eq!(at, self.next, "not the next descriptor");
        assert!(self.chains == Chains::Terminated || self.left > 0, "it was not published");
        self.current = Some((at, ram.get(at), 0));
    }

    /// The descriptor that was read ahead is executed.
    fn begin(&mut self, (at, descriptor): (u64, Descriptor)) {
        assert_eq!(self.state, State::Running, "a descriptor is executed in {:?}", self.state);
        assert_eq!(at, self.next, "not the next descriptor");
        self.current = Some((at, descriptor, 0));
    }

    fn copied(&mut self, source: u64, destination: u64, length: u64) {
        assert!((1..=PIECE).contains(&length), "a piece of {length}");
        if self.current.is_none() {
            let ahead = self.ahead.take();
            self.begin(ahead.expect("a transfer without a descriptor"));
        }
        let (at, descriptor, done) = self.current.expect("it has just begun");
        for i in [0, length - 1] {
            assert_eq!(sides(&descriptor, done + i), (source + i, destination + i), "byte {}", done + i);
        }
        // Bytes in ascending order in pieces: the same as all at once, for sides that do not overlap.
        for i in 0..length {
            self.expected[(destination + i - BASE) as usize] = self.expected[(source + i - BASE) as usize];
        }
        assert!(done + length <= moves(&descriptor), "more than asked for");
        self.current = Some((at, descriptor, done + length));
    }

    /// A descriptor whose bytes have moved is done; the word follows if it is asked for.
    fn settle(&mut self, ram: &Ram, interrupt: &mut Option<u64>) {
        let Some((at, descriptor, done)) = self.current else { return };
        if done < moves(&descriptor) {
            return;
        }
        self.current = None;
        self.last = Some((at, descriptor));
        self.left = self.left.saturating_sub(1);
        self.next = ram.get(at).next;
        self.completed += 1;
        let context = descriptor.control & control::OPERATION != 0;
        if descriptor.control & control::INTERRUPT != 0 && !context {
            *interrupt = Some(at);
        }
    }

    /// The word that the last descriptor asks for.
    fn word(&self, ram: &Ram) -> Option<Word> {
        let (at, descriptor) = self.last?;
        let status = match self.state {
            State::Running if self.more(ram) => Status::Active,
            State::Running => Status::Idle,
            State::Suspended => Status::Suspended,
            State::Halted | State::Allocated => Status::Halted,
        };
        (descriptor.control & control::STATUS_UPDATE != 0).then(|| Word::new(at, status))
    }

    pub fn start(&mut self, first: u64, count: u32, result: Result<(), Refusal>) {
        assert_eq!(result, Ok(()));
        self.state = State::Running;
        (self.next, self.left, self.last) = (first, count, None);
        assert_eq!(self.current, None, "the current descriptor was not finished (NDMA-XFER-02)");
    }

    pub fn append(&mut self, ram: &Ram, count: u32, result: Result<(), Refusal>) {
        let legal = matches!(self.state, State::Running | State::Suspended);
        assert_eq!(result.is_ok(), legal, "append in {:?}", self.state);
        if legal {
            self.left += if self.chains == Chains::Counted { count } else { 0 };
            if let Some((at, _)) = self.last {
                self.next = ram.get(at).next;
            }
        }
    }

    /// The acts of the call itself come first: the current descriptor is finished in it.
    pub fn suspended(&mut self, result: Result<u64, Refusal>) {
        match self.state {
            State::Allocated | State::Halted => assert!(result.is_err(), "suspended in {:?}", self.state),
            State::Running | State::Suspended => {
                assert_eq!(self.current, None, "the current descriptor was not finished (NDMA-SUS-01)");
                assert_eq!(result, Ok(self.last.map_or(0, |last| last.0)));
                self.state = State::Suspended;
            }
        }
    }

    pub fn resumed(&mut self, ram: &Ram, result: Result<(), Refusal>) {
        assert_eq!(result.is_ok(), self.state == State::Suspended, "resume in {:?}", self.state);
        if result.is_ok() {
            self.state = State::Running;
            if let Some((at, _)) = self.last {
                self.next = ram.get(at).next;
            }
        }
    }

    /// Abort or reset: nothing of the descriptor in flight is finished, and nothing is read again.
    pub fn stopped(&mut self, acts: &[Act], result: Result<(), Refusal>, to: State) {
        assert_eq!(result, Ok(()));
        let governing = self.current.map(|current| current.1).or(self.last.map(|last| last.1));
        let reported = governing.is_some_and(|d| d.control & control::STATUS_UPDATE != 0);
        let word = Word::new(self.last.map_or(0, |last| last.0), Status::Halted);
        let expected: &[Act] = if reported && self.state != State::Halted && self.state != State::Allocated {
            &[Act::Complete(word)]
        } else {
            &[]
        };
        assert_eq!(acts, expected, "in {:?}", self.state);
        self.state = to;
        (self.current, self.left) = (None, 0);
        if to == State::Allocated {
            self.last = None;
        }
    }
}
