//! The logic against reference models and simulated devices. A failing case is shrunk, printed, and its seed
//! kept in `proptest-regressions`, from where it is replayed first.
#![cfg(not(loom))]

mod config;
mod descriptors;
mod filter;
mod gate;
mod interrupts;
mod link;
mod memory;
mod model;
mod nvm;
mod phy;
mod rx_ring;
mod sequences;
mod surprise_removal;
mod tx_ring;
