//! What can be wrong with an image.

use thiserror::Error;

/// A file that cannot be used as a kernel image: which file, and what is wrong with it where.
#[derive(Debug, Error)]
#[error("{file}: {problem}")]
pub struct PeError {
    /// The file, as it was named.
    pub file: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with an image, and where in it.
#[derive(Debug, Error)]
pub enum Problem {
    /// The file cannot be read at all.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The headers make no sense.
    #[error("{what} (file offset {offset:#x})")]
    Header {
        /// What was expected there.
        what: String,
        /// Where.
        offset: u64,
    },
    /// An image, but not for this use.
    #[error("{0}")]
    Unsuitable(String),
    /// A section that does not fit file or image.
    #[error("section {index} ({name}): {what}")]
    Section {
        /// Its place in the section table, from 0.
        index: usize,
        /// Its name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A data directory or something it leads to.
    #[error("{directory} directory: {what} (RVA {rva:#x})")]
    Directory {
        /// Which one.
        directory: &'static str,
        /// What is wrong.
        what: String,
        /// Where.
        rva: u32,
    },
}
