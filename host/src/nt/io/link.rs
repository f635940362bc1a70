//! Names and notifications: symbolic links, device interfaces, shutdown, plug and play.

use crate::{
    abi::{GUID, Ptr, UNICODE_STRING, constants as c, unicode, write, write_bytes},
    imports,
    mem::Kind,
    nt::{memory::pool, rtl::guid, status::STATUS_OBJECT_NAME_COLLISION},
    verify::rules,
    world::world,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

/// Tag of strings that RtlFreeUnicodeString frees.
pub const STRING_TAG: u32 = u32::from_le_bytes(*b"uSpR");
/// Tag of notification entries.
const TAG: u32 = u32::from_le_bytes(*b"IoPn");

#[derive(Default)]
struct Interface {
    enabled: bool,
}

/// The names of a world and who wants to be told what.
#[derive(Default)]
pub struct Links {
    symbolic: RefCell<BTreeMap<String, String>>,
    interfaces: RefCell<BTreeMap<String, Interface>>,
    shutdown: RefCell<BTreeSet<u64>>,
    notifications: RefCell<BTreeMap<u64, u64>>,
}

impl Links {
    /// Symbolic links and notifications that were not taken back.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        let links = self.symbolic.borrow();
        let links = links.keys().map(|name| format!("symbolic link {name}"));
        let shutdown = self.shutdown.borrow();
        let shutdown = shutdown.iter().map(|device| format!("shutdown notification of device {device:#x}"));
        let entries = self.notifications.borrow();
        let entries = entries.keys().map(|entry| format!("plug and play notification {entry:#x}"));
        links.chain(shutdown).chain(entries).collect()
    }

    /// Devices to be told of a shutdown.
    #[must_use]
    pub fn shutdown_devices(&self) -> Vec<u64> {
        self.shutdown.borrow().iter().copied().collect()
    }

    /// Device interfaces that are enabled, by symbolic link name.
    #[must_use]
    pub fn enabled_interfaces(&self) -> Vec<String> {
        let all = self.interfaces.borrow();
        all.iter().filter(|(_, interface)| interface.enabled).map(|(name, _)| name.clone()).collect()
    }
}

/// Gives a UNICODE_STRING a buffer from pool with `text`; false if memory is short.
pub fn give_string(out: u64, text: &str, by: &'static str) -> bool {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let Ok(len) = u16::try_from(units.len()) else { return false };
    let buffer = pool::allocate(by, c::PagedPool, u64::from(len) + 2, STRING_TAG);
    if buffer == 0 {
        return false;
    }
    write_bytes(buffer, &units);
    write(buffer + u64::from(len), 0_u16);
    let p: Ptr<UNICODE_STRING> = Ptr::new(out);
    p.set(UNICODE_STRING::Length, len);
    p.set(UNICODE_STRING::MaximumLength, len.saturating_add(2));
    p.set(UNICODE_STRING::Buffer, buffer);
    true
}

fn link(name: u64, target: u64) -> u32 {
    let (name, target) = (unicode(Ptr::new(name)).to_lowercase(), unicode(Ptr::new(target)));
    if !name.starts_with('\\') {
        return crate::nt::status::STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    let mut links = world().nt.links.symbolic.borrow_mut();
    if links.contains_key(&name) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    links.insert(name, target);
    c::STATUS_SUCCESS
}

fn unregister(what: &str, entry: u64) -> u32 {
    let known = world().nt.links.notifications.borrow_mut().remove(&entry);
    world().hold(&rules::NOTIFICATION, known.is_some(), || format!("{what}({entry:#x}): not registered"));
    let _ = world().mem.free(Kind::Object, entry);
    c::STATUS_SUCCESS
}

imports! {
    /// Names and notifications.
    TABLE from "ntoskrnl.exe";

    fn IoCreateSymbolicLink(name: u64, target: u64) -> u32 {
        link(name, target)
    }

    fn IoCreateUnprotectedSymbolicLink(name: u64, target: u64) -> u32 {
        link(name, target)
    }

    fn IoDeleteSymbolicLink(name: u64) -> u32 {
        let name = unicode(Ptr::new(name)).to_lowercase();
        let known = world().nt.links.symbolic.borrow_mut().remove(&name);
        if known.is_some() { c::STATUS_SUCCESS } else { c::STATUS_OBJECT_NAME_NOT_FOUND }
    }

    fn IoRegisterDeviceInterface(pdo: u64, class: u64, reference: u64, out: u64) -> u32 {
        let class = guid::text(Ptr::<GUID>::new(class));
        let reference = unicode(Ptr::new(reference));
        let mut name = format!(r"\??\FERRITE#{pdo:x}#{class}");
        if !reference.is_empty() {
            name.push('\\');
            name.push_str(&reference);
        }
        if !give_string(out, &name, "IoRegisterDeviceInterface") {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        }
        world().nt.links.interfaces.borrow_mut().entry(name).or_default();
        c::STATUS_SUCCESS
    }

    fn IoSetDeviceInterfaceState(name: u64, enable: u8) -> u32 {
        let name = unicode(Ptr::new(name));
        let mut all = world().nt.links.interfaces.borrow_mut();
        let Some(interface) = all.get_mut(&name) else { return c::STATUS_OBJECT_NAME_NOT_FOUND };
        if interface.enabled && enable != 0 {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        interface.enabled = enable != 0;
        c::STATUS_SUCCESS
    }

    fn IoGetDeviceInterfaces(_class: u64, _pdo: u64, _flags: u32, out: u64) -> u32 {
        // An empty list: a double NUL in pool that the caller frees.
        let list = pool::allocate("IoGetDeviceInterfaces", c::PagedPool, 4, STRING_TAG);
        if list != 0 {
            write(list, 0_u32);
        }
        write(out, list);
        if list == 0 { c::STATUS_INSUFFICIENT_RESOURCES } else { c::STATUS_SUCCESS }
    }

    fn IoRegisterShutdownNotification(device: u64) -> u32 {
        world().nt.links.shutdown.borrow_mut().insert(device);
        c::STATUS_SUCCESS
    }

    fn IoRegisterLastChanceShutdownNotification(device: u64) -> u32 {
        world().nt.links.shutdown.borrow_mut().insert(device);
        c::STATUS_SUCCESS
    }

    fn IoUnregisterShutdownNotification(device: u64) {
        world().nt.links.shutdown.borrow_mut().remove(&device);
    }

    fn IoRegisterPlugPlayNotification(_category: u32, _flags: u32, _data: u64, _driver: u64, callback: u64, _context: u64, out: u64) -> u32 {
        // No devices of other classes come or go.
        let Some(entry) = world().mem.allocate(Kind::Object, TAG, 16, "IoRegisterPlugPlayNotification") else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        world().nt.links.notifications.borrow_mut().insert(entry, callback);
        write(out, entry);
        c::STATUS_SUCCESS
    }

    fn IoUnregisterPlugPlayNotification(entry: u64) -> u32 {
        unregister("IoUnregisterPlugPlayNotification", entry)
    }

    fn IoUnregisterPlugPlayNotificationEx(entry: u64) -> u32 {
        unregister("IoUnregisterPlugPlayNotificationEx", entry)
    }

    fn IoWMIRegistrationControl(_device: u64, _action: u32) -> u32 {
        c::STATUS_SUCCESS
    }

    fn IoWMIWriteEvent(event: u64) -> u32 {
        // The event is the system's from here on, if it is accepted.
        pool::free("IoWMIWriteEvent", event, None);
        c::STATUS_SUCCESS
    }
}
