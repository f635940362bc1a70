//! Reference counts of kernel objects, and object handles.

use crate::{
    abi::{constants as c, write, write_out},
    imports,
    mem::Kind,
    nt::handles::Target,
    verify::rules,
    world::world,
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

struct Object {
    count: i64,
    what: &'static str,
    delete: Rc<dyn Fn()>,
}

/// The objects of a world whose references are counted.
#[derive(Default)]
pub struct Objects {
    all: RefCell<BTreeMap<u64, Object>>,
}

impl Objects {
    /// Counts the references of the object at `addr`, a block of [`Kind::Host`]: it has one now. `delete`
    /// runs when the last is gone, before the block is freed.
    pub fn add(&self, addr: u64, what: &'static str, delete: impl Fn() + 'static) {
        self.all.borrow_mut().insert(addr, Object { count: 1, what, delete: Rc::new(delete) });
    }

    /// One more; answers the new count.
    pub fn reference(&self, what: &str, addr: u64) -> i64 {
        self.change(what, addr, 1)
    }

    /// One less; answers the new count. The last one frees the object.
    pub fn release(&self, what: &str, addr: u64) -> i64 {
        let left = self.change(what, addr, -1);
        if left == 0 {
            let object = self.all.borrow_mut().remove(&addr);
            if let Some(object) = object {
                (object.delete)();
            }
            let _ = world().mem.free(Kind::Host, addr);
        }
        left
    }

    /// How many references there are; `None` for what is no such object.
    #[must_use]
    pub fn count(&self, addr: u64) -> Option<i64> {
        self.all.borrow().get(&addr).map(|object| object.count)
    }

    /// Objects of a kind that are still referenced.
    #[must_use]
    pub fn left(&self, what: &str) -> Vec<u64> {
        self.all.borrow().iter().filter(|(_, object)| object.what == what).map(|(&addr, _)| addr).collect()
    }

    fn change(&self, what: &str, addr: u64, by: i64) -> i64 {
        let count = self.all.borrow_mut().get_mut(&addr).map(|object| {
            object.count += by;
            object.count
        });
        world().verify.watch(&rules::REFERENCE);
        match count {
            Some(count) => count,
            None => world()
                .violation(&rules::REFERENCE, format!("{what}: {addr:#x} is no object, or a deleted one")),
        }
    }
}

imports! {
    /// Objects and handles.
    TABLE from "ntoskrnl.exe";

    fn ObfReferenceObject(object: u64) -> i64 {
        world().nt.objects.reference("ObReferenceObject", object)
    }

    fn ObfDereferenceObject(object: u64) -> i64 {
        world().nt.objects.release("ObDereferenceObject", object)
    }

    fn ObReferenceObject(object: u64) -> i64 {
        world().nt.objects.reference("ObReferenceObject", object)
    }

    fn ObDereferenceObject(object: u64) -> i64 {
        world().nt.objects.release("ObDereferenceObject", object)
    }

    fn ObDereferenceObjectDeferDelete(object: u64) {
        world().nt.objects.release("ObDereferenceObjectDeferDelete", object);
    }

    fn ObReferenceObjectByPointer(object: u64, _access: u32, _kind: u64, _mode: u8) -> u32 {
        world().nt.objects.reference("ObReferenceObjectByPointer", object);
        c::STATUS_SUCCESS
    }

    fn ObReferenceObjectByHandle(handle: u64, _access: u32, _kind: u64, _mode: u8, out: u64, information: u64) -> u32 {
        let Some(target) = world().nt.handles.get(handle) else { return c::STATUS_INVALID_HANDLE };
        let Target::Object(object) = target else { return c::STATUS_OBJECT_TYPE_MISMATCH };
        world().nt.objects.reference("ObReferenceObjectByHandle", object);
        write_out(information, 0_u64);
        write(out, object);
        c::STATUS_SUCCESS
    }

    fn ZwClose(handle: u64) -> u32 {
        let world = world();
        if let Target::Object(object) = world.nt.handles.close("ZwClose", handle) {
            world.nt.objects.release("ZwClose", object);
        }
        c::STATUS_SUCCESS
    }
}
