//! Checks that many calls share: object headers, handles, order.

use super::adapter::{Adapter, State};
use crate::{
    abi::{NDIS_OBJECT_HEADER, Ptr},
    verify::{Rule, rules},
    world::world,
};
use std::rc::Rc;

/// An object header.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Revision.
    pub revision: u8,
    /// Size in bytes.
    pub size: u16,
}

/// The header of a structure that the driver passed; a wrong type breaks the rule.
#[must_use]
pub fn header(rule: &'static Rule, addr: u64, name: &str, kind: u32) -> Header {
    let p: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(addr);
    world().hold(rule, !p.is_null(), || format!("{name} is NULL"));
    let found = u32::from(p.get(NDIS_OBJECT_HEADER::Type));
    world().hold(rule, found == kind, || format!("{name}: header type {found:#x}, not {kind:#x}"));
    Header { revision: p.get(NDIS_OBJECT_HEADER::Revision), size: p.get(NDIS_OBJECT_HEADER::Size) }
}

/// A header that must have at least a revision and its size.
pub fn sized(rule: &'static Rule, addr: u64, name: &str, kind: u32, revision: u8, size: u32) {
    let found = header(rule, addr, name, kind);
    world().hold(rule, found.revision >= revision && u32::from(found.size) >= size, || {
        format!("{name}: revision {} size {}, at least {revision} and {size}", found.revision, found.size)
    });
}

/// The adapter behind a handle; a bad handle ends the run.
#[must_use]
pub fn adapter(handle: u64) -> Rc<Adapter> {
    let world = world();
    world.verify.watch(&rules::HANDLE_ADAPTER);
    match world.ndis.adapter(handle) {
        Some(adapter) => adapter,
        None => {
            world.violation(&rules::HANDLE_ADAPTER, format!("{handle:#x} is not a miniport adapter handle"))
        }
    }
}

/// A call that needs the registration attributes first (NDIS-INIT-02).
#[must_use]
pub fn registered(handle: u64, what: &str) -> Rc<Adapter> {
    registered_as(&rules::INIT_REGISTRATION, handle, what)
}

/// The same by a rule of its own.
#[must_use]
pub fn registered_as(rule: &'static Rule, handle: u64, what: &str) -> Rc<Adapter> {
    let adapter = adapter(handle);
    world().hold(rule, adapter.attribute_flags.get().is_some(), || {
        format!("{what} before the registration attributes are set")
    });
    adapter
}

/// A call that belongs into `MiniportInitializeEx` only.
pub fn initializing(rule: &'static Rule, adapter: &Adapter, what: &str) {
    world().hold(rule, adapter.state() == State::Initializing, || {
        format!("{what} in state {}: only in MiniportInitializeEx", adapter.state())
    });
}

/// A call that belongs into `MiniportInitializeEx` or `MiniportHaltEx`.
pub fn releasing(rule: &'static Rule, adapter: &Adapter, what: &str) {
    let state = adapter.state();
    world().hold(rule, matches!(state, State::Initializing | State::Halting), || {
        format!("{what} in state {state}: only in MiniportInitializeEx and MiniportHaltEx")
    });
}
