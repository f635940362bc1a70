//! What function is modelled.

use crate::bus::Bdf;
use std::time::Duration;

/// What the function's configuration space offers to interrupt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupts {
    /// MSI-X with five vectors, as the part has it; MSI and the pin beside it.
    MsiX,
    /// One MSI message, and the pin.
    Msi,
    /// The pin only.
    Line,
}

/// How long the parts of the device take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// Negotiation of the link.
    pub negotiation: Duration,
    /// A read of the NVM through EERD.
    pub nvm: Duration,
    /// An MDI transaction.
    pub mdi: Duration,
    /// From a reset until the NVM has been read in.
    pub reset: Duration,
    /// A software reset of the PHY.
    pub phy_reset: Duration,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The station address in the NVM.
    pub mac: [u8; 6],
    /// Interrupts.
    pub interrupts: Interrupts,
    /// Repeats a run.
    pub seed: u64,
    /// Where the function is on the bus.
    pub at: Bdf,
    /// Physical address of BAR 0, a multiple of its 128 KiB.
    pub address: u64,
    /// The NVM is a flash memory.
    pub flash: bool,
    /// The most descriptors that a queue deals with in one poll.
    pub descriptors: u32,
    /// The most frames that are taken from the wire in one poll.
    pub frames: u32,
    /// How long things take.
    pub delays: Delays,
    /// Abilities of the link partner, as PHY register 5 reads them.
    pub partner: u16,
    /// The link partner can do 1000 Mb/s.
    pub gigabit: bool,
    /// Accesses that are tolerated after the function was pulled out.
    pub patience: u64,
}

/// Below 4 GiB: BARs 0 and 3 of the part have 32 bits.
const ADDRESS: u64 = 0xE000_0000;

impl Default for Config {
    /// The station address of QEMU's first NIC, a partner that can do everything, and a link within 20 ms.
    fn default() -> Self {
        Self {
            mac: [0x52, 0x54, 0x00, 0x12, 0x34, 0x56],
            interrupts: Interrupts::MsiX,
            seed: 1,
            at: Bdf::new(0, 2, 0),
            address: ADDRESS,
            flash: false,
            descriptors: 64,
            frames: 64,
            delays: Delays {
                negotiation: Duration::from_millis(20),
                nvm: Duration::from_micros(2),
                mdi: Duration::from_micros(20),
                reset: Duration::from_micros(200),
                phy_reset: Duration::from_millis(2),
            },
            partner: 0x4DE1,
            gigabit: true,
            patience: 4096,
        }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), String> {
        let bar = super::BAR_BYTES;
        if self.address == 0 || !self.address.is_multiple_of(bar) || self.address + 2 * bar > 1 << 32 {
            return Err(format!("BAR 0 at {:#x}: a multiple of {bar:#x} below 4 GiB", self.address));
        }
        if self.mac[0] & 1 != 0 || self.mac == [0; 6] {
            return Err(format!("{:02x?} is no station address", self.mac));
        }
        if self.descriptors == 0 || self.frames == 0 {
            return Err("a pace of no descriptors or no frames: nothing would ever move".into());
        }
        Ok(())
    }
}
