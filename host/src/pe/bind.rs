//! What imports are bound to.

use std::fmt;

use thiserror::Error;

use super::PeError;

/// What a resolver gives for an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A function in the win64 convention; called through a stub that fills the [`CallSite`]. The stub
    /// uses rax, which is free at a win64 call.
    Code(u64),
    /// Code that takes arguments in unusual registers (`__chkstk`: rax); called without a stub.
    Raw(u64),
    /// A variable: the driver gets its address.
    Data(u64),
}

/// The driver's state at its latest call of an import, filled by the import's stub.
///
/// One cell serves a whole world, since only one driver thread runs at a time: an import takes what it
/// needs before it lets another coroutine run.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallSite {
    /// Stack pointer at the import's first instruction: points at the return address.
    pub rsp: u64,
    /// Frame pointer of the caller.
    pub rbp: u64,
    /// The caller's other nonvolatile registers, for unwinding.
    pub rbx: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub rsi: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub rdi: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub r12: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub r13: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub r14: u64,
    #[allow(missing_docs, reason = "as rbx")]
    pub r15: u64,
    /// Index of the import in [`Image::imports`](super::Image::imports).
    pub import: u64,
}

/// An import that nobody provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingImport {
    /// The module it is asked of.
    pub module: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for MissingImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.module, self.name)
    }
}

/// Why an image was not loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The image itself is unfit.
    #[error(transparent)]
    Image(#[from] PeError),
    /// Imports that nobody provides, all of them.
    #[error("{image}: {} missing: {}", count(missing.len()), list(missing))]
    Missing {
        /// The image.
        image: String,
        /// In the order of the import table.
        missing: Vec<MissingImport>,
    },
    /// The system refused memory or protections.
    #[error("{image}: {what}: {source}")]
    System {
        /// The image.
        image: String,
        /// What was asked for.
        what: String,
        /// Its answer.
        source: std::io::Error,
    },
}

fn count(n: usize) -> String {
    if n == 1 { "1 import is".into() } else { format!("{n} imports are") }
}

fn list(missing: &[MissingImport]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
