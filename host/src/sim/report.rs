//! What simulations came to.

use super::{finding::Finding, fuzz::Fuzzed, machine::Outcome};
use crate::{sched::StackUse, verify::rules};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// Sums over simulations.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Simulations.
    pub runs: u64,
    /// Imports, handler calls, register accesses.
    pub events: u64,
    /// Virtual time.
    pub virtual_seconds: f64,
    /// Frames that arrived.
    pub frames: u64,
    /// Pauses.
    pub pauses: u64,
    /// Faults of devices.
    pub faults: u64,
    /// Calls that might have failed.
    pub fallible: u64,
    /// Imports that failed on demand, by name.
    pub refused: BTreeMap<&'static str, u64>,
    /// The hash of all simulations together, in the order of their seeds if there was one at a time.
    pub hash: u64,
    /// The most that the driver used of its stacks.
    pub stack: StackUse,
    /// How often each rule was watched.
    #[serde(skip)]
    pub coverage: Vec<u64>,
}

impl Totals {
    /// Adds a simulation.
    pub fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.events += outcome.trace.events;
        self.virtual_seconds += outcome.trace.nanoseconds as f64 / 1e9;
        self.frames += outcome.frames;
        self.pauses += outcome.pauses;
        self.faults += outcome.faults;
        self.fallible += outcome.fallible;
        // Whichever comes first: threads do not change the sum.
        self.hash = self.hash.wrapping_add(outcome.trace.hash);
        for name in &outcome.refused {
            *self.refused.entry(name).or_default() += 1;
        }
        self.stack += outcome.stack;
        self.coverage.resize(rules::COUNT, 0);
        for (sum, count) in self.coverage.iter_mut().zip(&outcome.coverage) {
            *sum += count;
        }
    }

    /// Rules that were watched.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.coverage.iter().filter(|&&count| count > 0).count()
    }

    /// What a person sees meanwhile.
    #[must_use]
    pub fn line(&self, since: Duration, findings: usize) -> String {
        let per_minute = self.events as f64 / since.as_secs_f64().max(0.001) * 60.0;
        format!(
            "{} simulations, {} events ({} a minute), {} faults, {} of {} rules exercised, {} findings",
            self.runs,
            short(self.events as f64),
            short(per_minute),
            self.faults + self.refused.values().sum::<u64>(),
            self.rules(),
            rules::COUNT,
            findings,
        )
    }
}

fn short(number: f64) -> String {
    match number {
        n if n >= 1e6 => format!("{:.1} M", n / 1e6),
        n if n >= 1e4 => format!("{:.0} k", n / 1e3),
        n => format!("{n:.0}"),
    }
}

/// What they came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Sums over the simulations that came to their end.
    #[serde(flatten)]
    pub totals: Totals,
    /// Those that did not.
    pub findings: Vec<Finding>,
    /// Real time.
    pub seconds: f64,
    /// What was fuzzed, if it was.
    pub fuzzed: Option<Fuzzed>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = &self.totals;
        let since = Duration::from_secs_f64(self.seconds);
        if let Some(fuzzed) = &self.fuzzed {
            let Fuzzed { inputs, corpus, blocks, of, unreached } = fuzzed;
            writeln!(
                f,
                "{inputs} inputs, {corpus} in the corpus, {blocks} of {of} blocks reached, none of {} functions",
                unreached.len()
            )?;
        }
        writeln!(f, "{}", n.line(since, self.findings.len()))?;
        writeln!(
            f,
            "{} frames, {} pauses, {} faults of devices, {} of {} calls failed on demand",
            n.frames,
            n.pauses,
            n.faults,
            n.refused.values().sum::<u64>(),
            n.fallible,
        )?;
        writeln!(f, "stack: {}", n.stack)?;
        writeln!(
            f,
            "{:.1} s of virtual time in {:.1} s; hash {:016x}",
            n.virtual_seconds, self.seconds, n.hash
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.input {
            Some(input) => writeln!(f, "{}: {}", input.display(), self.problem)?,
            None => writeln!(f, "seed {}: {}", self.seed, self.problem)?,
        }
        writeln!(f, "  {}", self.machine)?;
        writeln!(f, "  {} of {} acts are enough:", self.acts.len(), self.of)?;
        for act in &self.acts {
            writeln!(f, "    {act}")?;
        }
        writeln!(f, "  to repeat: {}", self.repeat)
    }
}
