//! Checks that many calls share: object headers, handles, order.

use super::adapter::Adapter;
use crate::{
    abi::{NDIS_OBJECT_HEADER, Ptr},
    verify::rules,
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

/// The header of a structure that the driver passed; a wrong type ends the run.
#[must_use]
pub fn header(addr: u64, name: &str, kind: u32) -> Header {
    let p: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(addr);
    if p.is_null() {
        world().violation(&rules::OBJECT_HEADER, format!("{name} is NULL"));
    }
    let found = u32::from(p.get(NDIS_OBJECT_HEADER::Type));
    if found != kind {
        world().violation(&rules::OBJECT_HEADER, format!("{name}: header type {found:#x}, not {kind:#x}"));
    }
    Header { revision: p.get(NDIS_OBJECT_HEADER::Revision), size: p.get(NDIS_OBJECT_HEADER::Size) }
}

/// A header that must have at least a revision and its size.
pub fn sized(addr: u64, name: &str, kind: u32, revision: u8, size: u32) {
    let found = header(addr, name, kind);
    if found.revision < revision || u32::from(found.size) < size {
        world().violation(
            &rules::OBJECT_HEADER,
            format!(
                "{name}: revision {} size {}, at least {revision} and {size}",
                found.revision, found.size
            ),
        );
    }
}

/// The adapter behind a handle; a bad handle ends the run.
#[must_use]
pub fn adapter(handle: u64) -> Rc<Adapter> {
    let world = world();
    match world.ndis.adapter(handle) {
        Some(adapter) => adapter,
        None => world.violation(&rules::HANDLE, format!("{handle:#x} is not a miniport adapter handle")),
    }
}

/// A call that needs the registration attributes first (NDIS-INIT-02).
#[must_use]
pub fn registered(handle: u64, what: &str) -> Rc<Adapter> {
    let adapter = adapter(handle);
    if adapter.attribute_flags.get().is_none() {
        world().violation(
            &rules::ORDER,
            format!("{what} before the registration attributes are set (NDIS-INIT-02)"),
        );
    }
    adapter
}

/// A call that belongs into `MiniportInitializeEx` only.
pub fn initializing(adapter: &Adapter, what: &str, rule: &str) {
    if adapter.state() != super::adapter::State::Initializing {
        world().violation(
            &rules::ORDER,
            format!("{what} in state {}: only in MiniportInitializeEx ({rule})", adapter.state()),
        );
    }
}
