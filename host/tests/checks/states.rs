//! Pause, restart, reset, shutdown.

crate::mutants! {
    /// NDIS-PAUSE-03, 0x7C/0x1F.
    completing_a_pause_that_is_not_pending: CompletesNoPause is PAUSE_NONE in "NdisMPauseComplete";
    /// NDIS-PAUSE-03.
    completing_a_pause_twice: CompletesPauseTwice is PAUSE_NONE in "NdisMPauseComplete";
    /// NDIS-PAUSE-04.
    completing_a_pause_in_an_indication: PausesIndicating is PAUSE_INDICATING in "NdisMPauseComplete";
    /// NDIS-PAUSE-05.
    completing_a_pause_early: CompletesPauseEarly is PAUSE_RECEIVES in "NdisMPauseComplete";
    /// NDIS-PAUSE-05.
    pausing_with_receives_out: PausesWithReceivesOut is PAUSE_RECEIVES;
    /// NDIS-PAUSE-06.
    pausing_with_sends_out: PausesWithSendsOut is PAUSE_SENDS;
    /// NDIS-PAUSE-03.
    completing_a_pause_and_returning_success: CompletesPauseAndReturns is PAUSE_TWICE;
    /// NDIS-PAUSE-01.
    failing_a_pause: FailsPause is PAUSE_RETURN;
    /// NDIS-PAUSE-03, the watchdog.
    never_completing_a_pause: NeverPauses is PAUSE_TIMEOUT;

    /// NDIS-RESTART-02.
    completing_a_restart_that_is_not_pending: CompletesNoRestart is RESTART_NONE in "NdisMRestartComplete";
    /// NDIS-RESTART-02.
    completing_a_restart_and_returning_success: CompletesRestartAndReturns is RESTART_TWICE;
    /// NDIS-RESTART-02.
    completing_a_restart_oddly: CompletesRestartOddly is RESTART_STATUS in "NdisMRestartComplete";
    /// NDIS-RESTART-01.
    returning_oddly_from_a_restart: RestartsOddly is RESTART_RETURN;
    /// NDIS-RESTART-02, the watchdog.
    never_completing_a_restart: NeverRestarts is RESTART_TIMEOUT;
    /// NDIS-RESTART-06.
    adding_restart_attributes: AddsAttributes is RESTART_ATTRIBUTES;

    /// NDIS-RESET-02, 0x7C/0x0F.
    completing_a_reset_that_is_not_pending: CompletesNoReset is RESET_NONE in "NdisMResetComplete";
    /// NDIS-RESET-02.
    completing_a_reset_and_returning_success: CompletesResetAndReturns is RESET_TWICE;
    /// NDIS-RESET-01.
    returning_oddly_from_a_reset: ResetsOddly is RESET_RETURN;
    /// NDIS-RESET-02, the watchdog.
    never_completing_a_reset: NeverResets is RESET_TIMEOUT;
    /// NDIS-WI-01.
    queueing_a_work_item_twice: QueuesTwice is WORK_QUEUED in "NdisQueueIoWorkItem";

    /// NDIS-SHUT-05.
    freeing_shared_memory_in_a_shutdown: FreesSharedInShutdown is SHUTDOWN_SHARED in "NdisMFreeSharedMemory";
    /// NDIS-SHUT-04.
    freeing_memory_in_a_crash: FreesInCrash is SHUTDOWN_FREED in "NdisFreeMemoryWithTagPriority";
}
