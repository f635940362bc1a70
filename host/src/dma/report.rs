//! The result of a DMA run, for people and for machines.

use super::Counts;
use crate::sched::Trace;
use serde::Serialize;
use std::fmt;

/// What was done with the channels of a provider.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// The engine behind it.
    pub provider: String,
    /// The version that it registered with.
    pub netdma: String,
    /// Channels.
    pub channels: u32,
    /// What was done.
    #[serde(flatten)]
    pub counts: Counts,
    /// Register reads of the driver.
    pub register_reads: u64,
    /// Register writes of the driver.
    pub register_writes: u64,
}

impl Row {
    /// For a person.
    #[must_use]
    pub fn in_a_line(&self) -> String {
        let n = &self.counts;
        format!(
            "{}: {} channel{}, {:.1} MiB in {} descriptors verified, {} suspends, {} aborts, {} resets, {} of {} errors reported",
            self.provider,
            self.channels,
            if self.channels == 1 { "" } else { "s" },
            n.bytes as f64 / f64::from(1 << 20),
            n.descriptors,
            n.suspends,
            n.aborts,
            n.resets,
            n.errors_reported,
            n.errors_injected
        )
    }
}

/// What a run did and found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// A row for each provider.
    pub providers: Vec<Row>,
    /// Pairs of alignments of source and destination, modulo 64, that were copied; there are 4096.
    pub alignments: u64,
    /// The seed of all choices.
    pub seed: u64,
    /// What a simulation was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Trace>,
    /// Blocks, handles and objects left after unload.
    pub leaks: u64,
    /// Rules broken.
    pub violations: u64,
    /// Seconds from boot to unload.
    pub seconds: f64,
}

impl Report {
    /// The sum of all rows.
    #[must_use]
    pub fn total(&self) -> Row {
        let mut total = Row { provider: "all".into(), ..Row::default() };
        for row in &self.providers {
            total.channels += row.channels;
            total.counts.add(&row.counts);
            total.register_reads += row.register_reads;
            total.register_writes += row.register_writes;
        }
        total
    }
}

/// Accesses a descriptor.
fn ratio(accesses: u64, descriptors: u64) -> String {
    if descriptors == 0 { "-".into() } else { format!("{:.2}", accesses as f64 / descriptors as f64) }
}

const HEAD: [&str; 15] = [
    "",
    "NetDMA",
    "channels",
    "MiB",
    "descriptors",
    "chains",
    "appends",
    "interrupts",
    "suspends",
    "resumes",
    "aborts",
    "resets",
    "errors",
    "reads/d",
    "writes/d",
];

fn cells(row: &Row) -> [String; 15] {
    let n = &row.counts;
    [
        row.provider.clone(),
        row.netdma.clone(),
        row.channels.to_string(),
        format!("{:.1}", n.bytes as f64 / f64::from(1 << 20)),
        n.descriptors.to_string(),
        n.chains.to_string(),
        n.appends.to_string(),
        n.interrupts.to_string(),
        n.suspends.to_string(),
        n.resumes.to_string(),
        n.aborts.to_string(),
        n.resets.to_string(),
        format!("{}/{}", n.errors_reported, n.errors_injected),
        ratio(row.register_reads, n.descriptors),
        ratio(row.register_writes, n.descriptors),
    ]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        let mut table = vec![HEAD.map(str::to_owned)];
        table.extend(self.providers.iter().map(cells));
        table.push(cells(&total));
        let width = |column: usize| {
            table.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
        };
        for row in &table {
            write!(f, " ")?;
            for (column, cell) in row.iter().enumerate() {
                let width = width(column);
                if column == 0 {
                    write!(f, " {cell:<width$}")?;
                } else {
                    write!(f, "  {cell:>width$}")?;
                }
            }
            writeln!(f)?;
        }
        let n = &total.counts;
        writeln!(f, "  every byte, guard byte, completion word and report is as it has to be")?;
        writeln!(
            f,
            "  longest chain {} descriptors; {} of 4096 pairs of alignments",
            n.longest_chain, self.alignments
        )?;
        if let Some(trace) = &self.simulated {
            let seconds = trace.nanoseconds as f64 / 1e9;
            writeln!(f, "  simulated: {} events in {seconds:.6} s, trace {:016x}", trace.events, trace.hash)?;
        }
        write!(
            f,
            "  leaks {}, violations {}, seed {}, {:.1} s",
            self.leaks, self.violations, self.seed, self.seconds
        )
    }
}
