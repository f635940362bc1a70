//! Faults on demand.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Config, Fault, Interrupts, Version, bits::chanerr},
    world::{Hardware, InterruptMode},
};
use std::rc::Rc;

fn inject(rig: &Rig, fault: Fault) {
    assert!(rig.model.inject(0, fault));
}

/// Every bit of CHANERR at the third descriptor: two are done, and the channel is halted unless the error is one that
/// only `ANY_ERR_ABORT_EN` makes fatal.
#[test]
fn every_error_at_a_descriptor() {
    for version in Version::ALL {
        for bit in 0..19 {
            for any in [false, true] {
                passes(config(version), move |rig| {
                    rig.set_up();
                    rig.fill(0);
                    let control = if any { CONTROL } else { CONTROL & !8 };
                    rig.write(Rig::at(0, CHANCTRL), 2, control);
                    inject(rig, Fault::Error { after: 2, bit });
                    let first = rig.chain(0, 0, 4, 100, |_| UPDATE);
                    rig.start(0, first, 4);
                    let halts = any || !matches!(bit, 14..=17);
                    let end =
                        if halts { Rig::descriptor(0, 1) | HALTED } else { Rig::descriptor(0, 3) | IDLE };
                    let soft = u64::from(bit == 14) << 4 | u64::from(bit == 15) << 3;
                    assert_eq!(rig.settle(0), end | soft, "bit {bit}");
                    assert_eq!(rig.errors(0), 1 << bit);
                    assert_eq!(rig.word(0), end, "bit {bit}");
                    rig.poll();
                    assert_eq!(rig.heard(), [0]);
                    rig.arrived(0, if halts { 200 } else { 400 });
                    let mut shown = [0; 4];
                    rig.model.config_read(0x180, &mut shown);
                    assert_eq!(u32::from_le_bytes(shown), 1 << bit, "CHANERR_INT");
                    rig.model.config_write(0x180, &shown);
                    assert_eq!(rig.model.counters().faults, 1);
                });
            }
        }
    }
}

/// A masked error neither interrupts nor, if it is not fatal by itself, halts.
#[test]
fn masked_errors() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.write(Rig::at(0, 0x2C), 4, u64::from(chanerr::SOFT | chanerr::CONTROL));
        inject(rig, Fault::Error { after: 0, bit: 14 });
        inject(rig, Fault::Error { after: 1, bit: 10 });
        let first = rig.chain(0, 0, 2, 8, |_| UPDATE);
        rig.start(0, first, 2);
        assert_eq!(rig.settle(0) & !0x10, first | HALTED);
        rig.poll();
        assert!(rig.heard().is_empty());
    });
}

#[test]
fn a_stuck_channel_obeys_reset_only() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        inject(rig, Fault::Stuck { after: 2 });
        let first = rig.chain(0, 0, 3, 100, |_| UPDATE);
        rig.start(0, first, 3);
        (0..1000).for_each(|_| rig.poll());
        assert_eq!(rig.status(0), Rig::descriptor(0, 1) | ACTIVE);
        rig.command(0, SUSPEND);
        (0..1000).for_each(|_| rig.poll());
        assert_eq!(rig.status(0), Rig::descriptor(0, 1) | ACTIVE);
        rig.arrived(0, 200);
        rig.program(0);
        rig.start(0, first, 3);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 2) | IDLE);
        assert_eq!(rig.model.counters().faults, 1);
    });
}

#[test]
fn interrupts_lost_spurious_and_late() {
    passes_in_all(|rig| {
        rig.set_up();
        let first = rig.chain(0, 0, 1, 8, |_| INTERRUPT);
        let again = || {
            rig.program(0);
            rig.start(0, first, 1);
            rig.settle(0);
        };
        inject(rig, Fault::LostInterrupt);
        again();
        rig.poll();
        assert!(rig.heard().is_empty());
        assert_eq!(rig.model.counters().lost, 1);
        inject(rig, Fault::SpuriousInterrupt);
        rig.poll();
        assert_eq!(rig.heard(), [0]);
        assert_eq!(rig.read(Rig::at(0, CHANCTRL), 2) & REARM, REARM, "the lost one was raised");
        inject(rig, Fault::LateInterrupt { polls: 5 });
        again();
        for _ in 0..5 {
            assert!(rig.heard().is_empty());
            rig.poll();
        }
        rig.poll();
        assert_eq!(rig.heard(), [0]);
        assert_eq!(rig.model.counters().faults, 3);
    });
}

/// On the pin a spurious interrupt has no cause to be found.
#[test]
fn a_spurious_interrupt_on_the_pin() {
    passes(with(Version::V2_0, Interrupts::Line), |rig| {
        rig.set_up();
        inject(rig, Fault::SpuriousInterrupt);
        rig.poll();
        assert_eq!(rig.heard(), [0]);
        assert_eq!(rig.read(ATTNSTATUS, 4), 0);
    });
}

#[test]
fn a_reset_that_never_ends() {
    passes_in_all(|rig| {
        inject(rig, Fault::ResetHangs);
        rig.command(0, RESET);
        (0..1000).for_each(|_| rig.poll());
        assert_eq!(rig.read(rig.chancmd(0), 1), RESET);
        rig.model.heal(0);
        rig.until("RESET", || rig.read(rig.chancmd(0), 1) == 0);
    });
}

#[test]
fn data_that_arrives_wrong() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        inject(rig, Fault::Corrupt { after: 1 });
        let first = rig.chain(0, 0, 3, 100, |_| UPDATE);
        rig.start(0, first, 3);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 2) | IDLE);
        let (from, to) = (rig.bytes(SOURCE, 300), rig.bytes(DESTINATION, 300));
        let wrong: Vec<usize> = (0..300).filter(|&i| from[i] != to[i]).collect();
        assert_eq!(wrong, [100]);
    });
}

#[test]
fn a_doorbell_that_is_not_heard() {
    passes_in_all(|rig| {
        rig.set_up();
        inject(rig, Fault::DoorbellIgnored);
        let first = rig.chain(0, 0, 2, 8, |_| UPDATE);
        rig.start(0, first, 2);
        (0..100).for_each(|_| rig.poll());
        let wanted = if rig.version == Version::V1_2 { HALTED } else { ARMED };
        assert_eq!(rig.status(0), wanted);
        rig.program(0);
        rig.start(0, first, 2);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 1) | IDLE);
    });
}

/// All ones, no interrupt, no DMA, no way back.
#[test]
fn a_function_that_leaves_the_bus() {
    for version in Version::ALL {
        passes(Config { bytes: 16, descriptors: 1, ..config(version) }, |rig| {
            rig.set_up();
            rig.fill(0);
            inject(rig, Fault::Gone { after: 1 });
            let first = rig.chain(0, 0, 3, 64, |_| UPDATE | INTERRUPT);
            rig.start(0, first, 3);
            rig.until("the end", || rig.model.counters().faults == 1 && rig.word(0) == first + 64);
            (0..1000).for_each(|_| rig.poll());
            assert_eq!(rig.status(0), u64::MAX);
            assert_eq!(rig.read(8, 1), 0xFF);
            rig.arrived(0, 128);
            let mut ids = [0; 4];
            rig.model.config_read(0, &mut ids);
            assert_eq!(ids, [0xFF; 4]);
            rig.write(INTRCTRL, 1, MASTER);
            assert_eq!(rig.model.counters().after_removal, if rig.version >= Version::V3_3 { 3 } else { 4 });
            assert!(rig.model.connect(InterruptMode::Line, Rc::new(|_| ())).is_err());
        });
    }
}

#[test]
fn a_fault_needs_a_channel() {
    passes(config(Version::V3_4), |rig| assert!(!rig.model.inject(1, Fault::LostInterrupt)));
}
