//! What an instruction does with register space, worked out once.

use iced_x86::{
    Code, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

use super::operand::Operand;

/// How an instruction is completed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plan {
    /// A general register is loaded: `size` bytes, then extended to the register's width.
    Load { to: Operand, operand: u32, size: usize, signed: bool },
    /// A register's or an immediate value is stored.
    Store { from: Source, operand: u32, size: usize },
    /// movs, stos or lods, possibly repeated.
    Text(Text),
    /// `mov reg, cr8`.
    ReadCr8(Operand),
    /// `mov cr8, reg`.
    WriteCr8(Operand),
    /// Any other instruction with one plain memory operand: executed on a copy of the operand.
    Other(Other),
    /// An instruction that cannot be completed here.
    Unsupported,
}

/// What is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Register(Operand),
    Immediate(u64),
}

/// A string instruction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    /// Bytes per element.
    pub(super) size: usize,
    /// Is `[rsi]` read (or else rax stored)?
    pub(super) from_memory: bool,
    /// Is `[rdi]` written (or else rax loaded)?
    pub(super) to_memory: bool,
    /// Is rcx the count?
    pub(super) repeat: bool,
}

/// An instruction to be executed on a copy of its memory operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    pub(super) operand: u32,
    pub(super) size: usize,
    pub(super) reads: bool,
    pub(super) writes: bool,
    /// Does it use any register but the general ones?
    pub(super) vector: bool,
}

/// Biggest memory operand.
pub(super) const WIDEST: usize = 64;

impl Plan {
    pub(super) fn new(instruction: &Instruction) -> Self {
        if instruction.is_invalid() {
            return Self::Unsupported;
        }
        let plan = match instruction.mnemonic() {
            Mnemonic::Mov => control(instruction).or_else(|| plain(instruction, false)),
            Mnemonic::Movzx => plain(instruction, false),
            Mnemonic::Movsx | Mnemonic::Movsxd => plain(instruction, true),
            _ => text(instruction),
        };
        plan.or_else(|| other(instruction)).unwrap_or(Self::Unsupported)
    }
}

fn control(instruction: &Instruction) -> Option<Plan> {
    match (instruction.op0_register(), instruction.op1_register()) {
        (to, Register::CR8) => Some(Plan::ReadCr8(Operand::new(to)?)),
        (Register::CR8, from) => Some(Plan::WriteCr8(Operand::new(from)?)),
        _ => None,
    }
}

/// mov, movzx, movsx between a general register (or immediate) and memory.
fn plain(instruction: &Instruction, signed: bool) -> Option<Plan> {
    let size = instruction.memory_size().size();
    match (instruction.op0_kind(), instruction.op1_kind()) {
        (OpKind::Register, OpKind::Memory) => {
            let to = Operand::new(instruction.op0_register())?;
            Some(Plan::Load { to, operand: 1, size, signed })
        }
        (OpKind::Memory, OpKind::Register) => {
            let from = Source::Register(Operand::new(instruction.op1_register())?);
            Some(Plan::Store { from, operand: 0, size })
        }
        (OpKind::Memory, _) => {
            let from = Source::Immediate(instruction.try_immediate(1).ok()?);
            Some(Plan::Store { from, operand: 0, size })
        }
        _ => None,
    }
}

fn text(instruction: &Instruction) -> Option<Plan> {
    use Code::{
        Lodsb_AL_m8, Lodsd_EAX_m32, Lodsq_RAX_m64, Lodsw_AX_m16, Movsb_m8_m8, Movsd_m32_m32, Movsq_m64_m64,
        Movsw_m16_m16, Stosb_m8_AL, Stosd_m32_EAX, Stosq_m64_RAX, Stosw_m16_AX,
    };
    let (size, from_memory, to_memory) = match instruction.code() {
        Movsb_m8_m8 => (1, true, true),
        Movsw_m16_m16 => (2, true, true),
        Movsd_m32_m32 => (4, true, true),
        Movsq_m64_m64 => (8, true, true),
        Stosb_m8_AL => (1, false, true),
        Stosw_m16_AX => (2, false, true),
        Stosd_m32_EAX => (4, false, true),
        Stosq_m64_RAX => (8, false, true),
        Lodsb_AL_m8 => (1, true, false),
        Lodsw_AX_m16 => (2, true, false),
        Lodsd_EAX_m32 => (4, true, false),
        Lodsq_RAX_m64 => (8, true, false),
        _ => return None,
    };
    // With 64-bit addresses and flat segments only.
    let flat = (0..instruction.op_count()).all(|i| match instruction.op_kind(i) {
        OpKind::Register | OpKind::MemoryESRDI => true,
        OpKind::MemorySegRSI => !matches!(instruction.memory_segment(), Register::FS | Register::GS),
        _ => false,
    });
    if !flat {
        return Some(Plan::Unsupported);
    }
    let repeat = instruction.has_rep_prefix() || instruction.has_repne_prefix();
    Some(Plan::Text(Text { size, from_memory, to_memory, repeat }))
}

fn other(instruction: &Instruction) -> Option<Plan> {
    let operand = (0..instruction.op_count()).find(|i| instruction.op_kind(*i) == OpKind::Memory)?;
    // With its bit number in a register, the operand is not where the memory operand says.
    let bit_string =
        matches!(instruction.mnemonic(), Mnemonic::Bt | Mnemonic::Bts | Mnemonic::Btr | Mnemonic::Btc)
            && instruction.op1_kind() == OpKind::Register;
    if bit_string || instruction.flow_control() != FlowControl::Next || instruction.is_stack_instruction() {
        return None;
    }
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    let [memory] = info.used_memory() else { return None };
    let (reads, writes) = match memory.access() {
        OpAccess::Read => (true, false),
        OpAccess::Write => (false, true),
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => (true, true),
        _ => return None,
    };
    let size = memory.memory_size().size();
    if !size.is_power_of_two() || size > WIDEST {
        return None;
    }
    let addressing = |r: Register| r == instruction.memory_base().full_register();
    let mut vector = !instruction.cpuid_features().iter().all(|f| {
        use iced_x86::CpuidFeature as F;
        matches!(f, F::INTEL8086 | F::INTEL186 | F::INTEL286 | F::INTEL386 | F::INTEL486 | F::X64 | F::MOVBE)
    });
    for used in info.used_registers() {
        let register = used.register();
        if register.is_gpr() {
            // The copy runs on this program's stack pointer.
            let stack = register.full_register() == Register::RSP;
            if stack && !(addressing(Register::RSP) && used.access() == OpAccess::Read) {
                return None;
            }
        } else if !register.is_segment_register() && register != Register::RIP {
            vector = true;
        }
    }
    // An operand of the instruction besides its address must not be the stack pointer either.
    let names_stack = (0..instruction.op_count()).any(|i| {
        instruction.op_kind(i) == OpKind::Register
            && instruction.op_register(i).full_register() == Register::RSP
    });
    (!names_stack).then_some(Plan::Other(Other { operand, size, reads, writes, vector }))
}
