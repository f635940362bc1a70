//! Events and semaphores.

use super::{at_most, dispatcher};
use crate::{
    abi::{DISPATCHER_HEADER as Header, KSEMAPHORE, Ptr},
    cpu::{APC, DISPATCH},
    imports,
    nt::layout::object,
    verify::rules,
    world::world,
};

const EVENTS: &[u8] = &[object::NOTIFICATION_EVENT, object::SYNCHRONIZATION_EVENT];
/// 32-bit words of a KEVENT and of a KSEMAPHORE.
const EVENT_WORDS: u8 = 6;
const SEMAPHORE_WORDS: u8 = 8;

/// Makes a KEVENT at `addr`.
pub fn initialize(addr: u64, kind: u8, state: bool) {
    dispatcher::initialize(addr, kind, EVENT_WORDS, i32::from(state));
}

/// Sets an event and answers its former state.
pub fn set(what: &str, addr: u64) -> i32 {
    let p = dispatcher::header(addr, EVENTS, what);
    let old = p.get(Header::SignalState);
    p.set(Header::SignalState, 1);
    world().nt.dispatcher.signal(addr);
    old
}

/// Resets an event and answers its former state.
fn reset(what: &str, addr: u64) -> i32 {
    let p = dispatcher::header(addr, EVENTS, what);
    let old = p.get(Header::SignalState);
    p.set(Header::SignalState, 0);
    old
}

/// With Wait the call leaves the dispatcher locked, which only a thread below DISPATCH_LEVEL may do.
fn level(what: &str, wait: u8) {
    at_most(what, if wait == 0 { DISPATCH } else { APC });
}

imports! {
    /// Events and semaphores.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeEvent(event: u64, kind: u32, state: u8) {
        match u8::try_from(kind) {
            Ok(kind) if EVENTS.contains(&kind) => initialize(event, kind, state != 0),
            _ => world().violation(&rules::OBJECT, format!("KeInitializeEvent of type {kind}")),
        }
    }

    fn KeSetEvent(event: u64, _increment: i32, wait: u8) -> i32 {
        level("KeSetEvent", wait);
        set("KeSetEvent", event)
    }

    fn KeResetEvent(event: u64) -> i32 {
        reset("KeResetEvent", event)
    }

    fn KeClearEvent(event: u64) {
        reset("KeClearEvent", event);
    }

    fn KePulseEvent(event: u64, _increment: i32, wait: u8) -> i32 {
        level("KePulseEvent", wait);
        let old = set("KePulseEvent", event);
        reset("KePulseEvent", event);
        old
    }

    fn KeReadStateEvent(event: u64) -> i32 {
        dispatcher::header(event, EVENTS, "KeReadStateEvent").get(Header::SignalState)
    }

    fn KeInitializeSemaphore(semaphore: u64, count: i32, limit: i32) {
        if count < 0 || limit <= 0 || count > limit {
            world().violation(&rules::OBJECT, format!("KeInitializeSemaphore with count {count} and limit {limit}"));
        }
        dispatcher::initialize(semaphore, object::SEMAPHORE, SEMAPHORE_WORDS, count);
        Ptr::<KSEMAPHORE>::new(semaphore).set(KSEMAPHORE::Limit, limit);
    }

    fn KeReleaseSemaphore(semaphore: u64, _increment: i32, adjustment: i32, wait: u8) -> i32 {
        level("KeReleaseSemaphore", wait);
        let p = dispatcher::header(semaphore, &[object::SEMAPHORE], "KeReleaseSemaphore");
        let old = p.get(Header::SignalState);
        let limit = Ptr::<KSEMAPHORE>::new(semaphore).get(KSEMAPHORE::Limit);
        match old.checked_add(adjustment) {
            Some(new) if adjustment > 0 && new <= limit => p.set(Header::SignalState, new),
            _ => world().violation(
                &rules::OBJECT,
                format!("KeReleaseSemaphore by {adjustment} at count {old}: the limit is {limit}"),
            ),
        }
        world().nt.dispatcher.signal(semaphore);
        old
    }

    fn KeReadStateSemaphore(semaphore: u64) -> i32 {
        dispatcher::header(semaphore, &[object::SEMAPHORE], "KeReadStateSemaphore").get(Header::SignalState)
    }
}
