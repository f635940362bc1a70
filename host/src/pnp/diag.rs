//! What is wrong with an INF, and where.

use std::fmt;
use std::sync::Arc;

/// A place in a text file; both numbers count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, as an editor numbers it.
    pub line: u32,
    /// Column of the first character concerned.
    pub column: u32,
}

impl Position {
    /// The first character of the file: where a report points that concerns the file as a whole.
    pub const START: Position = Position { line: 1, column: 1 };

    /// A position from zero-based indices.
    pub(super) fn from_index(line: usize, column: usize) -> Position {
        let one_based = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
        Position { line: one_based(line), column: one_based(column) }
    }
}

/// Whether the INF can be used in spite of the finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Windows would install it, but not as its author meant, or an INF checker would object.
    Warning,
    /// It cannot be installed.
    Error,
}

/// One finding: where and why. Prints as `file:line:column: error: reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it prevents the use of the INF.
    pub severity: Severity,
    /// The INF's name as it was given.
    pub file: Arc<str>,
    /// The place; `None` where no line is to blame (the file cannot be read).
    pub at: Option<Position>,
    /// What is wrong, in one sentence without a full stop.
    pub reason: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(at) = self.at {
            write!(f, "{}:{}:", at.line, at.column)?;
        }
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, " {severity}: {}", self.reason)
    }
}

/// Why an INF was refused: at least one error, and the warnings found on the way, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// All findings, errors and warnings.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The warnings too: what looked odd often explains what is wrong.
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Collects findings about one file, so that a reader can report all of them and not only the first.
#[derive(Clone, Debug)]
pub(super) struct Log {
    file: Arc<str>,
    list: Vec<Diagnostic>,
}

impl Log {
    pub(super) fn new(file: &Arc<str>) -> Log {
        Log::resume(file, &[])
    }

    /// Goes on after what has been found about the file before.
    pub(super) fn resume(file: &Arc<str>, before: &[Diagnostic]) -> Log {
        Log { file: Arc::clone(file), list: before.to_vec() }
    }

    /// The number of errors so far. Checks whose findings an earlier error may have caused are left out.
    pub(super) fn errors(&self) -> usize {
        self.list.iter().filter(|d| d.severity == Severity::Error).count()
    }

    pub(super) fn error(&mut self, at: Position, reason: impl Into<String>) {
        self.push(Severity::Error, Some(at), reason.into());
    }

    pub(super) fn warn(&mut self, at: Position, reason: impl Into<String>) {
        self.push(Severity::Warning, Some(at), reason.into());
    }

    /// An error about the file as such, not about a line of it.
    pub(super) fn file_error(&mut self, reason: impl Into<String>) {
        self.push(Severity::Error, None, reason.into());
    }

    fn push(&mut self, severity: Severity, at: Option<Position>, reason: String) {
        // The same line can be read for several reasons (a shared AddReg section): report it once.
        let new = Diagnostic { severity, file: Arc::clone(&self.file), at, reason };
        if !self.list.contains(&new) {
            self.list.push(new);
        }
    }

    /// `value` and the warnings if there is no error, all findings otherwise.
    pub(super) fn finish<T>(mut self, value: T) -> Result<(T, Vec<Diagnostic>), Diagnostics> {
        self.list.sort_by_key(|d| d.at);
        if self.errors() > 0 { Err(Diagnostics(self.list)) } else { Ok((value, self.list)) }
    }

    /// Ends a reading that cannot go on; at least one error has been reported.
    pub(super) fn fail(mut self) -> Diagnostics {
        debug_assert!(self.errors() > 0);
        self.list.sort_by_key(|d| d.at);
        Diagnostics(self.list)
    }
}
