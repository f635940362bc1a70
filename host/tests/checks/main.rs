//! The checks themselves: a small miniport driver that is sound, and the same driver with one fault at a time. Every
//! check that ends a run is seen to end it, under its rule and in the call where the fault is.

#![allow(
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    clippy::unnecessary_box_returns,
    clippy::bool_to_int_with_if,
    reason = "the bench writes structures as a driver does, and a violation is boxed where it comes from"
)]

mod bench;
mod driver;
mod fault;

mod data_path;
mod memory;
mod netdma;
mod oid;
mod order;
mod registration;
mod resources;
mod states;

use ferrite_host::verify::{End, Rule, Violation};
use std::ptr;

use fault::Fault;

/// The driver without a fault passes everything: what catches the faults is not the bench.
#[test]
fn the_sound_driver_passes() {
    for _ in 0..3 {
        let ended = bench::live(None);
        assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}

/// The driver with this fault ends the run, by this rule.
#[track_caller]
fn broken(fault: Fault, rule: &'static Rule) -> Box<Violation> {
    let violation = match bench::live(Some(fault)) {
        Err(End::Violation(violation)) => violation,
        Err(End::Failure(what)) => panic!("{fault:?} ends the run otherwise: {what}"),
        Ok(()) => panic!("{fault:?} is not caught"),
    };
    assert!(ptr::eq(violation.rule, rule), "{fault:?} is caught as something else: {violation}");
    violation
}

/// It ends in this call.
#[track_caller]
fn caught_in(call: &str, fault: Fault, rule: &'static Rule) {
    let violation = broken(fault, rule);
    assert_eq!(violation.calls.first().map(String::as_str), Some(call), "{fault:?}: {violation}");
    let text = violation.to_string();
    assert!(text.contains(rule.id) && text.contains(rule.name) && text.contains(call), "{text}");
}

/// It ends when a handler has returned, or has not done what it owes: no call is in progress then.
#[track_caller]
fn caught_afterwards(fault: Fault, rule: &'static Rule) {
    let text = broken(fault, rule).to_string();
    assert!(text.contains(rule.id) && text.contains(rule.name), "{text}");
}

/// One test for each fault: its name, the fault, the rule that catches it, the call in which it is caught.
macro_rules! mutants {
    ($( $(#[$doc:meta])* $test:ident: $fault:ident is $rule:ident $(in $call:literal)?; )*) => {
        $(
            $(#[$doc])*
            #[test]
            fn $test() {
                $crate::mutants!(@ $fault $rule $($call)?);
            }
        )*
    };
    (@ $fault:ident $rule:ident) => {
        $crate::caught_afterwards($crate::Fault::$fault, &ferrite_host::verify::rules::$rule)
    };
    (@ $fault:ident $rule:ident $call:literal) => {
        $crate::caught_in($call, $crate::Fault::$fault, &ferrite_host::verify::rules::$rule)
    };
}
use mutants;
