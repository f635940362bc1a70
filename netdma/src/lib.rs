//! The `NetDMA` provider: the glue between `NetDMA` and the channels' logic.
//!
//! Two kinds of devices have one: a network adapter, for whose channels the CPU works ([`cpu`]), and a `QuickData`
//! function, whose hardware does ([`quickdata`]). What they share is how a provider is registered, what `NetDMA` calls
//! and what it is told.
//!
//! # Locks
//! One spin lock a channel, around every call of the engine. `NetDmaIsr` is called at device IRQL; `NetDmaInterruptDpc`,
//! in which a client may call back, is called from a DPC without any lock.
#![no_std]
#![allow(rustdoc::private_intra_doc_links)]

pub mod cpu;
mod handlers;
mod irql;
mod notices;
mod parameters;
mod physical_memory;
pub mod quickdata;
mod registration;
mod trace;
