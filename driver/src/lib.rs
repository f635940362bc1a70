//! The NDIS 6.20 miniport for Intel's 82574L: the glue between NDIS and the hardware's logic in
//! [`ferrite_nic`].
//!
//! # Where things are
//! * [`entry`], [`pnp`]: what is called before there is an adapter.
//! * [`adapter`]: an adapter's life, from `MiniportInitializeEx` to `MiniportHaltEx`.
//! * [`send`], [`receive`], [`interrupt`]: the data path. [`flow`]: pause and restart.
//! * [`oid`], [`link`], [`power`], [`reset`], [`removal`]: everything else that NDIS asks, and what it is
//!   told.
//! * [`worker`]: what needs `PASSIVE_LEVEL` and time.
//! * [`hardware`], [`dma`], [`memory`], [`config`]: what all of these stand on.
//!
//! # Locks
//! Each guards one thing, and none is taken while another is held, with one exception: the lock of the link's
//! state is held while STATUS is read, which takes no other. So there is no order to keep. No lock is held
//! while NDIS is called, but for the tail writes, which are no calls.
//!
//! | Lock | Guards |
//! |---|---|
//! | `send::Sender::state` | the transmit ring, frames on their way, NBLs that wait |
//! | `receive::Receiver::state` | the receive ring, free buffers |
//! | `hardware::Hardware::control` | what is programmed into the device; single configuring writes |
//! | `link::Monitor::state` | what has been seen of the link, and what NDIS knows |
//! | `interrupt::Interrupts::armed` | whether causes may be armed |
//!
//! The [gate](ferrite_nic::Gate) is one atomic word and no lock. What must run alone and may wait (reset,
//! power-up, PHY) runs in the worker, before the worker is there in `MiniportInitializeEx`, and after it is
//! closed in `MiniportHaltEx`.
//!
//! # Callbacks
//! Every function that NDIS calls is `unsafe extern "C"`, finds its adapter by
//! [`Adapter::from_context`](adapter::Adapter::from_context) and returns a number; everything behind it is
//! ordinary Rust that returns `Result`.
#![no_std]
// Documentation of a crate that only the image uses: private items are what there is to read.
#![allow(rustdoc::private_intra_doc_links)]

mod adapter;
mod companion;
mod config;
mod dma;
mod entry;
mod error_log;
mod flow;
mod hardware;
mod interrupt;
mod irql;
mod link;
mod memory;
mod oid;
mod pnp;
mod power;
mod receive;
mod removal;
mod reset;
mod send;
mod stats;
mod time;
mod trace;
mod worker;

pub use companion::Companion;
pub use entry::{driver_entry, unload};
pub use oid::{Kind, Outcome, Request, wanted};

/// The most bytes of a frame behind its Ethernet header.
const MTU: u32 = 1500;
/// The longest frame, header included and check sequence not.
const MAX_FRAME: u32 = MTU + 14;

/// Versions.
struct Version {
    /// Of the NDIS contract.
    ndis_major: u8,
    ndis_minor: u8,
    /// Of the driver.
    major: u8,
    minor: u8,
}

/// This driver's, under the 6.20 contract whatever NDIS runs it (NDIS-REG-03).
const VERSION: Version = Version { ndis_major: 6, ndis_minor: 20, major: 0, minor: 1 };
