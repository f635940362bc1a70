//! What a channel's operations cost: exact counts of instructions and register accesses, and the CPU engine's rate as a
//! ratio to plain copies of the same bytes in the same run.
//!
//! Instructions are counted by callgrind, which runs this program once for each operation; everything else is measured
//! here. `scripts/bench` sets it up.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "counts and sizes are small"
)]

mod copies;
mod instructions;
mod operations;

use serde_json::json;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_json = arguments.iter().any(|argument| argument == "--json");
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--json").collect();
    match words.as_slice() {
        ["--operation", name] => operations::play(name),
        [] => return report(is_json),
        _ => {
            eprintln!("usage: [--json]; or --operation NAME, for callgrind");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn report(is_json: bool) -> ExitCode {
    let mut rows = Vec::new();
    for name in operations::NAMES {
        let counts = operations::count(name);
        match instructions::of(name) {
            Ok(instructions) => rows.push((name, counts, instructions)),
            Err(problem) => {
                eprintln!("{name}: {problem}");
                return ExitCode::FAILURE;
            }
        }
    }
    let copies = copies::measure();
    if is_json {
        let operations: Vec<_> = rows
            .iter()
            .map(|(name, counts, instructions)| {
                json!({ "operation": name, "instructions": instructions,
                        "register_reads": counts.reads, "register_writes": counts.writes })
            })
            .collect();
        let copies: Vec<_> = copies
            .iter()
            .map(|row| {
                json!({ "bytes": row.bytes, "memory": row.place, "copies": row.primitive, "ratio": row.ratio,
                        "nanoseconds": row.engine, "nanoseconds_plain": row.plain })
            })
            .collect();
        println!("{:#}", json!({ "operations": operations, "cpu_engine": copies }));
        return ExitCode::SUCCESS;
    }
    println!("  {:<34} {:>12} {:>6} {:>7}", "operation", "instructions", "reads", "writes");
    for (name, counts, instructions) in rows {
        println!("  {name:<34} {instructions:>12} {:>6} {:>7}", counts.reads, counts.writes);
    }
    println!(
        "\n  CPU engine against plain copies\n  {:<10} {:<9} {:>10} {:>7} {:>12} {:>12}",
        "memory", "copies", "bytes", "ratio", "engine, ns", "plain, ns"
    );
    for row in copies {
        println!(
            "  {:<10} {:<9} {:>10} {:>7.3} {:>12.1} {:>12.1}",
            row.place, row.primitive, row.bytes, row.ratio, row.engine, row.plain
        );
    }
    ExitCode::SUCCESS
}
