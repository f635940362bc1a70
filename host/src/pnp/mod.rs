//! Plug and play: from an INF and a device's identifiers to the registry that the driver then reads.
//!
//! ```text
//! Inf::load -> matching::find -> Package::read -> install
//!  sections     the model         everything       registry
//! ```
//!
//! What Windows would refuse is refused, and whatever an INF checker would object to is a warning; each
//! finding names file, line, column and reason ([`Diagnostic`]). Nothing here knows about buses, images
//! or drivers: devices come as lists of identifiers, the image leaves as a path.

mod diag;
mod fold;
pub mod inf;
mod install;
mod keyword;
pub mod matching;
mod net;
mod package;
pub mod registry;
mod target;
#[cfg(test)]
mod tests;

pub use diag::{Diagnostic, Diagnostics, Position, Severity};
pub use inf::{Inf, Model};
pub use install::{Installed, install};
pub use keyword::{Keyword, KeywordKind};
pub use matching::{DeviceIds, Match, Rank};
pub use net::NetAdapter;
pub use package::{Class, Package};
pub use registry::{Key, Registry, Value};
pub use target::{Architecture, Target};
