//! The channel logic, natively: descriptors, the CPU engine against an observer that knows the contract, and the
//! `QuickData` channel against registers that behave as the hardware's.
#![cfg(not(loom))]
#![allow(clippy::cast_possible_truncation, reason = "test addresses are small")]

mod ahead;
mod calls;
mod descriptors;
mod errors;
mod hardware;
mod memory;
mod observer;
mod quickdata;
mod random;
mod states;
mod watch;
