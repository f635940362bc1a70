//! Which registers there are in BAR 0, and which bits of them can be written.

use super::breach::{Checked, hold};
use crate::verify::rules;

/// What an access to a register does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads only.
    ReadOnly,
    /// These bits are stored.
    Write(u32),
    /// Counts, and a read clears.
    Counter,
}

/// Registers in a row.
struct Row {
    name: &'static str,
    first: u32,
    count: u32,
    stride: u32,
    kind: Kind,
    /// After a reset.
    value: u32,
}

const fn one(name: &'static str, first: u32, kind: Kind, value: u32) -> Row {
    Row { name, first, count: 1, stride: 4, kind, value }
}

const fn row(name: &'static str, first: u32, count: u32, stride: u32, kind: Kind) -> Row {
    Row { name, first, count, stride, kind, value: 0 }
}

const ALL: Kind = Kind::Write(u32::MAX);
const NONE: Kind = Kind::Write(0);
use Kind::{Counter, ReadOnly, Write};

/// Offsets that the model itself uses, by their names in the datasheet.
pub(super) mod at {
    pub const CTRL: u32 = 0x0000;
    pub const CTRL_MIRROR: u32 = 0x0004;
    pub const STATUS: u32 = 0x0008;
    pub const EECD: u32 = 0x0010;
    pub const EERD: u32 = 0x0014;
    pub const CTRL_EXT: u32 = 0x0018;
    pub const MDIC: u32 = 0x0020;
    pub const VET: u32 = 0x0038;
    pub const ICR: u32 = 0x00C0;
    pub const ITR: u32 = 0x00C4;
    pub const ICS: u32 = 0x00C8;
    pub const IMS: u32 = 0x00D0;
    pub const IMC: u32 = 0x00D8;
    pub const EIAC: u32 = 0x00DC;
    pub const IAM: u32 = 0x00E0;
    pub const IVAR: u32 = 0x00E4;
    pub const EITR: u32 = 0x00E8;
    pub const RCTL: u32 = 0x0100;
    pub const TCTL: u32 = 0x0400;
    pub const EXTCNF_CTRL: u32 = 0x0F00;
    pub const PBA: u32 = 0x1000;
    pub const EEWR: u32 = 0x102C;
    pub const RX: u32 = 0x2800;
    pub const RDTR: u32 = 0x2820;
    pub const RADV: u32 = 0x282C;
    pub const TX: u32 = 0x3800;
    pub const TIDV: u32 = 0x3820;
    pub const TADV: u32 = 0x382C;
    pub const TARC: u32 = 0x3840;
    pub const RXCSUM: u32 = 0x5000;
    pub const RFCTL: u32 = 0x5008;
    pub const MTA: u32 = 0x5200;
    pub const RA: u32 = 0x5400;
    pub const VFTA: u32 = 0x5600;
    pub const SWSM: u32 = 0x5B50;
    /// Within a ring's registers: base, length, head and tail.
    pub const BASE_LOW: u32 = 0x00;
    pub const BASE_HIGH: u32 = 0x04;
    pub const LENGTH: u32 = 0x08;
    pub const HEAD: u32 = 0x10;
    pub const TAIL: u32 = 0x18;
    /// From one queue's registers to the next one's.
    pub const QUEUE: u32 = 0x100;
}

/// The registers of the part, as far as there are any that a driver may touch.
const ROWS: &[Row] = &[
    one("CTRL", 0x0000, Write(!(1 << 26 | 1 << 31)), 0x0014_0241),
    one("CTRL", 0x0004, Write(!(1 << 26 | 1 << 31)), 0x0014_0241),
    one("STATUS", 0x0008, ReadOnly, 0x0008_0000),
    one("EECD", 0x0010, Write(0x0010_004F), 0x0000_0000),
    one("EERD", 0x0014, NONE, 0),
    one("CTRL_EXT", 0x0018, Write(0xFFFF_DFFF), 0),
    one("FLA", 0x001C, ALL, 0),
    one("MDIC", 0x0020, NONE, 0),
    one("FCAL", 0x0028, ALL, 0),
    one("FCAH", 0x002C, Write(0xFFFF), 0),
    one("FCT", 0x0030, Write(0xFFFF), 0),
    one("VET", 0x0038, Write(0xFFFF), 0x8100),
    one("ICR", 0x00C0, NONE, 0),
    one("ITR", 0x00C4, Write(0xFFFF), 0),
    one("ICS", 0x00C8, NONE, 0),
    one("IMS", 0x00D0, NONE, 0),
    one("IMC", 0x00D8, NONE, 0),
    one("EIAC", 0x00DC, Write(0x01F0_0000), 0),
    one("IAM", 0x00E0, ALL, 0),
    one("IVAR", 0x00E4, Write(0x800F_FFFF), 0),
    row("EITR", 0x00E8, 5, 4, Write(0xFFFF)),
    one("RCTL", 0x0100, Write(0x06FF_FFFE), 0),
    one("FCTTV", 0x0170, ALL, 0),
    one("TCTL", 0x0400, Write(0x3FFF_FFFF), 0x3003_F0F8),
    one("TIPG", 0x0410, Write(0x3FFF_FFFF), 0x0060_200A),
    one("LEDCTL", 0x0E00, ALL, 0x0706_8302),
    one("EXTCNF_CTRL", 0x0F00, Write(0x0FFF_0F8F), 0x8),
    one("EXTCNF_SIZE", 0x0F08, ALL, 0),
    one("PBA", 0x1000, ALL, 0x0014_0014),
    one("PBS", 0x1008, ALL, 0),
    one("EEMNGCTL", 0x1010, ALL, 0),
    one("EEWR", 0x102C, NONE, 0),
    one("FCRTL", 0x2160, Write(0x8000_FFF8), 0),
    one("FCRTH", 0x2168, Write(0x0000_FFF8), 0),
    one("PSRCTL", 0x2170, ALL, 0x0004_0402),
    row("RDBAL", 0x2800, 2, 0x100, Write(0xFFFF_FFF0)),
    row("RDBAH", 0x2804, 2, 0x100, ALL),
    row("RDLEN", 0x2808, 2, 0x100, Write(0x000F_FF80)),
    row("RDH", 0x2810, 2, 0x100, Write(0xFFFF)),
    row("RDT", 0x2818, 2, 0x100, Write(0xFFFF)),
    one("RDTR", 0x2820, Write(0xFFFF), 0),
    row("RXDCTL", 0x2828, 2, 0x100, Write(0x013F_3F3F)),
    one("RADV", 0x282C, Write(0xFFFF), 0),
    one("RSRPD", 0x2C00, Write(0xFFF), 0),
    one("RAID", 0x2C08, Write(0xFFFF), 0),
    row("TDBAL", 0x3800, 2, 0x100, Write(0xFFFF_FFF0)),
    row("TDBAH", 0x3804, 2, 0x100, ALL),
    row("TDLEN", 0x3808, 2, 0x100, Write(0x000F_FF80)),
    row("TDH", 0x3810, 2, 0x100, Write(0xFFFF)),
    row("TDT", 0x3818, 2, 0x100, Write(0xFFFF)),
    one("TIDV", 0x3820, Write(0xFFFF), 0),
    row("TXDCTL", 0x3828, 2, 0x100, ALL),
    one("TADV", 0x382C, Write(0xFFFF), 0),
    Row { name: "TARC", first: 0x3840, count: 2, stride: 0x100, kind: ALL, value: 0x403 },
    row("statistics", 0x4000, 9, 4, Counter),
    one("COLC", 0x4028, Counter, 0),
    row("statistics", 0x4030, 3, 4, Counter),
    row("statistics", 0x403C, 43, 4, Counter),
    row("statistics", 0x40E8, 8, 4, Counter),
    row("statistics", 0x4108, 4, 4, Counter),
    row("statistics", 0x4118, 5, 4, Counter),
    one("RXCSUM", 0x5000, Write(0x2BFF), 0),
    one("RFCTL", 0x5008, Write(0x0003_FFFF), 0),
    row("MTA", 0x5200, 128, 4, ALL),
    row("RAL", 0x5400, 16, 8, ALL),
    row("RAH", 0x5404, 16, 8, Write(0x8003_FFFF)),
    row("VFTA", 0x5600, 128, 4, ALL),
    one("WUC", 0x5800, Write(0x0F), 0),
    one("WUFC", 0x5808, Write(0x000F_80FF), 0),
    one("WUS", 0x5810, NONE, 0),
    one("MRQC", 0x5818, Write(0x003F_0003), 0),
    one("MANC", 0x5820, ALL, 0),
    one("IPAV", 0x5838, ALL, 0),
    row("IP4AT", 0x5840, 4, 8, ALL),
    one("MANC2H", 0x5860, ALL, 0),
    row("IP6AT", 0x5880, 4, 4, ALL),
    one("WUPL", 0x5900, ReadOnly, 0),
    row("WUPM", 0x5A00, 32, 4, ReadOnly),
    one("GCR", 0x5B00, ALL, 0x0680_0200),
    one("FACTPS", 0x5B30, ReadOnly, 0),
    one("SWSM", 0x5B50, NONE, 0),
    one("FWSM", 0x5B54, ALL, 0),
    one("GCR2", 0x5B64, ALL, 0),
    row("RETA", 0x5C00, 32, 4, ALL),
    row("RSSRK", 0x5C80, 10, 4, ALL),
];

impl Row {
    fn offsets(&self) -> impl Iterator<Item = u32> {
        let (first, stride) = (self.first, self.stride);
        (0..self.count).map(move |index| first + index * stride)
    }

    fn has(&self, offset: u32) -> bool {
        offset
            .checked_sub(self.first)
            .is_some_and(|behind| behind.is_multiple_of(self.stride) && behind / self.stride < self.count)
    }
}

/// A register's name, with its offset.
fn describe(row: &Row, offset: u32) -> String {
    format!("{} (offset {offset:#x})", row.name)
}

/// What the registers hold.
pub(super) struct File {
    values: Vec<u32>,
}

impl File {
    pub fn new() -> Self {
        let mut file = Self { values: vec![0; (super::BAR_BYTES / 4) as usize] };
        file.reset();
        file
    }

    /// As after a reset. PBA survives it.
    pub fn reset(&mut self) {
        let buffer = self.get(at::PBA);
        self.values.fill(0);
        for row in ROWS {
            for offset in row.offsets() {
                self.set(offset, row.value);
            }
        }
        if buffer != 0 {
            self.set(at::PBA, buffer);
        }
    }

    pub fn get(&self, offset: u32) -> u32 {
        self.values.get((offset / 4) as usize).copied().unwrap_or(0)
    }

    pub fn set(&mut self, offset: u32, value: u32) {
        if let Some(place) = self.values.get_mut((offset / 4) as usize) {
            *place = value;
        }
    }

    pub fn has(&self, offset: u32, bits: u32) -> bool {
        self.get(offset) & bits != 0
    }

    pub fn change(&mut self, offset: u32, clear: u32, set: u32) {
        let value = self.get(offset) & !clear | set;
        self.set(offset, value);
    }

    /// Counts; a counter of 32 bits sticks at its end.
    pub fn count(&mut self, offset: u32, by: u32) {
        let value = self.get(offset).saturating_add(by);
        self.set(offset, value);
    }

    /// Reads a counter, which clears it. A counter of two halves is cleared by its upper one.
    pub fn take_counter(&mut self, offset: u32) -> u32 {
        let value = self.get(offset);
        if super::statistics::is_low_half(offset) {
            return value;
        }
        self.set(offset, 0);
        if super::statistics::is_low_half(offset - 4) {
            self.set(offset - 4, 0);
        }
        value
    }
}

/// Finds the register of an access, and what may be done with it.
pub(super) fn decode(offset: u64, size: usize, write: bool) -> Checked<(u32, Kind)> {
    let what = if write { "written" } else { "read" };
    let told = |why: &str| format!("{size} bytes are {what} at offset {offset:#x}: {why}");
    hold(&rules::I82574_DWORD, size == 4 && offset.is_multiple_of(4), || {
        told("registers are accessed as aligned dwords")
    })?;
    let offset32 = u32::try_from(offset).unwrap_or(u32::MAX);
    let row = ROWS.iter().find(|row| row.has(offset32));
    hold(&rules::I82574_REGISTER, row.is_some(), || told("there is no register"))?;
    let Some(row) = row else { return Ok((offset32, Kind::ReadOnly)) };
    if write {
        let read_only = || format!("{} is written; it is read-only", describe(row, offset32));
        hold(&rules::I82574_STATISTICS, row.kind != Kind::Counter, read_only)?;
        hold(&rules::I82574_READ_ONLY, row.kind != Kind::ReadOnly, read_only)?;
    }
    Ok((offset32, row.kind))
}
