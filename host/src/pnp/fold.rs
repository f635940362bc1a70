//! Names compare without regard to case, in an INF as in the registry.

/// Folds `name` for comparison, character by character: the registry's table has no mapping that changes
/// a name's length, so neither has this one.
pub(super) fn fold(name: &str) -> String {
    folded(name).collect()
}

/// Whether two names are the same name.
pub(super) fn same(a: &str, b: &str) -> bool {
    folded(a).eq(folded(b))
}

fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| {
        if c.is_ascii() {
            return c.to_ascii_uppercase();
        }
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(u), None) => u,
            _ => c,
        }
    })
}
