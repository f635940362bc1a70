//! String functions that know the room: strcpy_s and its family.

use super::{Unit, at, leaves, length};
use crate::abi::write;

/// errno_t.
const EINVAL: i32 = 22;
const ERANGE: i32 = 34;
/// What is answered when a truncated copy was asked for (_TRUNCATE).
const STRUNCATE: i32 = 80;
const TRUNCATE: u64 = u64::MAX;

/// Copies at most `most` units to `start` units into a buffer of `room`; too much leaves it empty.
fn put<T: Unit>(to: u64, start: u64, room: u64, from: u64, most: u64) -> i32 {
    if to == 0 || room == 0 {
        return EINVAL;
    }
    if from == 0 {
        write(to, T::default());
        return EINVAL;
    }
    let left = room.saturating_sub(start);
    let mut len = length::<T>(from, most.min(left));
    let mut result = 0;
    if len >= left {
        if most != TRUNCATE || left == 0 {
            write(to, T::default());
            return ERANGE;
        }
        (len, result) = (left - 1, STRUNCATE);
    }
    for i in 0..len {
        write(to + T::SIZE * (start + i), at::<T>(from, i));
    }
    write(to + T::SIZE * (start + len), T::default());
    result
}

fn copy<T: Unit>(to: u64, room: u64, from: u64) -> i32 {
    // Without a count nothing is cut off.
    put::<T>(to, 0, room, from, TRUNCATE - 1)
}

fn append<T: Unit>(to: u64, room: u64, from: u64, most: u64) -> i32 {
    if to == 0 || room == 0 {
        return EINVAL;
    }
    match length::<T>(to, room) {
        // The buffer holds no string.
        len if len == room => EINVAL,
        len => put::<T>(to, len, room, from, most),
    }
}

leaves! {
    /// Checked strings.
    TABLE from "ntoskrnl.exe";

    fn strcpy_s(to: u64, room: u64, from: u64) -> i32 { copy::<u8>(to, room, from) }
    fn strncpy_s(to: u64, room: u64, from: u64, most: u64) -> i32 { put::<u8>(to, 0, room, from, most) }
    fn strcat_s(to: u64, room: u64, from: u64) -> i32 { append::<u8>(to, room, from, TRUNCATE - 1) }
    fn strncat_s(to: u64, room: u64, from: u64, most: u64) -> i32 { append::<u8>(to, room, from, most) }
    fn wcscpy_s(to: u64, room: u64, from: u64) -> i32 { copy::<u16>(to, room, from) }
    fn wcsncpy_s(to: u64, room: u64, from: u64, most: u64) -> i32 { put::<u16>(to, 0, room, from, most) }
    fn wcscat_s(to: u64, room: u64, from: u64) -> i32 { append::<u16>(to, room, from, TRUNCATE - 1) }
    fn wcsncat_s(to: u64, room: u64, from: u64, most: u64) -> i32 { append::<u16>(to, room, from, most) }
}
