//! Simulations as a person runs them: they repeat, they find what is wrong with an image, and tell how to see it again.

#[path = "../common/built.rs"]
mod built;
mod findings;
mod fuzz;

use built::built;
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output},
};

/// Runs the program, with a state directory of its own.
fn host(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ferrite-host"))
        .args(arguments)
        .env("XDG_STATE_HOME", state)
        .output()
        .expect("the program runs")
}

/// Simulates an image, quietly and with a result as JSON.
fn sim(state: &Path, image: &Path, arguments: &[&str]) -> (bool, Value) {
    let (inf, dma_inf) = (built("ferrite.inf"), built("ferrite-dma.inf"));
    let paths = [inf.as_path(), dma_inf.as_path(), image].map(|path| path.to_str().expect("a plain path"));
    let mut all = vec!["sim", "-q", "--json", "--inf", paths[0], "--dma-inf", paths[1], "--image", paths[2]];
    all.extend(arguments);
    let output = host(state, &all);
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.success(), value)
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The same seeds are the same runs: in another process, on another number of threads, in any order.
#[test]
fn a_seed_repeats_a_run() {
    let state = temporary();
    let image = built("ferrite.sys");
    let run = |jobs| sim(state.path(), &image, &["--seeds", "20..32", "--jobs", jobs]);
    let (passed, first) = run("1");
    assert!(passed, "{first}");
    assert!(first["events"].as_u64() > Some(50_000), "{first}");
    for jobs in ["1", "3"] {
        let (_, again) = run(jobs);
        for what in ["hash", "events", "frames", "pauses", "refused", "faults"] {
            assert_eq!(first[what], again[what], "{what}, {jobs} jobs");
        }
    }
    let (_, other) = sim(state.path(), &image, &["--seeds", "21..33", "--jobs", "1"]);
    assert_ne!(first["hash"], other["hash"]);
}

/// An import that is asked to fail does so, once, and the run goes on to its end.
#[test]
fn one_import_fails() {
    let state = temporary();
    let once = ["--scenario", "once", "--seed", "1", "--refuse", "30"];
    let (passed, report) = sim(state.path(), &built("ferrite.sys"), &once);
    assert!(passed, "{report}");
    let refused = report["refused"].as_object().expect("a table");
    assert_eq!(refused.values().filter_map(Value::as_u64).sum::<u64>(), 1, "{report}");
}

/// A timeline has what a trace viewer needs: calls that nest on each thread's track, register accesses, counters.
#[test]
fn a_timeline() {
    let state = temporary();
    let place = state.path().join("trace.json");
    let arguments = ["--scenario", "once", "--seed", "3", "--trace", place.to_str().expect("a plain path")];
    assert!(sim(state.path(), &built("ferrite.sys"), &arguments).0);
    let trace: Value =
        serde_json::from_slice(&std::fs::read(&place).expect("a trace")).expect("a trace as JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let mut depth = std::collections::BTreeMap::new();
    let mut last = 0.0;
    for event in events {
        if event["ph"] == "M" {
            continue;
        }
        let now = event["ts"].as_f64().expect("a time");
        assert!(now >= last, "time goes back: {event}");
        last = now;
        let open: &mut i64 = depth.entry((event["pid"].as_u64(), event["tid"].as_u64())).or_default();
        match event["ph"].as_str() {
            Some("B") => *open += 1,
            Some("E") => *open -= 1,
            _ => {}
        }
        assert!(*open >= 0, "a call ends that did not begin: {event}");
    }
    // What is still in progress at the end are waits of the host's own threads.
    let has = |text: &str| {
        events.iter().any(|event| event["name"].as_str().is_some_and(|name| name.contains(text)))
    };
    for text in
        ["MiniportPause", "NdisMPauseComplete", "write 0x", "IRQL of CPU 1", "NBLs out", "adapter 0: Running"]
    {
        assert!(has(text), "no {text} on the timeline");
    }
}

/// `rules` lists every rule before there was a run, and afterwards what the run watched, the rest last.
#[test]
fn rules_and_what_a_run_watched_of_them() {
    let state = temporary();
    let rules = || -> Value {
        let output = host(state.path(), &["rules", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let watched = |table: &Value| -> Vec<u64> {
        let rows = table["rules"].as_array().expect("rows");
        rows.iter().map(|row| row["watched"].as_u64().expect("a count")).collect()
    };
    let before = rules();
    assert!(watched(&before).iter().all(|&count| count == 0));
    assert!(watched(&before).len() >= 500, "{} rules", watched(&before).len());
    assert!(sim(state.path(), &built("ferrite.sys"), &["--scenario", "once", "--seed", "1"]).0);
    let after = rules();
    let counts = watched(&after);
    assert!(counts.is_sorted_by(|a, b| a >= b), "never watched ones are not last");
    assert!(counts.iter().filter(|&&count| count > 0).count() > 150, "{counts:?}");
    let missing = host(state.path(), &["rules", "--coverage", "/nowhere/coverage.json"]);
    let text = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(!missing.status.success() && text.contains("/nowhere/coverage.json"), "{text}");
}

/// What makes no sense is refused with words that name it.
#[test]
fn arguments_that_make_no_sense() {
    let state = temporary();
    for (arguments, named) in [
        (["--seeds", "5..3"], "from 5 up to 3"),
        (["--seeds", "many"], "\"many\" is not A..B"),
        (["--refuse", "some"], "\"some\" is neither a number"),
        (["--keep", "1,x"], "\"x\" is no act's number"),
        (["--scenario", "none"], "none"),
        (["--image", "/nowhere/ferrite.sys"], "/nowhere/ferrite.sys"),
    ] {
        let mut all = vec!["sim", "-q", "--seed", "1"];
        if arguments[0] == "--seeds" {
            all.truncate(2);
        }
        let inf = built("ferrite.inf");
        all.extend(["--inf", inf.to_str().expect("a plain path")]);
        all.extend(arguments);
        let output = host(state.path(), &all);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(named), "{arguments:?}: {text}");
    }
}
