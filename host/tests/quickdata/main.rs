//! The model of a QuickData function, with a test in the driver's place: what it does in every version, and every check
//! with accesses that it catches and accesses that it lets through.

#![allow(clippy::cast_possible_truncation, reason = "registers are cut to their width")]

#[path = "../common/random.rs"]
mod random;

mod access;
mod checks;
mod descriptors;
mod faults;
mod interrupts;
mod memory;
mod pci;
mod rig;
mod states;
mod storm;
