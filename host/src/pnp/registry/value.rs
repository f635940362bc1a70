//! A registry value: its type and data, typed here and as the kernel hands it out.

use std::fmt;

/// `REG_*` type numbers (winnt.h).
pub mod kind {
    /// No type.
    pub const NONE: u32 = 0;
    /// A string.
    pub const SZ: u32 = 1;
    /// A string with `%VARIABLE%` references.
    pub const EXPAND_SZ: u32 = 2;
    /// Bytes.
    pub const BINARY: u32 = 3;
    /// A 32-bit number.
    pub const DWORD: u32 = 4;
    /// A list of strings.
    pub const MULTI_SZ: u32 = 7;
    /// A 64-bit number.
    pub const QWORD: u32 = 11;
}

/// The data of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `REG_NONE`
    None(Vec<u8>),
    /// `REG_SZ`
    Sz(String),
    /// `REG_EXPAND_SZ`
    ExpandSz(String),
    /// `REG_BINARY`
    Binary(Vec<u8>),
    /// `REG_DWORD`
    Dword(u32),
    /// `REG_MULTI_SZ`; no string is empty.
    MultiSz(Vec<String>),
    /// `REG_QWORD`
    Qword(u64),
    /// Any other type, or data that does not fit its type.
    Other {
        /// The type's number.
        kind: u32,
        /// The data.
        data: Vec<u8>,
    },
}

impl Value {
    /// A `REG_SZ`.
    pub fn sz(text: impl Into<String>) -> Value {
        Value::Sz(text.into())
    }

    /// The type's number.
    #[must_use]
    pub fn kind(&self) -> u32 {
        match self {
            Value::None(_) => kind::NONE,
            Value::Sz(_) => kind::SZ,
            Value::ExpandSz(_) => kind::EXPAND_SZ,
            Value::Binary(_) => kind::BINARY,
            Value::Dword(_) => kind::DWORD,
            Value::MultiSz(_) => kind::MULTI_SZ,
            Value::Qword(_) => kind::QWORD,
            Value::Other { kind, .. } => *kind,
        }
    }

    /// The data as `ZwQueryValueKey` returns it: little-endian numbers, strings as UTF-16 with their NULs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Value::None(data) | Value::Binary(data) | Value::Other { data, .. } => data.clone(),
            Value::Sz(text) | Value::ExpandSz(text) => utf16(text).collect(),
            Value::Dword(n) => n.to_le_bytes().to_vec(),
            Value::Qword(n) => n.to_le_bytes().to_vec(),
            Value::MultiSz(list) => list.iter().flat_map(|s| utf16(s)).chain([0, 0]).collect(),
        }
    }

    /// A value from its type and data, as `ZwSetValueKey` gets them. Data that the type cannot hold is kept
    /// as it is.
    #[must_use]
    pub fn from_bytes(kind: u32, data: &[u8]) -> Value {
        let typed = match kind {
            kind::NONE => Some(Value::None(data.to_vec())),
            kind::BINARY => Some(Value::Binary(data.to_vec())),
            kind::DWORD => data.try_into().ok().map(|b| Value::Dword(u32::from_le_bytes(b))),
            kind::QWORD => data.try_into().ok().map(|b| Value::Qword(u64::from_le_bytes(b))),
            kind::SZ => string(data).map(Value::Sz),
            kind::EXPAND_SZ => string(data).map(Value::ExpandSz),
            kind::MULTI_SZ => strings(data).map(Value::MultiSz),
            _ => None,
        };
        typed.unwrap_or_else(|| Value::Other { kind, data: data.to_vec() })
    }

    /// The text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Sz(text) | Value::ExpandSz(text) => Some(text),
            _ => None,
        }
    }

    /// The number of a `REG_DWORD`.
    #[must_use]
    pub fn as_dword(&self) -> Option<u32> {
        match self {
            Value::Dword(n) => Some(*n),
            _ => None,
        }
    }

    /// The value as a number, whether stored as one or as text: keywords are stored as text, and
    /// `NdisReadConfiguration` converts them, in base `radix` (10 or 16).
    ///
    /// As `RtlUnicodeStringToInteger` does, leading blanks and a sign are allowed and text after the number
    /// is ignored; text without a digit is no number (the kernel's function would yield 0).
    #[must_use]
    pub fn as_integer(&self, radix: u32) -> Option<u32> {
        let text = match self {
            Value::Dword(n) => return Some(*n),
            Value::Sz(text) | Value::ExpandSz(text) => text.trim_start(),
            _ => return None,
        };
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut value: Option<u32> = None;
        for digit in digits.chars().map_while(|c| c.to_digit(radix.clamp(2, 36))) {
            value = Some(value.unwrap_or(0).wrapping_mul(radix).wrapping_add(digit));
        }
        value.map(|v| if negative { v.wrapping_neg() } else { v })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Sz(text) | Value::ExpandSz(text) => write!(f, "\"{text}\""),
            Value::Dword(n) => write!(f, "{n:#x}"),
            Value::Qword(n) => write!(f, "{n:#x}"),
            Value::MultiSz(list) => write!(f, "{list:?}"),
            Value::None(data) | Value::Binary(data) | Value::Other { data, .. } => write!(f, "{data:02x?}"),
        }
    }
}

fn utf16(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes)
}

fn units(data: &[u8]) -> Option<Vec<u16>> {
    let (pairs, odd) = data.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|p| u16::from_le_bytes(*p)).collect())
}

/// Text up to the first NUL; what a caller left after it is no part of the string.
fn string(data: &[u8]) -> Option<String> {
    let units = units(data)?;
    let end = units.iter().position(|&u| u == 0).unwrap_or(units.len());
    String::from_utf16(units.get(..end)?).ok()
}

fn strings(data: &[u8]) -> Option<Vec<String>> {
    let units = units(data)?;
    let list = units.split(|&u| u == 0).take_while(|s| !s.is_empty());
    list.map(|s| String::from_utf16(s).ok()).collect()
}
