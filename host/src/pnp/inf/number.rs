//! Numbers as INF files write them: decimal with an optional sign, or hexadecimal with `0x`.

/// Parses a whole field as a number.
pub(in super::super) fn parse(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => unsigned(hex, 16)?,
        None => unsigned(digits, 10)?,
    };
    if negative { value.checked_neg() } else { Some(value) }
}

/// Parses text as a number without a prefix.
pub(in super::super) fn digits(text: &str, radix: u32) -> Option<i64> {
    let (negative, digits) = sign(text);
    let value = unsigned(digits, radix)?;
    if negative { value.checked_neg() } else { Some(value) }
}

/// Whether there is a minus, and what follows the sign.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Parses a number that must fit 32 bits; negative ones are taken modulo 2^32, as `SetupAPI` does.
pub(in super::super) fn parse_u32(text: &str) -> Option<u32> {
    let value = parse(text)?;
    u32::try_from(value).ok().or_else(|| i32::try_from(value).ok().map(i32::cast_unsigned))
}

/// Parses a byte of a binary value: hexadecimal with or without prefix.
pub(in super::super) fn parse_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    u8::try_from(unsigned(digits, 16)?).ok()
}

fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    // from_str_radix would accept a second sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok()
}
