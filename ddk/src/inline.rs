//! Functions that Microsoft's headers have as macros or inline, under their names.
#![allow(non_snake_case)]

mod irp;
mod lock;
mod mdl;
mod places;

pub use irp::*;
pub use lock::*;
pub use mdl::*;
pub use places::*;
