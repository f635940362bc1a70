//! A function and its registers as enumeration finds them.

use super::{
    Bdf, Capability, ConfigSpace, ExtendedCapability, Msi, Msix, capability, command, read8, read16, read32,
    register, update_command,
};

/// Class code of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    /// Base class; 0x02 is network.
    pub base: u8,
    /// Sub-class; 0x00 of network is Ethernet.
    pub sub: u8,
    /// Programming interface.
    pub interface: u8,
}

/// An interrupt pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Pin {
    IntA,
    IntB,
    IntC,
    IntD,
}

impl Pin {
    /// From the Interrupt Pin register.
    #[must_use]
    pub const fn from_register(value: u8) -> Option<Self> {
        match value {
            1 => Some(Self::IntA),
            2 => Some(Self::IntB),
            3 => Some(Self::IntC),
            4 => Some(Self::IntD),
            _ => None,
        }
    }

    /// 0 for INTA to 3 for INTD, as interrupt routing counts.
    #[must_use]
    pub const fn index(self) -> u8 {
        self as u8
    }
}

/// What kind of addresses a base address register takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    /// Ports.
    Io,
    /// Memory below 4 GiB.
    Memory32 {
        /// Reads have no side effects.
        prefetchable: bool,
    },
    /// Memory anywhere; the next register holds the upper half.
    Memory64 {
        /// Reads have no side effects.
        prefetchable: bool,
    },
}

/// One base address register that asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Register number, 0 to 5 (the lower one of a pair).
    pub index: u8,
    /// What it takes.
    pub kind: BarKind,
    /// Bytes, a power of two.
    pub size: u64,
    /// Where it is; `None` until assigned.
    pub base: Option<u64>,
}

impl Bar {
    /// Offset of the register in configuration space.
    pub(super) const fn register(&self) -> u16 {
        register::BAR0 + 4 * self.index as u16
    }

    /// The address of `len` bytes at `offset`, if the window is placed and holds them all.
    #[must_use]
    pub fn address_of(&self, offset: u64, len: usize) -> Option<u64> {
        let end = offset.checked_add(len as u64)?;
        if end > self.size {
            return None;
        }
        self.base?.checked_add(offset)
    }
}

/// A function as found on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PciFunction {
    /// Where.
    pub at: Bdf,
    /// Vendor ID.
    pub vendor: u16,
    /// Device ID.
    pub device: u16,
    /// Subsystem Vendor ID; 0 for bridges.
    pub subsystem_vendor: u16,
    /// Subsystem ID; 0 for bridges.
    pub subsystem: u16,
    /// Revision ID.
    pub revision: u8,
    /// Class code.
    pub class: Class,
    /// Header layout: 0 for devices, 1 for bridges to PCI.
    pub header: u8,
    /// Base address registers in use, in order.
    pub bars: Vec<Bar>,
    /// Capabilities in list order.
    pub capabilities: Vec<Capability>,
    /// Extended capabilities in list order; empty for conventional PCI.
    pub extended: Vec<ExtendedCapability>,
    /// The pin, if it has one.
    pub pin: Option<Pin>,
}

impl PciFunction {
    /// Reads a function, if there is one. Sizing the BARs takes its windows away for a moment, so this
    /// belongs before a driver starts.
    ///
    /// # Errors
    /// An access failed.
    pub fn read<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf) -> Result<Option<Self>, C::Error> {
        let ids = read32(config, at, register::VENDOR)?;
        if ids & 0xFFFF == 0xFFFF {
            return Ok(None);
        }
        let class = read32(config, at, register::REVISION_CLASS)?;
        let header = read8(config, at, register::HEADER_TYPE)? & 0x7F;
        let subsystem = if header == 0 { read32(config, at, register::SUBSYSTEM)? } else { 0 };
        Ok(Some(Self {
            at,
            vendor: ids as u16,
            device: (ids >> 16) as u16,
            subsystem_vendor: subsystem as u16,
            subsystem: (subsystem >> 16) as u16,
            revision: class as u8,
            class: Class {
                base: (class >> 24) as u8,
                sub: (class >> 16) as u8,
                interface: (class >> 8) as u8,
            },
            header,
            bars: read_bars(config, at, header)?,
            capabilities: capability::read_list(config, at)?,
            extended: capability::read_extended(config, at)?,
            pin: Pin::from_register(read8(config, at, register::INTERRUPT_PIN)?),
        }))
    }

    /// The BAR with this register number.
    #[must_use]
    pub fn bar(&self, index: u8) -> Option<&Bar> {
        self.bars.iter().find(|bar| bar.index == index)
    }

    /// The MSI-X capability.
    #[must_use]
    pub fn msix(&self) -> Option<&Msix> {
        self.capabilities.iter().find_map(|c| if let Capability::Msix(msix) = c { Some(msix) } else { None })
    }

    /// The MSI capability.
    #[must_use]
    pub fn msi(&self) -> Option<&Msi> {
        self.capabilities.iter().find_map(|c| if let Capability::Msi(msi) = c { Some(msi) } else { None })
    }
}

/// How many base address registers a header layout has.
const fn bar_count(header: u8) -> u8 {
    match header {
        0 => 6,
        1 => 2,
        _ => 0,
    }
}

/// Sizes and reads the BARs with decoding off, and leaves them and the Command register as they were.
fn read_bars<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf, header: u8) -> Result<Vec<Bar>, C::Error> {
    let enabled = read16(config, at, register::COMMAND)?;
    update_command(config, at, 0, command::IO | command::MEMORY)?;
    let mut bars = Vec::new();
    let (mut index, count) = (0, bar_count(header));
    while index < count {
        let wide_allowed = index + 1 < count;
        let bar = read_bar(config, at, index, wide_allowed)?;
        index += if matches!(bar, Some(Bar { kind: BarKind::Memory64 { .. }, .. })) { 2 } else { 1 };
        bars.extend(bar);
    }
    config.config_write(at, register::COMMAND, 2, enabled.into())?;
    Ok(bars)
}

/// One BAR: its kind from the low bits, its size from the bits that cannot be set.
fn read_bar<C: ConfigSpace + ?Sized>(
    config: &mut C,
    at: Bdf,
    index: u8,
    wide_allowed: bool,
) -> Result<Option<Bar>, C::Error> {
    let at_register = register::BAR0 + 4 * u16::from(index);
    let (low, low_mask) = probe(config, at, at_register)?;
    if low_mask == 0 {
        return Ok(None);
    }
    if low_mask & 1 != 0 {
        // Ports: 16 address bits are enough for a device, so the upper half may read zero.
        let mask = low_mask & !3 | 0xFFFF_0000;
        let base = u64::from(low & !3);
        let size = u64::from(!mask) + 1;
        return Ok(Some(Bar { index, kind: BarKind::Io, size, base: (base != 0).then_some(base) }));
    }
    let prefetchable = low_mask & 8 != 0;
    let (mut base, mut mask) = (u64::from(low & !15), u64::from(low_mask & !15) | 0xFFFF_FFFF_0000_0000);
    let kind = if low_mask & 6 == 4 && wide_allowed {
        let (high, high_mask) = probe(config, at, at_register + 4)?;
        base |= u64::from(high) << 32;
        mask = mask & 0xFFFF_FFFF | u64::from(high_mask) << 32;
        BarKind::Memory64 { prefetchable }
    } else {
        BarKind::Memory32 { prefetchable }
    };
    // Malformed hardware could leave no address bit at all; then there is nothing to place.
    let Some(size) = (!mask).checked_add(1) else { return Ok(None) };
    Ok(Some(Bar { index, kind, size, base: (base != 0).then_some(base) }))
}

/// What a BAR holds, and what it holds after all ones were written; it is restored.
fn probe<C: ConfigSpace + ?Sized>(config: &mut C, at: Bdf, offset: u16) -> Result<(u32, u32), C::Error> {
    let value = read32(config, at, offset)?;
    config.config_write(at, offset, 4, u32::MAX)?;
    let mask = read32(config, at, offset)?;
    config.config_write(at, offset, 4, value)?;
    Ok((value, mask))
}

/// Every function on bus 0 and on the buses behind bridges that have been given a bus number.
///
/// # Errors
/// An access failed.
pub fn enumerate<C: ConfigSpace + ?Sized>(config: &mut C) -> Result<Vec<PciFunction>, C::Error> {
    let mut functions = Vec::new();
    let mut seen = [false; 256];
    let mut buses = vec![0u8];
    while let Some(bus) = buses.pop() {
        if std::mem::replace(&mut seen[usize::from(bus)], true) {
            continue;
        }
        for device in 0..32 {
            for number in 0..8 {
                let at = Bdf::new(bus, device, number);
                let Some(function) = PciFunction::read(config, at)? else {
                    if number == 0 {
                        break;
                    }
                    continue;
                };
                if function.header == 1 {
                    buses.push(read8(config, at, register::SECONDARY_BUS)?);
                }
                functions.push(function);
                if number == 0 && read8(config, at, register::HEADER_TYPE)? & 0x80 == 0 {
                    break;
                }
            }
        }
    }
    functions.sort_by_key(|function| function.at);
    Ok(functions)
}
