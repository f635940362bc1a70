//! Physical memory, and a model of the channel that judges every access to it as it happens.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use ferrite_netdma_engine::cpu::{BATCH, Event, Memory, PIECE};
use ferrite_netdma_engine::{
    Chains, Descriptor, Error, Limits, Refusal, Status, Word, check_publication, control,
};

use super::judge;

/// Where the memory begins.
pub const BASE: u64 = 0x10_0000;
/// Where it ends.
pub const END: u64 = BASE + PAGES as u64 * 4096;
const PAGES: usize = 12;
/// Pages in which there is no memory.
const HOLES: [usize; 2] = [7, 8];
/// What is in their place, which nobody may touch.
const GUARD: u8 = 0xa5;

/// What the channel is, by the contract.
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
struct Current {
    at: u64,
    descriptor: Descriptor,
    done: u64,
    total: u64,
    /// Its word has been written.
    reported: bool,
}

#[derive(Debug)]
struct Model {
    bytes: Vec<u8>,
    state: State,
    next: u64,
    left: u32,
    current: Option<Current>,
    /// The last one done, and whether it asked for the word.
    last: Option<(u64, bool)>,
    /// Descriptors read since the last publication.
    visited: HashSet<u64>,
    /// The last one done since events were taken that asked for an interrupt.
    interrupt: Option<u64>,
    /// What the chain has failed of in this call, and what it has failed of at all.
    failure: Option<Error>,
    error: Option<Error>,
    /// Words other than a descriptor's own, in this call.
    words: Vec<Word>,
    /// Bytes moved and descriptors read in this step.
    work: (u64, u32),
}

/// See the module.
pub struct World {
    chains: Chains,
    limits: Limits,
    model: RefCell<Model>,
}

fn range(at: u64, length: u64) -> Option<Range<usize>> {
    let start = usize::try_from(at.checked_sub(BASE)?).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    let pages = start / 4096..end.div_ceil(4096);
    (end <= PAGES * 4096 && !HOLES.iter().any(|hole| pages.contains(hole))).then_some(start..end)
}

impl Model {
    fn words_at(&self, at: u64) -> Option<[u64; 8]> {
        let bytes = self.bytes.get(range(at, 64)?)?;
        let (words, _) = bytes.as_chunks::<8>();
        Some(std::array::from_fn(|index| u64::from_le_bytes(words[index])))
    }

    fn next_of(&self, at: u64) -> u64 {
        self.words_at(at).expect("a descriptor that was read")[3]
    }

    /// Where the chain goes on after a descriptor: as it was read, or, where it ended then, as it says now.
    fn next_after(&self, chains: Chains, current: &Current) -> u64 {
        match (chains, current.descriptor.next) {
            (Chains::Terminated, 0) => self.next_of(current.at),
            (_, next) => next,
        }
    }

    fn is_finished(&self) -> bool {
        self.failure.is_none() && self.current.is_some_and(|current| current.done == current.total)
    }
}

impl World {
    pub fn new(chains: Chains, limits: Limits) -> Self {
        let mut bytes: Vec<u8> =
            (0..PAGES * 4096).map(|at| u8::try_from((at * 7 / 8) & 0xff).unwrap_or(0)).collect();
        bytes[..2 * 4096].fill(0);
        for hole in HOLES {
            bytes[hole * 4096..(hole + 1) * 4096].fill(GUARD);
        }
        let model = Model {
            bytes,
            state: State::Fresh,
            next: 0,
            left: 0,
            current: None,
            last: None,
            visited: HashSet::new(),
            interrupt: None,
            failure: None,
            error: None,
            words: Vec::new(),
            work: (0, 0),
        };
        Self { chains, limits, model: RefCell::new(model) }
    }

    pub fn chains(&self) -> Chains {
        self.chains
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub fn state(&self) -> State {
        self.model.borrow().state
    }

    /// The client writes a descriptor; nothing happens where no memory is.
    pub fn put(&self, at: u64, descriptor: &Descriptor) {
        for (word, index) in descriptor.words([1, 2]).into_iter().zip(0..) {
            self.put_word(at + 8 * index, word);
        }
    }

    /// The client writes a word.
    pub fn put_word(&self, at: u64, word: u64) {
        if let Some(place) = range(at, 8) {
            self.model.borrow_mut().bytes[place].copy_from_slice(&word.to_le_bytes());
        }
    }

    pub fn check_holes(&self) {
        let model = self.model.borrow();
        for hole in HOLES {
            let page = &model.bytes[hole * 4096..(hole + 1) * 4096];
            assert!(page.iter().all(|&byte| byte == GUARD), "memory that is not there was written");
        }
    }

    pub fn begin_step(&self) {
        self.model.borrow_mut().work = (0, 0);
    }

    /// A step has returned: it was short.
    pub fn end_step(&self) {
        let (bytes, descriptors) = self.model.borrow().work;
        assert!(bytes <= PIECE, "a step of {bytes} bytes");
        assert!(descriptors <= BATCH, "a step of {descriptors} descriptors");
    }

    fn more(&self, left: u32, next: u64) -> bool {
        match self.chains {
            Chains::Counted => left > 0,
            Chains::Terminated => next != 0,
        }
    }

    fn onwards(&self, model: &Model) -> State {
        if self.more(model.left, model.next) { State::Active } else { State::Idle }
    }

    /// A descriptor whose bytes have moved is done; its word has been written if it asked for it (NDMA-CST-01).
    fn settle(&self, model: &mut Model) {
        if !model.is_finished() {
            return;
        }
        let Some(current) = model.current.take() else { return };
        let wants = current.descriptor.control & control::STATUS_UPDATE != 0;
        assert_eq!(current.reported, wants, "the completion word of {current:x?}");
        model.last = Some((current.at, wants));
        model.left = model.left.saturating_sub(1);
        model.next = model.next_after(self.chains, &current);
        model.state = self.onwards(model);
        let context = current.descriptor.control >> 24 == 0xff;
        if current.descriptor.control & control::INTERRUPT != 0 && !context {
            model.interrupt = Some(current.at);
        }
    }

    /// What the engine did is all that it had to do, and the event says so (NDMA-INT-01, -03).
    pub fn follow(&self, event: Option<Event>) {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        self.settle(model);
        let interrupt = model.interrupt.take();
        match event {
            Some(Event::Failed(error)) => {
                assert_eq!(model.state, State::Active, "a channel that does nothing failed of {error:?}");
                let reason = model.failure.take().or_else(|| self.leads_nowhere(model));
                let back = error == Error::COUNT && model.visited.contains(&model.next);
                assert!(reason == Some(error) || back, "failed of {error:?}, by the chain of {reason:?}");
                Self::stop(model, State::Halted);
                model.error = Some(error);
            }
            other => {
                assert_eq!(model.failure, None, "a failure is told");
                assert_eq!(other, interrupt.map(Event::Completed), "the interrupt");
            }
        }
        assert_eq!(model.words, [], "words that nothing asked for");
    }

    /// Why the next descriptor cannot be read, if it cannot.
    fn leads_nowhere(&self, model: &Model) -> Option<Error> {
        judge::address(model.next, self.limits).err()
    }

    /// The channel is stopped: the descriptor in flight, or else the last one, decides about the word (NDMA-CST-04).
    fn stop(model: &mut Model, to: State) {
        let governed = match (model.current.take(), model.last) {
            (Some(current), _) => current.descriptor.control & control::STATUS_UPDATE != 0,
            (None, Some((_, wants))) => wants,
            (None, None) => false,
        };
        let word = Word::new(model.last.map_or(0, |(at, _)| at), Status::Halted);
        let expected: &[Word] = if governed && model.state != State::Halted { &[word] } else { &[] };
        assert_eq!(model.words, expected, "the word of a stop");
        model.words.clear();
        (model.state, model.left) = (to, 0);
    }

    /// An abort or a reset has returned (NDMA-ABT-01, NDMA-RST-01).
    pub fn halted(&self, reset: bool) {
        let mut model = self.model.borrow_mut();
        Self::stop(&mut model, if reset { State::Fresh } else { State::Halted });
        model.error = None;
        if reset {
            model.last = None;
        }
    }

    /// A start has returned; the current descriptor was finished in it (NDMA-XFER-01, -02).
    pub fn started(&self, first: u64, count: u32, accepted: bool, event: Option<Event>) {
        if accepted {
            self.follow(event);
            let mut model = self.model.borrow_mut();
            assert!(model.current.is_none(), "the current descriptor was not finished");
            (model.state, model.next, model.left) = (State::Active, first, count);
            (model.last, model.error) = (None, None);
            model.visited.clear();
            return;
        }
        let failed = matches!(event, Some(Event::Failed(_)));
        if failed {
            // It failed on its way to the end of the current descriptor, and so was halted before.
            self.follow(event);
        }
        let mut model = self.model.borrow_mut();
        self.settle(&mut model);
        if !failed {
            assert_eq!(event, model.interrupt.take().map(Event::Completed));
        }
        Self::stop(&mut model, State::Halted);
    }

    /// An append has returned (NDMA-XFER-07, -08).
    pub fn appended(&self, count: u32, result: Result<(), Refusal>, event: Option<Event>) {
        self.follow(event);
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        let expected = match model.state {
            State::Fresh => Err(Refusal::State),
            State::Halted => Err(model.error.map_or(Refusal::State, Refusal::Failed)),
            _ => check_publication(self.chains, count, model.left),
        };
        assert_eq!(result, expected);
        if result.is_err() {
            return;
        }
        model.visited.clear();
        if self.chains == Chains::Counted {
            model.left += count;
        }
        if model.state == State::Idle {
            if let (Chains::Terminated, Some((at, _))) = (self.chains, model.last) {
                model.next = model.next_of(at);
            }
            model.state = self.onwards(model);
        }
    }

    /// A suspension has returned; the current descriptor was finished in it (NDMA-SUS-01, -02).
    pub fn suspended(&self, result: Result<u64, Refusal>, event: Option<Event>) {
        // Its own word is the last one.
        let word = self.model.borrow_mut().words.pop_if(|word| word.status() == Some(Status::Suspended));
        self.follow(event);
        let mut model = self.model.borrow_mut();
        assert!(model.current.is_none(), "the current descriptor was not finished");
        let last = model.last.map_or(0, |(at, _)| at);
        let expected = match model.state {
            State::Fresh => Err(Refusal::State),
            State::Halted => Err(model.error.map_or(Refusal::State, Refusal::Failed)),
            _ => Ok(last),
        };
        assert_eq!(result, expected);
        let reports =
            matches!(model.state, State::Active | State::Idle) && model.last.is_some_and(|last| last.1);
        assert_eq!(word, reports.then(|| Word::new(last, Status::Suspended)), "the word of a suspension");
        if result.is_ok() {
            model.state = State::Suspended;
        }
    }

    /// A resume has returned (NDMA-SUS-03, NDMA-RES-01).
    pub fn resumed(&self, result: Result<(), Refusal>, event: Option<Event>) {
        self.follow(event);
        let mut model = self.model.borrow_mut();
        let suspended = model.state == State::Suspended;
        assert_eq!(result, if suspended { Ok(()) } else { Err(Refusal::State) });
        if suspended {
            model.visited.clear();
            if let Some((at, _)) = model.last {
                model.next = model.next_of(at);
            }
            model.state = self.onwards(&model);
        }
    }
}

impl Memory for &World {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        self.settle(model);
        assert_eq!(model.state, State::Active, "a descriptor was read");
        assert!(model.current.is_none() && model.failure.is_none(), "the one before is not done");
        assert_eq!(address, model.next, "not the next descriptor");
        assert_eq!(judge::address(address, self.limits), Ok(()), "{address:#x}");
        assert!(self.chains == Chains::Terminated || model.left > 0, "it was not published");
        model.work.1 += 1;
        model.visited.insert(address);
        let Some(words) = model.words_at(address) else {
            model.failure = Some(Error::NEXT_ADDRESS);
            return None;
        };
        let descriptor = Descriptor::parse(words);
        let total = judge::bytes(&descriptor, self.limits);
        model.failure = total.err();
        let total = total.unwrap_or(u64::MAX);
        model.current = Some(Current { at: address, descriptor, done: 0, total, reported: false });
        Some(words)
    }

    fn next(&self, address: u64) -> Option<u64> {
        let model = self.model.borrow();
        let known = [model.current.map(|current| current.at), model.last.map(|(at, _)| at)];
        assert!(known.contains(&Some(address)), "{address:#x} was not executed");
        Some(model.next_of(address))
    }

    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        assert_eq!(model.failure, None, "work after a failure");
        let Some(current) = &mut model.current else { panic!("a transfer without a descriptor") };
        assert!((1..=PIECE).contains(&length), "a piece of {length}");
        assert!(current.done + length <= current.total, "more than asked for");
        for index in [0, length - 1] {
            let places = judge::places(&current.descriptor, current.done + index);
            assert_eq!((source + index, destination + index), places, "byte {}", current.done + index);
        }
        model.work.0 += length;
        let hole = match (range(source, length), range(destination, length)) {
            (Some(from), Some(to)) => {
                model.bytes.copy_within(from, to.start);
                current.done += length;
                return Ok(());
            }
            (None, _) => Error::SOURCE,
            (_, None) => Error::DESTINATION,
        };
        model.failure = Some(hole);
        Err(hole)
    }

    fn complete(&self, word: Word) {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        if !model.is_finished() || model.current.is_some_and(|current| current.reported) {
            model.words.push(word);
            return;
        }
        let next = model.current.map_or(0, |current| model.next_after(self.chains, &current));
        let more = self.more(model.left.saturating_sub(1), next);
        let Some(current) = &mut model.current else { return };
        assert_ne!(current.descriptor.control & control::STATUS_UPDATE, 0, "nobody asked for {word:x?}");
        let status = if more { Status::Active } else { Status::Idle };
        assert_eq!(word, Word::new(current.at, status), "the completion word");
        current.reported = true;
    }
}
