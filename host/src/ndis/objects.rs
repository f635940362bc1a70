//! What is behind the handles that NDIS gives out.

use crate::{mem::Kind, world::world};
use std::{
    any::Any,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Something behind a handle.
pub trait Object: Any {
    /// Its name in messages: "timer", "NBL pool".
    fn what(&self) -> &'static str;
    /// The adapter it belongs to; 0 for the driver's.
    fn owner(&self) -> u64;
}

/// Objects by handle. A handle is the address of a small block that says nothing to the driver.
#[derive(Default)]
pub struct Objects {
    by_handle: RefCell<BTreeMap<u64, Rc<dyn Object>>>,
    /// The kinds that were made so far.
    made: RefCell<BTreeSet<&'static str>>,
}

impl Objects {
    /// Keeps an object and gives it a handle; `None` if memory is short.
    pub fn add(&self, object: Rc<dyn Object>, by: &'static str) -> Option<u64> {
        let handle = world().mem.allocate(Kind::Host, 0, 64, by)?;
        world().mem.trace(handle);
        self.add_at(handle, object);
        Some(handle)
    }

    /// The kinds of objects that the driver has made so far.
    #[must_use]
    pub fn made(&self) -> Vec<&'static str> {
        self.made.borrow().iter().copied().collect()
    }

    /// Keeps an object under an address that the driver knows.
    pub fn add_at(&self, handle: u64, object: Rc<dyn Object>) {
        self.made.borrow_mut().insert(object.what());
        self.by_handle.borrow_mut().insert(handle, object);
    }

    /// The object of type `T` behind a handle.
    #[must_use]
    pub fn get<T: Object>(&self, handle: u64) -> Option<Rc<T>> {
        let object = self.by_handle.borrow().get(&handle).cloned()?;
        (object as Rc<dyn Any>).downcast().ok()
    }

    /// Takes the object of type `T` behind a handle away.
    pub fn remove<T: Object>(&self, handle: u64) -> Option<Rc<T>> {
        let object = self.get::<T>(handle)?;
        self.by_handle.borrow_mut().remove(&handle);
        let _ = world().mem.free(Kind::Host, handle);
        Some(object)
    }

    /// Takes an object away whose address is not a handle of ours.
    pub fn forget(&self, addr: u64) {
        self.by_handle.borrow_mut().remove(&addr);
    }

    /// What is left of an owner, or of all: handle and name.
    #[must_use]
    pub fn left(&self, owner: Option<u64>) -> Vec<(u64, &'static str)> {
        let objects = self.by_handle.borrow();
        let of = objects.iter().filter(|(_, object)| owner.is_none_or(|owner| object.owner() == owner));
        of.map(|(&handle, object)| (handle, object.what())).collect()
    }
}
