//! The IRQL of a service routine, for calls that are made in one.

use ferrite_ddk::ndis::{self, KIRQL};

unsafe extern "C" {
    // The x64 forms of KeRaiseIrql and KeLowerIrql: the header has them as inline functions.
    fn KfRaiseIrql(new: KIRQL) -> KIRQL;
    fn KeLowerIrql(new: KIRQL);
}

/// `DISPATCH_LEVEL`.
const DISPATCH: KIRQL = ndis::DISPATCH_LEVEL;
/// The lowest IRQL that a device can have on x64.
const LOWEST_DEVICE: KIRQL = 3;

/// Runs `body` at a device's IRQL. The IRQL is up to `DISPATCH_LEVEL` before.
pub fn at_device_level<T>(body: impl FnOnce() -> T) -> T {
    at(LOWEST_DEVICE, body)
}

/// Runs `body` at `DISPATCH_LEVEL`, where it stays on its processor. The IRQL is up to that before.
pub fn at_dispatch_level<T>(body: impl FnOnce() -> T) -> T {
    at(DISPATCH, body)
}

fn at<T>(level: KIRQL, body: impl FnOnce() -> T) -> T {
    // SAFETY: the IRQL is at most DISPATCH_LEVEL in every caller.
    let old = unsafe { KfRaiseIrql(level) };
    let result = body();
    // SAFETY: raised above on this processor.
    unsafe { KeLowerIrql(old) };
    result
}
