//! Addresses of imports for drivers that call them through pointers: MmGetSystemRoutineAddress,
//! operation tables, the default routines of a lookaside list.
//!
//! An import finds its caller in the world's call site, which the stub between driver and import
//! fills. A pointer handed out at run time leads through such a stub, too.

use crate::{
    pe::{
        memory::{Memory, Protection},
        stub::{STUB, encode, write_code},
    },
    world::world,
};
use std::{cell::RefCell, collections::HashMap};

/// Room for the stubs of a world: twice as many as there are imports.
const ROOM: usize = 2048 * STUB;

/// The stubs of one world.
#[derive(Default)]
pub struct Thunks {
    memory: RefCell<Option<Memory>>,
    by_target: RefCell<HashMap<u64, u64>>,
}

impl Thunks {
    /// The address under which a driver may call `target`; `target` itself if the system gives no memory.
    #[must_use]
    pub fn entry(&self, target: u64) -> u64 {
        if let Some(&known) = self.by_target.borrow().get(&target) {
            return known;
        }
        let Some(made) = self.make(target) else { return target };
        self.by_target.borrow_mut().insert(target, made);
        made
    }

    fn make(&self, target: u64) -> Option<u64> {
        let mut memory = self.memory.borrow_mut();
        if memory.is_none() {
            *memory = Some(Memory::map(ROOM, Protection::NONE).ok()?);
        }
        let memory = memory.as_ref()?;
        let offset = self.by_target.borrow().len() * STUB;
        let site = world().call_site_cell() as u64;
        // No index in the import table stands for it.
        write_code(memory, offset, &encode(site, u32::MAX, target)).ok()?;
        Some(memory.base() + offset as u64)
    }
}
