//! How often each rule was watched in the last run, kept from one command to the next.

use super::{Rule, rules};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// A person's name for where it is kept: below `XDG_STATE_HOME`, or `.local/state` at home.
const PLACE: &str = "ferrite/coverage.json";

/// What a run exercised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The command that it was.
    pub of: String,
    /// Counts by the rules' names here; those that were never watched are left out.
    pub counts: BTreeMap<String, u64>,
}

impl Coverage {
    /// Of a run's counts, which are in the order of [`rules::all`].
    #[must_use]
    pub fn new(of: &str, counts: &[u64]) -> Self {
        let watched = rules::all().zip(counts).filter(|(_, count)| **count > 0);
        let counts = watched.map(|(rule, count)| (rule.ident.to_owned(), *count));
        Self { of: of.to_owned(), counts: counts.collect() }
    }

    /// Where the last run's is; `None` where there is no home.
    #[must_use]
    pub fn place() -> Option<PathBuf> {
        let state = env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let state = state.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")))?;
        Some(state.join(PLACE))
    }

    /// Keeps it as the last run's. A machine without a place for it does without.
    pub fn keep(&self) {
        if let Some(place) = Self::place() {
            let _ = self.write(&place);
        }
    }

    fn write(&self, place: &Path) -> io::Result<()> {
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(place, serde_json::to_vec_pretty(self)?)
    }

    /// Reads one.
    ///
    /// # Errors
    /// There is none, or it is something else; the text names the file.
    pub fn read(place: &Path) -> Result<Self, String> {
        let name = place.display();
        let text = fs::read_to_string(place).map_err(|error| format!("{name}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))
    }

    fn count(&self, rule: &Rule) -> u64 {
        self.counts.get(rule.ident).copied().unwrap_or(0)
    }
}

/// All rules, with what the last run watched of them.
#[derive(Clone, Debug, Serialize)]
pub struct Table {
    /// The run.
    pub last_run: Option<String>,
    /// Those that were watched most come first, those that never were come last.
    pub rules: Vec<Row>,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// How often it was watched.
    pub watched: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: &'static Rule,
}

impl Table {
    /// Of a run, if there was one.
    #[must_use]
    pub fn new(coverage: Option<&Coverage>) -> Self {
        let watched = |rule| coverage.map_or(0, |coverage| coverage.count(rule));
        let mut rows: Vec<Row> = rules::all().map(|rule| Row { watched: watched(rule), rule }).collect();
        // The order of the table among equals.
        rows.sort_by_key(|row| std::cmp::Reverse(row.watched));
        Self { last_run: coverage.map(|coverage| coverage.of.clone()), rules: rows }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.rules.iter().map(|row| row.rule.id.len()).max().unwrap_or(0);
        let names = self.rules.iter().map(|row| row.rule.name.len().min(48)).max().unwrap_or(0);
        writeln!(f, "{:>10}  {:wide$}  {:names$}  {:10} ", "watched", "rule", "name", "code")?;
        for Row { watched, rule } in &self.rules {
            let strength = if rule.strength == super::Strength::Should { " (should)" } else { "" };
            writeln!(
                f,
                "{watched:>10}  {:wide$}  {:names$}  {:10} {}{strength}",
                rule.id,
                rule.name,
                rule.code,
                rule.what.trim(),
            )?;
        }
        let seen = self.rules.iter().filter(|row| row.watched > 0).count();
        match &self.last_run {
            Some(run) => {
                writeln!(f, "{seen} of {} rules were watched by the last run: {run}", self.rules.len())
            }
            None => writeln!(f, "{} rules; no run was kept yet", self.rules.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_watched_comes_last() {
        let mut counts = vec![0; rules::COUNT];
        counts[1] = 5;
        counts[3] = 7;
        let coverage = Coverage::new("a run", &counts);
        let table = Table::new(Some(&coverage));
        let first: Vec<u64> = table.rules.iter().take(3).map(|row| row.watched).collect();
        assert_eq!((first, table.rules.len()), (vec![7, 5, 0], rules::COUNT));
        assert!(table.to_string().contains(&format!("2 of {} rules", rules::COUNT)), "{table}");
    }

    #[test]
    fn a_run_is_kept_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("a/b/coverage.json");
        let coverage = Coverage::new("sim --seed 1", &[3, 0, 9]);
        coverage.write(&place).expect("a file");
        assert_eq!(Coverage::read(&place), Ok(coverage));
        std::fs::write(&place, "{}").expect("a file");
        let error = Coverage::read(&place).expect_err("half a file");
        assert!(error.contains("coverage.json") && error.contains("of"), "{error}");
    }
}
