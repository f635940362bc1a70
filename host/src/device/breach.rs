//! A rule that the driver broke, on the way to where it is reported.
//!
//! Reporting ends the driver's thread where it stands, so nothing of the function may be borrowed then.

use crate::verify::Rule;

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
