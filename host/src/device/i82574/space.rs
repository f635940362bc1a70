//! Configuration space.

use super::{BAR_BYTES, Config, Interrupts};
use crate::{
    bus::{command, register},
    device::config_space::Bytes,
};
use std::ops::Deref;

/// Where the capabilities are, as on the part.
const MSIX: usize = 0xA0;
const POWER: usize = 0xC8;
const MSI: usize = 0xD0;
const EXPRESS: usize = 0xE0;
/// Power management control: the state, and PME's status.
const PMCSR: usize = POWER + 4;
const STATE: u16 = 3;
/// DEVCTL: bit 15 resets the function.
const DEVCTL: usize = EXPRESS + 8;
const FUNCTION_RESET: u16 = 1 << 15;
/// Advanced error reporting, and the serial number behind it.
const ERRORS: usize = 0x100;
const SERIAL: usize = 0x140;
/// Enable bits of Message Control.
const MSIX_ENABLE: u16 = 1 << 15;
const MSI_ENABLE: u16 = 1 << 0;
/// BAR 3 holds the MSI-X tables.
const BAR3: usize = 0x1C;
/// Bytes of BAR 3.
pub(super) const TABLE_BYTES: u64 = 16 << 10;

/// What a write to configuration space did beside being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    /// D3, or back in D0: the device has been reset on the way.
    Slept,
    Woke,
    /// The function was reset.
    Reset,
}

/// See the module: what it holds, and which bits can be written.
pub(super) struct Space {
    pub bytes: Bytes,
    interrupts: Interrupts,
}

impl Space {
    pub fn new(config: &Config) -> Self {
        let mut space = Self { bytes: Bytes::new(), interrupts: config.interrupts };
        space.bytes.put(register::VENDOR.into(), 0x10D3_8086, 0);
        let started = command::MEMORY | command::MASTER;
        // The capability list, in the Status register above the Command register.
        let commands = started | command::IO | command::INTX_DISABLE;
        space.bytes.put(register::COMMAND.into(), 1 << 20 | u32::from(started), commands.into());
        space.bytes.put(register::REVISION_CLASS.into(), 0x0200_0000, 0);
        space.bytes.put(register::BAR0.into(), config.address as u32, !(BAR_BYTES as u32 - 1));
        let tables = config.address + BAR_BYTES;
        space.bytes.put(register::SUBSYSTEM.into(), 0x0000_8086, 0);
        space.bytes.put(register::CAPABILITIES.into(), POWER as u32, 0);
        space.bytes.put(register::INTERRUPT_LINE.into(), 1 << 8, 0xFF);
        let behind_power = if config.interrupts == Interrupts::Line { EXPRESS } else { MSI };
        space.bytes.put(POWER, 0xC822_0001 | (behind_power as u32) << 8, 0);
        space.bytes.put(PMCSR, 0, 0x0103);
        if config.interrupts != Interrupts::Line {
            space.bytes.put(MSI, 0x0080_0005 | (EXPRESS as u32) << 8, 0x0071_0000);
            space.bytes.put(MSI + 4, 0, !3);
            space.bytes.put(MSI + 8, 0, u32::MAX);
            space.bytes.put(MSI + 12, 0, 0xFFFF);
        }
        let msix = config.interrupts == Interrupts::MsiX;
        let behind_express = if msix { MSIX as u32 } else { 0 };
        // An endpoint with 2.5 GT/s and one lane, that can reset its function.
        space.bytes.put(EXPRESS, 0x0001_0010 | behind_express << 8, 0);
        space.bytes.put(EXPRESS + 4, 1 << 28 | 0x8CC1, 0);
        space.bytes.put(DEVCTL, 0x2810, 0xFFFF);
        space.bytes.put(EXPRESS + 0x0C, 0x0003_1C11, 0);
        space.bytes.put(EXPRESS + 0x10, 0x1011_0000, 0x01FB);
        if msix {
            space.bytes.put(BAR3, tables as u32, !(TABLE_BYTES as u32 - 1));
            space.bytes.put(MSIX, (super::VECTORS as u32 - 1) << 16 | 0x11, 0xC000_0000);
            space.bytes.put(MSIX + 4, 3, 0);
            space.bytes.put(MSIX + 8, 0x2003, 0);
        }
        space.bytes.put(ERRORS, 0x0001_0001 | (SERIAL as u32) << 20, 0);
        space.bytes.put(SERIAL, 0x0001_0003, 0);
        let [maker @ .., fourth, fifth, sixth] = config.mac;
        let [first, second, third] = maker;
        space.bytes.put(SERIAL + 4, u32::from_le_bytes([sixth, fifth, fourth, 0xFF]), 0);
        space.bytes.put(SERIAL + 8, u32::from_le_bytes([0xFF, third, second, first]), 0);
        space
    }

    pub fn write(&mut self, offset: usize, from: &[u8]) -> Effect {
        let slept = self.sleeps();
        self.bytes.write(offset, from);
        if self.get16(DEVCTL) & FUNCTION_RESET != 0 {
            self.reset();
            return Effect::Reset;
        }
        match (slept, self.sleeps()) {
            (false, true) => Effect::Slept,
            (true, false) => Effect::Woke,
            _ => Effect::None,
        }
    }

    /// What a reset of the function clears: everything but its place.
    fn reset(&mut self) {
        self.bytes.put(DEVCTL, 0x2810, 0xFFFF);
        self.bytes.put(PMCSR, 0, 0x0103);
        self.enable_messages(false);
        let command = self.get32(register::COMMAND.into()) & 0xFFFF_0000;
        self.write(register::COMMAND.into(), &command.to_le_bytes());
    }

    /// Where BAR 0 is.
    pub fn address(&self) -> u64 {
        (self.get32(register::BAR0.into()) & !(BAR_BYTES as u32 - 1)).into()
    }

    /// Where BAR 3 is, if there is one.
    pub fn tables(&self) -> Option<u64> {
        let at = self.get32(BAR3) & !(TABLE_BYTES as u32 - 1);
        (self.interrupts == Interrupts::MsiX).then_some(at.into())
    }

    /// What the bus driver writes to have the function in D3, or in D0.
    pub fn power(&self, on: bool) -> (u32, [u8; 2]) {
        let state = if on { 0 } else { STATE };
        (PMCSR as u32, (self.get16(PMCSR) & !STATE | state).to_le_bytes())
    }

    /// In another state than D0.
    pub fn sleeps(&self) -> bool {
        self.get16(PMCSR) & STATE != 0
    }

    /// MSI-X is on.
    pub fn uses_msix(&self) -> bool {
        self.interrupts == Interrupts::MsiX && self.get16(MSIX + 2) & MSIX_ENABLE != 0
    }

    /// MSI is on.
    pub fn uses_msi(&self) -> bool {
        self.interrupts != Interrupts::Line && self.get16(MSI + 2) & MSI_ENABLE != 0
    }

    /// Turns the better kind of message on or off, as the system does.
    pub fn enable_messages(&mut self, on: bool) {
        match self.interrupts {
            Interrupts::MsiX => self.bytes.set(MSIX + 2, MSIX_ENABLE, on),
            Interrupts::Msi => self.bytes.set(MSI + 2, MSI_ENABLE, on),
            Interrupts::Line => {}
        }
    }

    /// Writes the one message of MSI.
    pub fn set_message(&mut self, address: u64, data: u32) {
        self.bytes.set_message(MSI, address, data);
    }
}

/// What every function's has.
impl Deref for Space {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}
