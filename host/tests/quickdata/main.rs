//! The model of a QuickData function, with a test in the driver's place: what it does in every version, and every check
//! with accesses that it catches and accesses that it lets through.

#![allow(clippy::cast_possible_truncation, reason = "registers are cut to their width")]

#[path = "../common/random.rs"]
mod random;
#[path = "../common/rows.rs"]
mod rows;

mod access;
mod checks;
mod descriptors;
mod faults;
mod interrupts;
mod memory;
mod pci;
mod rig;
mod sound;
mod states;
mod storm;

use ferrite_host::verify::Rule;

/// Rules that no mutant breaks, with the reason.
const NOT_PROVEN: &[(&Rule, &str)] = &[];

/// Each rule has a driver that breaks it, and the sound one is held to it.
#[test]
fn every_rule_is_proven() {
    rows::complete(|rule| rule.id.starts_with("QD-"), &[access::BROKEN, checks::BROKEN], NOT_PROVEN);
}
