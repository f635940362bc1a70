//! How much of the kernel's stack the driver uses.
//!
//! Imports run on the stack of the driver that calls them, and the host's frames are not those that Windows would have
//! there. So each stack has a mebibyte, and what counts are the bytes of the driver's own frames: from where the host
//! called it to where it calls an import, touches a register or asks `__chkstk` for a big frame, summed over the calls
//! that are nested on one stack. A call that does none of these is measured by what it leaves on a painted stack; what
//! functions use below the last such place of other calls is not seen, and `ferrite-host inspect` has the bound of that.
//!
//! A DPC has a stack of its own, as on Windows. An interrupt's service routine has what is left of the stack that it
//! interrupts, as on Windows 7.

use super::{Call, Sched};
use serde::Serialize;
use std::{
    arch::asm,
    cell::Cell,
    fmt,
    ops::{AddAssign, Range},
};

/// Bytes of a kernel stack of x64, of a thread's as of a DPC's: `KERNEL_STACK_SIZE` of ntifs.h.
pub const KERNEL_STACK: u64 = 0x6000;
/// Bytes of it that are taken not to be the driver's: the trap frame and the vector state at its top, the frames of the
/// I/O manager, of NDIS and of the drivers above that called it, and those of the function that it calls. What is left
/// is more than the three pages that "Using the Kernel Stack" promises.
pub const SYSTEM_PART: u64 = 0x2000;
/// Bytes that the driver may use.
pub const BUDGET: u64 = KERNEL_STACK - SYSTEM_PART;
/// Bytes that are painted below a call of the driver.
const PAINTED: u64 = 4096;
const PAINT: u64 = 0x5AC3_96E1_3C78_A5D2;
/// Where a stack pointer can be, from where the driver was called: a native driver's imports record none.
const NEAR: u64 = super::thread::STACK as u64;

/// What a stack belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Thread,
    Dpc,
    Interrupt,
}

/// The driver's part of the stack that is in use.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    kind: Kind,
    /// The stack pointer where the innermost call of the driver was made.
    top: u64,
    /// Bytes of the calls around it, on the same stack.
    outer: u64,
    /// Bytes of what an interrupt has interrupted.
    beneath: u64,
    /// Bytes at the latest place that was measured.
    used: u64,
    /// Bytes that the stack has for the driver.
    budget: u64,
}

/// The most that the driver used of a stack, in bytes, by what the stack belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StackUse {
    /// Of a thread's.
    pub thread: u64,
    /// Of a DPC's.
    pub dpc: u64,
    /// Of what an interrupt's service routine found.
    pub interrupt: u64,
    /// What the driver may use.
    pub of: u64,
}

impl AddAssign for StackUse {
    /// The higher marks.
    fn add_assign(&mut self, other: Self) {
        self.thread = self.thread.max(other.thread);
        self.dpc = self.dpc.max(other.dpc);
        self.interrupt = self.interrupt.max(other.interrupt);
        self.of = self.of.max(other.of);
    }
}

impl fmt::Display for StackUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, dpc, interrupt, of } = self;
        write!(f, "{thread} bytes in threads, {dpc} in DPCs, {interrupt} in interrupts, of {of}")
    }
}

/// Where a stack pointer was found too low.
#[derive(Clone, Copy, Debug)]
pub struct Overflow {
    /// Bytes of the driver's.
    pub used: u64,
    /// What it may use.
    pub budget: u64,
}

/// The accounts of the stack that is in use now, and the high-water marks.
#[derive(Default)]
pub(super) struct Accounts {
    pub(super) now: Cell<Segment>,
    thread: Cell<u64>,
    dpc: Cell<u64>,
    interrupt: Cell<u64>,
}

impl Accounts {
    /// Another stack, or part of one, is in use; the former one comes back with [`Accounts::back`].
    pub(super) fn dpc(&self) -> Segment {
        self.now.replace(Segment { kind: Kind::Dpc, budget: BUDGET, ..Segment::default() })
    }

    /// The same for an interrupt.
    pub(super) fn interrupt(&self) -> Segment {
        let before = self.now.get();
        let beneath = before.beneath + before.used;
        let budget = if before.budget == 0 { BUDGET } else { before.budget };
        self.now.replace(Segment { kind: Kind::Interrupt, beneath, budget, ..Segment::default() })
    }

    pub(super) fn back(&self, before: Segment) {
        self.now.set(before);
    }
}

/// The stack pointer of the caller.
#[inline(always)]
#[must_use]
#[allow(clippy::inline_always, reason = "it is the caller's only if it is inlined")]
pub fn stack_pointer() -> u64 {
    let rsp: u64;
    // SAFETY: a register is read.
    unsafe { asm!("mov {}, rsp", out(reg) rsp, options(nomem, nostack, preserves_flags)) };
    rsp
}

/// Paints the stack below the caller's stack pointer.
#[inline(always)]
#[allow(clippy::inline_always, reason = "it has no frame of its own")]
pub fn paint(top: u64) {
    // SAFETY: the bytes lie below the stack pointer of a function that calls others, where nothing is kept; the stack
    // has room for a call of the driver there.
    unsafe {
        asm!("rep stosq", inout("rdi") top - PAINTED => _, inout("rcx") PAINTED / 8 => _, in("rax") PAINT);
    }
}

/// How far down the paint is gone.
#[inline(always)]
#[must_use]
#[allow(clippy::inline_always, reason = "it has no frame of its own")]
pub fn painted_over(top: u64) -> u64 {
    let mut at = top - PAINTED;
    // SAFETY: the bytes that were painted are read, and are not anybody's.
    unsafe {
        asm!("repe scasq", inout("rdi") at, inout("rcx") PAINTED / 8 => _, in("rax") PAINT, options(readonly));
    }
    // Behind the first that is different.
    at -= 8;
    at
}

impl Sched {
    /// The driver is called with the stack pointer at `top`. What [`Sched::leave_driver`] wants is answered.
    pub fn enter_driver(&self, top: u64) -> Segment {
        let before = self.stack.now.get();
        let budget = if before.budget == 0 { BUDGET } else { before.budget };
        self.stack.now.replace(Segment { top, outer: before.used, budget, ..before })
    }

    /// Whether its stack was not measured since it was called with `before`.
    #[inline(always)]
    #[must_use]
    #[allow(clippy::inline_always, reason = "the stack below is still the driver's")]
    pub fn is_unmeasured(&self, before: &Segment) -> bool {
        self.stack.now.get().used == before.used
    }

    /// It has returned; whether its stack was measured meanwhile.
    pub fn leave_driver(&self, before: Segment) -> bool {
        let now = self.stack.now.replace(before);
        now.used > before.used
    }

    /// The driver is at a place where its stack pointer is known. An overflow is answered.
    pub fn measure(&self, rsp: u64) -> Option<Overflow> {
        let mut now = self.stack.now.get();
        let depth = now.top.wrapping_sub(rsp);
        if depth > NEAR {
            return None;
        }
        now.used = now.outer + depth;
        self.stack.now.set(now);
        let mark = match now.kind {
            Kind::Thread => &self.stack.thread,
            Kind::Dpc => &self.stack.dpc,
            Kind::Interrupt => &self.stack.interrupt,
        };
        if now.used > mark.get() {
            mark.set(now.used);
        }
        let used = now.used + now.beneath;
        (used > now.budget).then_some(Overflow { used, budget: now.budget })
    }

    /// Bytes that the driver has left on its stack where it called the import that runs.
    #[must_use]
    pub fn stack_left(&self) -> u64 {
        let now = self.stack.now.get();
        (if now.budget == 0 { BUDGET } else { now.budget }).saturating_sub(now.used + now.beneath)
    }

    /// The stack as the driver is told of it: what it may use, up to the top of the real one.
    #[must_use]
    pub fn stack_range(&self) -> Range<u64> {
        let current = self.current();
        let caller = current.as_ref().and_then(|thread| {
            thread.calls().into_iter().find_map(|call| match call {
                Call::Import { site, .. } => Some(site.rsp),
                Call::Handler { .. } => None,
            })
        });
        let top = current.map_or(0, |thread| thread.stack_limits().1);
        caller.unwrap_or(top).saturating_sub(self.stack_left())..top
    }

    /// The most that the driver used.
    #[must_use]
    pub fn stack_use(&self) -> StackUse {
        let Accounts { thread, dpc, interrupt, .. } = &self.stack;
        StackUse { thread: thread.get(), dpc: dpc.get(), interrupt: interrupt.get(), of: BUDGET }
    }
}
