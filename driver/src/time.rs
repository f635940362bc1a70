//! The clock of time-outs.

use ferrite_ddk::ndis;

/// Milliseconds since the machine was started. Any IRQL.
pub fn milliseconds() -> u64 {
    let mut time = ndis::LARGE_INTEGER::default();
    // SAFETY: any IRQL; the place lives through the call.
    unsafe { ndis::NdisGetSystemUpTimeEx(&raw mut time) };
    // SAFETY: both halves of the union are plain integers.
    unsafe { time.QuadPart }.cast_unsigned()
}
