//! As few inputs as reach what many reach.

use super::{
    super::{finding::Result as Ran, machine::Driver, plan::bytes::Input},
    corpus,
    seen::{Marker, Seen},
};
use std::{collections::BTreeSet, fs, path::Path};

/// What one input reaches, by itself.
struct Reach {
    input: Input,
    /// Blocks, and rules behind them.
    what: BTreeSet<u64>,
}

/// Adds inputs of `from` to the folder `into` until that reaches all that both reach: the one that adds most first, and
/// the smallest of such. How many were added, and how many there are.
///
/// # Errors
/// A folder cannot be read or written, or an input fails: those are findings, and belong elsewhere.
pub fn merge(driver: &Driver, from: &Path, into: &Path) -> Result<(usize, usize), String> {
    let offered = corpus::read(from)?;
    let seen = Seen::of_driver(driver)?;
    corpus::make(into)?;
    let mut reached = BTreeSet::new();
    let kept = corpus::read(into)?;
    for (path, bytes) in &kept {
        reached.extend(reach(driver, &seen, &path.display().to_string(), bytes)?.what);
    }
    let mut left = Vec::new();
    for (path, bytes) in offered {
        left.push(reach(driver, &seen, &path.display().to_string(), &bytes)?);
    }
    let mut added = 0;
    loop {
        let worth = |reach: &Reach| reach.what.difference(&reached).count();
        // Records say more of a size than bytes do: each is an act that takes its time.
        let size = |reach: &Reach| (reach.input.records.len(), reach.input.write().len());
        let best =
            left.iter().enumerate().max_by_key(|(_, reach)| (worth(reach), std::cmp::Reverse(size(reach))));
        let Some((at, _)) = best.filter(|(_, reach)| worth(reach) > 0) else { break };
        let taken = left.swap_remove(at);
        corpus::keep(into, "", &taken.input)?;
        reached.extend(taken.what);
        added += 1;
    }
    let all = fs::read_dir(into).map_err(|error| format!("{}: {error}", into.display()))?.count();
    Ok((added, all))
}

fn reach(driver: &Driver, seen: &Seen, name: &str, bytes: &[u8]) -> Result<Reach, String> {
    let input = Input::read(bytes);
    let marker = Marker::new(seen.left());
    let ran = Ran::watched(driver, &input.plan(), &marker);
    if let Some(problem) = ran.problem() {
        return Err(format!("{name}: {}", problem.trim_end()));
    }
    let new = seen.clone().add(&marker.reached(), ran.outcome());
    let blocks = new.blocks.into_iter().map(u64::from);
    let rules = new.rules.into_iter().map(|rule| 1 << 32 | rule as u64);
    Ok(Reach { input, what: blocks.chain(rules).collect() })
}
