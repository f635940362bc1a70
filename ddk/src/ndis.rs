//! NDIS, NetDMA and WDM under Microsoft's names: structures, enumerations as integers, constants, functions,
//! and as functions what the headers have as macros.

pub use crate::bindings::*;
pub use crate::inline::*;
