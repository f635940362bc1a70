//! The capability lists.

use super::{Bdf, ConfigSpace, read8, read16, read32, register};

/// Message Signalled Interrupts (id 05h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msi {
    /// Offset of the capability.
    pub offset: u16,
    /// Messages that the function could use, a power of two up to 32.
    pub vectors: u8,
    /// The address has 64 bits.
    pub wide: bool,
    /// Each message can be masked.
    pub maskable: bool,
}

/// MSI-X (id 11h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msix {
    /// Offset of the capability.
    pub offset: u16,
    /// Entries in the table, 1 to 2048.
    pub vectors: u16,
    /// BAR that holds the table.
    pub table_bar: u8,
    /// Where the table begins in it.
    pub table_offset: u64,
    /// BAR that holds the pending bits.
    pub pending_bar: u8,
    /// Where they begin in it.
    pub pending_offset: u64,
}

/// Power Management (id 01h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerManagement {
    /// Offset of the capability.
    pub offset: u16,
    /// Version of the PCI Power Management Interface.
    pub version: u8,
    /// The Power Management Capabilities register as it is.
    pub capabilities: u16,
}

/// PCI Express (id 10h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Express {
    /// Offset of the capability.
    pub offset: u16,
    /// Version of the structure.
    pub version: u8,
    /// Device/port type: 0 endpoint, 1 legacy endpoint, 4 root port, 9 root complex integrated endpoint.
    pub port_type: u8,
    /// Largest payload in bytes that the function supports.
    pub max_payload: u16,
}

/// An entry of the capability list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Capability {
    Msi(Msi),
    Msix(Msix),
    PowerManagement(PowerManagement),
    Express(Express),
    /// One that the host has no use for.
    Other {
        /// Capability ID.
        id: u8,
        /// Where it is.
        offset: u16,
    },
}

/// An entry of the extended list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedCapability {
    /// Extended capability ID: 1 is advanced error reporting, 3 the device serial number.
    pub id: u16,
    /// Version of the structure.
    pub version: u8,
    /// Where it is.
    pub offset: u16,
}

/// No list can be longer: 192 bytes of 4 each. A list that is, runs in a circle.
const LONGEST: usize = 48;
/// The same for the extended list: 3840 bytes of 4 each.
const LONGEST_EXTENDED: usize = 960;

/// Reads the list that begins at the Capabilities Pointer, if the Status register says there is one.
pub(super) fn read_list<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
) -> Result<Vec<Capability>, C::Error> {
    let mut list = Vec::new();
    if read16(config, at, register::STATUS)? & 1 << 4 == 0 {
        return Ok(list);
    }
    let mut offset = u16::from(read8(config, at, register::CAPABILITIES)? & !3);
    while offset >= 0x40 && list.len() < LONGEST {
        let head = read32(config, at, offset)?;
        list.push(read_one(config, at, offset, head)?);
        offset = (head >> 8) as u16 & 0xFC;
    }
    Ok(list)
}

/// One capability, whose first dword is `head`.
fn read_one<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
    offset: u16,
    head: u32,
) -> Result<Capability, C::Error> {
    let (id, upper) = (head as u8, (head >> 16) as u16);
    Ok(match id {
        0x01 => Capability::PowerManagement(PowerManagement {
            offset,
            version: upper as u8 & 7,
            capabilities: upper,
        }),
        0x05 => Capability::Msi(Msi {
            offset,
            vectors: 1 << (upper >> 1 & 7).min(5),
            wide: upper & 1 << 7 != 0,
            maskable: upper & 1 << 8 != 0,
        }),
        0x10 => Capability::Express(Express {
            offset,
            version: upper as u8 & 15,
            port_type: (upper >> 4) as u8 & 15,
            max_payload: 128 << (read32(config, at, offset + 4)? & 7).min(5),
        }),
        0x11 => {
            let (table, pending) = (read32(config, at, offset + 4)?, read32(config, at, offset + 8)?);
            Capability::Msix(Msix {
                offset,
                vectors: (upper & 0x7FF) + 1,
                table_bar: table as u8 & 7,
                table_offset: u64::from(table & !7),
                pending_bar: pending as u8 & 7,
                pending_offset: u64::from(pending & !7),
            })
        }
        _ => Capability::Other { id, offset },
    })
}

/// Reads the list at 100h. Where there is no extended space it reads zero or all ones.
pub(super) fn read_extended<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
) -> Result<Vec<ExtendedCapability>, C::Error> {
    let mut list = Vec::new();
    let mut offset = register::EXTENDED_CAPABILITIES;
    while offset >= register::EXTENDED_CAPABILITIES && list.len() < LONGEST_EXTENDED {
        let head = read32(config, at, offset)?;
        if head == 0 || head == u32::MAX {
            break;
        }
        list.push(ExtendedCapability { id: head as u16, version: (head >> 16) as u8 & 15, offset });
        offset = (head >> 20) as u16 & 0xFFC;
    }
    Ok(list)
}
