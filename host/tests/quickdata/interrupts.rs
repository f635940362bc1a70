//! Interrupts: MSI-X, MSI and the pin, re-arming, and the enable that a service routine writes back.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Version},
    world::{Hardware, InterruptMode},
};
use std::rc::Rc;

/// A chain of `count` that all interrupt, started and done.
fn burst(rig: &Rig, channel: u64, count: u64) {
    let first = rig.chain(channel, 0, count, 8, |_| INTERRUPT);
    rig.start(channel, first, count);
    rig.settle(channel);
    rig.poll();
}

/// One more, appended.
fn more(rig: &Rig, channel: u64, index: u64) {
    rig.chain(channel, index, index + 1, 8, |_| INTERRUPT);
    rig.link(channel, index);
    rig.publish(channel, 1);
    rig.settle(channel);
    rig.poll();
}

fn rearm(rig: &Rig, channel: u64) {
    rig.write(Rig::at(channel, CHANCTRL), 2, CONTROL);
    rig.poll();
}

#[test]
fn each_channel_has_its_vector() {
    for version in Version::ALL.into_iter().filter(|version| *version != Version::V3_4) {
        passes(Config { channels: 8, ..config(version) }, |rig| {
            rig.set_up();
            for channel in [5, 0, 7] {
                burst(rig, channel, 1);
                assert_eq!(rig.heard(), [channel as u32]);
            }
        });
    }
}

/// After an interrupt a channel is silent until it is re-armed; what came meanwhile is one interrupt then.
#[test]
fn a_channel_interrupts_once_until_it_is_rearmed() {
    for interrupts in [Interrupts::MsiX, Interrupts::Msi] {
        for version in Version::ALL {
            passes(with(version, interrupts), |rig| {
                rig.set_up();
                let service = || {
                    if rig.model.pci().msix().is_none() {
                        rig.touch(ATTNSTATUS, 4);
                        rig.write(INTRCTRL, 1, MASTER);
                    }
                };
                burst(rig, 0, 1);
                assert_eq!(rig.heard(), [0]);
                service();
                assert_eq!(rig.read(Rig::at(0, CHANCTRL), 2), CONTROL, "bit 0: it has interrupted");
                more(rig, 0, 1);
                more(rig, 0, 2);
                assert!(rig.heard().is_empty());
                rearm(rig, 0);
                assert_eq!(rig.heard(), [0]);
                service();
                // That one took what was pending.
                rearm(rig, 0);
                assert!(rig.heard().is_empty());
                assert_eq!(rig.read(Rig::at(0, CHANCTRL), 2), CONTROL & !REARM);
                more(rig, 0, 3);
                assert_eq!(rig.heard(), [0]);
                assert_eq!(rig.model.counters().channels[0].interrupts, 3);
            });
        }
    }
}

/// CHANCTRL written without the bit does not re-arm.
#[test]
fn rearming_takes_the_bit() {
    passes(config(Version::V3_0), |rig| {
        rig.set_up();
        burst(rig, 0, 1);
        rig.heard();
        rig.write(Rig::at(0, CHANCTRL), 2, CONTROL & !REARM);
        more(rig, 0, 1);
        assert!(rig.heard().is_empty());
    });
}

/// The pin stays asserted until ATTNSTATUS is read, and then until the enable is written back.
#[test]
fn the_pin_is_shared() {
    for version in [Version::V1_2, Version::V2_0, Version::V3_3] {
        passes(with(version, Interrupts::Line), |rig| {
            rig.set_up();
            assert!(!rig.model.line_asserted());
            burst(rig, 1, 1);
            assert!(rig.model.line_asserted());
            assert!(!rig.heard().is_empty());
            assert_eq!(rig.read(ATTNSTATUS, 4), 2);
            assert!(!rig.model.line_asserted());
            rig.heard();
            burst(rig, 0, 1);
            assert!(rig.heard().is_empty(), "the service routine has not finished");
            rig.write(INTRCTRL, 1, MASTER);
            assert!(rig.model.line_asserted());
            rig.poll();
            assert!(!rig.heard().is_empty());
            assert_eq!(rig.read(INTRCTRL, 1), MASTER | 6, "status and both");
            assert_eq!(rig.read(INTRCTRL, 1), 2, "reading it clears the enable");
            assert_eq!(rig.read(ATTNSTATUS, 4), 1);
            assert_eq!(rig.read(ATTNSTATUS, 4), 0);
        });
    }
}

#[test]
fn the_pin_is_silent_while_intx_is_disabled() {
    passes(with(Version::V2_0, Interrupts::Line), |rig| {
        rig.set_up();
        rig.model.config_write(4, &[6, 4]);
        burst(rig, 0, 1);
        assert!(rig.heard().is_empty() && !rig.model.line_asserted());
        rig.model.config_write(4, &[6, 0]);
        assert!(rig.model.line_asserted());
    });
}

/// One message for all channels; another one only after the enable is back.
#[test]
fn msi_is_shared() {
    passes(with(Version::V2_0, Interrupts::Msi), |rig| {
        rig.set_up();
        burst(rig, 0, 1);
        burst(rig, 1, 1);
        assert_eq!(rig.heard(), [0], "two channels, one message");
        assert_eq!(rig.read(ATTNSTATUS, 4), 3);
        rearm(rig, 0);
        more(rig, 0, 1);
        assert!(rig.heard().is_empty());
        rig.write(INTRCTRL, 1, MASTER);
        rig.poll();
        assert_eq!(rig.heard(), [0]);
    });
}

/// `MASTER_INT_EN` gates vectors too; what came before goes out when it is set.
#[test]
fn the_master_enable_gates_everything() {
    for interrupts in [Interrupts::MsiX, Interrupts::Msi, Interrupts::Line] {
        passes(with(Version::V3_2, interrupts), |rig| {
            rig.set_up();
            let enabled = rig.read(INTRCTRL, 1);
            rig.write(INTRCTRL, 1, enabled & !MASTER);
            burst(rig, 0, 1);
            assert!(rig.heard().is_empty());
            rig.write(INTRCTRL, 1, enabled | MASTER);
            rig.poll();
            assert!(!rig.heard().is_empty());
        });
    }
}

/// Some parts lose the MSI-X table by RESET: interrupts are lost until software writes it back.
#[test]
fn a_reset_of_some_parts_wipes_the_table() {
    for (device, wiped) in [(0x0C50, true), (0x0C53, true), (0x6F50, false)] {
        passes(Config { device, ..config(Version::V3_3) }, move |rig| {
            rig.set_up();
            let table = rig.model.pci().msix().expect("MSI-X").table_offset;
            let (address, data) = rig.model.message(1);
            let entry = || (rig.read(table + 16, 8), rig.read(table + 24, 4), rig.read(table + 28, 4));
            assert_eq!(entry(), (address, data.into(), 0));
            // Without the rig's care.
            rig.command(1, RESET);
            rig.until("RESET", || rig.read(rig.chancmd(1), 1) == 0);
            assert_eq!(entry(), if wiped { (0, 0, 1) } else { (address, data.into(), 0) });
            rig.write(Rig::at(1, CHANCMP), 8, Rig::word_at(1));
            rig.write(Rig::at(1, CHANCTRL), 2, CONTROL);
            burst(rig, 1, 1);
            let heard: &[u32] = if wiped { &[] } else { &[1] };
            assert_eq!(rig.heard(), heard);
            assert_eq!(rig.model.counters().lost, u64::from(wiped));
        });
    }
}

/// A masked entry and one with another address are no message of the system's.
#[test]
fn a_table_that_was_changed_loses_interrupts() {
    passes(config(Version::V3_2), |rig| {
        rig.set_up();
        rig.write(0x2000, 8, 0xFEE0_1000);
        burst(rig, 0, 1);
        rig.write(0x201C, 4, 1);
        burst(rig, 1, 1);
        assert!(rig.heard().is_empty());
        assert_eq!(rig.model.counters().lost, 2);
    });
}

#[test]
fn nothing_is_heard_after_disconnecting() {
    passes(config(Version::V3_2), |rig| {
        rig.set_up();
        let first = rig.chain(0, 0, 1, 8, |_| INTERRUPT);
        rig.start(0, first, 1);
        rig.write(INTRCTRL, 1, 0);
        rig.model.disconnect();
        rig.settle(0);
        rig.poll();
        assert!(rig.heard().is_empty());
    });
}

#[test]
fn connections_that_cannot_be() {
    passes(config(Version::V3_2), |rig| {
        let connect = |mode| rig.model.connect(mode, Rc::new(|_| ()));
        assert!(connect(InterruptMode::Messages(3)).expect_err("two channels").contains("has 2"));
        assert!(connect(InterruptMode::Messages(0)).is_err());
        connect(InterruptMode::Messages(2)).expect("as many as there are");
        assert!(connect(InterruptMode::Line).expect_err("twice").contains("already"));
        rig.model.disconnect();
        connect(InterruptMode::Line).expect("a pin");
    });
    passes(with(Version::V3_2, Interrupts::Line), |rig| {
        assert_eq!(rig.model.messages(), 0);
        assert!(rig.model.connect(InterruptMode::Messages(1), Rc::new(|_| ())).is_err());
    });
}
