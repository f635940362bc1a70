//! Bitmaps.

use crate::{
    abi::{Ptr, read, write},
    imports,
    nt::layout::RTL_BITMAP as Bitmap,
};

/// No such run of bits.
const NONE: u32 = u32::MAX;

fn map(addr: u64) -> (u32, u64) {
    let p: Ptr<Bitmap> = Ptr::new(addr);
    (p.get(Bitmap::SizeOfBitMap), p.get(Bitmap::Buffer))
}

fn get(addr: u64, bit: u32) -> bool {
    let (size, buffer) = map(addr);
    bit < size && read::<u8>(buffer + u64::from(bit / 8)) & 1 << (bit % 8) != 0
}

fn put(addr: u64, bit: u32, value: bool) {
    let (size, buffer) = map(addr);
    if bit < size {
        let at = buffer + u64::from(bit / 8);
        let old: u8 = read(at);
        write(at, if value { old | 1 << (bit % 8) } else { old & !(1 << (bit % 8)) });
    }
}

fn put_run(addr: u64, start: u32, len: u32, value: bool) {
    (start..start.saturating_add(len).min(map(addr).0)).for_each(|bit| put(addr, bit, value));
}

fn all(addr: u64, start: u32, len: u32, value: bool) -> bool {
    let end = start.saturating_add(len);
    end <= map(addr).0 && (start..end).all(|bit| get(addr, bit) == value)
}

/// The first run of `len` bits of `value` at or after `hint`, or else from the beginning.
fn find(addr: u64, len: u32, hint: u32, value: bool) -> u32 {
    let (size, _) = map(addr);
    let hint = if hint < size { hint } else { 0 };
    // The kernel answers an empty run with the hint's byte boundary.
    if len == 0 {
        return hint & !7;
    }
    let search = |from: u32, to: u32| {
        let mut run = 0;
        for bit in from..to {
            run = if get(addr, bit) == value { run + 1 } else { 0 };
            if run == len {
                return Some(bit + 1 - len);
            }
        }
        None
    };
    search(hint, size).or_else(|| search(0, size)).unwrap_or(NONE)
}

/// The next run of clear bits at or after `from`: start and length.
fn next_clear(addr: u64, from: u32) -> (u32, u32) {
    let (size, _) = map(addr);
    let Some(start) = (from..size).find(|&bit| !get(addr, bit)) else { return (from.min(size), 0) };
    let end = (start..size).find(|&bit| get(addr, bit)).unwrap_or(size);
    (start, end - start)
}

fn count(addr: u64, value: bool) -> u32 {
    (0..map(addr).0).filter(|&bit| get(addr, bit) == value).count() as u32
}

imports! {
    /// Bitmaps.
    TABLE from "ntoskrnl.exe";

    fn RtlInitializeBitMap(addr: u64, buffer: u64, size: u32) {
        let p: Ptr<Bitmap> = Ptr::new(addr);
        p.set(Bitmap::SizeOfBitMap, size);
        p.set(Bitmap::Buffer, buffer);
    }

    fn RtlClearAllBits(addr: u64) {
        put_run(addr, 0, NONE, false);
    }

    fn RtlSetAllBits(addr: u64) {
        put_run(addr, 0, NONE, true);
    }

    fn RtlSetBit(addr: u64, bit: u32) {
        put(addr, bit, true);
    }

    fn RtlClearBit(addr: u64, bit: u32) {
        put(addr, bit, false);
    }

    fn RtlTestBit(addr: u64, bit: u32) -> u8 {
        u8::from(get(addr, bit))
    }

    fn RtlSetBits(addr: u64, start: u32, len: u32) {
        put_run(addr, start, len, true);
    }

    fn RtlClearBits(addr: u64, start: u32, len: u32) {
        put_run(addr, start, len, false);
    }

    fn RtlAreBitsSet(addr: u64, start: u32, len: u32) -> u8 {
        u8::from(len > 0 && all(addr, start, len, true))
    }

    fn RtlAreBitsClear(addr: u64, start: u32, len: u32) -> u8 {
        u8::from(len > 0 && all(addr, start, len, false))
    }

    fn RtlFindClearBits(addr: u64, len: u32, hint: u32) -> u32 {
        find(addr, len, hint, false)
    }

    fn RtlFindSetBits(addr: u64, len: u32, hint: u32) -> u32 {
        find(addr, len, hint, true)
    }

    fn RtlFindClearBitsAndSet(addr: u64, len: u32, hint: u32) -> u32 {
        let start = find(addr, len, hint, false);
        if start != NONE {
            put_run(addr, start, len, true);
        }
        start
    }

    fn RtlFindSetBitsAndClear(addr: u64, len: u32, hint: u32) -> u32 {
        let start = find(addr, len, hint, true);
        if start != NONE {
            put_run(addr, start, len, false);
        }
        start
    }

    fn RtlNumberOfSetBits(addr: u64) -> u32 {
        count(addr, true)
    }

    fn RtlNumberOfClearBits(addr: u64) -> u32 {
        count(addr, false)
    }

    fn RtlFindNextForwardRunClear(addr: u64, from: u32, out: u64) -> u32 {
        let (start, len) = next_clear(addr, from);
        write(out, start);
        len
    }

    fn RtlFindFirstRunClear(addr: u64, out: u64) -> u32 {
        let (start, len) = next_clear(addr, 0);
        write(out, start);
        len
    }

    fn RtlFindMostSignificantBit(value: u64) -> i8 {
        value.checked_ilog2().map_or(-1, |bit| bit as i8)
    }

    fn RtlFindLeastSignificantBit(value: u64) -> i8 {
        if value == 0 { -1 } else { value.trailing_zeros() as i8 }
    }
}
