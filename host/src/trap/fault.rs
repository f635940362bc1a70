//! What is known about a fault that ends a driver's run.

use std::fmt;

use iced_x86::{Code, FastFormatter, Instruction};

use super::area::Shared;
use super::entry::{self, Frame};
use super::hot::Site;
use super::{Reg, Registers};

/// How memory was touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A load.
    Read,
    /// A store.
    Write,
    /// An instruction fetch.
    Execute,
}

/// Where the faulting instruction lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a registered image.
    Image,
    /// In no code at all: a call or jump through a bad pointer. `[rsp]` holds the return address if it was a call.
    WildJump,
    /// In host code on a registered stack: an import that was handed a bad pointer, or a fault of our own.
    Host,
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Memory that is not mapped, or not for that use.
    AccessViolation(Touch),
    /// The guard below a registered stack was reached.
    StackOverflow,
    /// Register space where no window is: never mapped, unmapped since, or beyond the window's end.
    NoWindow,
    /// A register access by an instruction that cannot be carried out on a window.
    UnsupportedAccess,
    /// An instruction for ring 0 that is not emulated, or a non-canonical address.
    GeneralProtection,
    /// `int 29h`: the image's own check failed (the code is ecx, e.g. 2 for a smashed /GS cookie).
    FastFail(u32),
    /// `int 2Ch`: a failed assertion compiled into the image.
    Assertion,
    /// `int3`.
    Breakpoint,
    /// `ud2` or another undefined instruction.
    IllegalInstruction,
    /// Integer division by zero or overflow.
    DivideError,
    /// An unmasked floating-point exception.
    FloatingPoint,
    /// SIGBUS: memory behind a mapping is gone, or an alignment check.
    BusError,
    /// A single step or debug exception.
    Debug,
}

/// A fault, as [`Handler::fault`](super::Handler::fault) gets it.
#[derive(Clone, Debug)]
pub struct FaultInfo {
    /// What happened.
    pub kind: FaultKind,
    /// Where the instruction lies.
    pub origin: Origin,
    /// Address of the faulting instruction (for [`FaultKind::Breakpoint`] of the `int3` itself).
    pub rip: u64,
    /// The data or code address that was touched, where the processor tells.
    pub address: Option<u64>,
    /// All general registers at the instruction.
    pub registers: Registers,
    /// The instruction in words, where it can be read.
    pub instruction: Option<String>,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::AccessViolation(Touch::Read) => "read of inaccessible memory",
            Self::AccessViolation(Touch::Write) => "write to inaccessible memory",
            Self::AccessViolation(Touch::Execute) => "execution of inaccessible memory",
            Self::StackOverflow => "stack overflow",
            Self::NoWindow => "access to unmapped register space",
            Self::UnsupportedAccess => "register access by an unsupported instruction",
            Self::GeneralProtection => "privileged instruction or non-canonical address",
            Self::FastFail(code) => return write!(f, "fast fail, code {code}"),
            Self::Assertion => "failed assertion",
            Self::Breakpoint => "breakpoint",
            Self::IllegalInstruction => "illegal instruction",
            Self::DivideError => "divide error",
            Self::FloatingPoint => "floating-point exception",
            Self::BusError => "bus error",
            Self::Debug => "debug exception",
        };
        f.write_str(text)
    }
}

impl fmt::Display for FaultInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}", self.kind, self.rip)?;
        if let Some(text) = &self.instruction {
            write!(f, " ({text})")?;
        }
        if let Some(address) = self.address {
            write!(f, ", address {address:#x}")?;
        }
        match self.origin {
            Origin::Image => Ok(()),
            Origin::WildJump => f.write_str(", jumped to from the driver"),
            Origin::Host => f.write_str(", in host code"),
        }
    }
}

/// Reports what stopped the code in `frame`, for good. `found`: what completing the instruction has shown.
pub(super) fn raise(shared: &Shared, frame: &Frame, found: Option<(FaultKind, Option<u64>)>) -> ! {
    let call = Call { shared, frame, found };
    // SAFETY: nothing on the area's own stack is needed any more but the frame, at its very top, which
    // `below_frame` keeps clear of; `call` lies on a stack that is not run again before `report` leaves.
    unsafe { entry::leave(below_frame(shared, frame), report, &raw const call) }
}

/// What [`report`] gets.
pub(super) struct Call<'a> {
    shared: &'a Shared,
    frame: &'a Frame,
    found: Option<(FaultKind, Option<u64>)>,
}

/// The top of the area's own stack, or what is left of it if the trap is running there.
fn below_frame(shared: &Shared, frame: &Frame) -> u64 {
    let top = shared.fault_stack_top();
    // Half of it, so that the code which is now running there is not overwritten while it is needed.
    if frame.cause.stranded { top - shared.fault_stack_len() / 2 } else { top }
}

unsafe extern "sysv64" fn report(call: *const Call<'_>) -> ! {
    // SAFETY: `raise` passes a Call on a stack that is not run again.
    let call = unsafe { &*call };
    let info = describe(call);
    call.shared.handler.fault(&info)
}

fn describe(call: &Call<'_>) -> FaultInfo {
    let Call { shared, frame, found } = *call;
    let mut registers = frame.registers;
    let cause = frame.cause;
    if cause.signal == libc::SIGTRAP && cause.trap == TRAP_BP {
        registers.rip = registers.rip.wrapping_sub(1);
    }
    let rip = registers.rip;
    let fetch = cause.trap == TRAP_PF && cause.error & 16 != 0;
    let origin = match shared.image_at(rip) {
        Some(_) => Origin::Image,
        None if fetch => Origin::WildJump,
        None => Origin::Host,
    };
    let site = Site::decode(rip, &shared.snippets);
    let instruction = site.as_ref().map(|s| s.instruction);
    let (kind, address) = found.unwrap_or_else(|| classify(shared, frame, instruction.as_ref()));
    let instruction = instruction.filter(|i| !i.is_invalid()).map(|i| text(&i));
    FaultInfo { kind, origin, rip, address, registers, instruction }
}

const TRAP_DB: u64 = 1;
const TRAP_BP: u64 = 3;
const TRAP_PF: u64 = 14;

fn classify(shared: &Shared, frame: &Frame, instruction: Option<&Instruction>) -> (FaultKind, Option<u64>) {
    let cause = frame.cause;
    let address = Some(cause.address);
    match cause.signal {
        libc::SIGTRAP if cause.trap == TRAP_DB => return (FaultKind::Debug, None),
        libc::SIGTRAP => return (FaultKind::Breakpoint, None),
        libc::SIGILL => return (FaultKind::IllegalInstruction, None),
        libc::SIGFPE if cause.trap == 0 => return (FaultKind::DivideError, None),
        libc::SIGFPE => return (FaultKind::FloatingPoint, None),
        libc::SIGBUS => return (FaultKind::BusError, address),
        _ => {}
    }
    let stacks = shared.stacks.borrow();
    let rsp = frame.registers.rsp();
    let stack = stacks.iter().find(|s| s.contains(rsp) || s.in_guard(rsp));
    if cause.trap == TRAP_PF {
        let kind = match cause.error {
            _ if shared.region.borrow().contains(cause.address) => {
                // A resumable access that found no room for its frame.
                if cause.error & 16 == 0 && cause.stranded {
                    FaultKind::StackOverflow
                } else {
                    FaultKind::NoWindow
                }
            }
            _ if stack.is_some_and(|s| s.in_guard(cause.address)) => FaultKind::StackOverflow,
            error if error & 16 != 0 => FaultKind::AccessViolation(Touch::Execute),
            error if error & 2 != 0 => FaultKind::AccessViolation(Touch::Write),
            _ => FaultKind::AccessViolation(Touch::Read),
        };
        return (kind, address);
    }
    let interrupt = instruction.filter(|i| i.code() == Code::Int_imm8).map(Instruction::immediate8);
    let kind = match interrupt {
        Some(0x29) => {
            let code = frame.registers.get(Reg::Rcx) & 0xffff_ffff;
            FaultKind::FastFail(u32::try_from(code).unwrap_or(0))
        }
        Some(0x2c) => FaultKind::Assertion,
        _ if stack.is_some_and(|s| s.in_guard(rsp)) => FaultKind::StackOverflow,
        _ => FaultKind::GeneralProtection,
    };
    (kind, None)
}

/// The instruction in the assembler syntax that Windows tools use.
fn text(instruction: &Instruction) -> String {
    let mut text = String::new();
    FastFormatter::new().format(instruction, &mut text);
    text
}
