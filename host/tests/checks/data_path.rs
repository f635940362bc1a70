//! Sends, receives, levels and locks.

crate::mutants! {
    /// NDIS-INIT-13.
    sleeping_at_dispatch_level: SleepsAtDispatch is IRQL in "NdisMSleep";
    /// A handler that raises the level and returns.
    returning_at_a_raised_level: ReturnsRaised is IRQL_RETURN in "MiniportSendNetBufferLists";
    /// NDIS-DMA-03.
    mapping_at_passive_level: MapsListAtPassive is IRQL in "NdisMAllocateNetBufferSGList";
    /// NDIS-SEND-11.
    claiming_dispatch_level: ClaimsDispatch is DISPATCH_FLAG in "NdisMSendNetBufferListsComplete";
    /// NDIS-RESET-08.
    stalling_too_long: StallsTooLong is STALL in "KeStallExecutionProcessor";
    /// A handler that returns with a lock held.
    keeping_a_lock: KeepsLock is LOCK_HELD in "MiniportMessageInterruptDPC";
    /// The same, back at a level at which no lock can be held.
    lowering_with_a_lock: LowersWithLock is LOCK_HELD in "KeLowerIrql";
    /// A lock acquired by the CPU that holds it.
    locking_twice: LocksTwice is LOCK_ORDER in "KeAcquireSpinLockAtDpcLevel";
    /// A lock released that is not held.
    unlocking_twice: UnlocksTwice is LOCK_ORDER in "KeReleaseSpinLockFromDpcLevel";
    /// NDIS-RESET-02.
    completing_a_reset_with_a_lock_held: CompletesResetLocked is LOCK_HELD in "NdisMResetComplete";

    /// NDIS-SEND-02.
    completing_a_send_twice: CompletesTwice is SEND_COMPLETE in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-02.
    completing_what_was_never_sent: CompletesForeign is SEND_COMPLETE in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-06.
    completing_a_send_as_pending: CompletesPending is SEND_COMPLETE in "NdisMSendNetBufferListsComplete";
    /// NDIS-PAUSE-08.
    sending_while_paused: SendsWhilePaused is SEND_PAUSED in "NdisMSendNetBufferListsComplete";

    /// NDIS-PAUSE-09.
    indicating_while_paused: IndicatesPaused is RECEIVE_PAUSED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-INIT-15.
    indicating_before_a_filter: IndicatesBeforeFilter is RECEIVE_FILTER in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-04.
    indicating_an_nbl_twice: IndicatesTwice is RECEIVE_OWNED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-01.
    indicating_a_wrong_count: IndicatesWrongCount is RECEIVE_MALFORMED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-02.
    indicating_anothers_handle: IndicatesOthersHandle is RECEIVE_MALFORMED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-03.
    indicating_too_few_bytes: IndicatesTooFewBytes is RECEIVE_MALFORMED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-09.
    indicating_too_many: IndicatesTooMany is RECEIVE_THROTTLE in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-14.
    freeing_an_indicated_nbl: FreesIndicated is NBL_LEAK in "NdisFreeNetBufferList";
}
