//! A rule that the driver broke, on the way to where it is reported.
//!
//! Reporting ends the driver's thread where it stands, so nothing of the host's may be borrowed then.

use super::Rule;
use crate::world::world;
use std::fmt;

/// See the module.
#[derive(Debug)]
pub struct Breach {
    /// The rule.
    pub rule: &'static Rule,
    /// What happened.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.rule.name, self.rule.id, self.detail)
    }
}

impl Breach {
    /// Of a rule.
    #[must_use]
    pub fn new(rule: &'static Rule, detail: String) -> Self {
        Self { rule, detail }
    }
}

/// What was asked for, unless it breaks a rule.
pub type Checked<T = ()> = Result<T, Breach>;

/// Holds the driver to a rule: counts that it was watched, and breaks off if it is not kept.
///
/// # Errors
/// It is not kept.
pub fn hold(rule: &'static Rule, kept: bool, detail: impl FnOnce() -> String) -> Checked {
    world().verify.watch(rule);
    if kept { Ok(()) } else { Err(Breach::new(rule, detail())) }
}

/// Ends the run in the driver's access: nothing of the host's may be borrowed here.
pub fn or_end<T>(result: Checked<T>) -> T {
    match result {
        Ok(value) => value,
        Err(Breach { rule, detail }) => world().violation(rule, detail),
    }
}

/// Ends the run outside the driver's calls: the scheduler does it.
pub fn note(result: Checked) {
    if let Err(Breach { rule, detail }) = result {
        world().note_violation(rule, detail);
    }
}
