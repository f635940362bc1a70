//! The faults that the driver can have, one at a time, and what becomes of the machine: the values `Fault` and `Turn` of
//! its registry key.

/// An enumeration whose values have names, one of which is chosen once.
macro_rules! chosen {
    ($(#[$doc:meta])* $kind:ident in $cell:ident { $($(#[$of:meta])* $name:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum $kind {
            $($(#[$of])* $name,)*
        }

        impl $kind {
            /// The names.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
        }

        /// One more than the number of what is chosen.
        static $cell: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

        impl $kind {
            /// Chooses by name; whether there is such a one.
            pub fn choose(name: &str) -> bool {
                let found = Self::NAMES.iter().position(|known| *known == name);
                $cell.store(found.map_or(0, |number| number + 1), core::sync::atomic::Ordering::Relaxed);
                found.is_some()
            }

            fn is_chosen(self) -> bool {
                $cell.load(core::sync::atomic::Ordering::Relaxed) == self as usize + 1
            }
        }
    };
}
pub(crate) use chosen;

chosen! {
    /// What becomes of the machine in a life of the driver, as far as the driver has to know.
    Turn in TURN {
        /// `MiniportInitializeEx` fails at its end.
        FailsInitialize,
        /// `MiniportAddDevice` fails.
        FailsAdd,
        /// There is no shared memory.
        NoMemory,
    }
}

chosen! {
    /// Where memory comes from.
    Pool in POOL {
        /// Every block is on pages of its own.
        Special,
    }
}

chosen! {
    /// One deviation from what is right.
    Fault in FAULT {
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
        CompletesDirectTwice,
        CompletesDirectAndReturns,
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
    }
}

chosen! {
    /// A wrong touch of memory.
    Memory in MEMORY {
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
        ReturnsMdlTwice,
        ReturnsListTwice,
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
}

/// Whether the driver has this fault.
pub fn is(fault: Fault) -> bool {
    fault.is_chosen()
}

/// Whether the driver misuses memory in this way.
pub fn misuses(memory: Memory) -> bool {
    memory.is_chosen()
}

/// Whether this is the machine's turn.
pub fn turns(turn: Turn) -> bool {
    turn.is_chosen()
}

/// Whether blocks lie at the ends of pages, as in special pool.
pub fn is_watched() -> bool {
    Pool::Special.is_chosen()
}

/// Whether no name is in two places.
pub const fn are_distinct(lists: &[&[&str]]) -> bool {
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        if at == lists[list].len() {
            (list, at) = (list + 1, 0);
            continue;
        }
        let (mut other, mut from) = (list, at + 1);
        while other < lists.len() {
            if from == lists[other].len() {
                (other, from) = (other + 1, 0);
                continue;
            }
            if is_same(lists[list][at].as_bytes(), lists[other][from].as_bytes()) {
                return false;
            }
            from += 1;
        }
        at += 1;
    }
    true
}

const fn is_same(name: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() && at < other.len() && name[at] == other[at] {
        at += 1;
    }
    at == name.len() && at == other.len()
}
