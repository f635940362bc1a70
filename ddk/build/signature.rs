//! Types of functions and handlers, from the table's C prototypes.

use std::error::Error;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::Model;

/// Asserts that a function has the parameters and the result of its prototype.
pub fn function(out: &mut String, table: &Value, model: &Model, name: &str) -> Result<(), Box<dyn Error>> {
    let never = model
        .functions
        .get(name)
        .ok_or_else(|| format!("{name}: in the list of exposed functions, not in the headers"))?;
    let prototype =
        table["functions"].get(name).ok_or_else(|| format!("functions.json: no function {name}"))?;
    let mut pointer = pointer_type(prototype, model).map_err(|e| format!("{name}: {e}"))?;
    if *never {
        // The table has C's void here too.
        pointer.push_str(" -> !");
    }
    writeln!(out, "const _: {pointer} = {name};")?;
    Ok(())
}

/// Asserts the types of all handlers (callbacks) that the bindings have.
pub fn handlers(out: &mut String, table: &Value, model: &Model) -> Result<(), Box<dyn Error>> {
    let callbacks = table["callbacks"].as_object().ok_or("functions.json: no callbacks")?;
    for (name, prototype) in callbacks {
        let spellings =
            [name.clone(), format!("{name}_HANDLER"), format!("P{name}"), special(name).to_string()];
        for spelling in spellings.iter().filter(|s| model.has_type(s)) {
            let pointer = pointer_type(prototype, model).map_err(|e| format!("{name}: {e}"))?;
            writeln!(out, "const _: fn({spelling}) -> Option<{pointer}> = |handler| handler;")?;
        }
    }
    Ok(())
}

/// Handler types that are not named after the callback.
fn special(name: &str) -> &str {
    match name {
        "MINIPORT_UNLOAD" => "MINIPORT_DRIVER_UNLOAD",
        "MINIPORT_MESSAGE_INTERRUPT" => "MINIPORT_MSI_ISR_HANDLER",
        "MINIPORT_MESSAGE_INTERRUPT_DPC" => "MINIPORT_MSI_INTERRUPT_DPC_HANDLER",
        "MINIPORT_DISABLE_MESSAGE_INTERRUPT" => "MINIPORT_DISABLE_MSI_INTERRUPT_HANDLER",
        "MINIPORT_ENABLE_MESSAGE_INTERRUPT" => "MINIPORT_ENABLE_MSI_INTERRUPT_HANDLER",
        other => other,
    }
}

fn pointer_type(prototype: &Value, model: &Model) -> Result<String, Box<dyn Error>> {
    let parameters = prototype["params"].as_array().ok_or("no parameters in functions.json")?;
    let mut list = parameters
        .iter()
        .map(|p| rust_type(p["type"].as_str().unwrap_or_default(), model))
        .collect::<Result<Vec<_>, _>>()?;
    if prototype["variadic"].as_bool() == Some(true) {
        list.push("...".to_string());
    }
    let returns = match prototype["returns"].as_str().unwrap_or_default() {
        "void" | "VOID" => String::new(),
        other => format!(" -> {}", rust_type(other, model)?),
    };
    Ok(format!("unsafe extern \"C\" fn({}){returns}", list.join(", ")))
}

/// `const struct _X * *` in Rust. Qualifiers matter only for what they point to.
fn rust_type(c: &str, model: &Model) -> Result<String, Box<dyn Error>> {
    let spaced = c.replace('*', " * ");
    let mut words = spaced
        .split_whitespace()
        .filter(|w| !matches!(*w, "struct" | "union" | "enum" | "volatile"))
        .peekable();
    let constant = words.next_if_eq(&"const").is_some();
    let mut base = Vec::new();
    while let Some(word) = words.next_if(|w| *w != "*") {
        base.push(word);
    }
    let base = base.join(" ");
    let mut rust = match base.as_str() {
        "void" | "VOID" => "c_void",
        "int" => "c_int",
        "long" => "c_long",
        "unsigned char" => "c_uchar",
        "unsigned long" => "c_ulong",
        name if model.has_type(name) => name,
        name => return Err(format!("functions.json: the headers have no type {name}").into()),
    }
    .to_string();
    for (depth, _) in words.filter(|w| *w == "*").enumerate() {
        let pointer = if constant && depth == 0 { "*const" } else { "*mut" };
        rust = format!("{pointer} {rust}");
    }
    Ok(rust)
}
