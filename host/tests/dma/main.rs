//! NetDMA's clients: a provider in a few lines (`mutants/src/netdma`) that does everything right passes, and the same
//! provider with one fault at a time is caught. The command's own errors say what is wrong.

#![allow(
    clippy::cast_possible_truncation,
    reason = "a status is the low half of what a driver's routine returns"
)]

#[path = "../common/built.rs"]
mod built;
mod command;
#[path = "../common/mutant.rs"]
mod mutant;
mod mutants;
mod provider;
#[path = "../common/rows.rs"]
mod rows;
mod sound;

use ferrite_host::verify::Rule;

/// Rules that no mutant breaks, with the reason.
const NOT_PROVEN: &[(&Rule, &str)] = &[];

/// Each rule has a provider that breaks it, and the sound one is held to it.
#[test]
fn every_rule_is_proven() {
    let ours = |rule: &Rule| rule.id.starts_with("NDMA-") && !rows::is_plugged(rule);
    rows::complete(ours, &[mutants::BROKEN], NOT_PROVEN);
}
