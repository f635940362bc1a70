//! A channel as its service routine sees it: what is done, without the channel's lock.

use super::regs::{self, Layout, Version};
use crate::{
    Status, Word,
    raw::Registers,
    sync::{AtomicU64, Ordering},
};

/// No word of an engine's: nothing is known of what the word was.
const UNKNOWN: u64 = u64::MAX;

/// What an interrupt was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// This is the last completed descriptor; it is not older than the one that interrupted (NDMA-INT-01).
    Completed(u64),
    /// Nothing is done: the interrupt was for something that is over.
    Nothing,
    /// The channel has stopped with an error.
    Failed,
    /// The device has left the bus.
    Gone,
}

/// Shared by the channel's operations and its service routine. Any IRQL.
#[derive(Debug)]
pub struct Completions {
    layout: Layout,
    version: Version,
    /// The word right after the last doorbell; [`UNKNOWN`] while one is being rung.
    rung: AtomicU64,
}

impl Completions {
    /// For channel `index`.
    #[must_use]
    pub fn new(index: u8, version: Version) -> Self {
        Self { layout: Layout::new(index, version), version, rung: AtomicU64::new(UNKNOWN) }
    }

    /// Rings a doorbell. `word` reads the completion word.
    pub fn ring<T>(&self, word: impl FnOnce() -> u64, doorbell: impl FnOnce() -> T) -> T {
        self.rung.store(UNKNOWN, Ordering::SeqCst);
        let result = doorbell();
        self.rung.store(word(), Ordering::SeqCst);
        result
    }

    /// In the service routine: what is done.
    ///
    /// The word is enough if it was written after the last doorbell and says that nothing was left. Otherwise a
    /// descriptor that interrupts without writing the word may be done as well, and only CHANSTS tells.
    pub fn report(&self, registers: &impl Registers, word: impl FnOnce() -> u64) -> Report {
        let rung = self.rung.load(Ordering::SeqCst);
        let now = Word(word());
        if rung != UNKNOWN && now.0 != rung && now.status() == Some(Status::Idle) {
            return Report::Completed(now.address());
        }
        let status = read_status(registers, self.layout, self.version);
        match (status, status.status()) {
            (Word(u64::MAX), _) => Report::Gone,
            (_, Some(Status::Halted)) => Report::Failed,
            (_, Some(Status::Armed)) => Report::Nothing,
            (status, _) if status.address() == 0 => Report::Nothing,
            (status, _) => Report::Completed(status.address()),
        }
    }

    /// At the end of the service routine: the channel may interrupt again. One write.
    pub fn rearm(&self, registers: &impl Registers) {
        registers.write16(self.layout.chanctrl(), super::channel::CONTROL | regs::INT_REARM);
    }
}

/// CHANSTS; all ones if the device is gone.
pub(super) fn read_status(registers: &impl Registers, layout: Layout, version: Version) -> Word {
    let at = layout.chansts();
    if version.reads_status_whole() {
        return Word(registers.read64(at));
    }
    // Reading the low half keeps the high half for the read that follows.
    let low = registers.read32(at);
    let high = registers.read32(at.wrapping_add(4));
    Word(u64::from(high) << 32 | u64::from(low))
}
