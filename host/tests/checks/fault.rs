//! The faults that the driver can have, one at a time.

use std::cell::Cell;

/// What becomes of the machine in a life of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing special.
    None,
    /// `MiniportInitializeEx` fails at its end.
    FailsInitialize,
    /// `MiniportAddDevice` fails.
    FailsAdd,
    /// There is no shared memory.
    NoMemory,
    /// The device is removed by surprise.
    Surprise,
    /// The machine is switched off.
    PowersOff,
    /// The machine crashes.
    Crashes,
    /// The device has a line interrupt, which it shares.
    Line,
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::FailsInitialize,
        Self::FailsAdd,
        Self::NoMemory,
        Self::Surprise,
        Self::PowersOff,
        Self::Crashes,
        Self::Line,
    ];
}

/// One deviation from what is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    // Levels and locks.
    SleepsAtDispatch,
    ReturnsRaised,
    MapsListAtPassive,
    ClaimsDispatch,
    ClaimsDispatchReceiving,
    StallsTooLong,
    KeepsLock,
    LowersWithLock,
    LocksTwice,
    UnlocksTwice,
    CompletesResetLocked,
    RaisesInIsr,
    // Sends.
    CompletesTwice,
    CompletesForeign,
    CompletesPending,
    CompletesOddly,
    LosesNb,
    SendsWhilePaused,
    NeverCompletes,
    Hangs,
    CancelsOthers,
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
    // Pause, restart, reset, removal, shutdown.
    CompletesNoPause,
    CompletesPauseTwice,
    CompletesPauseAndReturns,
    PausesWithReceivesOut,
    PausesWithSendsOut,
    PausesIndicating,
    CompletesPauseEarly,
    FailsPause,
    NeverPauses,
    CompletesNoRestart,
    CompletesRestartAndReturns,
    CompletesRestartOddly,
    RestartsOddly,
    NeverRestarts,
    AddsAttributes,
    CompletesNoReset,
    CompletesResetAndReturns,
    NeverResets,
    ResetsOddly,
    AcceptsAfterRemoval,
    AnswersAfterRemoval,
    FreesSharedInShutdown,
    FreesInCrash,
    // OIDs.
    AnswersTooLong,
    WritesPastBuffer,
    NeedsTooLittle,
    CompletesOidAndReturns,
    CompletesOidTwice,
    CompletesOidPending,
    NeverAnswers,
    LacksMandatoryOid,
    LacksMandatoryQuery,
    ReadsTooMuch,
    AnswersNothing,
    AnswersUnknown,
    HonoursNewerRevision,
    RequiresIndication,
    HalvesWrongly,
    AnswersHalf,
    AsksForHalf,
    MisstatesStatistics,
    FailsQueryPower,
    FailsSetPower,
    FailsRemoval,
    SendsEventInOid,
    // What is left behind.
    KeepsMemory,
    KeepsPool,
    KeepsNbPool,
    KeepsRwLock,
    KeepsWorkItem,
    KeepsConfiguration,
    KeepsTimer,
    KeepsInterrupt,
    KeepsDma,
    KeepsSharedMemory,
    KeepsMapping,
    KeepsMdl,
    KeepsLateSend,
    FailsKeepingMemory,
    FailsKeepingInterrupt,
    FailsKeepingTimer,
    FailsKeepingWorkItem,
    FailsKeepingDma,
    FailsUnlogged,
    FailsAddLeaking,
    KeepsMemoryAtUnload,
    StaysRegistered,
    // Memory, pools, DMA.
    FreesTwice,
    FreesWithWrongTag,
    WritesPastBlock,
    AllocatesWithoutTag,
    FreesMdlTwice,
    FreesGenericTwice,
    FreesNblTwice,
    FreesNbTwice,
    AdvancesTooFar,
    FreesPoolInUse,
    TakesNbFromListPool,
    FreesSharedWithWrongLength,
    FreesSharedTwice,
    WritesPastShared,
    UnmapsWrongLength,
    UnmapsTwice,
    UnmapsEarly,
    FreesListTwice,
    KeepsList,
    CompletesMapped,
    MapsTwice,
    MapsStray,
    MapsTooMuch,
    ForgetsDirection,
    DeclaresNoBusMaster,
    FreesSetTimer,
    MakesIdleTimer,
    SetsNegativePeriod,
    MisalignsContext,
    CancelsPeriodicRaised,
    FreesQueued,
    QueuesTwice,
    // Order and handles.
    DescribesBeforeRegistering,
    OffloadsBeforeDescribing,
    MapsBeforeRegistering,
    RangesBeforeRegistering,
    SharesBeforeDma,
    DoesNotDescribe,
    RegistersLate,
    MapsOutsideInitialize,
    SharesOutsideInitialize,
    ConnectsOutsideInitialize,
    RegistersDmaLate,
    DisconnectsInPause,
    SetsHandlersLate,
    AddsLate,
    UsesStrangeDriver,
    UsesStrangeHandle,
    UsesFreedTimer,
    UsesFreedWorkItem,
    UsesClosedConfiguration,
    UsesFreedDma,
    DisconnectsTwice,
    UsesFreedPool,
    UsesFreedRwLock,
    SynchronizesLate,
    DeregistersEarly,
    // Headers and contents.
    RegistersOtherObject,
    HidesRefusal,
    FailsEntryRegistered,
    SendsWrongType,
    SendsShortCharacteristics,
    LacksHalt,
    LacksReset,
    LacksCancelDirect,
    SendsShortPnp,
    SendsOldRevision,
    SendsOldGeneral,
    SendsUnknownAttributes,
    HasLongAddress,
    SendsShortInterrupt,
    LacksInterruptHandler,
    SendsShortSg,
    SendsShortTimer,
    SendsShortConfiguration,
    SendsShortNblPool,
    SendsShortNbPool,
    ChangesRanges,
    ReplacesWithForeignList,
    // Interrupts and status.
    WritesMessageTable,
    ClaimsForeign,
    UsesTargets,
    DisownsMessage,
    IndicatesStatusAfterHalt,
    IndicatesReset,
    IndicatesShortLink,
    IndicatesOthersStatus,
    IndicatesNoBuffer,
    IndicatesFlags,
    IndicatesShortHeader,
    RepeatsLink,
    /// Memory that only special pool sees misused.
    Memory(Memory),
}

impl Fault {
    /// The turn that brings it out.
    pub fn turn(self) -> Turn {
        match self {
            Self::FailsKeepingMemory
            | Self::FailsKeepingInterrupt
            | Self::FailsKeepingTimer
            | Self::FailsKeepingWorkItem
            | Self::FailsKeepingDma => Turn::FailsInitialize,
            Self::FailsAddLeaking => Turn::FailsAdd,
            Self::FailsUnlogged => Turn::NoMemory,
            Self::AcceptsAfterRemoval | Self::AnswersAfterRemoval => Turn::Surprise,
            Self::FreesSharedInShutdown => Turn::PowersOff,
            Self::FreesInCrash => Turn::Crashes,
            Self::ClaimsForeign => Turn::Line,
            _ => Turn::None,
        }
    }
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
    static TURN: Cell<Turn> = const { Cell::new(Turn::None) };
}

/// Gives the driver on this thread a fault, or none, and the machine a turn.
pub fn set(fault: Option<Fault>, turn: Turn) {
    FAULT.set(fault);
    TURN.set(turn);
}

/// Whether the driver has this fault.
pub fn is(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}

/// Whether the driver misuses memory in this way.
pub fn misuses(memory: Memory) -> bool {
    is(Fault::Memory(memory))
}

/// Whether this is the machine's turn.
pub fn turns(turn: Turn) -> bool {
    TURN.get() == turn
}
