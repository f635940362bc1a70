//! The engine's memory, which judges every access to it as it happens by a model of the channel.

use std::cell::RefCell;

use ferrite_netdma_engine::cpu::{BATCH, Event, Memory, PIECE};
use ferrite_netdma_engine::{
    Chains, Descriptor, Error, Limits, Refusal, Status, Word, check_publication, control,
};

use super::judge;
use super::model::{Current, Model, State};
use super::ram::Ram;

/// See the module.
pub struct World {
    limits: Limits,
    model: RefCell<Model>,
}

impl World {
    pub fn new(chains: Chains, limits: Limits) -> Self {
        Self { limits, model: RefCell::new(Model::new(chains)) }
    }

    pub fn chains(&self) -> Chains {
        self.model.borrow().chains
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
        self.model.borrow_mut().ram.put(at, word);
    }

    pub fn check_holes(&self) {
        self.model.borrow().ram.check_holes();
    }

    pub fn begin_step(&self) {
        let mut model = self.model.borrow_mut();
        (model.work, model.ahead) = ((0, 0), None);
    }

    /// A step has returned: it was short.
    pub fn end_step(&self) {
        let (bytes, descriptors) = self.model.borrow().work;
        assert!(bytes <= PIECE, "a step of {bytes} bytes");
        assert!(descriptors <= BATCH, "a step of {descriptors} descriptors");
    }

    /// What the engine did is all that it had to do, and the event says so (NDMA-INT-01, -03).
    pub fn follow(&self, event: Option<Event>) {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        model.settle();
        let interrupt = model.interrupt.take();
        match event {
            Some(Event::Failed(error)) => {
                assert_eq!(model.state, State::Active, "a channel that does nothing failed of {error:?}");
                let reason = model.failure.take().or_else(|| self.leads_nowhere(model));
                let back = error == Error::COUNT && model.visited.contains(&model.next);
                assert!(reason == Some(error) || back, "failed of {error:?}, by the chain of {reason:?}");
                model.stop(State::Halted);
                model.error = Some(error);
            }
            other => {
                assert_eq!(model.failure, None, "a failure is told");
                assert_eq!(other, interrupt.map(Event::Completed), "the interrupt");
            }
        }
        assert_eq!(model.words, [], "words that nothing asked for");
    }

    /// A descriptor is the one in flight.
    fn begin(&self, model: &mut Model, (at, descriptor): (u64, Descriptor)) {
        assert_eq!(model.state, State::Active, "a descriptor is executed");
        assert_eq!(at, model.next, "not the next descriptor");
        model.work.1 += 1;
        model.visited.insert(at);
        let total = judge::bytes(&descriptor, self.limits);
        model.failure = total.err();
        let total = total.unwrap_or(u64::MAX);
        model.current = Some(Current { at, descriptor, done: 0, total, reported: false });
    }

    /// Why the next descriptor cannot be read, if it cannot.
    fn leads_nowhere(&self, model: &Model) -> Option<Error> {
        judge::address(model.next, self.limits).err()
    }

    /// An abort or a reset has returned (NDMA-ABT-01, NDMA-RST-01).
    pub fn halted(&self, reset: bool) {
        let mut model = self.model.borrow_mut();
        model.stop(if reset { State::Fresh } else { State::Halted });
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
        model.settle();
        if !failed {
            assert_eq!(event, model.interrupt.take().map(Event::Completed));
        }
        model.stop(State::Halted);
    }

    /// An append has returned (NDMA-XFER-07, -08).
    pub fn appended(&self, count: u32, result: Result<(), Refusal>, event: Option<Event>) {
        self.follow(event);
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        let expected = match model.state {
            State::Fresh => Err(Refusal::State),
            State::Halted => Err(model.error.map_or(Refusal::State, Refusal::Failed)),
            _ => check_publication(model.chains, count, model.left),
        };
        assert_eq!(result, expected);
        if result.is_err() {
            return;
        }
        model.visited.clear();
        if model.chains == Chains::Counted {
            model.left += count;
        }
        if model.state == State::Idle {
            if let (Chains::Terminated, Some((at, _))) = (model.chains, model.last) {
                model.next = model.next_of(at);
            }
            model.go_on();
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
            model.go_on();
        }
    }
}

impl Memory for &World {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        let mut guard = self.model.borrow_mut();
        let model = &mut *guard;
        model.settle();
        assert_eq!(model.state, State::Active, "a descriptor was read");
        assert_eq!(model.failure, None, "work after a failure");
        assert_eq!(judge::address(address, self.limits), Ok(()), "{address:#x}");
        // Either it is read again now that it is its turn, or it has begun, and this is the one behind.
        if let (None, Some(ahead)) = (model.current, model.ahead.take().filter(|ahead| ahead.0 != address)) {
            self.begin(model, ahead);
        }
        if let Some(current) = model.current {
            assert_eq!(current.descriptor.control & control::SERIALIZE, 0, "not everything is written");
            assert_eq!(address, current.descriptor.next, "not the next descriptor");
            assert!(model.chains == Chains::Terminated || model.left > 1, "it was not published");
            let words = model.ram.words(address);
            model.ahead = words.map(|words| (address, Descriptor::parse(words)));
            return words;
        }
        assert!(model.chains == Chains::Terminated || model.left > 0, "it was not published");
        let Some(words) = model.ram.words(address) else {
            assert_eq!(address, model.next, "not the next descriptor");
            (model.failure, model.work.1) = (Some(Error::NEXT_ADDRESS), model.work.1 + 1);
            return None;
        };
        self.begin(model, (address, Descriptor::parse(words)));
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
        model.settle();
        assert_eq!(model.failure, None, "work after a failure");
        if let (None, Some(ahead)) = (model.current, model.ahead) {
            model.ahead = None;
            self.begin(model, ahead);
            assert_eq!(model.failure, None, "a descriptor that cannot be executed");
        }
        let Some(current) = &mut model.current else { panic!("a transfer without a descriptor") };
        assert!((1..=PIECE).contains(&length), "a piece of {length}");
        assert!(current.done + length <= current.total, "more than asked for");
        for index in [0, length - 1] {
            let places = judge::places(&current.descriptor, current.done + index);
            assert_eq!((source + index, destination + index), places, "byte {}", current.done + index);
        }
        model.work.0 += length;
        let hole = match (Ram::range(source, length), Ram::range(destination, length)) {
            (Some(from), Some(to)) => {
                model.ram.copy(from, to.start);
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
        let next = model.current.map_or(0, |current| model.next_after(&current));
        let more = model.more(model.left.saturating_sub(1), next);
        let Some(current) = &mut model.current else { return };
        assert_ne!(current.descriptor.control & control::STATUS_UPDATE, 0, "nobody asked for {word:x?}");
        let status = if more { Status::Active } else { Status::Idle };
        assert_eq!(word, Word::new(current.at, status), "the completion word");
        current.reported = true;
    }
}
