//! Sends, receives, levels and locks.

crate::mutants! {
    /// `Irql_Miniport_Driver_Function`.
    sleeping_at_dispatch_level: SleepsAtDispatch is IRQL_MINIPORT_DRIVER in "NdisMSleep";
    /// A handler that raises the level and returns.
    returning_at_a_raised_level: ReturnsRaised is IRQL_RETURN in "MiniportSendNetBufferLists";
    /// 0xC4/0x111.
    returning_from_an_isr_at_another_level: RaisesInIsr is IRQL_RETURN_ISR in "MiniportMessageInterrupt";
    /// NDIS-DMA-03.
    mapping_at_passive_level: MapsListAtPassive is IRQL_GATHER_DMA in "NdisMAllocateNetBufferSGList";
    /// NDIS-SEND-11.
    claiming_dispatch_level: ClaimsDispatch is SEND_FLAG in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-11.
    claiming_dispatch_level_receiving: ClaimsDispatchReceiving is RECEIVE_FLAG in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RESET-08.
    stalling_too_long: StallsTooLong is STALL in "KeStallExecutionProcessor";
    /// A handler that returns with a lock held.
    keeping_a_lock: KeepsLock is LOCK_HELD in "MiniportMessageInterruptDPC";
    /// The same, back at a level at which no lock can be held.
    lowering_with_a_lock: LowersWithLock is LOCK_LOWERED in "KeLowerIrql";
    /// A lock acquired by the CPU that holds it.
    locking_twice: LocksTwice is LOCK_DPR_TWICE in "KeAcquireSpinLockAtDpcLevel";
    /// A lock released that is not held.
    unlocking_twice: UnlocksTwice is LOCK_DPR_NOT_HELD in "KeReleaseSpinLockFromDpcLevel";
    /// NDIS-RESET-02.
    completing_a_reset_with_a_lock_held: CompletesResetLocked is RESET_LOCKED in "NdisMResetComplete";

    /// NDIS-SEND-02.
    completing_a_send_twice: CompletesTwice is SEND_COMPLETE in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-02.
    completing_what_was_never_sent: CompletesForeign is SEND_COMPLETE in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-06.
    completing_a_send_as_pending: CompletesPending is SEND_PENDING in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-06.
    completing_a_send_oddly: CompletesOddly is SEND_STATUS in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-03.
    losing_an_nb: LosesNb is SEND_NBS in "NdisMSendNetBufferListsComplete";
    /// NDIS-PAUSE-08.
    sending_while_paused: SendsWhilePaused is SEND_PAUSED in "NdisMSendNetBufferListsComplete";
    /// NDIS-SEND-02, 0x0009200D: a send that never comes back.
    never_completing_a_send: NeverCompletes is SEND_TIMEOUT;
    /// 0x0009200F: no send comes back.
    completing_no_sends: Hangs is SEND_HANG;
    /// NDIS-CANCEL-01.
    cancelling_other_sends: CancelsOthers is CANCEL_SEND in "NdisMSendNetBufferListsComplete";
    /// NDIS-SURP-02.
    sending_after_a_removal: AcceptsAfterRemoval is SURPRISE_SEND in "NdisMSendNetBufferListsComplete";

    /// NDIS-PAUSE-09.
    indicating_while_paused: IndicatesPaused is RECEIVE_PAUSED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-INIT-15.
    indicating_before_a_filter: IndicatesBeforeFilter is RECEIVE_FILTER in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-04.
    indicating_an_nbl_twice: IndicatesTwice is RECEIVE_OWNED in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-01.
    indicating_a_wrong_count: IndicatesWrongCount is RECEIVE_COUNT in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-02.
    indicating_anothers_handle: IndicatesOthersHandle is RECEIVE_SOURCE in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-03.
    indicating_too_few_bytes: IndicatesTooFewBytes is RECEIVE_DATA in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-09.
    indicating_too_many: IndicatesTooMany is RECEIVE_THROTTLE in "NdisMIndicateReceiveNetBufferLists";
    /// NDIS-RECV-11.
    claiming_more_receives_without_a_throttle: ClaimsMore is RECEIVE_MORE;
    /// NDIS-RECV-14.
    freeing_an_indicated_nbl: FreesIndicated is NBL_OUT in "NdisFreeNetBufferList";
}
