//! Formatted text. The conversions are `pe::printf`'s.

use super::length;
use crate::{
    abi::{Import, read, write, write_bytes},
    pe::{printf, variadic_shim},
    trap,
};

/// What the formatting functions answer when the text does not fit.
const TOO_LONG: i32 = -1;
/// A count of the `_s` functions that asks for a cut instead of an error.
const TRUNCATE: u64 = u64::MAX;

fn readable(addr: u64, into: &mut [u8]) -> bool {
    trap::peek(addr, into).is_ok()
}

/// Formats with a narrow template.
#[must_use]
pub fn narrow(template: u64, args: u64) -> String {
    printf::format(template, args, &mut readable)
}

/// Formats with a wide template, in which a plain %s is wide and %S narrow: the reverse of a narrow one.
fn wide(template: u64, args: u64) -> String {
    let units: Vec<u16> = (0..length::<u16>(template, 1 << 16)).map(|i| read(template + 2 * i)).collect();
    let mut text = swap_widths(&String::from_utf16_lossy(&units)).into_bytes();
    text.push(0);
    printf::format(text.as_ptr() as u64, args, &mut readable)
}

/// Exchanges the meaning of %s and %S, of %c and %C, where no size says which is meant.
fn swap_widths(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut in_spec = false;
    let mut sized = false;
    for c in template.chars() {
        let mut put = c;
        if !in_spec {
            in_spec = c == '%';
            sized = false;
        } else if c == 'h' || c == 'l' || c == 'w' {
            sized = true;
        } else if !(c.is_ascii_digit() || "-+ #.*IjztL".contains(c)) {
            in_spec = false;
            if !sized && matches!(c, 's' | 'S' | 'c' | 'C') {
                put = if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            }
        }
        out.push(put);
    }
    out
}

/// Text as the driver gets it: Latin-1 or UTF-16.
fn encode(text: &str, wide_units: bool) -> Vec<u8> {
    if wide_units {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// _snprintf: no terminator if the text fills the room, -1 if it exceeds it.
fn put(out: u64, room: u64, text: &str, is_wide: bool) -> u64 {
    let unit = if is_wide { 2 } else { 1 };
    let all = encode(text, is_wide);
    let len = all.len() as u64 / unit;
    let kept = len.min(room);
    write_bytes(out, all.get(..usize::try_from(kept * unit).unwrap_or(0)).unwrap_or(&all));
    if kept < room {
        terminate(out + kept * unit, is_wide);
    }
    answer(if len <= room { len as i32 } else { TOO_LONG })
}

/// sprintf_s and _snprintf_s: always terminated; what does not fit leaves the buffer empty, or is cut.
fn put_checked(out: u64, room: u64, most: u64, text: &str, is_wide: bool) -> u64 {
    if out == 0 || room == 0 {
        return answer(TOO_LONG);
    }
    let unit = if is_wide { 2 } else { 1 };
    let all = encode(text, is_wide);
    let len = all.len() as u64 / unit;
    let wanted = len.min(most);
    if wanted >= room && most != TRUNCATE {
        terminate(out, is_wide);
        return answer(TOO_LONG);
    }
    let kept = wanted.min(room - 1);
    write_bytes(out, all.get(..usize::try_from(kept * unit).unwrap_or(0)).unwrap_or(&all));
    terminate(out + kept * unit, is_wide);
    answer(if kept == len { len as i32 } else { TOO_LONG })
}

fn terminate(at: u64, is_wide: bool) {
    if is_wide { write(at, 0_u16) } else { write(at, 0_u8) }
}

/// An int in rax.
fn answer(value: i32) -> u64 {
    u64::from(value as u32)
}

/// The arguments of a variadic call, a slot each.
struct Slots(*const u64);

impl Slots {
    fn get(&self, index: usize) -> u64 {
        read(self.after(index))
    }

    /// The address of a slot: of the first variable argument.
    fn after(&self, index: usize) -> u64 {
        self.0 as u64 + 8 * index as u64
    }
}

/// Room that no text exceeds: for functions that are not told.
const ENDLESS: u64 = 1 << 32;

fn sprintf_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put(s.get(0), ENDLESS, &narrow(s.get(1), s.after(2)), false)
}

fn snprintf_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put(s.get(0), s.get(1), &narrow(s.get(2), s.after(3)), false)
}

fn sprintf_s_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put_checked(s.get(0), s.get(1), TRUNCATE - 1, &narrow(s.get(2), s.after(3)), false)
}

fn snprintf_s_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put_checked(s.get(0), s.get(1), s.get(2), &narrow(s.get(3), s.after(4)), false)
}

fn swprintf_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put(s.get(0), ENDLESS, &wide(s.get(1), s.after(2)), true)
}

fn snwprintf_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put(s.get(0), s.get(1), &wide(s.get(2), s.after(3)), true)
}

fn swprintf_s_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put_checked(s.get(0), s.get(1), TRUNCATE - 1, &wide(s.get(2), s.after(3)), true)
}

fn snwprintf_s_of(args: *const u64) -> u64 {
    let s = Slots(args);
    put_checked(s.get(0), s.get(1), s.get(2), &wide(s.get(3), s.after(4)), true)
}

variadic_shim!(sprintf, sprintf_of);
variadic_shim!(snprintf, snprintf_of);
variadic_shim!(sprintf_s, sprintf_s_of);
variadic_shim!(snprintf_s, snprintf_s_of);
variadic_shim!(swprintf, swprintf_of);
variadic_shim!(snwprintf, snwprintf_of);
variadic_shim!(swprintf_s, swprintf_s_of);
variadic_shim!(snwprintf_s, snwprintf_s_of);

super::leaves! {
    /// The same with a va_list: a pointer to the slots.
    LISTS from "ntoskrnl.exe";

    fn vsprintf(out: u64, template: u64, args: u64) -> u64 { put(out, ENDLESS, &narrow(template, args), false) }
    fn _vsnprintf(out: u64, room: u64, template: u64, args: u64) -> u64 { put(out, room, &narrow(template, args), false) }
    fn vsprintf_s(out: u64, room: u64, template: u64, args: u64) -> u64 {
        put_checked(out, room, TRUNCATE - 1, &narrow(template, args), false)
    }
    fn _vsnprintf_s(out: u64, room: u64, most: u64, template: u64, args: u64) -> u64 {
        put_checked(out, room, most, &narrow(template, args), false)
    }
    fn _vswprintf(out: u64, template: u64, args: u64) -> u64 { put(out, ENDLESS, &wide(template, args), true) }
    fn _vsnwprintf(out: u64, room: u64, template: u64, args: u64) -> u64 { put(out, room, &wide(template, args), true) }
    fn vswprintf_s(out: u64, room: u64, template: u64, args: u64) -> u64 {
        put_checked(out, room, TRUNCATE - 1, &wide(template, args), true)
    }
    fn _vsnwprintf_s(out: u64, room: u64, most: u64, template: u64, args: u64) -> u64 {
        put_checked(out, room, most, &wide(template, args), true)
    }
}

/// Functions with variable arguments.
pub static TABLE: &[Import] = &[
    Import::code("ntoskrnl.exe", "sprintf", sprintf as *const ()),
    Import::code("ntoskrnl.exe", "_snprintf", snprintf as *const ()),
    Import::code("ntoskrnl.exe", "sprintf_s", sprintf_s as *const ()),
    Import::code("ntoskrnl.exe", "_snprintf_s", snprintf_s as *const ()),
    Import::code("ntoskrnl.exe", "swprintf", swprintf as *const ()),
    Import::code("ntoskrnl.exe", "_swprintf", swprintf as *const ()),
    Import::code("ntoskrnl.exe", "_snwprintf", snwprintf as *const ()),
    Import::code("ntoskrnl.exe", "swprintf_s", swprintf_s as *const ()),
    Import::code("ntoskrnl.exe", "_snwprintf_s", snwprintf_s as *const ()),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_exchanged_only_where_no_size_decides() {
        assert_eq!(swap_widths("%s %S %hs %ls %-10s %wZ %5.2C%%s"), "%S %s %hs %ls %-10S %wZ %5.2c%%s");
    }

    #[test]
    fn text_is_cut_and_terminated_as_each_function_promises() {
        let mut buffer = [0xEE_u8; 8];
        let at = buffer.as_mut_ptr() as u64;
        assert_eq!(put(at, 4, "abcd", false), 4);
        assert_eq!(put(at, 4, "abcde", false) as i32, -1);
        assert_eq!(put_checked(at, 4, TRUNCATE, "abcdef", false) as i32, -1);
        assert_eq!(buffer, *b"abc\0\xEE\xEE\xEE\xEE");
        assert_eq!(put_checked(at, 4, TRUNCATE - 1, "abcd", false) as i32, -1);
        assert_eq!(buffer[0], 0);
        assert_eq!(put(at, 8, "xy", true), 2);
        assert_eq!(buffer, *b"x\0y\0\0\0\xEE\xEE");
    }
}
