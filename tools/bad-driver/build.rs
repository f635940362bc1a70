//! Links like the real image, but for what a feature changes.

use ferrite_version_resource::VersionInfo;
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    wdk_build::configure_wdk_binary_build()?;
    let has = |feature: &str| env::var_os(format!("CARGO_FEATURE_{feature}")).is_some();
    for (argument, wanted) in [
        ("/DEBUG", true),
        ("/OPT:REF,NOICF", true),
        ("/RELEASE", !has("NO_CHECKSUM")),
        ("/SECTION:.text,RWE", has("WRITABLE_CODE")),
        ("/EXPORT:DriverEntry", has("EXPORTS")),
        ("/SUBSYSTEM:CONSOLE", has("WINDOWS_PROGRAM")),
        ("/DYNAMICBASE:NO", has("FIXED")),
    ] {
        if wanted {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    }
    if !has("NO_VERSION") {
        let file = PathBuf::from(env::var("OUT_DIR")?).join("version.res");
        let info = VersionInfo {
            company: "Ferrite",
            product: "Ferrite",
            description: "breaks rules",
            file_name: "bad_driver.sys",
            copyright: "",
            version: [0, 0, 0, 1],
        };
        fs::write(&file, info.to_res())?;
        println!("cargo::rustc-cdylib-link-arg={}", file.display());
    }
    Ok(())
}
