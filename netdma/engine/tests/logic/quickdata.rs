//! The `QuickData` channel against registers that behave as the hardware's, in every version.

use crate::{
    hardware::{Cost, Fault, Hardware},
    memory::{BASE, DATA, DESCRIPTORS, Ram},
};
use ferrite_netdma_engine::{
    Descriptor, Engine, Error, Limits, Refusal, Status, Word, control,
    quickdata::{Channel, Completions, NoTable, ProbeError, Report, Version, probe, regs},
    raw::Registers,
};
use proptest::prelude::*;
use std::collections::HashMap;

const VERSIONS: [Version; 6] =
    [Version::V1_2, Version::V2_0, Version::V3_0, Version::V3_2, Version::V3_3, Version::V3_4];
const LIMITS: Limits = Limits { highest: BASE + 0xF_FFFF, largest: 1 << 20 };
/// Where the completion word is said to be.
const COMPLETION: u64 = 0x1_2345_6780;

type Subject<'a> = Channel<&'a Hardware<'a>, &'a Hardware<'a>, NoTable>;

fn at(number: u64) -> u64 {
    DESCRIPTORS + 64 + number * 64
}

/// So many descriptors in a row, numbered from `first`; the last leads to the one behind it where chains are counted.
fn chain(ram: &Ram, version: Version, first: u64, count: u64, control: u32) {
    for number in first..first + count {
        let ends = number + 1 == first + count && !version.counts();
        let descriptor = Descriptor {
            size: 32,
            control,
            source: DATA + number * 32,
            destination: DATA + 0x8000 + number * 32,
            next: if ends { 0 } else { at(number + 1) },
            ..Descriptor::default()
        };
        ram.put(at(number), &descriptor);
    }
    if first > 0 {
        ram.link(at(first - 1), at(first));
    }
}

fn allocated<'a>(hardware: &'a Hardware<'a>) -> Subject<'a> {
    let mut channel = Channel::new(hardware, hardware, NoTable, 0, hardware.version, LIMITS);
    channel.allocate(COMPLETION).expect("an allocated channel");
    hardware.take_cost();
    channel
}

fn each(test: impl Fn(&Ram, &Hardware<'_>, Subject<'_>)) {
    for version in VERSIONS {
        let ram = Ram::new();
        let hardware = Hardware::new(&ram, version);
        let channel = allocated(&hardware);
        test(&ram, &hardware, channel);
    }
}

/// NDMA-CH-05: allocation leaves a channel that reports at the completion word and may interrupt.
#[test]
fn allocation_programs_the_channel() {
    each(|_, hardware, _| {
        assert_eq!(hardware.completion(), COMPLETION);
        assert!(hardware.is_armed());
        let wanted = regs::ERR_INT_EN | regs::ANY_ERR_ABORT_EN | regs::ERR_COMPLETION_EN;
        assert_eq!(hardware.control.get(), wanted);
    });
}

/// A start of an allocated channel is two writes, or three where the address goes in halves; an append is one; no read.
#[test]
fn doorbells_cost_what_they_should() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 3, control::STATUS_UPDATE);
        channel.start(at(0), 3).expect("a start");
        let writes = if hardware.version.counts() { 2 } else { 3 };
        assert_eq!(hardware.take_cost(), Cost { reads: 0, writes }, "{:?}", hardware.version);
        chain(ram, hardware.version, 3, 2, control::STATUS_UPDATE);
        channel.append(2).expect("an append");
        assert_eq!(hardware.take_cost(), Cost { reads: 0, writes: 1 });
        (0..8).for_each(|_| hardware.work());
        assert_eq!(*hardware.completed.borrow(), (0..5).map(at).collect::<Vec<_>>());
        assert_eq!(hardware.word.get(), Word::new(at(4), Status::Idle).0);
        // All was done: the engine goes on where it stopped (NDMA-XFER-08).
        chain(ram, hardware.version, 5, 1, control::STATUS_UPDATE);
        channel.append(1).expect("an append");
        hardware.work();
        assert_eq!(hardware.word.get(), Word::new(at(5), Status::Idle).0);
    });
}

/// The count of published descriptors wraps at 16 bits.
#[test]
fn the_count_wraps() {
    let ram = Ram::new();
    let hardware = Hardware::new(&ram, Version::V3_2);
    let mut channel = allocated(&hardware);
    // A ring of 64.
    chain(&ram, Version::V3_2, 0, 64, 0);
    ram.link(at(63), at(0));
    channel.start(at(0), 64).expect("a start");
    (0..64).for_each(|_| hardware.work());
    for _ in 0..1100 {
        channel.append(64).expect("an append");
        (0..64).for_each(|_| hardware.work());
    }
    assert_eq!(hardware.completed.borrow().len(), 64 * 1101);
    assert_eq!(hardware.state.get(), Status::Idle);
}

/// NDMA-SUS-01 to -03, NDMA-RES-01: suspended in the middle, the rest rewritten, resumed with the new next.
#[test]
fn suspend_and_resume_reread_the_next() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 6, control::STATUS_UPDATE);
        channel.start(at(0), 6).expect("a start");
        hardware.work();
        let last = channel.suspend().expect("a suspension");
        assert_eq!(last, *hardware.completed.borrow().last().expect("one"));
        assert_eq!(hardware.word.get(), Word::new(last, Status::Suspended).0);
        assert_eq!(channel.suspend(), Ok(last), "again");
        let done = hardware.completed.borrow().len() as u64;
        // Another descriptor takes the place of the next.
        let other = Descriptor { next: at(done + 1), ..ram.get(at(done)) };
        ram.put(at(40), &other);
        ram.link(last, at(40));
        channel.resume().expect("a resume");
        assert_eq!(channel.resume(), Err(Refusal::State));
        (0..8).for_each(|_| hardware.work());
        let mut expected: Vec<u64> = (0..6).map(at).collect();
        expected[done as usize] = at(40);
        assert_eq!(*hardware.completed.borrow(), expected);
    });
}

/// NDMA-XFER-09: what is appended while suspended is done after the resume.
#[test]
fn appends_while_suspended_wait() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 2, control::STATUS_UPDATE);
        channel.start(at(0), 2).expect("a start");
        (0..2).for_each(|_| hardware.work());
        channel.suspend().expect("a suspension");
        chain(ram, hardware.version, 2, 3, control::STATUS_UPDATE);
        channel.append(3).expect("an append");
        (0..8).for_each(|_| hardware.work());
        assert_eq!(hardware.completed.borrow().len(), 2);
        channel.resume().expect("a resume");
        (0..8).for_each(|_| hardware.work());
        assert_eq!(hardware.completed.borrow().len(), 5);
    });
}

/// NDMA-XFER-02: a start of a working channel finishes the current descriptor and nothing else of the old chain.
#[test]
fn a_start_of_a_working_channel_abandons_the_rest() {
    each(|ram, hardware, mut channel| {
        hardware.pace.set(0);
        chain(ram, hardware.version, 0, 6, 0);
        channel.start(at(0), 6).expect("a start");
        hardware.work();
        chain(ram, hardware.version, 20, 2, control::STATUS_UPDATE);
        channel.start(at(20), 2).expect("another");
        (0..8).for_each(|_| hardware.work());
        let completed = hardware.completed.borrow();
        assert_eq!(completed[completed.len() - 2..], [at(20), at(21)]);
        assert!(completed.len() <= 4, "{completed:x?}");
        assert_eq!(hardware.completion(), COMPLETION, "the channel was reset and not programmed again");
    });
}

/// NDMA-ABT-01, NDMA-RST-01, -02: nothing is done afterwards, an append is refused, a start works.
#[test]
fn abort_and_reset_stop_at_once() {
    for reset in [false, true] {
        each(|ram, hardware, mut channel| {
            let stop = |channel: &mut Subject<'_>| if reset { channel.reset() } else { channel.abort() };
            chain(ram, hardware.version, 0, 6, control::STATUS_UPDATE);
            channel.start(at(0), 6).expect("a start");
            hardware.work();
            stop(&mut channel).expect("it stops");
            stop(&mut channel).expect("twice");
            assert_eq!(hardware.state.get(), Status::Halted);
            let done = hardware.completed.borrow().len();
            (0..8).for_each(|_| hardware.work());
            assert_eq!(hardware.completed.borrow().len(), done);
            assert_eq!(channel.append(1), Err(Refusal::State));
            assert_eq!(channel.suspend(), Err(Refusal::State));
            chain(ram, hardware.version, 10, 1, control::STATUS_UPDATE);
            channel.start(at(10), 1).expect("a start afterwards");
            hardware.work();
            assert_eq!(hardware.word.get(), Word::new(at(10), Status::Idle).0);
        });
    }
}

/// An error is told with its causes and cleared; the channel works again after a start.
#[test]
fn an_error_is_reported_and_recovered_from() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 3, control::STATUS_UPDATE);
        channel.start(at(0), 3).expect("a start");
        hardware.work();
        hardware.fault.set(Fault::Fails(Error::LENGTH.0));
        hardware.work();
        assert_eq!(hardware.interrupts.get(), 1);
        assert_eq!(hardware.word.get(), Word::new(at(0), Status::Halted).0);
        let completions = Completions::new(0, hardware.version);
        assert_eq!(completions.report(&hardware, || hardware.word.get()), Report::Failed);
        assert_eq!(channel.take_failure(), None, "nobody has looked");
        assert_eq!(channel.take_error(), Ok(Error::LENGTH));
        assert_eq!(hardware.errors.get(), 0);
        assert_eq!((channel.take_failure(), channel.take_failure()), (Some(Error::LENGTH), None));
        assert_eq!(channel.append(1), Err(Refusal::Failed(Error::LENGTH)));
        channel.start(at(0), 3).expect("a start afterwards");
        (0..4).for_each(|_| hardware.work());
        assert_eq!(hardware.word.get(), Word::new(at(2), Status::Idle).0);
    });
}

/// A channel that is given up has failed; one that has nothing to do has not, and a start forgets the failure.
#[test]
fn a_channel_that_is_given_up() {
    each(|ram, hardware, mut channel| {
        channel.give_up();
        assert_eq!(channel.take_failure(), None);
        chain(ram, hardware.version, 0, 3, 0);
        channel.start(at(0), 3).expect("a start");
        channel.give_up();
        assert_eq!((channel.take_failure(), channel.take_failure()), (Some(Error(0)), None));
        channel.start(at(0), 3).expect("a start");
        channel.give_up();
        channel.start(at(0), 3).expect("a start");
        assert_eq!(channel.take_failure(), None);
    });
}

/// A channel that fails while it is suspended says so.
#[test]
fn an_error_during_a_suspension() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 3, 0);
        channel.start(at(0), 3).expect("a start");
        hardware.fault.set(Fault::Fails(Error::SOURCE.0));
        assert_eq!(channel.suspend(), Err(Refusal::Failed(Error::SOURCE)));
        assert_eq!(channel.take_failure(), Some(Error::SOURCE), "it is reported as well");
        assert_eq!(channel.resume(), Err(Refusal::State));
    });
}

/// Hardware that does not answer, or is gone, ends every call in bounded time with the reason.
#[test]
fn silent_and_missing_hardware() {
    each(|ram, hardware, mut channel| {
        chain(ram, hardware.version, 0, 3, 0);
        channel.start(at(0), 3).expect("a start");
        hardware.pace.set(0);
        hardware.fault.set(Fault::Deaf);
        assert_eq!(channel.suspend(), Err(Refusal::Stuck));
        hardware.fault.set(Fault::ResetHangs);
        assert_eq!(channel.start(at(0), 3), Err(Refusal::Stuck));
        hardware.fault.set(Fault::Gone);
        assert_eq!(channel.reset(), Err(Refusal::Gone));
        assert_eq!(channel.take_error(), Err(Refusal::Gone));
        let completions = Completions::new(0, hardware.version);
        assert_eq!(completions.report(&hardware, || 0), Report::Gone);
        channel.free();
    });
}

/// NDMA-XFER-16: a start that cannot be leaves the channel halted, whatever it did before.
#[test]
fn impossible_starts() {
    each(|ram, hardware, mut channel| {
        let counted = hardware.version.counts();
        for (first, count, refusal) in [
            (at(0) + 8, 1, Refusal::Descriptor(Error::NEXT_ALIGNMENT)),
            (0, 1, Refusal::Descriptor(Error::NEXT_ADDRESS)),
            (LIMITS.highest + 1, 1, Refusal::Descriptor(Error::NEXT_ADDRESS)),
            (at(0), 0, Refusal::Count),
            (at(0), 0x1_0000, Refusal::Count),
        ] {
            if refusal == Refusal::Count && !counted {
                continue;
            }
            chain(ram, hardware.version, 0, 3, 0);
            channel.start(at(0), 3).expect("a start");
            assert_eq!(channel.start(first, count), Err(refusal));
            assert_eq!(channel.append(1), Err(Refusal::State));
            assert!(!matches!(hardware.state.get(), Status::Active | Status::Armed));
        }
    });
}

/// NDMA-INT-01: what is reported is never older than what interrupted, whichever descriptors write the word.
#[test]
fn interrupts_report_the_last_completed_descriptor() {
    each(|ram, hardware, mut channel| {
        let completions = Completions::new(0, hardware.version);
        let report = || completions.report(&hardware, || hardware.word.get());
        let word = || hardware.word.get();
        chain(ram, hardware.version, 0, 1, control::STATUS_UPDATE | control::INTERRUPT);
        completions.ring(word, || channel.start(at(0), 1)).expect("a start");
        hardware.take_cost();
        hardware.work();
        assert_eq!(report(), Report::Completed(at(0)));
        assert_eq!(hardware.take_cost(), Cost::default(), "the word says it all");
        completions.rearm(&hardware);
        assert_eq!(hardware.take_cost(), Cost { reads: 0, writes: 1 });
        // The next interrupts without writing the word.
        chain(ram, hardware.version, 1, 1, control::INTERRUPT);
        completions.ring(word, || channel.append(1)).expect("an append");
        hardware.work();
        assert_eq!(hardware.interrupts.get(), 2);
        assert_eq!(report(), Report::Completed(at(1)));
        completions.rearm(&hardware);
        // Two at once; one that was done before the channel was armed again interrupts afterwards.
        chain(ram, hardware.version, 2, 2, control::INTERRUPT | control::STATUS_UPDATE);
        completions.ring(word, || channel.append(2)).expect("an append");
        (0..2).for_each(|_| hardware.work());
        assert_eq!((hardware.interrupts.get(), report()), (3, Report::Completed(at(3))));
        completions.rearm(&hardware);
        assert_eq!(hardware.interrupts.get(), 4);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// NDMA-INT-01, NDMA-CST-05: every mixture of flags, appends and paces: what is reported is the last completed.
    #[test]
    fn reports_are_never_stale(
        version in prop::sample::select(VERSIONS.to_vec()),
        rounds in prop::collection::vec((1_u64..5, prop::collection::vec(0_u32..4, 4), 0_u32..8), 1..12),
    ) {
        let ram = Ram::new();
        let hardware = Hardware::new(&ram, version);
        let mut channel = allocated(&hardware);
        let completions = Completions::new(0, version);
        let word = || hardware.word.get();
        let mut made = 0;
        for (count, flags, work) in rounds {
            for number in made..made + count {
                let flags = flags[(number - made) as usize];
                let status = if flags & 1 != 0 { control::STATUS_UPDATE } else { 0 };
                let interrupt = if flags & 2 != 0 { control::INTERRUPT } else { 0 };
                chain(&ram, version, number, 1, status | interrupt);
            }
            if version.counts() {
                // Where the next round begins.
                ram.link(at(made + count - 1), at(made + count));
            }
            let rung = if made == 0 {
                completions.ring(word, || channel.start(at(0), count as u32))
            } else {
                completions.ring(word, || channel.append(count as u32))
            };
            prop_assert_eq!(rung, Ok(()));
            made += count;
            for _ in 0..work {
                let before = hardware.interrupts.get();
                hardware.work();
                if hardware.interrupts.get() != before {
                    let last = hardware.completed.borrow().last().copied().unwrap_or(0);
                    prop_assert_eq!(completions.report(&&hardware, word), Report::Completed(last));
                    completions.rearm(&&hardware);
                }
            }
        }
    }
}

/// Device registers of a function that is probed.
struct Device(HashMap<u32, u64>);

impl Registers for Device {
    fn read8(&self, offset: u32) -> u8 {
        self.0.get(&offset).copied().unwrap_or(u64::MAX) as u8
    }
    fn read16(&self, offset: u32) -> u16 {
        panic!("16 bits at {offset:#x}")
    }
    fn read32(&self, offset: u32) -> u32 {
        self.0.get(&offset).copied().unwrap_or(u64::MAX) as u32
    }
    fn read64(&self, offset: u32) -> u64 {
        panic!("64 bits at {offset:#x}")
    }
    fn write8(&self, _: u32, _: u8) {}
    fn write16(&self, _: u32, _: u16) {}
    fn write32(&self, _: u32, _: u32) {}
    fn write64(&self, _: u32, _: u64) {}
}

fn device(cbver: u8, channels: u8, capacity: u8) -> Device {
    let values = [(regs::CBVER, cbver), (regs::CHANCNT, channels), (regs::XFERCAP, capacity)];
    let mut map: HashMap<u32, u64> = values.iter().map(|&(at, value)| (at, value.into())).collect();
    map.insert(regs::DMACAPABILITY, 1);
    Device(map)
}

/// NDMA-START-02: functions that are known are taken as they are, all others refused with what is wrong.
#[test]
fn probing() {
    let good = probe(&device(0x32, 4, 20), 0x4000).expect("a good one");
    assert_eq!((good.version, good.channels, good.largest, good.capability), (Version::V3_2, 4, 1 << 20, 1));
    assert_eq!(probe(&device(0x20, 8, 0), 0x4000).map(|identity| identity.largest), Ok(1 << 31));
    assert_eq!(probe(&Device(HashMap::new()), 0x4000), Err(ProbeError::Gone));
    assert_eq!(probe(&device(0x41, 4, 20), 0x4000), Err(ProbeError::Version(0x41)));
    assert_eq!(probe(&device(0x32, 0, 20), 0x4000), Err(ProbeError::Channels(0)));
    assert_eq!(probe(&device(0x32, 9, 20), 0x4000), Err(ProbeError::Channels(9)));
    assert_eq!(probe(&device(0x34, 2, 20), 0x4000), Err(ProbeError::Channels(2)));
    assert_eq!(probe(&device(0x32, 4, 20), 0x200), Err(ProbeError::Channels(4)));
    assert_eq!(probe(&device(0x32, 4, 11), 0x4000), Err(ProbeError::Transfer(11)));
}
