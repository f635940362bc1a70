//! `QuickData` functions (PCI class 0x0880), versions 1.2 to 3.4: they execute `NetDMA`'s descriptors themselves.
//!
//! ```text
//! let identity = probe(&registers, bar_bytes)?;             // once it is mapped
//! enable_interrupts(&registers, message_each);
//! let mut channel = Channel::new(registers, kernel, table, index, identity.version, limits);
//! channel.allocate(completion_physical)?;                   // then everything of `Engine`
//! completions.report(..)                                    // `Completions`: the service routine's view
//! watch.look(..)                                            // `Watch`: does it go on?
//! ```
//! Register accesses: an append is one write from 2.0 on, a start of a fresh channel two; reads happen when a channel
//! is suspended, stopped or has failed, and in an interrupt whose completion word does not say enough.

mod channel;
mod completions;
mod function;
pub mod regs;
mod table;
mod watch;

pub use channel::{Channel, Kernel};
pub use completions::{Completions, Report};
pub use function::{
    Identity, MOST_CHANNELS, ProbeError, attention, disable_interrupts, enable_interrupts, interrupted, probe,
};
pub use regs::Version;
pub use table::{MessageTable, NoTable};
pub use watch::{Finding, Watch};
