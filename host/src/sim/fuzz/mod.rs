//! Fuzzing of the image: plans from bytes, and from those that reached something new others that may reach more.
//!
//! ```text
//! seen     what was reached: basic blocks of the image, rules         mutate   an input from others
//! corpus   inputs in a folder      merge   few that reach the same     least    the smallest that still fails
//! ```
//!
//! One seed and one corpus are one sequence of inputs, as long as there is one job.

pub mod corpus;
mod least;
mod merge;
mod mutate;
mod seen;

use super::{
    campaign::{Job, Work},
    finding::{Finding, Result as Ran},
    machine::Driver,
    plan::bytes::Input,
    report::Totals,
};
use crate::{random::Random, verify::rules};
use least::least;
pub use merge::merge;
use seen::{Marker, Seen};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What fuzzing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Fuzzed {
    /// Inputs that were played.
    pub inputs: u64,
    /// Inputs of the corpus.
    pub corpus: usize,
    /// Basic blocks that were reached.
    pub blocks: usize,
    /// Basic blocks of the image.
    pub of: usize,
    /// Functions none of whose blocks was reached.
    pub unreached: Vec<String>,
}

/// Where to, and what with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The corpus.
    pub corpus: PathBuf,
    /// Where findings go.
    pub findings: PathBuf,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Inputs at most.
    pub inputs: u64,
    /// Whether what reaches something new is changed further.
    pub feedback: bool,
}

/// See the module.
pub struct Fuzz {
    setup: Setup,
    driver: Driver,
    state: Mutex<State>,
}

struct State {
    seen: Seen,
    corpus: Vec<Input>,
    /// Inputs of the corpus that were not played yet, the next one last.
    first: Vec<Input>,
    drawn: u64,
    played: u64,
    /// Ways to fail that are known.
    known: BTreeSet<String>,
    /// What the system refuses.
    error: Option<String>,
}

impl Fuzz {
    /// With the inputs that the corpus has; the folders are made if there are none.
    ///
    /// # Errors
    /// They cannot be, or there is nothing to play inputs with.
    pub fn new(driver: &Driver, setup: Setup) -> Result<Self, String> {
        corpus::make(&setup.corpus)?;
        corpus::make(&setup.findings)?;
        let mut first: Vec<Input> = vec![Input::default()];
        first.extend(corpus::read(&setup.corpus)?.iter().map(|(_, bytes)| Input::read(bytes)));
        first.reverse();
        let state = State {
            seen: Seen::of_driver(driver)?,
            corpus: Vec::new(),
            first,
            drawn: 0,
            played: 0,
            known: BTreeSet::new(),
            error: None,
        };
        Ok(Self { setup, driver: driver.clone(), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it came to.
    ///
    /// # Errors
    /// What the system refused meanwhile.
    pub fn result(&self) -> Result<Fuzzed, String> {
        let state = self.state();
        let (blocks, of, _) = state.seen.counts();
        let unreached = state.seen.unreached();
        let fuzzed = Fuzzed { inputs: state.played, corpus: state.corpus.len(), blocks, of, unreached };
        state.error.clone().map_or(Ok(fuzzed), Err)
    }

    /// Where an input is while it is played: what does not come back has it there.
    fn running(&self, number: usize) -> PathBuf {
        self.setup.findings.join(format!("running-{number}"))
    }

    /// Keeps the first thing that the system refuses; nothing goes on after that.
    fn noted<T>(&self, result: Result<T, String>) -> Option<T> {
        result.map_err(|error| self.state().error.get_or_insert(error).len()).ok()
    }
}

impl State {
    /// The next input: of the corpus that was there, or a new one.
    fn next(&mut self, seed: u64) -> Input {
        if let Some(input) = self.first.pop() {
            self.corpus.push(input.clone());
            return input;
        }
        let random = &mut Random::new(seed ^ self.drawn << 32);
        let empty = Input::default();
        let count = self.corpus.len() as u64;
        // What came last is what least is known of.
        let recent = random.size(count) * u64::from(random.one_in(2));
        let at = if recent > 0 { count - recent } else { random.below(count) };
        let parent = self.corpus.get(at as usize).unwrap_or(&empty);
        let other = self.corpus.get(random.below(count) as usize).unwrap_or(&empty);
        mutate::mutate(parent, other, random)
    }
}

impl Work for Fuzz {
    fn next(&self, number: usize) -> Option<Job> {
        let mut state = self.state();
        if state.drawn >= self.setup.inputs || state.error.is_some() {
            return None;
        }
        let input = state.next(self.setup.seed);
        state.drawn += 1;
        drop(state);
        let running = self.running(number);
        self.noted(corpus::write(&running, &input.write()))?;
        Some(Job { plan: input.plan(), command: command(&running), input: Some(input) })
    }

    fn play(&self, job: &Job) -> Ran {
        let marker = Marker::new(self.state().seen.left());
        let ran = Ran::watched(&self.driver, &job.plan, &marker);
        let mut state = self.state();
        state.played += 1;
        let new = state.seen.add(&marker.reached(), ran.outcome());
        let keep = !new.is_nothing() && ran.problem().is_none() && self.setup.feedback;
        let Some(input) = job.input.as_ref().filter(|_| keep) else { return ran };
        if !state.corpus.contains(input) {
            state.corpus.push(input.clone());
        }
        drop(state);
        self.noted(corpus::keep(&self.setup.corpus, "", input));
        ran
    }

    fn tell(&self, job: &Job, ran: &Ran) -> Option<Finding> {
        let (kind, input) = (ran.kind()?, job.input.as_ref()?);
        if !self.state().known.insert(kind.clone()) {
            return None;
        }
        let (input, problem) = least(&self.driver, input, &kind, ran.problem().unwrap_or_default());
        let place = self.noted(corpus::keep(&self.setup.findings, "finding-", &input))?;
        let finding = Finding::new(&input.plan(), &problem, command(&place), job.plan.acts.len());
        Some(Finding { input: Some(place), ..finding })
    }

    fn line(&self, _: &Totals, since: Duration, findings: usize) -> String {
        let state = self.state();
        let (blocks, of, watched) = state.seen.counts();
        format!(
            "{} inputs ({:.1} a second), {} in the corpus, {blocks} of {of} blocks, {watched} of {} rules exercised, {findings} findings",
            state.played,
            state.played as f64 / since.as_secs_f64().max(0.001),
            state.corpus.len(),
            rules::COUNT,
        )
    }

    fn end(&self, jobs: usize) {
        for number in 0..jobs {
            // It may never have been there.
            let _ = std::fs::remove_file(self.running(number));
        }
    }
}

/// The command that plays a file.
#[must_use]
pub fn command(input: &Path) -> String {
    format!("ferrite-host sim --input {}", input.display())
}
