//! OID requests.

crate::mutants! {
    /// NDIS-OID-07, 0x7C/0x1D.
    reporting_more_than_the_buffer_holds: AnswersTooLong is OID_OVERRUN;
    /// NDIS-OID-07.
    writing_past_the_buffer: WritesPastBuffer is OID_OVERRUN;
    /// NDIS-OID-05.
    needing_no_more_than_there_was: NeedsTooLittle is OID_NEEDED;
    /// NDIS-OID-03.
    completing_a_request_and_returning_success: CompletesOidAndReturns is OID_COMPLETE;
    /// NDIS-OID-02, 0x00091002.
    completing_a_request_twice: CompletesOidTwice is OID_COMPLETE in "NdisMOidRequestComplete";
    /// NDIS-OID-02.
    completing_a_request_as_pending: CompletesOidPending is OID_COMPLETE;
    /// NDIS-OID-10, 0x00092003.
    never_answering_a_request: NeverAnswers is OID_TIMEOUT;
    /// NDIS-OID-22.
    lacking_a_mandatory_oid: LacksMandatoryOid is OID_LIST in "NdisMSetMiniportAttributes";
}
