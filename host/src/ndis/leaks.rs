//! What must be gone at halt and at unload.

use super::{Ndis, adapter::Adapter};
use crate::{
    verify::{Rule, rules},
    world::world,
};

/// Items of one kind that a message lists.
const LISTED: usize = 8;

impl Ndis {
    /// Ends the run if anything that belongs to the adapter is left.
    pub(super) fn check_nothing_left(&self, adapter: &Adapter, when: &str, rule: &'static Rule) {
        let world = world();
        let (sends, receives) = adapter.outstanding();
        if sends + receives > 0 {
            world.violation(&rules::NBL_LEAK, format!("{sends} sends and {receives} receives out {when}"));
        }
        let left = self.objects.left(Some(adapter.handle));
        if left.iter().any(|(_, what)| *what == "interrupt") {
            world.violation(&rules::INTERRUPT_LEFT, format!("an interrupt is registered {when}"));
        }
        if left.iter().any(|(_, what)| *what == "timer") {
            world.violation(&rules::TIMER_LEFT, format!("a timer is allocated {when}"));
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
        if !names.is_empty() {
            world.violation(rule, format!("{} {when}: {}", names.len(), list(&names)));
        }
    }

    /// Ends the run if anything of the driver's is left after its unload.
    pub fn check_unloaded(&self) {
        let world = world();
        let mut names: Vec<String> = self.objects.left(None).iter().map(object).collect();
        names.extend(world.mem.drivers_blocks().iter().map(|block| world.block_text(block)));
        names.extend(world.nt.left_behind());
        if !names.is_empty() {
            world.violation(
                &rules::UNLOAD_LEAK,
                format!("{} left after unload: {}", names.len(), list(&names)),
            );
        }
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
