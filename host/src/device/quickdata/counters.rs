//! What a function was asked for and what it did.

use super::Register;
use std::collections::BTreeMap;

/// Reads and writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accesses {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
}

impl Accesses {
    pub(super) fn note(&mut self, write: bool) {
        if write {
            self.writes += 1;
        } else {
            self.reads += 1;
        }
    }
}

/// Counts of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelCounters {
    /// Descriptors finished.
    pub descriptors: u64,
    /// Bytes moved.
    pub bytes: u64,
    /// Completion words written.
    pub words: u64,
    /// Interrupts that the channel raised.
    pub interrupts: u64,
    /// Errors reported in CHANERR.
    pub errors: u64,
    /// Doorbells: DMACOUNT written, or START and APPEND.
    pub doorbells: u64,
    /// Commands, by the bit in CHANCMD.
    pub commands: BTreeMap<u8, u64>,
    /// Register accesses by register.
    pub registers: BTreeMap<Register, Accesses>,
}

impl ChannelCounters {
    /// How often a command was given.
    #[must_use]
    pub fn command(&self, command: u8) -> u64 {
        self.commands.get(&command).copied().unwrap_or(0)
    }

    /// Accesses to all of the channel's registers.
    #[must_use]
    pub fn accesses(&self) -> Accesses {
        sum(&self.registers)
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// By channel.
    pub channels: Vec<ChannelCounters>,
    /// Accesses to registers of the function as a whole.
    pub registers: BTreeMap<Register, Accesses>,
    /// Messages sent, and assertions of the pin.
    pub signals: u64,
    /// Interrupts that could not be delivered: nothing in the MSI-X table, masked, or lost on request.
    pub lost: u64,
    /// Faults that were injected and took effect.
    pub faults: u64,
    /// Accesses since the function was pulled out.
    pub after_removal: u64,
}

impl Counters {
    /// Accesses to all registers.
    #[must_use]
    pub fn accesses(&self) -> Accesses {
        let own = sum(&self.registers);
        self.channels.iter().map(ChannelCounters::accesses).fold(own, |sum, each| Accesses {
            reads: sum.reads + each.reads,
            writes: sum.writes + each.writes,
        })
    }
}

fn sum(registers: &BTreeMap<Register, Accesses>) -> Accesses {
    registers.values().fold(Accesses::default(), |sum, each| Accesses {
        reads: sum.reads + each.reads,
        writes: sum.writes + each.writes,
    })
}
