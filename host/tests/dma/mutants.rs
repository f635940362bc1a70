//! The sound provider, and each fault.

use crate::{
    fault::{self, Fault},
    provider,
};
use ferrite_host::dma::workload::Counts;

/// Bytes that a client copies: every kind of thing is done at least once whatever they are.
const BYTES: u64 = 4 << 20;
/// Choices of which one at least meets each fault: some descriptors break pages, move nothing and ask for nothing.
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

fn run(fault: Option<Fault>, seed: u64) -> Result<Counts, String> {
    fault::set(fault);
    provider::client(seed, BYTES).unwrap_or_else(|end| panic!("{fault:?}, seed {seed}: {end}"))
}

/// NDMA-XFER-01, -02, -05, -07 to -10, -13 to -15, NDMA-SUS-01, -02, NDMA-RES-01, NDMA-ABT-01, NDMA-RST-01: a provider
/// that does all of it as documented passes, and the counts are those of what was done.
#[test]
fn a_sound_provider_passes() {
    for seed in SEEDS {
        let n = run(None, seed).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(n.bytes >= BYTES && n.descriptors > n.chains && n.chains >= 8, "{n:?}");
        assert!(n.interrupts >= n.chains - n.aborts - n.resets, "{n:?}");
        assert_eq!(
            (n.errors_injected, n.errors_reported, n.suspends),
            (n.errors_injected, n.errors_injected, n.resumes)
        );
        assert!(n.errors_injected > 0 && n.aborts > 0 && n.resets > n.errors_injected, "{n:?}");
    }
}

/// With this fault a client sees one of `signs`, and nothing else, as soon as its choices meet it.
#[track_caller]
fn caught(fault: Fault, signs: &[&str]) {
    let Some((seed, error)) = SEEDS.into_iter().find_map(|seed| Some((seed, run(Some(fault), seed).err()?)))
    else {
        panic!("{fault:?} is not caught with any of the seeds {SEEDS:?}");
    };
    let expected = signs.iter().any(|sign| error.contains(sign));
    assert!(expected, "{fault:?} is caught as something else with seed {seed}: {error}");
}

const WRONG: &str = "are not those of its source";
const BESIDE: &str = "were written";
const LAST_WORD: &str = "the last completion word: not within";
const LAST_INTERRUPT: &str = "the last interrupt: not within";

/// NDMA-XFER-01, -14, -15: bytes that are wrong, missing, or where they do not belong.
#[test]
fn wrong_copies() {
    caught(Fault::WrongByte, &[WRONG]);
    caught(Fault::Skips, &[WRONG]);
    caught(Fault::Overruns, &[BESIDE]);
    caught(Fault::Underruns, &[BESIDE]);
    caught(Fault::WritesSource, &["the sources were written"]);
    caught(Fault::IgnoresNull, &[BESIDE]);
    caught(Fault::IgnoresSourceBreak, &[WRONG]);
    caught(Fault::IgnoresDestinationBreak, &[WRONG, BESIDE]);
}

/// NDMA-CST-01, -02, -05: words that are missing, of another descriptor, in another state, or not asked for.
#[test]
fn wrong_words() {
    let suspended = "but the word is";
    caught(Fault::NoWord, &[LAST_WORD, suspended]);
    caught(Fault::WordUnasked, &[suspended]);
    caught(Fault::WordOfAnother, &[LAST_WORD, suspended]);
    caught(Fault::NeverIdle, &[LAST_WORD]);
}

/// NDMA-INT-01 to -03, NDMA-CST-05: completions that are missing, reported twice, not asked for, or older than the
/// interrupting descriptor.
#[test]
fn wrong_completions() {
    caught(Fault::NoInterrupt, &[LAST_INTERRUPT]);
    caught(Fault::Twice, &["no more interrupts were asked for", "of an earlier chain was reported again"]);
    caught(Fault::InterruptUnasked, &["no more interrupts were asked for"]);
    caught(Fault::ReportsNobody, &["which is no descriptor"]);
    caught(Fault::ReportsOlder, &[LAST_INTERRUPT]);
    caught(Fault::ReportsLate, &["was reported after"]);
}

/// NDMA-INT-03, NDMA-XFER-17: errors that are not reported, reported twice or without cause, passed over, or not mended
/// by a reset.
#[test]
fn wrong_errors() {
    let report = "the report of an error: not within";
    caught(Fault::FailsSilently, &[report]);
    caught(Fault::FailsTwice, &["an error was reported a second time", "although nothing was wrong"]);
    caught(Fault::ReportsFailed, &["at or behind the error"]);
    caught(Fault::FailsUnasked, &["an error was reported although nothing was wrong", "was refused"]);
    caught(Fault::PassesOverErrors, &[report, "at or behind the error"]);
    caught(Fault::CopiesBehindErrors, &["was begun, although"]);
    caught(Fault::ErrorNotInWord, &["the word after an error is"]);
    caught(Fault::ResetMendsNothing, &["a start was refused"]);
}

/// NDMA-SUS-01, -02, NDMA-RES-01, NDMA-XFER-07 to -09: a suspension that does not hold, says something wrong, or after
/// which the chain goes on elsewhere.
#[test]
fn wrong_suspensions() {
    let suspended = "suspended after";
    caught(Fault::WorksSuspended, &["while suspended"]);
    caught(Fault::SuspendsAfterAnother, &[suspended]);
    caught(Fault::SuspendsNowhere, &["which is no descriptor of the chain"]);
    caught(Fault::SuspensionNotInWord, &[suspended]);
    caught(Fault::LosesAppend, &[LAST_WORD, suspended]);
    caught(Fault::ResumesBehind, &[WRONG, LAST_WORD, suspended]);
    caught(Fault::ResumesBefore, &[WRONG]);
    caught(Fault::RefusesResume, &["a resumption was refused"]);
    caught(Fault::RefusesAppend, &["an append was refused"]);
}

/// NDMA-ABT-01, NDMA-RST-01, NDMA-XFER-10: a channel that was stopped and goes on, or takes more.
#[test]
fn wrong_stops() {
    let goes_on = ["the old chain goes on", "to a stopped channel succeeded"];
    caught(Fault::AbortsNothing, &goes_on);
    caught(Fault::ResetsNothing, &goes_on);
    caught(
        Fault::AppendsToStopped,
        &["to a stopped channel succeeded", "to a channel that failed succeeded"],
    );
    caught(Fault::RefusesAbort, &["an abort was refused"]);
}
