//! Random chains and random calls, followed by the observer.

use crate::{
    memory::{Act, BASE, DATA, DESCRIPTORS, Ram},
    observer::{Observer, State},
};
use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Limits, Status, Word, control,
    cpu::{Channel, Step},
};
use proptest::prelude::*;

/// Descriptors of the ring.
const RING: u64 = 24;
/// Where destinations begin: sources are below, so that sides never overlap.
const DESTINATIONS: u64 = DATA + 0x6_0000;
/// Bytes of the longest random transfer: several pieces.
const LONGEST: u32 = 0x1_4000;
/// Limits of the engine under test.
pub const LIMITS: Limits = Limits { highest: BASE + 0xF_FFFF, largest: 1 << 20 };

#[derive(Clone, Copy, Debug)]
enum Call {
    Start { count: u32 },
    Append { count: u32 },
    Work { steps: u32 },
    Suspend,
    Resume,
    Abort,
    Reset,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    size: u32,
    control: u32,
    source: u64,
    destination: u64,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        3 => (1_u32..8).prop_map(|count| Call::Start { count }),
        6 => (1_u32..6).prop_map(|count| Call::Append { count }),
        10 => (1_u32..12).prop_map(|steps| Call::Work { steps }),
        3 => Just(Call::Suspend),
        4 => Just(Call::Resume),
        1 => Just(Call::Abort),
        1 => Just(Call::Reset),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let flags = prop::sample::subsequence(
        vec![
            control::INTERRUPT,
            control::STATUS_UPDATE,
            control::SERIALIZE,
            control::NULL,
            control::SOURCE_PAGE_BREAK,
            control::DESTINATION_PAGE_BREAK,
            0x200,
            0x1_0000,
        ],
        0..6,
    );
    let operation = prop_oneof![9 => Just(0), 1 => Just(control::CONTEXT_CHANGE)];
    let size = prop_oneof![1 => Just(0_u32), 4 => 1_u32..600, 2 => 1..LONGEST];
    (flags, operation, size, 0_u64..0x4_0000, 0_u64..0x4_0000).prop_map(
        |(flags, operation, size, source, destination)| {
            let control = flags.iter().fold(operation, |all, flag| all | flag);
            // A transfer with a page break crosses at most one.
            let broken = control & (control::SOURCE_PAGE_BREAK | control::DESTINATION_PAGE_BREAK) != 0;
            let size = if broken { size.min(4096) } else { size };
            Plan { size, control, source: DATA + source, destination: DESTINATIONS + destination }
        },
    )
}

/// A chain maker: the ring in order, each descriptor from the next plan.
struct Ring<'a> {
    ram: &'a Ram,
    chains: Chains,
    plans: Vec<Plan>,
    made: u64,
}

impl Ring<'_> {
    fn at(number: u64) -> u64 {
        DESCRIPTORS + 64 + number % RING * 64
    }

    /// Makes so many more; the address of the first. The one before is linked to it if `linked`.
    fn make(&mut self, count: u32, linked: bool) -> u64 {
        let first = self.made;
        for number in first..first + u64::from(count) {
            let plan = self.plans[number as usize % self.plans.len()];
            let last = number + 1 == first + u64::from(count);
            let next = if last && self.chains == Chains::Terminated { 0 } else { Self::at(number + 1) };
            let descriptor = Descriptor {
                size: plan.size,
                control: plan.control,
                source: plan.source,
                destination: plan.destination,
                next,
                next_source: DATA + 0x5_0000,
                next_destination: DESTINATIONS + 0x5_0000,
            };
            self.ram.put(Self::at(number), &descriptor);
        }
        if linked && first > 0 {
            self.ram.link(Self::at(first - 1), Self::at(first));
        }
        self.made += u64::from(count);
        Self::at(first)
    }
}

/// Descriptors are written by the client, not by the engine: the observer's memory takes them over.
fn sync(observer: &mut Observer, ram: &Ram) {
    let descriptors = (DATA - BASE) as usize;
    observer.expected[..descriptors].copy_from_slice(&ram.bytes.borrow()[..descriptors]);
}

fn play(chains: Chains, plans: Vec<Plan>, calls: &[Call]) {
    let ram = Ram::new();
    let mut channel = Channel::new(&ram, chains, LIMITS);
    let mut observer = Observer::new(chains, &ram);
    let mut ring = Ring { ram: &ram, chains, plans, made: 0 };
    // Never more on the way than the ring holds.
    let mut published = 0_u64;
    for &call in calls {
        let room = RING - 1 - (published - observer.completed.min(published));
        match call {
            Call::Start { count } => {
                if u64::from(count) > room {
                    continue;
                }
                let first = ring.make(count, false);
                sync(&mut observer, &ram);
                let result = channel.start(first, count);
                observer.follow(&ram, &ram.take_log(), channel.take_event());
                observer.start(first, count, result);
                observer.completed = 0;
                published = u64::from(count);
            }
            Call::Append { count } => {
                let open = matches!(observer.state, State::Running | State::Suspended);
                if u64::from(count) > room {
                    continue;
                }
                if open {
                    ring.make(count, true);
                    sync(&mut observer, &ram);
                    published += u64::from(count);
                }
                let result = channel.append(count);
                let acts = ram.take_log();
                assert!(acts.iter().all(|act| matches!(act, Act::Next(_))), "{acts:?}");
                observer.append(&ram, count, result);
            }
            Call::Work { steps } => {
                for _ in 0..steps {
                    let step = channel.step();
                    observer.follow(&ram, &ram.take_log(), channel.take_event());
                    if step == Step::Rest {
                        break;
                    }
                }
            }
            Call::Suspend => {
                let result = channel.suspend();
                let mut acts = ram.take_log();
                // The word of the suspension is the last act.
                let word = match acts.last() {
                    Some(&Act::Complete(word)) if word.status() == Some(Status::Suspended) => {
                        acts.pop();
                        Some(word)
                    }
                    _ => None,
                };
                let before = observer.state;
                observer.follow(&ram, &acts, channel.take_event());
                observer.suspended(result);
                if before == State::Running {
                    let flagged = result
                        .ok()
                        .filter(|&at| at != 0 && ram.get(at).control & control::STATUS_UPDATE != 0);
                    assert_eq!(word, flagged.map(|at| Word::new(at, Status::Suspended)));
                } else {
                    assert_eq!(word, None);
                }
            }
            Call::Resume => {
                let result = channel.resume();
                assert!(ram.take_log().iter().all(|act| matches!(act, Act::Next(_))));
                observer.resumed(&ram, result);
            }
            Call::Abort => {
                let result = channel.abort();
                observer.stopped(&ram.take_log(), result, State::Halted);
                published = observer.completed;
            }
            Call::Reset => {
                let result = channel.reset();
                observer.stopped(&ram.take_log(), result, State::Allocated);
                published = observer.completed;
            }
        }
        let _ = channel.take_event();
    }
    // Nothing is forgotten: what is published and not suspended comes to its end.
    if observer.state == State::Running {
        while channel.step() == Step::More {
            observer.follow(&ram, &ram.take_log(), channel.take_event());
        }
        observer.follow(&ram, &ram.take_log(), channel.take_event());
        assert_eq!(observer.completed, published, "descriptors that were published and not executed");
    }
    assert!(*ram.bytes.borrow() == observer.expected, "memory differs from what the chain says");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    /// NDMA-XFER-01, -02, -05, -07, -08, -13 to -15; NDMA-CST-01, -05; NDMA-SUS-01 to -03; NDMA-ABT-01; NDMA-RST-01, -02:
    /// counted chains under random calls do what the contract says, act by act.
    #[test]
    fn counted_chains(
        plans in prop::collection::vec(plan(), 1..40),
        calls in prop::collection::vec(call(), 1..60),
    ) {
        play(Chains::Counted, plans, &calls);
    }

    /// NDMA-XFER-04, -06 to -08; NDMA-SUS-03: so do chains that end at a next of 0, whatever the counts say.
    #[test]
    fn terminated_chains(
        plans in prop::collection::vec(plan(), 1..40),
        calls in prop::collection::vec(call(), 1..60),
    ) {
        play(Chains::Terminated, plans, &calls);
    }
}
