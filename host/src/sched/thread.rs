//! A thread: a coroutine that stays on one CPU.

use super::{stack::Segment, wait::Waiting};
use crate::{
    cpu::PASSIVE,
    pe::CallSite,
    trap::{StackRange, TrapArea},
};
use corosensei::{Coroutine, CoroutineResult, Yielder, stack::DefaultStack, stack::Stack};
use std::cell::{Cell, RefCell};

/// Bytes: the host's own frames (smoltcp among them) share the stack with the driver's.
pub(super) const STACK: usize = 1 << 20;
/// Bytes below a stack that may not be touched.
const GUARD: u64 = 4096;

type Body = Coroutine<(), (), (), DefaultStack>;

/// A call in progress on a thread.
#[derive(Clone, Copy)]
pub enum Call {
    /// The driver called an import.
    Import {
        /// Its name.
        name: &'static str,
        /// Where from.
        site: CallSite,
    },
    /// The host called one of the driver's handlers.
    Handler {
        /// Its name.
        name: &'static str,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Alive,
    Over,
    Dead,
    Exited,
}

/// One coroutine with what the scheduler knows of it.
pub struct Thread {
    /// For messages.
    pub name: String,
    cpu: Cell<usize>,
    /// What `PsGetCurrentThread` answers: any unique value serves a driver.
    pub object: Cell<u64>,
    /// The IRQL of the innermost handler call: the driver may not go below it.
    pub floor: Cell<u8>,
    body: RefCell<Option<Body>>,
    yielder: Cell<*const Yielder<(), ()>>,
    life: Cell<Life>,
    irql: Cell<u8>,
    calls: RefCell<Vec<Call>>,
    pub(super) waiting: RefCell<Option<Waiting>>,
    /// Spin locks held, for the balance check.
    pub locks: Cell<u32>,
    limits: (u64, u64),
    /// The driver's part of its stack, while it does not run.
    pub(super) segment: Cell<Segment>,
    /// Faults on the stack are reported.
    watched: Cell<bool>,
}

impl Thread {
    pub(super) fn new(name: &str, cpu: usize, body: impl FnOnce() + 'static) -> Self {
        let stack = DefaultStack::new(STACK).expect("address space for a thread's stack");
        let limits = (stack.limit().get() as u64, stack.base().get() as u64);
        let body = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            if let Some(thread) = crate::world::world().sched.current() {
                thread.yielder.set(yielder);
            }
            body();
        });
        Self {
            name: name.to_owned(),
            cpu: Cell::new(cpu),
            object: Cell::new(limits.0),
            floor: Cell::new(PASSIVE),
            body: RefCell::new(Some(body)),
            yielder: Cell::new(std::ptr::null()),
            life: Cell::new(Life::Alive),
            irql: Cell::new(PASSIVE),
            calls: RefCell::default(),
            waiting: RefCell::default(),
            locks: Cell::new(0),
            limits,
            segment: Cell::default(),
            watched: Cell::new(false),
        }
    }

    /// Runs it until it suspends or ends.
    pub(super) fn resume(&self) {
        let Some(mut body) = self.body.take() else { return };
        let result = body.resume(());
        match result {
            CoroutineResult::Yield(()) => {
                self.body.replace(Some(body));
            }
            CoroutineResult::Return(()) => self.life.set(Life::Over),
        }
    }

    /// Back to the scheduler; returns when it is this thread's turn again.
    pub(super) fn suspend(&self) {
        let yielder = self.yielder.get();
        assert!(!yielder.is_null(), "suspend before the thread runs");
        // SAFETY: the yielder lives on this coroutine's stack for as long as its body runs, and this
        // is called from inside that body.
        let yielder = unsafe { &*yielder };
        yielder.suspend(());
    }

    /// The number of the CPU it runs on.
    #[must_use]
    pub fn cpu(&self) -> usize {
        self.cpu.get()
    }

    /// It runs on another CPU from its next turn on.
    pub(super) fn set_cpu(&self, cpu: usize) {
        self.cpu.set(cpu);
    }

    /// Whether it only exists to take a CPU's interrupts while nothing else runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.name == super::wait::IDLE
    }

    pub(super) fn is_ready(&self) -> bool {
        self.life.get() == Life::Alive
            && self.body.borrow().is_some()
            && self.waiting.borrow().as_ref().is_none_or(Waiting::is_over)
    }

    /// Whether it has ended, or was abandoned.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.life.get() == Life::Over
    }

    pub(super) fn set_dead(&self) {
        self.life.set(Life::Dead);
    }

    pub(super) fn set_exited(&self) {
        self.life.set(Life::Exited);
    }

    /// Frees the stack of a thread that ended in the middle of its frames.
    pub(super) fn discard_if_exited(&self) {
        if self.life.get() == Life::Exited {
            self.discard();
            self.life.set(Life::Over);
        }
    }

    pub(super) fn irql(&self) -> u8 {
        self.irql.get()
    }

    pub(super) fn set_irql(&self, level: u8) {
        self.irql.set(level);
    }

    pub(super) fn push(&self, call: Call) {
        self.calls.borrow_mut().push(call);
    }

    pub(super) fn pop(&self) {
        self.calls.borrow_mut().pop();
    }

    /// The calls in progress, innermost first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().iter().rev().copied().collect()
    }

    /// The name of the innermost call in progress.
    pub(super) fn innermost(&self) -> Option<&'static str> {
        self.calls.borrow().last().map(|call| match *call {
            Call::Import { name, .. } | Call::Handler { name } => name,
        })
    }

    /// Lowest and highest address of its stack.
    #[must_use]
    pub fn stack_limits(&self) -> (u64, u64) {
        self.limits
    }

    /// Makes faults on its stack the driver's, once.
    pub(super) fn watch(&self, trap: &TrapArea) {
        if !self.watched.replace(true) {
            trap.register_stack(self.range());
        }
    }

    /// The stack goes away.
    pub(super) fn unwatch(&self, trap: &TrapArea) {
        if self.watched.replace(false) {
            trap.unregister_stack(self.range());
        }
    }

    fn range(&self) -> StackRange {
        StackRange::with_guard(self.limits.0, self.limits.1, GUARD)
    }

    pub(super) fn describe(&self) -> String {
        let inside = self.calls().first().map(|call| match call {
            Call::Import { name, .. } | Call::Handler { name } => format!(" in {name}"),
        });
        let what = self.waiting.borrow().as_ref().map(|w| format!(" waiting for {}", w.what()));
        format!("{}{}{}", self.name, inside.unwrap_or_default(), what.unwrap_or_default())
    }

    /// Frees the stack without running destructors on it.
    pub(super) fn discard(&self) {
        if let Some(mut body) = self.body.take()
            && !body.done()
            && body.started()
        {
            // SAFETY: nothing on the abandoned stack is used again: the world it belongs to is
            // over, and what its frames own leaks.
            unsafe { body.force_reset() };
        }
    }
}
