//! Runs bindgen over the headers that were found.

use std::error::Error;
use std::fs;
use std::path::Path;

use bindgen::callbacks::{IntKind, ParseCallbacks};

use super::exposed;
use super::headers::Headers;
use super::types::{self, Type};

/// Rust source of the bindings.
///
/// Plain integers for enumerations: a value that comes from NDIS or from a later version of it may be any
/// number. Nothing is linked here: the image brings the import libraries.
pub fn generate(headers: &Headers, out: &Path) -> Result<String, Box<dyn Error>> {
    let all = exposed::ALL;
    // A file, not a string: the macro fallback compiles it once more.
    let root = out.join("ferrite-ddk.h");
    fs::write(&root, &headers.contents)?;
    let mut builder = bindgen::builder()
        .header(root.display().to_string())
        .clang_args(&headers.clang_args)
        .detect_include_paths(false)
        .use_core()
        .ctypes_prefix("crate::ctypes")
        .rust_target(bindgen::RustTarget::stable(85, 0).map_err(|e| e.to_string())?)
        .rust_edition(bindgen::RustEdition::Edition2024)
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        // The kit builds these from members without a name and of a named type, which bindgen leaves out.
        .opaque_type("_NET_BUFFER_HEADER|_NET_BUFFER_LIST_HEADER")
        // All ones, written in a way that bindgen takes for -1.
        .blocklist_item("NDIS_INDICATE_ALL_NBLS")
        .raw_line("pub const NDIS_INDICATE_ALL_NBLS: ULONG = 0xffff_ffff;")
        .derive_copy(true)
        .derive_debug(false)
        .no_copy("_(NET_BUFFER|NET_BUFFER_LIST|NET_BUFFER_LIST_CONTEXT|MDL|IRP|DEVICE_OBJECT|DRIVER_OBJECT)")
        .derive_default(true)
        .generate_comments(false)
        .must_use_type("NTSTATUS")
        .must_use_type("NDIS_STATUS")
        .clang_macro_fallback()
        .clang_macro_fallback_build_dir(out)
        .parse_callbacks(Box::new(ConstantTypes));
    for name in all.structs.iter().chain(all.partial).chain(all.enums) {
        builder = builder.allowlist_type(format!("_?P?{name}"));
    }
    for pattern in all.types {
        builder = builder.allowlist_type(*pattern);
    }
    for name in all.functions {
        builder = builder.allowlist_function(*name);
    }
    for pattern in all.constants {
        builder = builder.allowlist_var(*pattern);
    }
    Ok(builder.generate()?.to_string())
}

/// Gives every constant the type of the field or parameter it is meant for.
#[derive(Debug)]
struct ConstantTypes;

impl ParseCallbacks for ConstantTypes {
    fn int_macro(&self, name: &str, value: i64) -> Option<IntKind> {
        types::of_constant(name, value).map(|kind| match kind {
            Type::U8 => IntKind::U8,
            Type::U16 => IntKind::U16,
            Type::I16 => IntKind::I16,
            Type::U32 => IntKind::U32,
            Type::U64 => IntKind::U64,
            Type::Status(name) => IntKind::Custom { name, is_signed: true },
        })
    }
}
