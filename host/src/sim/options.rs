//! What can be asked of a simulation.

use super::{machine::Driver, plan::Scenario};
use std::{ops::Range, path::PathBuf};

/// Simulate: the driver on models of the 82574L and of QuickData functions, in virtual time, with who runs next, what
/// happens and what goes wrong drawn from a seed. The same seed is the same run on any machine.
///
/// A seed that fails is shrunk to the fewest acts that fail the same way, and told with the command that repeats it.
#[derive(Clone, Debug, clap::Args)]
#[allow(clippy::doc_markdown, reason = "the text is the help that a person reads")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// The driver's INF for the NIC.
    #[arg(long, default_value = "out/ferrite.inf")]
    pub inf: PathBuf,
    /// The driver's INF for QuickData functions.
    #[arg(long, default_value = "out/ferrite-dma.inf", value_name = "INF")]
    pub dma_inf: PathBuf,
    /// The driver's image [default: beside the INF].
    #[arg(long)]
    pub image: Option<PathBuf>,
    /// One seed.
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    pub seed: Option<u64>,
    /// Seeds from A up to, and without, B [default: 1..101].
    #[arg(long, value_name = "A..B", value_parser = range)]
    pub seeds: Option<Range<u64>>,
    /// What is played.
    #[arg(long, value_enum, default_value_t = Scenario::Mixed)]
    pub scenario: Scenario,
    /// With --seed: only these acts of the plan, as a finding lists them; "none" for no act.
    #[arg(long, value_name = "ACTS", requires = "seed", value_parser = acts)]
    pub keep: Option<Acts>,
    /// Let the K-th call that may fail do so, from the driver's load on; "all" for each one in a run of its own.
    #[arg(long, value_name = "K", value_parser = which)]
    pub refuse: Option<Which>,
    /// Let the NIC be gone at its K-th register access; "all" for each one in a run of its own.
    #[arg(long, value_name = "K", value_parser = which)]
    pub gone: Option<Which>,
    /// Go on for so many minutes, seed after seed.
    #[arg(long, value_name = "M", conflicts_with_all = ["seed", "seeds", "refuse", "gone"])]
    pub minutes: Option<u64>,
    /// With --minutes: the first seed.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "minutes")]
    pub first: u64,
    /// Simulations at a time.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Findings after which it ends.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub findings: u32,
    /// With --seed: write a timeline of CPUs, calls, IRQL, locks, states, NBLs and registers to FILE, for
    /// ui.perfetto.dev or chrome://tracing.
    #[arg(long, value_name = "FILE", requires = "seed")]
    pub trace: Option<PathBuf>,
    /// No progress, only the result.
    #[arg(long, short)]
    pub quiet: bool,
    /// The result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Acts of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acts(pub Vec<usize>);

/// One of many, or each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(u64),
    /// Each.
    All,
}

impl Options {
    /// What is simulated.
    #[must_use]
    pub fn driver(&self) -> Driver {
        Driver { inf: self.inf.clone(), dma_inf: self.dma_inf.clone(), image: self.image.clone() }
    }

    /// The seeds that are asked for.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        match (self.seed, &self.seeds, self.minutes) {
            (Some(seed), ..) => seed..seed.saturating_add(1),
            (None, Some(seeds), _) => seeds.clone(),
            (None, None, Some(_)) => self.first..u64::MAX,
            (None, None, None) if self.refuse.is_some() || self.gone.is_some() => 1..2,
            (None, None, None) => 1..101,
        }
    }
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").map(|(from, to)| (from.trim().parse(), to.trim().parse()));
    match ends {
        Some((Ok(from), Ok(to))) if from < to => Ok(from..to),
        Some((Ok(from), Ok(to))) => Err(format!("there is no seed from {from} up to {to}")),
        _ => Err(format!("\"{text}\" is not A..B")),
    }
}

fn acts(text: &str) -> Result<Acts, String> {
    if text == "none" {
        return Ok(Acts(Vec::new()));
    }
    let numbers =
        text.split(',').map(|part| part.trim().parse().map_err(|_| format!("\"{part}\" is no act's number")));
    numbers.collect::<Result<_, _>>().map(Acts)
}

fn which(text: &str) -> Result<Which, String> {
    match text.parse() {
        Ok(number) => Ok(Which::One(number)),
        Err(_) if text == "all" => Ok(Which::All),
        Err(_) => Err(format!("\"{text}\" is neither a number nor \"all\"")),
    }
}
