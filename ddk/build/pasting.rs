//! The one construct of the kit's headers that clang rejects.

use std::fmt::Write as _;

/// Renames the pasting macro and puts one under the old name that expands its arguments first.
pub fn expand_before_pasting(text: &str) -> Option<String> {
    const NAME: &str = "NDIS_API_VERSION_AVAILABLE(";
    const RENAMED: &str = "NDIS_API_VERSION_AVAILABLE_EXPANDED(";
    let is_definition = |line: &str| {
        line.trim_start().strip_prefix("#define").is_some_and(|rest| rest.trim_start().starts_with(NAME))
    };
    if !text.lines().any(is_definition) {
        return None;
    }
    let mut patched = String::with_capacity(text.len() + 256);
    for line in text.lines() {
        if is_definition(line) {
            let _ = writeln!(patched, "#define {NAME}major, minor) {RENAMED}major, minor)");
            let _ = writeln!(patched, "{}", line.replacen(NAME, RENAMED, 1));
        } else {
            let _ = writeln!(patched, "{line}");
        }
    }
    Some(patched)
}
