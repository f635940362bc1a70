//! Every call in every state, of both engines.

use crate::{
    hardware::Hardware,
    memory::{DATA, DESCRIPTORS, Ram},
    random::LIMITS,
};
use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Refusal, control,
    cpu::{self, Step},
    quickdata::{self, NoTable, Version},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Allocated,
    Active,
    Idle,
    Suspended,
    Aborted,
    Reset,
}

const STATES: [State; 6] =
    [State::Allocated, State::Active, State::Idle, State::Suspended, State::Aborted, State::Reset];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Start,
    Append,
    Suspend,
    Resume,
    Abort,
    Reset,
}

const CALLS: [Call; 6] = [Call::Start, Call::Append, Call::Suspend, Call::Resume, Call::Abort, Call::Reset];

/// The table: what is refused.
fn is_legal(state: State, call: Call) -> bool {
    let started = matches!(state, State::Active | State::Idle | State::Suspended);
    match call {
        Call::Start | Call::Abort | Call::Reset => true,
        Call::Append | Call::Suspend => started,
        Call::Resume => state == State::Suspended,
    }
}

/// An engine and somebody who lets it work.
trait Subject {
    fn engine(&mut self) -> &mut dyn Engine;
    fn work(&mut self);
}

impl Subject for cpu::Channel<&Ram> {
    fn engine(&mut self) -> &mut dyn Engine {
        self
    }
    fn work(&mut self) {
        while self.step() == Step::More {}
    }
}

struct OnHardware<'a> {
    channel: quickdata::Channel<&'a Hardware<'a>, &'a Hardware<'a>, NoTable>,
    hardware: &'a Hardware<'a>,
}

impl Subject for OnHardware<'_> {
    fn engine(&mut self) -> &mut dyn Engine {
        &mut self.channel
    }
    fn work(&mut self) {
        (0..10).for_each(|_| self.hardware.work());
    }
}

fn at(number: u64) -> u64 {
    DESCRIPTORS + 64 + number * 64
}

fn fill(ram: &Ram, chains: Chains) {
    for number in 0..8 {
        let descriptor = Descriptor {
            size: 8,
            control: control::STATUS_UPDATE,
            source: DATA,
            destination: DATA + 0x100,
            // Chains of two, whichever way they end.
            next: if number % 2 == 0 || chains == Chains::Counted { at((number + 1) % 8) } else { 0 },
            ..Descriptor::default()
        };
        ram.put(at(number), &descriptor);
    }
}

fn bring(subject: &mut dyn Subject, state: State) {
    if state == State::Allocated {
        return;
    }
    subject.engine().start(at(0), 2).expect("a start");
    match state {
        State::Idle => subject.work(),
        State::Suspended => {
            subject.work();
            subject.engine().suspend().expect("a suspension");
        }
        State::Aborted => subject.engine().abort().expect("an abort"),
        State::Reset => subject.engine().reset().expect("a reset"),
        State::Allocated | State::Active => {}
    }
}

fn make(engine: &mut dyn Engine, call: Call) -> Result<(), Refusal> {
    match call {
        Call::Start => engine.start(at(2), 2),
        Call::Append => engine.append(2),
        Call::Suspend => engine.suspend().map(drop),
        Call::Resume => engine.resume(),
        Call::Abort => engine.abort(),
        Call::Reset => engine.reset(),
    }
}

fn check(what: &str, subject: &mut dyn Subject, state: State, call: Call) {
    bring(subject, state);
    let result = make(subject.engine(), call);
    if is_legal(state, call) {
        assert_eq!(result, Ok(()), "{what}: {call:?} in {state:?}");
    } else {
        assert_eq!(result, Err(Refusal::State), "{what}: {call:?} in {state:?}");
    }
    // Whatever came before, a start works, and then all the rest.
    for call in [Call::Start, Call::Suspend, Call::Resume, Call::Start, Call::Abort, Call::Reset, Call::Start]
    {
        assert_eq!(make(subject.engine(), call), Ok(()), "{what}: {call:?} after {state:?}");
    }
    subject.work();
}

/// NDMA-XFER-01, -10; NDMA-RES-01; NDMA-RST-02, and the decisions where the text is silent: every pair, with the CPU engine in both kinds of chains and with hardware of both kinds.
#[test]
fn every_call_in_every_state() {
    for state in STATES {
        for call in CALLS {
            for chains in [Chains::Counted, Chains::Terminated] {
                let ram = Ram::new();
                fill(&ram, chains);
                check(&format!("CPU, {chains:?}"), &mut cpu::Channel::new(&ram, chains, LIMITS), state, call);
            }
            for version in [Version::V1_2, Version::V2_0, Version::V3_2, Version::V3_4] {
                let ram = Ram::new();
                fill(&ram, if version.counts() { Chains::Counted } else { Chains::Terminated });
                let hardware = Hardware::new(&ram, version);
                hardware.pace.set(0);
                let mut channel = quickdata::Channel::new(&hardware, &hardware, NoTable, 0, version, LIMITS);
                channel.allocate(0x1000).expect("an allocated channel");
                let mut subject = OnHardware { channel, hardware: &hardware };
                check(&format!("{version:?}"), &mut subject, state, call);
            }
        }
    }
}
