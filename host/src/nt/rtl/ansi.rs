//! ANSI_STRING and conversions between the two widths.

use super::{narrow, string, upper, widen};
use crate::{
    abi::{ANSI_STRING as Str, Ptr, UNICODE_STRING, bytes, constants as c, read, write, write_bytes},
    imports,
    nt::memory::pool,
};
use std::cmp::Ordering;

/// Tag of buffers that RtlFreeAnsiString frees.
const TAG: u32 = u32::from_le_bytes(*b"aSpR");

fn data(addr: u64) -> Vec<u8> {
    let p: Ptr<Str> = Ptr::new(addr);
    bytes(p.get(Str::Buffer), usize::from(p.get(Str::Length)))
}

fn folded(addr: u64, fold: bool) -> Vec<u8> {
    let mut all = data(addr);
    if fold {
        all.make_ascii_uppercase();
    }
    all
}

fn initialize(out: u64, source: u64) {
    let len =
        if source == 0 { 0 } else { (0..0xFFFE).take_while(|i| read::<u8>(source + i) != 0).count() as u64 };
    string::describe(out, len, if source == 0 { 0 } else { len + 1 }, source);
}

/// Stores narrow data with its NUL.
fn put(out: u64, all: &[u8], allocate: bool, by: &'static str) -> u32 {
    let p: Ptr<Str> = Ptr::new(out);
    let needed = all.len() as u64 + 1;
    if allocate {
        let buffer = pool::allocate(by, c::PagedPool, needed, TAG);
        if buffer == 0 {
            return c::STATUS_NO_MEMORY;
        }
        string::describe(out, 0, needed, buffer);
    } else if u64::from(p.get(Str::MaximumLength)) < needed {
        return c::STATUS_BUFFER_OVERFLOW;
    }
    let buffer = p.get(Str::Buffer);
    write_bytes(buffer, all);
    write(buffer + all.len() as u64, 0_u8);
    p.set(Str::Length, all.len() as u16);
    c::STATUS_SUCCESS
}

fn to_wide(out: u64, source: u64, allocate: bool, by: &'static str) -> u32 {
    let all: Vec<u16> = data(source).into_iter().map(widen).collect();
    let needed = 2 * all.len() as u64 + 2;
    if allocate && !string::allocate(out, needed, by) {
        return c::STATUS_NO_MEMORY;
    }
    let p: Ptr<UNICODE_STRING> = Ptr::new(out);
    if u64::from(p.get(UNICODE_STRING::MaximumLength)) < needed {
        return c::STATUS_BUFFER_OVERFLOW;
    }
    let buffer = p.get(UNICODE_STRING::Buffer);
    write_bytes(buffer, &string::to_bytes(&all));
    write(buffer + needed - 2, 0_u16);
    p.set(UNICODE_STRING::Length, (needed - 2) as u16);
    c::STATUS_SUCCESS
}

imports! {
    /// Counted narrow strings.
    TABLE from "ntoskrnl.exe";

    fn RtlInitAnsiString(out: u64, source: u64) {
        initialize(out, source);
    }

    fn RtlInitString(out: u64, source: u64) {
        initialize(out, source);
    }

    fn RtlFreeAnsiString(string: u64) {
        let buffer = Ptr::<Str>::new(string).get(Str::Buffer);
        if buffer != 0 {
            pool::free("RtlFreeAnsiString", buffer, None);
            string::describe(string, 0, 0, 0);
        }
    }

    fn RtlCopyString(out: u64, source: u64) {
        let p: Ptr<Str> = Ptr::new(out);
        let all = if source == 0 { Vec::new() } else { data(source) };
        let room = usize::from(p.get(Str::MaximumLength));
        let part = all.get(..room.min(all.len())).unwrap_or(&all);
        write_bytes(p.get(Str::Buffer), part);
        p.set(Str::Length, part.len() as u16);
    }

    fn RtlCompareString(one: u64, other: u64, fold: u8) -> i32 {
        let (one, other) = (folded(one, fold != 0), folded(other, fold != 0));
        match one.cmp(&other) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    fn RtlEqualString(one: u64, other: u64, fold: u8) -> u8 {
        u8::from(folded(one, fold != 0) == folded(other, fold != 0))
    }

    fn RtlUpperString(out: u64, source: u64) {
        let p: Ptr<Str> = Ptr::new(out);
        let all = folded(source, true);
        let room = usize::from(p.get(Str::MaximumLength));
        let part = all.get(..room.min(all.len())).unwrap_or(&all);
        write_bytes(p.get(Str::Buffer), part);
        p.set(Str::Length, part.len() as u16);
    }

    fn RtlUpperChar(byte: u8) -> u8 {
        narrow(upper(widen(byte)))
    }

    fn RtlAnsiStringToUnicodeString(out: u64, source: u64, allocate: u8) -> u32 {
        to_wide(out, source, allocate != 0, "RtlAnsiStringToUnicodeString")
    }

    fn RtlUnicodeStringToAnsiString(out: u64, source: u64, allocate: u8) -> u32 {
        let all: Vec<u8> = string::units(source).into_iter().map(narrow).collect();
        put(out, &all, allocate != 0, "RtlUnicodeStringToAnsiString")
    }

    fn RtlUpcaseUnicodeStringToAnsiString(out: u64, source: u64, allocate: u8) -> u32 {
        let all: Vec<u8> = string::units(source).into_iter().map(|unit| narrow(upper(unit))).collect();
        put(out, &all, allocate != 0, "RtlUpcaseUnicodeStringToAnsiString")
    }

    fn RtlxAnsiStringToUnicodeSize(source: u64) -> u32 {
        2 * u32::from(Ptr::<Str>::new(source).get(Str::Length)) + 2
    }

    fn RtlxUnicodeStringToAnsiSize(source: u64) -> u32 {
        u32::from(Ptr::<Str>::new(source).get(Str::Length)) / 2 + 1
    }

    fn RtlMultiByteToUnicodeN(out: u64, room: u32, length: u64, source: u64, len: u32) -> u32 {
        let all: Vec<u16> = bytes(source, len.min(room / 2) as usize).into_iter().map(widen).collect();
        write_bytes(out, &string::to_bytes(&all));
        crate::abi::write_out(length, 2 * all.len() as u32);
        c::STATUS_SUCCESS
    }

    fn RtlUnicodeToMultiByteN(out: u64, room: u32, length: u64, source: u64, len: u32) -> u32 {
        let all: Vec<u8> = (0..u64::from((len / 2).min(room))).map(|i| narrow(read(source + 2 * i))).collect();
        write_bytes(out, &all);
        crate::abi::write_out(length, all.len() as u32);
        c::STATUS_SUCCESS
    }

    fn RtlUTF8ToUnicodeN(out: u64, room: u32, length: u64, source: u64, len: u32) -> u32 {
        let units: Vec<u16> = String::from_utf8_lossy(&bytes(source, len as usize)).encode_utf16().collect();
        let fits = units.len().min(room as usize / 2);
        if out != 0 {
            write_bytes(out, &string::to_bytes(units.get(..fits).unwrap_or(&units)));
        }
        crate::abi::write_out(length, 2 * if out == 0 { units.len() } else { fits } as u32);
        if out == 0 || fits == units.len() { c::STATUS_SUCCESS } else { c::STATUS_BUFFER_TOO_SMALL }
    }

    fn RtlUnicodeToUTF8N(out: u64, room: u32, length: u64, source: u64, len: u32) -> u32 {
        let units: Vec<u16> = (0..u64::from(len / 2)).map(|i| read(source + 2 * i)).collect();
        let text = String::from_utf16_lossy(&units);
        // Only whole characters are stored.
        let fits = if out == 0 { text.len() } else { (0..=text.len().min(room as usize)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0) };
        if out != 0 {
            write_bytes(out, text.as_bytes().get(..fits).unwrap_or_default());
        }
        crate::abi::write_out(length, fits as u32);
        if fits == text.len() { c::STATUS_SUCCESS } else { c::STATUS_BUFFER_TOO_SMALL }
    }

    fn RtlUnicodeToMultiByteSize(out: u64, _source: u64, len: u32) -> u32 {
        write(out, len / 2);
        c::STATUS_SUCCESS
    }

    fn RtlMultiByteToUnicodeSize(out: u64, _source: u64, len: u32) -> u32 {
        write(out, 2 * len);
        c::STATUS_SUCCESS
    }
}
