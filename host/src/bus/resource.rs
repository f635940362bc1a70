//! What a started function holds, in the terms of a resource list.

use super::{BarKind, PciFunction};

/// A piece of a function's assigned resources: what a partial resource descriptor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `CmResourceTypeMemory`.
    Memory {
        /// The BAR behind it.
        bar: u8,
        /// Bus address.
        base: u64,
        /// Bytes.
        len: u64,
        /// `CM_RESOURCE_MEMORY_PREFETCHABLE`.
        prefetchable: bool,
    },
    /// `CmResourceTypePort`.
    Port {
        /// The BAR behind it.
        bar: u8,
        /// Port number.
        base: u64,
        /// Ports.
        len: u64,
    },
    /// `CmResourceTypeInterrupt`, level triggered and shared.
    LineInterrupt {
        /// Input of the interrupt controller.
        line: u32,
    },
    /// `CmResourceTypeInterrupt` with `CM_RESOURCE_INTERRUPT_MESSAGE`: one descriptor for all messages.
    MessageInterrupt {
        /// Messages granted.
        count: u16,
    },
}

/// How a function is to interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptMode {
    /// Not at all.
    None,
    /// By its pin, which arrives at this input of the interrupt controller.
    Line(u32),
    /// By this many messages.
    Messages(u16),
}

impl PciFunction {
    /// What the function holds: its placed BARs in order, then its interrupts.
    #[must_use]
    pub fn resources(&self, interrupts: InterruptMode) -> Vec<Resource> {
        let windows = self.bars.iter().filter_map(|bar| {
            let (index, base, len) = (bar.index, bar.base?, bar.size);
            Some(match bar.kind {
                BarKind::Io => Resource::Port { bar: index, base, len },
                BarKind::Memory32 { prefetchable } | BarKind::Memory64 { prefetchable } => {
                    Resource::Memory { bar: index, base, len, prefetchable }
                }
            })
        });
        let interrupt = match interrupts {
            InterruptMode::None => None,
            InterruptMode::Line(line) => Some(Resource::LineInterrupt { line }),
            InterruptMode::Messages(count) => Some(Resource::MessageInterrupt { count }),
        };
        windows.chain(interrupt).collect()
    }
}
