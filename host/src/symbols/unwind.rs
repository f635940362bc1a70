//! Walking a driver's stack.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::codes::{Entry, Info, Operation};
use crate::pe::{CallSite, Image, Mapped};
use crate::trap::{Reg, Registers, peek};

/// Where a walk starts: the registers at some point of the driver.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    registers: Registers,
    /// Is rip not known yet, but on top of the stack?
    called: bool,
}

/// One function on the driver's stack, innermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where execution is, or goes on after the call.
    pub ip: u64,
    /// The RVA to look up in the symbols: within the instruction that is executing or calling.
    pub rva: u32,
    /// Stack pointer in this function.
    pub rsp: u64,
}

impl Start {
    /// From the state that an import's stub recorded.
    #[must_use]
    pub fn from_call(site: &CallSite) -> Self {
        let mut registers = Registers::default();
        for (reg, value) in [
            (Reg::Rsp, site.rsp),
            (Reg::Rbp, site.rbp),
            (Reg::Rbx, site.rbx),
            (Reg::Rsi, site.rsi),
            (Reg::Rdi, site.rdi),
            (Reg::R12, site.r12),
            (Reg::R13, site.r13),
            (Reg::R14, site.r14),
            (Reg::R15, site.r15),
        ] {
            registers.gpr[reg as usize] = value;
        }
        Self { registers, called: true }
    }

    /// From interrupted code.
    #[must_use]
    pub fn from_registers(registers: &Registers) -> Self {
        Self { registers: *registers, called: false }
    }
}

/// Walks from `start` through frames of `image`, at most `limit`, reading only within `stack`. Stops where the
/// stack leaves the image (the host called it) or makes no sense.
///
/// A start outside the image (a jump through a bad pointer, a helper without a frame) counts as just called.
#[must_use]
pub fn unwind(image: &Mapped, start: &Start, stack: Range<u64>, limit: usize) -> Vec<Frame> {
    let mut walk = Walk { image: image.image(), registers: start.registers, stack };
    let mut frames = Vec::new();
    let mut called = start.called;
    if called || !image.contains(walk.registers.rip) {
        called = true;
        if walk.pop_return().is_none() {
            return frames;
        }
    }
    while frames.len() < limit {
        let (ip, rsp) = (walk.registers.rip, walk.registers.rsp());
        // A call that does not return may be the last instruction of its function.
        let Some(rva) = image.rva(ip).and_then(|rva| if called { rva.checked_sub(1) } else { Some(rva) })
        else {
            break;
        };
        frames.push(Frame { ip, rva, rsp });
        called = true;
        let Some(at) = image.rva(ip) else { break };
        // The stack pointer must rise: whatever the unwind data say, the walk ends.
        if walk.step(at).is_none() || walk.registers.rsp() <= rsp {
            break;
        }
    }
    frames
}

const RSP: usize = Reg::Rsp as usize;
/// A function is not split into more parts than this.
const LONGEST_CHAIN: usize = 32;

struct Walk<'a> {
    image: &'a Image,
    registers: Registers,
    stack: Range<u64>,
}

impl Walk<'_> {
    fn read(&self, address: u64) -> Option<u64> {
        if address < self.stack.start || address.checked_add(8)? > self.stack.end {
            return None;
        }
        let mut bytes = [0; 8];
        peek(address, &mut bytes).ok()?;
        Some(u64::from_le_bytes(bytes))
    }

    fn pop(&mut self) -> Option<u64> {
        let value = self.read(self.registers.gpr[RSP])?;
        self.registers.gpr[RSP] += 8;
        Some(value)
    }

    fn pop_return(&mut self) -> Option<()> {
        self.registers.rip = self.pop()?;
        Some(())
    }

    /// From the function that holds `rva` to its caller.
    fn step(&mut self, rva: u32) -> Option<()> {
        let memory = self.image.memory();
        let Some(entry) = Entry::find(memory, self.image.function_table(), rva) else {
            // A function without unwind data has no frame.
            return self.pop_return();
        };
        let info = entry.info(memory)?;
        if self.finish_epilogue(rva, &entry, &info) {
            return self.pop_return();
        }
        // How far into the prologue execution has come; all of it, in the parts that this one is chained to.
        let mut reached = rva - entry.begin;
        let mut part = Some(info);
        for _ in 0..LONGEST_CHAIN {
            let Some(info) = part else { break };
            if self.undo(&info, reached)? {
                return Some(());
            }
            reached = u32::MAX;
            match info.chained {
                None => return self.pop_return(),
                Some(entry) => part = Some(entry.info(memory)?),
            }
        }
        None
    }

    /// Undoes the part of a prologue that has been executed. True if that led to the caller already.
    fn undo(&mut self, info: &Info, reached: u32) -> Option<bool> {
        let executed = |offset: u32| offset <= reached;
        // A part of a function uses the frame that another part has set up.
        let framed = info.chained.is_some()
            || info.operations.iter().any(|(at, op)| *op == Operation::SetFrame && executed(*at));
        let base = match info.frame {
            Some((register, distance)) if framed => self.registers.gpr.get(register)?.wrapping_sub(distance),
            _ => self.registers.gpr[RSP],
        };
        for (_, operation) in info.operations.iter().filter(|(at, _)| executed(*at)) {
            match *operation {
                Operation::Push(register) => {
                    let value = self.pop()?;
                    *self.registers.gpr.get_mut(register)? = value;
                }
                Operation::Allocate(size) => {
                    self.registers.gpr[RSP] = self.registers.gpr[RSP].checked_add(size)?;
                }
                Operation::SetFrame => {
                    let (register, distance) = info.frame?;
                    self.registers.gpr[RSP] = self.registers.gpr.get(register)?.checked_sub(distance)?;
                }
                Operation::Store(register, offset) => {
                    let value = self.read(base.checked_add(offset)?)?;
                    *self.registers.gpr.get_mut(register)? = value;
                }
                Operation::Machine(error_code) => {
                    let frame = self.registers.gpr[RSP].checked_add(if error_code { 8 } else { 0 })?;
                    let (rip, rsp) = (self.read(frame)?, self.read(frame.checked_add(24)?)?);
                    (self.registers.rip, self.registers.gpr[RSP]) = (rip, rsp);
                    return Some(true);
                }
                Operation::Nothing => {}
            }
        }
        Some(false)
    }

    /// If execution is in an epilogue, carries out what is left of it up to the return.
    ///
    /// An epilogue is at most one `add rsp, n` or `lea rsp, [frame + n]`, then pops, then a return or a jump out
    /// of the function; nothing else may look like that.
    fn finish_epilogue(&mut self, rva: u32, entry: &Entry, info: &Info) -> bool {
        let range = rva as usize..entry.end as usize;
        let Some(code) = self.image.memory().get(range) else { return false };
        let decoder = Decoder::with_ip(64, code, u64::from(rva), DecoderOptions::NONE);
        let mut after = self.registers;
        for (index, instruction) in decoder.into_iter().enumerate() {
            match instruction.mnemonic() {
                Mnemonic::Add | Mnemonic::Lea if index == 0 => {
                    let Some(rsp) = release(&instruction, &after, info) else { return false };
                    after.gpr[RSP] = rsp;
                }
                Mnemonic::Pop if instruction.op0_kind() == OpKind::Register => {
                    let register = instruction.op0_register();
                    let Some(value) = self.read(after.gpr[RSP]).filter(|_| register.is_gpr64()) else {
                        return false;
                    };
                    after.gpr[RSP] += 8;
                    after.gpr[register.number()] = value;
                }
                Mnemonic::Ret => break,
                Mnemonic::Jmp if leaves(&instruction, entry) => break,
                _ => return false,
            }
        }
        self.registers = after;
        true
    }
}

/// The stack pointer behind the instruction that releases a frame.
fn release(instruction: &Instruction, registers: &Registers, info: &Info) -> Option<u64> {
    if instruction.op0_register() != Register::RSP {
        return None;
    }
    if instruction.mnemonic() == Mnemonic::Add {
        return registers.gpr[RSP].checked_add(instruction.try_immediate(1).ok()?);
    }
    let (frame, _) = info.frame?;
    let base = instruction.memory_base();
    if !base.is_gpr64() || base.number() != frame || instruction.memory_index() != Register::None {
        return None;
    }
    Some(registers.gpr.get(frame)?.wrapping_add(instruction.memory_displacement64()))
}

/// Does this jump leave the function, as a tail call does?
fn leaves(jump: &Instruction, entry: &Entry) -> bool {
    if jump.flow_control() == FlowControl::IndirectBranch {
        // Through a register it may be a switch.
        return jump.op0_kind() == OpKind::Memory;
    }
    let target = jump.near_branch_target();
    !(u64::from(entry.begin) + 1..u64::from(entry.end)).contains(&target)
}
