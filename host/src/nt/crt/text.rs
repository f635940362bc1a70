//! Zero-terminated strings of both widths, characters, numbers.

use super::{Unit, at, leaves, length, take};
use crate::abi::{read, write};

fn compare<T: Unit>(one: u64, other: u64, most: u64, fold: bool) -> i32 {
    let get = |addr, i| {
        let unit: T = at(addr, i);
        if fold { unit.lower() } else { unit }
    };
    for i in 0..most {
        let (a, b) = (get(one, i), get(other, i));
        if a != b {
            return if a < b { -1 } else { 1 };
        }
        if a == T::default() {
            return 0;
        }
    }
    0
}

fn put<T: Unit>(addr: u64, units: &[T]) {
    for (&unit, i) in units.iter().zip(0..) {
        write(addr + T::SIZE * i, unit);
    }
}

fn copy<T: Unit>(to: u64, from: u64) -> u64 {
    let mut units = take::<T>(from);
    units.push(T::default());
    put(to, &units);
    to
}

/// strncpy: pads with zeros, and does not terminate what is too long.
fn copy_n<T: Unit>(to: u64, from: u64, most: u64) -> u64 {
    let len = length::<T>(from, most);
    for i in 0..most {
        write(to + T::SIZE * i, if i < len { at(from, i) } else { T::default() });
    }
    to
}

fn append<T: Unit>(to: u64, from: u64, most: u64) -> u64 {
    let end = to + T::SIZE * length::<T>(to, u64::MAX);
    let len = length::<T>(from, most);
    let mut units: Vec<T> = (0..len).map(|i| at(from, i)).collect();
    units.push(T::default());
    put(end, &units);
    to
}

fn first<T: Unit>(addr: u64, code: u32) -> u64 {
    let wanted = T::from_code(code);
    let len = length::<T>(addr, u64::MAX);
    // The terminator counts.
    (0..=len).find(|&i| at::<T>(addr, i) == wanted).map_or(0, |i| addr + T::SIZE * i)
}

fn last<T: Unit>(addr: u64, code: u32) -> u64 {
    let wanted = T::from_code(code);
    let len = length::<T>(addr, u64::MAX);
    (0..=len).rev().find(|&i| at::<T>(addr, i) == wanted).map_or(0, |i| addr + T::SIZE * i)
}

fn find<T: Unit>(addr: u64, part: u64) -> u64 {
    let (all, part) = (take::<T>(addr), take::<T>(part));
    if part.is_empty() {
        return addr;
    }
    let found = all.windows(part.len()).position(|window| window == part);
    found.map_or(0, |i| addr + T::SIZE * i as u64)
}

/// Units from the start that are, or are not, in a set.
fn span<T: Unit>(addr: u64, set: u64, inside: bool) -> u64 {
    let set = take::<T>(set);
    take::<T>(addr).iter().take_while(|unit| set.contains(unit) == inside).count() as u64
}

fn change<T: Unit>(addr: u64, new: fn(T) -> T) -> u64 {
    for i in 0..length::<T>(addr, u64::MAX) {
        write(addr + T::SIZE * i, new(at(addr, i)));
    }
    addr
}

/// The number at the start of a string, how many units it takes, and whether it has digits.
fn number<T: Unit>(addr: u64, base: u32) -> (i64, u64, bool) {
    let code = |i: u64| -> u32 { at::<T>(addr, i).into() };
    let is = |i: u64, c: char| code(i) == u32::from(c);
    let mut i = 0;
    while matches!(code(i), 9..=13 | 32) {
        i += 1;
    }
    let negative = is(i, '-');
    if negative || is(i, '+') {
        i += 1;
    }
    let hex = is(i, '0') && (is(i + 1, 'x') || is(i + 1, 'X'));
    let base = match base {
        0 if hex => 16,
        0 if is(i, '0') => 8,
        0 => 10,
        base => base.clamp(2, 36),
    };
    if base == 16 && hex {
        i += 2;
    }
    let (mut value, mut any) = (0_i64, false);
    while let Some(digit) = char::from_u32(code(i)).and_then(|c| c.to_digit(base)) {
        value = value.wrapping_mul(i64::from(base)).wrapping_add(i64::from(digit));
        any = true;
        i += 1;
    }
    (if negative { value.wrapping_neg() } else { value }, i, any)
}

fn to_number<T: Unit>(addr: u64, end: u64, base: u32) -> i64 {
    let (value, used, any) = number::<T>(addr, base);
    crate::abi::write_out(end, if any { addr + T::SIZE * used } else { addr });
    if any { value } else { 0 }
}

fn from_number<T: Unit>(value: i64, unsigned: u64, out: u64, base: u32) -> u64 {
    let negative = base == 10 && value < 0;
    let mut left = if base == 10 { value.unsigned_abs() } else { unsigned };
    let base = u64::from(base.clamp(2, 36));
    let mut digits = vec![T::default()];
    loop {
        let digit = char::from_digit((left % base) as u32, 36).unwrap_or('0');
        digits.push(T::from_code(u32::from(digit)));
        left /= base;
        if left == 0 {
            break;
        }
    }
    if negative {
        digits.push(T::from_code(u32::from('-')));
    }
    digits.reverse();
    put(out, &digits);
    out
}

fn is_class(code: i32, class: fn(&u8) -> bool) -> i32 {
    i32::from(u8::try_from(code).is_ok_and(|byte| class(&byte)))
}

leaves! {
    /// Narrow strings.
    NARROW from "ntoskrnl.exe";

    fn strlen(a: u64) -> u64 { length::<u8>(a, u64::MAX) }
    fn strnlen(a: u64, most: u64) -> u64 { length::<u8>(a, most) }
    fn strcmp(a: u64, b: u64) -> i32 { compare::<u8>(a, b, u64::MAX, false) }
    fn strncmp(a: u64, b: u64, most: u64) -> i32 { compare::<u8>(a, b, most, false) }
    fn _stricmp(a: u64, b: u64) -> i32 { compare::<u8>(a, b, u64::MAX, true) }
    fn _strcmpi(a: u64, b: u64) -> i32 { compare::<u8>(a, b, u64::MAX, true) }
    fn _strnicmp(a: u64, b: u64, most: u64) -> i32 { compare::<u8>(a, b, most, true) }
    fn strcpy(to: u64, from: u64) -> u64 { copy::<u8>(to, from) }
    fn strncpy(to: u64, from: u64, most: u64) -> u64 { copy_n::<u8>(to, from, most) }
    fn strcat(to: u64, from: u64) -> u64 { append::<u8>(to, from, u64::MAX) }
    fn strncat(to: u64, from: u64, most: u64) -> u64 { append::<u8>(to, from, most) }
    fn strchr(a: u64, c: i32) -> u64 { first::<u8>(a, c as u32) }
    fn strrchr(a: u64, c: i32) -> u64 { last::<u8>(a, c as u32) }
    fn strstr(a: u64, b: u64) -> u64 { find::<u8>(a, b) }
    fn strspn(a: u64, b: u64) -> u64 { span::<u8>(a, b, true) }
    fn strcspn(a: u64, b: u64) -> u64 { span::<u8>(a, b, false) }
    fn _strlwr(a: u64) -> u64 { change::<u8>(a, |c| c.to_ascii_lowercase()) }
    fn _strupr(a: u64) -> u64 { change::<u8>(a, |c| c.to_ascii_uppercase()) }
    fn atoi(a: u64) -> i32 { number::<u8>(a, 10).0 as i32 }
    fn atol(a: u64) -> i32 { number::<u8>(a, 10).0 as i32 }
    fn _atoi64(a: u64) -> i64 { number::<u8>(a, 10).0 }
    fn strtol(a: u64, end: u64, base: u32) -> i32 { to_number::<u8>(a, end, base) as i32 }
    fn strtoul(a: u64, end: u64, base: u32) -> u32 { to_number::<u8>(a, end, base) as u32 }
    fn _itoa(value: i32, out: u64, base: u32) -> u64 { from_number::<u8>(i64::from(value), u64::from(value as u32), out, base) }
    fn _ltoa(value: i32, out: u64, base: u32) -> u64 { from_number::<u8>(i64::from(value), u64::from(value as u32), out, base) }
    fn _ultoa(value: u32, out: u64, base: u32) -> u64 { from_number::<u8>(i64::from(value), u64::from(value), out, base) }
    fn _i64toa(value: i64, out: u64, base: u32) -> u64 { from_number::<u8>(value, value as u64, out, base) }
    fn tolower(c: i32) -> i32 { u8::try_from(c).map_or(c, |b| i32::from(b.to_ascii_lowercase())) }
    fn toupper(c: i32) -> i32 { u8::try_from(c).map_or(c, |b| i32::from(b.to_ascii_uppercase())) }
    fn isdigit(c: i32) -> i32 { is_class(c, u8::is_ascii_digit) }
    fn isxdigit(c: i32) -> i32 { is_class(c, u8::is_ascii_hexdigit) }
    fn isalpha(c: i32) -> i32 { is_class(c, u8::is_ascii_alphabetic) }
    fn isalnum(c: i32) -> i32 { is_class(c, u8::is_ascii_alphanumeric) }
    fn isupper(c: i32) -> i32 { is_class(c, u8::is_ascii_uppercase) }
    fn islower(c: i32) -> i32 { is_class(c, u8::is_ascii_lowercase) }
    fn isspace(c: i32) -> i32 { is_class(c, |b| matches!(b, 9..=13 | 32)) }
    fn isprint(c: i32) -> i32 { is_class(c, |b| matches!(b, 32..=126)) }
    fn abs(value: i32) -> i32 { value.wrapping_abs() }
    fn labs(value: i32) -> i32 { value.wrapping_abs() }
}

leaves! {
    /// Wide strings.
    WIDE from "ntoskrnl.exe";

    fn wcslen(a: u64) -> u64 { length::<u16>(a, u64::MAX) }
    fn wcsnlen(a: u64, most: u64) -> u64 { length::<u16>(a, most) }
    fn wcscmp(a: u64, b: u64) -> i32 { compare::<u16>(a, b, u64::MAX, false) }
    fn wcsncmp(a: u64, b: u64, most: u64) -> i32 { compare::<u16>(a, b, most, false) }
    fn _wcsicmp(a: u64, b: u64) -> i32 { compare::<u16>(a, b, u64::MAX, true) }
    fn _wcsnicmp(a: u64, b: u64, most: u64) -> i32 { compare::<u16>(a, b, most, true) }
    fn wcscpy(to: u64, from: u64) -> u64 { copy::<u16>(to, from) }
    fn wcsncpy(to: u64, from: u64, most: u64) -> u64 { copy_n::<u16>(to, from, most) }
    fn wcscat(to: u64, from: u64) -> u64 { append::<u16>(to, from, u64::MAX) }
    fn wcsncat(to: u64, from: u64, most: u64) -> u64 { append::<u16>(to, from, most) }
    fn wcschr(a: u64, c: u16) -> u64 { first::<u16>(a, u32::from(c)) }
    fn wcsrchr(a: u64, c: u16) -> u64 { last::<u16>(a, u32::from(c)) }
    fn wcsstr(a: u64, b: u64) -> u64 { find::<u16>(a, b) }
    fn wcsspn(a: u64, b: u64) -> u64 { span::<u16>(a, b, true) }
    fn wcscspn(a: u64, b: u64) -> u64 { span::<u16>(a, b, false) }
    fn _wcslwr(a: u64) -> u64 { change::<u16>(a, crate::nt::rtl::lower) }
    fn _wcsupr(a: u64) -> u64 { change::<u16>(a, crate::nt::rtl::upper) }
    fn _wtoi(a: u64) -> i32 { number::<u16>(a, 10).0 as i32 }
    fn _wtol(a: u64) -> i32 { number::<u16>(a, 10).0 as i32 }
    fn _wtoi64(a: u64) -> i64 { number::<u16>(a, 10).0 }
    fn wcstol(a: u64, end: u64, base: u32) -> i32 { to_number::<u16>(a, end, base) as i32 }
    fn wcstoul(a: u64, end: u64, base: u32) -> u32 { to_number::<u16>(a, end, base) as u32 }
    fn _itow(value: i32, out: u64, base: u32) -> u64 { from_number::<u16>(i64::from(value), u64::from(value as u32), out, base) }
    fn _ultow(value: u32, out: u64, base: u32) -> u64 { from_number::<u16>(i64::from(value), u64::from(value), out, base) }
    fn towlower(c: u16) -> u16 { crate::nt::rtl::lower(c) }
    fn towupper(c: u16) -> u16 { crate::nt::rtl::upper(c) }
    fn iswdigit(c: u16) -> i32 { i32::from((u16::from(b'0')..=u16::from(b'9')).contains(&c)) }
    fn iswspace(c: u16) -> i32 { i32::from(matches!(c, 9..=13 | 32 | 0xA0)) }
    fn mbstowcs(to: u64, from: u64, most: u64) -> u64 {
        let len = length::<u8>(from, most);
        (0..len).for_each(|i| write(to + 2 * i, u16::from(read::<u8>(from + i))));
        if len < most {
            write(to + 2 * len, 0_u16);
        }
        len
    }
    fn wcstombs(to: u64, from: u64, most: u64) -> u64 {
        let len = length::<u16>(from, most);
        (0..len).for_each(|i| write(to + i, crate::nt::rtl::narrow(read(from + 2 * i))));
        if len < most {
            write(to + len, 0_u8);
        }
        len
    }
}
