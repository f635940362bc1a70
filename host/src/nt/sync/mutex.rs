//! Mutexes that threads own: KMUTEX, fast mutexes, guarded mutexes, critical regions.

use super::{dispatcher, irql};
use crate::{
    abi::{DISPATCHER_HEADER as Header, FAST_MUTEX, KMUTANT, Ptr},
    cpu::APC,
    imports,
    nt::layout::object,
    verify::{Rule, rules},
    world::world,
};
use std::{cell::RefCell, collections::BTreeMap};

/// 32-bit words of a KMUTANT.
const MUTANT_WORDS: u8 = 14;

/// How deep each thread is in regions without APCs.
#[derive(Default)]
pub struct Regions {
    depth: RefCell<BTreeMap<u64, u32>>,
}

impl Regions {
    pub(super) fn enter(&self) {
        *self.depth.borrow_mut().entry(dispatcher::current_thread()).or_default() += 1;
    }

    pub(super) fn leave(&self, rule: &'static Rule, what: &str) {
        let thread = dispatcher::current_thread();
        let entered = self.depth.borrow().contains_key(&thread);
        world().hold(rule, entered, || format!("{what} without the call that enters the region"));
        let mut depth = self.depth.borrow_mut();
        let Some(level) = depth.get_mut(&thread) else { return };
        *level -= 1;
        if *level == 0 {
            depth.remove(&thread);
        }
    }

    pub(super) fn inside(&self) -> bool {
        world().cpu().irql() >= APC || self.depth.borrow().contains_key(&dispatcher::current_thread())
    }
}

fn mutex(addr: u64) -> Ptr<FAST_MUTEX> {
    Ptr::new(addr)
}

/// Writes a fresh fast or guarded mutex.
fn initialize_fast(addr: u64) {
    let p = mutex(addr);
    p.set(FAST_MUTEX::Count, 1);
    p.set(FAST_MUTEX::Owner, 0);
    p.set(FAST_MUTEX::Contention, 0);
    super::event::initialize(p.at(&FAST_MUTEX::Event), object::SYNCHRONIZATION_EVENT, false);
}

fn acquire_fast(what: &'static str, addr: u64) {
    let p = mutex(addr);
    let me = dispatcher::current_thread();
    let count = p.get(FAST_MUTEX::Count);
    world().hold(&rules::FAST_MUTEX_UNINITIALIZED, (-0x1000..=1).contains(&count), || {
        format!("{what}: mutex {addr:#x} is not initialised (count {count:#x})")
    });
    world().hold(&rules::FAST_MUTEX_TWICE, count > 0 || p.get(FAST_MUTEX::Owner) != me, || {
        format!("{what}: the thread owns mutex {addr:#x} already and would wait for itself")
    });
    if count <= 0 {
        p.set(FAST_MUTEX::Contention, p.get(FAST_MUTEX::Contention).wrapping_add(1));
        world().sched.block(what, None, &|| mutex(addr).get(FAST_MUTEX::Count) == 1);
    }
    p.set(FAST_MUTEX::Count, 0);
    p.set(FAST_MUTEX::Owner, me);
}

fn release_fast(what: &str, addr: u64) {
    let p = mutex(addr);
    let owned = p.get(FAST_MUTEX::Count) != 1 && p.get(FAST_MUTEX::Owner) == dispatcher::current_thread();
    world()
        .hold(&rules::FAST_MUTEX_OWNER, owned, || format!("{what}: the thread does not own mutex {addr:#x}"));
    p.set(FAST_MUTEX::Owner, 0);
    p.set(FAST_MUTEX::Count, 1);
}

/// A call for threads that take no APCs.
fn without_apcs(rule: &'static Rule, what: &str) {
    world().hold(rule, world().nt.regions.inside(), || format!("{what} while APCs are enabled"));
}

/// Raises to APC_LEVEL for the time that a fast mutex is held.
fn acquire_raised(what: &'static str, addr: u64) {
    let cpu = world().cpu();
    let old = cpu.set_irql(cpu.irql().max(APC));
    acquire_fast(what, addr);
    mutex(addr).set(FAST_MUTEX::OldIrql, u32::from(old));
}

imports! {
    /// Mutexes.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeMutex(addr: u64, _level: u32) {
        dispatcher::initialize(addr, object::MUTANT, MUTANT_WORDS, 1);
        let p: Ptr<KMUTANT> = Ptr::new(addr);
        p.set(KMUTANT::OwnerThread, 0);
        p.set(KMUTANT::Abandoned, 0);
        p.set(KMUTANT::ApcDisable, 1);
    }

    fn KeReleaseMutex(addr: u64, _wait: u8) -> i32 {
        let p = dispatcher::header(&rules::MUTEX_OBJECT, addr, &[object::MUTANT], "KeReleaseMutex");
        let mutant: Ptr<KMUTANT> = Ptr::new(addr);
        let old = p.get(Header::SignalState);
        let owned = old <= 0 && mutant.get(KMUTANT::OwnerThread) == dispatcher::current_thread();
        world().hold(&rules::MUTEX_OWNER, owned, || format!("KeReleaseMutex({addr:#x}) by a thread that does not own it"));
        p.set(Header::SignalState, old.wrapping_add(1));
        if old == 0 {
            mutant.set(KMUTANT::OwnerThread, 0);
            world().nt.dispatcher.signal(addr);
        }
        old
    }

    fn KeReadStateMutex(addr: u64) -> i32 {
        dispatcher::header(&rules::MUTEX_OBJECT, addr, &[object::MUTANT], "KeReadStateMutex").get(Header::SignalState)
    }

    fn ExInitializeFastMutex(addr: u64) {
        initialize_fast(addr);
    }

    fn ExAcquireFastMutex(addr: u64) {
        acquire_raised("ExAcquireFastMutex", addr);
    }

    fn ExReleaseFastMutex(addr: u64) {
        let old = mutex(addr).get(FAST_MUTEX::OldIrql);
        let irql = world().cpu().irql();
        world().hold(&rules::FAST_MUTEX_LEVEL, irql == APC, || format!("ExReleaseFastMutex at IRQL {irql}"));
        release_fast("ExReleaseFastMutex", addr);
        irql::lower("ExReleaseFastMutex", old as u8);
    }

    fn ExTryToAcquireFastMutex(addr: u64) -> u8 {
        if mutex(addr).get(FAST_MUTEX::Count) != 1 {
            return 0;
        }
        acquire_raised("ExTryToAcquireFastMutex", addr);
        1
    }

    fn ExAcquireFastMutexUnsafe(addr: u64) {
        without_apcs(&rules::FAST_MUTEX_UNSAFE, "ExAcquireFastMutexUnsafe");
        acquire_fast("ExAcquireFastMutexUnsafe", addr);
    }

    fn ExReleaseFastMutexUnsafe(addr: u64) {
        without_apcs(&rules::FAST_MUTEX_UNSAFE_RELEASE, "ExReleaseFastMutexUnsafe");
        release_fast("ExReleaseFastMutexUnsafe", addr);
    }

    fn KeInitializeGuardedMutex(addr: u64) {
        initialize_fast(addr);
    }

    fn KeAcquireGuardedMutex(addr: u64) {
        world().nt.regions.enter();
        acquire_fast("KeAcquireGuardedMutex", addr);
    }

    fn KeReleaseGuardedMutex(addr: u64) {
        release_fast("KeReleaseGuardedMutex", addr);
        world().nt.regions.leave(&rules::GUARDED_REGION, "KeReleaseGuardedMutex");
    }

    fn KeTryToAcquireGuardedMutex(addr: u64) -> u8 {
        if mutex(addr).get(FAST_MUTEX::Count) != 1 {
            return 0;
        }
        world().nt.regions.enter();
        acquire_fast("KeTryToAcquireGuardedMutex", addr);
        1
    }

    fn KeAcquireGuardedMutexUnsafe(addr: u64) {
        acquire_fast("KeAcquireGuardedMutexUnsafe", addr);
    }

    fn KeReleaseGuardedMutexUnsafe(addr: u64) {
        release_fast("KeReleaseGuardedMutexUnsafe", addr);
    }

    fn KeEnterCriticalRegion() {
        world().nt.regions.enter();
    }

    fn KeLeaveCriticalRegion() {
        world().nt.regions.leave(&rules::CRITICAL_REGION, "KeLeaveCriticalRegion");
    }

    fn KeEnterGuardedRegion() {
        world().nt.regions.enter();
    }

    fn KeLeaveGuardedRegion() {
        world().nt.regions.leave(&rules::GUARDED_REGION, "KeLeaveGuardedRegion");
    }

    fn KeAreApcsDisabled() -> u8 {
        u8::from(world().nt.regions.inside())
    }

    fn KeAreAllApcsDisabled() -> u8 {
        u8::from(world().nt.regions.inside())
    }
}
