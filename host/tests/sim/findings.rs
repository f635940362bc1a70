//! Images that are wrong in one place: simulation finds it, shrinks it, and its command shows it again.

use super::{built, sim, temporary};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// The image with one imported name for another one of the same length.
pub(super) fn mutant(folder: &tempfile::TempDir, from: &str, to: &str) -> PathBuf {
    assert_eq!(from.len(), to.len());
    let mut image = fs::read(built("ferrite.sys")).expect("the image");
    let name: Vec<u8> = from.bytes().chain([0]).collect();
    let at = image.windows(name.len()).position(|window| window == name);
    let at = at.unwrap_or_else(|| panic!("the image does not import {from}"));
    image[at..at + to.len()].copy_from_slice(to.as_bytes());
    let path = folder.path().join("ferrite.sys");
    fs::write(&path, image).expect("an image");
    path
}

/// Finds the first failing seed; the finding says `rule`, with at most so many acts, and its command repeats it.
#[track_caller]
fn found(from: &str, to: &str, rules: &[&str], acts: usize) {
    let folder = temporary();
    let image = mutant(&folder, from, to);
    let (passed, report) = sim(folder.path(), &image, &["--seeds", "1..120", "--jobs", "2"]);
    assert!(!passed, "{to} for {from} is not found: {report}");
    let finding = &report["findings"][0];
    let problem = finding["problem"].as_str().expect("a problem").to_owned();
    assert!(rules.iter().any(|rule| problem.contains(rule)), "{rules:?}: {problem}");
    assert!(finding["acts"].as_array().is_some_and(|list| list.len() <= acts), "{finding}");
    let command = finding["repeat"].as_str().expect("a command");
    let arguments: Vec<&str> = command.split(' ').skip(2).collect();
    let (passed, again) = sim(folder.path(), &image, &arguments);
    assert!(!passed, "{command} finds nothing");
    assert_eq!(first_line(&again["findings"][0]["problem"]), first_line(&finding["problem"]), "{command}");
}

fn first_line(text: &Value) -> String {
    text.as_str().and_then(|text| text.lines().next()).unwrap_or_default().to_owned()
}

/// NDIS-RESET-02: a pause that pended is completed as a reset. It takes a pause with something out.
#[test]
fn a_pause_completed_as_a_reset() {
    found("NdisMPauseComplete", "NdisMResetComplete", &["NdisMResetComplete with no reset pending"], 4);
}

/// NDIS-REG-14: the pages of the self-test of a QuickData function are not freed. It takes such a function, and no act.
#[test]
fn memory_that_is_not_freed() {
    found("MmFreeContiguousMemory", "MmGetPhysicalAddress\0\0", &["pool left behind at unload"], 0);
}
