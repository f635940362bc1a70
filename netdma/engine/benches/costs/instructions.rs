//! Instructions of an operation, counted by callgrind in a run of its own.

use std::{env, process::Command};

/// Instructions from the operation's call to its return.
///
/// # Errors
/// Valgrind does not run, or counts nothing.
pub fn of(name: &str) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={}", super::operations::symbol(name)))
        .arg(program)
        .args(["--operation", name])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let counted = text.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim());
    match counted.and_then(|count| count.parse().ok()) {
        Some(count) if count > 0 && output.status.success() => Ok(count),
        _ => Err(format!("callgrind counted nothing: {text}")),
    }
}
