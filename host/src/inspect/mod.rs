//! What an image or an INF is, without running it: `ferrite-host inspect`.
//!
//! [`inspect`] describes any NDIS miniport image: headers, sections, imports with the oldest Windows that has each,
//! imports that this program does not implement, version resource, PDB. [`strict`] holds an image to Ferrite's own
//! rules ([`Rule`]); `scripts/build` ends with it.

mod allowed;
mod blocks;
mod code;
mod finding;
mod header;
mod package;
mod panics;
mod policy;
mod print;
mod report;
mod stack;
mod windows;

use crate::{
    pe::{Image, PeError, Problem},
    symbols::Symbols,
};
use header::Header;
use std::path::{Path, PathBuf};

pub use allowed::{AllowedImport, AllowedImports};
pub use blocks::blocks;
pub use finding::{Finding, Rule};
pub use package::{InfReport, inspect_inf};
pub use panics::Culprit;
pub use report::{ImportReport, PdbReport, Report, SectionReport, VersionReport};
pub use stack::StackReport;
pub use windows::Windows;

/// Whether this program implements a function of a module, to be asked by module and name.
pub type Implements<'a> = &'a dyn Fn(&str, &str) -> bool;

/// Describes an image. The PDB is the one given, or one beside the image with the name that the image gives it.
///
/// # Errors
/// If the file is no kernel image. A PDB that is missing or broken is part of the report.
pub fn inspect(image: &Path, pdb: Option<&Path>, implements: Implements<'_>) -> Result<Report, PeError> {
    Inspection::open(image, pdb).map(|inspection| inspection.report(implements))
}

/// Describes an image in memory, which has no PDB beside it; `name` stands for it in messages.
///
/// # Errors
/// If it is no kernel image.
pub fn describe(name: &str, bytes: &[u8], implements: Implements<'_>) -> Result<Report, PeError> {
    Inspection::new(name, bytes).map(|inspection| inspection.report(implements))
}

/// Holds an image to every [`Rule`], its imports to the list in `allowed`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn strict(
    image: &Path,
    pdb: Option<&Path>,
    allowed: &Path,
    implements: Implements<'_>,
) -> Result<Report, Vec<Finding>> {
    let inspection =
        Inspection::open(image, pdb).map_err(|error| vec![Finding::new(Rule::Image, error.to_string())])?;
    let mut findings = Vec::new();
    match AllowedImports::read(allowed) {
        Ok(allowed) => policy::imports(&inspection.image, &allowed, &mut findings),
        Err(error) => findings.push(Finding::new(Rule::ImportList, error.to_string())),
    }
    policy::header(&inspection.image, &inspection.header, &mut findings);
    StackReport::new(&inspection.image, &inspection.header, inspection.symbols.as_ref().ok())
        .check(&mut findings);
    match &inspection.symbols {
        Ok(symbols) => policy::code(&inspection.image, &inspection.header, symbols, &mut findings),
        Err(reason) => findings.push(Finding::new(Rule::Pdb, reason.clone())),
    }
    if findings.is_empty() { Ok(inspection.report(implements)) } else { Err(findings) }
}

/// An image with what belongs to it, read once.
struct Inspection {
    image: Image,
    header: Header,
    pdb: PathBuf,
    symbols: Result<Symbols, String>,
}

impl Inspection {
    fn open(path: &Path, pdb: Option<&Path>) -> Result<Self, PeError> {
        let name = path.display().to_string();
        let read = std::fs::read(path);
        let bytes =
            read.map_err(|error| PeError { file: name.clone(), problem: Problem::Unreadable(error) })?;
        let mut inspection = Self::new(&name, &bytes)?;
        inspection.pdb = pdb.map_or_else(|| beside(path, &inspection.image), Path::to_path_buf);
        inspection.symbols = load_symbols(&inspection.image, &inspection.pdb);
        Ok(inspection)
    }

    /// Without symbols.
    fn new(name: &str, bytes: &[u8]) -> Result<Self, PeError> {
        let image = Image::parse(name, bytes)?;
        let header = Header::parse(bytes)
            .map_err(|reason| PeError { file: name.into(), problem: Problem::Unsuitable(reason) })?;
        Ok(Self { image, header, pdb: PathBuf::new(), symbols: Err("no PDB was looked for".into()) })
    }

    fn report(&self, implements: Implements<'_>) -> Report {
        Report::new(
            &self.image,
            &self.header,
            &self.pdb,
            self.symbols.as_ref().map_err(Clone::clone),
            implements,
        )
    }
}

/// The PDB that the image names, in the image's folder; without a name, the one called like the image.
fn beside(path: &Path, image: &Image) -> PathBuf {
    let named = image.pdb().and_then(|pdb| pdb.path.rsplit(['\\', '/']).next().map(str::to_owned));
    match named {
        Some(name) if !name.is_empty() => path.with_file_name(name),
        _ => path.with_extension("pdb"),
    }
}

/// Loads a PDB that belongs to the image; another build's would name the wrong functions.
fn load_symbols(image: &Image, path: &Path) -> Result<Symbols, String> {
    let wrong = |reason: String| format!("{}: {reason}", path.display());
    let named = image.pdb().ok_or_else(|| format!("{} names no PDB", image.name()))?;
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut pdb = pdb_addr2line::pdb::PDB::open(file).map_err(|error| wrong(error.to_string()))?;
    let guid = pdb.pdb_information().map_err(|error| wrong(error.to_string()))?.guid.to_bytes_le();
    if guid != named.guid {
        return Err(wrong(format!("belongs to another build than {}", image.name())));
    }
    Symbols::load(path).map_err(|error| error.to_string())
}
