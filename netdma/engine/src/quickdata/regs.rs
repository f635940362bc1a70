//! Registers by version. Names are those of public documentation and drivers of the engine.

/// Number of channels, 8 bits.
pub const CHANCNT: u32 = 0x00;
/// Logarithm of the longest transfer, 8 bits; 0 for 32 GiB.
pub const XFERCAP: u32 = 0x01;
/// Interrupt control, 8 bits.
pub const INTRCTRL: u32 = 0x03;
/// A bit for each channel that needs attention, 32 bits.
pub const ATTNSTATUS: u32 = 0x04;
/// Version, a nibble each, 8 bits.
pub const CBVER: u32 = 0x08;
/// What the device can do, 32 bits.
pub const DMACAPABILITY: u32 = 0x10;

/// INTRCTRL: interrupts at all; a service routine sets it again.
pub const MASTER_INT_EN: u8 = 1 << 0;
/// INTRCTRL: a message for each channel.
pub const MSIX_VECTOR_CONTROL: u8 = 1 << 3;

/// CHANCTRL: write 1 to let the channel interrupt again.
pub const INT_REARM: u16 = 1 << 0;
/// CHANCTRL: an error writes the completion word.
pub const ERR_COMPLETION_EN: u16 = 1 << 2;
/// CHANCTRL: every error stops the channel.
pub const ANY_ERR_ABORT_EN: u16 = 1 << 3;
/// CHANCTRL: errors interrupt.
pub const ERR_INT_EN: u16 = 1 << 4;

/// CHANCMD, version 1 only.
pub const START: u8 = 0x01;
/// CHANCMD, version 1 only.
pub const APPEND: u8 = 0x02;
/// CHANCMD.
pub const SUSPEND: u8 = 0x04;
/// CHANCMD.
pub const ABORT: u8 = 0x08;
/// CHANCMD.
pub const RESUME: u8 = 0x10;
/// CHANCMD; reads 1 until it is done.
pub const RESET: u8 = 0x20;

/// DCACTRL: no CPU in particular.
pub const DCA_ANY_CPU: u32 = 0xFFFF;

/// Register blocks of channels are so far apart; the first is that far from the start.
pub const CHANNEL_BYTES: u32 = 0x80;

/// What CBVER tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.2: commands start and append, chains end at a next of 0.
    V1_2,
    /// 2.0: the count of descriptors starts and appends.
    V2_0,
    /// 3.0.
    V3_0,
    /// 3.2.
    V3_2,
    /// 3.3: 64-bit status reads.
    V3_3,
    /// 3.4: one channel a function.
    V3_4,
}

impl Version {
    /// Out of CBVER; `None` for what is not known.
    #[must_use]
    pub const fn from_cbver(value: u8) -> Option<Self> {
        Some(match value {
            0x12 => Self::V1_2,
            0x20 => Self::V2_0,
            0x30 | 0x31 => Self::V3_0,
            0x32 => Self::V3_2,
            0x33 => Self::V3_3,
            0x34 => Self::V3_4,
            _ => return None,
        })
    }

    /// The count of published descriptors is the doorbell.
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::V1_2)
    }

    /// CHANSTS is read whole, not in two halves.
    #[must_use]
    pub const fn reads_status_whole(self) -> bool {
        matches!(self, Self::V3_3 | Self::V3_4)
    }
}

/// Where a channel's registers are.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    base: u32,
    version: Version,
}

impl Layout {
    /// Of channel `index`.
    #[must_use]
    pub const fn new(index: u8, version: Version) -> Self {
        Self { base: CHANNEL_BYTES * (index as u32 + 1), version }
    }

    const fn by_version(self, first: u32, later: u32) -> u32 {
        self.base + if self.version.counts() { later } else { first }
    }

    /// 16 bits.
    #[must_use]
    pub const fn chanctrl(self) -> u32 {
        self.base
    }

    /// 8 bits.
    #[must_use]
    pub const fn chancmd(self) -> u32 {
        self.by_version(0x14, 0x04)
    }

    /// 16 bits, from 2.0.
    #[must_use]
    pub const fn dmacount(self) -> u32 {
        self.base + 0x06
    }

    /// 64 bits; two halves before 3.3, the low one first.
    #[must_use]
    pub const fn chansts(self) -> u32 {
        self.by_version(0x04, 0x08)
    }

    /// 64 bits.
    #[must_use]
    pub const fn chainaddr(self) -> u32 {
        self.by_version(0x0C, 0x10)
    }

    /// 64 bits.
    #[must_use]
    pub const fn chancmp(self) -> u32 {
        self.base + 0x18
    }

    /// 32 bits, write 1 to clear.
    #[must_use]
    pub const fn chanerr(self) -> u32 {
        self.base + 0x28
    }

    /// 32 bits.
    #[must_use]
    pub const fn chanerr_mask(self) -> u32 {
        self.base + 0x2C
    }

    /// 32 bits.
    #[must_use]
    pub const fn dcactrl(self) -> u32 {
        self.base + 0x30
    }
}
