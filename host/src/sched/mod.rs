//! One scheduler for every virtual CPU: threads are coroutines, and interrupts and DPCs run on the
//! stack of the thread they interrupt, as they do on a real machine.
//!
//! A thread switches only inside [`Sched::yield_point`], which every imported call and every register
//! access goes through. A CPU at `DISPATCH_LEVEL` or above keeps its thread; below, any ready thread
//! of that CPU may follow. No borrow of host state may be held across a yield point.

mod choices;
pub(crate) mod stack;
mod thread;
mod wait;

use crate::{
    cpu::{Cpu, DISPATCH, PASSIVE},
    trap,
    world::{timeline::Timeline, world},
};
use choices::Choices;
pub use choices::Trace;
pub use stack::{BUDGET, KERNEL_STACK, Overflow, StackUse};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
pub use thread::{Call, Thread};

/// Yield points between two turns of the other CPUs, in live mode.
const SLICE: u32 = 16;

/// Threads and who runs next.
pub struct Sched {
    threads: RefCell<Vec<Rc<Thread>>>,
    /// For each CPU the thread that may not leave it.
    owners: Vec<RefCell<Option<Rc<Thread>>>>,
    current: RefCell<Option<Rc<Thread>>>,
    current_cpu: Cell<usize>,
    /// The driver's part of the stack that is in use.
    stack: stack::Accounts,
    turn: Cell<usize>,
    slice: Cell<u32>,
    /// Who runs next is drawn from a seed; `None` in live mode.
    choices: Option<Choices>,
    /// Counts yield points and turns of the loop: a world whose count stands still is stuck in the driver.
    pub progress: Arc<AtomicU64>,
}

impl Sched {
    /// A scheduler for `cpus` CPUs: live, or a simulation with a seed.
    #[must_use]
    pub fn new(cpus: usize, seed: Option<u64>) -> Self {
        Self {
            threads: RefCell::default(),
            owners: (0..cpus).map(|_| RefCell::default()).collect(),
            current: RefCell::default(),
            current_cpu: Cell::new(0),
            stack: stack::Accounts::default(),
            turn: Cell::new(0),
            slice: Cell::new(0),
            choices: seed.map(Choices::new),
            progress: Arc::default(),
        }
    }

    /// Starts a thread on a CPU. It runs when the scheduler gets to it.
    pub fn spawn(&self, name: &str, cpu: usize, body: impl FnOnce() + 'static) -> Rc<Thread> {
        let thread = Rc::new(Thread::new(name, cpu % self.owners.len(), body));
        self.threads.borrow_mut().push(Rc::clone(&thread));
        thread
    }

    /// The thread that runs now; `None` outside the scheduler's loop.
    #[must_use]
    pub fn current(&self) -> Option<Rc<Thread>> {
        self.current.borrow().clone()
    }

    /// The number of the CPU that runs now.
    #[must_use]
    pub fn current_cpu(&self) -> usize {
        self.current_cpu.get()
    }

    /// The place where a CPU may be interrupted and another may go on.
    pub fn yield_point(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
        if let Some(choices) = &self.choices {
            return self.simulate_step(choices);
        }
        let used = self.slice.get() + 1;
        self.slice.set(used);
        if used >= SLICE {
            world().poll_if_due();
            self.deliver();
            self.suspend();
        }
        self.deliver();
    }

    /// Takes every interrupt and DPC that the current CPU's level lets through.
    pub fn deliver(&self) {
        let world = world();
        if self.current.borrow().is_none() {
            return;
        }
        loop {
            let cpu = world.cpu();
            if let Some(interrupt) = cpu.take_interrupt() {
                let level = cpu.set_irql(interrupt.level);
                cpu.interrupts_taken.set(cpu.interrupts_taken.get() + 1);
                let stack = self.stack.interrupt();
                (interrupt.service)();
                self.stack.back(stack);
                cpu.set_irql(level);
            } else if let Some(dpc) = cpu.take_dpc() {
                let level = cpu.set_irql(DISPATCH);
                cpu.dpcs_run.set(cpu.dpcs_run.get() + 1);
                let stack = self.stack.dpc();
                (dpc.run)();
                self.stack.back(stack);
                cpu.set_irql(level);
            } else {
                return;
            }
        }
    }

    /// Gives the other CPUs and threads a turn.
    pub fn suspend(&self) {
        self.slice.set(0);
        if let Some(thread) = self.current() {
            thread.suspend();
        }
    }

    /// Goes on with the current thread on another CPU: at once, or when it leaves `DISPATCH_LEVEL`.
    pub fn move_to(&self, cpu: usize) {
        if let Some(thread) = self.current().filter(|thread| thread.cpu() != cpu && cpu < self.owners.len()) {
            thread.set_cpu(cpu);
            if world().cpu().irql() < DISPATCH {
                self.suspend();
            }
        }
    }

    /// Ends the current thread in the middle of its frames, as `PsTerminateSystemThread` does.
    ///
    /// # Panics
    /// Outside a thread of the world.
    pub fn exit(&self) -> ! {
        let Some(thread) = self.current() else { panic!("exit outside the scheduler") };
        thread.set_exited();
        loop {
            thread.suspend();
        }
    }

    /// Ends the current thread where it is: its stack holds driver frames that cannot be unwound.
    ///
    /// # Panics
    /// Outside a thread of the world.
    pub fn abandon(&self) -> ! {
        let Some(thread) = self.current() else { panic!("abandon outside the scheduler") };
        thread.set_dead();
        loop {
            thread.suspend();
        }
    }

    /// Runs until `done`, until a violation ends the world, or until nothing can ever happen again.
    pub fn run(&self, done: &dyn Fn() -> bool) {
        let world = world();
        while !world.verify.is_over() && !done() {
            self.progress.fetch_add(1, Ordering::Relaxed);
            if let Some(choices) = &self.choices {
                self.simulate_turn(choices);
                self.forget_ended();
                continue;
            }
            let ran = self.live_turn();
            self.forget_ended();
            if ran {
                world.poll_if_due();
            } else {
                world.wait_for_events(self.next_deadline());
            }
        }
    }

    /// Every CPU that has something to run runs it; whether one had.
    fn live_turn(&self) -> bool {
        let world = world();
        let mut ran = false;
        for _ in 0..self.owners.len() {
            let cpu = (self.turn.get() + 1) % self.owners.len();
            self.turn.set(cpu);
            if let Some(thread) = world.cpu_at(cpu).and_then(|cpu| self.pick(cpu)) {
                self.resume(&thread, cpu);
                ran = true;
            }
            if world.verify.is_over() {
                break;
            }
        }
        ran
    }

    /// Threads that are over are none any more.
    fn forget_ended(&self) {
        self.threads.borrow_mut().retain(|thread| {
            thread.discard_if_exited();
            if thread.is_over() {
                thread.unwatch(&world().trap);
            }
            !thread.is_over()
        });
    }

    /// Who runs on a CPU now.
    fn pick(&self, cpu: &Cpu) -> Option<Rc<Thread>> {
        let owner = self.owners.get(cpu.number)?.borrow().clone();
        if let Some(owner) = owner {
            // A spinning owner still takes interrupts above its level.
            return (owner.is_ready() || cpu.has_work()).then_some(owner);
        }
        let mut threads = self.threads.borrow_mut();
        let ready = threads.iter().position(|t| t.cpu() == cpu.number && !t.is_idle() && t.is_ready());
        let at = match ready {
            Some(at) => at,
            None if cpu.has_work() => threads.iter().position(|t| t.cpu() == cpu.number && t.is_idle())?,
            None => return None,
        };
        // To the end of the line, so that the ready ones take turns.
        let thread = threads.remove(at);
        threads.push(Rc::clone(&thread));
        Some(thread)
    }

    fn resume(&self, thread: &Rc<Thread>, number: usize) {
        let world = world();
        let Some(cpu) = world.cpu_at(number) else { return };
        self.current_cpu.set(number);
        cpu.set_irql(thread.irql());
        // SAFETY: the region belongs to the CPU, which lives as long as the world.
        unsafe { trap::set_gs(cpu.kpcr.base()) };
        cpu.kpcr.set_thread(thread.object.get());
        thread.watch(&world.trap);
        self.current.replace(Some(Rc::clone(thread)));
        world.record(|timeline, world| timeline.runs(world, number, Some(&thread.name)));
        self.stack.now.set(thread.segment.get());
        thread.resume();
        thread.segment.set(self.stack.now.take());
        world.record(|timeline, world| timeline.runs(world, number, None));
        self.current.replace(None);
        let level = cpu.irql();
        thread.set_irql(level);
        let keeps = level >= DISPATCH && !thread.is_over();
        if let Some(owner) = self.owners.get(number) {
            owner.replace(keeps.then(|| Rc::clone(thread)));
        }
        if !keeps {
            cpu.set_irql(PASSIVE);
        }
    }

    /// Notes an imported call on the current thread.
    pub fn push_import(&self, info: &'static crate::abi::CallInfo, site: crate::pe::CallSite) {
        if let Some(thread) = self.current.borrow().as_ref() {
            thread.push(Call::Import { name: info.name, site });
        }
        world().record(|timeline, world| timeline.begin(world, info.name));
        world().measure_call(site.rsp);
    }

    /// Notes a call of one of the driver's handlers.
    pub fn push_handler(&self, name: &'static str) {
        if let Some(thread) = self.current.borrow().as_ref() {
            thread.push(Call::Handler { name });
        }
        world().record(|timeline, world| timeline.begin(world, name));
    }

    /// The name of the innermost call in progress.
    #[must_use]
    pub fn innermost(&self) -> &'static str {
        self.current.borrow().as_ref().and_then(|thread| thread.innermost()).unwrap_or("the host")
    }

    /// The innermost call is over.
    pub fn pop_call(&self) {
        if let Some(thread) = self.current.borrow().as_ref() {
            thread.pop();
        }
        world().record(Timeline::end);
    }

    /// Names of the threads that are not over, with what they wait for.
    #[must_use]
    pub fn stuck(&self) -> Vec<String> {
        self.threads.borrow().iter().filter(|t| !t.is_idle()).map(|t| t.describe()).collect()
    }

    /// Abandons every thread without unwinding: their stacks may hold driver frames.
    pub fn reset(&self) {
        for owner in &self.owners {
            owner.replace(None);
        }
        for thread in self.threads.take() {
            thread.discard();
        }
    }
}
