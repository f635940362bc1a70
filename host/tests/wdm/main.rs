//! WDM device nodes: a small function driver of class System that is sound, and the same driver with one fault at a
//! time, under the plug and play manager.

#![allow(
    clippy::cast_possible_truncation,
    clippy::doc_markdown,
    clippy::type_complexity,
    reason = "the driver's side of the binary interface is C's, with Microsoft's names"
)]

mod driver;
mod fault;
mod life;
mod machine;
mod mutants;
mod router;
mod setup;
