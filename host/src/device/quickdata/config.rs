//! What function is modelled.

use crate::bus::Bdf;

/// What CBVER tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 1.2: START and APPEND, chains end at a next address of 0.
    V1_2,
    /// 2.0: DMACOUNT is the doorbell.
    V2_0,
    /// 3.0.
    V3_0,
    /// 3.2.
    V3_2,
    /// 3.3: CHANSTS is read in one piece.
    V3_3,
    /// 3.4: one channel, prefetch registers.
    V3_4,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 6] = [Self::V1_2, Self::V2_0, Self::V3_0, Self::V3_2, Self::V3_3, Self::V3_4];

    /// What CBVER reads.
    #[must_use]
    pub const fn cbver(self) -> u8 {
        match self {
            Self::V1_2 => 0x12,
            Self::V2_0 => 0x20,
            Self::V3_0 => 0x30,
            Self::V3_2 => 0x32,
            Self::V3_3 => 0x33,
            Self::V3_4 => 0x34,
        }
    }

    /// Descriptors are published by DMACOUNT, not by commands.
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::V1_2)
    }

    /// CHANSTS is one register of 64 bits; before 3.3 it is two halves, the low one latching the high one.
    #[must_use]
    pub const fn whole_status(self) -> bool {
        matches!(self, Self::V3_3 | Self::V3_4)
    }

    /// Most channels of a function.
    #[must_use]
    pub const fn most_channels(self) -> u8 {
        if matches!(self, Self::V3_4) { 1 } else { 8 }
    }

    /// The PCI device id of a part of this version.
    #[must_use]
    pub const fn device_id(self) -> u16 {
        match self {
            Self::V1_2 => 0x1A38,
            Self::V2_0 => 0x402F,
            Self::V3_0 => 0x3430,
            Self::V3_2 => 0x0E20,
            Self::V3_3 => 0x0C50,
            Self::V3_4 => 0x0B00,
        }
    }
}

/// What the function's configuration space offers to interrupt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupts {
    /// MSI-X, a vector for each channel.
    MsiX,
    /// One MSI message for all channels.
    Msi,
    /// The pin only.
    Line,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The version.
    pub version: Version,
    /// Channels: 1 to 8, and 1 on 3.4.
    pub channels: u8,
    /// Interrupts.
    pub interrupts: Interrupts,
    /// Repeats a run.
    pub seed: u64,
    /// PCI device id.
    pub device: u16,
    /// Where the function is on the bus.
    pub at: Bdf,
    /// Physical address of BAR 0, a multiple of its 16 KiB.
    pub address: u64,
    /// XFERCAP: logarithm of the longest transfer, 12 to 31; 0 for 32 GiB.
    pub xfercap: u8,
    /// The most bytes that a channel moves in one poll.
    pub bytes: u32,
    /// The most descriptors that a channel finishes in one poll.
    pub descriptors: u32,
    /// Read the next descriptor's data before the current one's is written, now and then, where no fence forbids it:
    /// a chain whose descriptors depend on each other needs fences.
    pub read_ahead: bool,
    /// Accesses that are tolerated after the function was pulled out.
    pub patience: u64,
}

/// Between the RAM that a machine may have and the window of QEMU's 64-bit BARs.
const ADDRESS: u64 = 0x78_0000_0000;

impl Config {
    /// A function of this version with so many channels.
    #[must_use]
    pub fn new(version: Version, channels: u8) -> Self {
        Self {
            version,
            channels,
            interrupts: Interrupts::MsiX,
            seed: 1,
            device: version.device_id(),
            at: Bdf::new(0, 0x10, 0),
            address: ADDRESS,
            xfercap: 20,
            bytes: 64 << 10,
            descriptors: 16,
            read_ahead: true,
            patience: 64 * u64::from(channels),
        }
    }

    /// The longest transfer of a descriptor.
    pub(super) const fn longest(&self) -> u64 {
        if self.xfercap == 0 { 32 << 30 } else { 1 << (self.xfercap & 31) }
    }

    /// RESET takes the MSI-X table along.
    pub(super) const fn reset_wipes_table(&self) -> bool {
        matches!(self.device, 0x0C50..=0x0C53)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let (most, bar) = (self.version.most_channels(), super::BAR_BYTES);
        if self.channels == 0 || self.channels > most {
            return Err(format!("{} channels: version {:?} has 1 to {most}", self.channels, self.version));
        }
        if !matches!(self.xfercap, 0 | 12..=31) {
            return Err(format!("XFERCAP {}: 0 or 12 to 31", self.xfercap));
        }
        if self.address == 0 || !self.address.is_multiple_of(bar) {
            return Err(format!("BAR 0 at {:#x}: a multiple of {bar:#x}", self.address));
        }
        if self.bytes == 0 || self.descriptors == 0 {
            return Err("a pace of no bytes or no descriptors: the engine would never work".into());
        }
        Ok(())
    }
}
