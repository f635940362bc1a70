//! The bindgen settings that bindings to kernel headers are generated with.

use crate::{Config, ConfigError, config::DECLARED_BY_HAND, headers::HeaderSet, overlay};
use bindgen::{Builder, EnumVariation, Formatter, RustEdition, RustTarget};
use std::{borrow::Borrow, fmt::Debug, path::PathBuf};

/// The newest Rust version that bindgen knows of and the generated code may need.
const RUST_MINOR: u64 = 91;

/// Functions that the WDK has deprecated; `wdk-sys` offers none of them on any host.
const DEPRECATED: &[&str] = &[
    "ExAllocatePool",
    "ExAllocatePoolWithTag",
    "ExAllocatePoolWithQuotaTag",
    "ExAllocatePoolWithTagPriority",
];

/// Makes a [`Builder`] that is set up for kernel headers.
pub trait BuilderExt {
    /// The builder with include folders, definitions and code style set; headers and allow lists are the caller's.
    ///
    /// # Errors
    /// When clang's own headers are not found, or the overlay for a WDK cannot be written.
    fn wdk_default(config: impl Borrow<Config> + Debug) -> Result<Builder, ConfigError>;
}

impl BuilderExt for Builder {
    fn wdk_default(config: impl Borrow<Config> + Debug) -> Result<Self, ConfigError> {
        let mut builder = bindgen::builder()
            .use_core()
            .derive_default(true)
            .generate_cstr(true)
            .detect_include_paths(false)
            .default_enum_style(EnumVariation::ModuleConsts)
            .must_use_type("NTSTATUS")
            .clang_args(clang_arguments(config.borrow())?)
            .blocklist_file(".*/lib/clang/.*") // compiler intrinsics
            .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
            .rust_target(
                RustTarget::stable(RUST_MINOR, 0).map_err(|error| ConfigError::Bindgen(error.to_string()))?,
            )
            .rust_edition(RustEdition::Edition2024)
            .formatter(Formatter::Prettyplease);
        for name in DEPRECATED.iter().chain(DECLARED_BY_HAND.iter().map(|(name, _)| name)) {
            builder = builder.blocklist_item(name);
        }
        Ok(builder)
    }
}

fn clang_arguments(config: &Config) -> Result<Vec<String>, ConfigError> {
    // -fno-builtin: otherwise memcpy and the like get clang's idea of size_t, u64, instead of usize.
    let mut arguments: Vec<String> =
        ["-fms-extensions", "-fms-compatibility", "-fno-builtin", "-nostdinc", "-w"].map(String::from).into();
    arguments.extend(config.include_paths()?.map(|path| format!("-I{}", path.display())));
    if let HeaderSet::Wdk(wdk) = &config.headers {
        let file = config.out_dir.join("wdk-overlay.json");
        overlay::write(&file, wdk.folders())?;
        arguments.push(format!("-ivfsoverlay{}", file.display()));
    }
    arguments.push(format!("-isystem{}", clang_headers()?.display()));
    arguments.extend(config.preprocessor_definitions().map(|(name, value)| match value {
        Some(value) => format!("-D{name}={value}"),
        None => format!("-D{name}"),
    }));
    Ok(arguments)
}

/// clang's own headers (immintrin.h and the like): libclang comes without them.
fn clang_headers() -> Result<PathBuf, ConfigError> {
    let major = bindgen::clang_version().parsed.map_or(0, |(major, _)| major);
    let places = [
        format!("/usr/lib/llvm-{major}/lib/clang/{major}/include"),
        format!("/usr/lib/clang/{major}/include"),
        format!("/usr/lib64/clang/{major}/include"),
    ];
    places.iter().map(PathBuf::from).find(|place| place.is_dir()).ok_or_else(|| {
        ConfigError::DirectoryNotFound {
            directory: PathBuf::from(&places[0]),
            hint: "install libclang-common-<version>-dev for the libclang in use",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::BuilderExt as _;
    use crate::{Config, DriverConfig, headers::HeaderSet};
    use bindgen::Builder;
    use std::{fs, path::Path};

    /// Writes a WDK with an older and a newer version, spelled otherwise than its headers spell each other.
    fn write_kit(root: &Path) {
        for (version, value) in [("10.0.9600.0", 1), ("10.0.22621.0", 2)] {
            let include = root.join("include").join(version);
            for folder in ["km/crt", "shared"] {
                fs::create_dir_all(include.join(folder)).unwrap();
            }
            fs::write(include.join("km/ntddk.h"), "#include <DriverSpecs.h>\n").unwrap();
            fs::write(include.join("shared/DRIVERSPECS.H"), format!("#define VALUE {value}\n")).unwrap();
        }
        fs::create_dir_all(root.join("include/10.0.26100.0/um")).unwrap(); // an SDK, without kernel headers
    }

    #[test]
    fn a_kit_is_read_in_any_case_and_in_its_newest_version() {
        let folder = tempfile::tempdir().unwrap();
        write_kit(folder.path());
        let config = Config {
            driver_config: DriverConfig::Wdm,
            headers: HeaderSet::kit(folder.path()).unwrap(),
            out_dir: folder.path().into(),
        };
        let bindings = Builder::wdk_default(&config)
            .unwrap()
            .header_contents("input.h", "#include <ntddk.h>\n")
            .clang_arg("--target=x86_64-pc-windows-msvc")
            .generate()
            .unwrap()
            .to_string();
        assert!(bindings.contains("pub const VALUE: u32 = 2;"), "{bindings}");
    }

    #[test]
    fn a_folder_that_is_no_kit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = HeaderSet::kit(folder.path()).unwrap_err().to_string();
        assert!(message.contains("Include") && message.contains("WDKContentRoot names no WDK"), "{message}");
        let message = HeaderSet::kit(&folder.path().join("nowhere")).unwrap_err().to_string();
        assert!(message.contains("nowhere"), "{message}");
    }
}
