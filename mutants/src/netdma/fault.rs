//! The faults that the NetDMA provider can have.

use crate::fault::chosen;

chosen! {
    /// One deviation from what is right.
    Fault in FAULT {
        /// Of a longer copy, one byte is another.
        WrongByte,
        /// A descriptor in the middle of a chain is not copied, but said to be.
        Skips,
        /// One byte too many is written.
        Overruns,
        /// So is one before the destination.
        Underruns,
        /// A source is written.
        WritesSource,
        /// What is to move nothing is copied.
        IgnoresNull,
        /// The source's page break is passed over.
        IgnoresSourceBreak,
        /// So is the destination's.
        IgnoresDestinationBreak,
        /// No completion word is written.
        NoWord,
        /// A word is written that was not asked for.
        WordUnasked,
        /// The word names the descriptor before.
        WordOfAnother,
        /// The last word does not say that the channel is idle.
        NeverIdle,
        /// No interrupt comes.
        NoInterrupt,
        /// The last descriptor of a chain is reported twice.
        Twice,
        /// A descriptor that does not ask for it interrupts.
        InterruptUnasked,
        /// Another address than a descriptor's is reported.
        ReportsNobody,
        /// The descriptor before is reported.
        ReportsOlder,
        /// A completion is reported after a later one.
        ReportsLate,
        /// An error is not reported.
        FailsSilently,
        /// It is reported twice.
        FailsTwice,
        /// The descriptor that failed is reported as completed.
        ReportsFailed,
        /// An error is reported that there was not.
        FailsUnasked,
        /// A descriptor that cannot be done is passed over.
        PassesOverErrors,
        /// What follows an error is copied.
        CopiesBehindErrors,
        /// The word after an error does not say so.
        ErrorNotInWord,
        /// A channel that failed is not mended by a reset.
        ResetMendsNothing,
        /// It goes on while it is suspended.
        WorksSuspended,
        /// A suspension gives the address of the descriptor before.
        SuspendsAfterAnother,
        /// A suspension gives an address of nothing.
        SuspendsNowhere,
        /// A suspension leaves the word as it is.
        SuspensionNotInWord,
        /// What is appended to a suspended channel is lost.
        LosesAppend,
        /// A descriptor is left out after a resumption.
        ResumesBehind,
        /// One is done again after a resumption.
        ResumesBefore,
        /// A stopped channel takes more.
        AppendsToStopped,
        /// An abort lets the chain go on.
        AbortsNothing,
        /// A reset does.
        ResetsNothing,
        /// An append is refused.
        RefusesAppend,
        /// A resumption is.
        RefusesResume,
        /// An abort is.
        RefusesAbort,
        /// A suspension is.
        RefusesSuspend,
        /// A reset is.
        RefusesReset,
        /// A start of a channel at work is.
        RefusesRestart,
        /// A chain that was abandoned is done to its end.
        KeepsOldChain,
        /// The source of a descriptor is read before the one before is done.
        ReadsAhead,
        /// What is appended to a channel at work is lost.
        AppendsNothing,
        /// What is appended to an idle channel is lost.
        StaysIdle,
        /// Each word says that the channel is idle.
        AlwaysIdle,
        /// An append to a stopped channel is refused with another status.
        RefusesStrangely,
        /// The last descriptor of the chain before is reported again.
        ReportsStale,
        // Registration, start and stop.
        TooNew,
        WrongSize,
        WrongFlags,
        ForeignDevice,
        RegistersTwice,
        LacksAppend,
        LacksAffinity,
        LacksResume,
        Nameless,
        StrangeProvider,
        ShortAttributes,
        FlaggedAttributes,
        NoVendor,
        TooManyChannels,
        SmallTransfers,
        SmallAddresses,
        StartsTwice,
        StopsTwice,
        StaysStarted,
        ProviderStaysRegistered,
        // Power.
        ShortEvent,
        StrangeEvent,
        BufferedEvent,
        // Channels and interrupts.
        NoCpu,
        StrangeStatus,
        StrangeChannel,
        UsesFreedChannel,
        IsrAtDispatch,
        DpcAtPassive,
        DpcOnAnotherCpu,
        DpcWithoutIsr,
    }
}

/// Whether the provider has this fault.
pub fn is(fault: Fault) -> bool {
    fault.is_chosen()
}
