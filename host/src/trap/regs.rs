//! The general registers of interrupted code.

/// A general register, numbered as instructions encode it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say all there is")]
#[repr(u8)]
pub enum Reg {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

/// General registers, flags and instruction pointer. The trampolines know this layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// General registers in encoding order (see [`Reg`]).
    pub gpr: [u64; 16],
    /// RFLAGS.
    pub flags: u64,
    /// Address of the instruction.
    pub rip: u64,
}

impl Registers {
    /// One general register.
    #[must_use]
    pub fn get(&self, reg: Reg) -> u64 {
        self.gpr[reg as usize]
    }

    /// The stack pointer.
    #[must_use]
    pub fn rsp(&self) -> u64 {
        self.get(Reg::Rsp)
    }

    /// The frame pointer, if the code keeps one.
    #[must_use]
    pub fn rbp(&self) -> u64 {
        self.get(Reg::Rbp)
    }
}
