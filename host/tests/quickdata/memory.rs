//! Counts, and in which order things reach memory.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Accesses, Config, Register, Version},
    world::{Hardware, Source},
};
use std::{cell::Cell, rc::Rc};

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
