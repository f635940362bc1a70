//! Waiting, split by the IRQL that allows it.

/// The longest single stall, in microseconds (SDV rule `NdisStallExecution_Delay`).
pub const MAX_STALL_US: u32 = 50;

/// Busy waiting, at any IRQL.
pub trait Stall {
    /// Waits `us` microseconds, which is never more than [`MAX_STALL_US`].
    fn stall_us(&self, us: u32);
}

/// Waiting that gives the processor away: `PASSIVE_LEVEL` only.
pub trait Delay: Stall {
    /// Sleeps `ms` milliseconds or somewhat longer (`NdisMSleep`).
    fn sleep_ms(&self, ms: u32);
}

impl<T: Stall + ?Sized> Stall for &T {
    fn stall_us(&self, us: u32) {
        (**self).stall_us(us);
    }
}

impl<T: Delay + ?Sized> Delay for &T {
    fn sleep_ms(&self, ms: u32) {
        (**self).sleep_ms(ms);
    }
}
