//! Events behind handles, with or without a name.

use super::event;
use crate::{
    abi::{OBJECT_ATTRIBUTES, Ptr, constants as c, unicode, write, write_out},
    imports,
    mem::Kind,
    nt::{handles::Target, layout::object, status::STATUS_OBJECT_NAME_COLLISION},
    world::world,
};
use std::{cell::RefCell, collections::BTreeMap};

/// Bytes of a KEVENT.
const SIZE: usize = 24;

/// Named events of a world.
#[derive(Default)]
pub struct Named {
    events: RefCell<BTreeMap<String, u64>>,
}

fn known(name: &str) -> Option<u64> {
    world().nt.named.events.borrow().get(name).copied()
}

/// Makes an event with one reference; `None` if memory is short.
fn create(by: &'static str, name: &str, kind: u8, state: bool) -> Option<u64> {
    let world = world();
    let addr = world.mem.allocate(Kind::Host, 0, SIZE, by)?;
    event::initialize(addr, kind, state);
    let gone = name.to_owned();
    world.nt.objects.add(addr, "event", move || {
        crate::world::world().nt.named.events.borrow_mut().remove(&gone);
    });
    if !name.is_empty() {
        world.nt.named.events.borrow_mut().insert(name.to_owned(), addr);
    }
    Some(addr)
}

/// IoCreateNotificationEvent and its sibling: the event and a handle to it.
fn open_or_create(by: &'static str, name: u64, kind: u8, handle: u64) -> u64 {
    let name = unicode(Ptr::new(name)).to_lowercase();
    let addr = match known(&name) {
        Some(addr) => {
            world().nt.objects.reference(by, addr);
            addr
        }
        // These events are signalled at first.
        None => match create(by, &name, kind, true) {
            Some(addr) => addr,
            None => return 0,
        },
    };
    write(handle, world().nt.handles.open(Target::Object(addr)));
    addr
}

fn behind(handle: u64) -> Option<u64> {
    match world().nt.handles.get(handle)? {
        Target::Object(addr) => Some(addr),
        Target::Key(_) => None,
    }
}

imports! {
    /// Events behind handles.
    TABLE from "ntoskrnl.exe";

    fn IoCreateNotificationEvent(name: u64, handle: u64) -> u64 {
        open_or_create("IoCreateNotificationEvent", name, object::NOTIFICATION_EVENT, handle)
    }

    fn IoCreateSynchronizationEvent(name: u64, handle: u64) -> u64 {
        open_or_create("IoCreateSynchronizationEvent", name, object::SYNCHRONIZATION_EVENT, handle)
    }

    fn ZwCreateEvent(handle: u64, _access: u32, attributes: u64, kind: u32, state: u8) -> u32 {
        let name = if attributes == 0 {
            String::new()
        } else {
            unicode(Ptr::new(Ptr::<OBJECT_ATTRIBUTES>::new(attributes).get(OBJECT_ATTRIBUTES::ObjectName))).to_lowercase()
        };
        if !name.is_empty() && known(&name).is_some() {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        let kind = if kind == 0 { object::NOTIFICATION_EVENT } else { object::SYNCHRONIZATION_EVENT };
        let Some(addr) = create("ZwCreateEvent", &name, kind, state != 0) else { return c::STATUS_INSUFFICIENT_RESOURCES };
        write(handle, world().nt.handles.open(Target::Object(addr)));
        c::STATUS_SUCCESS
    }

    fn ZwSetEvent(handle: u64, previous: u64) -> u32 {
        let Some(addr) = behind(handle) else { return c::STATUS_INVALID_HANDLE };
        write_out(previous, event::set("ZwSetEvent", addr));
        c::STATUS_SUCCESS
    }

    fn ZwWaitForSingleObject(handle: u64, _alertable: u8, timeout: u64) -> u32 {
        let Some(addr) = behind(handle) else { return c::STATUS_INVALID_HANDLE };
        world().nt.dispatcher.wait("ZwWaitForSingleObject", vec![addr], false, super::wait::patience(timeout))
    }
}
