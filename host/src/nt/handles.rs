//! Handles of the kernel: registry keys, threads, events.

use crate::{verify::rules, world::world};
use std::{cell::RefCell, collections::BTreeMap};

/// The first handle; kernel handles are negative, and multiples of four.
const FIRST: u64 = 0xFFFF_FFFF_8000_0010;

/// What a handle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A registry key, by its kernel path.
    Key(String),
    /// A kernel object, by its address.
    Object(u64),
}

/// The open handles of a world.
#[derive(Default)]
pub struct Handles {
    open: RefCell<BTreeMap<u64, (Target, &'static str)>>,
    opened: RefCell<u64>,
}

impl Handles {
    /// A handle for `target`. Numbers are not used again, so that a stale one is noticed.
    pub fn open(&self, target: Target) -> u64 {
        let mut opened = self.opened.borrow_mut();
        let handle = FIRST.wrapping_add(*opened * 4);
        *opened += 1;
        self.open.borrow_mut().insert(handle, (target, world().sched.innermost()));
        handle
    }

    /// What a handle stands for.
    #[must_use]
    pub fn get(&self, handle: u64) -> Option<Target> {
        self.open.borrow().get(&handle).map(|(target, _)| target.clone())
    }

    /// Closes it; a handle that is not open ends the run.
    pub fn close(&self, what: &str, handle: u64) -> Target {
        let target = self.open.borrow_mut().remove(&handle);
        world().verify.watch(&rules::KERNEL_HANDLE);
        match target {
            Some((target, _)) => target,
            None => world().violation(&rules::KERNEL_HANDLE, format!("{what}({handle:#x}): no open handle")),
        }
    }

    /// What is still open, and what opened it.
    #[must_use]
    pub fn left(&self) -> Vec<(Target, &'static str)> {
        self.open.borrow().values().cloned().collect()
    }
}
