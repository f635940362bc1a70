//! Build script of the image: WDK configuration, linker arguments, version resource.
//!
//! `wdk_build` is Microsoft's on Windows, and `tools/wdk-build` on Linux, put in place by `tools/linux.toml`. What
//! differs between the two is theirs, not this script's:
//!
//! * Microsoft's finds the installed WDK and links its import libraries; the stand-in makes import libraries of the
//!   names in `docs/imports.md`, so a name that is missing there does not link.
//! * On Linux `tools/link-driver` keeps rustc from linking a DLL with exports. On Windows the image has
//!   `IMAGE_FILE_DLL` set and exports `DriverEntry`, like every driver that windows-drivers-rs builds there.
//!
//! The Windows build is untried.

use ferrite_version_resource::VersionInfo;
use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    wdk_build::configure_wdk_binary_build()?;
    if env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|environment| environment == "msvc") {
        link_arguments();
        version_resource()?;
    }
    Ok(())
}

/// What goes beyond a WDM driver's usual arguments, which `wdk_build` passes; the last of two contradicting wins.
fn link_arguments() {
    for argument in [
        "ndis.lib",           // NDIS: wdk_build links ntoskrnl and hal
        "/RELEASE",           // the header's checksum, which Windows checks for drivers loaded at boot
        "/DEBUG",             // a PDB beside the image
        "/OPT:REF,NOICF",     // folded functions would carry each other's names in stack traces
        "/INTEGRITYCHECK:NO", // x64 Windows demands a driver's signature anyway; other loaders need none
        "/Brepro",            // the same sources make the same image
        "/PDBALTPATH:%_PDB%", // the PDB's name without the build machine's path
    ] {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}

fn version_resource() -> Result<(), Box<dyn Error>> {
    let number =
        |part| -> Result<u16, Box<dyn Error>> { Ok(env::var(format!("CARGO_PKG_VERSION_{part}"))?.parse()?) };
    let resource = VersionInfo {
        company: "Ferrite",
        product: "Ferrite",
        description: &env::var("CARGO_PKG_DESCRIPTION")?,
        file_name: "ferrite.sys",
        copyright: "The Ferrite authors. MIT license.",
        version: [number("MAJOR")?, number("MINOR")?, number("PATCH")?, 0],
    };
    let file = PathBuf::from(env::var("OUT_DIR")?).join("version.res");
    fs::write(&file, resource.to_res()).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("cargo::rustc-cdylib-link-arg={}", file.display());
    Ok(())
}
