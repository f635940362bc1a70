//! Every input that is kept, through its target: what fuzzing has reached stays reached, what it has found stays fixed.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use ferrite_fuzz::TARGETS;
use ferrite_host::pe::Image;
use ferrite_host::pnp::{Inf, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files of a folder, in order; none if there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Names of what a folder holds, without what comes behind the last dot.
fn stems(folder: &Path) -> BTreeSet<String> {
    files(folder).iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

#[test]
fn every_input_keeps_every_property() {
    let mut failed = Vec::new();
    for (name, run) in TARGETS {
        for kind in ["corpus", "regressions"] {
            for path in files(&folder(kind).join(name)) {
                let data = fs::read(&path).expect("a readable input");
                if panic::catch_unwind(AssertUnwindSafe(|| run(&data))).is_err() {
                    failed.push(path.display().to_string());
                }
            }
        }
    }
    assert!(failed.is_empty(), "targets fail on inputs that are kept:\n{}", failed.join("\n"));
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len(), "a name twice");
    let programs =
        files(&folder("fuzz_targets")).into_iter().filter(|path| path.extension() == Some("rs".as_ref()));
    let programs: BTreeSet<String> =
        programs.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    assert_eq!(programs, names, "fuzz_targets/ and TARGETS");
    let manifest = fs::read_to_string(folder("fuzz_targets/Cargo.toml")).expect("a manifest");
    let declared = manifest.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix(".rs\""));
    assert_eq!(
        declared.map(str::to_owned).collect::<BTreeSet<_>>(),
        names,
        "fuzz_targets/Cargo.toml and TARGETS"
    );
    assert_eq!(stems(&folder("corpus")), names, "corpus/ and TARGETS");
    for name in &names {
        assert!(!files(&folder("corpus").join(name)).is_empty(), "{name} has an empty corpus");
    }
    assert!(stems(&folder("regressions")).is_subset(&names), "regressions/ of an unknown target");
}

/// The inputs are committed: they stay small.
#[test]
fn the_inputs_are_less_than_a_megabyte() {
    let size = |path: &PathBuf| fs::metadata(path).expect("a readable input").len();
    let folders = ["corpus", "regressions"].map(|kind| files(&folder(kind)));
    let total: u64 = folders.iter().flatten().flat_map(|target| files(target)).map(|path| size(&path)).sum();
    assert!(total < 1 << 20, "{total} bytes");
}

/// Seeds from which every part of what is read can be reached.
#[test]
fn the_seeds_are_accepted() {
    let seed = |name| fs::read(folder("corpus").join(name)).expect("a seed");
    let image = Image::parse("image.sys", &seed("pe/image.sys")).expect("an image");
    assert_eq!((image.imports().len(), image.exports().len(), image.sections().len()), (3, 1, 5));
    assert!(image.pdb().is_some() && image.version().is_some() && !image.function_table().is_empty());
    for name in ["inf/ferrite.inf", "inf/ferrite-dma.inf", "inf/utf16.inf", "inf/least.inf"] {
        if let Err(refused) = Inf::parse(name, &seed(name), Target::windows_10()) {
            panic!("{refused}");
        }
    }
}
