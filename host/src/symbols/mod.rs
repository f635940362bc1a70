//! Names for code addresses: the PDB of an image, and the driver's stack walked by its unwind data.

mod codes;
mod depth;
mod pdb;
#[cfg(test)]
mod tests;
mod unwind;

pub use depth::{Deepest, Depths};
pub use pdb::{Function, Location, SymbolError, Symbols};
pub use unwind::{Frame, Start, unwind};
