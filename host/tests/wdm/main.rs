//! WDM device nodes: a small function driver of class System (`mutants/src/wdm`) that is sound, and the same driver with
//! one fault at a time, under the plug and play manager.

#![allow(
    clippy::cast_possible_truncation,
    clippy::doc_markdown,
    clippy::type_complexity,
    reason = "the driver's side of the binary interface is C's, with Microsoft's names"
)]

#[path = "../common/built.rs"]
mod built;
mod driver;
mod life;
mod machine;
mod mutants;
mod router;
#[path = "../common/rows.rs"]
mod rows;
mod setup;
mod sound;

use ferrite_host::verify::Rule;

/// Rules that no mutant breaks, with the reason.
const NOT_PROVEN: &[(&Rule, &str)] = &[];

/// Each rule has a driver that breaks it, and the sound one is held to it.
#[test]
fn every_rule_is_proven() {
    let ours = |rule: &Rule| rule.id.starts_with("WDM-") || rows::is_plugged(rule);
    rows::complete(ours, &[mutants::BROKEN], NOT_PROVEN);
}
