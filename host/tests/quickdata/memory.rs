//! Counts, and in which order things reach memory.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Accesses, Config, Register, Right, Version},
    world::{self, Hardware, Source},
};
use std::{cell::Cell, rc::Rc, time::Duration};

#[test]
fn accesses_are_counted_by_register() {
    passes_in_all(|rig| {
        rig.set_up();
        let before = rig.model.counters();
        let first = rig.chain(0, 0, 2, 8, |_| 0);
        rig.start(0, first, 2);
        rig.poll();
        rig.status(0);
        let after = rig.model.counters();
        let change = |register: Register| {
            let of = |counters: &ferrite_host::device::quickdata::Counters| {
                counters.channels[0].registers.get(&register).copied().unwrap_or_default()
            };
            let (before, after) = (of(&before), of(&after));
            Accesses { reads: after.reads - before.reads, writes: after.writes - before.writes }
        };
        let first_generation = rig.version == Version::V1_2;
        let halves = if rig.version >= Version::V3_3 { 1 } else { 2 };
        let writes = if first_generation { 2 } else { 1 };
        assert_eq!(change(Register::ChainAddr), Accesses { reads: 0, writes });
        assert_eq!(change(Register::ChanSts), Accesses { reads: halves, writes: 0 });
        let doorbell = if first_generation { Register::ChanCmd } else { Register::DmaCount };
        assert_eq!(change(doorbell).writes, 1);
        assert_eq!(after.channels[0].doorbells - before.channels[0].doorbells, 1);
        let own = rig.model.counters().registers[&Register::IntrCtrl];
        assert_eq!(own, Accesses { reads: 0, writes: 1 });
        let (reads, writes) = rig.model.accesses();
        let all = rig.model.counters().accesses();
        assert_eq!((reads, writes), (all.reads, all.writes));
    });
}

/// Copies from one place to the next, each from where the one before wrote: how many arrived in the last place out of
/// `lives`.
fn relays(control: u32, lives: u64) -> u64 {
    let arrived = Rc::new(Cell::new(0));
    for seed in 0..lives {
        let count = Rc::clone(&arrived);
        passes(Config { seed, bytes: 64, ..config(Version::V3_2) }, move |rig| {
            rig.set_up();
            rig.fill(0);
            rig.model.allow().add(Right::Read, DESTINATION, CHANNEL);
            let place = |i: u64| if i == 0 { SOURCE } else { DESTINATION + 0x100 * i };
            for i in 0..6 {
                let (source, destination, next) = (place(i), place(i + 1), Rig::descriptor(0, i + 1));
                let next = if i == 5 { 0 } else { next };
                let size = 200;
                let descriptor =
                    Descriptor { size, control, source, destination, next, ..Descriptor::default() };
                rig.put(Rig::descriptor(0, i), descriptor);
            }
            rig.start(0, DESCRIPTORS, 6);
            rig.settle(0);
            let same = rig.bytes(place(6), 200) == rig.bytes(SOURCE, 200);
            count.set(count.get() + u64::from(same));
        });
    }
    arrived.get()
}

/// With fences the data of a descriptor is there before the next one's is read; without, now and then, it is not.
#[test]
fn fences_order_descriptors() {
    assert_eq!(relays(FENCE, 20), 20);
    let without = relays(0, 20);
    assert!(without < 20, "nothing is ever read ahead");
}

/// Whoever waits for events is woken while there is work, and not for nothing.
#[test]
fn it_wakes_whoever_waits() {
    passes_in_all(|rig| {
        let wakes = || {
            let mut fds = Vec::new();
            rig.model.fds(&mut fds);
            !fds.is_empty()
        };
        rig.set_up();
        assert!(!wakes());
        let first = rig.chain(0, 0, 2, 8, |_| INTERRUPT);
        rig.start(0, first, 2);
        assert!(wakes());
        rig.settle(0);
        rig.poll();
        assert!(!wakes());
        rig.command(0, RESET);
        assert!(wakes());
    });
}

/// The world that the function is a source of gets a copy done while every thread waits.
#[test]
fn a_world_polls_it() {
    passes(config(Version::V3_2), |rig| {
        rig.set_up();
        rig.fill(0);
        world::world().add_source(Rc::clone(&rig.model) as Rc<dyn Source>);
        let first = rig.chain(0, 0, 50, 2000, |_| UPDATE);
        rig.start(0, first, 50);
        let until = world::world().clock.now().after(Duration::from_secs(10));
        let last = Rig::descriptor(0, 49) | IDLE;
        let done = world::world().sched.block("the copies", Some(until), &|| rig.word(0) == last);
        assert!(done, "the word is {:#x}", rig.word(0));
        rig.arrived(0, 100_000);
    });
}

/// Whenever a word or an interrupt tells of a descriptor, its data and everything before it is there.
#[test]
fn data_comes_before_the_word_and_the_word_before_the_interrupt() {
    for version in Version::ALL {
        passes(Config { bytes: 700, descriptors: 3, ..config(version) }, |rig| {
            rig.ordered();
            rig.hand_over(0);
            rig.program(0);
            rig.fill(0);
            let heard = Rc::new(Cell::new(0));
            let (ram, count) = (rig.ram.clone(), Rc::clone(&heard));
            let sink = move |_| {
                let word = ram.read_u64(WORD).expect("memory");
                assert_ne!(word, 0, "an interrupt before the word");
                count.set(count.get() + 1);
            };
            rig.model.connect(ferrite_host::world::InterruptMode::Messages(1), Rc::new(sink)).expect("MSI-X");
            rig.write(INTRCTRL, 1, MASTER | VECTORS);
            let first = rig.chain(0, 0, 40, 1000, |_| UPDATE | INTERRUPT);
            rig.start(0, first, 40);
            let mut seen = 0;
            while seen < 40 {
                rig.model.poll();
                let word = rig.word(0);
                if word != 0 {
                    seen = (word & !63).wrapping_sub(DESCRIPTORS) / 64 + 1;
                    assert!(rig.bytes(SOURCE, 1000 * seen) == rig.bytes(DESTINATION, 1000 * seen), "{seen}");
                }
                rig.write(Rig::at(0, CHANCTRL), 2, CONTROL);
            }
            rig.poll();
            assert!(heard.get() > 0);
        });
    }
}
