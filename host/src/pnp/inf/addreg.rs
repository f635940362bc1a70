//! `AddReg` and `DelReg` sections: changes to the registry ("INF `AddReg` Directive", "INF `DelReg` Directive").

use super::super::diag::{Log, Position};
use super::super::fold::fold;
use super::super::registry::{Value, kind};
use super::{Field, Inf, Line, Section, number};

const NOCLOBBER: u32 = 0x0002;
const DELVAL: u32 = 0x0004;
const APPEND: u32 = 0x0008;
const KEYONLY: u32 = 0x0010;
const OVERWRITEONLY: u32 = 0x0020;
const KEY_64BIT: u32 = 0x1000;
const KEYONLY_COMMON: u32 = 0x2000;
const KEY_32BIT: u32 = 0x4000;
/// In `AddReg` reserved, in `DelReg` the bit that makes a deletion depend on the value.
const DELREG_BIT: u32 = 0x8000;
const OPERATIONS: u32 = NOCLOBBER
    | DELVAL
    | APPEND
    | KEYONLY
    | OVERWRITEONLY
    | KEY_64BIT
    | KEYONLY_COMMON
    | KEY_32BIT
    | DELREG_BIT;
/// The bits that say how the data is written: the type's high word, and text or binary.
const TYPE_MASK: u32 = 0xFFFF_0001;
const TYPE_SZ: u32 = 0;
const TYPE_BINARY: u32 = 1;
const TYPE_MULTI_SZ: u32 = 0x0001_0000;
const TYPE_DWORD: u32 = 0x0001_0001;
const TYPE_EXPAND_SZ: u32 = 0x0002_0000;
const TYPE_NONE: u32 = 0x0002_0001;

/// The root of an entry's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `HKR`: the key that belongs to the section whose directive led here.
    Relative,
    /// `HKLM`, `HKCR`, `HKCU`, `HKU`: the name is a root of [`super::super::registry::Registry`].
    Named(&'static str),
}

/// When a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Always.
    Set,
    /// Only if there is no such value.
    NoClobber,
    /// Only if there is one already.
    OverwriteOnly,
    /// Strings are added to those already there.
    Append,
}

/// What an entry does to its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes the key.
    CreateKey,
    /// Writes a value.
    Set {
        /// Name; empty for the default value.
        name: String,
        /// Type and data.
        value: Value,
        /// Condition.
        mode: Mode,
    },
    /// Removes a value.
    DeleteValue {
        /// Its name.
        name: String,
    },
    /// Removes strings from a `REG_MULTI_SZ`.
    DeleteStrings {
        /// The value's name.
        name: String,
        /// The strings, compared without case.
        strings: Vec<String>,
    },
    /// Removes the key and all below it.
    DeleteKey,
}

/// An entry of an `AddReg` or `DelReg` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line.
    pub at: Position,
    /// Where the value stands, if there is one.
    pub value_at: Position,
    /// Root of the path.
    pub root: Root,
    /// Path below the root.
    pub subkey: String,
    /// What to do there.
    pub action: Action,
}

/// Reads the `AddReg` sections that `section` names.
pub(in super::super) fn add_reg(inf: &Inf, section: &Section, log: &mut Log) -> Vec<Entry> {
    read(inf, section, "AddReg", add_entry, log)
}

/// Reads the `DelReg` sections that `section` names.
pub(in super::super) fn del_reg(inf: &Inf, section: &Section, log: &mut Log) -> Vec<Entry> {
    read(inf, section, "DelReg", delete_entry, log)
}

fn read(
    inf: &Inf,
    section: &Section,
    directive: &str,
    entry: fn(&Line, &mut Log) -> Option<Entry>,
    log: &mut Log,
) -> Vec<Entry> {
    let references: Vec<&Field> = section.all(directive).flat_map(Line::names).collect();
    let mut entries = Vec::new();
    for reference in references {
        if let Some(target) = inf.referenced(directive, reference, log) {
            entries.extend(target.lines.iter().filter_map(|line| entry(line, log)));
        }
    }
    for entry in &entries {
        if entry.action == Action::DeleteKey && entry.subkey.is_empty() {
            log.error(entry.at, "the entry would delete the root itself: it names neither subkey nor value");
        }
    }
    entries
}

/// Root and subkey, which both kinds of line begin with.
fn path(line: &Line, log: &mut Log) -> Option<(Root, String)> {
    if let Some(key) = &line.key {
        log.error(
            key.at,
            format!("{} = ... is not a registry entry: root, subkey, name, flags, value", key.text),
        );
        return None;
    }
    let root = match fold(line.value(0)).as_str() {
        "HKR" => Root::Relative,
        "HKLM" => Root::Named("HKLM"),
        "HKCR" => Root::Named("HKCR"),
        "HKCU" => Root::Named("HKCU"),
        "HKU" => Root::Named("HKU"),
        other => {
            log.error(line.at, format!("{other} is not a registry root: HKR, HKLM, HKCR, HKCU or HKU"));
            return None;
        }
    };
    Some((root, line.value(1).trim_matches('\\').to_owned()))
}

fn flags(line: &Line, log: &mut Log) -> Option<u32> {
    let Some(field) = line.field(3) else { return Some(0) };
    let flags = number::parse_u32(&field.text);
    if flags.is_none() {
        log.error(field.at, format!("flags {} are not a number", field.text));
    }
    flags
}

fn add_entry(line: &Line, log: &mut Log) -> Option<Entry> {
    let (root, subkey) = path(line, log)?;
    let flags = flags(line, log)?;
    if flags & KEY_32BIT != 0 {
        log.warn(line.place(3), "the 32-bit view of the registry is not modelled: the entry is left out");
        return None;
    }
    let unknown = flags & !(TYPE_MASK | OPERATIONS);
    if unknown != 0 {
        log.warn(line.place(3), format!("flags have bits without a meaning: {unknown:#x}"));
    }
    let name = line.value(2).to_owned();
    let nothing_more = name.is_empty() && line.field(3).is_none() && line.values.len() <= 4;
    let action = if flags & (KEYONLY | KEYONLY_COMMON) != 0 || nothing_more {
        Action::CreateKey
    } else if flags & DELVAL != 0 {
        if name.is_empty() { Action::DeleteKey } else { Action::DeleteValue { name } }
    } else {
        let value = data(line, flags & TYPE_MASK, log)?;
        let mode = match flags {
            f if f & APPEND != 0 && !matches!(value, Value::MultiSz(_)) => {
                log.error(
                    line.place(3),
                    "FLG_ADDREG_APPEND (8) goes with FLG_ADDREG_TYPE_MULTI_SZ (0x10000) only",
                );
                return None;
            }
            f if f & APPEND != 0 => Mode::Append,
            f if f & OVERWRITEONLY != 0 => Mode::OverwriteOnly,
            f if f & NOCLOBBER != 0 => Mode::NoClobber,
            _ => Mode::Set,
        };
        Action::Set { name, value, mode }
    };
    Some(Entry { at: line.at, value_at: line.place(4), root, subkey, action })
}

fn data(line: &Line, kind: u32, log: &mut Log) -> Option<Value> {
    let rest = line.values.get(4..).unwrap_or_default();
    let texts = || rest.iter().map(|f| f.text.clone());
    let single = |log: &mut Log| {
        if let Some(extra) = rest.get(1) {
            log.warn(extra.at, "values after the first are ignored: quote the value if it holds a comma");
        }
        line.value(4).to_owned()
    };
    Some(match kind {
        TYPE_SZ => Value::Sz(single(log)),
        TYPE_EXPAND_SZ => Value::ExpandSz(single(log)),
        // An empty string would end the list, in the registry as on the line.
        TYPE_MULTI_SZ => Value::MultiSz(texts().filter(|t| !t.is_empty()).collect()),
        TYPE_DWORD => Value::Dword(dword(line, rest, log)?),
        TYPE_BINARY => Value::Binary(bytes(rest, log)?),
        TYPE_NONE => Value::None(bytes(rest, log)?),
        custom if custom & TYPE_BINARY != 0 => Value::from_bytes(custom >> 16, &bytes(rest, log)?),
        _ => {
            log.error(line.place(3), format!("flags {kind:#x} name no registry type"));
            return None;
        }
    })
}

/// A number, or its four bytes from the lowest up.
fn dword(line: &Line, rest: &[Field], log: &mut Log) -> Option<u32> {
    if rest.len() == 4 {
        let data = bytes(rest, log)?;
        return match Value::from_bytes(kind::DWORD, &data) {
            Value::Dword(n) => Some(n),
            _ => None,
        };
    }
    let Some(field) = line.field(4) else {
        log.warn(line.at, "a REG_DWORD without a value becomes 0");
        return Some(0);
    };
    if let Some(extra) = rest.get(1) {
        log.error(extra.at, "a REG_DWORD takes one number, or four bytes");
        return None;
    }
    let value = number::parse_u32(&field.text);
    if value.is_none() {
        log.error(field.at, format!("{} is not a number of 32 bits", field.text));
    }
    value
}

fn bytes(rest: &[Field], log: &mut Log) -> Option<Vec<u8>> {
    let fields: Vec<&Field> = rest.iter().filter(|f| !f.text.is_empty()).collect();
    let byte = |field: &&Field| {
        let value = number::parse_byte(&field.text);
        if value.is_none() {
            log.error(field.at, format!("{} is not a byte in hexadecimal", field.text));
        }
        value
    };
    fields.iter().map(byte).collect()
}

fn delete_entry(line: &Line, log: &mut Log) -> Option<Entry> {
    const MULTI_SZ_DELSTRING: u32 = TYPE_MULTI_SZ | DELREG_BIT | NOCLOBBER;
    let (root, subkey) = path(line, log)?;
    let flags = flags(line, log)?;
    if flags & KEY_32BIT != 0 {
        log.warn(line.place(3), "the 32-bit view of the registry is not modelled: the entry is left out");
        return None;
    }
    let name = line.value(2).to_owned();
    let action = if flags & MULTI_SZ_DELSTRING == MULTI_SZ_DELSTRING {
        let strings = line.values.iter().skip(4).map(|f| f.text.clone()).collect();
        Action::DeleteStrings { name, strings }
    } else if name.is_empty() || flags & KEYONLY_COMMON != 0 {
        Action::DeleteKey
    } else {
        Action::DeleteValue { name }
    };
    Some(Entry { at: line.at, value_at: line.place(4), root, subkey, action })
}
