//! Operands of decoded instructions: registers in all their widths, and effective addresses.

use iced_x86::{Instruction, Register};

use super::Registers;

/// A general register as an operand: which one, how wide, and whether it is the second byte (ah, ch, dh, bh).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    index: usize,
    size: usize,
    high: bool,
}

impl Operand {
    /// `None` for anything but a general register.
    pub(super) fn new(register: Register) -> Option<Self> {
        if !register.is_gpr() {
            return None;
        }
        let high = matches!(register, Register::AH | Register::CH | Register::DH | Register::BH);
        Some(Self { index: register.full_register().number(), size: register.size(), high })
    }

    pub(super) fn size(self) -> usize {
        self.size
    }

    pub(super) fn get(self, registers: &Registers) -> u64 {
        let whole = registers.gpr.get(self.index).copied().unwrap_or(0);
        truncate(if self.high { whole >> 8 } else { whole }, self.size)
    }

    /// As the processor does it: 32 bits clear the upper half, 8 and 16 bits leave the rest.
    pub(super) fn set(self, registers: &mut Registers, value: u64) {
        let Some(whole) = registers.gpr.get_mut(self.index) else { return };
        *whole = match self.size {
            8 => value,
            4 => truncate(value, 4),
            size => {
                let shift = if self.high { 8 } else { 0 };
                let mask = truncate(u64::MAX, size) << shift;
                *whole & !mask | (value << shift) & mask
            }
        };
    }
}

/// The low `size` bytes.
pub(super) fn truncate(value: u64, size: usize) -> u64 {
    if size >= 8 { value } else { value & ((1 << (size * 8)) - 1) }
}

/// The low `size` bytes as a signed number.
pub(super) fn sign_extend(value: u64, size: usize) -> u64 {
    let unused = 64 - 8 * u32::try_from(size.clamp(1, 8)).unwrap_or(8);
    ((value << unused).cast_signed() >> unused).cast_unsigned()
}

/// Where the instruction's memory operand number `operand` lies. `None` if that cannot be told (segments with a base).
pub(super) fn address(instruction: &Instruction, operand: u32, registers: &Registers) -> Option<u64> {
    if instruction.is_ip_rel_memory_operand() {
        return Some(instruction.ip_rel_memory_address());
    }
    instruction.virtual_address(operand, 0, |register, _, _| match register {
        Register::ES | Register::CS | Register::SS | Register::DS => Some(0),
        other => Operand::new(other).map(|o| o.get(registers)),
    })
}
