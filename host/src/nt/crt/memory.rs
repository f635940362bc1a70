//! Memory. Device registers are moved to and from in plain accesses, as a compiler's inline code would. This is the
//! driver's own code in all but name: it reaches what the driver reaches, and faults where the driver would.

use super::leaves;
use crate::{verify::rules, world::world};

fn is_register(addr: u64) -> bool {
    world().trap.is_register(addr)
}

fn copy(to: u64, from: u64, len: u64) -> u64 {
    if is_register(to) || is_register(from) {
        copy_registers(to, from, len);
    } else {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // SAFETY: the driver says that both ranges are its own; what is not mapped faults and is reported
        // as the driver's fault. They may overlap.
        unsafe { std::ptr::copy(from as *const u8, to as *mut u8, len) };
    }
    to
}

/// Double words where both sides are aligned, else bytes: no access wider or narrower than that.
fn copy_registers(to: u64, from: u64, len: u64) {
    let words = if (to | from).is_multiple_of(4) { len / 4 } else { 0 };
    for at in (0..words).map(|i| 4 * i) {
        put(to + at, get::<u32>(from + at));
    }
    for at in 4 * words..len {
        put(to + at, get::<u8>(from + at));
    }
}

fn get<T: crate::abi::Plain>(addr: u64) -> T {
    // SAFETY: as in `copy`; a register window completes the access.
    unsafe { (addr as *const T).read_volatile() }
}

fn put<T: crate::abi::Plain>(addr: u64, value: T) {
    // SAFETY: as in `copy`; a register window completes the access.
    unsafe { (addr as *mut T).write_volatile(value) }
}

fn set(to: u64, value: u8, len: u64) -> u64 {
    if is_register(to) {
        (0..len).for_each(|i| put(to + i, value));
    } else {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        // SAFETY: as in `copy`.
        unsafe { std::ptr::write_bytes(to as *mut u8, value, len) };
    }
    to
}

fn same(one: u64, other: u64, len: u64) -> u64 {
    (0..len).find(|i| get::<u8>(one + i) != get::<u8>(other + i)).unwrap_or(len)
}

/// errno_t: EINVAL and ERANGE.
const EINVAL: i32 = 22;
const ERANGE: i32 = 34;

fn copy_checked(to: u64, room: u64, from: u64, len: u64) -> i32 {
    if len == 0 {
        return 0;
    }
    if to == 0 {
        return EINVAL;
    }
    if from == 0 || room < len {
        set(to, 0, room);
        return if from == 0 { EINVAL } else { ERANGE };
    }
    copy(to, from, len);
    0
}

leaves! {
    /// Memory.
    TABLE from "ntoskrnl.exe";

    fn memcpy(to: u64, from: u64, len: u64) -> u64 {
        // A compiler copies a value onto itself this way.
        let apart = to == from || to.abs_diff(from) >= len;
        world().hold(&rules::COPY_OVERLAP, apart, || format!("memcpy({to:#x}, {from:#x}, {len})"));
        copy(to, from, len)
    }

    fn memmove(to: u64, from: u64, len: u64) -> u64 {
        copy(to, from, len)
    }

    fn RtlCopyMemory(to: u64, from: u64, len: u64) -> u64 {
        copy(to, from, len)
    }

    fn RtlCopyMemoryNonTemporal(to: u64, from: u64, len: u64) -> u64 {
        copy(to, from, len)
    }

    fn RtlMoveMemory(to: u64, from: u64, len: u64) -> u64 {
        copy(to, from, len)
    }

    fn memset(to: u64, value: i32, len: u64) -> u64 {
        set(to, value as u8, len)
    }

    fn RtlFillMemory(to: u64, len: u64, value: u8) {
        set(to, value, len);
    }

    fn RtlZeroMemory(to: u64, len: u64) {
        set(to, 0, len);
    }

    fn RtlSecureZeroMemory(to: u64, len: u64) -> u64 {
        set(to, 0, len)
    }

    fn memcmp(one: u64, other: u64, len: u64) -> i32 {
        match same(one, other, len) {
            at if at == len => 0,
            at => i32::from(get::<u8>(one + at)) - i32::from(get::<u8>(other + at)),
        }
    }

    fn RtlCompareMemory(one: u64, other: u64, len: u64) -> u64 {
        same(one, other, len)
    }

    fn memchr(addr: u64, value: i32, len: u64) -> u64 {
        (0..len).find(|i| get::<u8>(addr + i) == value as u8).map_or(0, |i| addr + i)
    }

    fn memcpy_s(to: u64, room: u64, from: u64, len: u64) -> i32 {
        copy_checked(to, room, from, len)
    }

    fn memmove_s(to: u64, room: u64, from: u64, len: u64) -> i32 {
        copy_checked(to, room, from, len)
    }

    fn RtlPrefetchMemoryNonTemporal(_addr: u64, _len: u64) {}

    fn RtlFillMemoryUlong(to: u64, len: u64, pattern: u32) {
        (0..len / 4).for_each(|i| put(to + 4 * i, pattern));
    }
}
