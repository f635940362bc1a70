//! Callback objects: named lists of routines that drivers notify each other with.

use crate::{
    abi::{OBJECT_ATTRIBUTES, Ptr, constants as c, unicode, write},
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Tag of registrations.
const TAG: u32 = u32::from_le_bytes(*b"ExCb");
/// Names that the system creates itself.
const SYSTEM: [&str; 3] = [r"\callback\powerstate", r"\callback\processoradd", r"\callback\setsystemtime"];

#[derive(Default)]
struct Callback {
    /// Registration handle, function, context.
    routines: Vec<(u64, u64, u64)>,
    single: bool,
}

/// The callback objects of a world.
#[derive(Default)]
pub struct Callbacks {
    by_object: RefCell<BTreeMap<u64, Callback>>,
    names: RefCell<BTreeMap<String, u64>>,
}

impl Callbacks {
    /// Registrations that were not taken back.
    #[must_use]
    pub fn left(&self) -> usize {
        self.by_object.borrow().values().map(|callback| callback.routines.len()).sum()
    }

    /// Calls everything registered with the callback object of this name.
    pub fn notify(&self, name: &str, first: u64, second: u64) {
        let object = self.names.borrow().get(&name.to_lowercase()).copied();
        if let Some(object) = object {
            self.notify_object(object, first, second);
        }
    }

    fn notify_object(&self, object: u64, first: u64, second: u64) {
        let routines = self.by_object.borrow().get(&object).map(|callback| callback.routines.clone());
        for (_, function, context) in routines.unwrap_or_default() {
            call("CALLBACK_FUNCTION", function, &[context, first, second]);
        }
    }
}

imports! {
    /// Callback objects.
    TABLE from "ntoskrnl.exe";

    fn ExCreateCallback(out: u64, attributes: u64, create: u8, multiple: u8) -> u32 {
        let world = world();
        let name = unicode(Ptr::new(Ptr::<OBJECT_ATTRIBUTES>::new(attributes).get(OBJECT_ATTRIBUTES::ObjectName))).to_lowercase();
        let known = world.nt.callbacks.names.borrow().get(&name).copied();
        if let Some(object) = known {
            world.nt.objects.reference("ExCreateCallback", object);
            write(out, object);
            return c::STATUS_SUCCESS;
        }
        let system = SYSTEM.contains(&name.as_str());
        if create == 0 && !system {
            return c::STATUS_OBJECT_NAME_NOT_FOUND;
        }
        let Some(object) = world.mem.allocate(Kind::Host, 0, 64, "ExCreateCallback") else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        let gone = name.clone();
        world.nt.objects.add(object, "callback object", move || {
            let callbacks = &crate::world::world().nt.callbacks;
            callbacks.by_object.borrow_mut().remove(&object);
            callbacks.names.borrow_mut().remove(&gone);
        });
        if system {
            // The system's own reference keeps it.
            world.nt.objects.reference("ExCreateCallback", object);
        }
        world.nt.callbacks.by_object.borrow_mut().insert(object, Callback { routines: Vec::new(), single: multiple == 0 });
        if !name.is_empty() {
            world.nt.callbacks.names.borrow_mut().insert(name, object);
        }
        write(out, object);
        c::STATUS_SUCCESS
    }

    fn ExRegisterCallback(object: u64, function: u64, context: u64) -> u64 {
        let world = world();
        let Some(handle) = world.mem.allocate(Kind::Object, TAG, 16, "ExRegisterCallback") else { return 0 };
        let mut all = world.nt.callbacks.by_object.borrow_mut();
        let free = all.get_mut(&object).filter(|callback| !callback.single || callback.routines.is_empty());
        if let Some(callback) = free {
            callback.routines.push((handle, function, context));
            return handle;
        }
        drop(all);
        let _ = world.mem.free(Kind::Object, handle);
        0
    }

    fn ExUnregisterCallback(handle: u64) {
        let world = world();
        let mut known = false;
        for callback in world.nt.callbacks.by_object.borrow_mut().values_mut() {
            known |= callback.routines.iter().any(|routine| routine.0 == handle);
            callback.routines.retain(|routine| routine.0 != handle);
        }
        world.hold(&rules::CALLBACK, known, || format!("ExUnregisterCallback({handle:#x}): not registered"));
        let _ = world.mem.free(Kind::Object, handle);
    }

    fn ExNotifyCallback(object: u64, first: u64, second: u64) {
        world().nt.callbacks.notify_object(object, first, second);
    }
}
