//! Every check but those of single accesses, with a driver that it catches. What sound drivers do is let through: see the other tests.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Right, Version},
    verify::rules,
    world::{Hardware, InterruptMode},
};
use std::rc::Rc;

const V3: Version = Version::V3_2;

/// Steps of a few bytes.
fn slow(version: Version) -> Config {
    Config { bytes: 16, descriptors: 1, ..config(version) }
}

/// A channel in the middle of a chain of three.
fn busy(rig: &Rig) {
    rig.set_up();
    let first = rig.chain(0, 0, 3, 1024, |_| UPDATE);
    rig.start(0, first, 3);
    rig.poll();
}

#[test]
fn addresses_of_an_active_channel() {
    for version in Version::ALL {
        breaks(&rules::QD_ACTIVE, "CHAINADDR", slow(version), |rig| {
            busy(rig);
            rig.chain_address(0, DESCRIPTORS);
        });
        breaks(&rules::QD_ACTIVE, "CHANCMP", slow(version), |rig| {
            busy(rig);
            rig.write(Rig::at(0, CHANCMP), 8, WORD);
        });
        passes(slow(version), |rig| {
            busy(rig);
            rig.command(0, SUSPEND);
            rig.until("a suspend", || rig.state(0) == SUSPENDED);
            rig.chain_address(0, DESCRIPTORS);
        });
    }
}

#[test]
fn commands_of_other_versions() {
    for version in &Version::ALL[1..] {
        for command in [START, APPEND] {
            breaks(&rules::QD_COMMAND, "DMACOUNT", config(*version), move |rig| {
                rig.set_up();
                rig.chain_address(0, DESCRIPTORS);
                rig.command(0, command);
            });
        }
    }
}

#[test]
fn commands_that_are_none() {
    for command in [0, 3, 0x0C, 0x40, 0x80, 0xFF] {
        breaks(&rules::QD_COMMAND, "not one of", config(V3), move |rig| rig.command(0, command));
    }
}

#[test]
fn commands_in_the_wrong_state() {
    let command = &rules::QD_COMMAND;
    for version in Version::ALL {
        breaks(command, "Halted", config(version), |rig| rig.command(0, SUSPEND));
        breaks(command, "Halted", config(version), |rig| rig.command(0, RESUME));
        breaks(command, "Active", slow(version), |rig| {
            busy(rig);
            rig.until("a descriptor", || rig.state(0) == ACTIVE);
            rig.command(0, RESUME);
        });
        breaks(command, "Suspended", slow(version), |rig| {
            busy(rig);
            rig.command(0, SUSPEND);
            rig.until("a suspend", || rig.state(0) == SUSPENDED);
            rig.command(0, SUSPEND);
        });
    }
    breaks(command, "active", slow(Version::V1_2), |rig| {
        busy(rig);
        rig.command(0, START);
    });
    breaks(command, "not started", config(Version::V1_2), |rig| rig.command(0, APPEND));
}

#[test]
fn a_channel_written_before_its_reset_has_ended() {
    breaks(&rules::QD_COMMAND, "RESET has ended", config(V3), |rig| {
        rig.command(0, RESET);
        rig.write(Rig::at(0, CHANCTRL), 2, CONTROL);
    });
    passes(config(V3), |rig| {
        rig.command(0, RESET);
        rig.command(0, RESET);
        rig.write(Rig::at(1, CHANCTRL), 2, CONTROL);
    });
}

#[test]
fn a_completion_address_that_is_not_aligned() {
    breaks(&rules::QD_COMPLETION, "0x600004", config(V3), |rig| {
        rig.write(Rig::at(0, CHANCMP), 8, WORD + 4);
    });
}

#[test]
fn intrctrl_misused() {
    breaks(&rules::QD_INTERRUPT, "reserved", config(V3), |rig| rig.write(INTRCTRL, 1, 0x11));
    for interrupts in [Interrupts::Msi, Interrupts::Line] {
        let config = with(V3, interrupts);
        breaks(&rules::QD_INTERRUPT, "without MSI-X", config, |rig| rig.write(INTRCTRL, 1, MASTER | VECTORS));
    }
    // What was read may be written back.
    passes(config(V3), |rig| rig.write(INTRCTRL, 1, MASTER | 6));
}

/// A chain of one descriptor that interrupts.
fn interrupting(rig: &Rig) {
    let first = rig.chain(0, 0, 1, 8, |_| INTERRUPT);
    rig.start(0, first, 1);
    rig.settle(0);
}

#[test]
fn interrupts_that_are_not_connected() {
    breaks(&rules::QD_INTERRUPT, "not connected", config(V3), |rig| {
        rig.ordered();
        rig.hand_over(0);
        rig.program(0);
        rig.write(INTRCTRL, 1, MASTER | VECTORS);
        interrupting(rig);
    });
}

#[test]
fn vectors_that_do_not_fit_the_interrupt() {
    breaks(&rules::QD_VECTORS, "not set", config(V3), |rig| {
        rig.set_up();
        rig.write(INTRCTRL, 1, MASTER);
        interrupting(rig);
    });
    breaks(&rules::QD_VECTORS, "the pin", config(V3), |rig| {
        rig.set_up();
        rig.write(INTRCTRL, 1, 0);
        rig.model.disconnect();
        rig.model.connect(InterruptMode::Line, Rc::new(|_| ())).expect("a pin");
        rig.write(INTRCTRL, 1, MASTER | VECTORS);
        interrupting(rig);
    });
}

#[test]
fn bus_mastering_off() {
    for version in Version::ALL {
        breaks(&rules::QD_MASTER, "started", config(version), |rig| {
            rig.set_up();
            let first = rig.chain(0, 0, 1, 8, |_| 0);
            rig.model.config_write(4, &[2, 0]);
            rig.start(0, first, 1);
        });
        breaks(&rules::QD_MASTER, "bus mastering", slow(version), |rig| {
            busy(rig);
            rig.model.config_write(4, &[2, 0]);
            (0..100).for_each(|_| rig.poll());
        });
    }
}

#[test]
fn relaxed_ordering() {
    for version in Version::ALL {
        breaks(&rules::QD_RELAXED, "DEVCTL", config(version), |rig| {
            rig.set_up();
            rig.model.config_write(DEVCTL, &[0x10, 0x28]);
            let first = rig.chain(0, 0, 1, 8, |_| 0);
            rig.start(0, first, 1);
        });
    }
}

/// Whatever of the memory was not handed over ends the run; the same with everything handed over passes, here and in
/// every other test.
#[test]
fn dma_outside_the_clients_memory() {
    let what = [
        (Right::Descriptor, DESCRIPTORS, "a descriptor"),
        (Right::Read, SOURCE, "source data"),
        (Right::Write, DESTINATION, "a destination"),
        (Right::Word, WORD, "a completion word"),
    ];
    for version in Version::ALL {
        for (right, start, told) in what {
            let life = |rig: &Rig| {
                let first = rig.chain(0, 0, 2, 200, |_| UPDATE);
                rig.start(0, first, 2);
                // The run is over once the channel has done what it must not.
                (0..100).for_each(|_| rig.poll());
            };
            breaks(&rules::QD_DMA, told, config(version), move |rig| {
                rig.set_up();
                assert!(rig.model.allow().take(right, start));
                life(rig);
            });
            passes(config(version), move |rig| {
                rig.set_up();
                assert!(rig.model.allow().take(right, start));
                rig.model.allow().or_if(move |at, _, for_what| for_what == right && at >= start);
                life(rig);
            });
            passes(config(version), move |rig| {
                rig.set_up();
                rig.model.allow().clear();
                rig.model.allow().enforce(false);
                life(rig);
            });
        }
    }
}

#[test]
fn doorbells() {
    let doorbell = &rules::QD_DOORBELL;
    for version in &Version::ALL[1..] {
        let version = *version;
        let ring = |rig: &Rig, count: u64| rig.write(Rig::at(0, DMACOUNT), 2, count);
        breaks(doorbell, "nothing", slow(version), move |rig| {
            busy(rig);
            ring(rig, 3);
        });
        breaks(doorbell, "backwards", slow(version), move |rig| {
            busy(rig);
            ring(rig, 2);
        });
        breaks(doorbell, "without a chain", config(version), move |rig| {
            rig.set_up();
            ring(rig, 1);
        });
        breaks(doorbell, "announced 2", config(version), move |rig| {
            rig.set_up();
            rig.model.allow().started(WORD, 2);
            let first = rig.chain(0, 0, 3, 8, |_| 0);
            rig.start(0, first, 3);
        });
        breaks(doorbell, "announced 1", config(version), move |rig| {
            rig.set_up();
            rig.model.allow().started(WORD, 2);
            let first = rig.chain(0, 0, 6, 8, |_| 0);
            rig.start(0, first, 2);
            rig.model.allow().appended(WORD, 3);
            rig.model.allow().refused(WORD, 2);
            rig.publish(0, 2);
        });
        passes(config(version), move |rig| {
            rig.set_up();
            rig.model.allow().started(WORD, 2);
            let first = rig.chain(0, 0, 5, 8, |_| 0);
            rig.start(0, first, 2);
            rig.model.allow().appended(WORD, 3);
            rig.publish(0, 3);
            assert_eq!(rig.settle(0), Rig::descriptor(0, 4) | IDLE);
        });
    }
}

#[test]
fn accesses_after_removal() {
    let patient = Config { patience: 10, ..config(V3) };
    breaks(&rules::QD_GONE, "11", patient.clone(), |rig| {
        rig.set_up();
        rig.model.pull_out();
        (0..11).for_each(|_| rig.touch(rig.chansts(0), 4));
    });
    passes(patient, |rig| {
        rig.set_up();
        rig.model.pull_out();
        rig.write(INTRCTRL, 1, 0);
        assert_eq!(rig.read(rig.chansts(0), 4), 0xFFFF_FFFF);
        assert_eq!(rig.model.counters().after_removal, 2);
        rig.model.disconnect();
        rig.model.check_removed();
    });
}

#[test]
fn interrupts_left_enabled() {
    breaks(&rules::QD_LEFT, "INTRCTRL", config(V3), |rig| {
        rig.set_up();
        rig.model.disconnect();
    });
    breaks(&rules::QD_LEFT, "INTRCTRL", config(V3), |rig| {
        rig.write(INTRCTRL, 1, MASTER);
        rig.model.check_removed();
    });
    passes(config(V3), |rig| {
        rig.set_up();
        rig.write(INTRCTRL, 1, 0);
        rig.model.disconnect();
        rig.model.check_removed();
    });
}

#[test]
fn a_channel_left_at_work() {
    breaks(&rules::QD_LEFT, "channel 0", slow(V3), |rig| {
        busy(rig);
        rig.write(INTRCTRL, 1, 0);
        rig.model.check_removed();
    });
    passes(slow(V3), |rig| {
        busy(rig);
        rig.write(INTRCTRL, 1, 0);
        rig.reset(0);
        rig.model.check_removed();
    });
}
