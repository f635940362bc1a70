//! The stack that the image may need, along direct calls.

use super::{Finding, Rule, header::Header};
use crate::{
    pe::Image,
    sched::BUDGET,
    symbols::{Depths, Symbols},
};
use serde::Serialize;

/// What its code says of the stack.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StackReport {
    /// The most that a function needs with all that it calls directly, in bytes; without those that have no bound.
    pub deepest: u64,
    /// The functions on the way there, outermost first.
    pub path: Vec<String>,
    /// Functions that end up in themselves.
    pub recursive: Vec<String>,
    /// Calls through registers and memory other than the import table, which are not followed.
    pub indirect: usize,
}

impl StackReport {
    /// Of an image. Without symbols, functions are told by their RVAs.
    pub(super) fn new(image: &Image, header: &Header, symbols: Option<&Symbols>) -> Self {
        let depths = Depths::new(image, header.pointers.iter().map(|pointer| pointer.target));
        let name = |rva: u32| {
            let known = symbols.and_then(|symbols| symbols.lookup(rva).pop());
            known.map_or_else(|| format!("{rva:#x}"), |location| location.function)
        };
        let mut deepest = image.entry();
        let mut report = Self { indirect: depths.indirect().len(), ..Self::default() };
        for (rva, bytes) in depths.all() {
            match bytes {
                Some(bytes) if bytes > report.deepest => {
                    report.deepest = bytes;
                    deepest = rva;
                }
                Some(_) => {}
                // Its path ends where it was before.
                None => report.recursive.extend(depths.deepest(rva).path.last().map(|&rva| name(rva))),
            }
        }
        report.path = depths.deepest(deepest).path.into_iter().map(name).collect();
        report.recursive.sort_unstable();
        report.recursive.dedup();
        report
    }

    /// It has to fit what a kernel stack has for a driver.
    pub(super) fn check(&self, findings: &mut Vec<Finding>) {
        if self.deepest > BUDGET {
            let (bytes, path) = (self.deepest, self.path.join(" > "));
            let what = format!("{bytes} bytes of stack, of {BUDGET}: {path}");
            findings.push(Finding::new(Rule::Stack, what));
        }
        for name in &self.recursive {
            findings.push(Finding::new(Rule::Stack, format!("{name} calls itself")));
        }
    }
}
