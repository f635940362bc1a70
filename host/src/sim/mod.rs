//! Simulation: whole lives of the driver on devices that are played, in virtual time, with everything drawn from a
//! seed.
//!
//! ```text
//! plan      what a seed comes to: a machine, and acts
//! machine   plays a plan            lane, load, traffic, odd, harm, recovery   an adapter's part of it
//! finding   a problem, shrunk       campaign                        many plans on several threads
//! fuzz      plans from bytes that reach ever more of the image
//! ```

mod campaign;
mod finding;
mod fuzz;
mod harm;
mod lane;
mod load;
mod machine;
mod odd;
mod options;
pub mod plan;
mod recovery;
mod report;
mod traffic;

pub use finding::Finding;
pub use fuzz::{Fuzzed, merge};
pub use machine::{Driver, Outcome, Watch, play};
pub use options::Options;
pub use report::{Report, Totals};

use crate::{
    run::{Progress, RunError},
    verify::coverage::Coverage,
    world::{World, timeline::Timeline},
};
use campaign::{Job, Known, Limits};
use clap::ValueEnum;
use fuzz::Fuzz;
use options::Which;
use plan::{Plan, Scenario, What, bytes::Input};
use std::{cell::RefCell, fs, io, path::Path, time::Instant};

/// Runs what is asked for.
///
/// # Errors
/// Nothing can be run. Findings are in the report.
pub fn run(options: &Options) -> Result<Report, RunError> {
    let driver = options.driver();
    let progress = Progress::new(!options.quiet);
    let limits = Limits {
        jobs: options.jobs.into(),
        findings: options.findings as usize,
        until: options.time().map(|time| Instant::now() + time),
    };
    if let Some(from) = &options.merge {
        let into = options.corpus.as_deref().unwrap_or(Path::new("."));
        let (added, all) = merge(&driver, from, into).map_err(RunError::Failed)?;
        progress.note(&format!("{}: {added} inputs more, {all} in all", into.display()));
    }
    if let Some(setup) = options.fuzzing() {
        let fuzz = Fuzz::new(&driver, setup).map_err(RunError::Failed)?;
        let mut report = campaign::run(&fuzz, limits, &progress).map_err(RunError::Failed)?;
        progress.finish();
        report.fuzzed = Some(fuzz.result().map_err(RunError::Failed)?);
        Coverage::new("sim", &report.totals.coverage).keep();
        return Ok(report);
    }
    if let Some(place) = &options.trace {
        timeline(options, &driver, place).map_err(RunError::Failed)?;
    }
    let jobs = jobs(options, &driver).map_err(RunError::Failed)?;
    let report = campaign::run(&Known::new(&driver, jobs), limits, &progress).map_err(RunError::Failed)?;
    progress.finish();
    Coverage::new("sim", &report.totals.coverage).keep();
    Ok(report)
}

/// Plays the seed once more, and writes down what happened when.
fn timeline(options: &Options, driver: &Driver, place: &Path) -> Result<(), String> {
    struct Recorder<'a>(&'a Path, RefCell<Result<(), String>>);
    impl Watch for Recorder<'_> {
        fn begin(&self, world: &World) {
            let _first = world.timeline.set(Timeline::default());
        }
        fn end(&self, world: &World) {
            let trace = world.timeline.get().map(Timeline::to_json).unwrap_or_default();
            let written = fs::File::create(self.0)
                .and_then(|file| Ok(serde_json::to_writer(io::BufWriter::new(file), &trace)?));
            *self.1.borrow_mut() = written.map_err(|error| format!("{}: {error}", self.0.display()));
        }
    }
    let recorder = Recorder(place, RefCell::new(Ok(())));
    let Some(job) = jobs(options, driver)?.next() else { return Ok(()) };
    play(driver, &job.plan, &recorder)?;
    recorder.1.into_inner()
}

/// The simulations that are asked for.
fn jobs(options: &Options, driver: &Driver) -> Result<Box<dyn Iterator<Item = Job> + Send>, String> {
    let (scenario, keep) = (options.scenario, options.keep.clone());
    // What was merged is played as a whole.
    let merged = options.corpus.as_ref().filter(|_| options.merge.is_some());
    if let Some(place) = options.input.as_ref().or(merged) {
        if keep.is_some() && place.is_dir() {
            return Err(format!("{}: --keep names acts of one input, and this is a folder", place.display()));
        }
        let files = fuzz::corpus::read(place)?;
        return Ok(Box::new(files.into_iter().map(move |(path, bytes)| {
            let input = Input::read(&bytes);
            let plan = input.plan();
            let plan = keep.as_ref().map_or(plan.clone(), |keep| plan.only(&keep.0));
            Job { plan, command: fuzz::command(&path), input: Some(input) }
        })));
    }
    let plan = move |seed| {
        let plan = Plan::draw(scenario, seed);
        keep.as_ref().map_or(plan.clone(), |keep| plan.only(&keep.0))
    };
    let seeds = options.range();
    let job = move |(seed, refuse, gone): (u64, Option<u64>, Option<u64>)| {
        let mut plan = plan(seed);
        let mut command = command(scenario, seed);
        if let Some(after) = refuse {
            plan.first(What::Refuse(after));
            command = format!("{command} --refuse {after}");
        }
        if let Some(after) = gone {
            plan.first(What::Fault(crate::device::i82574::Fault::Gone { after }));
            command = format!("{command} --gone {after}");
        }
        Job { plan, command, input: None }
    };
    let one = |which: Option<Which>| match which {
        Some(Which::One(number)) => Some(number),
        _ => None,
    };
    let (refuse, gone) = (one(options.refuse), one(options.gone));
    if options.refuse != Some(Which::All) && options.gone != Some(Which::All) {
        return Ok(Box::new(seeds.map(move |seed| job((seed, refuse, gone)))));
    }
    // How many there are of what goes wrong one by one, the sound run says.
    let mut list = Vec::new();
    for seed in seeds {
        let sound = job((seed, refuse, gone));
        let outcome = play(driver, &sound.plan, &())?;
        if let Some(end) = outcome.end {
            return Err(format!("{end}\n  without that fault already; to repeat: {}", sound.command));
        }
        if options.refuse == Some(Which::All) {
            list.extend((0..outcome.fallible).map(|at| (seed, Some(at), gone)));
        } else {
            list.extend((0..outcome.accesses).map(|at| (seed, refuse, Some(at))));
        }
    }
    Ok(Box::new(list.into_iter().map(job)))
}

fn command(scenario: Scenario, seed: u64) -> String {
    let name = scenario.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let scenario = if scenario == Scenario::Mixed { String::new() } else { format!(" --scenario {name}") };
    format!("ferrite-host sim{scenario} --seed {seed}")
}
