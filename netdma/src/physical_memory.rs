//! How far the machine's memory reaches.

use core::ptr::NonNull;

use ferrite_ddk::ndis;
use ferrite_ddk::routine::{routine_as, system_routine};
use ferrite_ddk::unicode_string;

/// The highest physical address of x64.
const ARCHITECTURE: u64 = (1 << 52) - 1;

/// `PHYSICAL_MEMORY_RANGE`; one of no bytes ends the array.
#[repr(C)]
#[derive(Clone, Copy)]
struct Range {
    base: i64,
    bytes: i64,
}

/// `MmGetPhysicalMemoryRanges`, which wdm.h does not have. `PASSIVE_LEVEL`.
type GetRanges = unsafe extern "C" fn() -> *mut Range;

/// The highest address of memory (NDMA-START-02); the architecture's, where that is not to be learnt.
/// IRQL: `PASSIVE_LEVEL`.
pub fn highest() -> u64 {
    let Some(routine) = system_routine(&unicode_string!("MmGetPhysicalMemoryRanges")) else {
        return ARCHITECTURE;
    };
    // SAFETY: the routine's type, as documented.
    let get = unsafe { routine_as::<GetRanges>(routine) };
    // SAFETY: PASSIVE_LEVEL.
    let Some(ranges) = NonNull::new(unsafe { get() }) else { return ARCHITECTURE };
    let mut end = 0;
    let mut at = ranges;
    loop {
        // SAFETY: the array is ours until it is freed below, and its end has not been met.
        let range = unsafe { at.read() };
        if range.bytes <= 0 {
            break;
        }
        end = end.max(range.base.cast_unsigned().saturating_add(range.bytes.cast_unsigned()));
        // SAFETY: another range follows, or the end.
        at = unsafe { at.add(1) };
    }
    // SAFETY: the array is pool that the caller frees.
    unsafe { ndis::ExFreePoolWithTag(ranges.as_ptr().cast(), 0) };
    if end == 0 { ARCHITECTURE } else { end.saturating_sub(1).min(ARCHITECTURE) }
}
