//! The format strings of `DbgPrint` and its relatives, as C and Windows define them.
//!
//! `%[flags][width][.precision][size]type`, with the size prefixes `h hh l ll w I I32 I64 j z t` and the types
//! `d i u x X o c C s S Z p P e E f g G %`. A narrow `%S` and `%C` are the wide ones, `%Z` is a counted string
//! (`ANSI_STRING`, with `w` or `l` `UNICODE_STRING`). `%n` writes nothing. What is unknown is printed as it is.

use std::fmt::Write as _;

/// Reads driver memory: fills the slice from an address, or says that it cannot.
pub type Reader<'a> = dyn FnMut(u64, &mut [u8]) -> bool + 'a;

/// Longest string taken from the driver, and widest field.
const LONGEST: usize = 4096;
/// Longest result.
const TOTAL: usize = 64 << 10;

/// Formats as `DbgPrint` does: `template` is the address of a zero-terminated format string, `args` that of the
/// first variable argument's slot. Memory is read only through `read`; what cannot be read shows as `<bad pointer …>`.
#[must_use]
pub fn format(template: u64, args: u64, read: &mut Reader<'_>) -> String {
    let mut memory = Memory { read, next: args };
    match memory.narrow(template, LONGEST) {
        Ok(text) => expand(&text, &mut memory),
        Err(bad) => bad,
    }
}

fn expand(template: &str, memory: &mut Memory<'_, '_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        let (plain, tail) = rest.split_at(at);
        out.push_str(plain);
        let (spec, used) = Spec::parse(&tail[1..], memory);
        match spec.and_then(|spec| spec.convert(memory)) {
            Some(text) => out.push_str(&text),
            None => out.push_str(&tail[..=used]),
        }
        rest = &tail[1 + used..];
        if out.len() > TOTAL {
            return out;
        }
    }
    out.push_str(rest);
    out
}

/// The driver's memory and the argument to be taken next.
struct Memory<'a, 'b> {
    read: &'a mut Reader<'b>,
    next: u64,
}

impl Memory<'_, '_> {
    fn slot(&mut self) -> u64 {
        let mut bytes = [0; 8];
        // An unreadable argument reads as zero; the stack it is on is the one that runs.
        (self.read)(self.next, &mut bytes);
        self.next = self.next.wrapping_add(8);
        u64::from_le_bytes(bytes)
    }

    fn units<const N: usize>(
        &mut self,
        address: u64,
        most: usize,
        counted: bool,
    ) -> Result<Vec<[u8; N]>, String> {
        let mut list = Vec::new();
        while list.len() < most.min(LONGEST) {
            let mut unit = [0; N];
            if !(self.read)(address.wrapping_add((list.len() * N) as u64), &mut unit) {
                return Err(format!("<bad pointer {address:#x}>"));
            }
            if !counted && unit == [0; N] {
                break;
            }
            list.push(unit);
        }
        Ok(list)
    }

    fn narrow(&mut self, address: u64, most: usize) -> Result<String, String> {
        self.units::<1>(address, most, false)
            .map(|units| String::from_utf8_lossy(units.as_flattened()).into_owned())
    }

    /// A string argument: zero-terminated, at most `most` units.
    fn text(&mut self, address: u64, wide: bool, most: usize, counted: bool) -> Result<String, String> {
        if wide {
            let units = self.units::<2>(address, most, counted)?;
            let units = units.into_iter().map(u16::from_le_bytes);
            let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
            return Ok(text.collect());
        }
        let units = self.units::<1>(address, most, counted)?;
        Ok(String::from_utf8_lossy(units.as_flattened()).into_owned())
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Size {
    Default,
    Char,
    Short,
    Long,
    Wide,
    Eight,
}

/// One conversion.
#[allow(clippy::struct_excessive_bools, reason = "C's flags are independent")]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    size: Size,
    kind: char,
}

impl Spec {
    /// Parses what follows a `%`. Returns also how many bytes it took, for printing it as it is.
    fn parse(text: &str, memory: &mut Memory<'_, '_>) -> (Option<Self>, usize) {
        let mut rest = text;
        let mut spec = Self {
            left: false,
            plus: false,
            space: false,
            alternate: false,
            zero: false,
            width: 0,
            precision: None,
            size: Size::Default,
            kind: '%',
        };
        while let Some(flag) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                _ => spec.zero = true,
            }
            rest = &rest[1..];
        }
        if let Some(width) = number(&mut rest, memory) {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(LONGEST).min(LONGEST);
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            // A lone point is a precision of 0, a negative one none at all.
            let precision = number(&mut rest, memory).unwrap_or(0);
            spec.precision = usize::try_from(precision).ok().map(|p| p.min(LONGEST));
        }
        for (prefix, size) in [
            ("hh", Size::Char),
            ("h", Size::Short),
            ("ll", Size::Eight),
            ("l", Size::Long),
            ("w", Size::Wide),
            ("I64", Size::Eight),
            ("I32", Size::Default),
            ("I", Size::Eight),
            ("j", Size::Eight),
            ("z", Size::Eight),
            ("t", Size::Eight),
        ] {
            if let Some(after) = rest.strip_prefix(prefix) {
                (spec.size, rest) = (size, after);
                break;
            }
        }
        let Some(kind) = rest.chars().next() else { return (None, text.len()) };
        spec.kind = kind;
        (Some(spec), text.len() - rest.len() + kind.len_utf8())
    }

    /// The converted argument; `None` for an unknown type.
    fn convert(&self, memory: &mut Memory<'_, '_>) -> Option<String> {
        Some(match self.kind {
            '%' => "%".into(),
            'd' | 'i' => self.signed(memory.slot()),
            'u' | 'x' | 'X' | 'o' => self.unsigned(memory.slot()),
            'p' | 'P' => self.pad(&format!("{:016X}", memory.slot()), false),
            'c' | 'C' => self.character(memory.slot()),
            's' | 'S' => {
                let address = memory.slot();
                self.string(address, None, memory)
            }
            'Z' => self.counted(memory),
            'e' | 'E' | 'f' | 'g' | 'G' => self.float(f64::from_bits(memory.slot())),
            'n' => {
                memory.slot();
                String::new()
            }
            _ => return None,
        })
    }

    fn signed(&self, slot: u64) -> String {
        #[allow(clippy::cast_possible_truncation, reason = "C reads only the low part of the slot")]
        let value = match self.size {
            Size::Eight => slot.cast_signed(),
            Size::Short => i64::from(slot as i16),
            Size::Char => i64::from(slot as i8),
            _ => i64::from(slot as i32),
        };
        let sign = match (value < 0, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        self.number(sign, &value.unsigned_abs().to_string())
    }

    fn unsigned(&self, slot: u64) -> String {
        let value = match self.size {
            Size::Eight => slot,
            Size::Short => slot & 0xffff,
            Size::Char => slot & 0xff,
            _ => slot & 0xffff_ffff,
        };
        let marked = self.alternate && value != 0;
        match self.kind {
            'x' => self.number(if marked { "0x" } else { "" }, &format!("{value:x}")),
            'X' => self.number(if marked { "0X" } else { "" }, &format!("{value:X}")),
            'o' => self.number(if marked { "0" } else { "" }, &format!("{value:o}")),
            _ => self.number("", &value.to_string()),
        }
    }

    fn number(&self, prefix: &str, digits: &str) -> String {
        let least = match self.precision {
            Some(least) => least,
            None if self.zero && !self.left => self.width.saturating_sub(prefix.len()),
            None => 1,
        };
        self.pad(&format!("{prefix}{digits:0>least$}"), false)
    }

    fn character(&self, slot: u64) -> String {
        let code = if self.is_wide('C') { slot & 0xffff } else { slot & 0xff };
        let code = u32::try_from(code).unwrap_or(0);
        self.pad(&char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).to_string(), false)
    }

    /// In a narrow function the capital letter means wide, unless a size says otherwise.
    fn is_wide(&self, capital: char) -> bool {
        match self.size {
            Size::Long | Size::Wide => true,
            Size::Short | Size::Char => false,
            _ => self.kind == capital,
        }
    }

    fn string(&self, address: u64, length: Option<usize>, memory: &mut Memory<'_, '_>) -> String {
        if address == 0 {
            return self.pad("(null)", true);
        }
        let most = self.precision.unwrap_or(LONGEST).min(length.unwrap_or(LONGEST));
        let wide = self.is_wide('S');
        // Text that cannot be read is reported in full, whatever the precision.
        memory
            .text(address, wide, most, length.is_some())
            .map_or_else(|bad| bad, |text| self.pad(&text, false))
    }

    /// `ANSI_STRING` or `UNICODE_STRING`: length in bytes (2), capacity (2), buffer at offset 8.
    fn counted(&self, memory: &mut Memory<'_, '_>) -> String {
        let address = memory.slot();
        if address == 0 {
            return self.pad("(null)", true);
        }
        let mut head = [0; 16];
        if !(memory.read)(address, &mut head) {
            return format!("<bad pointer {address:#x}>");
        }
        let [l0, l1, _, _, _, _, _, _, buffer @ ..] = head;
        let bytes = usize::from(u16::from_le_bytes([l0, l1]));
        let units = if self.is_wide('S') { bytes / 2 } else { bytes };
        self.string(u64::from_le_bytes(buffer), Some(units), memory)
    }

    fn float(&self, value: f64) -> String {
        let places = self.precision.unwrap_or(6);
        let magnitude = value.abs();
        let mut digits = match self.kind {
            _ if !value.is_finite() => magnitude.to_string().to_lowercase(),
            'f' => format!("{magnitude:.places$}"),
            'g' | 'G' => general(magnitude, places.max(1)),
            _ => scientific(magnitude, places),
        };
        if self.kind.is_uppercase() {
            digits = digits.to_uppercase();
        }
        let sign = match (value.is_sign_negative(), self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let least = if self.zero && !self.left { self.width.saturating_sub(sign.len()) } else { 0 };
        self.pad(&format!("{sign}{digits:0>least$}"), false)
    }

    fn pad(&self, text: &str, cut: bool) -> String {
        let text = match self.precision {
            Some(most) if cut => text.get(..most).unwrap_or(text),
            _ => text,
        };
        let width = self.width;
        if self.left { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }
}

/// A decimal number, or `*` for the next argument.
fn number(rest: &mut &str, memory: &mut Memory<'_, '_>) -> Option<i64> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        #[allow(clippy::cast_possible_truncation, reason = "C reads an int")]
        return Some(i64::from(memory.slot() as i32));
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    // Only too many digits fail to parse.
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(i64::MAX))
}

/// C's `%e`: at least two digits of exponent.
fn scientific(value: f64, places: usize) -> String {
    let text = format!("{value:.places$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mut out = digits.to_owned();
    let sign = if exponent < 0 { '-' } else { '+' };
    // Writing to a string cannot fail.
    let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
    out
}

/// C's `%g`: the shorter of the two, trailing zeroes dropped.
fn general(value: f64, significant: usize) -> String {
    let text = scientific(value, significant - 1);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "+0"));
    let power: i64 = exponent.parse().unwrap_or(0);
    let most = i64::try_from(significant).unwrap_or(i64::MAX);
    let trim = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if power < -4 || power >= most {
        return format!("{}e{exponent}", trim(digits));
    }
    let places = usize::try_from(most - 1 - power).unwrap_or(0);
    trim(&format!("{value:.places$}"))
}
