//! The provider of a network adapter: channels that the CPU works for.
//!
//! A provider belongs to a device from its `AddDevice` to its removal ([`add`], [`remove`]), and offers its channels
//! while the hardware is up ([`start`], [`stop`]). Where `NetDMA` is absent, too old, or gives no handle, or where the
//! device's key does not ask for a provider, there is none, and nothing else notices.

mod channel;
mod keyword;
mod memory;
mod physical;
mod provider;
mod thread;

pub use provider::{add, power, remove, start, stop};
