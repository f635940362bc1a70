//! What the scripts have built.

use std::{
    env,
    path::{Path, PathBuf},
};

/// A file of `FERRITE_OUT`, or of `out` beside the workspace's Cargo.toml.
pub fn built(name: &str) -> PathBuf {
    let out = env::var_os("FERRITE_OUT")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../out"), PathBuf::from);
    let path = out.join(name);
    assert!(
        path.is_file(),
        "{} is not there: run scripts/build and scripts/build-mutants first, or set FERRITE_OUT",
        path.display()
    );
    path
}
