//! RtlQueryRegistryValues: a table of values, each stored or handed to a routine.

use super::{below, relative, wide, with};
use crate::{
    abi::{
        Layout, Ptr, RTL_QUERY_REGISTRY_TABLE as Row, UNICODE_STRING, bytes, constants as c, read, write,
        write_bytes,
    },
    imports,
    mem::Kind,
    nt::{io::link::give_string, status},
    pnp::registry::Value,
    verify::rules,
    world::{call, world},
};

/// RTL_QUERY_REGISTRY_ flags.
const SUBKEY: u32 = 0x01;
const TOPKEY: u32 = 0x02;
const REQUIRED: u32 = 0x04;
const NOVALUE: u32 = 0x08;
const NOEXPAND: u32 = 0x10;
const DIRECT: u32 = 0x20;
const DELETE: u32 = 0x40;
const TYPECHECK: u32 = 0x100;
/// The expected type of a checked value is in DefaultType's highest byte.
const TYPE_SHIFT: u32 = 24;
/// Rows that a table may have before its end is taken for missing.
const MOST_ROWS: u64 = 4096;

/// One row.
struct Query {
    routine: u64,
    flags: u32,
    name: u64,
    context: u64,
    default: (u32, u64, u32),
}

fn row(addr: u64) -> Query {
    let p: Ptr<Row> = Ptr::new(addr);
    Query {
        routine: p.get(Row::QueryRoutine),
        flags: p.get(Row::Flags),
        name: p.get(Row::Name),
        context: p.get(Row::EntryContext),
        default: (p.get(Row::DefaultType), p.get(Row::DefaultData), p.get(Row::DefaultLength)),
    }
}

/// A value as it is handed over.
struct Found {
    name: String,
    kind: u32,
    data: Vec<u8>,
}

/// Memory for the time of a call.
struct Scratch(u64);

impl Scratch {
    fn new(data: &[u8]) -> Self {
        let block = world().mem.allocate(Kind::Host, 0, data.len().max(8), "RtlQueryRegistryValues");
        let Some(addr) = block else {
            world().violation(
                &rules::UNSUPPORTED,
                "RtlQueryRegistryValues: the machine's memory is used up".into(),
            )
        };
        write_bytes(addr, data);
        Self(addr)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = world().mem.free(Kind::Host, self.0);
    }
}

fn terminated(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn text(data: &[u8]) -> String {
    let (pairs, _) = data.as_chunks::<2>();
    let units: Vec<u16> =
        pairs.iter().map(|&pair| u16::from_le_bytes(pair)).take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&units)
}

/// Stores a value where a DIRECT row wants it.
fn store(query: &Query, found: &Found) -> u32 {
    let to = query.context;
    match found.kind {
        c::REG_SZ | c::REG_EXPAND_SZ | c::REG_MULTI_SZ => store_string(to, found),
        _ if found.data.len() <= 4 => {
            write_bytes(to, &found.data);
            c::STATUS_SUCCESS
        }
        _ => {
            // The buffer begins with its own size: negative for data alone, positive for length, type and data.
            let room: i32 = read(to);
            let header = if room < 0 { 0 } else { 8 };
            if room.unsigned_abs() as usize >= found.data.len() + header {
                if header > 0 {
                    write(to, found.data.len() as u32);
                    write(to + 4, found.kind);
                }
                write_bytes(to + header as u64, &found.data);
                return c::STATUS_SUCCESS;
            }
            c::STATUS_BUFFER_TOO_SMALL
        }
    }
}

fn store_string(to: u64, found: &Found) -> u32 {
    let p: Ptr<UNICODE_STRING> = Ptr::new(to);
    let buffer = p.get(UNICODE_STRING::Buffer);
    // The terminating NUL is stored and does not count.
    let len = found.data.len().saturating_sub(2);
    if buffer == 0 {
        if found.kind == c::REG_MULTI_SZ {
            return c::STATUS_BUFFER_TOO_SMALL;
        }
        let given = give_string(to, &text(&found.data), "RtlQueryRegistryValues");
        return if given { c::STATUS_SUCCESS } else { c::STATUS_NO_MEMORY };
    }
    if usize::from(p.get(UNICODE_STRING::MaximumLength)) < found.data.len() {
        return c::STATUS_BUFFER_TOO_SMALL;
    }
    write_bytes(buffer, &found.data);
    p.set(UNICODE_STRING::Length, len as u16);
    c::STATUS_SUCCESS
}

fn call_routine(query: &Query, context: u64, found: &Found, kind: u32, data: &[u8]) -> u32 {
    let (name, value) = (Scratch::new(&terminated(&found.name)), Scratch::new(data));
    let args = [name.0, u64::from(kind), value.0, data.len() as u64, context, query.context];
    call("QueryRoutine", query.routine, &args) as u32
}

/// Hands a value over, a list string by string.
fn deliver(query: &Query, context: u64, found: &Found) -> u32 {
    if query.flags & DIRECT != 0 {
        if query.flags & TYPECHECK != 0 && query.default.0 >> TYPE_SHIFT != found.kind {
            return c::STATUS_OBJECT_TYPE_MISMATCH;
        }
        return store(query, found);
    }
    if query.routine == 0 {
        return c::STATUS_SUCCESS;
    }
    if query.flags & NOEXPAND != 0 {
        return call_routine(query, context, found, found.kind, &found.data);
    }
    match found.kind {
        c::REG_MULTI_SZ => {
            let (pairs, _) = found.data.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
            for part in units.split(|&unit| unit == 0).filter(|part| !part.is_empty()) {
                let data = terminated(&String::from_utf16_lossy(part));
                let result = call_routine(query, context, found, c::REG_SZ, &data);
                if !status::success(result) {
                    return result;
                }
            }
            c::STATUS_SUCCESS
        }
        // There is no environment: references stay as they are.
        c::REG_EXPAND_SZ => call_routine(query, context, found, c::REG_SZ, &found.data),
        kind => call_routine(query, context, found, kind, &found.data),
    }
}

fn found(name: &str, value: &Value) -> Found {
    Found { name: name.to_owned(), kind: value.kind(), data: value.to_bytes() }
}

/// The default of a row whose value is missing.
fn default(query: &Query, name: &str) -> Option<Found> {
    let (kind, data, len) = query.default;
    let kind = if query.flags & TYPECHECK != 0 { kind & 0xFF_FFFF } else { kind };
    if kind == c::REG_NONE {
        return None;
    }
    let data = match (kind, len) {
        // A string's length may be left to its terminator.
        (c::REG_SZ | c::REG_EXPAND_SZ, 0) => terminated(&wide(data)),
        _ => bytes(data, len as usize),
    };
    Some(Found { name: name.to_owned(), kind, data })
}

fn one_value(query: &Query, path: &str, context: u64) -> u32 {
    let name = wide(query.name);
    let value = with(path, |key| key.value(&name).map(|value| found(&name, value))).flatten();
    let Some(value) = value.or_else(|| default(query, &name)) else {
        return if query.flags & REQUIRED != 0 { c::STATUS_OBJECT_NAME_NOT_FOUND } else { c::STATUS_SUCCESS };
    };
    let result = deliver(query, context, &value);
    if query.flags & DELETE != 0
        && status::success(result)
        && let Some(key) = world().registry.borrow_mut().key_mut(path)
    {
        key.delete_value(&name);
    }
    result
}

fn every_value(query: &Query, path: &str, context: u64) -> u32 {
    let values: Vec<Found> =
        with(path, |key| key.values().map(|(name, value)| found(name, value)).collect()).unwrap_or_default();
    if values.is_empty() && query.flags & REQUIRED != 0 {
        return c::STATUS_OBJECT_NAME_NOT_FOUND;
    }
    for value in values {
        let result = deliver(query, context, &value);
        if !status::success(result) {
            return result;
        }
    }
    c::STATUS_SUCCESS
}

fn query(top: &str, table: u64, context: u64) -> u32 {
    if with(top, |_| ()).is_none() {
        return c::STATUS_OBJECT_NAME_NOT_FOUND;
    }
    let mut path = top.to_owned();
    for i in 0..MOST_ROWS {
        let query = row(table + i * Row::SIZE as u64);
        if query.routine == 0 && query.flags & (SUBKEY | DIRECT) == 0 {
            return c::STATUS_SUCCESS;
        }
        if query.flags & (SUBKEY | TOPKEY) != 0 {
            top.clone_into(&mut path);
        }
        if query.flags & SUBKEY != 0 {
            path = below(top, &wide(query.name));
            if with(&path, |_| ()).is_none() && query.flags & REQUIRED != 0 {
                return c::STATUS_OBJECT_NAME_NOT_FOUND;
            }
            if query.routine == 0 {
                continue;
            }
        }
        let result = if query.flags & NOVALUE != 0 {
            let args = [0, u64::from(c::REG_NONE), 0, 0, context, query.context];
            call("QueryRoutine", query.routine, &args) as u32
        } else if query.flags & SUBKEY != 0 || query.name == 0 {
            every_value(&query, &path, context)
        } else {
            one_value(&query, &path, context)
        };
        if !status::success(result) {
            return result;
        }
    }
    world()
        .violation(&rules::UNSUPPORTED, format!("RtlQueryRegistryValues: the table at {table:#x} has no end"))
}

imports! {
    /// Registry by table.
    TABLE from "ntoskrnl.exe";

    fn RtlQueryRegistryValues(to: u32, path: u64, table: u64, context: u64, _environment: u64) -> u32 {
        let Some(path) = relative("RtlQueryRegistryValues", to, path) else { return c::STATUS_INVALID_PARAMETER };
        query(&path, table, context)
    }

    fn RtlQueryRegistryValuesEx(to: u32, path: u64, table: u64, context: u64, _environment: u64) -> u32 {
        let Some(path) = relative("RtlQueryRegistryValuesEx", to, path) else { return c::STATUS_INVALID_PARAMETER };
        query(&path, table, context)
    }
}
