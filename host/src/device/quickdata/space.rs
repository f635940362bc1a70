//! Configuration space.

use super::{BAR_BYTES, Config, Interrupts, registers};
use crate::{
    bus::{command, register},
    device::config_space::Bytes,
};
use std::ops::Deref;

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
    pub bytes: Bytes,
    interrupts: Interrupts,
}

impl Space {
    pub fn new(config: &Config) -> Self {
        let mut space = Self { bytes: Bytes::new(), interrupts: config.interrupts };
        let ids = u32::from(config.device) << 16 | 0x8086;
        space.bytes.put(register::VENDOR.into(), ids, 0);
        let started = command::MEMORY | command::MASTER;
        let commands = started | command::INTX_DISABLE;
        // The capability list, in the Status register above the Command register.
        space.bytes.put(register::COMMAND.into(), 1 << 20 | u32::from(started), commands.into());
        space.bytes.put(register::REVISION_CLASS.into(), 0x0880_0000, 0);
        let mask = !(BAR_BYTES - 1);
        space.bytes.put(register::BAR0.into(), config.address as u32 | 4, mask as u32);
        space.bytes.put(usize::from(register::BAR0) + 4, (config.address >> 32) as u32, u32::MAX);
        space.bytes.put(register::SUBSYSTEM.into(), 0x8086, 0);
        space.bytes.put(register::CAPABILITIES.into(), EXPRESS as u32, 0);
        space.bytes.put(register::INTERRUPT_LINE.into(), 1 << 8, 0xFF);
        if !config.version.counts() {
            space.bytes.put(DMACTRL, 0, 3);
        }
        space.bytes.put(CHANERRMASK_INT, 0, u32::MAX);
        let behind = if config.interrupts == Interrupts::Line { 0 } else { MESSAGES as u32 };
        // A root complex integrated endpoint.
        space.bytes.put(EXPRESS, 0x0092_0010 | behind << 8, 0);
        space.bytes.put(DEVCTL, DEVCTL_DEFAULT.into(), 0xFFFF);
        match config.interrupts {
            Interrupts::MsiX => {
                space.bytes.put(MESSAGES, u32::from(config.channels - 1) << 16 | 0x11, 0xC000_0000);
                space.bytes.put(MESSAGES + 4, registers::TABLE as u32, 0);
                space.bytes.put(MESSAGES + 8, registers::PENDING as u32, 0);
            }
            Interrupts::Msi => {
                space.bytes.put(MESSAGES, 0x0080_0005, 0x0071_0000);
                space.bytes.put(MESSAGES + 4, 0, !3);
                space.bytes.put(MESSAGES + 8, 0, u32::MAX);
                space.bytes.put(MESSAGES + 12, 0, 0xFFFF);
            }
            Interrupts::Line => {}
        }
        space
    }

    pub fn write(&mut self, offset: usize, from: &[u8]) {
        for (&from, at) in from.iter().zip(offset..) {
            if (CHANERR_INT..CHANERR_INT + 4).contains(&at) {
                self.bytes.change(at, |byte| byte & !from);
            } else {
                self.bytes.write(at, &[from]);
            }
        }
    }

    /// Errors of a channel show here as well.
    pub fn note_errors(&mut self, errors: u32) {
        for (at, error) in (CHANERR_INT..).zip(errors.to_le_bytes()) {
            self.bytes.change(at, |byte| byte | error);
        }
    }

    /// Where BAR 0 is.
    pub fn address(&self) -> u64 {
        let mut bytes = [0; 8];
        self.read(register::BAR0.into(), &mut bytes);
        u64::from_le_bytes(bytes) & !(BAR_BYTES - 1)
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
        match self.interrupts {
            Interrupts::MsiX => self.bytes.set(MESSAGES + 2, MSIX_ENABLE, on),
            Interrupts::Msi => self.bytes.set(MESSAGES + 2, MSI_ENABLE, on),
            Interrupts::Line => {}
        }
    }

    /// Writes the one message of MSI.
    pub fn set_message(&mut self, address: u64, data: u32) {
        self.bytes.set_message(MESSAGES, address, data);
    }
}

/// What every function's has.
impl Deref for Space {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}
