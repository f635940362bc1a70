//! PCI: what functions there are, what they need, and how they are set up.
//!
//! Everything here talks to a [`ConfigSpace`] and nothing else, so it serves a NIC in QEMU and a model
//! in this process alike. Register numbers and layouts: PCI Local Bus Specification 3.0 chapter 6, PCI
//! Express Base Specification chapter 7.

#![allow(clippy::cast_possible_truncation, reason = "fields are cut out of wider registers")]

mod assign;
mod capability;
mod function;
mod ids;
mod msi;
mod resource;
#[cfg(test)]
mod tests;

pub use assign::{AssignError, Windows, assign};
pub use capability::{Capability, Express, ExtendedCapability, Msi, Msix, PowerManagement};
pub use function::{Bar, BarKind, Class, PciFunction, Pin, enumerate};
pub use msi::{Message, disable_messages, enable_msi, enable_msix, mask_msix_entry, write_msix_entry};
pub use resource::{InterruptMode, Resource};

use std::fmt;

/// Registers of configuration space that this module and its users name.
pub mod register {
    /// Vendor ID, 16 bits; all ones where there is no function.
    pub const VENDOR: u16 = 0x00;
    /// Command, 16 bits; see [`super::command`].
    pub const COMMAND: u16 = 0x04;
    /// Status, 16 bits.
    pub const STATUS: u16 = 0x06;
    /// Revision ID, 8 bits, and class code in the 24 bits above it.
    pub const REVISION_CLASS: u16 = 0x08;
    /// Header Type, 8 bits: the layout, and bit 7 for "has more functions".
    pub const HEADER_TYPE: u16 = 0x0E;
    /// The first base address register, 32 bits; five more follow in a type 0 header.
    pub const BAR0: u16 = 0x10;
    /// Secondary Bus Number of a bridge, 8 bits.
    pub const SECONDARY_BUS: u16 = 0x19;
    /// Subsystem Vendor ID and, above it, Subsystem ID, 16 bits each; type 0 headers only.
    pub const SUBSYSTEM: u16 = 0x2C;
    /// Where the capability list begins, 8 bits.
    pub const CAPABILITIES: u16 = 0x34;
    /// Interrupt Line, 8 bits: kept for software, no meaning to hardware.
    pub const INTERRUPT_LINE: u16 = 0x3C;
    /// Interrupt Pin, 8 bits: 0 for none, 1 to 4 for INTA to INTD.
    pub const INTERRUPT_PIN: u16 = 0x3D;
    /// Where the extended capability list begins.
    pub const EXTENDED_CAPABILITIES: u16 = 0x100;
}

/// Bits of the Command register.
pub mod command {
    /// Answer port accesses.
    pub const IO: u16 = 1 << 0;
    /// Answer memory accesses.
    pub const MEMORY: u16 = 1 << 1;
    /// May do DMA and send messages.
    pub const MASTER: u16 = 1 << 2;
    /// Never assert the interrupt pin.
    pub const INTX_DISABLE: u16 = 1 << 10;
}

/// Address of a function: bus, device, function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bdf(u16);

impl Bdf {
    /// # Panics
    /// If `device` is above 31 or `function` above 7: there are no such addresses.
    #[must_use]
    pub const fn new(bus: u8, device: u8, function: u8) -> Self {
        assert!(device < 32 && function < 8, "PCI device numbers end at 31, function numbers at 7");
        Self((bus as u16) << 8 | (device as u16) << 3 | function as u16)
    }

    /// Bus number.
    #[must_use]
    pub const fn bus(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Device number on the bus, 0 to 31.
    #[must_use]
    pub const fn device(self) -> u8 {
        (self.0 >> 3) as u8 & 31
    }

    /// Function number in the device, 0 to 7.
    #[must_use]
    pub const fn function(self) -> u8 {
        self.0 as u8 & 7
    }

    /// Offset of the function's 4096 bytes in an ECAM window.
    #[must_use]
    pub const fn ecam_offset(self) -> u64 {
        (self.0 as u64) << 12
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}.{}", self.bus(), self.device(), self.function())
    }
}

/// Configuration space of every function of a machine.
pub trait ConfigSpace {
    /// Why an access could not be made; a function that is not there is no error, it reads all ones.
    type Error: std::error::Error + 'static;

    /// Reads 1, 2 or 4 bytes at an offset that is a multiple of the size.
    ///
    /// # Errors
    /// The access is malformed, or the machine behind it is gone.
    fn config_read(&mut self, at: Bdf, offset: u16, size: usize) -> Result<u32, Self::Error>;

    /// Writes 1, 2 or 4 bytes at an offset that is a multiple of the size.
    ///
    /// # Errors
    /// The access is malformed, or the machine behind it is gone.
    fn config_write(&mut self, at: Bdf, offset: u16, size: usize, value: u32) -> Result<(), Self::Error>;
}

/// The register windows of one function.
pub trait PciDevice {
    /// Why an access could not be made.
    type Error: std::error::Error + 'static;

    /// Reads 1, 2, 4 or 8 bytes (1, 2 or 4 from an I/O BAR).
    ///
    /// # Errors
    /// There is no such BAR, the access lies outside it, or the machine behind it is gone.
    fn mmio_read(&mut self, bar: u8, offset: u64, size: usize) -> Result<u64, Self::Error>;

    /// Writes 1, 2, 4 or 8 bytes (1, 2 or 4 to an I/O BAR). The write may still be on its way when the
    /// call returns, as posted writes are; a later read comes after it.
    ///
    /// # Errors
    /// As for [`mmio_read`](Self::mmio_read).
    fn mmio_write(&mut self, bar: u8, offset: u64, size: usize, value: u64) -> Result<(), Self::Error>;
}

/// Sets and clears bits of the Command register and returns what it then holds.
///
/// # Errors
/// An access failed.
pub fn update_command<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
    set: u16,
    clear: u16,
) -> Result<u16, C::Error> {
    let old = read16(config, at, register::COMMAND)?;
    let new = (old & !clear) | set;
    config.config_write(at, register::COMMAND, 2, new.into())?;
    Ok(new)
}

/// The 8 bits at `offset`.
fn read8<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf, offset: u16) -> Result<u8, C::Error> {
    config.config_read(at, offset, 1).map(|value| value as u8)
}

/// The 16 bits at `offset`.
fn read16<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf, offset: u16) -> Result<u16, C::Error> {
    config.config_read(at, offset, 2).map(|value| value as u16)
}

/// The 32 bits at `offset`.
fn read32<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf, offset: u16) -> Result<u32, C::Error> {
    config.config_read(at, offset, 4)
}
