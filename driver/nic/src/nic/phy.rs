//! The PHY, and the link that it makes.

use super::Nic;
use crate::config::{FlowControl, SpeedDuplex};
use crate::link::{Duplex, LinkState, Pause, PauseAbility, Speed};
use crate::raw::Registers;
use crate::regs::{self, ctrl, mdic};
use crate::time::Delay;
use crate::{Error, Step};

/// An MDI transaction takes about 64 µs: 10 ms, in 50 µs steps.
const MDIC_POLL: (u32, u32) = (200, 50);
/// A PHY reset takes at most half a second (IEEE 802.3, 22.2.4.1.1): tries and milliseconds between them. A
/// sleep of a millisecond would take a whole clock tick, and 500 of them eight seconds.
const PHY_RESET_POLL: (u32, u32) = (50, 10);

/// PHY registers (IEEE 802.3, clause 22).
mod register {
    pub(super) const BMCR: u8 = 0;
    pub(super) const ID1: u8 = 2;
    pub(super) const ID2: u8 = 3;
    pub(super) const ADVERTISEMENT: u8 = 4;
    pub(super) const PARTNER: u8 = 5;
    pub(super) const GIGABIT_CONTROL: u8 = 9;
}

/// Bits of BMCR.
mod bmcr {
    pub(super) const FULL_DUPLEX: u16 = 1 << 8;
    pub(super) const RESTART_NEGOTIATION: u16 = 1 << 9;
    pub(super) const ISOLATE: u16 = 1 << 10;
    pub(super) const POWER_DOWN: u16 = 1 << 11;
    pub(super) const NEGOTIATE: u16 = 1 << 12;
    pub(super) const SPEED_100: u16 = 1 << 13;
    pub(super) const RESET: u16 = 1 << 15;
}

/// IEEE 802.3 selector, and the four 10 and 100 Mb/s abilities.
const SELECTOR: u16 = 1;
const ALL_10_100: u16 = 0xf << 5;
/// 1000BASE-T full and half duplex in the gigabit control register.
const GIGABIT_FULL: u16 = 1 << 9;
const GIGABIT_ALL: u16 = 3 << 8;
/// The maker's part of the identifier: BME1000's first half.
const PHY_MAKER: u16 = 0x0141;

/// Possession of the MDIO interface, which `EXTCNF_CTRL` grants; the PHY is reached through it only.
struct Mdio<'nic, R: Registers, D> {
    nic: &'nic Nic<R>,
    delay: &'nic D,
}

impl<R: Registers, D> Drop for Mdio<'_, R, D> {
    fn drop(&mut self) {
        self.nic.release_mdio();
    }
}

impl<R: Registers, D: Delay> Mdio<'_, R, D> {
    fn transact(&self, register: u8, command: u32) -> Result<u16, Error> {
        let register_field = (u32::from(register) << mdic::REGISTER_SHIFT) & mdic::REGISTER_MASK;
        self.nic.registers.write(regs::MDIC, command | register_field | mdic::PHY_1);
        let done = |value: u32| value & mdic::READY != 0;
        let value = self.nic.poll(self.delay, regs::MDIC, MDIC_POLL, Step::Mdic, done)?;
        if value & mdic::ERROR != 0 || value & mdic::REGISTER_MASK != register_field {
            return Err(Error::Phy(register));
        }
        Ok((value & mdic::DATA_MASK) as u16)
    }

    fn read(&self, register: u8) -> Result<u16, Error> {
        self.transact(register, mdic::READ)
    }

    fn write(&self, register: u8, value: u16) -> Result<(), Error> {
        self.transact(register, mdic::WRITE | u32::from(value)).map(|_| ())
    }

    fn modify(&self, register: u8, clear: u16, set: u16) -> Result<(), Error> {
        let value = self.read(register)?;
        self.write(register, (value & !clear) | set)
    }

    /// Software reset, which puts forced settings into effect.
    fn reset_with(&self, control: u16) -> Result<(), Error> {
        self.write(register::BMCR, control | bmcr::RESET)?;
        let (tries, pause) = PHY_RESET_POLL;
        for _ in 0..tries {
            if self.read(register::BMCR)? & bmcr::RESET == 0 {
                return Ok(());
            }
            self.delay.sleep_ms(pause);
        }
        Err(Error::Timeout(Step::PhyReset))
    }
}

impl<R: Registers> Nic<R> {
    fn mdio<'nic, D: Delay>(&'nic self, delay: &'nic D) -> Result<Mdio<'nic, R, D>, Error> {
        self.acquire_mdio(delay)?;
        Ok(Mdio { nic: self, delay })
    }

    /// Sets the PHY and CTRL up for the setting; negotiation then runs by itself and ends in a link change.
    /// `PASSIVE_LEVEL`; [`bring_up`](Self::bring_up) includes it.
    ///
    /// # Errors
    /// [`Error::Gone`], or the PHY does not answer.
    pub fn set_link<D: Delay>(
        &self,
        speed_duplex: SpeedDuplex,
        flow_control: FlowControl,
        delay: &D,
    ) -> Result<(), Error> {
        let mdio = self.mdio(delay)?;
        let maker = mdio.read(register::ID1)?;
        if maker != PHY_MAKER {
            let rest = mdio.read(register::ID2)?;
            return Err(Error::PhyId(u32::from(maker) << 16 | u32::from(rest)));
        }
        match speed_duplex.forced() {
            None => {
                self.set_ctrl(ctrl::SLU, Pause::default())?;
                let (low, gigabit) = match speed_duplex {
                    SpeedDuplex::Full1000 => (0, GIGABIT_FULL),
                    _ => (ALL_10_100, GIGABIT_FULL),
                };
                let pause = PauseAbility::advertised(flow_control).to_phy();
                mdio.write(register::ADVERTISEMENT, SELECTOR | low | pause)?;
                mdio.modify(register::GIGABIT_CONTROL, GIGABIT_ALL, gigabit)?;
                mdio.modify(
                    register::BMCR,
                    bmcr::ISOLATE | bmcr::POWER_DOWN,
                    bmcr::NEGOTIATE | bmcr::RESTART_NEGOTIATION,
                )
            }
            Some((speed, duplex)) => {
                let mut device = ctrl::SLU | ctrl::FRCSPD | ctrl::FRCDPX;
                let mut phy = 0;
                if speed == Speed::Mbps100 {
                    device |= 1 << ctrl::SPEED_SHIFT;
                    phy |= bmcr::SPEED_100;
                }
                if duplex == Duplex::Full {
                    device |= ctrl::FD;
                    phy |= bmcr::FULL_DUPLEX;
                }
                // Without negotiation the setting alone decides; half duplex has no pause frames.
                let pause = match duplex {
                    Duplex::Full => Pause::forced(flow_control),
                    Duplex::Half => Pause::default(),
                };
                self.set_ctrl(device, pause)?;
                mdio.reset_with(phy)
            }
        }
    }

    /// Writes CTRL's link bits, leaving its others alone.
    fn set_ctrl(&self, link: u32, pause: Pause) -> Result<(), Error> {
        const LINK: u32 = ctrl::FD
            | ctrl::ASDE
            | ctrl::SLU
            | ctrl::SPEED_MASK
            | ctrl::FRCSPD
            | ctrl::FRCDPX
            | ctrl::RFCE
            | ctrl::TFCE
            | ctrl::RESERVED29;
        Ok(self.modify(regs::CTRL, LINK, link | pause_bits(pause))?)
    }

    /// Puts into effect what has been negotiated about pause frames; to be called once after each link-up,
    /// from a work item (`PASSIVE_LEVEL`). Returns what is in effect: `NDIS_LINK_STATE`'s `PauseFunctions`.
    ///
    /// # Errors
    /// [`Error::Gone`], or the PHY does not answer; pause frames are as they were.
    pub fn resolve_pause<D: Delay>(
        &self,
        speed_duplex: SpeedDuplex,
        flow_control: FlowControl,
        delay: &D,
    ) -> Result<Pause, Error> {
        let LinkState::Up(link) = self.link()? else { return Ok(Pause::default()) };
        let pause = match speed_duplex.forced() {
            Some((_, Duplex::Full)) => Pause::forced(flow_control),
            Some((_, Duplex::Half)) => Pause::default(),
            None => {
                let partner = self.mdio(delay)?.read(register::PARTNER)?;
                Pause::negotiated(flow_control, PauseAbility::from_phy(partner), link.duplex)
            }
        };
        self.modify(regs::CTRL, ctrl::RFCE | ctrl::TFCE, pause_bits(pause))?;
        Ok(pause)
    }
}

const fn pause_bits(pause: Pause) -> u32 {
    let mut bits = 0;
    if pause.receive {
        bits |= ctrl::RFCE;
    }
    if pause.transmit {
        bits |= ctrl::TFCE;
    }
    bits
}
