//! Reads an INF: the file that tells Windows which devices a driver serves and what to write where.
//!
//! [`Inf::load`] takes a file apart into sections, replaces its `%strkey%` tokens and reads `[Version]` and
//! the models. What installing one of the models does is [`super::Package`]'s business. Everything keeps
//! its position, so that whatever is found wrong later can still be reported with file and line.

mod addreg;
pub mod dirid;
mod encoding;
mod files;
mod lexer;
mod lint;
mod models;
pub(super) mod number;
mod service;
mod strings;
mod version;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

pub use addreg::{Action, Entry, Mode, Root};
pub use files::CopiedFile;
pub use models::{Manufacturer, Model, ModelsSection};
pub use service::{EventLog, Service};
pub use version::{DriverVersion, Version};

pub(super) use addreg::{add_reg, del_reg};
pub(super) use files::copy_files;
pub(super) use lint::check_directives;
pub(super) use service::services;

use super::diag::{Diagnostic, Diagnostics, Log, Position};
use super::fold::{fold, same};
use super::target::Target;

/// No INF comes near this; a larger file is something else.
const MAX_FILE: u64 = 16 << 20;

/// A field: text after substitution, and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The text, without the quotes.
    pub text: String,
    /// Where it starts.
    pub at: Position,
}

/// An entry of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it starts.
    pub at: Position,
    /// What stands before `=`, if there is one.
    pub key: Option<Field>,
    /// The values, separated by commas.
    pub values: Vec<Field>,
}

impl Line {
    /// The text of value `index`; empty if the line has fewer.
    #[must_use]
    pub fn value(&self, index: usize) -> &str {
        self.values.get(index).map_or("", |f| &f.text)
    }

    /// Value `index`, unless it is absent or empty.
    #[must_use]
    pub fn field(&self, index: usize) -> Option<&Field> {
        self.values.get(index).filter(|f| !f.text.is_empty())
    }

    /// Where value `index` stands, or the line if it is absent.
    #[must_use]
    pub fn place(&self, index: usize) -> Position {
        self.values.get(index).map_or(self.at, |f| f.at)
    }

    /// The values that name something: empty ones (a doubled comma) are left out.
    pub fn names(&self) -> impl Iterator<Item = &Field> {
        self.values.iter().filter(|f| !f.text.is_empty())
    }
}

/// A section, all its parts merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name as first written.
    pub name: String,
    /// Each place in the file that begins or continues it.
    pub headers: Vec<Position>,
    /// Its entries in file order.
    pub lines: Vec<Line>,
}

impl Section {
    /// Where the section begins.
    #[must_use]
    pub fn at(&self) -> Position {
        self.headers.first().copied().unwrap_or(Position::START)
    }

    /// All entries `key = ...`.
    pub fn all<'s>(&'s self, key: &str) -> impl Iterator<Item = &'s Line> {
        self.lines.iter().filter(move |l| l.key.as_ref().is_some_and(|k| same(&k.text, key)))
    }

    /// The first entry `key = ...`.
    #[must_use]
    pub fn first<'s>(&'s self, key: &str) -> Option<&'s Line> {
        self.all(key).next()
    }
}

/// An INF, read for one [`Target`].
#[derive(Clone, Debug)]
pub struct Inf {
    file: Arc<str>,
    target: Target,
    sections: Vec<Section>,
    index: HashMap<String, usize>,
    version: Version,
    manufacturers: Vec<Manufacturer>,
    warnings: Vec<Diagnostic>,
}

impl Inf {
    /// Reads the INF at `path` as Windows `target` would.
    ///
    /// # Errors
    /// The file cannot be read, or is not a valid INF: each reason with its place.
    pub fn load(path: &Path, target: Target) -> Result<Inf, Diagnostics> {
        let name = path.display().to_string();
        let read = || -> std::io::Result<Vec<u8>> {
            let length = fs::metadata(path)?.len();
            if length > MAX_FILE {
                let reason = format!("has {length} bytes, which no INF file has");
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
            }
            fs::read(path)
        };
        match read() {
            Ok(bytes) => Inf::parse(&name, &bytes, target),
            Err(e) => {
                let mut log = Log::new(&name.into());
                log.file_error(format!("cannot read the INF: {e}"));
                Err(log.fail())
            }
        }
    }

    /// Reads an INF from memory; `file` is what reports call it.
    ///
    /// # Errors
    /// It is not a valid INF: each reason with its place.
    pub fn parse(file: &str, bytes: &[u8], target: Target) -> Result<Inf, Diagnostics> {
        let file: Arc<str> = file.into();
        let mut log = Log::new(&file);
        let Some(text) = encoding::decode(bytes, &mut log) else { return Err(log.fail()) };
        let raw = lexer::lex(&text, &mut log);
        let sections = strings::resolve(raw, &file, target.language, &mut log);
        let index = sections.iter().enumerate().map(|(i, s)| (fold(&s.name), i)).collect();
        let mut inf = Inf {
            file,
            target,
            sections,
            index,
            version: Version::default(),
            manufacturers: Vec::new(),
            warnings: Vec::new(),
        };
        inf.version = version::read(&inf, &mut log);
        inf.manufacturers = models::read(&inf, &mut log);
        if log.errors() == 0 {
            lint::check_references(&inf, &mut log);
        }
        let (mut inf, warnings) = log.finish(inf)?;
        inf.warnings = warnings;
        Ok(inf)
    }

    /// Where to report what is found about the file from here on.
    pub(super) fn log(&self) -> Log {
        Log::resume(&self.file, &self.warnings)
    }

    /// The file's name, as reports give it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The Windows for which the file has been read.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What `[Version]` says.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What `[Manufacturer]` lists.
    #[must_use]
    pub fn manufacturers(&self) -> &[Manufacturer] {
        &self.manufacturers
    }

    /// The models that apply to the target, in file order.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.manufacturers.iter().filter_map(Manufacturer::selected).flat_map(|s| &s.models)
    }

    /// Findings that did not keep the file from being read.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// All sections in file order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The section of that name, case disregarded.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.index.get(&fold(name.trim())).and_then(|&i| self.sections.get(i))
    }

    /// The section that `reference` names, or a report that the file has none.
    pub(super) fn referenced(&self, directive: &str, reference: &Field, log: &mut Log) -> Option<&Section> {
        let found = self.section(&reference.text);
        if found.is_none() {
            log.error(
                reference.at,
                format!("{directive} names the section [{}], which the file does not have", reference.text),
            );
        }
        found
    }

    /// The section that installs a model: the name with the most specific suffix that exists.
    #[must_use]
    pub fn install_section(&self, name: &str) -> Option<&Section> {
        self.target.install_suffixes().iter().find_map(|suffix| self.section(&format!("{name}{suffix}")))
    }
}
