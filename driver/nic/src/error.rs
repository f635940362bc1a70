//! What can go wrong with the hardware, in a form that fits an event log entry.

/// The device answers every register read with all ones: it has left the bus (NDIS-SURP-04).
///
/// Reported only after a second register, which cannot hold that value, has confirmed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Gone;

/// The step of a bounded sequence that did not finish in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// `EXTCNF_CTRL.MDIO_SW_OWNERSHIP` was not granted by the manageability firmware.
    MdioOwnership = 1,
    /// `EECD.AUTO_RD` did not come back after CTRL.RST: no register may be trusted.
    NvmAutoRead = 2,
    /// EERD.DONE did not come.
    NvmRead = 3,
    /// MDIC.READY did not come.
    Mdic = 4,
    /// The PHY did not finish a software reset (BMCR.RESET).
    PhyReset = 5,
    /// `STATUS.GIO_MASTER_EN` stayed set after `CTRL.GIO_MASTER_DISABLE`: DMA may still be running.
    MasterDisable = 6,
}

/// A failed hardware operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Error {
    /// The device has left the bus.
    Gone,
    /// A bounded wait ran out.
    Timeout(Step),
    /// NVM words 0..=0x3F add up to this instead of 0xBABA.
    NvmChecksum(u16),
    /// The NVM's station address is zero, multicast or all ones.
    NvmAddress,
    /// MDIC reported an error for this PHY register.
    Phy(u8),
    /// No PHY of the expected maker answers; the 32-bit identifier read.
    PhyId(u32),
}

impl Error {
    /// A number for an event log entry or a trace: the kind in the top byte, its detail below.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Gone => 0x0100_0000,
            Self::Timeout(step) => 0x0200_0000 | step as u32,
            Self::NvmChecksum(sum) => 0x0300_0000 | sum as u32,
            Self::NvmAddress => 0x0400_0000,
            Self::Phy(register) => 0x0500_0000 | register as u32,
            Self::PhyId(id) => 0x0600_0000 | (id >> 8),
        }
    }
}

impl From<Gone> for Error {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}
