//! Interrupt request level, spin locks, and what threads wait for.

pub mod dispatcher;
pub mod event;
pub mod irql;
pub mod locks;
pub mod mutex;
pub mod named;
pub mod resource;
pub mod rundown;
pub mod spin;
pub mod wait;

use crate::{verify::Rule, world::world};

/// Holds the caller of `what` to a level; for bounds that depend on the arguments of a call.
pub fn at_most(rule: &'static Rule, what: &str, level: u8) {
    let irql = world().cpu().irql();
    world().hold(rule, irql <= level, || format!("{what} called at IRQL {irql}; documented: <= {level}"));
}
