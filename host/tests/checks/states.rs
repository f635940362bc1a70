//! Pause, restart and reset.

crate::mutants! {
    /// NDIS-PAUSE-03, 0x7C/0x1F.
    completing_a_pause_that_is_not_pending: CompletesNoPause is PAUSE_NONE in "NdisMPauseComplete";
    /// NDIS-PAUSE-03.
    completing_a_pause_twice: CompletesPauseTwice is PAUSE_NONE in "NdisMPauseComplete";
    /// NDIS-PAUSE-05.
    completing_a_pause_early: CompletesPauseEarly is PAUSE_OUTSTANDING in "NdisMPauseComplete";
    /// NDIS-RESTART-02.
    completing_a_restart_that_is_not_pending: CompletesNoRestart is RESTART_NONE in "NdisMRestartComplete";
    /// NDIS-RESET-02, 0x7C/0x0F.
    completing_a_reset_that_is_not_pending: CompletesNoReset is RESET_NONE in "NdisMResetComplete";
    /// NDIS-WI-01.
    queueing_a_work_item_twice: QueuesTwice is ORDER in "NdisQueueIoWorkItem";

    /// NDIS-PAUSE-03.
    completing_a_pause_and_returning_success: CompletesPauseAndReturns is PAUSE_NONE;
    /// NDIS-PAUSE-05.
    pausing_with_receives_out: PausesWithReceivesOut is PAUSE_OUTSTANDING;
    /// NDIS-PAUSE-06.
    pausing_with_sends_out: PausesWithSendsOut is PAUSE_OUTSTANDING;
    /// NDIS-PAUSE-01.
    failing_a_pause: FailsPause is PAUSE_RETURN;
    /// NDIS-PAUSE-03, the watchdog.
    never_completing_a_pause: NeverPauses is PAUSE_TIMEOUT;
    /// NDIS-RESTART-02.
    completing_a_restart_and_returning_success: CompletesRestartAndReturns is RESTART_NONE;
    /// NDIS-RESET-02.
    completing_a_reset_and_returning_success: CompletesResetAndReturns is RESET_NONE;
    /// NDIS-RESET-02, the watchdog.
    never_completing_a_reset: NeverResets is RESET_TIMEOUT;
    /// NDIS-RECV-11.
    claiming_more_receives_without_a_throttle: ClaimsMore is RECEIVE_THROTTLE;
    /// NDIS-SEND-02: a send that never comes back.
    never_completing_a_send: NeverCompletes is SEND_TIMEOUT;
}
