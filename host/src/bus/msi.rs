//! Message signalled interrupts: who writes which message where.

use super::{Bdf, ConfigSpace, Msi, Msix, PciDevice, read16, register};

/// A memory write that is an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Where it goes.
    pub address: u64,
    /// What is written. MSI, other than MSI-X, can carry 16 bits only.
    pub data: u32,
}

/// Bytes of an entry of the MSI-X table.
const ENTRY: u64 = 16;
/// Bit 0 of an entry's Vector Control: masked.
const ENTRY_MASKED: u64 = 1;
/// MSI-X Message Control: enable, and mask every vector.
const MSIX_ENABLE: u16 = 1 << 15;
const MSIX_MASK_ALL: u16 = 1 << 14;
/// MSI Message Control: enable, and the field that says how many messages are used.
const MSI_ENABLE: u16 = 1 << 0;
const MSI_USED: u16 = 7 << 4;

/// Writes entry `index` of the MSI-X table, leaving it unmasked.
///
/// # Errors
/// The device refused the access, as it does for an entry beyond its table's BAR.
pub fn write_msix_entry<D: PciDevice + ?Sized>(
    device: &mut D,
    msix: &Msix,
    index: u16,
    message: Message,
) -> Result<(), D::Error> {
    let (bar, entry) = (msix.table_bar, msix.table_offset + ENTRY * u64::from(index));
    device.mmio_write(bar, entry + 12, 4, ENTRY_MASKED)?;
    device.mmio_write(bar, entry, 4, message.address & 0xFFFF_FFFF)?;
    device.mmio_write(bar, entry + 4, 4, message.address >> 32)?;
    device.mmio_write(bar, entry + 8, 4, message.data.into())?;
    device.mmio_write(bar, entry + 12, 4, 0)
}

/// Masks or unmasks entry `index` of the MSI-X table. A message that was held back goes out when its
/// entry is unmasked.
///
/// # Errors
/// The device refused the access.
pub fn mask_msix_entry<D: PciDevice + ?Sized>(
    device: &mut D,
    msix: &Msix,
    index: u16,
    masked: bool,
) -> Result<(), D::Error> {
    let control = msix.table_offset + ENTRY * u64::from(index) + 12;
    device.mmio_write(msix.table_bar, control, 4, u64::from(masked))
}

/// Turns MSI-X on or off. While it is on the interrupt pin is silent.
///
/// # Errors
/// An access failed.
pub fn enable_msix<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
    msix: &Msix,
    enable: bool,
) -> Result<(), C::Error> {
    let control = read16(config, at, msix.offset + 2)? & !(MSIX_ENABLE | MSIX_MASK_ALL);
    let control = if enable { control | MSIX_ENABLE } else { control };
    config.config_write(at, msix.offset + 2, 2, control.into())
}

/// Turns MSI on with one message.
///
/// # Errors
/// An access failed.
pub fn enable_msi<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
    msi: &Msi,
    message: Message,
) -> Result<(), C::Error> {
    let data = if msi.wide { 12 } else { 8 };
    config.config_write(at, msi.offset + 4, 4, message.address as u32)?;
    if msi.wide {
        config.config_write(at, msi.offset + 8, 4, (message.address >> 32) as u32)?;
    }
    config.config_write(at, msi.offset + data, 2, message.data & 0xFFFF)?;
    let control = read16(config, at, msi.offset + 2)? & !MSI_USED;
    config.config_write(at, msi.offset + 2, 2, (control | MSI_ENABLE).into())
}

/// Turns MSI and MSI-X off, whatever the function has of them, so that its pin speaks.
///
/// # Errors
/// An access failed.
pub fn disable_messages<C: ConfigSpace + ?Sized>(
    config: &mut C,
    function: &super::PciFunction,
) -> Result<(), C::Error> {
    if let Some(msix) = function.msix() {
        enable_msix(config, function.at, msix, false)?;
    }
    if let Some(msi) = function.msi() {
        let control = read16(config, function.at, msi.offset + 2)? & !MSI_ENABLE;
        config.config_write(function.at, msi.offset + 2, 2, control.into())?;
    }
    super::update_command(config, function.at, 0, super::command::INTX_DISABLE)?;
    // Nothing may be left in flight towards a message that is about to be freed.
    read16(config, function.at, register::STATUS).map(drop)
}
