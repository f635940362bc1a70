//! The IRQL of a service routine, for calls that are made in one.

use ferrite_ddk::ndis::KIRQL;

unsafe extern "C" {
    // The x64 forms of KeRaiseIrql and KeLowerIrql: the header has them as inline functions.
    fn KfRaiseIrql(new: KIRQL) -> KIRQL;
    fn KeLowerIrql(new: KIRQL);
}

/// The lowest IRQL that a device can have on x64.
const LOWEST_DEVICE: KIRQL = 3;

/// Runs `body` at a device's IRQL. The IRQL is not above it before.
pub fn at_device_level<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: the IRQL is at most DISPATCH_LEVEL in every caller.
    let old = unsafe { KfRaiseIrql(LOWEST_DEVICE) };
    let result = body();
    // SAFETY: raised above on this processor.
    unsafe { KeLowerIrql(old) };
    result
}
