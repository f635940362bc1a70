//! A world: one machine with its CPUs, memory, devices and the driver that runs on it.
//!
//! Everything in it belongs to one thread of this process; several worlds live side by side on
//! several threads. Imports find theirs with [`world`].

mod call;
mod events;
mod faults;
mod hardware;
mod memory;
mod paging;
pub(crate) mod refusals;
mod stack;
pub mod timeline;
mod timers;

use crate::{
    clock::Clock,
    cpu::Cpu,
    image::Image,
    mem::{Mem, Region},
    ndis,
    netdma::NetDma,
    nt::{
        self,
        exec::time::{SHARED_USER_DATA, SharedUserData},
    },
    pe::CallSite,
    pnp::registry::Registry,
    sched::{Call, Sched, Trace},
    trap::{TrapArea, TrapError},
    verify::{End, Rule, StackLine, Verify, Violation},
};
pub use call::{After, Args, call, call_to};
pub use events::Source;
use faults::Faults;
pub use hardware::{Bar, Hardware, InterruptMode, RegisterAccess};
pub(crate) use memory::{check_owned, check_reach, check_special, rule_of, watch_special};
pub use refusals::Refusals;
use std::{
    cell::{Cell, OnceCell, RefCell, UnsafeCell},
    rc::Rc,
};
pub use timers::{TimerId, Timers};

thread_local! {
    static CURRENT: Cell<*const World> = const { Cell::new(std::ptr::null()) };
}

/// What a world is made of.
pub struct Config {
    /// Virtual CPUs, at least 1.
    pub cpus: usize,
    /// RAM: the first region below 4 GiB, a second one optional and above.
    pub regions: Vec<Region>,
    /// The NDIS version that `NdisGetVersion` reports, major in the high half.
    pub ndis_version: u32,
    /// Windows major, minor and build number.
    pub windows: (u32, u32, u32),
    /// Print what the driver says with `DbgPrint`.
    pub debug_output: bool,
    /// A simulation in virtual time whose choices are drawn from this seed. Every source of events has to be played in
    /// this process.
    pub seed: Option<u64>,
    /// Memory is special pool, see [`special`](crate::mem::special).
    pub special_pool: bool,
}

impl Config {
    /// Two CPUs on `regions`, as Windows 10 22H2.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        Self {
            cpus: 2,
            regions,
            ndis_version: 0x0006_0055,
            windows: (10, 0, 19045),
            debug_output: false,
            seed: None,
            special_pool: false,
        }
    }
}

/// See the module.
pub struct World {
    /// The source of time.
    pub clock: Clock,
    cpus: Vec<Cpu>,
    /// Threads and who runs.
    pub sched: Sched,
    /// Memory shared with the driver.
    pub mem: Mem,
    /// What ended the run, if a check did.
    pub verify: Verify,
    /// The kernel's state: driver object, timers, work items, registry handles.
    pub nt: nt::Nt,
    /// NDIS's state: the registered miniport and its adapters.
    pub ndis: ndis::Ndis,
    /// NetDMA's state: providers and their channels.
    pub netdma: NetDma,
    /// Register windows and faults.
    pub trap: TrapArea,
    /// What the driver does with registers, while somebody wants to know.
    pub register_log: RefCell<Option<Vec<RegisterAccess>>>,
    /// What happens when, while somebody wants to know.
    pub timeline: OnceCell<timeline::Timeline>,
    /// Imports that are to fail.
    pub refusals: Refusals,
    /// Timers of either.
    pub timers: Timers,
    /// The registry.
    pub registry: RefCell<Registry>,
    /// The `DRIVER_OBJECT` of the loaded driver; 0 before.
    pub driver_object: Cell<u64>,
    /// The key of its service.
    pub service_key: RefCell<String>,
    /// The loaded driver.
    pub image: RefCell<Option<Image>>,
    /// Sections of it may be paged out.
    pub(crate) pageable: Cell<bool>,
    /// How it was made.
    pub config: Config,
    site: Box<UnsafeCell<CallSite>>,
    sources: RefCell<Vec<Rc<dyn Source>>>,
    last_poll: Cell<crate::clock::Time>,
}

impl World {
    /// A world with nothing in it yet but idle CPUs.
    ///
    /// # Errors
    /// The system refuses the address space or signal handlers that register traps need.
    pub fn new(config: Config) -> Result<Rc<Self>, TrapError> {
        let cpus = config.cpus.max(1);
        let trap = TrapArea::new(Box::new(Faults))?;
        let world = Rc::new(Self {
            clock: if config.seed.is_some() { Clock::simulated() } else { Clock::live() },
            cpus: (0..cpus).map(Cpu::new).collect(),
            sched: Sched::new(cpus, config.seed),
            mem: if config.special_pool {
                Mem::special(config.regions.clone(), config.seed.unwrap_or_default())
            } else {
                Mem::new(config.regions.clone())
            },
            verify: Verify::default(),
            nt: nt::Nt::default(),
            ndis: ndis::Ndis::default(),
            netdma: NetDma::default(),
            trap,
            register_log: RefCell::default(),
            timeline: OnceCell::new(),
            refusals: Refusals::default(),
            timers: Timers::default(),
            registry: RefCell::default(),
            driver_object: Cell::new(0),
            service_key: RefCell::default(),
            image: RefCell::default(),
            pageable: Cell::new(false),
            config,
            site: Box::new(UnsafeCell::new(CallSite::default())),
            sources: RefCell::default(),
            last_poll: Cell::default(),
        });
        world.trap.map_window_at(SHARED_USER_DATA, 4096, Box::new(SharedUserData));
        world.sched.start_idle();
        Ok(world)
    }

    /// Runs `main` as the first thread until it returns or a check ends the run.
    ///
    /// # Errors
    /// What ended the run before `main` returned.
    ///
    /// # Panics
    /// The system refuses the thread a signal stack.
    pub fn run(self: &Rc<Self>, main: impl FnOnce() + 'static) -> Result<(), End> {
        let _entered = self.trap.enter().expect("a signal stack");
        let before = CURRENT.replace(Rc::as_ptr(self));
        let view = self.mem.view().enter();
        let thread = self.sched.spawn("main", 0, main);
        self.sched.run(&|| thread.is_over());
        view.enter();
        CURRENT.set(before);
        self.verify.ended().map_or(Ok(()), Err)
    }

    /// What a simulation did so far; `None` in live mode.
    #[must_use]
    pub fn trace(&self) -> Option<Trace> {
        self.sched.trace(self.clock.now())
    }

    /// Puts something on the timeline, if there is one.
    pub(crate) fn record(&self, put: impl FnOnce(&timeline::Timeline, &Self)) {
        if let Some(timeline) = self.timeline.get() {
            put(timeline, self);
        }
    }

    /// The CPU that runs now.
    ///
    /// # Panics
    /// Never: the scheduler runs existing CPUs.
    #[must_use]
    pub fn cpu(&self) -> &Cpu {
        self.cpu_at(self.sched.current_cpu()).expect("the scheduler runs existing CPUs")
    }

    /// A CPU by number.
    #[must_use]
    pub fn cpu_at(&self, number: usize) -> Option<&Cpu> {
        self.cpus.get(number)
    }

    /// All CPUs.
    #[must_use]
    pub fn cpus(&self) -> &[Cpu] {
        &self.cpus
    }

    /// Where import stubs record their caller.
    #[must_use]
    pub fn call_site_cell(&self) -> *mut CallSite {
        self.site.get()
    }

    /// Puts down another caller: none, before the driver is called again.
    pub(crate) fn set_call_site(&self, site: CallSite) {
        // SAFETY: only import stubs use the cell, on this very thread, and none of them runs.
        unsafe { *self.site.get() = site };
    }

    /// The caller of the import that was entered last.
    #[inline(always)]
    #[must_use]
    #[allow(clippy::inline_always, reason = "asked while the stack below is still the driver's")]
    pub fn call_site(&self) -> CallSite {
        // SAFETY: only import stubs write the cell, on this very thread, before they jump here.
        unsafe { *self.site.get() }
    }

    /// Holds the driver to a rule: counts that it was watched, and ends the run if it is not kept.
    pub fn hold(&self, rule: &'static Rule, kept: bool, detail: impl FnOnce() -> String) {
        self.verify.watch(rule);
        if !kept {
            self.violation(rule, detail());
        }
    }

    /// Ends the run: the driver broke `rule`. The thread that did stays where it is.
    pub fn violation(&self, rule: &'static Rule, detail: String) -> ! {
        self.note_violation(rule, detail);
        self.sched.abandon()
    }

    /// The same, with the driver's stack known from elsewhere than the call in progress.
    pub fn violation_at(&self, rule: &'static Rule, detail: String, stack: Vec<StackLine>) -> ! {
        let calls = self.sched.current().map(|thread| thread.calls()).unwrap_or_default();
        self.report(rule, detail, &calls, stack);
        self.sched.abandon()
    }

    /// Ends the run for a reason that is not the driver's.
    pub fn fail(&self, what: String) -> ! {
        self.verify.end(End::Failure(what));
        self.sched.abandon()
    }

    /// Ends the run from outside the driver: from a timer, a watchdog, or after the last call.
    pub fn note_violation(&self, rule: &'static Rule, detail: String) {
        let thread = self.sched.current();
        let calls = thread.as_ref().map(|thread| thread.calls()).unwrap_or_default();
        let site = calls.iter().find_map(|call| match call {
            Call::Import { site, .. } => Some(*site),
            Call::Handler { .. } => None,
        });
        let stack = match (site, &thread) {
            (Some(site), Some(thread)) => self.driver_stack(&site, thread.stack_limits()),
            _ => Vec::new(),
        };
        self.report(rule, detail, &calls, stack);
    }

    fn report(&self, rule: &'static Rule, detail: String, calls: &[Call], stack: Vec<StackLine>) {
        let calls = calls.iter().map(|call| match call {
            Call::Import { name, .. } | Call::Handler { name } => (*name).to_owned(),
        });
        let violation = Violation { rule, detail, calls: calls.collect(), stack };
        self.verify.end(End::Violation(Box::new(violation)));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.sched.reset();
    }
}

/// The world of this thread.
///
/// # Panics
/// Outside [`World::run`].
#[must_use]
pub fn world() -> &'static World {
    try_world().expect("no world on this thread")
}

/// The world of this thread, if one runs.
#[must_use]
pub fn try_world() -> Option<&'static World> {
    // SAFETY: null, or set by `World::run`, which keeps the world alive for as long as it is current; only
    // code that runs inside `run` gets it, and none of it outlives the run.
    unsafe { CURRENT.get().as_ref() }
}
