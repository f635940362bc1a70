//! Links like the real image, without a version resource.

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    wdk_build::configure_wdk_binary_build()?;
    if env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|environment| environment == "msvc") {
        for argument in ["ndis.lib", "ntoskrnl.lib", "/RELEASE", "/DEBUG", "/OPT:REF,NOICF", "/Brepro", "/PDBALTPATH:%_PDB%"] {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    }
    Ok(())
}
