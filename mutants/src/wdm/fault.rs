//! The faults that the WDM driver can have, and what it meets.

use super::path;
use crate::{fault::chosen, registry};

chosen! {
    /// One deviation from what is right.
    Fault in FAULT {
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
        CompletesIrpTwice,
        NeverCompletesIrp,
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
        KeepsInterruptAtRemoval,
        KeepsRegistersAtRemoval,
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
        KeepsPoolAtUnload,
    }
}

chosen! {
    /// What the driver meets: the value `Turn`, whenever it matters.
    Turn in TURN {
        /// `AddDevice` takes no device.
        RefusesDevice,
        /// Something is lacking when everything else has been taken.
        RunsShort,
        /// The device is in use: it is neither stopped nor removed.
        Busy,
        /// The interrupt is connected by the vector that the device was started with, not by the device.
        ByVector,
    }
}

/// Whether the driver has this fault.
pub fn is(fault: Fault) -> bool {
    fault.is_chosen()
}

/// Whether this is what the driver meets now.
pub fn turns(turn: Turn) -> bool {
    Turn::choose(&registry::text(path(), "Turn")) && turn.is_chosen()
}
