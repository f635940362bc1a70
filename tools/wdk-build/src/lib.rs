//! Stand-in for Microsoft's `wdk-build` 0.6 on Linux hosts.
//!
//! `wdk-build` finds the Windows Driver Kit through the registry and therefore refuses every host but Windows.
//! This crate offers the part of its interface that the build scripts of `wdk-sys` 0.5.2, `wdk` 0.5.0 and of a
//! WDM driver call, so that those crates compile unmodified for `x86_64-pc-windows-msvc`. A cargo configuration
//! with a `[patch.crates-io]` entry puts it in place; nothing in a driver's own manifest changes.
//!
//! Environment:
//!
//! * `WDKContentRoot` names the folder of a WDK that holds `Include` (and is the variable that the real
//!   `wdk-build` reads). Unset, mingw-w64's DDK headers are used. Several of their structures differ from
//!   Windows': a driver asserts the layout of what it touches.
//! * `WDK_IMPORTS` names the Markdown file that lists the driver's imports, from which the import libraries are
//!   made; see [`imports`]. They come from there with a WDK too: the libraries of a new one bind names to modules
//!   that do not export them on older Windows.

mod bindgen_defaults;
mod config;
mod error;
mod headers;
pub mod imports;
mod link;
mod overlay;

pub use bindgen_defaults::BuilderExt;
pub use config::{ApiSubset, Config, DriverConfig, KmdfConfig, UmdfConfig};
pub use error::{ConfigError, IoError};

/// The only target that the stand-in serves.
const TARGET: &str = "x86_64-pc-windows-msvc";

/// Configures the build of a library that uses the WDK (`wdk`, and driver crates without bindings of their own).
///
/// On any other target than the driver's, such as a native test build, nothing is configured.
///
/// # Errors
/// When no headers are found.
pub fn configure_wdk_library_build() -> Result<(), ConfigError> {
    configure_wdk_library_build_and_then(|_| Ok(()))
}

/// Configures the build of a library that uses the WDK and hands the configuration to `generate` (`wdk-sys`).
///
/// # Errors
/// When no headers are found, or what `generate` returns.
pub fn configure_wdk_library_build_and_then<E: From<ConfigError>>(
    mut generate: impl FnMut(Config) -> Result<(), E>,
) -> Result<(), E> {
    Config::emit_check_cfg_settings();
    match Config::from_env_auto() {
        Ok(config) => {
            config.configure_library_build()?;
            generate(config)
        }
        Err(ConfigError::NotADriverTarget { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Configures the build of the driver image: configuration flags, linker arguments, import libraries.
///
/// # Errors
/// When no headers are found, or the import list is missing or wrong, or the librarian fails.
pub fn configure_wdk_binary_build() -> Result<(), ConfigError> {
    Config::emit_check_cfg_settings();
    match Config::from_env_auto() {
        Ok(config) => config.configure_binary_build(),
        Err(ConfigError::NotADriverTarget { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
