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

mod checks;
mod honest;
mod image;
mod moving;
mod rig;
mod seeded;
mod special;
