//! The description of an image, for people ([`std::fmt::Display`]) and machines ([`serde::Serialize`]).

use super::{Implements, StackReport, Windows, header::Header, windows::known};
use crate::{
    pe::{Image, Import, Remark, Section},
    symbols::Symbols,
};
use serde::Serialize;
use std::{collections::BTreeMap, path::Path};

/// What an image is.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file, as it was named.
    pub file: String,
    /// Its size.
    pub file_size: usize,
    /// Its size in memory.
    pub image_size: u32,
    /// Its subsystem; 1 is NATIVE.
    pub subsystem: u16,
    /// Lowest subsystem version that it asks for.
    pub subsystem_version: String,
    /// Whether it calls itself a DLL.
    pub is_dll: bool,
    /// The checksum in its header.
    pub checksum: u32,
    /// What a reader of it should know.
    pub remarks: Vec<String>,
    /// Its sections.
    pub sections: Vec<SectionReport>,
    /// The stack that it may need.
    pub stack: StackReport,
    /// Its exports.
    pub exports: Vec<String>,
    /// Its imports.
    pub imports: Vec<ImportReport>,
    /// The imports, `module!name`, that this program does not implement.
    pub missing: Vec<String>,
    /// The oldest Windows with all imports of which that is known.
    pub oldest_windows: Option<Windows>,
    /// Its version resource.
    pub version: Option<VersionReport>,
    /// Its PDB.
    pub pdb: PdbReport,
}

/// A section.
#[derive(Clone, Debug, Serialize)]
pub struct SectionReport {
    /// Its name.
    pub name: String,
    /// Where it begins in memory.
    pub rva: u32,
    /// Its size in memory.
    pub size: u32,
    /// What it allows: `r-x`.
    pub access: String,
    /// Whether Windows drops it after initialisation.
    pub discardable: bool,
    /// Whether Windows pages it.
    pub pageable: bool,
}

/// An import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// The exporting module.
    pub module: String,
    /// The name.
    pub name: String,
    /// The oldest Windows that has it, if documented.
    pub oldest_windows: Option<Windows>,
    /// Whether this program implements it.
    pub implemented: bool,
}

/// The version resource.
#[derive(Clone, Debug, Serialize)]
pub struct VersionReport {
    /// File version, four parts.
    pub file: String,
    /// Product version, four parts.
    pub product: String,
    /// The strings.
    pub strings: BTreeMap<String, String>,
}

/// The PDB.
#[derive(Clone, Debug, Serialize)]
pub struct PdbReport {
    /// The name that the image gives it.
    pub named: Option<String>,
    /// Where it was looked for.
    pub file: String,
    /// Functions in it.
    pub functions: Option<usize>,
    /// Why it is of no use.
    pub problem: Option<String>,
}

impl Report {
    pub(super) fn new(
        image: &Image,
        header: &Header,
        pdb: &Path,
        symbols: Result<&Symbols, String>,
        implements: Implements<'_>,
    ) -> Self {
        let imports: Vec<_> = image.imports().iter().map(|import| describe(import, implements)).collect();
        let missing = imports.iter().filter(|import| !import.implemented);
        let (major, minor) = header.subsystem_version;
        Self {
            file: image.name().to_owned(),
            file_size: header.file_size,
            image_size: image.size(),
            subsystem: header.subsystem,
            subsystem_version: format!("{major}.{minor:02}"),
            is_dll: header.is_dll,
            checksum: header.checksum,
            remarks: image.remarks().iter().map(Remark::to_string).collect(),
            sections: image.sections().iter().map(SectionReport::new).collect(),
            stack: StackReport::new(image, header, symbols.as_ref().ok().copied()),
            exports: image.exports().iter().map(|export| export.name.clone()).collect(),
            missing: missing.map(|import| format!("{}!{}", import.module, import.name)).collect(),
            oldest_windows: imports.iter().filter_map(|import| import.oldest_windows).max(),
            imports,
            version: image.version().map(|version| VersionReport {
                file: dotted(version.file),
                product: dotted(version.product),
                strings: version.strings.iter().cloned().collect(),
            }),
            pdb: PdbReport {
                named: image.pdb().map(|pdb| pdb.path.clone()),
                file: pdb.display().to_string(),
                functions: symbols.as_ref().ok().map(|symbols| symbols.functions().len()),
                problem: symbols.err(),
            },
        }
    }
}

fn describe(import: &Import, implements: Implements<'_>) -> ImportReport {
    ImportReport {
        module: import.module.clone(),
        name: import.name.clone(),
        oldest_windows: known(&import.name).and_then(|known| known.oldest),
        implemented: implements(&import.module, &import.name),
    }
}

fn dotted(parts: [u16; 4]) -> String {
    parts.map(|part| part.to_string()).join(".")
}

impl SectionReport {
    fn new(section: &Section) -> Self {
        let access = [(section.readable, 'r'), (section.writable, 'w'), (section.executable, 'x')];
        Self {
            name: section.name.clone(),
            rva: section.rva,
            size: section.size,
            access: access.map(|(allowed, letter)| if allowed { letter } else { '-' }).iter().collect(),
            discardable: section.is_initialization(),
            pageable: section.is_pageable(),
        }
    }
}
