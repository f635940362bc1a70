//! The whole image, `out/ferrite.sys` bound by `out/ferrite.inf` to QEMU's 82574L, against the NDIS contract.
//!
//! Every test brings up a machine of its own. The rules that it proves are named by their ids (docs/contract.md).

#![allow(
    clippy::cast_possible_truncation,
    clippy::similar_names,
    clippy::doc_markdown,
    clippy::type_complexity,
    clippy::wrong_self_convention,
    reason = "tests cut numbers to frames and buffers, and name rules as Microsoft does"
)]

#[allow(dead_code, reason = "shared with the tests of the 82574L model, which use the rest")]
#[path = "../common/mod.rs"]
mod common;

mod dma;

mod filters;
mod frames;
mod interrupts;
mod keywords;
mod life;
mod link;
mod messages;
mod netdma;
mod oids;
mod pause;
mod power;
mod qemu;
mod quickdata;
mod refusals;
mod removal;
mod reset;
mod rings;
mod shapes;
mod statistics;
mod storm;
