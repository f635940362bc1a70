//! OID requests.

crate::mutants! {
    /// NDIS-OID-07, 0x7C/0x1D.
    reporting_more_than_the_buffer_holds: AnswersTooLong is OID_WRITTEN;
    /// NDIS-OID-07, 0x7C/0x1D.
    reading_more_than_the_buffer_holds: ReadsTooMuch is OID_READ;
    /// NDIS-OID-07.
    answering_nothing: AnswersNothing is OID_NOTHING;
    /// NDIS-OID-07.
    writing_past_the_buffer: WritesPastBuffer is OID_OVERRUN;
    /// NDIS-OID-05.
    needing_no_more_than_there_was: NeedsTooLittle is OID_NEEDED;
    /// NDIS-OID-06.
    answering_what_nobody_knows: AnswersUnknown is OID_UNKNOWN;
    /// NDIS-OID-08.
    honouring_a_newer_revision: HonoursNewerRevision is OID_REVISION;
    /// NDIS-OID-12.
    requiring_an_indication: RequiresIndication is OID_INDICATION;
    /// NDIS-OID-03.
    completing_a_request_and_returning_success: CompletesOidAndReturns is OID_RETURNED;
    /// NDIS-OID-02, 0x00091002.
    completing_a_request_twice: CompletesOidTwice is OID_COMPLETE in "NdisMOidRequestComplete";
    /// NDIS-OID-02, 0x00091001.
    completing_a_request_as_pending: CompletesOidPending is OID_PENDING;
    /// NDIS-DOID-02, 0x7C/0x26.
    completing_a_direct_request_twice: CompletesDirectTwice is OID_DIRECT in "NdisMDirectOidRequestComplete";
    /// NDIS-OID-03.
    completing_a_direct_request_and_returning: CompletesDirectAndReturns is OID_RETURNED;
    /// NDIS-OID-10, 0x00092003.
    never_answering_a_request: NeverAnswers is OID_TIMEOUT;
    /// NDIS-OID-13.
    halving_a_statistic_wrongly: HalvesWrongly is OID_64_LOW;
    /// NDIS-OID-13.
    answering_half_a_statistic: AnswersHalf is OID_64_FULL;
    /// NDIS-OID-13.
    asking_for_half_a_statistic: AsksForHalf is OID_64_NONE;
    /// NDIS-OID-14.
    misstating_the_statistics: MisstatesStatistics is OID_STATISTICS;
    /// NDIS-OID-17.
    lacking_a_mandatory_set: LacksMandatoryOid is OID_LIST_SET in "NdisMSetMiniportAttributes";
    /// NDIS-OID-16.
    lacking_a_mandatory_query: LacksMandatoryQuery is OID_LIST_QUERY in "NdisMSetMiniportAttributes";
    /// NDIS-OID-23.
    sending_an_event_in_a_request: SendsEventInOid is OID_PNP_EVENT in "NdisMNetPnPEvent";
    /// NDIS-PM-01, 0x7C/0x1C.
    failing_a_power_query: FailsQueryPower is OID_QUERY_POWER;
    /// NDIS-PM-02, 0x00091001.
    failing_a_power_change: FailsSetPower is OID_SET_POWER;
    /// 0x00091001.
    failing_a_removal: FailsRemoval is OID_REMOVE;
    /// NDIS-SURP-02.
    answering_after_a_removal: AnswersAfterRemoval is SURPRISE_OID;
}
