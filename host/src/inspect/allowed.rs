//! The list of the imports that an image is allowed and expected to have: `docs/imports.md`.
//!
//! A heading `` ## `module` `` begins a module's section, a table row `` | `Name` | reason | `` names an import.
//! `optional` in the heading marks functions that only some compilers ask for.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedImport {
    /// The module, in the list's spelling.
    pub module: String,
    /// The function.
    pub name: String,
    /// Whether the image may also do without it.
    pub optional: bool,
    /// The line of the list.
    pub line: usize,
}

/// The list.
#[derive(Clone, Debug)]
pub struct AllowedImports {
    path: PathBuf,
    rows: Vec<AllowedImport>,
}

/// What is wrong with the list itself.
#[derive(Debug, Error)]
pub enum AllowedError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The list.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A line does not have the list's form.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl AllowedImports {
    /// Reads the list.
    ///
    /// # Errors
    /// If it cannot be read or does not have the list's form.
    pub fn read(path: &Path) -> Result<Self, AllowedError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => Err(AllowedError::Unreadable { path: path.into(), error }),
        }
    }

    /// Parses the list's text; `path` stands for it in messages.
    ///
    /// # Errors
    /// If it does not have the list's form.
    pub fn parse(path: &Path, text: &str) -> Result<Self, AllowedError> {
        let mut section: Option<(String, bool)> = None;
        let mut rows: Vec<AllowedImport> = Vec::new();
        for (line, content) in (1..).zip(text.lines()) {
            let fail = |reason| AllowedError::Line { path: path.into(), line, reason };
            if let Some(heading) = content.strip_prefix("## `") {
                let (module, rest) =
                    heading.split_once('`').ok_or_else(|| fail(format!("no closing backtick: {content}")))?;
                section = Some((module.into(), rest.contains("optional")));
            } else if let Some(row) = content.strip_prefix("| `") {
                let (name, reason) = row
                    .split_once("` |")
                    .ok_or_else(|| fail(format!("expected | `Name` | reason |, found {content}")))?;
                if reason.trim_matches(['|', ' ']).is_empty() {
                    return Err(fail(format!("{name} has no reason")));
                }
                if let Some(first) = rows.iter().find(|known| known.name == name) {
                    return Err(fail(format!("{name} is already in line {}", first.line)));
                }
                let (module, optional) =
                    section.clone().ok_or_else(|| fail(format!("{name} stands before any module")))?;
                rows.push(AllowedImport { module, name: name.into(), optional, line });
            }
        }
        Ok(Self { path: path.into(), rows })
    }

    /// Where the list is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[AllowedImport] {
        &self.rows
    }

    /// Whether an import is in it.
    #[must_use]
    pub fn contains(&self, module: &str, name: &str) -> bool {
        self.rows.iter().any(|row| row.name == name && row.module.eq_ignore_ascii_case(module))
    }
}

#[cfg(test)]
mod tests {
    use super::AllowedImports;
    use std::path::Path;

    fn parse(text: &str) -> Result<AllowedImports, String> {
        AllowedImports::parse(Path::new("imports.md"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn sections_and_rows_are_read() {
        let list = parse(
            "# Imports\nText.\n## `ndis.sys`\n| Import | Why |\n|---|---|\n| `NdisA` | because |\n\
             ## `ntoskrnl.exe`, optional\n| `memcpy` | copies |\n## Elsewhere\n",
        )
        .unwrap();
        let rows: Vec<_> =
            list.rows().iter().map(|row| (row.name.as_str(), row.optional, row.line)).collect();
        assert_eq!(rows, [("NdisA", false, 6), ("memcpy", true, 8)]);
        assert!(list.contains("NDIS.SYS", "NdisA"), "modules have no case");
        assert!(!list.contains("hal.dll", "NdisA"));
    }

    #[test]
    fn mistakes_are_located() {
        for (text, message) in [
            ("| `A` | a |", "imports.md:1: A stands before any module"),
            ("## `a.sys`\n| `A` |  |", "imports.md:2: A has no reason"),
            ("## `a.sys`\n| `A` | a |\n## `b.sys`\n| `A` | a |", "imports.md:4: A is already in line 2"),
            ("## `a.sys", "imports.md:1: no closing backtick: ## `a.sys"),
        ] {
            assert_eq!(parse(text).unwrap_err(), message);
        }
    }
}
