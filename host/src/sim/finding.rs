//! Something that a run found, and the fewest acts that show it.

use super::{
    machine::{Driver, Outcome, play},
    plan::Plan,
};
use crate::verify::End;
use std::panic::{AssertUnwindSafe, catch_unwind};

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
        match catch_unwind(AssertUnwindSafe(|| play(driver, plan, &()))) {
            Ok(Ok(outcome)) => Self::Ran(Box::new(outcome)),
            Ok(Err(error)) => Self::Not(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
                Self::Not(format!("ferrite-host itself panicked: {text}"))
            }
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
    fn kind(&self) -> Option<String> {
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

/// Makes a finding of a problem: leaves out acts as long as the same goes wrong.
#[must_use]
pub fn shrink(driver: &Driver, plan: &Plan, result: &Result, command: &str) -> Finding {
    let kind = result.kind();
    let mut kept = plan.numbers();
    let mut problem = result.problem().unwrap_or_default();
    let mut trials = 0;
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 && trials < TRIALS {
        let mut at = 0;
        while at < kept.len() && trials < TRIALS {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + chunk).min(kept.len()));
            trials += 1;
            let tried = Result::of(driver, &plan.only(&fewer));
            if tried.kind() == kind {
                kept = fewer;
                problem = tried.problem().unwrap_or_default();
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    let all = kept.len() == plan.acts.len();
    let list: Vec<String> = kept.iter().map(ToString::to_string).collect();
    let keep = if all {
        String::new()
    } else {
        format!(" --keep {}", if list.is_empty() { "none".into() } else { list.join(",") })
    };
    let acts = plan
        .only(&kept)
        .acts
        .into_iter()
        .map(|act| format!("{:>3}  adapter {}: {:?}", act.number, act.adapter, act.what));
    Finding {
        seed: plan.seed,
        problem: problem.trim_end().to_owned(),
        repeat: format!("{command}{keep}"),
        acts: acts.collect(),
        of: plan.acts.len(),
        machine: format!("{:?}", plan.machine),
    }
}
