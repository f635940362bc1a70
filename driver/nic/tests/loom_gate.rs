//! The gate under every interleaving that loom finds:
//! `RUSTFLAGS="--cfg loom" cargo test -p ferrite-nic --profile host --test loom_gate`.
//!
//! Each NBL is a cell that its holder touches, and the party that completes the pause touches all of them: if
//! anything could still be out at that moment, or its last use were not visible, loom reports two accesses
//! that are not ordered. The weakened gates show that the models notice.
#![cfg(loom)]

#[path = "gate_model/mutants.rs"]
mod mutants;
#[path = "gate_model/scenes.rs"]
mod scenes;

use ferrite_nic::Gate;
use loom::model::Builder;
use scenes::Subject;

/// Runs `scene` under every interleaving with at most `preemptions` forced switches.
fn check(preemptions: usize, scene: fn()) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(scene);
}

#[test]
fn pause_with_two_senders_a_completer_and_a_returner() {
    check(2, scenes::pause_under_traffic::<Gate>);
}

#[test]
fn pause_with_a_sender_and_a_completer_without_bound() {
    loom::model(scenes::pause_one_sender::<Gate>);
}

#[test]
fn pause_while_receives_are_indicated() {
    check(3, scenes::pause_while_indicating::<Gate>);
}

#[test]
fn pause_while_a_late_list_comes() {
    check(3, scenes::pause_with_a_late_list::<Gate>);
}

#[test]
fn pause_restarted_by_whoever_completes_it() {
    check(3, scenes::pause_and_restart);
}

#[test]
fn pause_inside_a_reset_and_a_removal() {
    check(3, scenes::pause_reset_removal);
}

#[test]
fn two_waiters_are_completed_once_each() {
    check(3, scenes::pause_and_low_power);
}

/// Each weakened gate must fail one of the models that the real one passes.
fn caught<S: Subject>(scene: fn()) {
    check(2, scene);
    panic!("not caught: {}", std::any::type_name::<S>());
}

#[test]
#[should_panic(expected = "completions")]
fn mutant_that_counts_refused_senders() {
    caught::<mutants::CountsRefused>(scenes::pause_one_sender::<mutants::CountsRefused>);
}

/// Seen before the books are: the two completions touch the same NBLs.
#[test]
#[should_panic(expected = "Causality violation")]
fn mutant_whose_close_and_leave_both_complete() {
    caught::<mutants::CompletesTwice>(scenes::pause_one_sender::<mutants::CompletesTwice>);
}

#[test]
#[should_panic(expected = "completions")]
fn mutant_that_waits_for_what_is_home() {
    caught::<mutants::LosesTheLast>(scenes::pause_one_sender::<mutants::LosesTheLast>);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn mutant_that_lets_a_late_sender_in() {
    caught::<mutants::ChecksThenAdds>(scenes::pause_one_sender::<mutants::ChecksThenAdds>);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn mutant_that_does_not_order_the_last_use() {
    caught::<mutants::Unordered>(scenes::pause_one_sender::<mutants::Unordered>);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn mutant_that_does_not_count_the_indicating_call() {
    caught::<mutants::ForgetsTheCall>(scenes::pause_while_indicating::<mutants::ForgetsTheCall>);
}

#[test]
#[should_panic(expected = "the adapter is gone")]
fn mutant_that_does_not_count_who_holds() {
    caught::<mutants::HoldsNothing>(scenes::pause_with_a_late_list::<mutants::HoldsNothing>);
}
