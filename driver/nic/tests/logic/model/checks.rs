//! What may be accessed when.

use ferrite_nic::{Reg, regs};

use super::State;

const ENABLE: u32 = 1 << 1;

impl State {
    fn receiving(&self) -> bool {
        self.get(regs::RCTL) & ENABLE != 0
    }

    fn transmitting(&self) -> bool {
        self.get(regs::TCTL) & ENABLE != 0
    }

    /// Before CTRL.RST: interrupts masked, engines off.
    pub(super) fn check_quiet(&self) {
        assert_eq!(self.interrupts, 0, "CTRL.RST with interrupts enabled");
        assert!(!self.receiving(), "CTRL.RST while receiving");
        assert!(!self.transmitting(), "CTRL.RST while transmitting");
    }

    /// While the NVM is being read in after a reset, only what is needed to wait for it.
    pub(super) fn check_access(&self, reg: Reg) {
        let allowed = [regs::EECD, regs::EXTCNF_CTRL, regs::CTRL_EXT];
        assert!(self.now >= self.auto_read_at || allowed.contains(&reg), "{reg:?} before EECD.AUTO_RD");
    }

    pub(super) fn check_write(&self, reg: Reg, value: u32) {
        match reg.offset() {
            0x3818 => self.check_tail(regs::TDLEN0, value),
            0x2818 => self.check_tail(regs::RDLEN0, value),
            0x3800..0x4000 => assert!(!self.transmitting(), "{reg:?} while transmitting"),
            0x2800..0x3000 | 0x5008 => assert!(!self.receiving(), "{reg:?} while receiving"),
            0x5400 => assert_eq!(self.get(regs::rah(0)) & 1 << 31, 0, "half an address is valid"),
            0x0100 if value & ENABLE != 0 => self.check_ring(regs::RDBAL0, regs::RDLEN0),
            0x0400 if value & ENABLE != 0 => self.check_ring(regs::TDBAL0, regs::TDLEN0),
            // The vectors and what masks them, only while nothing is enabled.
            0x00dc | 0x00e0 | 0x00e4 => assert_eq!(self.interrupts, 0, "{reg:?} with interrupts enabled"),
            _ => {}
        }
    }

    fn check_tail(&self, length: Reg, tail: u32) {
        let descriptors = self.get(length) / 16;
        assert!(tail < descriptors, "tail {tail} of {descriptors}");
    }

    fn check_ring(&self, base: Reg, length: Reg) {
        assert_eq!(self.get(base) % 16, 0, "ring base");
        let bytes = self.get(length);
        assert!(bytes != 0 && bytes.is_multiple_of(128), "ring length {bytes}");
    }
}
