//! The model of the 82574L: with a test in the driver's place, and with the image on it.

#![allow(
    clippy::cast_possible_truncation,
    clippy::doc_markdown,
    reason = "registers are cut to their width, and rules named as they are"
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
