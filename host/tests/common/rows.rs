//! A rule is proven by a driver that breaks it and is caught under it, and by a sound one that it is held against.
//!
//! A test binary that declares mutants has a function `sound::coverage`: how often each rule was watched in runs of the
//! sound driver, which came to a good end.

use ferrite_host::verify::{Rule, rules};

/// One test for each mutant, that is caught under a rule; and [`BROKEN`], the rules that these prove.
macro_rules! mutants {
    ($( $(#[$doc:meta])* $test:ident breaks $rule:ident: $body:expr; )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                let rule: &'static ferrite_host::verify::Rule = &ferrite_host::verify::rules::$rule;
                let body: fn(&'static ferrite_host::verify::Rule) = $body;
                body(rule);
                $crate::rows::exercised(rule, &$crate::sound::coverage());
            }
        )*

        /// The rules that the mutants of this file break.
        pub static BROKEN: &[&ferrite_host::verify::Rule] = &[$(&ferrite_host::verify::rules::$rule),*];
    };
}
pub(crate) use mutants;

/// The sound driver does what the rule is about.
#[track_caller]
pub fn exercised(rule: &Rule, coverage: &[u64]) {
    let watched = coverage.get(rule.number).copied().unwrap_or(0);
    assert!(watched > 0, "no sound run does what {} ({}) is about", rule.ident, rule.id);
}

/// Each rule of a group has a mutant, or a reason why it has none.
#[track_caller]
pub fn complete(group: impl Fn(&Rule) -> bool, broken: &[&[&Rule]], not_proven: &[(&Rule, &str)]) {
    let group: Vec<&Rule> = ferrite_host::verify::rules::all().filter(|rule| group(rule)).collect();
    assert!(!group.is_empty(), "the group has no rules");
    for rule in group {
        let mutant = broken.iter().copied().flatten().any(|other| std::ptr::eq(*other, rule));
        let reason = not_proven.iter().find(|(other, _)| std::ptr::eq(*other, rule));
        match (mutant, reason) {
            (false, None) => panic!("no mutant breaks {} ({})", rule.ident, rule.id),
            (true, Some((_, why))) => panic!("{} is proven, although listed as not: {why}", rule.ident),
            _ => {}
        }
    }
}

/// NetDMA's rules that only a device in the hands of the plug and play manager can break.
#[allow(dead_code, reason = "not every test binary has them")]
pub fn is_plugged(rule: &Rule) -> bool {
    let plugged = [
        &rules::NETDMA_REGISTER_LATE,
        &rules::NETDMA_START_EARLY,
        &rules::NETDMA_STOP,
        &rules::NETDMA_POWER_DOWN,
        &rules::NETDMA_POWER_UP,
    ];
    plugged.into_iter().any(|other| std::ptr::eq(other, rule))
}
