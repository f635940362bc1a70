//! The device itself: sequences of register accesses.
//!
//! Every loop is bounded. Methods without a waiter argument may be called at any IRQL, those with a [`Stall`]
//! too unless they say otherwise, those with a [`Delay`] at `PASSIVE_LEVEL` only. The caller serialises the methods that
//! configure (all but `arm`, `mask`, `ack_other`, `link` and `line_interrupt`, which are single writes or reads).

mod interrupts;
mod nvm;
mod phy;
mod reset;
mod setup;

pub use nvm::Identity;
pub use setup::Setup;

use crate::link::LinkState;
use crate::raw::Registers;
use crate::time::{MAX_STALL_US, Stall};
use crate::{Error, Gone, Step, regs};

/// An 82574L. Stateless: what must survive a reset is the caller's to remember and to give again.
#[derive(Debug)]
pub struct Nic<R> {
    registers: R,
}

impl<R: Registers> Nic<R> {
    /// The device behind these registers, in whatever state it is.
    pub const fn new(registers: R) -> Self {
        Self { registers }
    }

    /// Its registers, for the tail writes of the rings and for [`HwStats`](crate::HwStats).
    #[inline]
    pub const fn regs(&self) -> &R {
        &self.registers
    }

    /// Whether the device still answers. Two reads at most.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn check_present(&self) -> Result<(), Gone> {
        self.registers.read_live(regs::STATUS).map(|_| ())
    }

    /// The state of the link: one read.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn link(&self) -> Result<LinkState, Gone> {
        self.registers.read_live(regs::STATUS).map(LinkState::from_status)
    }

    /// Whether the link partner has asked for silence by a pause frame: then a transmit ring that does not
    /// move is not stuck.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn transmit_paused(&self) -> Result<bool, Gone> {
        Ok(self.registers.read_live(regs::STATUS)? & regs::status::TXOFF != 0)
    }

    /// Reads `reg` until `done`, at most `tries` times with `us` microseconds between two reads.
    fn poll(
        &self,
        stall: &impl Stall,
        reg: regs::Reg,
        (tries, us): (u32, u32),
        step: Step,
        done: impl Fn(u32) -> bool,
    ) -> Result<u32, Error> {
        for _ in 0..tries {
            let value = self.registers.read_live(reg)?;
            if done(value) {
                return Ok(value);
            }
            stall.stall_us(us.min(MAX_STALL_US));
        }
        Err(Error::Timeout(step))
    }

    /// Reads a register, sets and clears bits, writes it back.
    fn modify(&self, reg: regs::Reg, clear: u32, set: u32) -> Result<(), Gone> {
        let value = self.registers.read_live(reg)?;
        self.registers.write(reg, (value & !clear) | set);
        Ok(())
    }
}
