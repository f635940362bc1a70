//! The model of the 82574L: with a test in the driver's place, and with the image on it.

#![allow(
    clippy::cast_possible_truncation,
    clippy::decimal_bitwise_operands,
    clippy::doc_markdown,
    clippy::items_after_statements,
    clippy::needless_pass_by_value,
    reason = "registers are cut to their width, lengths are decimal, and rules and their bits named where they are met"
)]

#[allow(dead_code, reason = "shared with the image's own tests, which use all of it")]
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/rows.rs"]
mod rows;

mod checks;
mod honest;
mod image;
mod moving;
mod rig;
mod seeded;
mod sound;
mod special;

use ferrite_host::verify::Rule;

/// Rules that no mutant breaks, with the reason.
const NOT_PROVEN: &[(&Rule, &str)] = &[];

/// Each rule has a driver that breaks it, and the sound one is held to it.
#[test]
fn every_rule_is_proven() {
    rows::complete(|rule| rule.id.starts_with("I82574-"), &[checks::BROKEN], NOT_PROVEN);
}
