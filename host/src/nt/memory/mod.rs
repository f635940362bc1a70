//! Pool, MDLs, contiguous memory, register space.

pub mod contiguous;
pub mod io_space;
pub mod lookaside;
pub mod mdl;
pub mod mdl_map;
pub mod pool;
pub mod system;

use crate::{verify::rules, world::world};

/// Ends the run if a range of memory that is to be freed still holds something in use.
pub fn check_free(what: &str, addr: u64, len: usize) {
    let nt = &world().nt;
    let found = [
        (&rules::FREED_TIMER, "a timer that is set", nt.timers.set_in(addr, len)),
        (&rules::FREED_DPC, "a queued DPC", nt.dpcs.queued_in(addr, len)),
        (&rules::FREED_LOCK, "a spin lock that is held", nt.locks.held_in(addr, len)),
        (&rules::FREED_WORK_ITEM, "a queued work item", nt.work.queued_in(addr, len)),
        (&rules::FREED_WAITED, "an object that a thread waits for", nt.dispatcher.waited_for_in(addr, len)),
        (&rules::FREED_LOOKASIDE, "a lookaside list that is not deleted", nt.lookaside.active_in(addr, len)),
        (&rules::FREED_RESOURCE, "a resource that is not deleted", nt.resources.active_in(addr, len)),
    ];
    for (rule, name, at) in found {
        world().hold(rule, at.is_none(), || {
            format!("{what}({addr:#x}): {:#x} in it is {name}", at.unwrap_or_default())
        });
    }
}
