//! The logic of a `NetDMA` provider's channels and the hardware below them, free of FFI.
//!
//! `no_std`, no allocation, no panic: the glue above supplies registers, memory, delays and locks, and turns what
//! comes back into calls of `NetDMA`. Two engines stand behind [`Engine`]:
//!
//! * [`quickdata`]: PCI functions that execute `NetDMA`'s own 64-byte descriptors, so that a chain is handed over
//!   without translation.
//! * [`cpu`]: walks the same chains by physical address, piece by piece, under the channel's lock.
//!
//! # Who may call what
//! The glue holds one spin lock a channel (`DISPATCH_LEVEL`) around every call of [`Engine`] and, for the CPU engine,
//! around every [`step`](cpu::Channel::step); no other lock is taken inside. What a service routine needs is apart
//! from that and atomic: [`quickdata::Completions`] and [`Calls`].

#![no_std]
#![deny(unsafe_code)]
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod calls;
pub mod cpu;
mod descriptor;
mod engine;
mod error;
mod pending;
pub mod quickdata;
pub mod raw;
mod status;
mod sync;

pub use calls::Calls;
pub use descriptor::{BYTES, Descriptor, Limits, Operation, PAGE, control};
pub use engine::{Chains, Engine, MOST_DESCRIPTORS, Refusal, check_publication};
pub use error::Error;
pub use pending::{Left, Pending};
pub use status::{Status, Word};
