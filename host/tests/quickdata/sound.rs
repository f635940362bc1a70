//! What a sound driver does with a function, from its set-up to its removal, in every version.

use super::rig::*;
use ferrite_host::{
    device::quickdata::{Config, Interrupts, Version},
    world::Hardware,
};
use std::sync::OnceLock;

/// Steps of a few bytes.
pub fn slow(version: Version) -> Config {
    Config { bytes: 16, descriptors: 1, ..config(version) }
}

/// How often each rule was watched in sound runs.
pub fn coverage() -> Vec<u64> {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(run_all).clone()
}

fn run_all() -> Vec<u64> {
    let lines = [Interrupts::Msi, Interrupts::Line].map(|interrupts| with(Version::V3_2, interrupts));
    let configs = Version::ALL.into_iter().map(slow).chain(lines);
    let sums = configs.map(|config| watched(config, life));
    let removed = watched(config(Version::V3_2), |rig| {
        rig.set_up();
        rig.model.pull_out();
        assert_eq!(rig.read(rig.chansts(0), 4), 0xFFFF_FFFF);
    });
    let mut all = removed;
    for coverage in sums {
        all.iter_mut().zip(coverage).for_each(|(sum, count)| *sum += count);
    }
    all
}

/// A chain that is suspended, resumed and appended to, with interrupts; power, and the end.
fn life(rig: &Rig) {
    rig.set_up();
    halves(rig);
    copies(rig);
    rig.write(INTRCTRL, 1, 0);
    rig.reset(0);
    rig.model.set_power(false);
    rig.model.set_power(true);
    rig.program(0);
    rig.model.disconnect();
    rig.model.check_removed();
}

/// Both halves of 64-bit registers, the low one first.
fn halves(rig: &Rig) {
    for (at, value) in [(rig.chainaddr(0), DESCRIPTORS), (Rig::at(0, CHANCMP), Rig::word_at(0))] {
        rig.write(at, 4, value & 0xFFFF_FFFF);
        rig.write(at + 4, 4, value >> 32);
    }
}

fn copies(rig: &Rig) {
    let counts = rig.version != Version::V1_2;
    if counts {
        rig.model.allow().started(WORD, 3);
    }
    let first = rig.chain(0, 0, 3, 256, |_| UPDATE | INTERRUPT);
    rig.start(0, first, 3);
    rig.poll();
    rig.command(0, SUSPEND);
    rig.until("a suspend", || rig.state(0) == SUSPENDED);
    rig.command(0, RESUME);
    rig.chain(0, 3, 5, 64, |_| UPDATE | INTERRUPT);
    rig.link(0, 3);
    if counts {
        rig.model.allow().appended(WORD, 2);
    }
    rig.publish(0, 2);
    rig.until("all of it", || {
        // Re-armed as after each interrupt.
        rig.write(Rig::at(0, CHANCTRL), 2, CONTROL);
        rig.status(0) == Rig::descriptor(0, 4) | IDLE
    });
    assert!(!rig.heard().is_empty(), "no interrupt came");
}
