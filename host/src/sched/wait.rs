//! Blocking: until a condition holds, until a time, or for good.

use super::Sched;
use crate::{
    clock::Time,
    cpu::{DISPATCH, Dpc},
    verify::rules,
    world::world,
};
use std::time::Duration;

/// The name of the threads that stand in for idle CPUs.
pub(super) const IDLE: &str = "idle";

/// What a suspended thread waits for.
pub(super) struct Waiting {
    what: &'static str,
    /// Lives on the waiting thread's stack.
    condition: *const dyn Fn() -> bool,
    deadline: Option<Time>,
}

impl Waiting {
    pub(super) fn is_over(&self) -> bool {
        if self.deadline.is_some_and(|deadline| world().clock.now() >= deadline) {
            return true;
        }
        // SAFETY: the closure is borrowed by the waiting thread, which is suspended inside `wait` as
        // long as this value exists.
        let condition = unsafe { &*self.condition };
        condition()
    }

    pub(super) fn what(&self) -> &'static str {
        self.what
    }
}

impl Sched {
    /// Starts the idle thread of every CPU.
    pub fn start_idle(&self) {
        for cpu in 0..self.owners.len() {
            self.spawn(IDLE, cpu, || {
                loop {
                    world().sched.deliver();
                    world().sched.suspend();
                }
            });
        }
    }

    /// Waits until `condition` holds; false if the deadline came first.
    ///
    /// Below `DISPATCH_LEVEL` other threads of the CPU go on; at or above, the CPU spins and only
    /// takes what interrupts it. The condition runs in the scheduler: it may look, not act.
    ///
    /// # Panics
    /// Outside a thread of the world.
    pub fn wait(&self, what: &'static str, deadline: Option<Time>, condition: &dyn Fn() -> bool) -> bool {
        loop {
            if condition() {
                return true;
            }
            if deadline.is_some_and(|deadline| world().clock.now() >= deadline) {
                return false;
            }
            let Some(thread) = self.current() else { panic!("wait outside a thread") };
            #[allow(clippy::transmute_ptr_to_ptr, reason = "a cast cannot widen the lifetime")]
            // SAFETY: only the lifetime is widened; the value is taken back before this returns.
            let condition: *const dyn Fn() -> bool =
                unsafe { std::mem::transmute(std::ptr::from_ref(condition)) };
            thread.waiting.replace(Some(Waiting { what, condition, deadline }));
            self.suspend();
            thread.waiting.replace(None);
            self.deliver();
        }
    }

    /// As [`Sched::wait`], for waits that Windows forbids at `DISPATCH_LEVEL`.
    pub fn block(&self, what: &'static str, deadline: Option<Time>, condition: &dyn Fn() -> bool) -> bool {
        let world = world();
        let rule = if deadline.is_none() { &rules::WAIT_ENDLESS } else { &rules::WAIT_TIMED };
        let irql = world.cpu().irql();
        // What the host waits for between its calls of the driver is not the driver's.
        if self.current().is_some_and(|thread| thread.innermost().is_some()) {
            world.hold(rule, irql < DISPATCH, || format!("{what} at IRQL {irql}"));
        }
        self.wait(what, deadline, condition)
    }

    /// Lets `time` pass, other threads running meanwhile.
    pub fn sleep(&self, time: Duration) {
        let until = world().clock.now().after(time);
        self.block("a sleep", Some(until), &|| false);
    }

    /// Lets `time` pass on this CPU, at whatever level it is.
    pub fn stall(&self, time: Duration) {
        let until = world().clock.now().after(time);
        self.wait("a stall", Some(until), &|| false);
    }

    /// Waits until every DPC that is queued now has run on its CPU.
    pub fn flush_dpcs(&self) {
        let world = world();
        for cpu in world.cpus() {
            let done = std::rc::Rc::new(std::cell::Cell::new(false));
            let flag = std::rc::Rc::clone(&done);
            cpu.queue_dpc(Dpc { object: 0, run: Box::new(move || flag.set(true)) });
            self.block("queued DPCs", None, &|| done.get());
        }
    }

    /// The nearest deadline of a waiting thread.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        let threads = self.threads.borrow();
        threads.iter().filter_map(|t| t.waiting.borrow().as_ref().and_then(|w| w.deadline)).min()
    }
}
