//! Checks of single accesses: registers, widths, bits and halves that a version does not have.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Version},
    verify::rules,
    world::Hardware,
};

const V3: Version = Version::V3_2;

#[test]
fn registers_of_other_versions() {
    let register = &rules::QD_REGISTER;
    breaks(register, "does not have", config(Version::V1_2), |rig| rig.touch(Rig::at(0, DMACOUNT), 2));
    breaks(register, "does not have", config(Version::V1_2), |rig| rig.write(Rig::at(0, 4), 1, RESET));
    breaks(register, "does not have", config(Version::V2_0), |rig| rig.write(Rig::at(0, 0x14), 1, RESET));
    breaks(register, "offset 0x136", config(V3), |rig| rig.touch(0x136, 2));
    passes(config(Version::V3_4), |rig| {
        rig.write(0x136, 2, 0x109);
        assert_eq!(rig.read(0x136, 2), 0x109);
        for (at, value) in [(0x13C, 1), (0x140, 2), (0x144, 3)] {
            rig.write(at, 4, value);
            assert_eq!(rig.read(at, 4), value);
        }
    });
}

#[test]
fn channels_that_are_not_there() {
    breaks(&rules::QD_REGISTER, "2 channels", config(V3), |rig| rig.touch(Rig::at(2, CHANERR), 4));
    passes(Config { channels: 3, ..config(V3) }, |rig| assert_eq!(rig.read(Rig::at(2, CHANERR), 4), 0));
}

#[test]
fn wrong_widths() {
    for (offset, size) in [(0, 4), (3, 2), (8, 4), (0x10, 2), (0x80, 4), (0x84, 2), (0xA8, 2), (0x2002, 4)] {
        breaks(&rules::QD_REGISTER, "does not have", config(V3), move |rig| rig.touch(offset, size));
    }
}

#[test]
fn chansts_in_the_wrong_width() {
    for version in Version::ALL {
        let size = if version >= Version::V3_3 { 4 } else { 8 };
        breaks(&rules::QD_REGISTER, "does not have", config(version), move |rig| {
            rig.touch(rig.chansts(0), size);
        });
    }
}

#[test]
fn reserved_bits_in_chanctrl() {
    breaks(&rules::QD_REGISTER, "CHANCTRL", config(V3), |rig| rig.write(Rig::at(0, CHANCTRL), 2, 0x400));
    breaks(&rules::QD_REGISTER, "CHANCTRL", config(Version::V2_0), |rig| {
        rig.write(Rig::at(0, CHANCTRL), 2, 0x200);
    });
    passes(config(V3), |rig| rig.write(Rig::at(0, CHANCTRL), 2, 0xF33D));
}

#[test]
fn registers_while_memory_is_off() {
    breaks(&rules::QD_REGISTER, "Command register", config(V3), |rig| {
        rig.model.config_write(4, &[4, 0]);
        rig.read(0, 1);
    });
}

#[test]
fn read_only_registers() {
    for (offset, size) in [(0, 1), (1, 1), (4, 4), (8, 1), (0x10, 4), (0x14, 2), (0x82, 2), (0xA0, 8)] {
        breaks(&rules::QD_READ_ONLY, "read-only", config(V3), move |rig| rig.write(offset, size, 0));
    }
    breaks(&rules::QD_READ_ONLY, "CHANSTS", config(Version::V3_3), |rig| rig.write(rig.chansts(0), 8, 0));
}

#[test]
fn halves_in_the_wrong_order() {
    let halves = &rules::QD_HALVES;
    for version in [Version::V1_2, Version::V2_0, V3] {
        breaks(halves, "CHANSTS", config(version), |rig| rig.touch(rig.chansts(0) + 4, 4));
        // A latched half is good for one read.
        breaks(halves, "CHANSTS", config(version), |rig| {
            rig.status(0);
            rig.read(rig.chansts(0) + 4, 4);
        });
        breaks(halves, "CHAINADDR", config(version), |rig| rig.write(rig.chainaddr(0) + 4, 4, 0));
        breaks(halves, "CHANCMP", config(version), |rig| rig.write(Rig::at(0, CHANCMP) + 4, 4, 0));
    }
    passes_in_all(|rig| {
        for at in [rig.chainaddr(0), Rig::at(0, CHANCMP)] {
            rig.write(at, 4, WORD);
            rig.write(at + 4, 4, 0);
            assert_eq!((rig.read(at, 4), rig.read(at + 4, 4)), (WORD, 0));
        }
    });
}

/// A service routine may read both halves between the two reads of what it interrupts.
#[test]
fn halves_that_interleave() {
    for version in [Version::V1_2, Version::V2_0, V3] {
        passes(config(version), |rig| {
            let at = rig.chansts(0);
            for half in [0, 0, 4, 4] {
                rig.touch(at + half, 4);
            }
        });
    }
}

#[test]
fn a_message_table_without_msix() {
    for interrupts in [Interrupts::Msi, Interrupts::Line] {
        breaks(&rules::QD_REGISTER, "0x2000", with(V3, interrupts), |rig| rig.touch(0x2000, 8));
    }
    passes(config(V3), |rig| {
        assert_eq!(rig.read(0x200C, 4), 1, "masked");
        assert_eq!(rig.read(0x3000, 8), 0, "nothing pending");
    });
}
