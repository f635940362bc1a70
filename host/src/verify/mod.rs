//! The checks: what a driver did wrong, under the name that Microsoft's tools give it.

pub mod breach;
pub mod coverage;
pub mod rules;

use std::{
    cell::{Cell, RefCell},
    fmt,
};

/// How much the documentation demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// It must be so.
    Must,
    /// It should be so; ferrite-host does not let it pass either.
    Should,
}

/// A rule of the contract that can be watched from outside.
#[derive(Debug, serde::Serialize)]
pub struct Rule {
    /// The id in `docs/rules.md`.
    pub id: &'static str,
    /// The name under which Windows tools report it.
    pub name: &'static str,
    /// The bug check or verifier code, where there is one.
    pub code: &'static str,
    /// How much the documentation demands.
    pub strength: Strength,
    /// What breaks it.
    pub what: &'static str,
    /// Its name here.
    pub ident: &'static str,
    /// Its place among [`rules::all`].
    pub number: usize,
}

/// A broken rule, with where it was broken.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static Rule,
    /// What happened.
    pub detail: String,
    /// The calls in progress, innermost first: imports and the driver's handlers.
    pub calls: Vec<String>,
    /// The driver's stack, innermost first.
    pub stack: Vec<StackLine>,
}

/// One function on the driver's stack.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StackLine {
    /// Its name, or image and offset where there are no symbols.
    pub function: String,
    /// Source file.
    pub file: Option<String>,
    /// Line in it.
    pub line: Option<u32>,
}

impl fmt::Display for StackLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        if let Some(file) = &self.file {
            write!(f, " ({file}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.rule.name, self.rule.id)?;
        if !self.rule.code.is_empty() {
            write!(f, ", {}", self.rule.code)?;
        }
        writeln!(f, "): {}", self.detail)?;
        for (i, call) in self.calls.iter().enumerate() {
            writeln!(f, "  {} {call}", if i == 0 { "in" } else { "from" })?;
        }
        for frame in &self.stack {
            writeln!(f, "    at {frame}")?;
        }
        Ok(())
    }
}

/// Why a run ended before its time.
#[derive(Clone, Debug)]
pub enum End {
    /// The driver broke a rule.
    Violation(Box<Violation>),
    /// Something around the driver failed: the machine is gone, or the host was asked for the impossible.
    Failure(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violation(violation) => violation.fmt(f),
            Self::Failure(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for End {}

/// What ended, or will end, the run.
pub struct Verify {
    first: RefCell<Option<End>>,
    watched: [Cell<u64>; rules::COUNT],
}

impl Default for Verify {
    fn default() -> Self {
        Self { first: RefCell::default(), watched: [const { Cell::new(0) }; rules::COUNT] }
    }
}

impl Verify {
    /// Counts that the driver did something that the rule is about.
    pub fn watch(&self, rule: &Rule) {
        if let Some(count) = self.watched.get(rule.number) {
            count.set(count.get() + 1);
        }
    }

    /// How often each rule was watched, kept or not, in the order of [`rules::all`].
    #[must_use]
    pub fn coverage(&self) -> Vec<u64> {
        self.watched.iter().map(Cell::get).collect()
    }

    /// Keeps the first end; later ones are consequences.
    pub fn end(&self, end: End) {
        self.first.borrow_mut().get_or_insert(end);
    }

    /// What ended the run.
    #[must_use]
    pub fn ended(&self) -> Option<End> {
        self.first.borrow().clone()
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.first.borrow().is_some()
    }
}
