//! Linking the image: the arguments of a WDM driver, and import libraries without the WDK's `.lib` files.

use crate::{
    ConfigError, IoError,
    imports::{self, ModuleImports},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The kernel's libraries that `wdk-sys`'s bindings ask the linker for, so they are made even if nothing is
/// imported from them.
pub(crate) const KERNEL_LIBRARIES: [&str; 2] = ["ntoskrnl", "hal"];
const KERNEL_MODULES: [&str; 2] = ["ntoskrnl.exe", "hal.dll"];

/// What a WDM driver is linked with on any host.
const ARGUMENTS: &[&str] = &[
    "/DRIVER",
    "/NODEFAULTLIB",
    "/SUBSYSTEM:NATIVE",
    "/ENTRY:DriverEntry",
    "/NXCOMPAT",
    "/DYNAMICBASE",
    "/OPT:REF,ICF",
    "/MANIFEST:NO",
];

/// Prints the linker arguments and makes the import libraries in `out`.
pub(crate) fn configure(out: &Path) -> Result<(), ConfigError> {
    for argument in ARGUMENTS {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    let mut modules = read_imports()?;
    for name in KERNEL_MODULES {
        if !modules.iter().any(|module| module.module == name && !module.optional) {
            modules.push(ModuleImports { module: name.into(), optional: false, names: Vec::new() });
        }
    }
    for module in &modules {
        let library = import_library(module, out)?;
        if module.optional {
            // As an argument of its own it comes behind the crates, among which compiler_builtins may define
            // the same names.
            println!("cargo::rustc-cdylib-link-arg={}", library.display());
        }
    }
    println!("cargo::rustc-link-search=native={}", out.display());
    Ok(())
}

fn read_imports() -> Result<Vec<ModuleImports>, ConfigError> {
    println!("cargo::rerun-if-env-changed=WDK_IMPORTS");
    let path = env::var_os("WDK_IMPORTS").map(PathBuf::from).ok_or(ConfigError::MissingVariable {
        name: "WDK_IMPORTS",
        hint: "the cargo configuration that puts this stand-in in place names the import list with it",
    })?;
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| IoError::with_path(&path, error))?;
    imports::parse(&path, &text)
}

/// Makes a module's import library: lld-link is a librarian too.
fn import_library(module: &ModuleImports, out: &Path) -> Result<PathBuf, ConfigError> {
    println!("cargo::rerun-if-env-changed=LLD_LINK");
    let definition = out.join(module.library()).with_extension("def");
    let library = out.join(module.library()).with_extension("lib");
    fs::write(&definition, module.definition()).map_err(|error| IoError::with_path(&definition, error))?;
    let program = env::var("LLD_LINK").unwrap_or_else(|_| "lld-link".into());
    let status = Command::new(&program)
        .args(["/lib", "/machine:x64"])
        .arg(format!("/def:{}", definition.display()))
        .arg(format!("/out:{}", library.display()))
        .status()
        .map_err(|error| IoError::with_path(&program, error))?;
    if status.success() { Ok(library) } else { Err(ConfigError::Librarian { program, library, status }) }
}
