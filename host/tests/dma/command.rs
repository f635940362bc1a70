//! The command's own errors: what is wrong, and where.

use std::{
    path::Path,
    process::{Command, Output},
};

/// The command with these arguments, in a folder of its own where nothing has been built.
fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    Command::new(env!("CARGO_BIN_EXE_ferrite-host"))
        .arg("dma")
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the command runs")
}

/// It fails, says each of `words`, and nothing on its standard output.
#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    for word in words {
        assert!(text.contains(word), "{arguments:?}: \"{word}\" is not in: {text}");
    }
    assert!(!text.contains("panicked"), "{arguments:?}: {text}");
}

#[test]
fn functions_that_there_are_not() {
    for (text, why) in [
        ("4.0", "version \"4.0\" is none of 1.2, 2.0, 3.0, 3.2, 3.3, 3.4"),
        ("", "version \"\" is none of"),
        ("3.3:0", "0 channels: this version has 1 to 8"),
        ("3.4:2", "2 channels: this version has 1 to 1"),
        ("3.3:-1", "-1 channels"),
        ("3.3:4:pin", "interrupts \"pin\" are none of msix, msi, line"),
        ("3.3:4:msi:1", "\"1\" is one part too many"),
    ] {
        refused(&["--quickdata", text], &["--quickdata", why]);
    }
}

#[test]
fn numbers_that_are_none() {
    refused(&["--cpus", "0"], &["--cpus", "0 is not in 1..=8"]);
    refused(&["--seed", "x"], &["--seed", "invalid digit"]);
    refused(&["--mib", "many"], &["--mib", "invalid digit"]);
}

/// A file that is not there is named, and what is read first is what is complained of.
#[test]
fn files_that_are_not_there() {
    refused(&["--no-nic", "--quiet"], &["out/ferrite-dma.inf"]);
    refused(&["--quiet", "--inf", "nowhere.inf"], &["nowhere.inf"]);
    refused(&["--no-nic", "--quiet", "--dma-inf", "elsewhere.inf"], &["elsewhere.inf"]);
    let inf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inf/ferrite-dma.inf");
    let inf = inf.to_str().expect("a path");
    refused(&["--no-nic", "--quiet", "--dma-inf", inf, "--image", "nothing.sys"], &["nothing.sys"]);
    let net = inf.replace("ferrite-dma.inf", "ferrite.inf");
    refused(&["--no-nic", "--quiet", "--dma-inf", &net], &["ferrite.inf"]);
}

/// With `--json` the error is one as well.
#[test]
fn an_error_as_json() {
    let output = run(&["--no-nic", "--quiet", "--json", "--dma-inf", "elsewhere.inf"]);
    assert!(!output.status.success());
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(value["error"].as_str().is_some_and(|error| error.contains("elsewhere.inf")), "{value}");
}
