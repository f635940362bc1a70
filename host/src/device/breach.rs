//! A rule that the driver broke, on the way to where it is reported.
//!
//! Reporting ends the driver's thread where it stands, so nothing of the function may be borrowed then.

use crate::{verify::Rule, world::world};

/// See the module.
#[derive(Debug)]
pub(in crate::device) struct Breach {
    pub rule: &'static Rule,
    pub detail: String,
}

impl Breach {
    pub fn new(rule: &'static Rule, detail: String) -> Self {
        Self { rule, detail }
    }
}

/// What was asked for, unless it breaks a rule.
pub(in crate::device) type Checked<T = ()> = Result<T, Breach>;

/// Holds the driver to a rule: counts that it was watched, and breaks off if it is not kept.
pub(in crate::device) fn hold(rule: &'static Rule, kept: bool, detail: impl FnOnce() -> String) -> Checked {
    world().verify.watch(rule);
    if kept { Ok(()) } else { Err(Breach::new(rule, detail())) }
}

/// Ends the run in the driver's access: nothing of the function may be borrowed here.
pub(in crate::device) fn or_end<T>(result: Checked<T>) -> T {
    match result {
        Ok(value) => value,
        Err(Breach { rule, detail }) => world().violation(rule, detail),
    }
}

/// Ends the run outside the driver's calls: the scheduler does it.
pub(in crate::device) fn note(result: Checked) {
    if let Err(Breach { rule, detail }) = result {
        world().note_violation(rule, detail);
    }
}
