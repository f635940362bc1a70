//! The CPU engine: executes chains piece by piece, under the channel's lock.
//!
//! A system thread calls [`Channel::step`] as long as it answers [`Step::More`], taking and dropping the lock around
//! each piece, so that nothing on its CPU waits longer than one piece takes. Who suspends may have raised its IRQL on
//! that very CPU, where the thread cannot run: it finishes the current descriptor itself.

mod run;
mod watch;

use crate::{
    Chains, Descriptor, Engine, Error, Limits, Operation, Refusal, Status, Word, check_publication, control,
};
use run::{Bounds, Room};
use watch::Watch;

/// Bytes that one step moves at most.
pub const PIECE: u64 = 64 << 10;
/// Descriptors that one step executes at most.
pub const BATCH: u32 = 16;

/// Physical memory. IRQL <= `DISPATCH_LEVEL`.
pub trait Memory {
    /// A descriptor's eight words, each read once; `None` if nothing is there. In a [`step`](Channel::step) the next one
    /// may be read while the one before is not done, and read again when it is its turn.
    fn descriptor(&self, address: u64) -> Option<[u64; 8]>;

    /// A descriptor's `NextDescriptor` as it is now; `None` if nothing is there.
    fn next(&self, address: u64) -> Option<u64>;

    /// Moves bytes, at most [`PIECE`], neither side across a break in memory that is not physically contiguous.
    ///
    /// # Errors
    /// [`Error::SOURCE`] or [`Error::DESTINATION`] if there is no memory; nothing has been written then.
    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error>;

    /// Writes the completion word, after everything before.
    fn complete(&self, word: Word);
}

/// What a step has left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The channel has nothing to do until it is started, resumed or appended to.
    Rest,
    /// There is more.
    More,
}

/// What `NetDMA` is to be told (NDMA-INT-01, -03).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Descriptors with an interrupt are done; this is the last completed one.
    Completed(u64),
    /// The chain has failed, for these reasons.
    Failed(Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Allocated or reset: nothing to go on with.
    Fresh,
    Active,
    Idle,
    Suspended,
    Halted,
}

/// A descriptor that is being executed.
#[derive(Clone, Copy, Debug)]
struct Current {
    address: u64,
    descriptor: Descriptor,
    done: u64,
    total: u64,
}

/// The last completed descriptor since the start.
#[derive(Clone, Copy, Debug)]
struct Last {
    address: u64,
    control: u32,
}

/// A channel that the CPU works for.
#[derive(Debug)]
pub struct Channel<M> {
    memory: M,
    chains: Chains,
    limits: Limits,
    bounds: Bounds,
    state: State,
    /// Where the next descriptor is.
    next: u64,
    /// Descriptors published and not done, where they are counted.
    left: u32,
    current: Option<Current>,
    last: Option<Last>,
    watch: Watch,
    event: Option<Event>,
    error: Option<Error>,
}

impl<M: Memory> Channel<M> {
    /// A channel as it is after allocation.
    #[must_use]
    pub const fn new(memory: M, chains: Chains, limits: Limits) -> Self {
        Self {
            memory,
            chains,
            limits,
            bounds: Bounds::new(&limits),
            state: State::Fresh,
            next: 0,
            left: 0,
            current: None,
            last: None,
            watch: Watch::new(),
            event: None,
            error: None,
        }
    }

    /// The memory that it works on.
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Whether [`step`](Self::step) would do something.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// What `NetDMA` is to be told since the last time it was asked for. An error is never lost to a completion.
    pub fn take_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    /// Works on, for at most [`PIECE`] bytes and [`BATCH`] descriptors.
    pub fn step(&mut self) -> Step {
        let mut room = Room::STEP;
        while self.state == State::Active && room.bytes > 0 && room.descriptors > 0 {
            if self.current.is_none()
                && let Err(error) = self.fetch()
            {
                self.fail(error);
            } else if !self.run(&mut room) {
                let moved = self.work(room.bytes);
                room.take(moved);
            }
        }
        if self.state == State::Active { Step::More } else { Step::Rest }
    }

    /// Moves at most `room` bytes of the current descriptor; how many it has moved.
    #[inline(never)]
    fn work(&mut self, room: u64) -> u64 {
        let Some(current) = &mut self.current else { return 0 };
        let (source, there) = current.descriptor.source_span().at(current.done);
        let (destination, here) = current.descriptor.destination_span().at(current.done);
        let length = room.min(there).min(here).min(current.total.saturating_sub(current.done));
        let moved = if length == 0 { Ok(()) } else { self.memory.copy(source, destination, length) };
        current.done = current.done.saturating_add(length);
        let result = match moved {
            Ok(()) if current.done >= current.total => {
                let Current { address, descriptor, .. } = *current;
                self.current = None;
                self.watch.passed(address, 1);
                self.complete(address, descriptor.control, descriptor.next)
            }
            moved => moved,
        };
        if let Err(error) = result {
            self.fail(error);
        }
        length
    }

    /// Reads the next descriptor. One that cannot be executed is the current one of the error.
    fn fetch(&mut self) -> Result<(), Error> {
        let address = self.next;
        self.limits.descriptor(address)?;
        if self.watch.has_been_at(address) {
            return Err(Error::COUNT);
        }
        let descriptor = Descriptor::parse(self.memory.descriptor(address).ok_or(Error::NEXT_ADDRESS)?);
        let current = self.current.insert(Current { address, descriptor, done: 0, total: 0 });
        if descriptor.operation(&self.limits)? == Operation::Copy {
            current.total = descriptor.size.into();
        }
        Ok(())
    }

    /// A descriptor is done: data, then word, then event (NDMA-XFER-13).
    fn complete(&mut self, address: u64, control: u32, next: u64) -> Result<(), Error> {
        self.last = Some(Last { address, control });
        self.left = self.left.saturating_sub(1);
        // A chain that ended here when it was read may have been linked on since (NDMA-XFER-04).
        self.next = match (self.chains, next) {
            (Chains::Terminated, 0) => self.memory.next(address).ok_or(Error::NEXT_ADDRESS)?,
            (_, next) => next,
        };
        self.state = self.onwards();
        let status = if self.state == State::Active { Status::Active } else { Status::Idle };
        self.report(address, control, status);
        Ok(())
    }

    /// What a completed descriptor asks for: the word, the event.
    #[inline]
    fn report(&mut self, address: u64, control: u32, status: Status) {
        if control::updates_status(control) {
            self.memory.complete(Word::new(address, status));
        }
        if control::interrupts(control) && !matches!(self.event, Some(Event::Failed(_))) {
            self.event = Some(Event::Completed(address));
        }
    }

    /// The state of a channel that goes on if there is more.
    fn onwards(&self) -> State {
        let more = match self.chains {
            Chains::Counted => self.left > 0,
            Chains::Terminated => self.next != 0,
        };
        if more { State::Active } else { State::Idle }
    }

    fn fail(&mut self, error: Error) {
        self.halt();
        self.error = Some(error);
        self.event = Some(Event::Failed(error));
    }

    /// Stops at once; the descriptor in flight, or else the last one, decides about the word (NDMA-CST-04).
    fn halt(&mut self) {
        let reported = match (self.current.take(), self.last) {
            (Some(current), _) => current.descriptor.updates_status(),
            (None, Some(last)) => control::updates_status(last.control),
            (None, None) => false,
        };
        if reported && self.state != State::Halted {
            self.memory.complete(Word::new(self.last_address(), Status::Halted));
        }
        self.state = State::Halted;
        self.left = 0;
    }

    fn last_address(&self) -> u64 {
        self.last.map_or(0, |last| last.address)
    }

    /// Finishes the descriptor in flight.
    fn finish(&mut self) {
        while self.state == State::Active && self.current.is_some() {
            self.work(PIECE);
        }
    }

    fn failed(&self) -> Refusal {
        self.error.map_or(Refusal::State, Refusal::Failed)
    }

    fn accept(&self, first: u64, count: u32) -> Result<(), Refusal> {
        check_publication(self.chains, count, 0)?;
        self.limits.descriptor(first).map_err(Refusal::Descriptor)
    }
}

impl<M: Memory> Engine for Channel<M> {
    fn start(&mut self, first: u64, count: u32) -> Result<(), Refusal> {
        self.finish();
        if let Err(refusal) = self.accept(first, count) {
            self.halt();
            return Err(refusal);
        }
        self.state = State::Active;
        (self.next, self.left) = (first, count);
        (self.current, self.last, self.error) = (None, None, None);
        self.watch = Watch::new();
        Ok(())
    }

    fn append(&mut self, count: u32) -> Result<(), Refusal> {
        match self.state {
            State::Fresh => return Err(Refusal::State),
            State::Halted => return Err(self.failed()),
            State::Active | State::Idle | State::Suspended => {}
        }
        check_publication(self.chains, count, self.left)?;
        self.left = match self.chains {
            Chains::Counted => self.left.saturating_add(count),
            Chains::Terminated => 0,
        };
        self.watch = Watch::new();
        if self.state == State::Idle {
            // The last descriptor says now where the chain goes on (NDMA-XFER-08); a counted one said it before.
            if let (Chains::Terminated, Some(last)) = (self.chains, self.last) {
                match self.memory.next(last.address) {
                    Some(next) => self.next = next,
                    None => self.fail(Error::NEXT_ADDRESS),
                }
            }
            if self.state == State::Idle {
                self.state = self.onwards();
            }
        }
        Ok(())
    }

    fn suspend(&mut self) -> Result<u64, Refusal> {
        self.finish();
        match self.state {
            State::Fresh => Err(Refusal::State),
            State::Halted => Err(self.failed()),
            State::Suspended => Ok(self.last_address()),
            State::Active | State::Idle => {
                self.state = State::Suspended;
                if let Some(last) = self.last.filter(|last| control::updates_status(last.control)) {
                    self.memory.complete(Word::new(last.address, Status::Suspended));
                }
                Ok(self.last_address())
            }
        }
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        if self.state != State::Suspended {
            return Err(Refusal::State);
        }
        self.watch = Watch::new();
        if let Some(last) = self.last {
            let Some(next) = self.memory.next(last.address) else {
                self.fail(Error::NEXT_ADDRESS);
                return Ok(());
            };
            self.next = next;
        }
        self.state = self.onwards();
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Refusal> {
        self.halt();
        self.error = None;
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Refusal> {
        self.halt();
        self.state = State::Fresh;
        (self.next, self.last, self.error, self.event) = (0, None, None, None);
        Ok(())
    }
}
