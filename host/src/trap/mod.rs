//! Register windows, privileged instructions and faults of a driver image that runs in this process.
//!
//! Device registers are mapped with no access. An instruction that touches them faults; the signal handler does
//! nothing but move the thread on to a trampoline *on the interrupted stack*, where the instruction is decoded
//! and completed in normal context. So the code behind a [`Window`] may lock, allocate and switch coroutines,
//! and any number of stacks may be in the middle of an access at the same time.
//!
//! A [`TrapArea`] belongs to one world and is used by the thread that has [entered](TrapArea::enter) it. Nothing
//! is shared between areas but the process's signal handlers, installed once.
//!
//! * A register access, or `mov` from and to `cr8`, is completed and the driver goes on behind it, all its
//!   registers, vector registers and flags as they were.
//! * Any other fault of an image, of code it jumped to, or of host code on a registered stack is given to
//!   [`Handler::fault`], which never returns: the stack is the world's to report and to abandon.
//! * A fault of anything else goes to whoever handled that signal before: it is a crash of this program.

mod area;
mod emulate;
mod entry;
mod fault;
mod gs;
mod hot;
mod marks;
mod operand;
mod plan;
mod probe;
mod region;
mod regs;
mod signal;
mod snippet;
mod stack;
#[cfg(test)]
pub(crate) mod tests;
mod xstate;

use std::rc::Rc;

pub use area::{Entered, TrapArea, TrapError, TrapStats};
pub use fault::{FaultInfo, FaultKind, Origin, Touch};
pub use gs::{gs, set_gs};
pub use probe::{peek, poke};
pub use regs::{Reg, Registers};
pub use stack::StackRange;

/// A range of device registers as the driver sees it.
///
/// Called in normal context on the driver's own stack; an implementation may block, allocate and suspend the
/// coroutine it runs on. It takes `&self` since another coroutine may enter it meanwhile. A panic in it aborts
/// the process: there is driver code below.
pub trait Window {
    /// Reads `size` (1, 2, 4 or 8) bytes at `offset`; the result's upper bytes are ignored. `at` is the state
    /// of the driver before the instruction.
    fn read(&self, offset: u64, size: usize, at: &Registers) -> u64;

    /// Writes the low `size` (1, 2, 4 or 8) bytes of `value` at `offset`; the upper bytes are zero.
    fn write(&self, offset: u64, size: usize, value: u64, at: &Registers);
}

/// What a world does when a driver leaves the ordinary path.
///
/// As with [`Window`], all of it runs in normal context.
pub trait Handler {
    /// `mov reg, cr8`: the processor's IRQL.
    fn read_cr8(&self, at: &Registers) -> u64;

    /// `mov cr8, reg`.
    fn write_cr8(&self, value: u64, at: &Registers);

    /// Brings back memory that is away only for a while; true if the access may be made again. Runs on the signal stack,
    /// in the middle of anything: no allocation, no locks.
    fn bring_in(&self, _address: u64) -> bool {
        false
    }

    /// The driver cannot go on. Runs on a stack of the area's own (the driver's may be exhausted), which the next
    /// fault of the same area reuses: suspend or leave, and never resume the faulting coroutine.
    fn fault(&self, info: &FaultInfo) -> !;
}

/// A window held by the area; a call in flight keeps it alive across an unmap.
type SharedWindow = Rc<dyn Window>;
