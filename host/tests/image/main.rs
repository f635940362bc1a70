//! The whole image, `out/ferrite.sys` bound by `out/ferrite.inf` to QEMU's 82574L, against the NDIS contract.
//!
//! Every test brings up a machine of its own. The rules that it proves are named by their ids (docs/contract.md).

#[path = "../common/mod.rs"]
mod common;

mod filters;
mod frames;
mod interrupts;
mod keywords;
mod life;
mod link;
mod oids;
mod pause;
mod power;
mod qemu;
mod refusals;
mod removal;
mod reset;
mod rings;
mod shapes;
mod statistics;
mod storm;
