//! Sections of the driver's image that are not always in memory.
//!
//! As with Driver Verifier's IRQL checking, all that is pageable is paged out whenever the CPU that runs is at
//! `DISPATCH_LEVEL` or above. A touch below that level brings its section back; one at that level ends the run.

use super::World;
use crate::{
    cpu::DISPATCH,
    pe::Absent,
    verify::{Rule, rules},
};

/// The rule that pageable sections are not touched at raised IRQL.
fn rule_of(executable: bool) -> &'static Rule {
    if executable { &rules::PAGEABLE_CODE } else { &rules::PAGEABLE_DATA }
}

impl World {
    /// The CPU that runs is at this level now.
    pub(crate) fn at_level(&self, level: u8) {
        self.mem.at_level(level);
        if level >= DISPATCH && self.pageable.get() {
            self.trim();
        }
    }

    /// Pages out the sections of the image that may be, and notes whether there are any.
    pub(crate) fn trim(&self) {
        if let Some(image) = self.image.borrow().as_ref() {
            self.pageable.set(image.mapped.is_paged());
            image.mapped.trim();
        }
    }

    /// `DriverEntry` has returned: what it alone needed is dropped.
    pub fn discard_initialization(&self) {
        if self.image.borrow().as_ref().is_some_and(|image| image.mapped.discard()) {
            self.verify.watch(&rules::DISCARDED);
        }
    }

    /// Brings back what was paged out, if the level allows it. In the middle of anything: no allocation.
    pub(super) fn page_in(&self, address: u64) -> bool {
        if !self.pageable.get() || self.cpu().irql() >= DISPATCH {
            return false;
        }
        let Ok(image) = self.image.try_borrow() else { return false };
        let came = image.as_ref().and_then(|image| image.mapped.page_in(address));
        if let Some(executable) = came {
            self.verify.watch(rule_of(executable));
        }
        came.is_some()
    }

    /// The rule that a touch of a section that is not there breaks, and which section that is.
    pub(super) fn absent(&self, address: u64) -> Option<(&'static Rule, String)> {
        let image = self.image.borrow();
        let image = image.as_ref()?;
        let Absent { section, executable, discarded } = image.mapped.absent(address)?;
        let rule = if discarded { &rules::DISCARDED } else { rule_of(executable) };
        let what = if discarded { "was discarded after DriverEntry" } else { "is pageable" };
        Some((rule, format!("section {section} of {} {what}", image.name)))
    }

    /// The image goes: none of its sections may be locked.
    pub(crate) fn check_unlocked(&self) {
        let locked = self.image.borrow().as_ref().map(|image| image.mapped.locked()).unwrap_or_default();
        self.hold(&rules::SECTION_LOCKED, locked.is_empty(), || {
            format!("the driver is unloaded with sections locked: {}", locked.join(", "))
        });
    }
}
