//! UNICODE_STRING.

use super::{lower, upper};
use crate::{
    abi::{Ptr, UNICODE_STRING as Str, bytes, constants as c, read, write, write_bytes},
    imports,
    nt::{io::link::STRING_TAG, memory::pool},
};
use std::cmp::Ordering;

/// The longest UNICODE_STRING, in bytes.
const LONGEST: u64 = 0xFFFE;

/// The units of a string.
#[must_use]
pub fn units(addr: u64) -> Vec<u16> {
    if addr == 0 {
        return Vec::new();
    }
    let p: Ptr<Str> = Ptr::new(addr);
    let data = bytes(p.get(Str::Buffer), usize::from(p.get(Str::Length)) & !1);
    data.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
}

pub(super) fn to_bytes(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// Units of a zero-terminated string.
#[must_use]
pub fn wide_len(addr: u64) -> u64 {
    let mut at = addr;
    while read::<u16>(at) != 0 {
        at += 2;
    }
    (at - addr) / 2
}

pub(super) fn describe(out: u64, len: u64, room: u64, buffer: u64) {
    let p: Ptr<Str> = Ptr::new(out);
    p.set(Str::Length, len as u16);
    p.set(Str::MaximumLength, room as u16);
    p.set(Str::Buffer, buffer);
}

/// Points a string at a zero-terminated one; false if that is too long.
fn initialize(out: u64, source: u64) -> bool {
    let len = if source == 0 { 0 } else { 2 * wide_len(source) };
    let fits = len <= LONGEST - 2;
    let len = len.min(LONGEST - 2);
    describe(out, len, if source == 0 { 0 } else { len + 2 }, source);
    fits
}

fn folded(addr: u64, fold: bool) -> Vec<u16> {
    let mut all = units(addr);
    if fold {
        for unit in &mut all {
            *unit = upper(*unit);
        }
    }
    all
}

/// Writes units into the string's buffer as far as they fit, with a NUL if there is room for one.
fn fill(out: u64, all: &[u16]) -> bool {
    let p: Ptr<Str> = Ptr::new(out);
    let room = usize::from(p.get(Str::MaximumLength)) / 2;
    let fits = all.len() <= room;
    let part = all.get(..room.min(all.len())).unwrap_or(all);
    let buffer = p.get(Str::Buffer);
    write_bytes(buffer, &to_bytes(part));
    p.set(Str::Length, 2 * part.len() as u16);
    if part.len() < room {
        write(buffer + 2 * part.len() as u64, 0_u16);
    }
    fits
}

fn append(out: u64, more: &[u16]) -> u32 {
    let p: Ptr<Str> = Ptr::new(out);
    let have = usize::from(p.get(Str::Length));
    let room = usize::from(p.get(Str::MaximumLength));
    let total = have + 2 * more.len();
    if total > room {
        return c::STATUS_BUFFER_TOO_SMALL;
    }
    let buffer = p.get(Str::Buffer);
    write_bytes(buffer + have as u64, &to_bytes(more));
    if total + 2 <= room {
        write(buffer + total as u64, 0_u16);
    }
    p.set(Str::Length, total as u16);
    c::STATUS_SUCCESS
}

/// Gives a string a buffer of `room` bytes from paged pool, which RtlFreeUnicodeString frees.
pub(super) fn allocate(out: u64, room: u64, by: &'static str) -> bool {
    if room > LONGEST {
        return false;
    }
    let buffer = pool::allocate(by, c::PagedPool, room.max(2), STRING_TAG);
    describe(out, 0, room, buffer);
    buffer != 0
}

/// Changes the case of a string into another, which may be allocated.
fn change_case(what: &'static str, out: u64, source: u64, allocate_it: u8, change: fn(u16) -> u16) -> u32 {
    let all: Vec<u16> = units(source).into_iter().map(change).collect();
    if allocate_it != 0 && !allocate(out, 2 * all.len() as u64, what) {
        return c::STATUS_NO_MEMORY;
    }
    if usize::from(Ptr::<Str>::new(out).get(Str::MaximumLength)) < 2 * all.len() {
        return c::STATUS_BUFFER_OVERFLOW;
    }
    fill(out, &all);
    c::STATUS_SUCCESS
}

imports! {
    /// Counted wide strings.
    TABLE from "ntoskrnl.exe";

    fn RtlInitUnicodeString(out: u64, source: u64) {
        initialize(out, source);
    }

    fn RtlInitUnicodeStringEx(out: u64, source: u64) -> u32 {
        // STATUS_NAME_TOO_LONG
        if initialize(out, source) { c::STATUS_SUCCESS } else { 0xC000_0106 }
    }

    fn RtlFreeUnicodeString(string: u64) {
        let buffer = Ptr::<Str>::new(string).get(Str::Buffer);
        if buffer != 0 {
            pool::free("RtlFreeUnicodeString", buffer, None);
            describe(string, 0, 0, 0);
        }
    }

    fn RtlCopyUnicodeString(out: u64, source: u64) {
        fill(out, &units(source));
    }

    fn RtlCompareUnicodeString(one: u64, other: u64, fold: u8) -> i32 {
        let (one, other) = (folded(one, fold != 0), folded(other, fold != 0));
        let differ = one.iter().zip(&other).find(|(a, b)| a != b);
        match differ {
            Some((&a, &b)) => i32::from(a) - i32::from(b),
            None => match one.len().cmp(&other.len()) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            },
        }
    }

    fn RtlEqualUnicodeString(one: u64, other: u64, fold: u8) -> u8 {
        u8::from(folded(one, fold != 0) == folded(other, fold != 0))
    }

    fn RtlPrefixUnicodeString(prefix: u64, string: u64, fold: u8) -> u8 {
        u8::from(folded(string, fold != 0).starts_with(&folded(prefix, fold != 0)))
    }

    fn RtlAppendUnicodeStringToString(out: u64, source: u64) -> u32 {
        append(out, &units(source))
    }

    fn RtlAppendUnicodeToString(out: u64, source: u64) -> u32 {
        if source == 0 {
            return c::STATUS_SUCCESS;
        }
        let more: Vec<u16> = (0..wide_len(source)).map(|i| read(source + 2 * i)).collect();
        append(out, &more)
    }

    fn RtlUpcaseUnicodeString(out: u64, source: u64, allocate_it: u8) -> u32 {
        change_case("RtlUpcaseUnicodeString", out, source, allocate_it, upper)
    }

    fn RtlDowncaseUnicodeString(out: u64, source: u64, allocate_it: u8) -> u32 {
        change_case("RtlDowncaseUnicodeString", out, source, allocate_it, lower)
    }

    fn RtlUpcaseUnicodeChar(unit: u16) -> u16 {
        upper(unit)
    }

    fn RtlDowncaseUnicodeChar(unit: u16) -> u16 {
        lower(unit)
    }

    fn RtlDuplicateUnicodeString(flags: u32, source: u64, out: u64) -> u32 {
        let all = units(source);
        let terminator = u64::from(flags & 1 != 0 || flags & 2 != 0);
        if all.is_empty() && flags & 2 == 0 {
            describe(out, 0, 0, 0);
            return c::STATUS_SUCCESS;
        }
        if !allocate(out, 2 * (all.len() as u64 + terminator), "RtlDuplicateUnicodeString") {
            return c::STATUS_NO_MEMORY;
        }
        fill(out, &all);
        c::STATUS_SUCCESS
    }

    fn RtlCreateUnicodeString(out: u64, source: u64) -> u8 {
        let all: Vec<u16> = (0..wide_len(source)).map(|i| read(source + 2 * i)).collect();
        if !allocate(out, 2 * all.len() as u64 + 2, "RtlCreateUnicodeString") {
            return 0;
        }
        fill(out, &all);
        1
    }

    fn RtlHashUnicodeString(string: u64, fold: u8, algorithm: u32, out: u64) -> u32 {
        // HASH_STRING_ALGORITHM_DEFAULT is x65599.
        if algorithm > 1 {
            return c::STATUS_INVALID_PARAMETER;
        }
        let hash = folded(string, fold != 0).iter().fold(0_u32, |hash, &unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(unit)));
        write(out, hash);
        c::STATUS_SUCCESS
    }

    fn RtlValidateUnicodeString(flags: u32, string: u64) -> u32 {
        let p: Ptr<Str> = Ptr::new(string);
        let (len, room) = (p.get(Str::Length), p.get(Str::MaximumLength));
        let valid = flags == 0 && len % 2 == 0 && room % 2 == 0 && len <= room && (room == 0 || p.get(Str::Buffer) != 0);
        if valid { c::STATUS_SUCCESS } else { c::STATUS_INVALID_PARAMETER }
    }
}
