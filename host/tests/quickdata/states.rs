//! Commands and states, in every version.

use super::rig::*;
use ferrite_host::device::quickdata::{Config, Fault, Version, bits::chancmd};

/// Small steps: a command meets the channel in the middle of a descriptor.
fn slow(version: Version) -> Config {
    Config { bytes: 16, descriptors: 1, ..config(version) }
}

fn slowly_in_all(body: impl Fn(&Rig) + Copy + 'static) {
    for version in Version::ALL {
        println!("{version:?}");
        passes(slow(version), body);
    }
}

/// Polls until some bytes of descriptor 0 have arrived, and not all.
fn into_the_first(rig: &Rig) {
    rig.until("a first byte", || rig.bytes(DESTINATION + 1, 1) == rig.bytes(SOURCE + 1, 1));
    assert_eq!(rig.state(0), ARMED, "no descriptor is done");
}

#[test]
fn a_chain_is_copied_and_reported() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        assert_eq!(rig.status(0), HALTED);
        let first = rig.chain(0, 0, 5, 1000, |i| if i == 4 { UPDATE | INTERRUPT } else { 0 });
        rig.start(0, first, 5);
        assert_eq!(rig.status(0), ARMED);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 4) | IDLE);
        assert_eq!(rig.word(0), Rig::descriptor(0, 4) | IDLE);
        rig.arrived(0, 5000);
        assert_eq!(rig.heard(), [0]);
        let counters = rig.model.counters();
        let channel = &counters.channels[0];
        assert_eq!((channel.descriptors, channel.bytes, channel.words, channel.doorbells), (5, 5000, 1, 1));
    });
}

#[test]
fn every_descriptor_that_asks_is_reported_as_active_until_the_last() {
    slowly_in_all(|rig| {
        rig.set_up();
        let first = rig.chain(0, 0, 4, 64, |_| UPDATE);
        rig.start(0, first, 4);
        for index in 0..4 {
            let state = if index == 3 { IDLE } else { ACTIVE };
            let wanted = Rig::descriptor(0, index) | state;
            rig.until("a word", || rig.word(0) == wanted);
        }
    });
}

#[test]
fn an_append_goes_on_where_the_chain_was_left() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        let first = rig.chain(0, 0, 2, 100, |_| 0);
        rig.start(0, first, 2);
        // While idle, and then while active.
        rig.settle(0);
        rig.chain(0, 2, 4, 100, |_| 0);
        rig.link(0, 2);
        rig.publish(0, 2);
        rig.chain(0, 4, 6, 100, |_| UPDATE);
        rig.link(0, 4);
        rig.publish(0, 2);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 5) | IDLE);
        rig.arrived(0, 600);
        assert_eq!(rig.word(0), Rig::descriptor(0, 5) | IDLE);
    });
}

/// What is behind the last published descriptor is not looked at, however valid it is.
#[test]
fn a_count_ends_a_chain_that_goes_on() {
    for version in &Version::ALL[1..] {
        passes(config(*version), |rig| {
            rig.set_up();
            rig.fill(0);
            let first = rig.chain(0, 0, 9, 100, |_| UPDATE);
            rig.start(0, first, 3);
            assert_eq!(rig.settle(0), Rig::descriptor(0, 2) | IDLE);
            rig.poll();
            rig.arrived(0, 300);
        });
    }
}

#[test]
fn the_count_wraps() {
    passes(Config { descriptors: 4096, bytes: 1 << 20, ..config(Version::V3_2) }, |rig| {
        rig.set_up();
        // A ring of 16 descriptors that move nothing.
        for index in 0..16 {
            let next = Rig::descriptor(0, (index + 1) % 16);
            rig.put(Rig::descriptor(0, index), Descriptor { control: NULL, next, ..Descriptor::default() });
        }
        rig.start(0, DESCRIPTORS, 65_535);
        rig.settle(0);
        rig.publish(0, 18);
        assert_eq!(rig.settle(0), Rig::descriptor(0, (65_535 + 18 - 1) % 16) | IDLE);
        assert_eq!(rig.model.counters().channels[0].descriptors, 65_553);
    });
}

#[test]
fn a_suspend_waits_for_the_current_descriptor_and_a_resume_rereads_it() {
    slowly_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        let first = rig.chain(0, 0, 3, 256, |_| UPDATE);
        rig.start(0, first, 3);
        into_the_first(rig);
        rig.command(0, SUSPEND);
        rig.until("a suspend", || rig.state(0) == SUSPENDED);
        assert_eq!(rig.status(0), first | SUSPENDED);
        assert_eq!(rig.word(0), first | SUSPENDED);
        rig.arrived(0, 256);
        // The list is rewritten: the first descriptor leads past the second one, twice to the same amount.
        let ends = rig.version == Version::V1_2;
        let place = Descriptor {
            size: 64,
            source: SOURCE + 256,
            destination: DESTINATION + 256,
            ..Descriptor::default()
        };
        let (a, b) = (Rig::descriptor(0, 8), Rig::descriptor(0, 9));
        rig.put(a, Descriptor { next: b, ..place });
        let rest =
            Descriptor { source: SOURCE + 320, destination: DESTINATION + 320, control: UPDATE, ..place };
        rig.put(b, Descriptor { next: if ends { 0 } else { b + 64 }, ..rest });
        rig.ram.write_u64(first + 0x18, a).expect("memory");
        (0..20).for_each(|_| rig.poll());
        assert_eq!(rig.status(0), first | SUSPENDED, "nothing happens before RESUME");
        rig.command(0, RESUME);
        assert_eq!(rig.settle(0), b | IDLE);
        rig.arrived(0, 384);
        assert_eq!(rig.word(0), b | IDLE);
    });
}

/// The word tells of a suspend only if the last completed descriptor asked for its status.
#[test]
fn a_suspend_is_written_if_the_last_descriptor_asked() {
    passes_in_all(|rig| {
        rig.set_up();
        for (control, wanted) in [(0, 0), (UPDATE, Rig::descriptor(0, 0) | SUSPENDED)] {
            rig.program(0);
            let first = rig.chain(0, 0, 1, 8, |_| control);
            rig.start(0, first, 1);
            assert_eq!(rig.settle(0), first | IDLE);
            rig.command(0, SUSPEND);
            assert_eq!(rig.status(0), first | SUSPENDED, "at once");
            assert_eq!(rig.word(0), wanted);
            rig.command(0, RESUME);
            assert_eq!(rig.status(0), first | IDLE);
        }
    });
}

#[test]
fn descriptors_appended_while_suspended_wait_for_the_resume() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        let first = rig.chain(0, 0, 1, 100, |_| 0);
        rig.start(0, first, 1);
        rig.settle(0);
        rig.command(0, SUSPEND);
        rig.chain(0, 1, 3, 100, |_| 0);
        rig.link(0, 1);
        if rig.version != Version::V1_2 {
            rig.publish(0, 2);
        }
        (0..20).for_each(|_| rig.poll());
        rig.arrived(0, 100);
        rig.command(0, RESUME);
        assert_eq!(rig.state(0), ACTIVE);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 2) | IDLE);
        rig.arrived(0, 300);
    });
}

#[test]
fn an_abort_stops_in_the_middle_and_reports_if_the_descriptor_asked() {
    slowly_in_all(|rig| {
        rig.set_up();
        for (control, wanted) in [(0, 0), (UPDATE, HALTED)] {
            rig.program(0);
            rig.ram.write(DESTINATION, &[0; 1024]).expect("memory");
            rig.fill(0);
            let first = rig.chain(0, 0, 2, 512, |_| control);
            rig.start(0, first, 2);
            into_the_first(rig);
            rig.command(0, ABORT);
            assert_eq!(rig.status(0), HALTED);
            assert_eq!(rig.word(0), wanted);
            let then = rig.bytes(DESTINATION, 512);
            (0..100).for_each(|_| rig.poll());
            assert!(rig.bytes(DESTINATION, 512) == then, "bytes move after ABORT");
            assert!(then != rig.bytes(SOURCE, 512));
            assert_eq!(rig.errors(0), 0);
        }
        assert_eq!(rig.model.counters().channels[0].command(chancmd::ABORT), 2);
    });
}

#[test]
fn a_reset_brings_defaults_and_keeps_errors() {
    slowly_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        let first = rig.chain(0, 0, 3, 512, |_| UPDATE | INTERRUPT);
        assert!(rig.model.inject(0, Fault::Error { after: 1, bit: 9 }));
        rig.start(0, first, 3);
        assert_eq!(rig.settle(0), first | HALTED);
        rig.command(0, RESET);
        assert_eq!(rig.read(rig.chancmd(0), 1), RESET, "not done at once");
        rig.until("RESET", || rig.read(rig.chancmd(0), 1) == 0);
        assert_eq!(rig.status(0), HALTED);
        assert_eq!(rig.errors(0), 1 << 9, "only software clears it");
        assert_eq!(rig.read(Rig::at(0, CHANCTRL), 2), 0);
        assert_eq!(rig.read(Rig::at(0, CHANCMP), 8), 0);
        assert_eq!(rig.read(rig.chainaddr(0), 4), 0);
        if rig.version != Version::V1_2 {
            assert_eq!(rig.read(Rig::at(0, DMACOUNT), 2), 0);
        }
        rig.write(Rig::at(0, CHANERR), 4, 1 << 9);
        assert_eq!(rig.errors(0), 0);
        // And it works as before.
        rig.program(0);
        rig.start(0, first, 3);
        assert_eq!(rig.settle(0), Rig::descriptor(0, 2) | IDLE);
        rig.arrived(0, 1536);
    });
}

#[test]
fn a_new_chain_begins_armed_and_counts_go_on() {
    passes_in_all(|rig| {
        rig.set_up();
        rig.fill(0);
        let first = rig.chain(0, 0, 2, 100, |_| 0);
        rig.start(0, first, 2);
        rig.settle(0);
        let second = rig.chain(0, 2, 4, 100, |_| UPDATE);
        rig.chain_address(0, second);
        if rig.version == Version::V1_2 {
            rig.command(0, START);
        } else {
            assert_eq!(rig.status(0), ARMED);
            assert_eq!(rig.read(Rig::at(0, DMACOUNT), 2), 2);
            rig.publish(0, 2);
        }
        assert_eq!(rig.settle(0), Rig::descriptor(0, 3) | IDLE);
        rig.arrived(0, 400);
    });
}

#[test]
fn channels_are_independent() {
    for version in Version::ALL.into_iter().filter(|version| *version != Version::V3_4) {
        passes(Config { bytes: 512, ..Config { channels: 8, ..config(version) } }, |rig| {
            rig.ordered();
            rig.connect();
            for channel in 0..8 {
                rig.hand_over(channel);
                rig.program(channel);
                rig.fill(channel);
                let first = rig.chain(channel, 0, 4 + channel, 777, |_| UPDATE);
                rig.start(channel, first, 4 + channel);
            }
            rig.command(3, ABORT);
            for channel in 0..8 {
                let status = rig.settle(channel);
                if channel == 3 {
                    assert_eq!(status & 7, HALTED);
                } else {
                    assert_eq!(status, Rig::descriptor(channel, 3 + channel) | IDLE);
                    rig.arrived(channel, 777 * (4 + channel));
                }
            }
        });
    }
}
