//! A PE32+ image file, checked, and what it says.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use object::LittleEndian as LE;
use object::pe::{
    IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR,
    IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, IMAGE_DIRECTORY_ENTRY_EXCEPTION, IMAGE_DIRECTORY_ENTRY_TLS,
};

use super::directory::Layout;
use super::headers::{self, Headers};
use super::{PeError, Problem, Version, version};

/// A section of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent flags of the file")]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where it begins in memory.
    pub rva: u32,
    /// Its size in memory.
    pub size: u32,
    /// The bytes of the file that fill its beginning.
    pub file: Range<usize>,
    /// May it be read, written, executed?
    pub readable: bool,
    #[allow(missing_docs, reason = "as readable")]
    pub writable: bool,
    #[allow(missing_docs, reason = "as readable")]
    pub executable: bool,
    /// Does its flag say that Windows drops it after initialisation?
    pub discardable: bool,
    /// Does its flag say that Windows does not page it?
    pub not_paged: bool,
}

/// One import: a name and the slot that its address goes to. The file does not tell code from data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The exporting module, as the file spells it.
    pub module: String,
    /// The name.
    pub name: String,
    /// RVA of the slot.
    pub slot: u32,
}

/// One export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name.
    pub name: String,
    /// Where it is.
    pub rva: u32,
}

/// The PDB that the image names (its `CodeView` record).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdbRef {
    /// Path or name as recorded by the linker.
    pub path: String,
    /// Identity of the build: 16 bytes of GUID.
    pub guid: [u8; 16],
    /// And its age.
    pub age: u32,
}

/// Something a reader of the image should know, that does not keep it from being loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A section both writable and executable.
    WritableCode {
        /// Its name.
        section: String,
    },
    /// The checksum in the header is not the file's; Windows refuses such a driver.
    Checksum {
        /// As the header has it.
        stored: u32,
        /// As the file's bytes give it.
        computed: u32,
    },
    /// A directory that a kernel image does not use (TLS, delay-loaded imports) is ignored.
    Ignored {
        /// Which one.
        directory: &'static str,
    },
}

/// A kernel image file that has passed every check.
#[derive(Debug)]
pub struct Image {
    name: String,
    memory: Vec<u8>,
    preferred_base: u64,
    headers_size: u32,
    entry: u32,
    timestamp: u32,
    os_version: (u16, u16),
    sections: Vec<Section>,
    imports: Vec<Import>,
    exports: Vec<Export>,
    relocations: Vec<u32>,
    security_cookie: Option<u32>,
    functions: Range<u32>,
    pdb: Option<PdbRef>,
    version: Option<Version>,
    remarks: Vec<Remark>,
}

impl Image {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn open(path: &Path) -> Result<Self, PeError> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(&name, &bytes),
            Err(error) => Err(PeError { file: name, problem: Problem::Unreadable(error) }),
        }
    }

    /// Checks an image in memory; `name` stands for it in messages.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, PeError> {
        Self::check(name, bytes).map_err(|problem| PeError { file: name.into(), problem })
    }

    fn check(name: &str, file: &[u8]) -> Result<Self, Problem> {
        let headers = headers::parse(file)?;
        let memory = lay_out(file, &headers);
        let layout = Layout { memory: &memory, directories: headers.directories };
        if layout.directories.get(IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR).is_some() {
            return Err(Problem::Unsuitable("it is a .NET image".into()));
        }
        let optional = headers.optional;
        let preferred_base = optional.image_base.get(LE);
        let functions = layout.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION, "exception")?;
        let (imports, exports) = (layout.imports()?, layout.exports()?);
        Ok(Self {
            name: name.into(),
            preferred_base,
            headers_size: optional.size_of_headers.get(LE),
            entry: optional.address_of_entry_point.get(LE),
            timestamp: headers.timestamp,
            os_version: (
                optional.major_operating_system_version.get(LE),
                optional.minor_operating_system_version.get(LE),
            ),
            imports,
            exports,
            relocations: layout.relocations()?,
            security_cookie: layout.security_cookie(preferred_base),
            functions: functions.map_or(0..0, |(rva, bytes)| {
                rva..rva.saturating_add(u32::try_from(bytes.len()).unwrap_or(0))
            }),
            pdb: layout.pdb(),
            version: version::read(&layout),
            remarks: remarks(file, &headers, &layout),
            sections: headers.sections,
            memory,
        })
    }

    /// What it was named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Preferred base address.
    #[must_use]
    pub fn preferred_base(&self) -> u64 {
        self.preferred_base
    }

    /// Bytes in memory, whole pages.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.memory.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of headers at its beginning.
    #[must_use]
    pub fn headers_size(&self) -> u32 {
        self.headers_size
    }

    /// RVA of the entry point.
    #[must_use]
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// Link time, or the hash of a reproducible build.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Oldest operating system version it claims to run on (major, minor).
    #[must_use]
    pub fn os_version(&self) -> (u16, u16) {
        self.os_version
    }

    /// Sections by address.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Imports in file order.
    #[must_use]
    pub fn imports(&self) -> &[Import] {
        &self.imports
    }

    /// Named exports.
    #[must_use]
    pub fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// The PDB it names.
    #[must_use]
    pub fn pdb(&self) -> Option<&PdbRef> {
        self.pdb.as_ref()
    }

    /// Its version resource.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Things worth saying about it.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The image as laid out in memory, neither relocated nor bound; an index is an RVA.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// RVAs of the 8-byte addresses to relocate.
    pub(super) fn relocations(&self) -> &[u32] {
        &self.relocations
    }

    /// RVA of the /GS cookie.
    pub(super) fn security_cookie(&self) -> Option<u32> {
        self.security_cookie
    }

    /// RVAs of the function table (.pdata); empty if there is none.
    #[must_use]
    pub fn function_table(&self) -> Range<u32> {
        self.functions.clone()
    }
}

impl Section {
    /// Is this RVA in the section?
    #[must_use]
    pub fn contains(&self, rva: u32) -> bool {
        rva.checked_sub(self.rva).is_some_and(|offset| offset < self.size)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WritableCode { section } => write!(f, "section {section} is both writable and executable"),
            Self::Checksum { stored, computed } => {
                write!(f, "checksum {stored:#x} in the header, but the file's is {computed:#x}")
            }
            Self::Ignored { directory } => write!(f, "its {directory} directory is ignored"),
        }
    }
}

fn lay_out(file: &[u8], headers: &Headers<'_>) -> Vec<u8> {
    let mut memory = vec![0; headers.size as usize];
    let mut copy = |at: u32, from: Range<usize>| {
        let at = at as usize;
        if let (Some(from), Some(to)) = (file.get(from.clone()), memory.get_mut(at..at + from.len())) {
            to.copy_from_slice(from);
        }
    };
    copy(0, 0..headers.optional.size_of_headers.get(LE) as usize);
    for section in &headers.sections {
        copy(section.rva, section.file.clone());
    }
    memory
}

fn remarks(file: &[u8], headers: &Headers<'_>, layout: &Layout<'_>) -> Vec<Remark> {
    let mut list = Vec::new();
    for section in headers.sections.iter().filter(|s| s.writable && s.executable) {
        list.push(Remark::WritableCode { section: section.name.clone() });
    }
    let (stored, computed) =
        (headers.optional.check_sum.get(LE), headers::checksum(file, headers.checksum_at));
    if stored != computed {
        list.push(Remark::Checksum { stored, computed });
    }
    for (id, directory) in [
        (IMAGE_DIRECTORY_ENTRY_TLS, "thread-local storage"),
        (IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, "delay-load import"),
        (IMAGE_DIRECTORY_ENTRY_BOUND_IMPORT, "bound import"),
    ] {
        if layout.directories.get(id).is_some() {
            list.push(Remark::Ignored { directory });
        }
    }
    list
}
