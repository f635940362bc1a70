//! Something that a run found, and the fewest acts that show it.

use super::{
    machine::{Driver, Outcome, Watch, play},
    plan::Plan,
};
use crate::verify::End;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

/// Runs that shrinking may take.
const TRIALS: u32 = 200;

/// What a plan came to: its outcome, or why it is a finding that there is none.
#[derive(Debug)]
pub enum Result {
    /// It ran, to its end or not.
    Ran(Box<Outcome>),
    /// It could not be run, or ferrite-host itself gave up.
    Not(String),
}

impl Result {
    /// Runs a plan.
    #[must_use]
    pub fn of(driver: &Driver, plan: &Plan) -> Self {
        Self::watched(driver, plan, &())
    }

    /// Runs a plan, and somebody wants to see it.
    #[must_use]
    pub fn watched(driver: &Driver, plan: &Plan, watch: &dyn Watch) -> Self {
        match catch_unwind(AssertUnwindSafe(|| play(driver, plan, watch))) {
            Ok(Ok(outcome)) => Self::Ran(Box::new(outcome)),
            Ok(Err(error)) => Self::Not(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
                Self::Not(format!("ferrite-host itself panicked: {text}"))
            }
        }
    }

    /// What came of it, if it ran.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Ran(outcome) => Some(outcome),
            Self::Not(_) => None,
        }
    }

    /// What went wrong, if anything did.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Ran(outcome) => outcome.end.as_ref().map(ToString::to_string),
            Self::Not(why) => Some(why.clone()),
        }
    }

    /// What tells one kind of problem from another: the rule, or the words without their numbers.
    #[must_use]
    pub fn kind(&self) -> Option<String> {
        match self {
            Self::Ran(outcome) => match outcome.end.as_ref()? {
                End::Violation(violation) => Some(violation.rule.ident.to_owned()),
                End::Failure(text) => Some(words(text)),
            },
            Self::Not(text) => Some(words(text)),
        }
    }
}

/// The end of a text without numbers: what went wrong, not in which act.
fn words(text: &str) -> String {
    let text = text.rsplit_once(": ").map_or(text, |(_, end)| end);
    text.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(40).collect()
}

/// A problem, and how to see it again.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// The file of the input, if it was one.
    pub input: Option<PathBuf>,
    /// What went wrong.
    pub problem: String,
    /// The command that shows it again.
    pub repeat: String,
    /// The acts that it takes, after shrinking.
    pub acts: Vec<String>,
    /// Acts before.
    pub of: usize,
    /// The machine.
    pub machine: String,
}

impl Finding {
    /// A problem with a plan, of which `of` acts there were before.
    #[must_use]
    pub fn new(plan: &Plan, problem: &str, repeat: String, of: usize) -> Self {
        let acts = plan.acts.iter();
        let acts = acts.map(|act| format!("{:>3}  adapter {}: {:?}", act.number, act.adapter, act.what));
        Self {
            seed: plan.seed,
            input: None,
            problem: problem.trim_end().to_owned(),
            repeat,
            acts: acts.collect(),
            of,
            machine: format!("{:?}", plan.machine),
        }
    }
}

/// Leaves out what a list can do without, halves first, then less and less, with at most so many trials.
pub fn fewer<T: Clone>(list: &[T], trials: u32, mut enough: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = list.to_vec();
    let mut left = trials;
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 && left > 0 {
        let mut at = 0;
        while at < kept.len() && left > 0 {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + chunk).min(kept.len()));
            left -= 1;
            if enough(&fewer) {
                kept = fewer;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    kept
}

/// Makes a finding of a problem: leaves out acts as long as the same goes wrong.
#[must_use]
pub fn shrink(driver: &Driver, plan: &Plan, result: &Result, command: &str) -> Finding {
    let kind = result.kind();
    let mut problem = result.problem().unwrap_or_default();
    let kept = fewer(&plan.numbers(), TRIALS, |fewer| {
        let tried = Result::of(driver, &plan.only(fewer));
        let same = tried.kind() == kind;
        if same {
            problem = tried.problem().unwrap_or_default();
        }
        same
    });
    let list: Vec<String> = kept.iter().map(ToString::to_string).collect();
    let keep = match list.len() {
        all if all == plan.acts.len() => String::new(),
        0 => " --keep none".into(),
        _ => format!(" --keep {}", list.join(",")),
    };
    Finding::new(&plan.only(&kept), &problem, format!("{command}{keep}"), plan.acts.len())
}
