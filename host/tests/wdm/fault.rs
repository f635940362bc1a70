//! The faults that the driver can have, one at a time.

use std::cell::Cell;

/// One deviation from what is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    // AddDevice.
    AttachesNothing,
    StaysInitializing,
    FailsAndKeepsDevice,
    // Start.
    StartsAlone,
    MapsBeforeStart,
    KeepsOldRequirements,
    ReplacesWithShortList,
    // IRPs that are not passed down.
    KeepsFilter,
    KeepsQuery,
    KeepsCancel,
    KeepsStop,
    KeepsSurprise,
    KeepsRemove,
    KeepsQueryPower,
    SwallowsPower,
    SwallowsWmi,
    DropsUnknown,
    // IRPs that no driver may fail.
    FailsCancel,
    FailsStop,
    FailsSurprise,
    FailsRemove,
    FailsPowerDown,
    // IRPs.
    CompletesTwice,
    NeverCompletes,
    ForgetsToComplete,
    PendsUnmarked,
    MarksAndReturns,
    ReturnsOtherStatus,
    TouchesWhenOff,
    UnregistersTwice,
    // Stop and removal.
    KeepsInterruptAtStop,
    KeepsRegistersAtStop,
    KeepsInterruptWhenGone,
    KeepsRegistersWhenGone,
    KeepsInterrupt,
    KeepsRegisters,
    KeepsDevice,
    StaysAttached,
    KeepsThread,
    KeepsBusInterface,
    KeepsDmaAdapter,
    // NetDMA.
    RegistersProviderLate,
    StartsProviderEarly,
    KeepsProviderStarted,
    SleepsUnannounced,
    WakesEarly,
    // Unload.
    KeepsMemory,
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Gives the driver on this thread a fault, or none.
pub fn set(fault: Option<Fault>) {
    FAULT.set(fault);
}

/// Whether the driver has this fault.
pub fn is(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}
