//! Configuration space.

use super::{BAR_BYTES, Config, Interrupts, registers};
use crate::bus::{Bdf, ConfigSpace, command, register};

/// Bytes of it.
const LEN: usize = 4096;
/// Where the capabilities are.
const EXPRESS: usize = 0x60;
const MESSAGES: usize = 0xA0;
/// DEVCTL, and its bit that lets writes overtake each other.
pub(super) const DEVCTL: usize = EXPRESS + 8;
const RELAXED_ORDERING: u16 = 1 << 4;
/// As firmware leaves it: relaxed ordering, no-snoop, reads of 512 bytes.
const DEVCTL_DEFAULT: u16 = 0x2810;
/// DMACTRL of 1.x parts.
const DMACTRL: usize = 0x48;
/// `CHANERR_INT`: errors of all channels, write 1 to clear.
const CHANERR_INT: usize = 0x180;
/// `CHANERRMASK_INT`.
const CHANERRMASK_INT: usize = 0x184;
/// Enable bits of Message Control: MSI-X and MSI.
const MSIX_ENABLE: u16 = 1 << 15;
const MSI_ENABLE: u16 = 1 << 0;

/// See the module: what it holds, and which bits can be written.
pub(super) struct Space {
    bytes: Vec<u8>,
    writable: Vec<u8>,
    interrupts: Interrupts,
}

impl Space {
    pub fn new(config: &Config) -> Self {
        let mut space = Self { bytes: vec![0; LEN], writable: vec![0; LEN], interrupts: config.interrupts };
        let ids = u32::from(config.device) << 16 | 0x8086;
        space.put(register::VENDOR.into(), ids, 0);
        let started = command::MEMORY | command::MASTER;
        let commands = started | command::INTX_DISABLE;
        // The capability list, in the Status register above the Command register.
        space.put(register::COMMAND.into(), 1 << 20 | u32::from(started), commands.into());
        space.put(register::REVISION_CLASS.into(), 0x0880_0000, 0);
        let mask = !(BAR_BYTES - 1);
        space.put(register::BAR0.into(), config.address as u32 | 4, mask as u32);
        space.put(usize::from(register::BAR0) + 4, (config.address >> 32) as u32, u32::MAX);
        space.put(register::SUBSYSTEM.into(), 0x8086, 0);
        space.put(register::CAPABILITIES.into(), EXPRESS as u32, 0);
        space.put(register::INTERRUPT_LINE.into(), 1 << 8, 0xFF);
        if !config.version.counts() {
            space.put(DMACTRL, 0, 3);
        }
        space.put(CHANERRMASK_INT, 0, u32::MAX);
        let behind = if config.interrupts == Interrupts::Line { 0 } else { MESSAGES as u32 };
        // A root complex integrated endpoint.
        space.put(EXPRESS, 0x0092_0010 | behind << 8, 0);
        space.put(DEVCTL, DEVCTL_DEFAULT.into(), 0xFFFF);
        match config.interrupts {
            Interrupts::MsiX => {
                space.put(MESSAGES, u32::from(config.channels - 1) << 16 | 0x11, 0xC000_0000);
                space.put(MESSAGES + 4, registers::TABLE as u32, 0);
                space.put(MESSAGES + 8, registers::PENDING as u32, 0);
            }
            Interrupts::Msi => {
                space.put(MESSAGES, 0x0080_0005, 0x0071_0000);
                space.put(MESSAGES + 4, 0, !3);
                space.put(MESSAGES + 8, 0, u32::MAX);
                space.put(MESSAGES + 12, 0, 0xFFFF);
            }
            Interrupts::Line => {}
        }
        space
    }

    fn put(&mut self, at: usize, value: u32, writable: u32) {
        let set = |bytes: &mut Vec<u8>, value: u32| {
            for (to, from) in bytes.iter_mut().skip(at).zip(value.to_le_bytes()) {
                *to = from;
            }
        };
        set(&mut self.bytes, value);
        set(&mut self.writable, writable);
    }

    fn get16(&self, at: usize) -> u16 {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(0);
        u16::from_le_bytes([byte(at), byte(at + 1)])
    }

    pub fn read(&self, offset: usize, to: &mut [u8]) {
        for (to, at) in to.iter_mut().zip(offset..) {
            *to = self.bytes.get(at).copied().unwrap_or(0xFF);
        }
    }

    pub fn write(&mut self, offset: usize, from: &[u8]) {
        for (&from, at) in from.iter().zip(offset..) {
            let (Some(byte), Some(&writable)) = (self.bytes.get_mut(at), self.writable.get(at)) else {
                return;
            };
            if (CHANERR_INT..CHANERR_INT + 4).contains(&at) {
                *byte &= !from;
            } else {
                *byte = *byte & !writable | from & writable;
            }
        }
    }

    /// Errors of a channel show here as well.
    pub fn note_errors(&mut self, errors: u32) {
        for (byte, error) in self.bytes.iter_mut().skip(CHANERR_INT).zip(errors.to_le_bytes()) {
            *byte |= error;
        }
    }

    /// Where BAR 0 is.
    pub fn address(&self) -> u64 {
        let mut bytes = [0; 8];
        self.read(register::BAR0.into(), &mut bytes);
        u64::from_le_bytes(bytes) & !(BAR_BYTES - 1)
    }

    /// Memory accesses are answered.
    pub fn decodes(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::MEMORY != 0
    }

    /// DMA and messages are allowed.
    pub fn masters(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::MASTER != 0
    }

    /// The pin may be asserted.
    pub fn has_pin(&self) -> bool {
        self.get16(register::COMMAND.into()) & command::INTX_DISABLE == 0
    }

    /// Writes may overtake each other.
    pub fn is_relaxed(&self) -> bool {
        self.get16(DEVCTL) & RELAXED_ORDERING != 0
    }

    /// MSI-X or MSI is on.
    pub fn messages_enabled(&self) -> bool {
        let control = self.get16(MESSAGES + 2);
        match self.interrupts {
            Interrupts::MsiX => control & MSIX_ENABLE != 0,
            Interrupts::Msi => control & MSI_ENABLE != 0,
            Interrupts::Line => false,
        }
    }

    /// Turns MSI-X or MSI on or off, as the system does.
    pub fn enable_messages(&mut self, on: bool) {
        let bit = match self.interrupts {
            Interrupts::MsiX => MSIX_ENABLE,
            Interrupts::Msi => MSI_ENABLE,
            Interrupts::Line => return,
        };
        let control = self.get16(MESSAGES + 2) & !bit | if on { bit } else { 0 };
        self.write(MESSAGES + 2, &control.to_le_bytes());
    }

    /// Writes the one message of MSI.
    pub fn set_message(&mut self, address: u64, data: u32) {
        self.write(MESSAGES + 4, &address.to_le_bytes());
        self.write(MESSAGES + 12, &(data as u16).to_le_bytes());
    }
}

/// The bus as enumeration sees it: this one function.
pub(super) struct Slot<'a> {
    pub space: &'a mut Space,
    pub at: Bdf,
}

impl ConfigSpace for Slot<'_> {
    type Error = std::convert::Infallible;

    fn config_read(&mut self, at: Bdf, offset: u16, size: usize) -> Result<u32, Self::Error> {
        let mut bytes = [0xFF; 4];
        if at == self.at {
            self.space.read(offset.into(), &mut bytes);
        }
        let value = u32::from_le_bytes(bytes);
        Ok(if size < 4 { value & !(u32::MAX << (8 * size)) } else { value })
    }

    fn config_write(&mut self, at: Bdf, offset: u16, size: usize, value: u32) -> Result<(), Self::Error> {
        if at == self.at {
            self.space.write(offset.into(), value.to_le_bytes().get(..size).unwrap_or(&[]));
        }
        Ok(())
    }
}
