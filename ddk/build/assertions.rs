//! Turns the fact tables into `static_assertions`: a header that disagrees with them does not compile.
//!
//! Checked are size and alignment of every exposed structure, offset and size of every field, every
//! enumerator and constant that both sides know, and the types of functions and handlers. Bit fields have
//! no address to take in a constant; for them the generator writes tests.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use serde_json::Value;

use super::exposed::Exposed;
use super::model::{Found, Model};
use super::signature;

/// Everything written: assertions for `const` evaluation, tests for bit fields.
pub struct Generated {
    /// Source of the assertions.
    pub assertions: String,
    /// Source of the tests.
    pub bit_field_tests: String,
}

/// Generates assertions over the bindings for what is exposed.
///
/// # Errors
/// If the table has a field or a type that the bindings lack.
pub fn generate(
    abi: &Value,
    functions: &Value,
    model: &Model,
    exposed: Exposed,
) -> Result<Generated, Box<dyn Error>> {
    let mut out = String::new();
    let mut tests = String::new();
    for (names, complete) in [(exposed.structs, true), (exposed.partial, false)] {
        for name in names {
            structure(&mut out, &mut tests, abi, model, name, complete)?;
        }
    }
    for name in exposed.enums {
        enumeration(&mut out, abi, model, name)?;
    }
    constants(&mut out, abi, model);
    for name in exposed.functions {
        signature::function(&mut out, functions, model, name)?;
    }
    signature::handlers(&mut out, functions, model)?;
    Ok(Generated { assertions: out, bit_field_tests: tests })
}

fn structure(
    out: &mut String,
    tests: &mut String,
    abi: &Value,
    model: &Model,
    name: &str,
    complete: bool,
) -> Result<(), Box<dyn Error>> {
    // Some are known to the table only as part of others (KDEVICE_QUEUE_ENTRY) or as aliases.
    let layout = abi["structs"].get(name).ok_or_else(|| format!("ndis-abi.json: no structure {name}"))?;
    if !model.has_type(name) {
        return Err(format!("{name}: in the list of exposed structures, not in the headers").into());
    }
    let number = |key: &str| layout[key].as_u64().ok_or_else(|| format!("ndis-abi.json: {name}.{key}"));
    writeln!(out, "const_assert_eq!(size_of::<{name}>(), {});", number("size")?)?;
    writeln!(out, "const_assert_eq!(align_of::<{name}>(), {});", number("align")?)?;
    let fields = layout["fields"].as_object().ok_or_else(|| format!("ndis-abi.json: {name}.fields"))?;
    for (path, field) in fields {
        match model.find(name, path) {
            Some(Found::Field(rust)) => {
                let rust = rust.join(".");
                if let Some(offset) = field["offset"].as_u64() {
                    writeln!(out, "const_assert_eq!(offset_of!({name}, {rust}), {offset});")?;
                }
                let flexible = field["kind"].as_str().is_some_and(|kind| kind.starts_with("[]"));
                if let Some(size) = field["size"].as_u64().filter(|_| !flexible) {
                    writeln!(out, "const_assert_eq!(field_size!({name}, {rust}), {size});")?;
                }
            }
            Some(Found::Bits(rust)) => bit_field_test(tests, name, path, &rust, field)?,
            None if complete => return Err(format!("{name}: the headers have no field {path}").into()),
            None => {}
        }
    }
    Ok(())
}

/// A test that sets one bit field to all ones and looks at the bytes.
fn bit_field_test(
    tests: &mut String,
    name: &str,
    path: &str,
    record: &[String],
    field: &Value,
) -> Result<(), Box<dyn Error>> {
    let number = |key: &str| field[key].as_u64().ok_or_else(|| format!("ndis-abi.json: {name}.{path}.{key}"));
    let (offset, bit, bits) = (number("offset")?, number("bit")?, number("bits")?);
    let setter = path.rsplit('.').next().unwrap_or(path);
    let mut target = String::from("value");
    for member in record {
        target = format!("{target}.{member}");
    }
    let all_ones = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
    writeln!(
        tests,
        "bit_field!({test}, {name}, |value| {target}.set_{setter}({all_ones}u64 as _), {first}, {bits});",
        test = format!("{name}_{path}").replace('.', "_"),
        first = offset * 8 + bit,
    )?;
    Ok(())
}

fn enumeration(out: &mut String, abi: &Value, model: &Model, name: &str) -> Result<(), Box<dyn Error>> {
    // EX_POOL_PRIORITY and a few more are not in the table: their names are still exposed.
    let Some(values) = abi["enums"].get(name).and_then(Value::as_object) else { return Ok(()) };
    for (enumerator, value) in values {
        // A kit older than the table lacks some names, a newer one counts further.
        if is_terminator(enumerator) || !model.constants.contains_key(enumerator) {
            continue;
        }
        writeln!(out, "const_assert_eq!({enumerator} as i64, {value});")?;
    }
    Ok(())
}

/// One past the last enumerator. Not so where it sizes an array.
fn is_terminator(name: &str) -> bool {
    name != "MaxNetBufferListInfo"
        && ["Max", "Maximum"].iter().any(|end| name.ends_with(end) || name.starts_with(end))
}

fn constants(out: &mut String, abi: &Value, model: &Model) {
    let groups = abi["constants"].as_object().into_iter().flat_map(|groups| groups.values());
    let mut all = BTreeMap::new();
    for group in groups.filter_map(Value::as_object) {
        all.extend(group.iter().filter_map(|(name, value)| Some((name, value.as_u64()?))));
    }
    for (name, value) in all {
        let Some(type_name) = model.constants.get(name) else { continue };
        // The table has every value unsigned; statuses and MDL flags are signed.
        let widened = match type_name.as_str() {
            "u64" | "usize" => format!("{name} as u64"),
            "i16" => format!("{name} as u16 as u64"),
            _ => format!("{name} as u32 as u64"),
        };
        let _ = writeln!(out, "const_assert_eq!({widened}, {value});");
    }
}
