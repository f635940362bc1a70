//! ERESOURCE: one writer or many readers, owned by threads.

use super::dispatcher::current_thread;
use crate::{
    abi::{Ptr, constants as c},
    imports,
    nt::layout::ERESOURCE,
    verify::rules,
    world::world,
};
use std::{cell::RefCell, collections::BTreeMap};

#[derive(Default)]
struct State {
    /// The writer and how often it has it.
    writer: Option<(u64, u32)>,
    readers: BTreeMap<u64, u32>,
    /// Threads that wait to write: new readers stand behind them.
    writers_waiting: u32,
}

impl State {
    fn may_write(&self, thread: u64) -> bool {
        self.writer.is_none_or(|(owner, _)| owner == thread) && self.readers.is_empty()
    }

    fn may_read(&self, thread: u64) -> bool {
        match self.writer {
            Some((owner, _)) => owner == thread,
            None => self.readers.contains_key(&thread) || self.writers_waiting == 0,
        }
    }

    fn take(&mut self, thread: u64, exclusive: bool) {
        match &mut self.writer {
            Some((_, count)) => *count += 1,
            None if exclusive => self.writer = Some((thread, 1)),
            None => *self.readers.entry(thread).or_default() += 1,
        }
    }
}

/// The initialised resources of a world.
#[derive(Default)]
pub struct Resources {
    known: RefCell<BTreeMap<u64, State>>,
}

impl Resources {
    fn with<R>(&self, what: &str, addr: u64, look: impl FnOnce(&mut State) -> R) -> R {
        let result = self.known.borrow_mut().get_mut(&addr).map(look);
        world().verify.watch(&rules::RESOURCE_UNINITIALIZED);
        match result {
            Some(result) => result,
            None => world().violation(
                &rules::RESOURCE_UNINITIALIZED,
                format!("{what}: resource {addr:#x} is not initialised"),
            ),
        }
    }

    /// A resource in a range of memory that is not deleted.
    #[must_use]
    pub fn active_in(&self, addr: u64, len: usize) -> Option<u64> {
        self.known.borrow().keys().copied().find(|resource| resource.wrapping_sub(addr) < len as u64)
    }

    /// Resources that were not deleted.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.known.borrow().keys().copied().collect()
    }

    fn allowed(&self, addr: u64, thread: u64, exclusive: bool) -> bool {
        let known = self.known.borrow();
        let may = |state: &State| if exclusive { state.may_write(thread) } else { state.may_read(thread) };
        known.get(&addr).is_none_or(may)
    }

    fn acquire(&self, what: &'static str, addr: u64, wait: bool, exclusive: bool) -> u8 {
        let thread = current_thread();
        world().hold(&rules::RESOURCE_ALIGNMENT, addr.is_multiple_of(8), || format!("{what}({addr:#x})"));
        world().hold(&rules::RESOURCE_APC, world().nt.regions.inside(), || {
            format!("{what}({addr:#x}) outside a critical region")
        });
        let mine = self.with(what, addr, |s| s.readers.contains_key(&thread));
        if exclusive {
            world().hold(&rules::RESOURCE_TWICE, !mine || !wait, || {
                format!("{what}: the thread reads resource {addr:#x} and would wait for itself")
            });
        }
        if !self.allowed(addr, thread, exclusive) {
            if !wait {
                return 0;
            }
            if exclusive {
                self.with(what, addr, |s| s.writers_waiting += 1);
            }
            world().sched.block(what, None, &|| self.allowed(addr, thread, exclusive));
            if exclusive {
                self.with(what, addr, |s| s.writers_waiting -= 1);
            }
        }
        self.with(what, addr, |s| s.take(thread, exclusive));
        self.publish(addr);
        1
    }

    fn release(&self, what: &str, addr: u64, thread: u64) {
        let held = self.with(what, addr, |state| {
            if let Some((owner, count)) = &mut state.writer {
                if *owner != thread {
                    return false;
                }
                *count -= 1;
                if *count == 0 {
                    state.writer = None;
                }
                return true;
            }
            let Some(count) = state.readers.get_mut(&thread) else { return false };
            *count -= 1;
            if *count == 0 {
                state.readers.remove(&thread);
            }
            true
        });
        world().hold(&rules::RESOURCE_RELEASE_APC, world().nt.regions.inside(), || {
            format!("{what}({addr:#x}) outside a critical region")
        });
        world().hold(&rules::RESOURCE_NOT_OWNED, held, || {
            format!("{what}: the thread does not own resource {addr:#x}")
        });
        self.publish(addr);
    }

    /// Keeps ActiveCount true for drivers that look.
    fn publish(&self, addr: u64) {
        let known = self.known.borrow();
        let Some(state) = known.get(&addr) else { return };
        let active = state.readers.len() + usize::from(state.writer.is_some());
        Ptr::<ERESOURCE>::new(addr).set(ERESOURCE::ActiveCount, i16::try_from(active).unwrap_or(i16::MAX));
    }
}

imports! {
    /// Resources.
    TABLE from "ntoskrnl.exe";

    fn ExInitializeResourceLite(addr: u64) -> u32 {
        let old = world().nt.resources.known.borrow_mut().insert(addr, State::default());
        world().hold(&rules::RESOURCE_REINITIALIZED, old.is_none(), || {
            format!("ExInitializeResourceLite({addr:#x}): it is initialised already")
        });
        crate::abi::fill(addr, 0, 104);
        c::STATUS_SUCCESS
    }

    fn ExDeleteResourceLite(addr: u64) -> u32 {
        let old = world().nt.resources.known.borrow_mut().remove(&addr);
        world().hold(&rules::RESOURCE_DELETED, old.is_some(), || {
            format!("ExDeleteResourceLite({addr:#x}): it is not initialised")
        });
        let free = old.is_some_and(|state| state.writer.is_none() && state.readers.is_empty());
        world().hold(&rules::RESOURCE_OWNED, free, || format!("ExDeleteResourceLite({addr:#x}): it is owned"));
        c::STATUS_SUCCESS
    }

    fn ExReinitializeResourceLite(addr: u64) -> u32 {
        world().nt.resources.known.borrow_mut().insert(addr, State::default());
        c::STATUS_SUCCESS
    }

    fn ExAcquireResourceExclusiveLite(addr: u64, wait: u8) -> u8 {
        world().nt.resources.acquire("ExAcquireResourceExclusiveLite", addr, wait != 0, true)
    }

    fn ExAcquireResourceSharedLite(addr: u64, wait: u8) -> u8 {
        world().nt.resources.acquire("ExAcquireResourceSharedLite", addr, wait != 0, false)
    }

    fn ExAcquireSharedStarveExclusive(addr: u64, wait: u8) -> u8 {
        world().nt.resources.acquire("ExAcquireSharedStarveExclusive", addr, wait != 0, false)
    }

    fn ExEnterCriticalRegionAndAcquireResourceExclusive(addr: u64) -> u64 {
        world().nt.regions.enter();
        world().nt.resources.acquire("ExEnterCriticalRegionAndAcquireResourceExclusive", addr, true, true);
        current_thread()
    }

    fn ExEnterCriticalRegionAndAcquireResourceShared(addr: u64) -> u64 {
        world().nt.regions.enter();
        world().nt.resources.acquire("ExEnterCriticalRegionAndAcquireResourceShared", addr, true, false);
        current_thread()
    }

    fn ExReleaseResourceAndLeaveCriticalRegion(addr: u64) {
        world().nt.resources.release("ExReleaseResourceAndLeaveCriticalRegion", addr, current_thread());
        world().nt.regions.leave(&rules::CRITICAL_REGION, "ExReleaseResourceAndLeaveCriticalRegion");
    }

    fn ExReleaseResourceLite(addr: u64) {
        world().nt.resources.release("ExReleaseResourceLite", addr, current_thread());
    }

    fn ExReleaseResourceForThreadLite(addr: u64, thread: u64) {
        world().nt.resources.release("ExReleaseResourceForThreadLite", addr, thread);
    }

    fn ExConvertExclusiveToSharedLite(addr: u64) {
        let thread = current_thread();
        let converted = world().nt.resources.with("ExConvertExclusiveToSharedLite", addr, |state| {
            let Some((owner, count)) = state.writer.filter(|w| w.0 == thread) else { return false };
            state.writer = None;
            state.readers.insert(owner, count);
            true
        });
        world().hold(&rules::RESOURCE_NOT_OWNED, converted, || {
            format!("ExConvertExclusiveToSharedLite: the thread does not own {addr:#x}")
        });
    }

    fn ExIsResourceAcquiredExclusiveLite(addr: u64) -> u8 {
        let thread = current_thread();
        u8::from(world().nt.resources.with("ExIsResourceAcquiredExclusiveLite", addr, |s| s.writer.is_some_and(|w| w.0 == thread)))
    }

    fn ExIsResourceAcquiredSharedLite(addr: u64) -> u32 {
        let thread = current_thread();
        world().nt.resources.with("ExIsResourceAcquiredSharedLite", addr, |state| match state.writer {
            Some((owner, count)) if owner == thread => count,
            _ => state.readers.get(&thread).copied().unwrap_or(0),
        })
    }
}
