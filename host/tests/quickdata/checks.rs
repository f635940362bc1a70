//! Every check but those of single accesses, with a driver that it catches. What sound drivers do is let through: see the
//! other tests.

use super::{rig::*, rows::mutants, sound::slow};
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Right, Version},
    verify::Rule,
    world::{Hardware, InterruptMode},
};
use std::rc::Rc;

const V3: Version = Version::V3_2;

/// A channel in the middle of a chain of three.
fn busy(rig: &Rig) {
    rig.set_up();
    let first = rig.chain(0, 0, 3, 1024, |_| UPDATE);
    rig.start(0, first, 3);
    rig.poll();
}

fn suspended(rig: &Rig) {
    busy(rig);
    rig.command(0, SUSPEND);
    rig.until("a suspend", || rig.state(0) == SUSPENDED);
}

/// A chain of one descriptor that interrupts.
fn interrupting(rig: &Rig) {
    let first = rig.chain(0, 0, 1, 8, |_| INTERRUPT);
    rig.start(0, first, 1);
    rig.settle(0);
}

fn ring(rig: &Rig, count: u64) {
    rig.write(Rig::at(0, DMACOUNT), 2, count);
}

/// What of the memory was not handed over ends the run; the same with everything handed over passes, here and in every
/// other test.
fn outside(rule: &'static Rule, right: Right, start: u64, told: &str) {
    let life = |rig: &Rig| {
        let first = rig.chain(0, 0, 2, 200, |_| UPDATE);
        rig.start(0, first, 2);
        // The run is over once the channel has done what it must not.
        (0..100).for_each(|_| rig.poll());
    };
    for version in Version::ALL {
        breaks(rule, told, config(version), move |rig| {
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

mutants! {
    a_chain_address_of_an_active_channel breaks QD_CHAIN_ACTIVE: |rule| {
        for version in Version::ALL {
            breaks(rule, "CHAINADDR", slow(version), |rig| {
                busy(rig);
                rig.chain_address(0, DESCRIPTORS);
            });
            passes(slow(version), |rig| {
                suspended(rig);
                rig.chain_address(0, DESCRIPTORS);
            });
        }
    };
    a_completion_address_of_an_active_channel breaks QD_COMPLETION_ACTIVE: |rule| {
        for version in Version::ALL {
            breaks(rule, "CHANCMP", slow(version), |rig| {
                busy(rig);
                rig.write(Rig::at(0, CHANCMP), 8, WORD);
            });
        }
    };
    commands_of_other_versions breaks QD_COMMAND_VERSION: |rule| {
        for version in &Version::ALL[1..] {
            for command in [START, APPEND] {
                breaks(rule, "DMACOUNT", config(*version), move |rig| {
                    rig.set_up();
                    rig.chain_address(0, DESCRIPTORS);
                    rig.command(0, command);
                });
            }
        }
    };
    commands_that_are_none breaks QD_COMMAND: |rule| {
        for command in [0, 3, 0x0C, 0x40, 0x80, 0xFF] {
            breaks(rule, "not one of", config(V3), move |rig| rig.command(0, command));
        }
    };
    a_halted_channel_suspended breaks QD_SUSPEND_HALTED: |rule| {
        for version in Version::ALL {
            breaks(rule, "Halted", config(version), |rig| rig.command(0, SUSPEND));
        }
    };
    a_channel_suspended_twice breaks QD_SUSPEND_TWICE: |rule| {
        for version in Version::ALL {
            breaks(rule, "Suspended", slow(version), |rig| {
                suspended(rig);
                rig.command(0, SUSPEND);
            });
        }
    };
    a_channel_resumed_that_is_not_suspended breaks QD_RESUME: |rule| {
        for version in Version::ALL {
            breaks(rule, "Halted", config(version), |rig| rig.command(0, RESUME));
            breaks(rule, "Active", slow(version), |rig| {
                busy(rig);
                rig.until("a descriptor", || rig.state(0) == ACTIVE);
                rig.command(0, RESUME);
            });
        }
    };
    an_active_channel_started breaks QD_START: |rule| {
        breaks(rule, "active", slow(Version::V1_2), |rig| {
            busy(rig);
            rig.command(0, START);
        });
    };
    an_append_without_a_start breaks QD_APPEND: |rule| {
        breaks(rule, "not started", config(Version::V1_2), |rig| rig.command(0, APPEND));
    };
    a_channel_written_before_its_reset_has_ended breaks QD_RESET: |rule| {
        breaks(rule, "RESET has ended", config(V3), |rig| {
            rig.command(0, RESET);
            rig.write(Rig::at(0, CHANCTRL), 2, CONTROL);
        });
        passes(config(V3), |rig| {
            rig.command(0, RESET);
            rig.command(0, RESET);
            rig.write(Rig::at(1, CHANCTRL), 2, CONTROL);
        });
    };
    a_completion_address_that_is_not_aligned breaks QD_COMPLETION_ALIGNED: |rule| {
        breaks(rule, "0x600004", config(V3), |rig| rig.write(Rig::at(0, CHANCMP), 8, WORD + 4));
    };
    reserved_bits_in_intrctrl breaks QD_INTERRUPT_CONTROL: |rule| {
        breaks(rule, "reserved", config(V3), |rig| rig.write(INTRCTRL, 1, 0x11));
        // What was read may be written back.
        passes(config(V3), |rig| rig.write(INTRCTRL, 1, MASTER | 6));
    };
    vectors_without_msix breaks QD_VECTORS_NONE: |rule| {
        for interrupts in [Interrupts::Msi, Interrupts::Line] {
            let config = with(V3, interrupts);
            breaks(rule, "without MSI-X", config, |rig| rig.write(INTRCTRL, 1, MASTER | VECTORS));
        }
    };
    interrupts_that_are_not_connected breaks QD_CONNECTED: |rule| {
        breaks(rule, "not connected", config(V3), |rig| {
            rig.ordered();
            rig.hand_over(0);
            rig.program(0);
            rig.write(INTRCTRL, 1, MASTER | VECTORS);
            interrupting(rig);
        });
    };
    msix_without_vectors breaks QD_VECTORS_OFF: |rule| {
        breaks(rule, "not set", config(V3), |rig| {
            rig.set_up();
            rig.write(INTRCTRL, 1, MASTER);
            interrupting(rig);
        });
    };
    vectors_with_the_pin breaks QD_VECTORS_PIN: |rule| {
        breaks(rule, "the pin", config(V3), |rig| {
            rig.set_up();
            rig.write(INTRCTRL, 1, 0);
            rig.model.disconnect();
            rig.model.connect(InterruptMode::Line, Rc::new(|_| ())).expect("a pin");
            rig.write(INTRCTRL, 1, MASTER | VECTORS);
            interrupting(rig);
        });
    };
    a_start_without_bus_mastering breaks QD_MASTER_START: |rule| {
        for version in Version::ALL {
            breaks(rule, "started", config(version), |rig| {
                rig.set_up();
                let first = rig.chain(0, 0, 1, 8, |_| 0);
                rig.model.config_write(4, &[2, 0]);
                rig.start(0, first, 1);
            });
        }
    };
    dma_without_bus_mastering breaks QD_MASTER_DMA: |rule| {
        for version in Version::ALL {
            breaks(rule, "bus mastering", slow(version), |rig| {
                busy(rig);
                rig.model.config_write(4, &[2, 0]);
                (0..100).for_each(|_| rig.poll());
            });
        }
    };
    relaxed_ordering breaks QD_RELAXED: |rule| {
        for version in Version::ALL {
            breaks(rule, "DEVCTL", config(version), |rig| {
                rig.set_up();
                rig.model.config_write(DEVCTL, &[0x10, 0x28]);
                let first = rig.chain(0, 0, 1, 8, |_| 0);
                rig.start(0, first, 1);
            });
        }
    };
    descriptors_that_are_not_the_clients breaks QD_DMA_DESCRIPTOR:
        |rule| outside(rule, Right::Descriptor, DESCRIPTORS, "a descriptor");
    sources_that_are_not_the_clients breaks QD_DMA_SOURCE:
        |rule| outside(rule, Right::Read, SOURCE, "source data");
    destinations_that_are_not_the_clients breaks QD_DMA_DESTINATION:
        |rule| outside(rule, Right::Write, DESTINATION, "a destination");
    words_that_are_not_the_clients breaks QD_DMA_WORD:
        |rule| outside(rule, Right::Word, WORD, "a completion word");
    doorbells_that_publish_nothing breaks QD_COUNT_NOTHING: |rule| {
        for version in &Version::ALL[1..] {
            breaks(rule, "nothing", slow(*version), |rig| {
                busy(rig);
                ring(rig, 3);
            });
        }
    };
    doorbells_that_go_backwards breaks QD_COUNT_BACKWARDS: |rule| {
        for version in &Version::ALL[1..] {
            breaks(rule, "backwards", slow(*version), |rig| {
                busy(rig);
                ring(rig, 2);
            });
        }
    };
    doorbells_without_a_chain breaks QD_COUNT_CHAIN: |rule| {
        for version in &Version::ALL[1..] {
            breaks(rule, "without a chain", config(*version), |rig| {
                rig.set_up();
                ring(rig, 1);
            });
        }
    };
    doorbells_beyond_the_chain breaks QD_COUNT_MORE: |rule| {
        for version in &Version::ALL[1..] {
            breaks(rule, "announced 2", config(*version), |rig| {
                rig.set_up();
                rig.model.allow().started(WORD, 2);
                let first = rig.chain(0, 0, 3, 8, |_| 0);
                rig.start(0, first, 3);
            });
            breaks(rule, "announced 1", config(*version), |rig| {
                rig.set_up();
                rig.model.allow().started(WORD, 2);
                let first = rig.chain(0, 0, 6, 8, |_| 0);
                rig.start(0, first, 2);
                rig.model.allow().appended(WORD, 3);
                rig.model.allow().refused(WORD, 2);
                rig.publish(0, 2);
            });
        }
    };
    accesses_after_removal breaks QD_GONE: |rule| {
        let patient = Config { patience: 10, ..config(V3) };
        breaks(rule, "11", patient.clone(), |rig| {
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
    };
    interrupts_left_enabled_at_disconnection breaks QD_LEFT_DISCONNECTED: |rule| {
        breaks(rule, "INTRCTRL", config(V3), |rig| {
            rig.set_up();
            rig.model.disconnect();
        });
    };
    interrupts_left_enabled_without_power breaks QD_LEFT_POWER_INTERRUPT: |rule| {
        breaks(rule, "loses power", config(V3), |rig| {
            rig.set_up();
            rig.model.set_power(false);
        });
    };
    a_channel_left_at_work_without_power breaks QD_LEFT_POWER_CHANNEL: |rule| {
        breaks(rule, "loses power while channel 0", slow(V3), |rig| {
            busy(rig);
            rig.write(INTRCTRL, 1, 0);
            rig.model.set_power(false);
        });
    };
    interrupts_left_enabled_at_removal breaks QD_LEFT_REMOVED_INTERRUPT: |rule| {
        breaks(rule, "INTRCTRL", config(V3), |rig| {
            rig.write(INTRCTRL, 1, MASTER);
            rig.model.check_removed();
        });
    };
    a_channel_left_at_work breaks QD_LEFT_REMOVED_CHANNEL: |rule| {
        breaks(rule, "channel 0", slow(V3), |rig| {
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
    };
}
