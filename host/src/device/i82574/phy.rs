//! The PHY, a BME1000: negotiation, and the MDI interface to its registers.

use super::{
    Config,
    breach::{Checked, hold},
    fault::{Fault, Faults, by_transaction},
};
use crate::{clock::Time, verify::rules};

/// Registers (IEEE 802.3, clause 22).
const BMCR: usize = 0;
const BMSR: usize = 1;
const ADVERTISEMENT: usize = 4;
const PARTNER: usize = 5;
const EXPANSION: usize = 6;
const GIGABIT_CONTROL: usize = 9;
const GIGABIT_STATUS: usize = 10;
/// As they are after a reset.
const RESET: [(usize, u16); 8] = [
    (BMCR, 0x1140),
    (BMSR, 0x7949),
    (2, 0x0141),
    (3, 0x0CB1),
    (ADVERTISEMENT, 0x01E1),
    (GIGABIT_CONTROL, 0x0E00),
    (15, 0x3000),
    (16, 0x0068),
];
/// Registers that can be written, one bit each: what is in the standard, and the vendor's.
const WRITABLE: u32 =
    1 << BMCR | 1 << ADVERTISEMENT | 1 << 7 | 1 << GIGABIT_CONTROL | 0x7FFF_0000 & !(1 << 17);

/// BMCR.
mod bmcr {
    pub const SPEED_1000: u16 = 1 << 6;
    pub const FULL_DUPLEX: u16 = 1 << 8;
    pub const RESTART: u16 = 1 << 9;
    pub const ISOLATE: u16 = 1 << 10;
    pub const POWER_DOWN: u16 = 1 << 11;
    pub const NEGOTIATE: u16 = 1 << 12;
    pub const SPEED_100: u16 = 1 << 13;
    pub const RESET: u16 = 1 << 15;
}
/// BMSR: link, negotiation done.
const LINK: u16 = 1 << 2;
const NEGOTIATED: u16 = 1 << 5;

/// MDIC.
mod mdic {
    pub const DATA: u32 = 0xFFFF;
    pub const REGISTER: u32 = 16;
    pub const PHY: u32 = 21;
    pub const OPERATION: u32 = 26;
    pub const READY: u32 = 1 << 28;
    pub const ERROR: u32 = 1 << 30;
}

/// A link that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// In Mb/s.
    pub speed: u16,
    /// Full duplex.
    pub full: bool,
}

/// See the module.
pub(super) struct Phy {
    registers: [u16; 32],
    /// When negotiation ends, while it goes on.
    negotiating: Option<Time>,
    resetting: Option<Time>,
    plugged: bool,
    /// What MDIC reads and from when on; before, it is not ready.
    transaction: (u32, Time),
}

impl Phy {
    pub fn new() -> Self {
        let mut phy = Self {
            registers: [0; 32],
            negotiating: None,
            resetting: None,
            plugged: false,
            transaction: (mdic::READY, Time(0)),
        };
        phy.clear();
        phy
    }

    fn clear(&mut self) {
        self.registers.fill(0);
        for (register, value) in RESET {
            self.set(register, value);
        }
    }

    fn get(&self, register: usize) -> u16 {
        self.registers.get(register).copied().unwrap_or(0)
    }

    fn set(&mut self, register: usize, value: u16) {
        if let Some(place) = self.registers.get_mut(register) {
            *place = value;
        }
    }

    /// A reset by `CTRL.PHY_RST` or of the function.
    pub fn reset(&mut self, config: &Config, now: Time) {
        self.clear();
        self.resetting = None;
        self.abort(now);
        self.begin(config, now);
    }

    /// A reset of the device ends the transaction in progress.
    pub fn abort(&mut self, now: Time) {
        self.transaction = (mdic::READY, now);
    }

    /// Negotiation begins, if there is somebody to negotiate with.
    fn begin(&mut self, config: &Config, now: Time) {
        let control = self.get(BMCR);
        self.registers[BMSR] &= !(LINK | NEGOTIATED);
        for register in [PARTNER, EXPANSION, GIGABIT_STATUS] {
            self.set(register, 0);
        }
        let begins = self.plugged && control & bmcr::NEGOTIATE != 0 && !self.is_off();
        self.negotiating = begins.then(|| now.after(config.delays.negotiation));
    }

    fn is_off(&self) -> bool {
        self.get(BMCR) & (bmcr::POWER_DOWN | bmcr::ISOLATE) != 0
    }

    /// What happens by itself: the cable, the end of a reset, the end of negotiation.
    pub fn tick(&mut self, config: &Config, plugged: bool, now: Time) {
        if std::mem::replace(&mut self.plugged, plugged) != plugged {
            self.begin(config, now);
        }
        if self.resetting.is_some_and(|until| until <= now) {
            self.resetting = None;
            self.registers[BMCR] &= !bmcr::RESET;
            self.begin(config, now);
        }
        if self.negotiating.is_some_and(|until| until <= now) {
            self.negotiating = None;
            self.registers[BMSR] |= NEGOTIATED;
            self.set(PARTNER, config.partner);
            self.set(EXPANSION, 0x000F);
            self.set(GIGABIT_STATUS, if config.gigabit { 0x7C00 } else { 0 });
        }
        if self.link().is_some() {
            self.registers[BMSR] |= LINK;
        }
    }

    /// When the next of it is due.
    pub fn due(&self) -> Option<Time> {
        [self.negotiating, self.resetting].into_iter().flatten().min()
    }

    /// The link: as negotiated, or as forced.
    pub fn link(&self) -> Option<Link> {
        if !self.plugged || self.is_off() || self.resetting.is_some() {
            return None;
        }
        let control = self.get(BMCR);
        if control & bmcr::NEGOTIATE == 0 {
            let speed = match (control & bmcr::SPEED_1000 != 0, control & bmcr::SPEED_100 != 0) {
                (true, _) => 1000,
                (_, true) => 100,
                _ => 10,
            };
            return Some(Link { speed, full: control & bmcr::FULL_DUPLEX != 0 });
        }
        if self.negotiating.is_some() || self.get(BMSR) & NEGOTIATED == 0 {
            return None;
        }
        let both = self.get(ADVERTISEMENT) & self.get(PARTNER);
        // 1000BASE-T abilities of the partner are two bits above those that we advertise.
        let gigabit = self.get(GIGABIT_CONTROL) & self.get(GIGABIT_STATUS) >> 2;
        let best = [
            (gigabit & 1 << 9, 1000, true),
            (gigabit & 1 << 8, 1000, false),
            (both & 1 << 8, 100, true),
            (both & 1 << 7, 100, false),
            (both & 1 << 6, 10, true),
            (both & 1 << 5, 10, false),
        ];
        best.into_iter().find(|(bit, ..)| *bit != 0).map(|(_, speed, full)| Link { speed, full })
    }

    fn read(&mut self, register: usize) -> u16 {
        let value = self.get(register);
        if register == BMSR && self.link().is_none() {
            // A link that was lost reads as down once at least.
            self.registers[BMSR] &= !LINK;
        }
        value
    }

    fn write(&mut self, config: &Config, register: usize, value: u16, now: Time) {
        if register < 32 && WRITABLE & 1 << register != 0 {
            self.set(register, value & if register == BMCR { !bmcr::RESTART } else { u16::MAX });
        }
        if register != BMCR {
            return;
        }
        if value & bmcr::RESET != 0 {
            self.resetting = Some(now.after(config.delays.phy_reset));
            self.negotiating = None;
        } else if value & bmcr::RESTART != 0 || value & bmcr::NEGOTIATE == 0 {
            self.begin(config, now);
        }
    }

    /// MDIC is written.
    pub fn command(
        &mut self,
        config: &Config,
        faults: &mut Faults,
        owned: bool,
        value: u32,
        now: Time,
    ) -> Checked {
        hold(&rules::I82574_MDIO_OWNER, owned, || {
            format!("MDIC is written with {value:#x} without MDIO_SW_OWNERSHIP in EXTCNF_CTRL")
        })?;
        hold(&rules::I82574_MDIO_BUSY, now >= self.transaction.1, || {
            "MDIC is written while a transaction is in progress".into()
        })?;
        let operation = value >> mdic::OPERATION & 3;
        hold(&rules::I82574_MDIO_OPERATION, matches!(operation, 1 | 2), || {
            format!("MDIC is written with operation {operation}")
        })?;
        let register = (value >> mdic::REGISTER & 0x1F) as usize;
        let echo = value & !(mdic::READY | mdic::ERROR | mdic::DATA);
        let mut answer = echo | mdic::READY | value & mdic::DATA;
        match (operation, value >> mdic::PHY & 0x1F) {
            (1, 1) => self.write(config, register, value as u16, now),
            (2, 1) => answer = echo | mdic::READY | u32::from(self.read(register)),
            _ => answer |= mdic::ERROR,
        }
        let mut until = now.after(config.delays.mdi);
        if faults.take_this(Fault::PhyError { after: 0 }) {
            answer |= mdic::ERROR;
        }
        if faults.has(Fault::PhyTimeout { after: 0 }) {
            until = Time(u64::MAX);
        }
        faults.count_down(by_transaction);
        self.transaction = (answer, until);
        Ok(())
    }

    /// What MDIC reads.
    pub fn answer(&self, now: Time) -> u32 {
        let (answer, until) = self.transaction;
        if now < until { answer & !(mdic::READY | mdic::ERROR) } else { answer }
    }
}
