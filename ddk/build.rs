//! Generates `bindings.rs` from the WDK's headers or our own, and from the fact tables what holds them to it.
//!
//! The WDK's headers are taken where `WDKContentRoot` names a kit (on Windows the variable that the
//! kit's own shells set; on Linux the root of an unpacked kit), our own (`include/`) otherwise.
//! A header that disagrees with `abi/*.json` gives assertions that do not compile.

mod build {
    pub mod assertions;
    pub mod bindings;
    pub mod exposed;
    pub mod headers;
    pub mod later;
    pub mod model;
    pub mod pasting;
    pub mod signature;
    pub mod types;
}

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use build::model::{self, Model};
use build::{assertions, bindings, exposed, headers, later};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for path in ["build.rs", "build", "include", "abi"] {
        println!("cargo::rerun-if-changed={path}");
    }

    let headers = headers::find(&root, &out)?;
    let bindings = bindings::generate(&headers, &out)?;
    fs::write(out.join("bindings.rs"), &bindings)?;

    let abi = read_json(&root.join("abi/ndis-abi.json"))?;
    let functions = read_json(&root.join("abi/functions.json"))?;
    let model = Model::parse(&bindings)?;
    let generated = assertions::generate(&abi, &functions, &model, exposed::ALL)?;
    fs::write(out.join("assertions.rs"), generated.assertions)?;
    fs::write(out.join("bit_fields.rs"), generated.bit_field_tests)?;
    fs::write(out.join("later.rs"), later::generate(&abi, &model)?)?;
    fs::write(out.join("places.rs"), model::places(&model, exposed::PLACES)?)?;
    Ok(())
}

fn read_json(path: &Path) -> Result<serde_json::Value, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()).into())
}
