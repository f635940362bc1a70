//! Events and semaphores.

use super::{at_most, dispatcher};
use crate::{
    abi::{DISPATCHER_HEADER as Header, KSEMAPHORE, Ptr},
    cpu::{APC, DISPATCH},
    imports,
    nt::layout::object,
    verify::{Rule, rules},
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
    let p = dispatcher::header(&rules::EVENT_OBJECT, addr, EVENTS, what);
    let old = p.get(Header::SignalState);
    p.set(Header::SignalState, 1);
    world().nt.dispatcher.signal(addr);
    old
}

/// Resets an event and answers its former state.
fn reset(what: &str, addr: u64) -> i32 {
    let p = dispatcher::header(&rules::EVENT_OBJECT, addr, EVENTS, what);
    let old = p.get(Header::SignalState);
    p.set(Header::SignalState, 0);
    old
}

/// With Wait the call leaves the dispatcher locked, which only a thread below DISPATCH_LEVEL may do.
fn level(rule: &'static Rule, what: &str, wait: u8) {
    at_most(rule, what, if wait == 0 { DISPATCH } else { APC });
}

imports! {
    /// Events and semaphores.
    TABLE from "ntoskrnl.exe";

    fn KeInitializeEvent(event: u64, kind: u32, state: u8) {
        let known = u8::try_from(kind).ok().filter(|kind| EVENTS.contains(kind));
        world().hold(&rules::EVENT_TYPE, known.is_some(), || format!("KeInitializeEvent of type {kind}"));
        initialize(event, known.unwrap_or_default(), state != 0);
    }

    fn KeSetEvent(event: u64, _increment: i32, wait: u8) -> i32 {
        level(&rules::IRQL_KE_SET_EVENT, "KeSetEvent", wait);
        set("KeSetEvent", event)
    }

    fn KeResetEvent(event: u64) -> i32 {
        reset("KeResetEvent", event)
    }

    fn KeClearEvent(event: u64) {
        reset("KeClearEvent", event);
    }

    fn KePulseEvent(event: u64, _increment: i32, wait: u8) -> i32 {
        level(&rules::IRQL_KE_DISPATCH, "KePulseEvent", wait);
        let old = set("KePulseEvent", event);
        reset("KePulseEvent", event);
        old
    }

    fn KeReadStateEvent(event: u64) -> i32 {
        dispatcher::header(&rules::EVENT_OBJECT, event, EVENTS, "KeReadStateEvent").get(Header::SignalState)
    }

    fn KeInitializeSemaphore(semaphore: u64, count: i32, limit: i32) {
        world().hold(&rules::SEMAPHORE_COUNT, limit > 0 && (0..=limit).contains(&count), || {
            format!("KeInitializeSemaphore with count {count} and limit {limit}")
        });
        dispatcher::initialize(semaphore, object::SEMAPHORE, SEMAPHORE_WORDS, count);
        Ptr::<KSEMAPHORE>::new(semaphore).set(KSEMAPHORE::Limit, limit);
    }

    fn KeReleaseSemaphore(semaphore: u64, _increment: i32, adjustment: i32, wait: u8) -> i32 {
        level(&rules::IRQL_KE_DISPATCH, "KeReleaseSemaphore", wait);
        let p = dispatcher::header(&rules::SEMAPHORE_OBJECT, semaphore, &[object::SEMAPHORE], "KeReleaseSemaphore");
        let old = p.get(Header::SignalState);
        let limit = Ptr::<KSEMAPHORE>::new(semaphore).get(KSEMAPHORE::Limit);
        let new = old.checked_add(adjustment).filter(|&new| adjustment > 0 && new <= limit);
        world().hold(&rules::SEMAPHORE_LIMIT, new.is_some(), || {
            format!("KeReleaseSemaphore by {adjustment} at count {old}: the limit is {limit}")
        });
        p.set(Header::SignalState, new.unwrap_or(old));
        world().nt.dispatcher.signal(semaphore);
        old
    }

    fn KeReadStateSemaphore(semaphore: u64) -> i32 {
        dispatcher::header(&rules::SEMAPHORE_OBJECT, semaphore, &[object::SEMAPHORE], "KeReadStateSemaphore").get(Header::SignalState)
    }
}
