//! PE32+ kernel images: read, checked, mapped into this process and bound to imports.
//!
//! [`Image`] is the file and everything said about it; [`Mapped`] is it in memory, ready to run, with the stubs
//! through which it calls its imports. Nothing of a file is believed: a hostile one gets a [`PeError`].

mod bind;
mod chkstk;
mod directory;
mod error;
mod headers;
mod image;
mod map;
pub(crate) mod memory;
mod paging;
pub mod printf;
pub(crate) mod stub;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod variadic;
mod version;

pub use bind::{Binding, CallSite, LoadError, MissingImport};
pub use chkstk::{chkstk, in_chkstk};
pub use error::{PeError, Problem};
pub use image::{Export, Image, Import, PdbRef, Remark, Section};
pub use map::Mapped;
pub use paging::Absent;
pub(crate) use variadic::variadic_shim;
pub use version::Version;
