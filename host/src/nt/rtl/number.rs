//! Numbers and text.

use super::string;
use crate::{
    abi::{Ptr, UNICODE_STRING, constants as c, read, write, write_bytes},
    imports,
};

/// Digits of `value`, most significant first; `None` for a base that there is not.
#[must_use]
pub fn digits(value: u64, base: u32) -> Option<String> {
    Some(match base {
        0 | 10 => value.to_string(),
        2 => format!("{value:b}"),
        8 => format!("{value:o}"),
        16 => format!("{value:X}"),
        _ => return None,
    })
}

/// The number that a text begins with: leading blanks, a sign, a prefix that sets the base if none is given.
#[must_use]
pub fn parse(text: &[u16], base: u32) -> Option<u32> {
    let mut rest: &[u16] = text;
    let is = |unit: Option<&u16>, c: char| unit.is_some_and(|&unit| u32::from(unit) == u32::from(c));
    while rest.first().is_some_and(|&unit| unit <= 32) {
        rest = rest.get(1..)?;
    }
    let negative = is(rest.first(), '-');
    if negative || is(rest.first(), '+') {
        rest = rest.get(1..)?;
    }
    let mut base = base;
    if base == 0 {
        base = 10;
        if is(rest.first(), '0') {
            let prefixed =
                [('x', 16), ('o', 8), ('b', 2)].into_iter().find(|(letter, _)| is(rest.get(1), *letter));
            if let Some((_, radix)) = prefixed {
                base = radix;
                rest = rest.get(2..)?;
            }
        }
    }
    if ![2, 8, 10, 16].contains(&base) {
        return None;
    }
    let mut value = 0_u32;
    for &unit in rest {
        let Some(digit) = char::from_u32(u32::from(unit)).and_then(|c| c.to_digit(base)) else { break };
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

fn put(out: u64, text: &str) -> u32 {
    let units: Vec<u16> = text.encode_utf16().collect();
    let p: Ptr<UNICODE_STRING> = Ptr::new(out);
    let (needed, room) = (2 * units.len(), usize::from(p.get(UNICODE_STRING::MaximumLength)));
    if needed > room {
        return c::STATUS_BUFFER_OVERFLOW;
    }
    let buffer = p.get(UNICODE_STRING::Buffer);
    write_bytes(buffer, &string::to_bytes(&units));
    if needed + 2 <= room {
        write(buffer + needed as u64, 0_u16);
    }
    p.set(UNICODE_STRING::Length, needed as u16);
    c::STATUS_SUCCESS
}

imports! {
    /// Numbers and text.
    TABLE from "ntoskrnl.exe";

    fn RtlIntegerToUnicodeString(value: u32, base: u32, out: u64) -> u32 {
        digits(u64::from(value), base).map_or(c::STATUS_INVALID_PARAMETER, |text| put(out, &text))
    }

    fn RtlInt64ToUnicodeString(value: u64, base: u32, out: u64) -> u32 {
        digits(value, base).map_or(c::STATUS_INVALID_PARAMETER, |text| put(out, &text))
    }

    fn RtlUnicodeStringToInteger(source: u64, base: u32, out: u64) -> u32 {
        match parse(&string::units(source), base) {
            Some(value) => {
                write(out, value);
                c::STATUS_SUCCESS
            }
            None => c::STATUS_INVALID_PARAMETER,
        }
    }

    fn RtlCharToInteger(source: u64, base: u32, out: u64) -> u32 {
        let text: Vec<u16> = (0..64).map(|i| read::<u8>(source + i)).take_while(|&byte| byte != 0).map(u16::from).collect();
        match parse(&text, base) {
            Some(value) => {
                write(out, value);
                c::STATUS_SUCCESS
            }
            None => c::STATUS_INVALID_PARAMETER,
        }
    }

    fn RtlUshortByteSwap(value: u16) -> u16 {
        value.swap_bytes()
    }

    fn RtlUlongByteSwap(value: u32) -> u32 {
        value.swap_bytes()
    }

    fn RtlUlonglongByteSwap(value: u64) -> u64 {
        value.swap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, base: u32) -> Option<u32> {
        parse(&text.encode_utf16().collect::<Vec<_>>(), base)
    }

    #[test]
    fn text_is_read_as_the_kernel_reads_it() {
        assert_eq!(number("  42abc", 10), Some(42));
        assert_eq!(number("0x1F", 0), Some(31));
        assert_eq!(number("0b101", 0), Some(5));
        assert_eq!(number("ff", 16), Some(255));
        assert_eq!(number("-1", 0), Some(u32::MAX));
        assert_eq!(number("", 10), Some(0));
        assert_eq!(number("1", 7), None);
    }
}
