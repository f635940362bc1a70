//! Names compare without regard to case, in an INF as in the registry.

/// Folds `name` for comparison, character by character: the registry's table has no mapping that changes
/// a name's length, so neither has this one.
pub(super) fn fold(name: &str) -> String {
    name.chars()
        .map(|c| {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(u), None) => u,
                _ => c,
            }
        })
        .collect()
}

/// Whether two names are the same name.
pub(super) fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}
