//! The faults that the driver can have, one at a time.

use std::cell::Cell;

/// One deviation from what is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    // Levels and locks.
    SleepsAtDispatch,
    ReturnsRaised,
    MapsListAtPassive,
    ClaimsDispatch,
    StallsTooLong,
    KeepsLock,
    LowersWithLock,
    LocksTwice,
    UnlocksTwice,
    CompletesResetLocked,
    // Sends.
    CompletesTwice,
    CompletesForeign,
    CompletesPending,
    SendsWhilePaused,
    NeverCompletes,
    // Receives.
    IndicatesPaused,
    IndicatesBeforeFilter,
    IndicatesTwice,
    IndicatesWrongCount,
    IndicatesOthersHandle,
    IndicatesTooFewBytes,
    IndicatesTooMany,
    ClaimsMore,
    FreesIndicated,
    // Pause, restart, reset.
    CompletesNoPause,
    CompletesPauseTwice,
    CompletesPauseAndReturns,
    PausesWithReceivesOut,
    PausesWithSendsOut,
    CompletesPauseEarly,
    FailsPause,
    NeverPauses,
    CompletesNoRestart,
    CompletesRestartAndReturns,
    CompletesNoReset,
    CompletesResetAndReturns,
    NeverResets,
    // OIDs.
    AnswersTooLong,
    WritesPastBuffer,
    NeedsTooLittle,
    CompletesOidAndReturns,
    CompletesOidTwice,
    CompletesOidPending,
    NeverAnswers,
    LacksMandatoryOid,
    // What is left behind.
    KeepsMemory,
    KeepsPool,
    KeepsWorkItem,
    KeepsConfiguration,
    KeepsTimer,
    KeepsInterrupt,
    KeepsDma,
    KeepsSharedMemory,
    KeepsMapping,
    KeepsMdl,
    FailsInitializationLeaking,
    FailsInitializationConnected,
    KeepsMemoryAtUnload,
    StaysRegistered,
    // Memory.
    FreesTwice,
    FreesWithWrongTag,
    FreesAsOtherKind,
    WritesPastBlock,
    AllocatesWithoutTag,
    FreesSharedWithWrongLength,
    FreesSharedTwice,
    UnmapsWrongLength,
    FreesListTwice,
    KeepsList,
    FreesPoolInUse,
    FreesSetTimer,
    // Order, handles, headers, status.
    DescribesBeforeRegistering,
    DoesNotDescribe,
    MapsOutsideInitialize,
    SharesOutsideInitialize,
    ConnectsOutsideInitialize,
    SetsHandlersLate,
    SendsWrongType,
    SendsOldRevision,
    UsesStrangeHandle,
    UsesFreedTimer,
    SynchronizesLate,
    IndicatesStatusAfterHalt,
    IndicatesReset,
    IndicatesShortLink,
    IndicatesOthersStatus,
    QueuesTwice,
    /// Memory that only special pool sees misused.
    Memory(Memory),
}

/// A wrong touch of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    // Around a block.
    ReadsBeyond,
    WritesBeyond,
    CopiesBeyond,
    ReadsBefore,
    WritesBefore,
    WritesLead,
    WritesTail,
    // After it was freed.
    ReadsFreed,
    WritesFreed,
    CopiesFreed,
    FillsFreed,
    HandsFreedOver,
    TouchesFreedPool,
    TouchesFreedShared,
    TouchesFreedContiguous,
    TouchesFreedMdl,
    TouchesFreedList,
    TouchesFreedBuffer,
    FreesMdlTwice,
    FreesListTwice,
    AllocatesFromFreedPool,
    TouchesPagedPool,
    WritesPastSentMdl,
    // After a send's completion.
    ReadsCompletedList,
    WritesCompletedList,
    TouchesCompletedBuffer,
    TouchesCompletedMdl,
    TouchesCompletedData,
    HandsCompletedOver,
    // Before a receive's return.
    ReadsIndicatedList,
    WritesIndicatedList,
    TouchesIndicatedBuffer,
    TouchesIndicatedMdl,
    ReadsIndicatedData,
    WritesIndicatedData,
    FreesIndicatedData,
    FreesIndicatedMdl,
    AdvancesIndicated,
    // Requests.
    ReadsBeyondRequest,
    TouchesAnsweredRequest,
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

/// Whether the driver misuses memory in this way.
pub fn misuses(memory: Memory) -> bool {
    is(Fault::Memory(memory))
}
