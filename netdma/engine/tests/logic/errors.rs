//! Descriptors that cannot be executed: the CPU engine halts, says why, and has written nothing in a wrong place.

use crate::{
    memory::{Act, BASE, BYTES, DATA, DESCRIPTORS, Ram},
    random::LIMITS,
};
use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Error, MOST_DESCRIPTORS, Refusal, Status, Word, control,
    cpu::{Channel, Event, Step},
};

fn at(number: u64) -> u64 {
    DESCRIPTORS + 64 + 64 * number
}

const GOOD: Descriptor = Descriptor {
    size: 100,
    control: control::STATUS_UPDATE,
    source: DATA,
    destination: DATA + 0x1000,
    next: 0,
    next_source: 0,
    next_destination: 0,
};

fn run(channel: &mut Channel<&Ram>) {
    for _ in 0..1000 {
        if channel.step() == Step::Rest {
            return;
        }
    }
    panic!("the channel does not come to rest");
}

/// A good descriptor and then `bad`: the first is done, the second moves nothing.
#[track_caller]
fn fails(bad: Descriptor, error: Error) {
    let ram = Ram::new();
    ram.put(at(0), &Descriptor { next: at(1), ..GOOD });
    ram.put(at(1), &bad);
    let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
    channel.start(at(0), 2).expect("a start");
    run(&mut channel);
    assert_eq!(channel.take_event(), Some(Event::Failed(error)));
    let copies = ram.take_log().into_iter().filter(|act| matches!(act, Act::Copy(..))).count();
    assert_eq!(copies, 1);
    assert_eq!(channel.append(1), Err(Refusal::Failed(error)));
    assert_eq!(channel.suspend(), Err(Refusal::Failed(error)));
    // It works again after a start.
    ram.put(at(1), &GOOD);
    channel.start(at(0), 2).expect("a start");
    run(&mut channel);
    assert_eq!(ram.take_log().last(), Some(&Act::Complete(Word::new(at(1), Status::Idle))));
}

/// NDMA-XFER-15, -17: lengths, addresses, operations, breaks.
#[test]
fn descriptors_that_cannot_be_executed() {
    fails(Descriptor { size: LIMITS.largest + 1, ..GOOD }, Error::LENGTH);
    fails(Descriptor { size: u32::MAX, ..GOOD }, Error::LENGTH);
    fails(Descriptor { source: LIMITS.highest, ..GOOD }, Error::SOURCE);
    fails(Descriptor { source: u64::MAX, ..GOOD }, Error::SOURCE);
    fails(Descriptor { destination: LIMITS.highest - 10, ..GOOD }, Error::DESTINATION);
    // In reach of the engine, but no memory is there.
    fails(Descriptor { source: 0x1000, ..GOOD }, Error::SOURCE);
    fails(Descriptor { destination: 0x1000, ..GOOD }, Error::DESTINATION);
    fails(Descriptor { control: 0x0100_0000, ..GOOD }, Error::CONTROL);
    let broken = Descriptor { control: GOOD.control | control::SOURCE_PAGE_BREAK, size: 4096, ..GOOD };
    fails(Descriptor { source: DATA + 8, next_source: 12, ..broken }, Error::SOURCE);
}

/// A chain that leads to where no descriptor can be.
#[test]
fn links_that_lead_nowhere() {
    for (next, error) in [
        (at(1) + 4, Error::NEXT_ALIGNMENT),
        (0, Error::NEXT_ADDRESS),
        (LIMITS.highest + 1, Error::NEXT_ADDRESS),
        (BASE + BYTES as u64, Error::NEXT_ADDRESS),
        (0x4000, Error::NEXT_ADDRESS),
    ] {
        let ram = Ram::new();
        ram.put(at(0), &Descriptor { next, ..GOOD });
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), 2).expect("a start");
        run(&mut channel);
        assert_eq!(channel.take_event(), Some(Event::Failed(error)), "{next:#x}");
        // The last good one had asked for the word (NDMA-CST-04).
        assert_eq!(ram.take_log().last(), Some(&Act::Complete(Word::new(at(0), Status::Halted))));
    }
}

/// A chain that comes back to itself ends, however long it is, with either kind of end and wherever the loop begins.
#[test]
fn chains_that_come_back() {
    for chains in [Chains::Counted, Chains::Terminated] {
        for length in [1, 2, 3, 7, 40, 300] {
            for back in [0, length / 2, length - 1] {
                let ram = Ram::new();
                for number in 0..length {
                    let next = if number + 1 == length { at(back) } else { at(number + 1) };
                    ram.put(at(number), &Descriptor { next, ..GOOD });
                }
                let mut channel = Channel::new(&ram, chains, LIMITS);
                channel.start(at(0), MOST_DESCRIPTORS).expect("a start");
                let mut steps = 0;
                while channel.step() == Step::More {
                    steps += 1;
                    assert!(steps <= 4 * length + 4, "a loop of {} is not noticed", length - back);
                }
                assert_eq!(channel.take_event(), Some(Event::Failed(Error::COUNT)));
            }
        }
    }
}

/// A descriptor that is used again after it was completed, as in a ring, is no loop.
#[test]
fn rings_are_not_loops() {
    let ram = Ram::new();
    for number in 0..4 {
        ram.put(at(number), &Descriptor { next: at((number + 1) % 4), ..GOOD });
    }
    let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
    channel.start(at(0), 3).expect("a start");
    for round in 0..100 {
        run(&mut channel);
        assert_eq!(channel.take_event(), None, "round {round}");
        channel.append(1 + round % 4).expect("an append");
    }
}

/// NDMA-XFER-16: a start that cannot be halts the channel, whatever it did.
#[test]
fn impossible_starts() {
    for (first, count, refusal) in [
        (at(0) + 32, 1, Refusal::Descriptor(Error::NEXT_ALIGNMENT)),
        (0, 1, Refusal::Descriptor(Error::NEXT_ADDRESS)),
        (!63, 1, Refusal::Descriptor(Error::NEXT_ADDRESS)),
        (at(0), 0, Refusal::Count),
        (at(0), MOST_DESCRIPTORS + 1, Refusal::Count),
    ] {
        let ram = Ram::new();
        ram.put(at(0), &GOOD);
        let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
        channel.start(at(0), 1).expect("a start");
        assert_eq!(channel.start(first, count), Err(refusal));
        ram.take_log();
        assert_eq!(channel.step(), Step::Rest);
        assert_eq!(channel.append(1), Err(Refusal::State));
        assert_eq!(ram.take_log(), []);
    }
}

/// A count that would run over the hardware's is refused and changes nothing.
#[test]
fn too_many_at_once() {
    let ram = Ram::new();
    ram.put(at(0), &Descriptor { next: at(1), ..GOOD });
    ram.put(at(1), &GOOD);
    let mut channel = Channel::new(&ram, Chains::Counted, LIMITS);
    channel.start(at(0), 2).expect("a start");
    for count in [0, MOST_DESCRIPTORS - 1, u32::MAX] {
        assert_eq!(channel.append(count), Err(Refusal::Count));
    }
    run(&mut channel);
    assert_eq!(ram.take_log().last(), Some(&Act::Complete(Word::new(at(1), Status::Idle))));
}

/// The causes have names, and only those that are there are named.
#[test]
fn causes_have_names() {
    let all: Vec<&str> = Error(Error::LENGTH.0 | Error::SOURCE.0 | 1 << 31).names().collect();
    assert_eq!(all, ["source address", "length"]);
    assert!(Error(0).is_empty() && Error(3).contains(Error::DESTINATION) && !Error(3).contains(Error::COUNT));
}
