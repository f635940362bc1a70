//! Checks of single accesses: registers, widths, bits and halves that a version does not have.

use super::{rig::*, rows::mutants};
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Version},
    world::Hardware,
};

const V3: Version = Version::V3_2;

mutants! {
    registers_of_other_versions breaks QD_VERSION: |rule| {
        let v1 = config(Version::V1_2);
        breaks(rule, "does not have", v1.clone(), |rig| rig.touch(Rig::at(0, DMACOUNT), 2));
        breaks(rule, "does not have", v1, |rig| rig.write(Rig::at(0, 4), 1, RESET));
        breaks(rule, "does not have", config(Version::V2_0), |rig| rig.write(Rig::at(0, 0x14), 1, RESET));
        breaks(rule, "offset 0x136", config(V3), |rig| rig.touch(0x136, 2));
        passes(config(Version::V3_4), |rig| {
            rig.write(0x136, 2, 0x109);
            assert_eq!(rig.read(0x136, 2), 0x109);
            for (at, value) in [(0x13C, 1), (0x140, 2), (0x144, 3)] {
                rig.write(at, 4, value);
                assert_eq!(rig.read(at, 4), value);
            }
        });
    };
    offsets_without_a_register breaks QD_REGISTER: |rule| {
        for offset in [0x18, 0x40, Rig::at(0, 0x38), 0x2000 + 2 * 16, 0x3008] {
            breaks(rule, "does not have", config(V3), move |rig| rig.touch(offset, 4));
            breaks(rule, "does not have", config(V3), move |rig| rig.write(offset, 4, 0));
        }
    };
    channels_that_are_not_there breaks QD_CHANNEL: |rule| {
        breaks(rule, "2 channels", config(V3), |rig| rig.touch(Rig::at(2, CHANERR), 4));
        passes(Config { channels: 3, ..config(V3) }, |rig| assert_eq!(rig.read(Rig::at(2, CHANERR), 4), 0));
    };
    wrong_widths breaks QD_WIDTH: |rule| {
        for (offset, size) in [(0, 4), (3, 2), (8, 4), (0x10, 2), (0x80, 4), (0x84, 2), (0xA8, 2), (0x2002, 4)] {
            breaks(rule, "does not have", config(V3), move |rig| rig.touch(offset, size));
        }
    };
    chansts_in_the_wrong_width breaks QD_STATUS_WIDTH: |rule| {
        for version in Version::ALL {
            let size = if version >= Version::V3_3 { 4 } else { 8 };
            breaks(rule, "does not have", config(version), move |rig| rig.touch(rig.chansts(0), size));
        }
    };
    chainaddr_in_one_piece_where_it_is_not_aligned breaks QD_TORN: |rule| {
        breaks(rule, "0x8c", config(Version::V1_2), |rig| rig.write(rig.chainaddr(0), 8, DESCRIPTORS));
    };
    a_message_table_without_msix breaks QD_TABLE: |rule| {
        for interrupts in [Interrupts::Msi, Interrupts::Line] {
            breaks(rule, "0x2000", with(V3, interrupts), |rig| rig.touch(0x2000, 8));
        }
        passes(config(V3), |rig| {
            assert_eq!(rig.read(0x200C, 4), 1, "masked");
            assert_eq!(rig.read(0x3000, 8), 0, "nothing pending");
        });
    };
    reserved_bits_in_chanctrl breaks QD_CONTROL: |rule| {
        breaks(rule, "CHANCTRL", config(V3), |rig| rig.write(Rig::at(0, CHANCTRL), 2, 0x400));
        breaks(rule, "CHANCTRL", config(Version::V2_0), |rig| rig.write(Rig::at(0, CHANCTRL), 2, 0x200));
        passes(config(V3), |rig| rig.write(Rig::at(0, CHANCTRL), 2, 0xF33D));
    };
    registers_while_memory_is_off breaks QD_MEMORY_OFF: |rule| {
        breaks(rule, "Command register", config(V3), |rig| {
            rig.model.config_write(4, &[4, 0]);
            rig.read(0, 1);
        });
    };
    read_only_registers breaks QD_READ_ONLY: |rule| {
        for (offset, size) in [(0, 1), (1, 1), (4, 4), (8, 1), (0x10, 4), (0x14, 2), (0x82, 2), (0xA0, 8)] {
            breaks(rule, "read-only", config(V3), move |rig| rig.write(offset, size, 0));
        }
        breaks(rule, "CHANSTS", config(Version::V3_3), |rig| rig.write(rig.chansts(0), 8, 0));
    };
    halves_of_chansts_in_the_wrong_order breaks QD_STATUS_HALVES: |rule| {
        for version in [Version::V1_2, Version::V2_0, V3] {
            breaks(rule, "CHANSTS", config(version), |rig| rig.touch(rig.chansts(0) + 4, 4));
            // A latched half is good for one read.
            breaks(rule, "CHANSTS", config(version), |rig| {
                rig.status(0);
                rig.read(rig.chansts(0) + 4, 4);
            });
        }
    };
    halves_of_chainaddr_in_the_wrong_order breaks QD_CHAIN_HALVES: |rule| {
        for version in Version::ALL {
            breaks(rule, "CHAINADDR", config(version), |rig| rig.write(rig.chainaddr(0) + 4, 4, 0));
        }
    };
    halves_of_chancmp_in_the_wrong_order breaks QD_COMPLETION_HALVES: |rule| {
        for version in Version::ALL {
            breaks(rule, "CHANCMP", config(version), |rig| rig.write(Rig::at(0, CHANCMP) + 4, 4, 0));
        }
    };
}

#[test]
fn halves_in_the_right_order() {
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
