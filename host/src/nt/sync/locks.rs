//! Who holds which spin lock: the part behind every kind of it.
//!
//! A spin lock belongs to a CPU. While one holds it, another that wants it spins: it takes interrupts
//! above its level and nothing else. What a driver gets wrong is found when it happens, not when the
//! machine stands still: acquiring a lock twice, two CPUs waiting for each other, releasing what the
//! CPU does not hold, a lock that was never initialised.

use crate::{
    abi::{read, write},
    cpu::DISPATCH,
    verify::{Rule, rules},
    world::world,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

/// What the lock word holds while the lock is held.
const TAKEN: u64 = 1;

/// The kind of a lock: kinds do not mix on one lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// KSPIN_LOCK, by its address alone.
    Plain,
    /// KSPIN_LOCK through this KLOCK_QUEUE_HANDLE.
    Queued(u64),
    /// EX_SPIN_LOCK, alone.
    Exclusive,
    /// EX_SPIN_LOCK, with other readers.
    Shared,
}

struct Held {
    way: Way,
    /// One bit a CPU.
    cpus: u64,
    by: &'static str,
}

/// The spin locks of a world that are held, and who waits for which.
#[derive(Default)]
pub struct Locks {
    held: RefCell<HashMap<u64, Held>>,
    /// The lock that a CPU wants, and the IRQL at which it waits: a service routine above that runs all the same.
    waiting: RefCell<BTreeMap<usize, (u64, u8)>>,
}

impl Locks {
    /// Whether anybody holds it.
    #[must_use]
    pub fn is_held(&self, lock: u64) -> bool {
        self.held.borrow().contains_key(&lock)
    }

    /// Whether the current CPU holds it.
    #[must_use]
    pub fn is_mine(&self, lock: u64) -> bool {
        let cpu = bit(world().cpu().number);
        self.held.borrow().get(&lock).is_some_and(|held| held.cpus & cpu != 0)
    }

    /// Locks held in a range of memory: it must not be freed.
    #[must_use]
    pub fn held_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.held.borrow().keys().copied().find(|lock| lock.wrapping_sub(addr) < len as u64)
    }

    /// Takes the lock, waiting for it if need be. The level is the caller's to raise before.
    pub fn acquire(&self, lock: u64, way: Way) {
        let world = world();
        let cpu = world.cpu().number;
        if !self.is_free(lock, way, cpu) {
            self.check(lock, way);
            let before = self.waiting.borrow_mut().insert(cpu, (lock, world.cpu().irql()));
            self.check_cycle(cpu, lock);
            world.sched.wait("a spin lock", None, &|| self.is_free(lock, way, cpu));
            match before {
                Some(outer) => self.waiting.borrow_mut().insert(cpu, outer),
                None => self.waiting.borrow_mut().remove(&cpu),
            };
        }
        self.take(lock, way);
    }

    /// Takes the lock if it is free.
    pub fn try_acquire(&self, lock: u64, way: Way) -> bool {
        let free = self.is_free(lock, way, world().cpu().number);
        if free {
            self.take(lock, way);
        }
        free
    }

    /// Gives it back.
    pub fn release(&self, lock: u64, way: Way) {
        let world = world();
        let cpu = world.cpu().number;
        let mut held = self.held.borrow_mut();
        let not_held = match way {
            Way::Plain if at_dispatch() => &rules::LOCK_DPR_NOT_HELD,
            _ => &rules::LOCK_NOT_HELD,
        };
        let problem = match held.get_mut(&lock) {
            None => Some((not_held, "nobody holds it".to_owned())),
            Some(known) if known.way != way => {
                Some((&rules::LOCK_MIXED, format!("it was acquired as {:?} with {}", known.way, known.by)))
            }
            Some(known) if known.cpus & bit(cpu) == 0 => {
                let holder = first(known.cpus);
                Some((not_held, format!("CPU {cpu} does not hold it, CPU {holder} does since {}", known.by)))
            }
            Some(known) => {
                known.cpus &= !bit(cpu);
                None
            }
        };
        world.verify.watch(not_held);
        world.verify.watch(&rules::LOCK_MIXED);
        if let Some((rule, problem)) = problem {
            drop(held);
            world.violation(rule, format!("spin lock {lock:#x} released as {way:?}, but {problem}"));
        }
        let last = held.get(&lock).is_none_or(|known| known.cpus == 0);
        if last {
            held.remove(&lock);
        }
        drop(held);
        if last {
            put_word(lock, way, 0);
        }
        count(|n| n.saturating_sub(1));
    }

    /// EX_SPIN_LOCK: the only reader becomes the writer.
    pub fn upgrade(&self, lock: u64) -> bool {
        let mut held = self.held.borrow_mut();
        let only =
            held.get_mut(&lock).filter(|known| known.way == Way::Shared && known.cpus.is_power_of_two());
        only.is_some_and(|known| {
            known.way = Way::Exclusive;
            true
        })
    }

    fn is_free(&self, lock: u64, way: Way, cpu: usize) -> bool {
        match self.held.borrow().get(&lock) {
            None => true,
            Some(held) => way == Way::Shared && held.way == Way::Shared && held.cpus & bit(cpu) == 0,
        }
    }

    fn take(&self, lock: u64, way: Way) {
        let world = world();
        let cpu = world.cpu().number;
        world.hold(&rules::LOCK_UNINITIALIZED, lock != 0, || "spin lock at NULL acquired".into());
        world.verify.watch(twice(way));
        let by = world.sched.innermost();
        let mut held = self.held.borrow_mut();
        let known = held.entry(lock).or_insert_with(|| Held { way, cpus: 0, by });
        let first = known.cpus == 0;
        known.cpus |= bit(cpu);
        drop(held);
        if first {
            let found = word(lock, way);
            if found != 0 {
                let text = format!(
                    "spin lock {lock:#x} is free but holds {found:#x}: it was not initialised, or overwritten"
                );
                world.violation(&rules::LOCK_UNINITIALIZED, text);
            }
            put_word(lock, way, TAKEN);
        }
        count(|n| n + 1);
    }

    /// The lock is held: is waiting for it any good?
    fn check(&self, lock: u64, way: Way) {
        let world = world();
        let cpu = world.cpu().number;
        let held = self.held.borrow();
        let Some(known) = held.get(&lock) else { return };
        if known.cpus & bit(cpu) == 0 {
            return;
        }
        let text = format!(
            "spin lock {lock:#x} acquired as {way:?} by CPU {cpu}, which holds it since {}: it would wait for itself",
            known.by
        );
        drop(held);
        world.violation(twice(way), text);
    }

    /// Follows who waits for whom; back at `cpu` nobody ever goes on.
    fn check_cycle(&self, cpu: usize, wanted: u64) {
        let mut path = vec![format!("CPU {cpu} wants {wanted:#x}")];
        let mut lock = wanted;
        for _ in 0..world().cpus().len() {
            let holder = self.held.borrow().get(&lock).map(|held| first(held.cpus));
            let Some(holder) = holder else { return };
            world().hold(&rules::DEADLOCK, holder != cpu, || {
                format!("{}, CPU {cpu} holds that", path.join(", "))
            });
            let level = world().cpu_at(holder).map_or(0, crate::cpu::Cpu::irql);
            let next =
                self.waiting.borrow().get(&holder).filter(|waits| level <= waits.1).map(|waits| waits.0);
            let Some(next) = next else { return };
            path.push(format!("CPU {holder} holds that and wants {next:#x}"));
            lock = next;
        }
    }
}

/// The rule against acquiring a lock that the CPU holds, by the import in progress.
fn twice(way: Way) -> &'static Rule {
    match way {
        Way::Queued(_) => &rules::LOCK_QUEUED_TWICE,
        Way::Plain if at_dispatch() => &rules::LOCK_DPR_TWICE,
        _ => &rules::LOCK_TWICE,
    }
}

/// Whether the driver uses the functions for code that is at `DISPATCH_LEVEL` already.
fn at_dispatch() -> bool {
    world().sched.innermost().ends_with("DpcLevel")
}

fn bit(cpu: usize) -> u64 {
    1 << (cpu & 63)
}

/// The number of the first CPU of a mask.
fn first(cpus: u64) -> usize {
    cpus.trailing_zeros() as usize
}

/// The lock's own word: 8 bytes, 4 of an EX_SPIN_LOCK.
fn word(lock: u64, way: Way) -> u64 {
    match way {
        Way::Plain | Way::Queued(_) => read(lock),
        Way::Exclusive | Way::Shared => u64::from(read::<u32>(lock)),
    }
}

fn put_word(lock: u64, way: Way, value: u64) {
    match way {
        Way::Plain | Way::Queued(_) => write(lock, value),
        Way::Exclusive | Way::Shared => write(lock, value as u32),
    }
}

/// Changes the count that must be balanced when a handler returns.
fn count(change: impl Fn(u32) -> u32) {
    if let Some(thread) = world().sched.current() {
        thread.locks.set(change(thread.locks.get()));
    }
}

/// Raises the CPU to at least DISPATCH_LEVEL and answers the former level.
#[must_use]
pub fn raise_to_dispatch() -> u8 {
    let cpu = world().cpu();
    cpu.set_irql(cpu.irql().max(DISPATCH))
}

/// A call for code that is at DISPATCH_LEVEL already.
pub fn must_be_at_dispatch(what: &str) {
    let irql = world().cpu().irql();
    world().hold(&rules::IRQL_DISPATCH, irql >= DISPATCH, || {
        format!("{what} at IRQL {irql}; documented: >= {DISPATCH}")
    });
}
