//! Traps in normal context: what the interrupted instruction wanted, and completing it.

use std::rc::Rc;

use super::area::Shared;
use super::entry::{Cause, Frame};
use super::fault::{self, FaultKind};
use super::hot::Site;
use super::operand::{self, sign_extend, truncate};
use super::plan::{Other, Plan, Source, Text, WIDEST};
use super::probe::{peek, poke};
use super::region::Hit;
use super::xstate::Xstate;
use super::{Registers, Touch};

/// General protection.
pub(super) const TRAP_GP: u64 = 13;

/// Why an instruction was not completed.
enum Refusal {
    /// It does not touch register space at this time.
    NotRegister,
    /// It cannot go on: what is wrong, and where.
    Fault(FaultKind, Option<u64>),
}

type Outcome = Result<(), Refusal>;

/// A trap that came by signal. Returns if the driver is to go on with `frame`.
pub(super) extern "sysv64" fn on_signal(frame: &mut Frame, xstate: *mut u8) {
    // SAFETY: the handler put the current area there, which lives while its world runs.
    let shared = unsafe { &*frame.shared };
    // SAFETY: the trampoline has just filled the save area, which stays until it restores it.
    let xstate = unsafe { Xstate::new(xstate) };
    let Cause { signal, stranded, trap, address, .. } = frame.cause;
    let register = shared.region.borrow().contains(address);
    if stranded || signal != libc::SIGSEGV || !(register || trap == TRAP_GP) {
        fault::raise(shared, frame, None);
    }
    let Some(site) = site(shared, frame.registers.rip) else { fault::raise(shared, frame, None) };
    let mut trap = Trap { shared, registers: &mut frame.registers, site: &site, xstate };
    match trap.complete(register) {
        Ok(()) => {
            shared.count(|s| s.signals += 1);
            if register && shared.patching.get() {
                site.patch(shared);
            }
        }
        Err(Refusal::NotRegister) => fault::raise(shared, frame, None),
        Err(Refusal::Fault(kind, address)) => fault::raise(shared, frame, Some((kind, address))),
    }
}

/// A trap that came by a patched instruction.
pub(super) extern "sysv64" fn on_patch(frame: &mut Frame, xstate: *mut u8) {
    // SAFETY: the stub was made with the address of a site that lives while its image is registered.
    unsafe { Rc::increment_strong_count(frame.site) };
    // SAFETY: the count just taken is this value's. (The image may go while the access is in progress.)
    let site = unsafe { Rc::from_raw(frame.site) };
    // SAFETY: the area patched the site, and lives while its world runs.
    let shared = unsafe { &*site.shared.get() };
    // SAFETY: as in `on_signal`.
    let xstate = unsafe { Xstate::new(xstate) };
    frame.registers.rip = site.instruction.ip();
    let mut trap = Trap { shared, registers: &mut frame.registers, site: &site, xstate };
    match trap.complete(true) {
        Ok(()) => shared.count(|s| s.patched += 1),
        // Ordinary memory this time: the instruction itself does it best.
        Err(Refusal::NotRegister) if site.restore(shared) => {}
        Err(Refusal::NotRegister) => {
            let kind = FaultKind::UnsupportedAccess;
            fault::raise(shared, frame, Some((kind, None)));
        }
        Err(Refusal::Fault(kind, address)) => fault::raise(shared, frame, Some((kind, address))),
    }
}

/// The instruction at `rip`, decoded before or now. Only what cannot change is remembered.
fn site(shared: &Shared, rip: u64) -> Option<Rc<Site>> {
    if let Some(site) = shared.sites.borrow().get(&rip) {
        return Some(Rc::clone(site));
    }
    let site = Rc::new(Site::decode(rip, &shared.snippets)?);
    if shared.image_at(rip).is_some() {
        shared.sites.borrow_mut().insert(rip, Rc::clone(&site));
    }
    Some(site)
}

/// An instruction being completed. No borrow of the area is held while a callback runs: it may not return for long.
struct Trap<'a> {
    shared: &'a Shared,
    registers: &'a mut Registers,
    site: &'a Site,
    xstate: Xstate,
}

impl Trap<'_> {
    /// Completes the instruction and moves on to the next. `register`: did it touch register space?
    fn complete(&mut self, register: bool) -> Outcome {
        match self.site.plan {
            Plan::ReadCr8(to) => {
                let value = self.shared.handler.read_cr8(self.registers);
                to.set(self.registers, value);
            }
            Plan::WriteCr8(from) => {
                self.shared.handler.write_cr8(from.get(self.registers), self.registers);
            }
            _ if !register => return Err(Refusal::NotRegister),
            Plan::Load { to, operand, size, signed } => {
                let value = self.hit(self.address(operand)?, size)?.read(size, self.registers);
                let value = if signed { sign_extend(value, size) } else { value };
                to.set(self.registers, truncate(value, to.size()));
            }
            Plan::Store { from, operand, size } => {
                let value = match from {
                    Source::Register(from) => from.get(self.registers),
                    Source::Immediate(value) => value,
                };
                self.hit(self.address(operand)?, size)?.write(size, value, self.registers);
            }
            Plan::Text(text) => self.text(text)?,
            Plan::Other(other) => self.other(other)?,
            Plan::Unsupported => return Err(Refusal::Fault(FaultKind::UnsupportedAccess, None)),
        }
        self.registers.rip = self.site.instruction.next_ip();
        Ok(())
    }

    fn address(&self, operand: u32) -> Result<u64, Refusal> {
        operand::address(&self.site.instruction, operand, self.registers)
            .ok_or(Refusal::Fault(FaultKind::UnsupportedAccess, None))
    }

    /// The window at an address of register space.
    fn hit(&self, address: u64, size: usize) -> Result<Hit, Refusal> {
        let region = self.shared.region.borrow();
        if !region.contains(address) {
            return Err(Refusal::NotRegister);
        }
        region.find(address, size as u64).ok_or(Refusal::Fault(FaultKind::NoWindow, Some(address)))
    }

    fn is_register(&self, address: u64) -> bool {
        self.shared.region.borrow().contains(address)
    }

    /// String instructions, element by element; an interruption by a fault leaves the registers at that element.
    fn text(&mut self, text: Text) -> Outcome {
        const DIRECTION: u64 = 1 << 10;
        const RAX: usize = 0;
        const RCX: usize = 1;
        const RSI: usize = 6;
        const RDI: usize = 7;
        let size = text.size;
        let step = size as u64;
        let step = if self.registers.flags & DIRECTION != 0 { step.wrapping_neg() } else { step };
        while !text.repeat || self.registers.gpr[RCX] != 0 {
            let value = if text.from_memory {
                self.load(self.registers.gpr[RSI], size)?
            } else {
                truncate(self.registers.gpr[RAX], size)
            };
            if text.to_memory {
                self.store(self.registers.gpr[RDI], size, value)?;
                self.registers.gpr[RDI] = self.registers.gpr[RDI].wrapping_add(step);
            } else {
                let rax = &mut self.registers.gpr[RAX];
                *rax = if size < 4 { *rax & !truncate(u64::MAX, size) | value } else { value };
            }
            if text.from_memory {
                self.registers.gpr[RSI] = self.registers.gpr[RSI].wrapping_add(step);
            }
            if !text.repeat {
                break;
            }
            self.registers.gpr[RCX] -= 1;
        }
        Ok(())
    }

    fn load(&self, address: u64, size: usize) -> Result<u64, Refusal> {
        if self.is_register(address) {
            return Ok(truncate(self.hit(address, size)?.read(size, self.registers), size));
        }
        let mut bytes = [0; 8];
        let part = bytes.get_mut(..size).unwrap_or_default();
        let violation = |at| Refusal::Fault(FaultKind::AccessViolation(Touch::Read), Some(at));
        peek(address, part).map_err(violation)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn store(&self, address: u64, size: usize, value: u64) -> Outcome {
        if self.is_register(address) {
            self.hit(address, size)?.write(size, value, self.registers);
            return Ok(());
        }
        let bytes = value.to_le_bytes();
        let part = bytes.get(..size).unwrap_or_default();
        let violation = |at| Refusal::Fault(FaultKind::AccessViolation(Touch::Write), Some(at));
        // SAFETY: the driver's own instruction writes there; what it may not write is not mapped for it.
        unsafe { poke(address, part) }.map_err(violation)
    }

    /// Executes the instruction on a copy of its operand: read from the window before, written back after.
    fn other(&mut self, other: Other) -> Outcome {
        let Some(snippet) = self.site.snippet else {
            return Err(Refusal::Fault(FaultKind::UnsupportedAccess, None));
        };
        let hit = self.hit(self.address(other.operand)?, other.size)?;
        let mut cell = [0; WIDEST];
        // Wider operands go in pieces of 8 bytes, as the bus would.
        let piece = other.size.min(8);
        let pieces = || (0..other.size).step_by(piece);
        if other.reads {
            for at in pieces() {
                let value = hit.read_at(at as u64, piece, self.registers).to_le_bytes();
                if let (Some(to), Some(from)) = (cell.get_mut(at..at + piece), value.get(..piece)) {
                    to.copy_from_slice(from);
                }
            }
        }
        let before = *self.registers;
        snippet.run(self.registers, &mut cell, other.vector.then_some(self.xstate));
        if other.writes {
            for at in pieces() {
                let mut value = [0; 8];
                if let (Some(to), Some(from)) = (value.get_mut(..piece), cell.get(at..at + piece)) {
                    to.copy_from_slice(from);
                }
                hit.write_at(at as u64, piece, u64::from_le_bytes(value), &before);
            }
        }
        Ok(())
    }
}

impl Hit {
    fn read(&self, size: usize, at: &Registers) -> u64 {
        self.read_at(0, size, at)
    }

    fn write(&self, size: usize, value: u64, at: &Registers) {
        self.write_at(0, size, value, at);
    }

    fn read_at(&self, skip: u64, size: usize, at: &Registers) -> u64 {
        truncate(self.window.read(self.offset + skip, size, at), size)
    }

    fn write_at(&self, skip: u64, size: usize, value: u64, at: &Registers) {
        self.window.write(self.offset + skip, size, truncate(value, size), at);
    }
}
