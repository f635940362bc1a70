//! Objects that threads wait for. They live in the driver's memory and begin with a DISPATCHER_HEADER.
//!
//! Whoever signals an object hands it to the waiting threads at once, in the order in which they came,
//! as the kernel does: an event that is set and reset wakes those who waited.

use crate::{
    abi::{DISPATCHER_HEADER as Header, KMUTANT, LIST_ENTRY, Ptr, constants as c},
    clock::Time,
    nt::layout::object,
    verify::{Rule, rules},
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// A wait in progress.
struct Waiter {
    objects: Vec<u64>,
    all: bool,
    thread: u64,
    /// The status that ends the wait.
    result: Cell<Option<u32>>,
}

/// The waits of a world.
#[derive(Default)]
pub struct Dispatcher {
    waiters: RefCell<Vec<Rc<Waiter>>>,
}

/// Writes the header of a new object. `words` is the object's size in 32-bit words.
pub fn initialize(addr: u64, kind: u8, words: u8, state: i32) {
    let waited_for = world().nt.dispatcher.is_waited_for(addr);
    world().hold(&rules::OBJECT_WAITED, !waited_for, || {
        format!("object {addr:#x} initialised while a thread waits for it")
    });
    let p: Ptr<Header> = Ptr::new(addr);
    p.set(Header::Lock, 0);
    p.set(Header::Type, kind);
    p.set(Header::Size, words);
    p.set(Header::SignalState, state);
    let list = p.at(&Header::WaitListHead);
    let head: Ptr<LIST_ENTRY> = Ptr::new(list);
    head.set(LIST_ENTRY::Flink, list);
    head.set(LIST_ENTRY::Blink, list);
}

/// The header of an object that must be one of `kinds`, as the rule says.
#[must_use]
pub fn header(rule: &'static Rule, addr: u64, kinds: &[u8], what: &str) -> Ptr<Header> {
    let p: Ptr<Header> = Ptr::new(addr);
    let kind = if addr == 0 { u8::MAX } else { p.get(Header::Type) };
    world().hold(rule, kinds.contains(&kind), || {
        format!("{what}: {addr:#x} has type {kind:#x}: no such object, or not initialised")
    });
    p
}

/// The identity of the thread that runs.
#[must_use]
pub fn current_thread() -> u64 {
    world().sched.current().map_or(0, |thread| thread.object.get())
}

/// Everything that can be waited for.
const WAITABLE: &[u8] = &[
    object::NOTIFICATION_EVENT,
    object::SYNCHRONIZATION_EVENT,
    object::MUTANT,
    object::SEMAPHORE,
    object::THREAD,
    object::NOTIFICATION_TIMER,
    object::SYNCHRONIZATION_TIMER,
];

/// Whether a thread may have the object now.
fn is_free(addr: u64, thread: u64) -> bool {
    let p: Ptr<Header> = Ptr::new(addr);
    let owned = || {
        p.get(Header::Type) == object::MUTANT && Ptr::<KMUTANT>::new(addr).get(KMUTANT::OwnerThread) == thread
    };
    p.get(Header::SignalState) > 0 || owned()
}

/// Gives the object to a thread that waited for it.
fn consume(addr: u64, thread: u64) {
    let p: Ptr<Header> = Ptr::new(addr);
    match p.get(Header::Type) {
        object::SYNCHRONIZATION_EVENT | object::SYNCHRONIZATION_TIMER => p.set(Header::SignalState, 0),
        object::SEMAPHORE => p.set(Header::SignalState, p.get(Header::SignalState).wrapping_sub(1)),
        object::MUTANT => {
            p.set(Header::SignalState, p.get(Header::SignalState).wrapping_sub(1));
            Ptr::<KMUTANT>::new(addr).set(KMUTANT::OwnerThread, thread);
        }
        _ => {}
    }
}

/// Takes what the wait is for, if it is there.
fn satisfy(objects: &[u64], all: bool, thread: u64) -> Option<u32> {
    if all {
        if !objects.iter().all(|&addr| is_free(addr, thread)) {
            return None;
        }
        for &addr in objects {
            consume(addr, thread);
        }
        return Some(c::STATUS_WAIT_0);
    }
    let at = objects.iter().position(|&addr| is_free(addr, thread))?;
    consume(*objects.get(at)?, thread);
    Some(c::STATUS_WAIT_0 + at as u32)
}

/// How long a wait may last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// Only a look.
    None,
    /// Until a time.
    Until(Time),
    /// For good.
    Endless,
}

impl Dispatcher {
    /// Whether a thread waits for the object.
    #[must_use]
    pub fn is_waited_for(&self, addr: u64) -> bool {
        self.waiters.borrow().iter().any(|waiter| waiter.objects.contains(&addr))
    }

    /// An object in a range of memory that a thread waits for.
    #[must_use]
    pub fn waited_for_in(&self, addr: u64, len: usize) -> Option<u64> {
        let waiters = self.waiters.borrow();
        waiters
            .iter()
            .flat_map(|w| w.objects.iter().copied())
            .find(|object| object.wrapping_sub(addr) < len as u64)
    }

    /// The object's state became signalled: gives it to those who wait.
    pub fn signal(&self, addr: u64) {
        let waiters = self.waiters.borrow().clone();
        for waiter in waiters.iter().filter(|w| w.result.get().is_none() && w.objects.contains(&addr)) {
            if let Some(result) = satisfy(&waiter.objects, waiter.all, waiter.thread) {
                waiter.result.set(Some(result));
            }
        }
    }

    /// Waits for one or all of `objects`.
    pub fn wait(&self, what: &'static str, objects: Vec<u64>, all: bool, patience: Patience) -> u32 {
        let world = world();
        for &addr in &objects {
            let _ = header(&rules::WAIT_OBJECT, addr, WAITABLE, what);
        }
        let thread = current_thread();
        if let Some(result) = satisfy(&objects, all, thread) {
            return result;
        }
        let deadline = match patience {
            Patience::None => return c::STATUS_TIMEOUT,
            Patience::Until(time) => Some(time),
            Patience::Endless => None,
        };
        let waiter = Rc::new(Waiter { objects, all, thread, result: Cell::new(None) });
        self.waiters.borrow_mut().push(Rc::clone(&waiter));
        world.sched.block(what, deadline, &|| waiter.result.get().is_some());
        self.waiters.borrow_mut().retain(|known| !Rc::ptr_eq(known, &waiter));
        waiter.result.get().unwrap_or(c::STATUS_TIMEOUT)
    }
}
