//! Errors, under the names by which `wdk-sys`'s build script makes and passes them on.

use std::{io, path::PathBuf};
use thiserror::Error;

/// An I/O error and the path that it happened at.
#[derive(Debug, Error)]
#[error("{}: {source}", path.display())]
pub struct IoError {
    path: PathBuf,
    source: io::Error,
}

impl IoError {
    /// Adds the path to an I/O error.
    pub fn with_path(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { path: path.into(), source }
    }
}

/// What can be wrong with the configuration of a driver build.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file or folder could not be read or written, or a program not be started.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The build is not for the target that drivers are built for.
    #[error("drivers are built for {expected}, not for {target}", expected = crate::TARGET)]
    NotADriverTarget {
        /// The target that cargo is building for.
        target: String,
    },
    /// A folder that the build needs does not exist.
    #[error("cannot find directory {directory}: {hint}")]
    DirectoryNotFound {
        /// The folder.
        directory: PathBuf,
        /// Where it should have come from.
        hint: &'static str,
    },
    /// A feature of `wdk-sys` asks for headers that only the real `wdk-build` offers.
    #[error("the headers of {subset:?} are not offered on this host: only the base of wdk-sys is")]
    UnsupportedSubset {
        /// The part of the interface.
        subset: crate::ApiSubset,
    },
    /// cargo did not set a variable that build scripts rely on, or the user has to.
    #[error("the environment variable {name} is not set: {hint}")]
    MissingVariable {
        /// The variable.
        name: &'static str,
        /// Who sets it.
        hint: &'static str,
    },
    /// The import list does not have the expected form.
    #[error("{}:{line}: {reason}", path.display())]
    ImportList {
        /// The list.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The librarian refused a module definition.
    #[error("{program} could not make {} ({status})", library.display())]
    Librarian {
        /// The program that was run.
        program: String,
        /// The library that it was to make.
        library: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// bindgen does not know the Rust version that bindings are generated for.
    #[error("bindgen: {0}")]
    Bindgen(String),
}
