//! A simulated world's choices: drawn from a seed, and put down in a hash that tells two runs apart.

use super::Sched;
use crate::{
    clock::Time,
    random::{self, mix},
    world::world,
};
use std::{cell::Cell, rc::Rc, time::Duration};

use super::Thread;
use crate::cpu::Cpu;

/// Virtual time between two yield points.
const STEP: Duration = Duration::from_nanos(100);
/// One yield point in so many gives the others a turn, in one style or another.
const SWITCH: [u64; 4] = [2, 4, 8, 32];
/// One yield point in so many lets the devices work, in one style or another.
const POLL: [u64; 4] = [2, 3, 10, 40];
/// Steps that followed each other less often than this are interesting: others get a turn in between.
const RARE: u8 = 4;
/// The step of time doubles this often at most, to 0.4 ms, while devices work and nothing can run.
const LONGEST_IDLE: u32 = 12;
/// Pairs of steps that are told apart.
const PAIRS: usize = 4096;

/// What a simulation did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Trace {
    /// Yield points: imports, handler calls, register accesses.
    pub events: u64,
    /// A hash over all of them: who, on which CPU, what. The same seed has the same on every machine.
    pub hash: u64,
    /// Virtual nanoseconds.
    pub nanoseconds: u64,
}

/// See the module.
pub(super) struct Choices {
    state: Cell<u64>,
    events: Cell<u64>,
    hash: Cell<u64>,
    switch: u64,
    poll: u64,
    /// How often a step followed another one, of whatever CPU: an interleaving that is new is worth staying at.
    pairs: Box<[Cell<u8>]>,
    last: Cell<u64>,
    /// Events after which a run that should have ended is given up.
    pub limit: Cell<u64>,
    /// Turns in which nothing could run, since something did.
    idle: Cell<u32>,
}

impl Choices {
    pub fn new(seed: u64) -> Self {
        let style = mix(seed ^ 0x57_1E);
        let pick = |list: [u64; 4], bits: u64| list.get((style >> bits & 3) as usize).copied().unwrap_or(4);
        Self {
            state: Cell::new(seed),
            events: Cell::new(0),
            hash: Cell::new(mix(seed)),
            switch: pick(SWITCH, 0),
            poll: pick(POLL, 8),
            pairs: (0..PAIRS).map(|_| Cell::new(0)).collect(),
            last: Cell::new(0),
            limit: Cell::new(u64::MAX),
            idle: Cell::new(0),
        }
    }

    /// A number below `limit`.
    pub fn below(&self, limit: u64) -> u64 {
        let state = self.state.get().wrapping_add(random::STEP);
        self.state.set(state);
        mix(state) % limit.max(1)
    }

    fn one_in(&self, of: u64) -> bool {
        self.below(of) == 0
    }

    /// Puts something down.
    fn note(&self, value: u64) {
        self.hash.set(mix(self.hash.get().rotate_left(5) ^ value));
    }

    /// Puts a step down; whether it follows the one before for one of the first times.
    fn note_step(&self, cpu: usize, what: &str) -> bool {
        let step = what.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        self.note(cpu as u64);
        self.note(step);
        let step = step ^ cpu as u64;
        let pair = mix(self.last.replace(step).rotate_left(17) ^ step) as usize % PAIRS;
        let Some(seen) = self.pairs.get(pair) else { return false };
        seen.set(seen.get().saturating_add(1));
        seen.get() <= RARE
    }
}

impl Sched {
    /// What a simulation did until now; `None` in live mode.
    pub(crate) fn trace(&self, now: Time) -> Option<Trace> {
        let choices = self.choices.as_ref()?;
        Some(Trace { events: choices.events.get(), hash: choices.hash.get(), nanoseconds: now.0 })
    }

    /// Gives a simulation up that has not ended after so many events.
    pub fn limit(&self, events: u64) {
        if let Some(choices) = &self.choices {
            choices.limit.set(events);
        }
    }

    /// Puts a register access down; nothing in live mode.
    pub fn note_access(&self, register: u64, size: usize, value: u64) {
        if let Some(choices) = &self.choices {
            choices.note(register << 8 | size as u64);
            choices.note(value);
        }
        world().record(|timeline, world| {
            let (what, bytes) = if size & 0x80 == 0 { ("read", size) } else { ("write", size & 0x7F) };
            timeline.access(world, &format!("{what} {register:#06x} = {value:#x} ({bytes} bytes)"));
        });
    }

    /// A yield point of a simulation: time passes, devices work, and others may go on, as the seed has it.
    pub(super) fn simulate_step(&self, choices: &Choices) {
        let world = world();
        choices.events.set(choices.events.get() + 1);
        if choices.events.get() > choices.limit.get() {
            world.fail(format!("no end after {} events; threads: {:?}", choices.limit.get(), self.stuck()));
        }
        let rare = choices.note_step(self.current_cpu.get(), self.innermost());
        world.clock.advance(world.clock.now().after(STEP));
        if choices.one_in(choices.poll) {
            world.poll(world.clock.now());
            self.deliver();
        }
        if choices.one_in(if rare { 2 } else { choices.switch }) {
            self.suspend();
        }
        self.deliver();
    }

    /// One turn of a simulation: some CPU that has something to run runs it, or time passes until one has.
    pub(super) fn simulate_turn(&self, choices: &Choices) {
        let world = world();
        let count = self.owners.len();
        let first = choices.below(count as u64) as usize;
        let found = (0..count).map(|offset| (first + offset) % count).find_map(|number| {
            let cpu = world.cpu_at(number)?;
            self.choose(cpu, choices).map(|thread| (number, thread))
        });
        let Some((number, thread)) = found else {
            self.pass_time(choices);
            return;
        };
        choices.idle.set(0);
        self.resume(&thread, number);
        if choices.one_in(choices.poll) {
            world.poll(world.clock.now());
        }
    }

    /// Nothing can run: devices that work go on by themselves, and otherwise the next thing that is due is.
    fn pass_time(&self, choices: &Choices) {
        let world = world();
        let now = world.clock.now();
        let due: Option<Time> = [world.timers.next_due(), self.next_deadline()].into_iter().flatten().min();
        if world.devices_work() {
            // A device that works for long and changes nothing is looked at less and less often.
            let idle = choices.idle.get();
            choices.idle.set((idle + 1).min(LONGEST_IDLE));
            let then = now.after(STEP * (1 << idle));
            world.clock.advance(due.map_or(then, |due| then.min(due.max(now.after(STEP)))));
        } else {
            match due {
                Some(due) => world.clock.advance(due.max(now.after(STEP))),
                None => world.verify.end(crate::verify::End::Failure(format!(
                    "nothing can ever happen again; threads: {:?}",
                    self.stuck()
                ))),
            }
        }
        world.poll(world.clock.now());
    }

    /// Some ready thread of a CPU.
    fn choose(&self, cpu: &Cpu, choices: &Choices) -> Option<Rc<Thread>> {
        let owner = self.owners.get(cpu.number)?.borrow().clone();
        if let Some(owner) = owner {
            return (owner.is_ready() || cpu.has_work()).then_some(owner);
        }
        let threads = self.threads.borrow();
        let here = |thread: &&Rc<Thread>| thread.cpu() == cpu.number;
        let ready: Vec<_> =
            threads.iter().filter(here).filter(|thread| !thread.is_idle() && thread.is_ready()).collect();
        if let Some(thread) = ready.get(choices.below(ready.len() as u64) as usize) {
            return Some(Rc::clone(thread));
        }
        let idle = threads.iter().filter(here).find(|thread| thread.is_idle());
        idle.filter(|_| cpu.has_work()).cloned()
    }
}
