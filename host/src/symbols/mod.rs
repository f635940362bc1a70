//! Names for code addresses: the PDB of an image, and the driver's stack walked by its unwind data.

mod codes;
mod pdb;
mod unwind;
#[cfg(test)]
mod tests;

pub use pdb::{Function, Location, SymbolError, Symbols};
pub use unwind::{Frame, Start, unwind};
