//! Inputs from bytes, and fuzzing: what is kept stays sound, a wrong image is found, and feedback is worth something.

use super::{built, findings::mutant, host, sim, temporary};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// What fuzzing the image came to: whether nothing was found, the result, and the names and bytes of the corpus.
fn fuzz(folder: &Path, image: &Path, arguments: &[&str]) -> (bool, Value, Vec<(String, Vec<u8>)>) {
    let corpus = folder.join("corpus");
    let mut all = vec!["--fuzz", "600", "--jobs", "1", "--corpus", text(&corpus)];
    all.extend(arguments);
    let (passed, report) = sim(folder, image, &all);
    let mut files: Vec<_> = fs::read_dir(&corpus)
        .expect("a corpus")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            (entry.file_name().into_string().expect("a name"), fs::read(entry.path()).expect("bytes"))
        })
        .collect();
    files.sort();
    (passed, report, files)
}

/// What fuzzing has reached stays reached, and what it has found stays fixed: each file is one input, and small.
#[test]
fn every_input_that_is_kept() {
    for folder in ["corpus", "regressions"] {
        // Nothing that is found today may be wrong with what is kept.
        let Ok(list) = fs::read_dir(kept(folder)) else {
            assert_eq!(folder, "regressions", "there is no corpus");
            continue;
        };
        let files: Vec<_> = list.collect();
        assert!(!files.is_empty() && files.len() <= 120, "{folder}: {} files", files.len());
        for file in &files {
            let len = file.as_ref().expect("an entry").metadata().expect("a file").len();
            assert!(len <= 8 << 10, "{file:?}: {len} bytes");
        }
        let state = temporary();
        let (passed, report) =
            sim(state.path(), &built("ferrite.sys"), &["--input", text(&kept(folder)), "--jobs", "2"]);
        assert!(passed, "{folder}: {report}");
        assert_eq!(report["runs"], files.len());
    }
}

/// Any bytes are an input: none, a header cut short, a record that says that it is longer, noise. The same bytes are the
/// same run.
#[test]
fn any_bytes_are_an_input() {
    let state = temporary();
    let folder = state.path().join("inputs");
    fs::create_dir(&folder).expect("a folder");
    let noise: Vec<u8> = (0..=255_u8).cycle().take(600).map(|at| at.wrapping_mul(at) ^ at >> 3).collect();
    let inputs: [&[u8]; 5] =
        [&[], &[7, 0, 0], &[0; 12], &[0, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 2, 1, 255, 255, 1], &noise];
    for (number, bytes) in inputs.iter().enumerate() {
        fs::write(folder.join(number.to_string()), bytes).expect("a file");
    }
    let run = || sim(state.path(), &built("ferrite.sys"), &["--input", text(&folder)]);
    let ((passed, first), (_, again)) = (run(), run());
    assert!(passed, "{first}");
    assert_eq!((first["runs"].as_u64(), &first["hash"]), (Some(5), &again["hash"]));
    assert!(first["frames"].as_u64() >= Some(10), "recovery of each sends and receives: {first}");
}

/// From no corpus at all, fuzzing finds the image that is wrong in one place, makes the input small, and its command
/// shows it again.
#[track_caller]
fn found(from: &str, to: &str, rule: &str, within: &str, acts: usize) {
    let folder = temporary();
    let image = mutant(&folder, from, to);
    let (passed, report, _) = fuzz(folder.path(), &image, &["--inputs", within, "--first", "1"]);
    assert!(!passed, "{to} for {from} is not found: {report}");
    let finding = &report["findings"][0];
    let problem = finding["problem"].as_str().expect("a problem");
    assert!(problem.contains(rule), "{problem}");
    assert_eq!(finding["acts"].as_array().map(Vec::len), Some(acts), "{finding}");
    let command = finding["repeat"].as_str().expect("a command");
    let input = command.strip_prefix("ferrite-host sim --input ").expect("the input");
    assert!(fs::metadata(input).expect("the input").len() < 64, "{finding}");
    let (passed, again) = sim(folder.path(), &image, &["--input", input]);
    assert!(!passed, "{command} finds nothing");
    // Behind the rule there may be addresses, which another process has elsewhere.
    let rule = |text: &Value| text.as_str().and_then(|text| text.split(':').next()).map(str::to_owned);
    assert_eq!(rule(&again["findings"][0]["problem"]), rule(&finding["problem"]), "{command}");
    let (passed, sound) = sim(folder.path(), &built("ferrite.sys"), &["--input", input]);
    assert!(passed, "it is the image that is wrong: {sound}");
}

/// NDIS-PAUSE-03: a reset is completed as a pause. It takes a reset.
#[test]
fn a_reset_completed_as_a_pause() {
    found("NdisMResetComplete", "NdisMPauseComplete", "NdisMPauseComplete with no pause pending", "300", 1);
}

/// NDIS-HALT-03: what should write to the event log allocates a work item instead, which nobody frees. It takes a
/// device that does not come up.
#[test]
fn a_work_item_that_is_left() {
    found("NdisWriteErrorLogEntry", "NdisAllocateIoWorkItem", "work item", "300", 1);
}

/// One seed is one sequence of inputs; with feedback it reaches more of the image's basic blocks than without.
#[test]
fn feedback_reaches_more() {
    let image = built("ferrite.sys");
    let run = |arguments: &[&str]| {
        let folder = temporary();
        let mut all = vec!["--inputs", "150", "--first", "5"];
        all.extend(arguments);
        let (passed, report, corpus) = fuzz(folder.path(), &image, &all);
        assert!(passed, "{report}");
        assert_eq!(report["fuzzed"]["inputs"], 150);
        (report["fuzzed"]["blocks"].as_u64().expect("blocks"), report["hash"].clone(), corpus)
    };
    let (with, again, blind) = (run(&[]), run(&[]), run(&["--blind"]));
    assert_eq!(with, again, "the same seed");
    assert!(blind.2.is_empty(), "kept without feedback");
    assert!(with.2.len() > 10, "{} inputs kept", with.2.len());
    assert!(with.0 > blind.0 + 50, "{} blocks with feedback, {} without", with.0, blind.0);
}

/// Merging keeps few inputs that reach what all of them do, and adds nothing twice.
#[test]
fn merging_keeps_few() {
    let folder = temporary();
    let image = built("ferrite.sys");
    let (passed, report, all) = fuzz(folder.path(), &image, &["--inputs", "80", "--first", "3"]);
    assert!(passed, "{report}");
    let (from, into) = (folder.path().join("corpus"), folder.path().join("kept"));
    let merge = || {
        let (passed, report) = sim(folder.path(), &image, &["--merge", text(&from), "--corpus", text(&into)]);
        assert!(passed, "{report}");
        (fs::read_dir(&into).expect("a corpus").count(), report["runs"].as_u64())
    };
    let first = merge();
    assert!(first.0 > 3 && first.0 < all.len(), "{} of {}", first.0, all.len());
    assert_eq!(first.1, Some(first.0 as u64));
    assert_eq!(merge(), first);
}

/// What makes no sense is refused with words that name it.
#[test]
fn paths_and_options_that_make_no_sense() {
    let state = temporary();
    let inf = built("ferrite.inf");
    for (arguments, named) in [
        (&["--input", "/nowhere/input"][..], "/nowhere/input: No such file"),
        (&["--input", ".", "--keep", "1"], ".: --keep names acts of one input"),
        (&["--input", "x", "--seed", "1"], "cannot be used with"),
        (&["--fuzz", "5"], "--corpus <FOLDER>"),
        (&["--fuzz", "0", "--corpus", "x"], "0 is not in 1.."),
        (&["--corpus", "x"], "--fuzz <SECONDS>|--merge <FOLDER>"),
        (&["--fuzz", "5", "--corpus", "/proc/none"], "/proc/none"),
        (&["--merge", "/nowhere/inputs", "--corpus", "/nowhere/corpus"], "/nowhere/inputs: No such file"),
        (&["--blind", "--seed", "1"], "--fuzz <SECONDS>"),
    ] {
        let mut all = vec!["sim", "-q", "--inf", text(&inf)];
        all.extend(arguments);
        let output = host(state.path(), &all);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(named), "{arguments:?}: {said}");
    }
}
