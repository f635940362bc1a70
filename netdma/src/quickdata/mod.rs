//! The device node of a `QuickData` function: plug and play, power, interrupts, and the provider that its hardware
//! makes.
//!
//! ```text
//! add           AddDevice: the device object, with the provider registered
//! node, nodes   the device object, until its removal
//! pnp, power    the IRPs that it gets          irp      IRPs as such
//! bus           PCI configuration space        requirements, resources
//! function      the hardware while it is started
//!   interrupt   its service routines           check    its self-test
//!   channel     one channel: a port of the provider
//! ```
//! The driver object is NDIS's. Whoever stands in front of its dispatch table asks [`is_ours`] in `AddDevice`, and hands
//! each IRP to [`dispatch`] first.

mod add;
mod bus;
mod channel;
mod check;
mod function;
mod interrupt;
mod irp;
mod node;
mod nodes;
mod pnp;
mod power;
mod requirements;
mod resources;

pub use add::{add_device, is_ours};
pub use nodes::dispatch;
