//! What can be wrong with an image of ours.

use serde::Serialize;
use std::fmt;

/// The rules that [`super::strict`] holds an image to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The file is a kernel image for x86-64.
    Image,
    /// The subsystem is NATIVE.
    Subsystem,
    /// It is a driver and no DLL, and exports nothing.
    NoDll,
    /// The checksum in the header is the file's.
    Checksum,
    /// It can be loaded anywhere: relocations kept, `DYNAMICBASE` set.
    Relocatable,
    /// No section is both writable and executable, and `NXCOMPAT` says so.
    WritableCode,
    /// It has a version resource.
    Version,
    /// It imports only from ntoskrnl.exe, hal.dll and ndis.sys.
    Modules,
    /// The module that an import comes from exports it on Windows 7 SP1 x64.
    Windows7,
    /// Kernel functions that are newer than NT 5.2 are resolved at run time.
    ResolveNewer,
    /// No `NetDMA` function is imported: Windows 8 and later may lack them.
    NetDma,
    /// Imports and the documented list are the same.
    ImportList,
    /// A PDB of this very build is there, and it names all code.
    Pdb,
    /// No panic can be reached.
    NoPanic,
    /// No code of `core::fmt` is in it.
    NoFormatting,
    /// Its functions fit a kernel stack, and do not call themselves.
    Stack,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A rule that an image breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What breaks it.
    pub what: String,
}

impl Finding {
    pub(super) fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}
