//! A function as a whole: what it is, its interrupts.

use super::regs::{self, Version};
use crate::raw::Registers;

/// Why a function cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// Every register reads as all ones: there is no device.
    Gone,
    /// CBVER has a version that is not known.
    Version(u8),
    /// CHANCNT has a number of channels that the version cannot have, or whose registers do not fit the BAR.
    Channels(u8),
    /// XFERCAP has a longest transfer below `NetDMA`'s 4096 bytes (NDMA-START-02), or one that is none.
    Transfer(u8),
}

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its version.
    pub version: Version,
    /// CBVER as it was read.
    pub cbver: u8,
    /// Channels.
    pub channels: u8,
    /// Bytes of one transfer.
    pub largest: u32,
    /// DMACAPABILITY.
    pub capability: u32,
}

/// Most channels of a function.
pub const MOST_CHANNELS: u8 = 8;

/// Reads what a function is. `PASSIVE_LEVEL`, once it is mapped.
///
/// # Errors
/// It is not one that this driver knows how to use.
pub fn probe(registers: &impl Registers, bar_bytes: usize) -> Result<Identity, ProbeError> {
    let cbver = registers.read8(regs::CBVER);
    if cbver == u8::MAX {
        return Err(ProbeError::Gone);
    }
    let version = Version::from_cbver(cbver).ok_or(ProbeError::Version(cbver))?;
    let channels = registers.read8(regs::CHANCNT) & 0x1F;
    let most = if version == Version::V3_4 { 1 } else { MOST_CHANNELS };
    let end = u64::from(regs::CHANNEL_BYTES) * (u64::from(channels) + 1);
    if channels == 0 || channels > most || end > bar_bytes as u64 {
        return Err(ProbeError::Channels(channels));
    }
    let exponent = registers.read8(regs::XFERCAP) & 0x1F;
    let largest = match exponent {
        // 32 GiB: more than a descriptor's size field can say.
        0 => 1 << 31,
        12.. => 1_u32.checked_shl(exponent.into()).ok_or(ProbeError::Transfer(exponent))?,
        _ => return Err(ProbeError::Transfer(exponent)),
    };
    let capability = registers.read32(regs::DMACAPABILITY);
    Ok(Identity { version, cbver, channels, largest, capability })
}

/// Lets the function interrupt: with a message for each channel, or with one message or line for all.
pub fn enable_interrupts(registers: &impl Registers, message_each: bool) {
    let each = if message_each { regs::MSIX_VECTOR_CONTROL } else { 0 };
    registers.write8(regs::INTRCTRL, regs::MASTER_INT_EN | each);
}

/// No interrupts any more.
pub fn disable_interrupts(registers: &impl Registers) {
    registers.write8(regs::INTRCTRL, 0);
}

/// In the service routine of a shared interrupt: the channels that need attention, a bit each; 0 if the interrupt is
/// somebody else's or the device is gone.
pub fn attention(registers: &impl Registers) -> u32 {
    match registers.read32(regs::ATTNSTATUS) {
        u32::MAX => 0,
        channels => channels,
    }
}

/// At the end of it: the function may interrupt again.
pub fn interrupted(registers: &impl Registers) {
    registers.write8(regs::INTRCTRL, regs::MASTER_INT_EN);
}
