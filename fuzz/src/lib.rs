//! What fuzzing asks of the crates that have no FFI: one function per target, which takes any bytes and panics if a
//! property does not hold.
//!
//! The libFuzzer programs in `fuzz_targets/` do nothing but call these; `tests/corpora.rs` calls them with every
//! input that is kept. So a finding is an ordinary failing test, on any toolchain.

pub mod inf;
mod input;
pub mod keywords;
mod memory;
pub mod netdma_chain;
pub mod nvm;
pub mod oid_buffer;
pub mod pe;
pub mod phy;
pub mod sg_list;
pub mod write_back;

/// A target: a name, which is also that of its folders and of its program, and what runs one input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("inf", inf::run),
    ("keywords", keywords::run),
    ("netdma_chain", netdma_chain::run),
    ("nvm", nvm::run),
    ("oid_buffer", oid_buffer::run),
    ("pe", pe::run),
    ("phy", phy::run),
    ("sg_list", sg_list::run),
    ("write_back", write_back::run),
];
