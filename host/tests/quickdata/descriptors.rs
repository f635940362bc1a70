//! What descriptors ask for, and what is wrong with them.

use super::rig::*;
use ferrite_host::device::quickdata::{Config, Right, Version, bits::chanerr};

const SOURCE_BREAK: u32 = 0x40;
const DESTINATION_BREAK: u32 = 0x80;
const CONTEXT: u32 = 0xFF00_0000;

/// Runs one descriptor; the status then.
fn one(rig: &Rig, descriptor: Descriptor) -> u64 {
    rig.put(DESCRIPTORS, descriptor);
    rig.start(0, DESCRIPTORS, 1);
    rig.settle(0)
}

/// The only descriptor of a channel fails for this cause, moves nothing, and the channel works again after a reset.
fn fails(version: Version, cause: u32, descriptor: Descriptor) {
    passes(config(version), move |rig| {
        rig.set_up();
        rig.fill(0);
        assert_eq!(one(rig, descriptor), HALTED, "nothing is done since the start");
        assert_eq!(rig.errors(0), u64::from(cause));
        assert_eq!(rig.word(0), HALTED, "ERR_COMPLETION_EN");
        rig.poll();
        assert_eq!(rig.heard(), [0], "ERR_INT_EN");
        rig.arrived(0, 0);
        rig.program(0);
        let first = rig.chain(0, 0, 2, 300, |_| UPDATE);
        rig.start(0, first, 2);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 1) | IDLE);
        rig.arrived(0, 600);
    });
}

fn sound() -> Descriptor {
    Descriptor { size: 100, source: SOURCE, destination: DESTINATION, ..Descriptor::default() }
}

#[test]
fn every_length_and_alignment_is_copied() {
    passes(config(Version::V3_0), |rig| {
        rig.set_up();
        rig.fill(0);
        for size in [1, 2, 3, 63, 64, 65, 4095, 4096, 4097, 60_000] {
            for (from, to) in [(0, 0), (1, 0), (0, 1), (3, 7), (63, 4095)] {
                rig.program(0);
                rig.ram.write(DESTINATION, &vec![0; CHANNEL as usize]).expect("memory");
                let (source, destination) = (SOURCE + from, DESTINATION + 64 + to);
                let status = one(rig, Descriptor { size, source, destination, ..Descriptor::default() });
                assert_eq!(status, DESCRIPTORS | IDLE);
                assert!(
                    rig.bytes(source, size.into()) == rig.bytes(destination, size.into()),
                    "{size} {from} {to}"
                );
                let (before, behind) =
                    (rig.bytes(destination - 64, 64), rig.bytes(destination + u64::from(size), 64));
                assert!(
                    before.iter().chain(&behind).all(|&byte| byte == 0),
                    "{size} {from} {to}: written outside"
                );
            }
        }
    });
}

/// Neither a NULL transfer's addresses nor its size are looked at; what it asks for on completion is done.
#[test]
fn transfers_that_move_nothing_complete() {
    passes_in_all(|rig| {
        rig.set_up();
        let control = UPDATE | INTERRUPT;
        let wild = Descriptor { size: u32::MAX, source: u64::MAX, destination: 1, ..Descriptor::default() };
        let null = Descriptor { control: control | NULL, ..wild };
        let empty = Descriptor { control, size: 0, ..wild };
        for descriptor in [null, empty] {
            rig.program(0);
            rig.ram.write_u64(WORD, 0).expect("memory");
            assert_eq!(one(rig, descriptor), DESCRIPTORS | IDLE);
            assert_eq!(rig.word(0), DESCRIPTORS | IDLE);
            rig.poll();
            assert_eq!(rig.heard(), [0]);
        }
    });
}

/// Bit 0 of a context change is no interrupt.
#[test]
fn a_context_change_moves_nothing_and_does_not_interrupt() {
    passes_in_all(|rig| {
        rig.set_up();
        let descriptor = Descriptor { size: 3, control: CONTEXT | UPDATE | 1, ..Descriptor::default() };
        assert_eq!(one(rig, descriptor), DESCRIPTORS | IDLE);
        assert_eq!(rig.word(0), DESCRIPTORS | IDLE);
        rig.poll();
        assert!(rig.heard().is_empty());
    });
}

#[test]
fn transfers_break_at_page_ends() {
    passes(Config { bytes: 100, ..config(Version::V2_0) }, |rig| {
        rig.set_up();
        rig.fill(0);
        let (source, next_source) = (SOURCE + 4096 - 1000, SOURCE + 0x8000);
        let (destination, next_destination) = (DESTINATION + 4096 - 300, DESTINATION + 0xC000);
        let status = one(
            rig,
            Descriptor {
                size: 2000,
                control: SOURCE_BREAK | DESTINATION_BREAK,
                source,
                destination,
                next_source,
                next_destination,
                next: 0,
            },
        );
        assert_eq!(status, DESCRIPTORS | IDLE);
        let wanted = [rig.bytes(source, 1000), rig.bytes(next_source, 1000)].concat();
        let found = [rig.bytes(destination, 300), rig.bytes(next_destination, 1700)].concat();
        assert!(wanted == found);
        // Without the flag it goes straight on; with it, and no page end in the way, as well.
        for (control, start) in [(0, 4096 - 10), (SOURCE_BREAK, 4096)] {
            rig.program(0);
            let (source, destination) = (SOURCE + start, DESTINATION);
            let descriptor = Descriptor { size: 4096, control, source, destination, ..Descriptor::default() };
            assert_eq!(one(rig, descriptor), DESCRIPTORS | IDLE);
            assert!(rig.bytes(source, 4096) == rig.bytes(destination, 4096));
        }
    });
}

#[test]
fn unknown_flags_are_ignored() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        assert_eq!(one(rig, Descriptor { control: 0x00FF_FF00 | FENCE | 6, ..sound() }), DESCRIPTORS | IDLE);
        rig.arrived(0, 100);
    });
}

#[test]
fn bad_addresses_fail() {
    let beyond = 8 << 20;
    for version in Version::ALL {
        fails(version, chanerr::SOURCE, Descriptor { source: beyond, ..sound() });
        fails(version, chanerr::SOURCE, Descriptor { source: beyond - 99, ..sound() });
        fails(version, chanerr::SOURCE, Descriptor { source: u64::MAX - 3, ..sound() });
        fails(version, chanerr::DESTINATION, Descriptor { destination: beyond - 1, ..sound() });
    }
}

#[test]
fn bad_operations_and_lengths_fail() {
    for version in Version::ALL {
        for operation in [0x01, 0x87, 0x89, 0xFE] {
            fails(version, chanerr::CONTROL, Descriptor { control: operation << 24, ..sound() });
        }
        let cause = if version == Version::V3_4 { chanerr::CONTROL } else { chanerr::LENGTH };
        fails(version, cause, Descriptor { size: (1 << 20) + 1, ..sound() });
    }
    fails(Version::V1_2, chanerr::CONTROL, Descriptor { control: SOURCE_BREAK, ..sound() });
}

#[test]
fn bad_page_breaks_fail() {
    let at = Descriptor { size: 200, source: SOURCE + 4000, destination: DESTINATION + 4000, ..sound() };
    let version = Version::V3_2;
    let control = SOURCE_BREAK;
    fails(version, chanerr::SOURCE, Descriptor { control, next_source: SOURCE + 8, ..at });
    fails(version, chanerr::SOURCE, Descriptor { control, next_source: 1 << 40, ..at });
    let control = DESTINATION_BREAK;
    fails(version, chanerr::DESTINATION, Descriptor { control, next_destination: DESTINATION + 1, ..at });
    let next_destination = DESTINATION + 0x8000;
    fails(version, chanerr::LENGTH, Descriptor { control, next_destination, size: 96 + 4097, ..at });
}

/// The chain behind a sound descriptor is wrong: that one stays done, and the word says so.
#[test]
fn bad_next_addresses_fail() {
    for version in Version::ALL {
        let mut cases = vec![
            (DESCRIPTORS + 0x48, chanerr::NEXT_ALIGNMENT),
            (1 << 40, chanerr::NEXT),
            (8 << 20, chanerr::NEXT),
        ];
        if version != Version::V1_2 {
            cases.push((0, chanerr::COUNT));
        }
        for (next, cause) in cases {
            passes(config(version), move |rig| {
                rig.set_up();
                rig.fill(0);
                rig.put(DESCRIPTORS, Descriptor { next, ..sound() });
                rig.start(0, DESCRIPTORS, 2);
                assert_eq!(rig.settle(0), DESCRIPTORS | HALTED, "{next:#x}");
                assert_eq!(rig.errors(0), u64::from(cause), "{next:#x}");
                assert_eq!(rig.word(0), DESCRIPTORS | HALTED);
                rig.arrived(0, 100);
            });
        }
    }
}

#[test]
fn bad_chain_addresses_fail() {
    for version in Version::ALL {
        for first in [0, DESCRIPTORS + 8, 1 << 40] {
            passes(config(version), move |rig| {
                rig.set_up();
                rig.start(0, first, 1);
                assert_eq!(rig.settle(0), HALTED);
                assert_eq!(rig.errors(0), u64::from(chanerr::CHAIN), "{first:#x}");
            });
        }
    }
}

#[test]
fn a_bad_completion_address_fails() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.reset(0);
        rig.write(Rig::at(0, CHANCMP), 8, 1 << 40);
        assert_eq!(rig.errors(0), u64::from(chanerr::COMPLETION));
    });
    // Nobody said where to write, but a descriptor asks for it.
    passes_in_all(|rig| {
        rig.set_up();
        rig.reset(0);
        assert_eq!(one(rig, Descriptor { control: UPDATE, ..sound() }), HALTED);
        assert_eq!(rig.errors(0), u64::from(chanerr::COMPLETION));
    });
}

/// Without `ERR_COMPLETION_EN` and `ERR_INT_EN` an error shows in CHANSTS only.
#[test]
fn errors_are_quiet_unless_asked_for() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.write(Rig::at(0, CHANCTRL), 2, REARM);
        assert_eq!(one(rig, Descriptor { control: 1 << 24 | UPDATE | INTERRUPT, ..sound() }), HALTED);
        rig.poll();
        assert_eq!(rig.word(0), 0);
        assert!(rig.heard().is_empty());
    });
}

#[test]
fn xfercap_bounds_a_transfer() {
    passes(Config { xfercap: 12, ..config(Version::V3_3) }, |rig| {
        rig.set_up();
        assert_eq!(rig.read(1, 1), 12);
        assert_eq!(one(rig, Descriptor { size: 4096, ..sound() }), DESCRIPTORS | IDLE);
        rig.program(0);
        assert_eq!(one(rig, Descriptor { size: 4097, ..sound() }), HALTED);
        assert_eq!(rig.errors(0), u64::from(chanerr::LENGTH));
    });
}

/// Memory that touches counts as one piece.
#[test]
fn ranges_that_touch_are_one() {
    passes(config(Version::V2_0), |rig| {
        rig.set_up();
        rig.fill(0);
        let allow = rig.model.allow();
        assert!(allow.take(Right::Write, DESTINATION));
        assert!(!allow.take(Right::Write, DESTINATION));
        allow.add(Right::Write, DESTINATION, 50);
        allow.add(Right::Write, DESTINATION + 50, 50);
        assert_eq!(one(rig, sound()), DESCRIPTORS | IDLE);
        rig.arrived(0, 100);
    });
}
