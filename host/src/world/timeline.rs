//! What happened when, in Chrome's trace format: it opens in Perfetto and in `chrome://tracing`.
//!
//! Process 0 has a track for each CPU: which thread runs on it, and its IRQL. Process 1 has one for each thread: the calls
//! into the driver and the imports, nested as they are, and register accesses. Counters tell spin locks held, and of
//! each adapter the state and the NBLs that are out.

use super::World;
use crate::{clock::Time, ndis::adapter::State};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap};

/// Processes of the trace.
const CPUS: u32 = 0;
const THREADS: u32 = 1;
const COUNTS: u32 = 2;

/// See the module.
#[derive(Default)]
pub struct Timeline {
    events: RefCell<Vec<Value>>,
    /// Threads by their object, with a number and a name.
    threads: RefCell<BTreeMap<u64, (usize, String)>>,
    /// What each counter was last.
    counts: RefCell<BTreeMap<String, Value>>,
}

/// Virtual microseconds.
fn micros(at: Time) -> f64 {
    at.0 as f64 / 1000.0
}

impl Timeline {
    fn push(&self, event: Value) {
        self.events.borrow_mut().push(event);
    }

    /// The number of the thread that runs.
    fn thread(&self, world: &World) -> Option<usize> {
        let thread = world.sched.current()?;
        let mut threads = self.threads.borrow_mut();
        let next = threads.len();
        Some(threads.entry(thread.object.get()).or_insert_with(|| (next, thread.name.clone())).0)
    }

    fn mark(&self, world: &World, kind: &str, name: &str) {
        let Some(thread) = self.thread(world) else { return };
        let now = micros(world.clock.now());
        self.push(json!({ "ph": kind, "name": name, "ts": now, "pid": THREADS, "tid": thread }));
        self.count(world, now);
    }

    /// A call begins.
    pub(crate) fn begin(&self, world: &World, name: &str) {
        self.mark(world, "B", name);
    }

    /// The innermost call ends.
    pub(crate) fn end(&self, world: &World) {
        self.mark(world, "E", "");
    }

    /// A register access.
    pub(crate) fn access(&self, world: &World, text: &str) {
        let Some(thread) = self.thread(world) else { return };
        let now = micros(world.clock.now());
        self.push(json!({ "ph": "i", "s": "t", "name": text, "ts": now, "pid": THREADS, "tid": thread }));
    }

    /// A thread goes on, or stops, on a CPU.
    pub(crate) fn runs(&self, world: &World, cpu: usize, name: Option<&str>) {
        let kind = if name.is_some() { "B" } else { "E" };
        let now = micros(world.clock.now());
        self.push(json!({ "ph": kind, "name": name.unwrap_or(""), "ts": now, "pid": CPUS, "tid": cpu }));
        self.count(world, now);
    }

    /// Counters that have changed.
    fn count(&self, world: &World, now: f64) {
        for cpu in world.cpus() {
            self.counter(&format!("IRQL of CPU {}", cpu.number), now, json!({ "irql": cpu.irql() }));
        }
        let held = world.sched.current().map_or(0, |thread| thread.locks.get());
        self.counter(&format!("locks on CPU {}", world.sched.current_cpu()), now, json!({ "held": held }));
        for (number, adapter) in world.ndis.adapters().iter().enumerate() {
            let (sends, receives) = (adapter.sends.borrow().len(), adapter.receives.borrow().len());
            let out = json!({ "sends": sends, "receives": receives });
            self.counter(&format!("NBLs out, adapter {number}"), now, out);
            let state = adapter.state();
            let name = format!("state of adapter {number}");
            if self.counter(&name, now, json!({ "state": position(state) })) {
                let text = format!("adapter {number}: {state}");
                self.push(json!({ "ph": "i", "s": "g", "name": text, "ts": now, "pid": COUNTS, "tid": 0 }));
            }
        }
    }

    /// Whether it has changed.
    fn counter(&self, name: &str, now: f64, value: Value) -> bool {
        let mut counts = self.counts.borrow_mut();
        if counts.get(name) == Some(&value) {
            return false;
        }
        self.push(json!({ "ph": "C", "name": name, "ts": now, "pid": COUNTS, "args": value }));
        counts.insert(name.to_owned(), value);
        true
    }

    /// The whole trace.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let named = |pid: u32, tid: usize, what: &str, name: &str| json!({ "ph": "M", "name": what, "pid": pid, "tid": tid, "args": { "name": name } });
        let mut all = vec![
            named(CPUS, 0, "process_name", "CPUs"),
            named(THREADS, 0, "process_name", "threads"),
            named(COUNTS, 0, "process_name", "IRQL, locks, adapters"),
        ];
        all.extend(
            self.threads
                .borrow()
                .values()
                .map(|(number, name)| named(THREADS, *number, "thread_name", &format!("{name} ({number})"))),
        );
        all.extend(self.events.borrow().iter().cloned());
        json!({ "displayTimeUnit": "ns", "traceEvents": all })
    }
}

/// How far an adapter is: higher is nearer to running.
fn position(state: State) -> u32 {
    match state {
        State::Shutdown | State::Halted => 0,
        State::Halting | State::Initializing => 1,
        State::Paused => 2,
        State::Restarting | State::Pausing => 3,
        State::Running => 4,
    }
}
