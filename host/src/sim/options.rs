//! What can be asked of a simulation.

use super::{fuzz::Setup, machine::Driver, plan::Scenario};
use std::{
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

/// Simulate: the driver on models of the 82574L and of QuickData functions, in virtual time, with who runs next, what
/// happens and what goes wrong drawn from a seed. The same seed is the same run on any machine.
///
/// A seed that fails is shrunk to the fewest acts that fail the same way, and told with the command that repeats it.
///
/// With --input, machine and acts are read from the bytes of a file instead, and with --fuzz from bytes that are changed
/// again and again: those that reach code that no input has reached are kept in a corpus.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("one").args(["seed", "input"]),
    group = clap::ArgGroup::new("long").args(["minutes", "fuzz"]),
    group = clap::ArgGroup::new("fed").args(["fuzz", "merge"]),
)]
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
    #[arg(long, value_enum, default_value_t = Scenario::Mixed, conflicts_with_all = ["input", "fuzz", "merge"])]
    pub scenario: Scenario,
    /// The input in this file, or each one in this folder, instead of seeds. Any bytes are one: docs/fuzzing.md.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["seed", "seeds", "minutes", "refuse", "gone"])]
    pub input: Option<PathBuf>,
    /// Fuzz for so many seconds: change the inputs of the corpus, and keep what reaches something new.
    #[arg(long, value_name = "SECONDS", requires = "corpus", value_parser = clap::value_parser!(u64).range(1..=10_000_000),
        conflicts_with_all = ["seed", "seeds", "minutes", "refuse", "gone", "input"])]
    pub fuzz: Option<u64>,
    /// With --fuzz and --merge: the folder of inputs; made if there is none.
    #[arg(long, value_name = "FOLDER", requires = "fed")]
    pub corpus: Option<PathBuf>,
    /// With --fuzz: where inputs that fail go [default: "findings" beside the corpus].
    #[arg(long, value_name = "FOLDER", requires = "fuzz")]
    pub into: Option<PathBuf>,
    /// With --fuzz: end after so many inputs.
    #[arg(long, value_name = "N", requires = "fuzz", default_value_t = u64::MAX, hide_default_value = true)]
    pub inputs: u64,
    /// With --fuzz: change only what the corpus has at first, whatever an input reaches; to see what feedback is worth.
    #[arg(long, requires = "fuzz")]
    pub blind: bool,
    /// Add to the corpus as few inputs of this folder as reach what the corpus does not, and play what is there then.
    #[arg(long, value_name = "FOLDER", requires = "corpus",
        conflicts_with_all = ["seed", "seeds", "minutes", "refuse", "gone", "input", "fuzz"])]
    pub merge: Option<PathBuf>,
    /// With --seed, or --input and a file: only these acts of the plan, as a finding lists them; "none" for no act.
    #[arg(long, value_name = "ACTS", requires = "one", value_parser = acts)]
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
    /// With --minutes: the first seed. With --fuzz: the seed of what is drawn.
    #[arg(long, alias = "first-seed", value_name = "N", default_value_t = 1, requires = "long")]
    pub first: u64,
    /// Simulations at a time.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Findings after which it ends.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub findings: u32,
    /// With --seed, or --input and a file: write a timeline of CPUs, calls, IRQL, locks, states, NBLs and registers to FILE, for
    /// ui.perfetto.dev or chrome://tracing.
    #[arg(long, value_name = "FILE", requires = "one")]
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

    /// How long it goes on at most.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        let minutes = self.minutes.map(|minutes| minutes.saturating_mul(60));
        minutes.or(self.fuzz).map(Duration::from_secs)
    }

    /// What is fuzzed, if that is asked for.
    #[must_use]
    pub fn fuzzing(&self) -> Option<Setup> {
        let corpus = self.corpus.clone().filter(|_| self.fuzz.is_some())?;
        let beside = || corpus.parent().unwrap_or(Path::new(".")).join("findings");
        Some(Setup {
            findings: self.into.clone().unwrap_or_else(beside),
            seed: self.first,
            inputs: self.inputs,
            feedback: !self.blind,
            corpus,
        })
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
