//! Stopping and resetting the device.

use super::Nic;
use crate::raw::Registers;
use crate::regs::{self, cause, ctrl, ctrl_ext, eecd, extcnf, status, tctl};
use crate::time::{Delay, MAX_STALL_US, Stall};
use crate::{Error, Step};

/// Requests outstanding on `PCIe` finish within 80 ms: 1600 times 50 µs.
const MASTER_TRIES: u32 = 1600;
/// The NVM's words are read in within 10 ms; given ten times that.
const AUTO_READ_TRIES: u32 = 100;

impl<R: Registers> Nic<R> {
    /// Silences the device: interrupts masked, receiver and transmitter off, no more DMA. Registers only, any
    /// IRQL (`MiniportShutdownEx`, NDIS-SHUT-03); at most 80 ms of stalls.
    ///
    /// # Errors
    /// [`Error::Gone`], or DMA does not end: [`Step::MasterDisable`]. All that could be done has been.
    pub fn stop(&self, stall: &impl Stall) -> Result<(), Error> {
        self.silence()?;
        let stopped = |value: u32| value & status::GIO_MASTER_EN == 0;
        self.poll(stall, regs::STATUS, (MASTER_TRIES, MAX_STALL_US), Step::MasterDisable, stopped)?;
        Ok(())
    }

    fn silence(&self) -> Result<(), Error> {
        self.mask_all();
        self.registers.write(regs::RCTL, 0);
        self.registers.write(regs::TCTL, tctl::PSP);
        self.modify(regs::CTRL, 0, ctrl::GIO_MASTER_DISABLE)?;
        Ok(())
    }

    /// Resets the device: afterwards interrupts are masked, no DMA happens, the rings belong to the driver
    /// again, and nothing is configured. `PASSIVE_LEVEL`; sleeps some 50 ms.
    ///
    /// # Errors
    /// [`Error::Gone`]; [`Step::NvmAutoRead`], after which no register may be touched.
    /// A DMA engine that does not go idle is no error here: the reset ends it.
    pub fn reset(&self, delay: &impl Delay) -> Result<(), Error> {
        match self.stop(delay) {
            Ok(()) | Err(Error::Timeout(_)) => {}
            Err(error) => return Err(error),
        }
        self.registers.read_live(regs::STATUS)?; // flush
        delay.sleep_ms(10);

        // Firmware that does not let go of the MDIO interface must not prevent the reset; the PHY's setup will
        // ask again.
        match self.acquire_mdio(delay) {
            Ok(()) | Err(Error::Timeout(_)) => {}
            Err(error) => return Err(error),
        }
        self.modify(regs::CTRL, 0, ctrl::RST)?;
        // The reset takes the ownership away on silicon, and not on QEMU's model.
        self.release_mdio();

        let flash = self.registers.read_live(regs::EECD)? & eecd::NVM_FLASH == eecd::NVM_FLASH;
        if flash {
            delay.stall_us(10);
            self.modify(regs::CTRL_EXT, 0, ctrl_ext::EE_RST)?;
        }
        self.await_nvm(delay)?;
        // The PHY's configuration is loaded from the NVM.
        delay.sleep_ms(25);

        self.mask_all();
        self.registers.write(regs::ICR, cause::ALL);
        self.registers.read_live(regs::ICR)?;
        // Silicon has cleared it by the reset, QEMU has not.
        self.modify(regs::CTRL, ctrl::GIO_MASTER_DISABLE, 0)?;
        if flash {
            self.modify(regs::EECD, eecd::AUPDEN, 0)?;
        }
        Ok(())
    }

    fn await_nvm(&self, delay: &impl Delay) -> Result<(), Error> {
        for _ in 0..AUTO_READ_TRIES {
            if self.registers.read_live(regs::EECD)? & eecd::AUTO_RD != 0 {
                return Ok(());
            }
            delay.sleep_ms(1);
        }
        Err(Error::Timeout(Step::NvmAutoRead))
    }

    /// Asks the manageability firmware for the MDIO interface: the bit sticks when it is granted.
    pub(super) fn acquire_mdio(&self, delay: &impl Delay) -> Result<(), Error> {
        for _ in 0..10 {
            self.modify(regs::EXTCNF_CTRL, 0, extcnf::MDIO_SW_OWNERSHIP)?;
            if self.registers.read_live(regs::EXTCNF_CTRL)? & extcnf::MDIO_SW_OWNERSHIP != 0 {
                return Ok(());
            }
            delay.sleep_ms(2);
        }
        self.release_mdio();
        Err(Error::Timeout(Step::MdioOwnership))
    }

    pub(super) fn release_mdio(&self) {
        let value = self.registers.read(regs::EXTCNF_CTRL);
        self.registers.write(regs::EXTCNF_CTRL, value & !extcnf::MDIO_SW_OWNERSHIP);
    }

    /// Gives the device back to the manageability firmware (`CTRL_EXT.DRV_LOAD`), after a last
    /// [`reset`](Self::reset): the end of `MiniportHaltEx`.
    ///
    /// # Errors
    /// [`Error::Gone`].
    pub fn release(&self) -> Result<(), Error> {
        Ok(self.modify(regs::CTRL_EXT, ctrl_ext::DRV_LOAD, 0)?)
    }
}
