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
        ("a timer that is set", nt.timers.set_in(addr, len)),
        ("a queued DPC", nt.dpcs.queued_in(addr, len)),
        ("a spin lock that is held", nt.locks.held_in(addr, len)),
        ("a queued work item", nt.work.queued_in(addr, len)),
        ("an object that a thread waits for", nt.dispatcher.waited_for_in(addr, len)),
        ("a lookaside list that is not deleted", nt.lookaside.active_in(addr, len)),
    ];
    for (name, at) in found {
        if let Some(at) = at {
            world().violation(&rules::FREED_IN_USE, format!("{what}({addr:#x}): {at:#x} in it is {name}"));
        }
    }
}
