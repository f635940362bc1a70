//! Where the kernel headers come from: a WDK that the user points at, or mingw-w64's DDK.

use crate::{ConfigError, IoError};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A set of kernel headers.
#[derive(Debug, Clone)]
pub(crate) enum HeaderSet {
    /// A WDK's `Include/10.0.x.y` folder.
    Wdk(WdkInclude),
    /// mingw-w64's include folder, which holds `ddk`.
    Mingw(PathBuf),
}

/// The folders of a WDK's newest header version.
#[derive(Debug, Clone)]
pub(crate) struct WdkInclude {
    /// `km`: the kernel's headers, with the C runtime's in `km/crt`.
    km: PathBuf,
    /// `shared`: the headers common to kernel and user mode.
    shared: PathBuf,
}

impl HeaderSet {
    /// Reads `WDKContentRoot` and, without it, `MINGW_INCLUDE` (default: where Debian's mingw-w64-common is).
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        for name in ["WDKContentRoot", "MINGW_INCLUDE"] {
            println!("cargo::rerun-if-env-changed={name}");
        }
        if let Some(root) = env::var_os("WDKContentRoot").filter(|root| !root.is_empty()) {
            return Self::kit(Path::new(&root));
        }
        let root =
            env::var_os("MINGW_INCLUDE").map_or_else(|| "/usr/share/mingw-w64/include".into(), PathBuf::from);
        let ddk = root.join("ddk");
        if !ddk.is_dir() {
            return Err(ConfigError::DirectoryNotFound {
                directory: ddk,
                hint: "install mingw-w64-common, or let WDKContentRoot name a WDK",
            });
        }
        Ok(Self::Mingw(root))
    }

    /// The newest headers of the WDK at `root`.
    pub(crate) fn kit(root: &Path) -> Result<Self, ConfigError> {
        WdkInclude::newest(root).map(Self::Wdk)
    }

    pub(crate) fn include_paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Wdk(wdk) => {
                let crt = child(&wdk.km, "crt");
                crt.into_iter().chain([wdk.km.clone(), wdk.shared.clone()]).collect()
            }
            Self::Mingw(root) => vec![root.join("ddk"), root.clone()],
        }
    }

    pub(crate) fn definitions(&self) -> Vec<(&'static str, Option<&'static str>)> {
        let mut list = vec![("_WIN64", None), ("_AMD64_", None), ("AMD64", None), ("_KERNEL_MODE", None)];
        if let Self::Mingw(_) = self {
            // mingw's headers define __attribute__ away unless they believe to be read by GCC. The target stays
            // windows-msvc, which keeps MSVC's enum signedness and layout rules.
            list.extend([
                ("__GNUC__", Some("4")),
                ("__GNUC_MINOR__", Some("2")),
                ("__GNUC_PATCHLEVEL__", Some("1")),
            ]);
        }
        list
    }
}

impl WdkInclude {
    /// Finds the newest `Include/10.0.x.y` with kernel headers below a WDK's root.
    fn newest(root: &Path) -> Result<Self, ConfigError> {
        let not_found = |directory: PathBuf, hint| ConfigError::DirectoryNotFound { directory, hint };
        let root = root.canonicalize().map_err(|error| IoError::with_path(root, error))?;
        let include = child(&root, "Include")
            .ok_or_else(|| not_found(root.join("Include"), "WDKContentRoot names no WDK"))?;
        let mut versions: Vec<(Vec<u32>, Self)> = subfolders(&include)?
            .into_iter()
            .filter_map(|folder| {
                let version = version(folder.file_name()?.to_str()?)?;
                Some((version, Self { km: child(&folder, "km")?, shared: child(&folder, "shared")? }))
            })
            .collect();
        versions.sort_by(|(a, _), (b, _)| a.cmp(b));
        let newest = versions.pop().map(|(_, found)| found);
        newest.ok_or_else(|| {
            not_found(include.join("10.0.<build>.0"), "the WDK has no version with the folders km and shared")
        })
    }

    /// The folders that an overlay has to make case-insensitive.
    pub(crate) fn folders(&self) -> [&Path; 2] {
        [&self.km, &self.shared]
    }
}

/// Parses a version folder's name, `10.0.<build>.<revision>`.
fn version(name: &str) -> Option<Vec<u32>> {
    let parts: Vec<u32> = name.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (parts.len() == 4 && parts.starts_with(&[10, 0])).then_some(parts)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, IoError> {
    let fail = |error| IoError::with_path(folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The subfolder of that name, in whatever case a copy of the WDK has it.
fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    subfolders(folder).ok()?.into_iter().find(|path| {
        path.file_name()
            .and_then(|found| found.to_str())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(version("10.0.22621.0") > version("10.0.9600.0"));
        assert!(version("10.0.26100.1") > version("10.0.26100.0"));
    }

    #[test]
    fn other_folders_are_no_versions() {
        for name in ["wdf", "8.1", "10.0", "10.0.x.0", "11.0.1.0", "10.0.1.0.0"] {
            assert_eq!(version(name), None, "{name}");
        }
    }
}
