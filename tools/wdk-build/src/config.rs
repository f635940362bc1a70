//! The build configuration that `wdk-sys`'s build script asks for headers, definitions and link directives.

use crate::{ConfigError, TARGET, headers::HeaderSet, link};
use std::{env, fmt::Write as _, path::PathBuf};

/// A part of the WDK's interface, each with headers of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the features of wdk-sys")]
pub enum ApiSubset {
    Base,
    Wdf,
    Gpio,
    Hid,
    ParallelPorts,
    Spb,
    Storage,
    Usb,
}

/// The driver model. Only [`DriverConfig::Wdm`] is ever produced; the others are matched on by `wdk-sys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriverConfig {
    /// Windows Driver Model.
    Wdm,
    /// Kernel-Mode Driver Framework.
    Kmdf(KmdfConfig),
    /// User-Mode Driver Framework.
    Umdf(UmdfConfig),
}

/// Version of the Kernel-Mode Driver Framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct KmdfConfig {
    pub kmdf_version_major: u8,
    pub target_kmdf_version_minor: u8,
    pub minimum_kmdf_version_minor: Option<u8>,
}

/// Version of the User-Mode Driver Framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct UmdfConfig {
    pub umdf_version_major: u8,
    pub target_umdf_version_minor: u8,
    pub minimum_umdf_version_minor: Option<u8>,
}

/// Configuration of a build that uses the WDK.
#[derive(Debug, Clone)]
pub struct Config {
    /// The driver model.
    pub driver_config: DriverConfig,
    pub(crate) headers: HeaderSet,
    /// The build script's output folder.
    pub(crate) out_dir: PathBuf,
}

/// Functions that bindings need and headers give no declaration of: the kernel exports them on x64, while mingw's
/// and older WDKs' headers have them inline (which bindgen skips) or not at all. Newer headers do declare some,
/// so bindgen is told to leave all of them out and they come from here.
pub(crate) const DECLARED_BY_HAND: &[(&str, &str)] = &[
    ("KeGetCurrentIrql", "() -> KIRQL"),
    ("KfRaiseIrql", "(NewIrql: KIRQL) -> KIRQL"),
    ("KeLowerIrql", "(NewIrql: KIRQL)"),
    ("KeInitializeSpinLock", "(SpinLock: PKSPIN_LOCK)"),
    ("ExAllocatePool2", "(Flags: POOL_FLAGS, NumberOfBytes: SIZE_T, Tag: ULONG) -> PVOID"),
];

/// `wdk-sys` names this type of the Windows 10 2004 headers; repeating the definition is allowed in C11.
const NEWER_TYPES: &str = "typedef unsigned __int64 POOL_FLAGS;\n";

impl Config {
    /// Reads the configuration from the environment of a build script.
    ///
    /// # Errors
    /// [`ConfigError::NotADriverTarget`] in a native build; [`ConfigError::DirectoryNotFound`] without headers.
    pub fn from_env_auto() -> Result<Self, ConfigError> {
        let target = env::var("TARGET").unwrap_or_default();
        if target != TARGET {
            return Err(ConfigError::NotADriverTarget { target });
        }
        let out_dir = env::var_os("OUT_DIR").ok_or(ConfigError::MissingVariable {
            name: "OUT_DIR",
            hint: "cargo sets it for build scripts",
        })?;
        Ok(Self {
            driver_config: DriverConfig::Wdm,
            headers: HeaderSet::from_env()?,
            out_dir: out_dir.into(),
        })
    }

    /// Tells rustc which values the driver model's `cfg` can have.
    pub fn emit_check_cfg_settings() {
        println!(r#"cargo::rustc-check-cfg=cfg(driver_model__driver_type, values("WDM", "KMDF", "UMDF"))"#);
    }

    /// The folders that headers are searched in.
    ///
    /// # Errors
    /// None here; the official interface has them.
    pub fn include_paths(&self) -> Result<impl Iterator<Item = PathBuf> + use<>, ConfigError> {
        Ok(self.headers.include_paths().into_iter())
    }

    /// The macros to define, each with its value if it has one.
    pub fn preprocessor_definitions(&self) -> impl Iterator<Item = (String, Option<String>)> + use<> {
        self.headers.definitions().into_iter().map(|(name, value)| (name.into(), value.map(Into::into)))
    }

    /// The headers of a part of the interface.
    ///
    /// # Errors
    /// [`ConfigError::UnsupportedSubset`] for the parts that a `wdk-sys` feature adds.
    pub fn headers(&self, subset: ApiSubset) -> Result<impl Iterator<Item = String> + use<>, ConfigError> {
        let names: &[&str] = match subset {
            ApiSubset::Base => &["ntifs.h", "ntddk.h", "ntstrsafe.h"],
            ApiSubset::Wdf => &[], // WDM has none of it
            _ => return Err(ConfigError::UnsupportedSubset { subset }),
        };
        Ok(names.iter().map(ToString::to_string))
    }

    /// The text that bindgen is run over for these parts of the interface.
    ///
    /// # Errors
    /// As [`Config::headers`].
    pub fn bindgen_header_contents(
        &self,
        subsets: impl IntoIterator<Item = ApiSubset>,
    ) -> Result<String, ConfigError> {
        let mut text = String::new();
        for subset in subsets {
            for header in self.headers(subset)? {
                _ = writeln!(text, "#include \"{header}\"");
            }
            if subset == ApiSubset::Base {
                text.push_str(NEWER_TYPES);
            }
        }
        Ok(text)
    }

    /// Rust source put in front of the bindings: link directives, and declarations that the headers lack.
    #[must_use]
    pub fn bindgen_library_link_raw_lines(&self, subset: ApiSubset) -> Option<String> {
        if subset != ApiSubset::Base {
            return None;
        }
        let mut text = String::new();
        for library in link::KERNEL_LIBRARIES {
            _ = writeln!(
                text,
                "#[cfg(not(any(test, feature = \"suppress-wdk-linking\")))]\n\
                 #[link(name = \"{library}\", kind = \"static\", modifiers = \"-bundle\")]\n\
                 unsafe extern \"C\" {{}}"
            );
        }
        text.push_str("unsafe extern \"C\" {\n");
        for (name, signature) in DECLARED_BY_HAND {
            _ = writeln!(text, "    pub fn {name}{signature};");
        }
        text.push_str("}\n");
        Some(text)
    }

    /// The symbol of the framework's function table; a WDM driver has none.
    #[must_use]
    pub fn compute_wdffunctions_symbol_name(&self) -> Option<String> {
        None
    }

    /// Sets the driver model's `cfg`.
    ///
    /// # Errors
    /// None here; the official interface has them.
    pub fn configure_library_build(&self) -> Result<(), ConfigError> {
        println!("cargo::rustc-cfg=driver_model__driver_type=\"WDM\"");
        Ok(())
    }

    /// Sets the driver model's `cfg` and the linker arguments, and makes the import libraries.
    ///
    /// # Errors
    /// When the import list is missing or wrong, or the librarian fails.
    pub fn configure_binary_build(&self) -> Result<(), ConfigError> {
        self.configure_library_build()?;
        link::configure(&self.out_dir)
    }
}
