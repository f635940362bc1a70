//! The list of a driver's imports, kept as a Markdown document for people.
//!
//! A heading names a module in backticks, and the first column of the table below it names functions in backticks:
//!
//! ```text
//! ## `ndis.sys`
//! | Import | Why |
//! |---|---|
//! | `NdisMRegisterMiniportDriver` | makes NDIS call the miniport |
//! ```
//!
//! `optional` behind the module's name marks functions that the compiler may ask for: they are offered to the
//! linker behind everything else, and used if nothing else defines them.

use crate::ConfigError;
use std::path::Path;

/// The functions that a driver imports from one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleImports {
    /// The module's file name, such as `ndis.sys`.
    pub module: String,
    /// Whether the functions are only for what the compiler leaves undefined.
    pub optional: bool,
    /// The functions.
    pub names: Vec<String>,
}

impl ModuleImports {
    /// The name of the module's import library, without `.lib`.
    #[must_use]
    pub fn library(&self) -> String {
        let stem = self.module.split('.').next().unwrap_or_default();
        format!("{stem}{}", if self.optional { "-optional" } else { "" })
    }

    /// The module definition that the import library is made from.
    #[must_use]
    pub fn definition(&self) -> String {
        format!("LIBRARY {}\nEXPORTS\n{}\n", self.module, self.names.join("\n"))
    }
}

/// Parses the list; `path` is for messages.
///
/// # Errors
/// [`ConfigError::ImportList`] for a function outside a module's section, one named twice, or one without a reason.
pub fn parse(path: &Path, text: &str) -> Result<Vec<ModuleImports>, ConfigError> {
    let mut modules: Vec<ModuleImports> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fail = |reason: String| ConfigError::ImportList { path: path.into(), line: index + 1, reason };
        if let Some(heading) = line.strip_prefix("## `") {
            let Some((module, rest)) = heading.split_once('`') else {
                return Err(fail(format!("no closing backtick in {line:?}")));
            };
            modules.push(ModuleImports {
                module: module.into(),
                optional: rest.contains("optional"),
                names: Vec::new(),
            });
        } else if let Some(row) = line.strip_prefix("| `") {
            let Some((name, reason)) = row.split_once("` |") else {
                return Err(fail(format!("expected \"| `Name` | reason |\", found {line:?}")));
            };
            if reason.trim_matches(['|', ' ']).is_empty() {
                return Err(fail(format!("{name} has no reason")));
            }
            if modules.iter().any(|module| module.names.iter().any(|known| known == name)) {
                return Err(fail(format!("{name} is listed twice")));
            }
            let module =
                modules.last_mut().ok_or_else(|| fail(format!("{name} stands before any module")))?;
            module.names.push(name.into());
        }
    }
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::path::Path;

    const LIST: &str = "# Imports\n## `ndis.sys`\n| Import | Why |\n|---|---|\n| `NdisA` | a |\n| `NdisB` | b |\n\
                        ## `ntoskrnl.exe`, optional\n| `memcpy` | copies |\n";

    #[test]
    fn sections_become_definitions() {
        let modules = parse(Path::new("imports.md"), LIST).unwrap();
        assert_eq!(modules.len(), 2);
        assert_eq!(modules[0].definition(), "LIBRARY ndis.sys\nEXPORTS\nNdisA\nNdisB\n");
        assert_eq!(
            (modules[0].library().as_str(), modules[1].library().as_str()),
            ("ndis", "ntoskrnl-optional")
        );
    }

    #[test]
    fn mistakes_are_located() {
        for (text, place) in [
            ("| `NdisA` | a |\n", "imports.md:1: NdisA stands before any module"),
            ("## `ndis.sys`\n| `NdisA` | |\n", "imports.md:2: NdisA has no reason"),
            ("## `a.sys`\n| `A` | a |\n## `b.sys`\n| `A` | b |\n", "imports.md:4: A is listed twice"),
        ] {
            assert_eq!(parse(Path::new("imports.md"), text).unwrap_err().to_string(), place);
        }
    }
}
