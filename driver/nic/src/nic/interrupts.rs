//! Masking, arming and acknowledging.

use super::Nic;
use crate::interrupt::{InterruptPlan, LineInterrupt, Work};
use crate::raw::Registers;
use crate::regs::{self, cause, ctrl_ext};
use crate::{Gone, Reg};

impl<R: Registers> Nic<R> {
    /// Enables `causes`, one posted write: the end of a DPC, with [`InterruptPlan::causes`] of its message. If
    /// a cause is pending, its interrupt comes at once.
    #[inline]
    pub fn arm(&self, causes: u32) {
        self.registers.write(regs::IMS, causes);
    }

    /// Enables every cause of the plan.
    pub fn arm_all(&self, plan: InterruptPlan) {
        self.arm(plan.all_causes());
    }

    /// Disables `causes`, one posted write. MSI-X needs it only where NDIS asks
    /// (`MiniportDisableMessageInterrupt`): a message masks itself.
    #[inline]
    pub fn mask(&self, causes: u32) {
        self.registers.write(regs::IMC, causes);
    }

    /// Disables every interrupt.
    pub fn mask_all(&self) {
        self.mask(cause::ALL);
    }

    /// Makes an interrupt happen for `causes` as soon as they are enabled (ICS): to have a lost one again.
    pub fn raise(&self, causes: u32) {
        self.registers.write(regs::ICS, causes);
    }

    /// Acknowledges what OTHER stands for, before the link is looked at: one write, no read. ICR is never read
    /// with MSI-X, where a read may lose interrupts (82574 erratum 12).
    pub fn ack_other(&self) {
        self.registers.write(regs::ICR, cause::OTHER | cause::OTHER_CAUSES);
    }

    /// The ISR of line mode: reads ICR, which clears it, and masks every cause if the interrupt was ours. The
    /// DPC ends with [`arm_all`](Self::arm_all).
    ///
    /// # Errors
    /// [`Gone`]: not ours, and no DPC.
    pub fn line_interrupt(&self) -> Result<LineInterrupt, Gone> {
        let causes = self.registers.read_live(regs::ICR)?;
        let ours = causes & cause::INT_ASSERTED != 0;
        if ours {
            self.mask_all();
        }
        Ok(LineInterrupt { ours, work: InterruptPlan::line_work(causes) })
    }

    /// Programs the throttles, with moderation or without (`OID_GEN_INTERRUPT_MODERATION`). Only writes.
    pub fn set_throttle(&self, plan: InterruptPlan, moderation: bool) {
        let interval = if moderation { InterruptPlan::MODERATED } else { 0 };
        self.registers.write(regs::ITR, if plan.is_message() { 0 } else { interval });
        for message in 0..InterruptPlan::MAX_MESSAGES {
            // A storm of overruns arrives as OTHER: that message is always throttled.
            let throttle = if plan.work(message) == (Work { other: true, ..Work::NONE }) {
                InterruptPlan::MODERATED
            } else {
                interval
            };
            self.registers.write(regs::eitr(message), throttle);
        }
    }

    /// Programs vectors, automatic acknowledge and mask, and throttles. Everything stays masked.
    pub(super) fn set_interrupts(&self, plan: InterruptPlan, moderation: bool) -> Result<(), Gone> {
        self.mask_all();
        let automatic = if plan.is_message() { ctrl_ext::EIAME | ctrl_ext::PBA_CLR } else { ctrl_ext::IAME };
        self.modify(regs::CTRL_EXT, ctrl_ext::EIAME | ctrl_ext::IAME | ctrl_ext::PBA_CLR, automatic)?;
        self.registers.write(regs::IVAR, plan.ivar());
        self.registers.write(regs::EIAC, plan.eiac());
        self.registers.write(regs::IAM, plan.iam());

        self.set_throttle(plan, moderation);
        let delays: [Reg; 4] = [regs::RDTR, regs::RADV, regs::TIDV, regs::TADV];
        for delay in delays {
            self.registers.write(delay, 0);
        }
        Ok(())
    }
}
