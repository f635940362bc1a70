//! Inputs in a folder, a file each, named after what is in it.

use super::super::plan::bytes::Input;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The input of each file at `place`, in the order of their names: of a folder's files, or of the one that it is.
///
/// # Errors
/// It cannot be read; the text names it.
pub fn read(place: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let named = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut files = Vec::new();
    if fs::metadata(place).map_err(|error| named(place, error))?.is_dir() {
        for entry in fs::read_dir(place).map_err(|error| named(place, error))? {
            let path = entry.map_err(|error| named(place, error))?.path();
            if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
    } else {
        files.push(place.to_owned());
    }
    let bytes =
        |path: PathBuf| fs::read(&path).map_err(|error| named(&path, error)).map(|bytes| (path, bytes));
    files.into_iter().map(bytes).collect()
}

/// Makes a folder, if there is none.
///
/// # Errors
/// The system refuses; the text names it.
pub fn make(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Writes an input into a folder; its path.
///
/// # Errors
/// The system refuses; the text names the file.
pub fn keep(folder: &Path, prefix: &str, input: &Input) -> Result<PathBuf, String> {
    let bytes = input.write();
    let path = folder.join(format!("{prefix}{}", name(&bytes)));
    write(&path, &bytes)?;
    Ok(path)
}

/// Writes a file.
///
/// # Errors
/// The system refuses; the text names the file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

fn name(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
