//! Where the C headers are, and how clang is to read them.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use super::pasting::expand_before_pasting;

/// Headers found: what to include and with which arguments.
pub struct Headers {
    /// Text of the header that bindgen reads.
    pub contents: String,
    /// Arguments of clang.
    pub clang_args: Vec<String>,
}

/// The contract the image is written to, as the macros of the kit spell it.
const CONTRACT: &[&str] = &[
    "-D_WIN64",
    "-D_AMD64_",
    "-DAMD64",
    "-D_KERNEL_MODE",
    "-D_WIN32_WINNT=0x0601",
    "-DWINVER=0x0601",
    "-DNTDDI_VERSION=0x06010000",
    "-DNDIS_MINIPORT_DRIVER=1",
    "-DNDIS620_MINIPORT=1",
    "-DNDIS_WDM=1",
];

/// Looks for a WDK; without one, takes the headers of this crate.
pub fn find(manifest: &Path, out: &Path) -> Result<Headers, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=WDKContentRoot");
    println!("cargo::rerun-if-env-changed=Version_Number");
    let mut clang_args: Vec<String> = [
        "--target=x86_64-pc-windows-msvc",
        "-fms-extensions",
        "-fms-compatibility",
        "-fno-builtin",
        "-nostdinc",
        "-w",
    ]
    .iter()
    .chain(CONTRACT)
    .map(ToString::to_string)
    .collect();
    let mut contents = String::from("#include <ndis.h>\n#include <netdma.h>\n");
    match kit_root() {
        Some(root) => {
            let include = newest_version(&root.join("Include"))?;
            clang_args.extend(kit_args(&include, out)?);
            contents = format!("#include <ntddk.h>\n{contents}#include <ipifcons.h>\n");
        }
        None => clang_args.push(format!("-I{}", manifest.join("include").display())),
    }
    Ok(Headers { contents, clang_args })
}

/// The kit that `WDKContentRoot` names, else on Windows the one in the usual place if it has kernel headers.
fn kit_root() -> Option<PathBuf> {
    if let Some(root) = env::var_os("WDKContentRoot").filter(|root| !root.is_empty()) {
        return Some(PathBuf::from(root));
    }
    let programs = env::var_os("ProgramFiles(x86)").filter(|_| cfg!(windows))?;
    let root = PathBuf::from(programs).join("Windows Kits").join("10");
    newest_version(&root.join("Include")).is_ok().then_some(root)
}

/// `Include/10.0.x.y` with kernel headers; `Version_Number`, which the kit's shells set, decides if given.
fn newest_version(include: &Path) -> Result<PathBuf, Box<dyn Error>> {
    if let Ok(version) = env::var("Version_Number") {
        let dir = include.join(version.trim_end_matches('\\'));
        if dir.join("km").is_dir() {
            return Ok(dir);
        }
    }
    let entries = fs::read_dir(include).map_err(|e| format!("WDK: {}: {e}", include.display()))?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|dir| dir.join("km").is_dir())
        .max_by_key(|dir| version_key(dir))
        .ok_or_else(|| format!("WDK: no version with kernel headers (km) in {}", include.display()).into())
}

fn version_key(dir: &Path) -> Vec<u32> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// Include folders of a kit, a case-insensitive view of them, and the header that clang would reject replaced.
fn kit_args(include: &Path, out: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let folders = ["km/crt", "km", "shared"].map(|sub| include.join(sub));
    let replaced = replace_pasting_headers(&folders, out)?;
    let overlay = out.join("wdk-overlay.yaml");
    fs::write(&overlay, overlay_text(&folders, &replaced)?)?;
    let mut args = vec!["-ivfsoverlay".to_string(), overlay.display().to_string()];
    args.extend(folders.iter().filter(|f| f.is_dir()).map(|f| format!("-I{}", f.display())));
    if let Some(dir) = clang_resource_headers() {
        args.push(format!("-isystem{}", dir.display()));
    }
    Ok(args)
}

/// clang's own `immintrin.h` and the like, which libclang alone does not bring.
fn clang_resource_headers() -> Option<PathBuf> {
    let major = bindgen::clang_version().parsed?.0;
    let dir = PathBuf::from(format!("/usr/lib/llvm-{major}/lib/clang/{major}/include"));
    dir.is_dir().then_some(dir)
}

/// `NDIS_API_VERSION_AVAILABLE(major, minor)` pastes its arguments, which the kit calls with macros: MSVC
/// expands them first, clang does not. A copy of the header gets one more level of expansion.
fn replace_pasting_headers(
    folders: &[PathBuf],
    out: &Path,
) -> Result<Vec<(PathBuf, PathBuf)>, Box<dyn Error>> {
    let copies = out.join("wdk");
    fs::create_dir_all(&copies)?;
    let mut replaced = Vec::new();
    for folder in folders {
        for dir in [folder.clone(), folder.join("ndis")] {
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            for path in entries.flatten().map(|e| e.path()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
                if !path.is_file() || !(dir.ends_with("ndis") || name.contains("ndis")) {
                    continue;
                }
                let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
                if let Some(patched) = expand_before_pasting(&text) {
                    let copy = copies.join(format!("{}-{name}", replaced.len()));
                    fs::write(&copy, patched)?;
                    replaced.push((path, copy));
                }
            }
        }
    }
    Ok(replaced)
}

/// A clang VFS overlay: `#include <NTDDK.H>` finds `ntddk.h` on a case-sensitive file system too.
fn overlay_text(folders: &[PathBuf], replaced: &[(PathBuf, PathBuf)]) -> Result<String, Box<dyn Error>> {
    let mut roots = Vec::new();
    for folder in folders.iter().filter(|f| f.is_dir()) {
        let contents = overlay_entries(folder, replaced)?;
        roots
            .push(format!("{{\"type\":\"directory\",\"name\":{},\"contents\":[{contents}]}}", quote(folder)));
    }
    Ok(format!(
        "{{\"version\":0,\"case-sensitive\":\"false\",\"overlay-relative\":\"false\",\"roots\":[\n{}]}}\n",
        roots.join(",\n")
    ))
}

fn overlay_entries(dir: &Path, replaced: &[(PathBuf, PathBuf)]) -> Result<String, Box<dyn Error>> {
    let mut list = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = quote(Path::new(path.file_name().unwrap_or_default()));
        if path.is_dir() {
            let contents = overlay_entries(&path, replaced)?;
            list.push(format!("{{\"type\":\"directory\",\"name\":{name},\"contents\":[{contents}]}}"));
        } else {
            let file = replaced.iter().find(|(from, _)| *from == path).map_or(&path, |(_, to)| to);
            list.push(format!("{{\"type\":\"file\",\"name\":{name},\"external-contents\":{}}}", quote(file)));
        }
    }
    Ok(list.join(",\n"))
}

fn quote(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}
