//! Which registers a version has, where, and how they may be accessed.

use super::Version;
use crate::verify::{Rule, rules};

/// A register of the function or of each of its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the registers' own")]
pub enum Register {
    ChanCnt,
    XferCap,
    GenCtrl,
    IntrCtrl,
    AttnStatus,
    CbVer,
    PerPortOffset,
    IntrDelay,
    CsStatus,
    DmaCapability,
    DcaOffset,
    ChanCtrl,
    DmaComp,
    ChanCmd,
    DmaCount,
    ChanSts,
    ChainAddr,
    ChanCmp,
    Cdar,
    ChanErr,
    ChanErrMask,
    DcaCtrl,
    DrsCtl,
    Ltr,
    MsixTable,
    MsixPending,
}

impl Register {
    /// Its name in public descriptions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChanCnt => "CHANCNT",
            Self::XferCap => "XFERCAP",
            Self::GenCtrl => "GENCTRL",
            Self::IntrCtrl => "INTRCTRL",
            Self::AttnStatus => "ATTNSTATUS",
            Self::CbVer => "CBVER",
            Self::PerPortOffset => "PERPORTOFFSET",
            Self::IntrDelay => "INTRDELAY",
            Self::CsStatus => "CS_STATUS",
            Self::DmaCapability => "DMACAPABILITY",
            Self::DcaOffset => "DCAOFFSET",
            Self::ChanCtrl => "CHANCTRL",
            Self::DmaComp => "DMA_COMP",
            Self::ChanCmd => "CHANCMD",
            Self::DmaCount => "DMACOUNT",
            Self::ChanSts => "CHANSTS",
            Self::ChainAddr => "CHAINADDR",
            Self::ChanCmp => "CHANCMP",
            Self::Cdar => "CDAR",
            Self::ChanErr => "CHANERR",
            Self::ChanErrMask => "CHANERR_MASK",
            Self::DcaCtrl => "DCACTRL",
            Self::DrsCtl => "DRSCTL",
            Self::Ltr => "LTR",
            Self::MsixTable => "MSI-X table",
            Self::MsixPending => "MSI-X pending bits",
        }
    }

    /// Nothing may be written there.
    #[must_use]
    pub const fn is_read_only(self) -> bool {
        matches!(
            self,
            Self::ChanCnt
                | Self::XferCap
                | Self::AttnStatus
                | Self::CbVer
                | Self::PerPortOffset
                | Self::CsStatus
                | Self::DmaCapability
                | Self::DcaOffset
                | Self::DmaComp
                | Self::ChanSts
                | Self::Cdar
                | Self::MsixPending
        )
    }
}

/// Which part of a register an access covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// Bits 31:0 of 64.
    Low,
    /// Bits 63:32 of 64.
    High,
}

/// What an access means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub register: Register,
    /// The channel, for a channel's register.
    pub channel: Option<usize>,
    pub part: Part,
    /// Byte offset in a table.
    pub at: u64,
    /// The register has 64 bits.
    pub wide: bool,
}

/// Registers of the function: offset, bytes.
const FUNCTION: [(Register, u64, usize); 11] = [
    (Register::ChanCnt, 0x00, 1),
    (Register::XferCap, 0x01, 1),
    (Register::GenCtrl, 0x02, 1),
    (Register::IntrCtrl, 0x03, 1),
    (Register::AttnStatus, 0x04, 4),
    (Register::CbVer, 0x08, 1),
    (Register::PerPortOffset, 0x0A, 2),
    (Register::IntrDelay, 0x0C, 2),
    (Register::CsStatus, 0x0E, 2),
    (Register::DmaCapability, 0x10, 4),
    (Register::DcaOffset, 0x14, 2),
];

/// Registers of a channel at the same place in every version.
const CHANNEL: [(Register, u64, usize); 7] = [
    (Register::ChanCtrl, 0x00, 2),
    (Register::DmaComp, 0x02, 2),
    (Register::ChanCmp, 0x18, 8),
    (Register::Cdar, 0x20, 8),
    (Register::ChanErr, 0x28, 4),
    (Register::ChanErrMask, 0x2C, 4),
    (Register::DcaCtrl, 0x30, 4),
];

const CHANNEL_V1: [(Register, u64, usize); 3] =
    [(Register::ChanSts, 0x04, 8), (Register::ChainAddr, 0x0C, 8), (Register::ChanCmd, 0x14, 1)];

const CHANNEL_V2: [(Register, u64, usize); 4] = [
    (Register::ChanCmd, 0x04, 1),
    (Register::DmaCount, 0x06, 2),
    (Register::ChanSts, 0x08, 8),
    (Register::ChainAddr, 0x10, 8),
];

/// The first of the LTR registers.
const LTR: u64 = 0xBC;
/// Beyond a channel's 80h bytes, which only a function with one channel has room for.
const PREFETCH: [(Register, u64, usize); 4] = [
    (Register::DrsCtl, 0xB6, 2),
    (Register::Ltr, LTR, 4),
    (Register::Ltr, 0xC0, 4),
    (Register::Ltr, 0xC4, 4),
];

/// Bytes from one channel's registers to the next one's; the first channel's begin there.
const STRIDE: u64 = 0x80;
/// Where the MSI-X table is in BAR 0.
pub(super) const TABLE: u64 = 0x2000;
/// Where its pending bits are.
pub(super) const PENDING: u64 = 0x3000;

/// Registers in a row: what, where, of how many bytes.
type Rows = &'static [(Register, u64, usize)];

/// Whose registers are at an offset, the offset among them, and which there are.
fn own(version: Version, channels: usize, offset: u64) -> Option<(Option<usize>, u64, [Rows; 2])> {
    if offset < STRIDE {
        return Some((None, offset, [&FUNCTION, &[]]));
    }
    if version == Version::V3_4 && offset >= 2 * STRIDE {
        return Some((Some(0), offset - STRIDE, [&PREFETCH, &[]]));
    }
    let channel = usize::try_from(offset / STRIDE - 1).ok().filter(|&channel| channel < channels)?;
    let own: Rows = if version.counts() { &CHANNEL_V2 } else { &CHANNEL_V1 };
    Some((Some(channel), offset % STRIDE, [&CHANNEL, own]))
}

/// What an access of `size` bytes at `offset` means. 64-bit registers may be accessed in halves, except CHANSTS from 3.3
/// on; CHANSTS before 3.3 only so.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn decode(
    (version, channels, tables): (Version, usize, bool),
    offset: u64,
    size: usize,
) -> Result<Access, &'static Rule> {
    let table = |register, start: u64, len: u64| {
        let at = offset.checked_sub(start).filter(|at| *at < len).ok_or(&rules::QD_REGISTER)?;
        let fits = matches!(size, 4 | 8) && offset.is_multiple_of(size as u64) && at + size as u64 <= len;
        match (tables, fits) {
            (false, _) => Err(&rules::QD_TABLE),
            (_, false) => Err(&rules::QD_WIDTH),
            _ => Ok(Access { register, channel: None, part: Part::Whole, at, wide: false }),
        }
    };
    if offset >= PENDING {
        return table(Register::MsixPending, PENDING, 8);
    }
    if offset >= TABLE {
        return table(Register::MsixTable, TABLE, 16 * channels as u64);
    }
    let (channel, at, rows) = own(version, channels, offset).ok_or(&rules::QD_CHANNEL)?;
    let Some(access) = rows.into_iter().find_map(|rows| find(rows, at, size, channel)) else {
        let others = Version::ALL.into_iter().filter_map(|other| {
            let channels = if other == Version::V3_4 { 1 } else { channels };
            own(other, channels, offset)
        });
        let mut elsewhere = others.flat_map(|(channel, at, rows)| rows.map(|rows| (channel, at, rows)));
        if elsewhere.any(|(channel, at, rows)| find(rows, at, size, channel).is_some()) {
            return Err(&rules::QD_VERSION);
        }
        let covers =
            |&(_, start, width): &(Register, u64, usize)| (start..start + width as u64).contains(&at);
        let covered = rows.into_iter().flatten().any(covers);
        return Err(if covered { &rules::QD_WIDTH } else { &rules::QD_REGISTER });
    };
    if access.register == Register::ChanSts && version.whole_status() != (access.part == Part::Whole) {
        return Err(&rules::QD_STATUS_WIDTH);
    }
    // A 64-bit access that is not aligned is no single one on the bus.
    if size == 8 && !offset.is_multiple_of(8) {
        return Err(&rules::QD_TORN);
    }
    Ok(access)
}

fn find(rows: Rows, offset: u64, size: usize, channel: Option<usize>) -> Option<Access> {
    rows.iter().find_map(|&(register, start, width)| {
        let part = match (offset.checked_sub(start)?, size) {
            (0, size) if size == width => Part::Whole,
            (0, 4) if width == 8 => Part::Low,
            (4, 4) if width == 8 => Part::High,
            _ => return None,
        };
        let at = if register == Register::Ltr { (start - LTR) / 4 } else { 0 };
        Some(Access { register, channel, part, at, wide: width == 8 })
    })
}

impl Access {
    /// The rules of [`decode`] that it was held to.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        let moved = matches!(
            self.register,
            Register::ChanCmd
                | Register::DmaCount
                | Register::ChanSts
                | Register::ChainAddr
                | Register::DrsCtl
                | Register::Ltr
        );
        let table = matches!(self.register, Register::MsixTable | Register::MsixPending);
        let held = [
            (true, &rules::QD_REGISTER),
            (true, &rules::QD_WIDTH),
            (moved, &rules::QD_VERSION),
            (self.channel.is_some(), &rules::QD_CHANNEL),
            (self.register == Register::ChanSts, &rules::QD_STATUS_WIDTH),
            (self.wide, &rules::QD_TORN),
            (table, &rules::QD_TABLE),
        ];
        held.into_iter().filter_map(|(about, rule)| about.then_some(rule))
    }
}
