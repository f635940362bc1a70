//! Special pool: what is said of an access to memory that is not, or not any more, the driver's.

use super::{World, try_world, world};
use crate::{
    mem::{
        Block,
        special::{Away, Place, Trespass},
    },
    nt::memory::pool::tag_name,
    verify::{Rule, rules},
};
use std::fmt::Write as _;

impl World {
    /// The rule that an access to an address out of reach breaks, and what is there.
    pub(super) fn trespass(&self, address: u64) -> Option<(&'static Rule, String)> {
        let found = self.mem.trespass(address)?;
        let rule = match found.place {
            Place::Beyond => &rules::BEYOND_END,
            Place::Before => &rules::BEFORE_START,
            Place::Freed => &rules::FREED_MEMORY,
            Place::Away(away) => rule_of(away),
            Place::Paged => &rules::PAGED_MEMORY,
        };
        Some((rule, self.describe(&found)))
    }

    fn describe(&self, found: &Trespass) -> String {
        let Trespass { block, place, offset } = found;
        let place = match place {
            Place::Beyond => format!("{offset} bytes beyond the end of"),
            Place::Before => format!("{offset} bytes before the start of"),
            Place::Paged => format!("{offset} bytes into paged pool,"),
            Place::Freed => format!("{offset} bytes into what was"),
            Place::Away(Away::Indicated) => {
                format!("{offset} bytes into what NDIS owns until it is returned,")
            }
            Place::Away(Away::Completed) => {
                format!("{offset} bytes into what went back with its completion,")
            }
        };
        format!("{place} {}", self.block_text(block))
    }

    /// A block in a message: its size, kind, tag, the import that made it, and who called that.
    #[must_use]
    pub fn block_text(&self, block: &Block) -> String {
        let mut text = format!("{} bytes of {:?}", block.size, block.kind);
        if block.tag != 0 {
            let _ = write!(text, ", tag {}", tag_name(block.tag));
        }
        text + &self.origin_text(block)
    }

    /// The import that made a block, and the driver's stack there.
    #[must_use]
    pub fn origin_text(&self, block: &Block) -> String {
        let mut text = format!(", from {}", block.by);
        for (i, line) in self.functions(&block.stack).iter().enumerate() {
            let _ = write!(text, "{} {line}", if i == 0 { ", called at" } else { " <" });
        }
        text
    }
}

/// Counts that special pool watches a rule at a place.
pub(crate) fn watch_special(rule: &Rule) {
    if let Some(world) = try_world() {
        world.verify.watch(rule);
    }
}

/// The rule that a touch of what is away breaks.
pub(crate) fn rule_of(away: Away) -> &'static Rule {
    match away {
        Away::Indicated => &rules::INDICATED_MEMORY,
        Away::Completed => &rules::COMPLETED_MEMORY,
    }
}

/// Ends the run if the host is about to touch memory for the driver that is nobody's: an import was handed it.
pub(crate) fn check_reach(addr: u64, len: u64) {
    let Some(world) = try_world() else { return };
    if len == 0 || world.mem.reachable(addr, len) || world.verify.is_over() {
        return;
    }
    let detail = format!("{len} bytes at {addr:#x} touched for the driver");
    // The range may begin inside of a block and end beyond it.
    let found = (0..len).step_by(16).chain([len.saturating_sub(1)]).map(|at| addr + at);
    let found = found.filter(|&at| !world.mem.reachable(at, 1)).find_map(|at| world.trespass(at));
    let (rule, detail) = match found {
        Some((rule, block)) => (rule, format!("{detail}: {block}")),
        None => (&rules::FREED_MEMORY, detail),
    };
    if world.sched.current().is_some() {
        world.violation(rule, detail);
    }
    world.note_violation(rule, detail);
}

/// Ends the run if the driver hands an import an NBL or NB that is not its own.
pub(crate) fn check_owned(what: &str, addr: u64) {
    let world = world();
    if let Some((away, block)) = world.mem.away(addr).zip(world.mem.block(addr)) {
        let text = format!("{what}({addr:#x}): it is not the driver's: {}", world.block_text(&block));
        world.violation(rule_of(away), text);
    }
}

/// Ends the run if a block that is freed was written around, or is somebody else's now.
pub(crate) fn check_special(block: &Block, damage: Option<u64>, away: Option<Away>) {
    let Some(world) = try_world() else { return };
    if let Some(away) = away {
        let text = format!("freed while it is not the driver's: {}", world.block_text(block));
        world.violation(rule_of(away), text);
    }
    let Some(at) = damage else { return };
    let text = match at.checked_sub(block.addr + block.size as u64) {
        Some(offset) => format!("written {offset} bytes beyond the end of"),
        None => format!("written {} bytes before the start of", block.addr - at),
    };
    world.violation(&rules::SPECIAL_POOL, format!("{text} {}", world.block_text(block)));
}
