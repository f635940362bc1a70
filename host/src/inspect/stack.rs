//! The stack that the image may need, along direct calls.

use super::{Finding, Rule, header::Header};
use crate::{
    pe::Image,
    sched::BUDGET,
    symbols::{Deepest, Depths, Symbols},
};
use serde::Serialize;

/// What its code says of the stack.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StackReport {
    /// The most that a function which may be called from outside needs, with all that it calls directly, in bytes.
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
        let mut report = Self { indirect: depths.indirect().len(), ..Self::default() };
        for Deepest { bytes, path } in depths.entries() {
            match bytes {
                Some(bytes) if bytes > report.deepest => {
                    report.deepest = bytes;
                    report.path = path.into_iter().map(name).collect();
                }
                Some(_) => {}
                // The path ends where it was before.
                None => report.recursive.extend(path.last().map(|&rva| name(rva))),
            }
        }
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
