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
        match result {
            Some(result) => result,
            None => {
                world().violation(&rules::OBJECT, format!("{what}: resource {addr:#x} is not initialised"))
            }
        }
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
        self.with(what, addr, |_| ());
        if !self.allowed(addr, thread, exclusive) {
            if !wait {
                return 0;
            }
            let mine = self.with(what, addr, |s| s.readers.contains_key(&thread));
            if exclusive && mine {
                world().violation(
                    &rules::MUTEX,
                    format!("{what}: the thread reads resource {addr:#x} and would wait for itself"),
                );
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
        if !held {
            world().violation(&rules::MUTEX, format!("{what}: the thread does not own resource {addr:#x}"));
        }
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
        if old.is_some() {
            world().violation(&rules::OBJECT, format!("ExInitializeResourceLite({addr:#x}): it is initialised already"));
        }
        crate::abi::fill(addr, 0, 104);
        c::STATUS_SUCCESS
    }

    fn ExDeleteResourceLite(addr: u64) -> u32 {
        let old = world().nt.resources.known.borrow_mut().remove(&addr);
        match old {
            Some(state) if state.writer.is_none() && state.readers.is_empty() => c::STATUS_SUCCESS,
            Some(_) => world().violation(&rules::OBJECT, format!("ExDeleteResourceLite({addr:#x}): it is owned")),
            None => world().violation(&rules::OBJECT, format!("ExDeleteResourceLite({addr:#x}): it is not initialised")),
        }
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
        world().nt.regions.leave("ExReleaseResourceAndLeaveCriticalRegion");
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
        if !converted {
            world().violation(&rules::MUTEX, format!("ExConvertExclusiveToSharedLite: the thread does not own {addr:#x}"));
        }
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
