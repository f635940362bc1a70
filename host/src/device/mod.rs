//! What stands behind the bus: a machine with PCI functions in it, be it QEMU or models in this process.
//!
//! [`Machine`](qemu::Machine) is the one for live mode. Whoever plays plug and play enumerates a [`Backend`] with
//! [`bus`](crate::bus), places the functions in its [`windows`](Backend::windows), asks it for messages,
//! and sleeps on [`poll_fd`](Backend::poll_fd).

#![allow(clippy::cast_possible_truncation, reason = "registers are cut to the size of the access")]

mod config_space;
mod error;
pub mod i82574;
pub mod qemu;
pub mod quickdata;
mod ram;

pub use error::{Cause, Error, Gone, Result};
pub use ram::{HIGH_BASE, LOW_BASE, Ram, RamRange};

use crate::bus::{Bar, BarKind, Bdf, ConfigSpace, Message, PciDevice, PciFunction, Pin, Windows};
use std::{os::fd::BorrowedFd, sync::Arc};

/// Names a message that was allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u16);

/// An interrupt that a machine reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// A message was written, at least once since the last report.
    Message {
        /// Which.
        id: MessageId,
        /// How often.
        count: u64,
    },
    /// An input of the interrupt controller changed its level.
    Line {
        /// Which input.
        line: u32,
        /// Asserted or not.
        asserted: bool,
    },
}

/// How much a machine was asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads of memory windows and ports.
    pub reads: u64,
    /// Writes of memory windows and ports.
    pub writes: u64,
    /// Accesses to configuration space.
    pub config: u64,
}

/// A machine that carries PCI functions, their DMA and their interrupts.
///
/// One thread uses it. After the machine is gone every call fails at once with [`Error::Gone`].
pub trait Backend: ConfigSpace<Error = Error> {
    /// Where BARs may be placed.
    fn windows(&self) -> Windows;

    /// The memory that its functions reach by DMA.
    fn ram(&self) -> &Arc<Ram>;

    /// Reads 1, 2, 4 or 8 bytes at a bus address; every write before it has arrived then.
    ///
    /// # Errors
    /// [`Error::Access`] for another size, [`Error::Gone`].
    fn memory_read(&mut self, address: u64, size: usize) -> Result<u64>;

    /// Writes 1, 2, 4 or 8 bytes at a bus address, posted.
    ///
    /// # Errors
    /// [`Error::Access`] for another size, [`Error::Gone`].
    fn memory_write(&mut self, address: u64, size: usize, value: u64) -> Result<()>;

    /// Reads 1, 2 or 4 bytes from a port; every write before it has arrived then.
    ///
    /// # Errors
    /// [`Error::Access`] for another size, [`Error::Gone`].
    fn port_read(&mut self, port: u16, size: usize) -> Result<u32>;

    /// Writes 1, 2 or 4 bytes to a port, posted.
    ///
    /// # Errors
    /// [`Error::Access`] for another size, [`Error::Gone`].
    fn port_write(&mut self, port: u16, size: usize, value: u32) -> Result<()>;

    /// Waits until every posted write has been carried out, DMA that it started included.
    ///
    /// # Errors
    /// [`Error::Gone`].
    fn drain(&mut self) -> Result<()>;

    /// A message that nobody else uses: what to write into an MSI-X table or an MSI capability (its
    /// data fits in 16 bits), and the name under which it will be reported.
    ///
    /// # Errors
    /// [`Error::NoMessage`] when all are in use, [`Error::Gone`].
    fn allocate_message(&mut self) -> Result<(MessageId, Message)>;

    /// Takes a message back. What fired and was not reported is forgotten.
    fn free_message(&mut self, id: MessageId);

    /// The input of the interrupt controller that a function's pin is wired to.
    fn interrupt_line(&self, at: Bdf, pin: Pin) -> u32;

    /// Whether an input of the interrupt controller is asserted, as last reported.
    fn line_asserted(&self, line: u32) -> bool;

    /// Appends what has happened since the last call and returns at once.
    ///
    /// # Errors
    /// [`Error::Gone`].
    fn interrupts(&mut self, happened: &mut Vec<Interrupt>) -> Result<()>;

    /// Readable when [`interrupts`](Self::interrupts) has something to report, or the machine died.
    /// Acknowledgements of posted writes make it readable too: drain before a long sleep.
    fn poll_fd(&self) -> BorrowedFd<'_>;

    /// What it was asked to do so far.
    fn counters(&self) -> Counters;
}

/// The register windows of a placed function of a [`Backend`].
pub struct Registers<'a, B: ?Sized> {
    backend: &'a mut B,
    function: &'a PciFunction,
}

impl<'a, B: Backend + ?Sized> Registers<'a, B> {
    /// The windows of `function` as they are placed.
    pub fn new(backend: &'a mut B, function: &'a PciFunction) -> Self {
        Self { backend, function }
    }

    /// The BAR and the bus address of an access to it.
    fn locate(&self, index: u8, offset: u64, size: usize) -> Result<(&'a Bar, u64)> {
        let refused =
            |why| Error::Access { what: format!("BAR {index} of {}", self.function.at), offset, size, why };
        let bar = self.function.bar(index).ok_or_else(|| refused("there is no such BAR"))?;
        if bar.base.is_none() {
            return Err(refused("the BAR has no address yet"));
        }
        let address = bar.address_of(offset, size).ok_or_else(|| refused("it lies outside the window"))?;
        Ok((bar, address))
    }
}

impl<B: Backend + ?Sized> PciDevice for Registers<'_, B> {
    type Error = Error;

    fn mmio_read(&mut self, bar: u8, offset: u64, size: usize) -> Result<u64> {
        let (bar, address) = self.locate(bar, offset, size)?;
        match bar.kind {
            BarKind::Io => self.backend.port_read(address as u16, size).map(u64::from),
            _ => self.backend.memory_read(address, size),
        }
    }

    fn mmio_write(&mut self, bar: u8, offset: u64, size: usize, value: u64) -> Result<()> {
        let (bar, address) = self.locate(bar, offset, size)?;
        match bar.kind {
            BarKind::Io => self.backend.port_write(address as u16, size, value as u32),
            _ => self.backend.memory_write(address, size, value),
        }
    }
}
