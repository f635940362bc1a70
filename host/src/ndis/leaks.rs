//! What must be gone at halt and at unload.

use super::{Ndis, adapter::Adapter};
use crate::{
    verify::{Rule, rules},
    world::world,
};

/// Items of one kind that a message lists.
const LISTED: usize = 8;

/// What is over when nothing may be left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// `MiniportAddDevice`, in vain.
    Add,
    /// `MiniportInitializeEx`, in vain.
    Initialize,
    /// `MiniportHaltEx`.
    Halt,
}

impl Phase {
    /// The rule for objects of one kind, if they have one of their own.
    fn rule(self, what: &str) -> Option<&'static Rule> {
        Some(match (self, what) {
            (Self::Initialize, "interrupt") => &rules::INIT_LEFT_INTERRUPT,
            (Self::Initialize, "timer") => &rules::INIT_LEFT_TIMER,
            (Self::Initialize, "work item") => &rules::INIT_LEFT_WORK_ITEM,
            (Self::Initialize, "scatter/gather registration") => &rules::INIT_LEFT_SG,
            (Self::Halt, "interrupt") => &rules::HALT_LEFT_INTERRUPT,
            (Self::Halt, "timer") => &rules::HALT_LEFT_TIMER,
            (Self::Halt, "work item") => &rules::HALT_LEFT_WORK_ITEM,
            (Self::Halt, "scatter/gather registration") => &rules::HALT_LEFT_SG,
            (Self::Halt, "shared memory") => &rules::HALT_LEFT_SHARED,
            (Self::Halt, "register mapping") => &rules::HALT_LEFT_MAPPING,
            (Self::Halt, "configuration handle") => &rules::HALT_LEFT_CONFIGURATION,
            (Self::Halt, "NBL pool") => &rules::HALT_LEFT_NBL_POOL,
            (Self::Halt, "NB pool") => &rules::HALT_LEFT_NB_POOL,
            (Self::Halt, "read/write lock") => &rules::HALT_LEFT_RW_LOCK,
            _ => return None,
        })
    }

    /// The rule for everything else.
    fn others(self) -> &'static Rule {
        match self {
            Self::Add => &rules::PNP_ADD_LEAK,
            Self::Initialize => &rules::INIT_LEFT,
            Self::Halt => &rules::HALT_LEFT_MEMORY,
        }
    }
}

impl Ndis {
    /// Ends the run if anything that belongs to the adapter is left.
    pub(super) fn check_nothing_left(&self, adapter: &Adapter, when: &str, phase: Phase) {
        let world = world();
        let (sends, receives) = adapter.outstanding();
        world.hold(&rules::LEFT_NBLS, sends + receives == 0, || {
            format!("{sends} sends and {receives} receives out {when}")
        });
        let left = self.objects.left(Some(adapter.handle));
        for what in self.objects.made() {
            if let Some(rule) = phase.rule(what) {
                let of_kind: Vec<String> = left
                    .iter()
                    .filter(|row| row.1 == what)
                    .map(|row| format!("{what} {:#x}", row.0))
                    .collect();
                world.hold(rule, of_kind.is_empty(), || format!("{} {when}", list(&of_kind)));
            }
        }
        let mut names: Vec<String> = left.iter().map(object).collect();
        let since = adapter.initialized_at.get();
        let owners = self.owners.borrow();
        for (&addr, _) in owners.iter().filter(|(_, o)| o.handle == adapter.handle && o.serial > since) {
            if let Some(block) = world.mem.block(addr) {
                names.push(world.block_text(&block));
            }
        }
        drop(owners);
        world.hold(phase.others(), names.is_empty(), || format!("{} {when}: {}", names.len(), list(&names)));
    }

    /// Ends the run if anything of the driver's is left after its unload.
    pub fn check_unloaded(&self) {
        let world = world();
        let mut names: Vec<String> = self.objects.left(None).iter().map(object).collect();
        names.extend(world.mem.drivers_blocks().iter().map(|block| world.block_text(block)));
        names.extend(world.nt.left_behind());
        world.hold(&rules::UNLOAD_LEAK, names.is_empty(), || {
            format!("{} left after unload: {}", names.len(), list(&names))
        });
    }
}

/// Something behind a handle: what it is, and where the driver asked for it.
fn object((handle, what): &(u64, &'static str)) -> String {
    let made = world().mem.block(*handle).map(|block| world().origin_text(&block)).unwrap_or_default();
    format!("{what} {handle:#x}{made}")
}

pub(super) fn list(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if names.len() > LISTED {
        text.push_str("; ...");
    }
    text
}
