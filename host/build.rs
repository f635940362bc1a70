//! Turns the fact tables in `ddk/abi` into the layouts, constants and call rules that the host sees.
//!
//! The host stands on the other side of the binary interface: it takes offsets from the tables and
//! never from the headers that the driver is compiled with, so a wrong header shows as a wrong run.

use serde_json::{Map, Value};
use std::{collections::BTreeSet, env, fmt::Write as _, fs, path::Path};

fn main() {
    let abi = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../ddk/abi");
    let out = Path::new(&env::var("OUT_DIR").expect("set by cargo")).to_path_buf();
    let layouts = read(&abi.join("ndis-abi.json"));
    let functions = read(&abi.join("functions.json"));
    fs::write(out.join("layouts.rs"), structures(&layouts)).expect("OUT_DIR is writable");
    fs::write(out.join("constants.rs"), constants(&layouts)).expect("OUT_DIR is writable");
    fs::write(out.join("calls.rs"), calls(&functions)).expect("OUT_DIR is writable");
}

fn read(path: &Path) -> Value {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn object<'a>(value: &'a Value, key: &str) -> &'a Map<String, Value> {
    value[key].as_object().unwrap_or_else(|| panic!("no object {key}"))
}

/// One zero-sized type a structure, with a typed `Field` constant for every member.
fn structures(table: &Value) -> String {
    let mut text = String::new();
    for (name, layout) in object(table, "structs") {
        let (size, align) = (layout["size"].as_u64().unwrap_or(0), layout["align"].as_u64().unwrap_or(1));
        let _ = writeln!(
            text,
            "pub struct {name};\nimpl Layout for {name} {{ const NAME: &'static str = {name:?}; const SIZE: usize = {size}; const ALIGN: usize = {align}; }}\nimpl {name} {{"
        );
        let mut seen = BTreeSet::new();
        for (path, field) in layout["fields"].as_object().into_iter().flatten() {
            let ident = path.replace("[0]", "").replace('.', "_");
            if field.get("bit").is_some() || !seen.insert(ident.clone()) {
                continue; // bit fields are read through their storage unit
            }
            let ident = if matches!(ident.as_str(), "Type" | "type") { "Type".to_string() } else { ident };
            let offset = field["offset"].as_u64().unwrap_or(0);
            let kind = rust_type(field["kind"].as_str().unwrap_or(""));
            let _ = writeln!(text, "    pub const {ident}: Field<Self, {kind}> = Field::new({offset});");
        }
        text.push_str("}\n");
    }
    text
}

fn rust_type(kind: &str) -> String {
    if let Some(rest) = kind.strip_prefix('[') {
        let (count, of) = rest.split_once(']').unwrap_or(("0", ""));
        let of = rust_type(of);
        // An array without a length has an address, not a value.
        return if of == "Record" || count.is_empty() { "Record".into() } else { format!("[{of}; {count}]") };
    }
    match kind {
        "ptr" | "fnptr" => "u64".into(),
        "enum" => "u32".into(),
        "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" => kind.into(),
        _ => "Record".into(),
    }
}

/// Every constant once; its type is the narrowest of u32, u64 and i64 that holds the value. All OIDs, and all sizes of
/// structures, are in a list each.
fn constants(table: &Value) -> String {
    let mut text = String::new();
    let mut seen = BTreeSet::new();
    let mut lists = [("OID_", String::new()), ("NDIS_SIZEOF_", String::new())];
    let groups = object(table, "constants").values().chain(object(table, "enums").values());
    for (name, value) in groups.filter_map(Value::as_object).flatten() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let typed = match (value.as_u64(), value.as_i64()) {
            (Some(v), _) if u32::try_from(v).is_ok() => format!("u32 = {v:#x}"),
            (Some(v), _) => format!("u64 = {v:#x}"),
            (None, Some(v)) => format!("i64 = {v}"),
            _ => continue,
        };
        let _ = writeln!(text, "pub const {name}: {typed};");
        for (prefix, list) in &mut lists {
            if name.starts_with(*prefix) && typed.starts_with("u32") {
                let _ = writeln!(list, "    {name},");
            }
        }
    }
    for (prefix, list) in lists {
        let _ = writeln!(text, "pub static ALL_{}: &[u32] = &[\n{list}];", prefix.trim_end_matches('_'));
    }
    text
}

/// IRQL bounds of every documented function, sorted by name for a binary search.
fn calls(table: &Value) -> String {
    let mut rows: Vec<(String, u8, u8)> = object(table, "functions")
        .iter()
        .map(|(name, row)| {
            let (low, high) = irql(row["irql"].as_str().unwrap_or(""));
            (name.clone(), low, high)
        })
        .collect();
    rows.sort();
    let mut text = String::from("pub static IRQL: &[(&str, u8, u8)] = &[\n");
    for (name, low, high) in rows {
        let _ = writeln!(text, "    ({name:?}, {low}, {high}),");
    }
    text.push_str("];\n");
    text
}

/// The documentation's wording as bounds; what it does not say is not checked.
fn irql(words: &str) -> (u8, u8) {
    let plain: String = words.to_uppercase().replace(' ', "");
    let plain =
        plain.split('(').next().unwrap_or("").trim_end_matches('.').trim_start_matches("IRQL").to_string();
    match plain.trim_start_matches('=') {
        "PASSIVE_LEVEL" => (0, 0),
        "<=APC_LEVEL" | "<DISPATCH_LEVEL" => (0, 1),
        "<=DISPATCH_LEVEL" => (0, 2),
        "DISPATCH_LEVEL" => (2, 2),
        ">=DISPATCH_LEVEL" | "GREATERTHANOREQUALTODISPATCH_LEVEL" => (2, 15),
        _ => (0, 15),
    }
}
