//! A clang VFS overlay that makes folders case-insensitive.
//!
//! The WDK's headers include each other in any case (`#include <DriverSpecs.h>` for `driverspecs.h`), which needs
//! a file system that does not care.

use crate::IoError;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Writes an overlay for `folders` to `file`, once in a process: bindgen runs in several threads at a time, and one
/// must not read what another is writing.
pub(crate) fn write<'a>(file: &Path, folders: impl IntoIterator<Item = &'a Path>) -> Result<(), IoError> {
    static WRITTEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut written = WRITTEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !written.iter().any(|done| done == file) {
        let roots = folders.into_iter().map(directory).collect::<Result<Vec<_>, _>>()?;
        let overlay = json!({
            "version": 0,
            "case-sensitive": "false",
            "overlay-relative": "false",
            "roots": roots,
        });
        fs::write(file, overlay.to_string()).map_err(|error| IoError::with_path(file, error))?;
        written.push(file.into());
    }
    Ok(())
}

/// Describes a top folder, named by its absolute path.
fn directory(folder: &Path) -> Result<Value, IoError> {
    Ok(json!({ "type": "directory", "name": folder, "contents": entries(folder)? }))
}

fn entries(folder: &Path) -> Result<Vec<Value>, IoError> {
    let fail = |error| IoError::with_path(folder, error);
    let mut list = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        list.push(if path.is_dir() {
            json!({ "type": "directory", "name": name, "contents": entries(&path)? })
        } else {
            json!({ "type": "file", "name": name, "external-contents": path })
        });
    }
    Ok(list)
}
