//! What proves a rule: a driver that breaks it and is caught under its name, and a sound one that does what the rule is
//! about and is not.

use crate::{bench, fault::Turn, routines};
use ferrite_host::{
    image,
    verify::{End, Rule, Violation, rules},
};
use std::{collections::BTreeSet, ptr, sync::OnceLock};

/// How often the sound drivers did what each rule is about.
fn coverage() -> &'static [u64] {
    static COVERAGE: OnceLock<Vec<u64>> = OnceLock::new();
    COVERAGE.get_or_init(|| {
        let mut sum = vec![0; rules::COUNT];
        let lives = Turn::ALL.iter().map(|&turn| (format!("{turn:?}"), bench::live("", turn)));
        let routines = routines::SOUND.iter().map(|&name| (name.to_owned(), bench::routine(name)));
        let special = Turn::ALL
            .iter()
            .map(|&turn| (format!("{turn:?} in special pool"), bench::live_special("", turn)));
        for (name, run) in lives.chain(special).chain(routines) {
            assert!(run.ended.is_ok(), "the sound driver, {name}: {}", run.ended.unwrap_err());
            sum.iter_mut().zip(run.coverage).for_each(|(sum, count)| *sum += count);
        }
        sum
    })
}

/// The drivers without a fault pass everything: what catches the faults is not the bench.
#[test]
fn the_sound_driver_passes() {
    for _ in 0..3 {
        let run = bench::live("", Turn::None);
        assert!(run.ended.is_ok(), "{}", run.ended.unwrap_err());
    }
    assert_eq!(coverage().len(), rules::COUNT);
}

/// Whether this is an import.
fn resolve(call: &str) -> bool {
    image::resolve("ndis.sys", call).or_else(|| image::resolve("ntoskrnl.exe", call)).is_some()
}

/// The run ended by this rule, which the sound drivers have kept.
#[track_caller]
pub fn broken(name: &str, ended: Result<(), End>, rule: &'static Rule) -> Box<Violation> {
    let violation = match ended {
        Err(End::Violation(violation)) => violation,
        Err(End::Failure(what)) => panic!("{name} ends the run otherwise: {what}"),
        Ok(()) => panic!("{name} is not caught"),
    };
    assert!(ptr::eq(violation.rule, rule), "{name} is caught as something else: {violation}");
    let text = violation.to_string();
    assert!(text.contains(rule.id) && text.contains(rule.name), "{text}");
    // Whoever is called by the driver leads back to its source; a handler that has returned is on no stack.
    let import = violation.calls.first().is_some_and(|call| resolve(call));
    let named =
        violation.stack.iter().filter_map(|line| line.file.as_ref()).any(|file| file.contains("mutants"));
    assert!(named || !import, "{name}: no line of the driver is named: {:?}", violation.stack);
    let kept = coverage().get(rule.number).copied().unwrap_or(0);
    assert!(kept > 0, "no sound driver does what {} ({}) is about", rule.ident, rule.id);
    violation
}

/// It ends in this call.
#[track_caller]
pub fn caught_in(call: &str, fault: &'static str, rule: &'static Rule) {
    let violation = broken(fault, bench::live(fault, Turn::of(fault)).ended, rule);
    assert_eq!(violation.calls.first().map(String::as_str), Some(call), "{fault}: {violation}");
}

/// It ends when a handler has returned, or has not done what it owes: no call is in progress then.
#[track_caller]
pub fn caught_afterwards(fault: &'static str, rule: &'static Rule) {
    broken(fault, bench::live(fault, Turn::of(fault)).ended, rule);
}

/// Rules that have no mutant here, and why.
static NOT_PROVEN: &[(&Rule, &str)] = &[
    (&rules::POOL, "broken by tests/wdm, where a plug and play IRP carries the block"),
    (&rules::IRP_PENDING, "broken by tests/wdm, where the driver has dispatch routines"),
    (&rules::IRP_LOST, "broken by tests/wdm"),
    (&rules::IRP_STATUS, "broken by tests/wdm"),
    (&rules::PORT_RANGE, "no device here has ports, so that every deregistration is wrong"),
];

/// Every rule that a miniport owes NDIS or the kernel has a mutant and a sound run, or a reason why not.
#[test]
fn every_rule_is_proven() {
    let lists = [
        crate::data_path::PROOFS,
        crate::memory::PROOFS,
        crate::oid::PROOFS,
        crate::order::PROOFS,
        crate::registration::PROOFS,
        crate::resources::PROOFS,
        crate::states::PROOFS,
    ];
    let proven: BTreeSet<usize> = lists
        .into_iter()
        .chain(routines::PROOFS)
        .flat_map(|list| list.iter().map(|rule| rule.number))
        .collect();
    let excused: BTreeSet<usize> = NOT_PROVEN.iter().map(|row| row.0.number).collect();
    let ours = || rules::all().take(rules::KERNEL_END);
    let open: Vec<&str> = ours()
        .filter(|rule| !proven.contains(&rule.number) && !excused.contains(&rule.number))
        .map(|rule| rule.ident)
        .collect();
    assert!(open.is_empty(), "{} rules without a mutant: {}", open.len(), open.join(", "));
    let stale: Vec<&str> = ours()
        .filter(|rule| proven.contains(&rule.number) && excused.contains(&rule.number))
        .map(|rule| rule.ident)
        .collect();
    assert!(stale.is_empty(), "proven, and excused: {stale:?}");
    let silent: Vec<&str> = ours()
        .filter(|rule| {
            proven.contains(&rule.number) && coverage().get(rule.number).is_none_or(|&kept| kept == 0)
        })
        .map(|rule| rule.ident)
        .collect();
    assert!(silent.is_empty(), "broken, but never kept by a sound driver: {silent:?}");
    println!("{} rules of {} proven", proven.len(), rules::KERNEL_END);
}
