//! The `NetDMA` provider of a network adapter: channels that the CPU works for.
//!
//! A provider belongs to a device from its `AddDevice` to its removal ([`add`], [`remove`]), and offers its channels
//! while the hardware is up ([`start`], [`stop`]). Where `NetDMA` is absent, too old, or gives no handle, or where the
//! device's key does not ask for a provider, there is none, and nothing else notices.
//!
//! # Locks
//! One spin lock a channel, around every call of the engine. `NetDmaIsr` is called with it held, at the lowest device
//! IRQL: it only names a processor. `NetDmaInterruptDpc`, in which a client may call back, is called from a DPC without
//! any lock.
#![no_std]
#![allow(rustdoc::private_intra_doc_links)]

mod channel;
mod handlers;
mod irql;
mod keyword;
mod memory;
mod physical;
mod provider;
mod thread;
mod trace;

pub use provider::{add, power, remove, start, stop};
