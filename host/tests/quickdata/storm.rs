//! Random lives of a channel against what has to come of them, and the same life for the same seed.

use super::{
    random::{Random, seed},
    rig::*,
};
use ferrite_host::device::quickdata::{Config, Counters, Version};
use std::{cell::RefCell, rc::Rc};

/// Descriptors of a life, and the bytes of each.
const TOTAL: u64 = 200;
const SIZE: u32 = 300;

/// Starts a chain and takes it through random appends, suspends and resumes to its end. How
/// many suspends came after a descriptor: each of them is told in the word.
fn life(rig: &Rig, random: &mut Random) -> u64 {
    rig.set_up();
    rig.fill(0);
    let mut linked = 1 + random.below(20);
    let control = |_| UPDATE | INTERRUPT;
    let first = rig.chain(0, 0, linked, SIZE, control);
    rig.start(0, first, linked);
    let mut told = 0;
    while linked < TOTAL {
        match random.below(4) {
            0 => {
                let count = (1 + random.below(20)).min(TOTAL - linked);
                rig.chain(0, linked, linked + count, SIZE, control);
                rig.link(0, linked);
                rig.publish(0, count);
                linked += count;
            }
            1 => {
                rig.command(0, SUSPEND);
                rig.until("a suspend", || rig.state(0) == SUSPENDED);
                let last = rig.status(0) & !63;
                told += u64::from(last != 0);
                let done = if last == 0 { 0 } else { (last - DESCRIPTORS) / 64 + 1 };
                assert!(done <= linked);
                rig.arrived(0, done * u64::from(SIZE));
                rig.command(0, RESUME);
            }
            2 => rig.write(Rig::at(0, CHANCTRL), 2, CONTROL),
            _ => (0..random.below(4)).for_each(|_| rig.poll()),
        }
    }
    assert_eq!(rig.settle(0), Rig::descriptor(0, TOTAL - 1) | IDLE);
    assert_eq!(rig.word(0), Rig::descriptor(0, TOTAL - 1) | IDLE);
    rig.arrived(0, TOTAL * u64::from(SIZE));
    told
}

#[test]
fn random_lives_copy_everything_once() {
    let seed = seed();
    for version in Version::ALL {
        println!("{version:?}");
        let config = Config { bytes: 400, descriptors: 3, seed, ..config(version) };
        passes(config, move |rig| {
            let mut random = Random::new(seed);
            let told = life(rig, &mut random);
            let counters = rig.model.counters();
            assert_eq!(counters.channels[0].descriptors, TOTAL);
            assert_eq!(counters.channels[0].bytes, TOTAL * u64::from(SIZE));
            assert_eq!(counters.channels[0].words, TOTAL + told);
        });
    }
}

/// Counters and interrupts of a life.
fn recorded(seed: u64) -> (Counters, Vec<u32>) {
    let place = Rc::new(RefCell::new(None));
    let out = Rc::clone(&place);
    passes(Config { bytes: 400, descriptors: 3, seed, ..config(Version::V3_2) }, move |rig| {
        life(rig, &mut Random::new(7));
        out.replace(Some((rig.model.counters(), rig.heard())));
    });
    place.take().expect("the life ended")
}

#[test]
fn the_same_seed_gives_the_same_life() {
    let seed = seed();
    let first = recorded(seed);
    assert_eq!(first, recorded(seed));
    assert!((1..9).any(|other| recorded(seed ^ other) != first), "the seed changes nothing");
}

/// Aborts and resets at random moments: what is started afterwards is done as if nothing had been before, and nothing
/// of the old chain moves.
#[test]
fn random_aborts_and_resets_leave_nothing_behind() {
    let seed = seed();
    for version in Version::ALL {
        println!("{version:?}");
        let config = Config { bytes: 400, descriptors: 2, seed, ..config(version) };
        passes(config, move |rig| {
            rig.set_up();
            rig.fill(0);
            let mut random = Random::new(seed);
            for _ in 0..100 {
                rig.ram.write(DESTINATION, &vec![0; 16 << 10]).expect("memory");
                let count = 1 + random.below(30);
                let first =
                    rig.chain(0, 0, count, SIZE, |_| if random_bit(seed, count) { UPDATE } else { 0 });
                rig.start(0, first, count);
                (0..random.below(40)).for_each(|_| rig.poll());
                if random.one_in(2) {
                    rig.command(0, ABORT);
                }
                rig.reset(0);
                let then = rig.bytes(DESTINATION, 16 << 10);
                (0..20).for_each(|_| rig.poll());
                assert!(rig.bytes(DESTINATION, 16 << 10) == then, "bytes move after RESET");
                rig.program(0);
                rig.start(0, first, count);
                assert_eq!(rig.settle(0), Rig::descriptor(0, count - 1) | IDLE);
                rig.arrived(0, count * u64::from(SIZE));
            }
        });
    }
}

/// Whether the chain of this length asks for its status.
fn random_bit(seed: u64, count: u64) -> bool {
    (seed ^ count).count_ones().is_multiple_of(2)
}
