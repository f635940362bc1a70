//! The result of a run, for people and for machines.

use crate::{dma::Row, ndis::adapter::Counters, sched::StackUse};
use serde::Serialize;
use std::fmt::{self, Write as _};

/// One direction of the transfer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Traffic {
    /// Payload bytes, verified.
    pub bytes: u64,
    /// How long they took.
    pub seconds: f64,
    /// SHA-256 that both ends computed.
    pub sha256: String,
}

/// What a run did and found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The INF's description of the adapter.
    pub adapter: String,
    /// The identifier that matched.
    pub matched: String,
    /// The current address.
    pub mac: String,
    /// Megabits per second of the link.
    pub link_mbps: u64,
    /// Full duplex.
    pub full_duplex: bool,
    /// How the adapter interrupts.
    pub interrupts_by: String,
    /// The address that DHCP gave.
    pub address: String,
    /// The gateway.
    pub gateway: String,
    /// Round trip of the last ping, microseconds.
    pub ping_us: u64,
    /// Through the receive path.
    pub down: Traffic,
    /// Through the send path.
    pub up: Traffic,
    /// Times that the link changed.
    pub link_changes: u64,
    /// Register reads and writes of the driver.
    pub register_reads: u64,
    /// See `register_reads`.
    pub register_writes: u64,
    /// NDIS's counts.
    pub counts: Counters,
    /// Frames that the NIC says it sent and received.
    pub frames_out: u64,
    /// See `frames_out`.
    pub frames_in: u64,
    /// NetDMA's providers, and what was copied through their channels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Row>,
    /// The most that the driver used of its stacks.
    pub stack: StackUse,
    /// Blocks, handles and objects left after unload.
    pub leaks: u64,
    /// Rules broken.
    pub violations: u64,
    /// Seconds from boot to unload.
    pub seconds: f64,
}

fn rate(traffic: &Traffic) -> String {
    let mib = traffic.bytes as f64 / f64::from(1 << 20);
    let mbit = if traffic.seconds > 0.0 { traffic.bytes as f64 * 8.0 / traffic.seconds / 1e6 } else { 0.0 };
    let hash: String = traffic.sha256.chars().take(12).collect();
    format!("{mib:.1} MiB in {:.1} s, {mbit:.0} Mbit/s, sha256 {hash}... equal at both ends", traffic.seconds)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = &self.counts;
        let mut rows: Vec<(&str, String)> = vec![
            ("adapter", format!("{} ({})", self.adapter, self.matched)),
            ("MAC", self.mac.clone()),
            (
                "link",
                format!(
                    "{} Mbit/s, {} duplex, {} changes",
                    self.link_mbps,
                    if self.full_duplex { "full" } else { "half" },
                    self.link_changes
                ),
            ),
        ];
        if !self.address.is_empty() {
            rows.push((
                "address",
                format!("{}, gateway {}, ping {} us", self.address, self.gateway, self.ping_us),
            ));
            rows.push(("received", rate(&self.down)));
            rows.push(("sent", rate(&self.up)));
        }
        rows.extend([
            ("frames", format!("{} out, {} in", self.frames_out, self.frames_in)),
            ("interrupts", format!("{} by {}, {} DPCs", n.interrupts, self.interrupts_by, n.dpcs)),
            ("registers", format!("{} reads, {} writes", self.register_reads, self.register_writes)),
            (
                "pauses",
                format!(
                    "{} ({} pended, {} at once), longest {:.2} ms",
                    n.pauses,
                    n.pauses_pended,
                    n.pauses - n.pauses_pended,
                    n.pause_longest_ns as f64 / 1e6
                ),
            ),
            ("resets", n.resets.to_string()),
            (
                "NBLs",
                format!(
                    "{} sent, {} completed; {} indicated, {} returned, {} lent",
                    n.sends, n.sends_completed, n.receives, n.returned, n.resources
                ),
            ),
        ]);
        rows.extend(self.copies.iter().map(|row| ("NetDMA", row.in_a_line())));
        rows.extend([
            ("stack", self.stack.to_string()),
            ("leaks", self.leaks.to_string()),
            ("violations", self.violations.to_string()),
            ("time", format!("{:.1} s", self.seconds)),
        ]);
        let mut text = String::new();
        for (name, value) in rows {
            let _ = writeln!(text, "  {name:<11} {value}");
        }
        f.write_str(text.trim_end())
    }
}
