//! From a reset device to one that moves frames.

use super::Nic;
use crate::config::{FlowControl, SpeedDuplex};
use crate::filter::Filter;
use crate::interrupt::InterruptPlan;
use crate::mac::MacAddress;
use crate::raw::Registers;
use crate::regs::{self, ctrl, ctrl_ext, fcrtl, gcr, rah_bits, rfctl, rxdctl, tarc, tctl, txdctl};
use crate::ring::RingBase;
use crate::time::Delay;
use crate::{Error, Gone};

/// What a device is set up with, at initialization and again after every reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The current station address (NDIS-RESET-05).
    pub station: MacAddress,
    /// `*SpeedDuplex`.
    pub speed_duplex: SpeedDuplex,
    /// `*FlowControl`.
    pub flow_control: FlowControl,
    /// Which message serves what.
    pub interrupts: InterruptPlan,
    /// `*InterruptModeration`.
    pub moderation: bool,
}

/// The receive part of the packet buffer, KiB.
const RECEIVE_KIB: u32 = 32;
/// XOFF is sent when less than two of the longest frames fit, XON 8 bytes below.
const XOFF_LEVEL: u32 = RECEIVE_KIB * 1024 - 2 * 1536;
const XON_LEVEL: u32 = XOFF_LEVEL - 8;
/// How long a pause frame asks for silence, in slot times of 512 bits.
const PAUSE_TIME: u32 = 0x0680;
/// IPGT 8, IPGR1 8, IPGR2 6 for copper.
const GAPS: u32 = 8 | 8 << 10 | 6 << 20;
/// Collision threshold and distance.
const COLLISIONS: u32 = 15 << tctl::CT_SHIFT | 63 << tctl::COLD_SHIFT;

impl<R: Registers> Nic<R> {
    /// Sets everything up but the rings and the filter. After [`reset`](Self::reset), `PASSIVE_LEVEL`. Receiver
    /// and transmitter stay off and interrupts masked; negotiation begins.
    ///
    /// # Errors
    /// [`Error::Gone`], or the PHY does not answer.
    pub fn bring_up(&self, setup: &Setup, delay: &impl Delay) -> Result<(), Error> {
        self.set_hardware_bits()?;
        self.registers.write(regs::PBA, RECEIVE_KIB);
        self.clear_tables();
        self.set_station(setup.station, false);
        self.set_flow_control_levels();
        self.set_link(setup.speed_duplex, setup.flow_control, delay)?;
        self.modify(regs::GCR, 0, gcr::L1_WITHOUT_L0S_RX)?;
        Ok(self.set_interrupts(setup.interrupts, setup.moderation)?)
    }

    /// The bits that the 82574 wants set or cleared once after a reset.
    fn set_hardware_bits(&self) -> Result<(), Gone> {
        self.modify(regs::TXDCTL0, 0, txdctl::COUNT_DESC)?;
        self.modify(regs::TXDCTL1, 0, txdctl::COUNT_DESC)?;
        self.modify(regs::TARC0, tarc::CLEAR_30_27, tarc::INIT26 | tarc::ENABLE)?;
        self.modify(regs::CTRL, ctrl::RESERVED29 | ctrl::VME, 0)?;
        self.modify(regs::CTRL_EXT, ctrl_ext::INIT23, ctrl_ext::INIT22 | ctrl_ext::DRV_LOAD)?;
        self.modify(regs::GCR, 0, gcr::INIT22)?;
        self.modify(regs::GCR2, 0, gcr::GCR2_INIT0)
    }

    /// No group, no VLAN, no address but the station's passes; one queue, no checksum offload, no wake-up.
    fn clear_tables(&self) {
        for index in 0..regs::MTA_DWORDS {
            self.registers.write(regs::mta(index), 0);
        }
        for index in 0..regs::VFTA_DWORDS {
            self.registers.write(regs::vfta(index), 0);
        }
        for index in 1..regs::RECEIVE_ADDRESSES {
            self.registers.write(regs::ral(index), 0);
            self.registers.write(regs::rah(index), 0);
        }
        for reg in [regs::MRQC, regs::RXCSUM, regs::WUC, regs::WUFC] {
            self.registers.write(reg, 0);
        }
    }

    fn set_station(&self, station: MacAddress, valid: bool) {
        // Invalid while its halves do not belong together.
        self.registers.write(regs::rah(0), 0);
        self.registers.write(regs::ral(0), station.low());
        self.registers.write(regs::rah(0), station.high() | if valid { rah_bits::AV } else { 0 });
    }

    fn set_flow_control_levels(&self) {
        let values = [
            // 01-80-C2-00-00-01, the address of pause frames, and their type.
            (regs::FCAL, 0x00c2_8001),
            (regs::FCAH, 0x0000_0100),
            (regs::FCT, 0x8808),
            (regs::FCTTV, PAUSE_TIME),
            (regs::FCRTL, XON_LEVEL | fcrtl::XONE),
            (regs::FCRTH, XOFF_LEVEL),
        ];
        for (reg, value) in values {
            self.registers.write(reg, value);
        }
    }

    /// Tells the device where the rings are; both begin at descriptor 0. After [`bring_up`](Self::bring_up)
    /// and before [`start`](Self::start).
    pub fn set_rings(&self, transmit: RingBase, receive: RingBase) {
        let rings = [
            (regs::TDBAL0, regs::TDBAH0, regs::TDLEN0, regs::TDH0, regs::TDT0, transmit),
            (regs::RDBAL0, regs::RDBAH0, regs::RDLEN0, regs::RDH0, regs::RDT0, receive),
        ];
        for (low, high, length, head, tail, ring) in rings {
            let [address_low, address_high] = halves(ring.address);
            self.registers.write(low, address_low);
            self.registers.write(high, address_high);
            self.registers.write(length, ring.bytes);
            self.registers.write(head, 0);
            self.registers.write(tail, 0);
        }
        self.registers.write(regs::TDLEN1, 0);
        self.registers.write(regs::RDLEN1, 0);
        self.registers.write(regs::RFCTL, rfctl::EXTEN);
        self.registers.write(regs::RXDCTL0, rxdctl::GRAN | rxdctl::WTHRESH_1);
        let thresholds = txdctl::PTHRESH_31 | txdctl::HTHRESH_1 | txdctl::WTHRESH_1;
        self.registers.write(regs::TXDCTL0, thresholds | txdctl::COUNT_DESC | txdctl::GRAN);
        self.registers.write(regs::TIPG, GAPS);
    }

    /// Turns the transmitter on. The receiver is [`set_filter`](Self::set_filter)'s.
    pub fn start(&self) {
        self.registers.write(regs::TCTL, tctl::EN | tctl::PSP | tctl::RTLC | COLLISIONS);
    }

    /// Puts the filter into effect and turns the receiver on or off. Only writes.
    ///
    /// Turned on, a receiver is best left on until the reset: while paused, recycle what comes.
    pub fn set_filter(&self, filter: &Filter, station: MacAddress, receive: bool) {
        for (index, dword) in (0..).zip(filter.hash_table()) {
            self.registers.write(regs::mta(index), dword);
        }
        self.set_station(station, filter.matches_station());
        self.registers.write(regs::RCTL, filter.rctl(receive));
    }
}

const fn halves(address: u64) -> [u32; 2] {
    #[allow(clippy::cast_possible_truncation)] // the low half
    [address as u32, (address >> 32) as u32]
}

// FCRTH and FCRTL count in units of 8 bytes.
const _: () = assert!(XOFF_LEVEL.is_multiple_of(8) && XON_LEVEL < XOFF_LEVEL);
