//! Function names and source lines from a PDB.

use std::fmt;
use std::io::Cursor;
use std::path::Path;

use pdb_addr2line::{Context, ContextPdbData, pdb::PDB};
use self_cell::self_cell;
use thiserror::Error;

use crate::pe::PdbRef;

/// Why a PDB cannot be used.
#[derive(Debug, Error)]
#[error("{file}: {what}")]
pub struct SymbolError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub what: String,
}

/// A function symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Where it begins in the image.
    pub rva: u32,
    /// Its length, if known.
    pub size: Option<u32>,
}

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Function name.
    pub function: String,
    /// Source file, if known.
    pub file: Option<String>,
    /// Line, if known.
    pub line: Option<u32>,
    /// Is this function inlined into the next location of the list?
    pub inlined: bool,
}

type Data = ContextPdbData<'static, 'static, Cursor<Vec<u8>>>;
type Lookup<'a> = Context<'a, 'static>;

self_cell! {
    struct Tables {
        owner: Data,
        #[not_covariant]
        dependent: Lookup,
    }
}

/// The symbols of one image.
pub struct Symbols {
    tables: Tables,
    functions: Vec<Function>,
    guid: [u8; 16],
}

impl Symbols {
    /// Reads a PDB file.
    ///
    /// # Errors
    /// If it cannot be read or is no PDB.
    pub fn load(path: &Path) -> Result<Self, SymbolError> {
        let fail = |what: String| SymbolError { file: path.display().to_string(), what };
        let bytes = std::fs::read(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
        Self::parse(bytes).map_err(|e| fail(format!("is no usable PDB: {e}")))
    }

    fn parse(bytes: Vec<u8>) -> Result<Self, pdb_addr2line::Error> {
        let mut pdb = PDB::open(Cursor::new(bytes))?;
        let guid = pdb.pdb_information()?.guid.to_bytes_le();
        let tables = Tables::try_new(Data::try_from_pdb(pdb)?, Data::make_context)?;
        let mut functions: Vec<_> = tables.with_dependent(|_, lookup| {
            let list = lookup.functions().map(|f| Function {
                name: f.name.unwrap_or_else(|| format!("function at {:#x}", f.start_rva)),
                rva: f.start_rva,
                size: f.end_rva.map(|end| end.saturating_sub(f.start_rva)),
            });
            list.collect()
        });
        functions.sort_by_key(|f| f.rva);
        Ok(Self { tables, functions, guid })
    }

    /// Are these the symbols that the image was linked with?
    #[must_use]
    pub fn belong_to(&self, image: &PdbRef) -> bool {
        self.guid == image.guid
    }

    /// What is at this RVA: the innermost inlined function first, the real function last. Empty if unknown.
    #[must_use]
    pub fn lookup(&self, rva: u32) -> Vec<Location> {
        let frames = self.tables.with_dependent(|_, lookup| lookup.find_frames(rva).ok().flatten());
        let Some(frames) = frames.map(|f| f.frames) else { return Vec::new() };
        let last = frames.len().saturating_sub(1);
        let locations = frames.into_iter().enumerate().map(|(index, frame)| Location {
            function: frame.function.unwrap_or_else(|| "?".into()),
            file: frame.file.map(Into::into),
            line: frame.line,
            inlined: index < last,
        });
        locations.collect()
    }

    /// All function symbols by address.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }
}

impl fmt::Debug for Symbols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} function symbols", self.functions.len())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        if let Some(file) = &self.file {
            write!(f, " ({file}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(")")?;
        }
        if self.inlined { f.write_str(" [inlined]") } else { Ok(()) }
    }
}
