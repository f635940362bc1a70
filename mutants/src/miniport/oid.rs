//! OID requests.

use super::{
    FAILURE,
    handlers::{self, PENDING, SUCCESS},
    memory, resources, state,
    status::{LINK, indicate, indicate_link},
};
use crate::{
    abi::{NDIS_OID_REQUEST as Request, Ptr, address, c, fill, import, read, write},
    fault::{Fault, is},
};

/// Places in the union of an OID request.
const OID: u64 = 0;
const BUFFER: u64 = 8;
const LENGTH: u64 = 16;
const DONE: u64 = 20;
const NEEDED: u64 = 24;
const INVALID_OID: u64 = c::NDIS_STATUS_INVALID_OID as u64;
const INVALID_LENGTH: u64 = c::NDIS_STATUS_INVALID_LENGTH as u64;

/// An OID request, where the driver sees it.
struct Asked {
    data: u64,
    oid: u32,
    buffer: u64,
    length: u32,
}

impl Asked {
    /// So many bytes were written or read.
    fn done(&self, count: u32) -> u64 {
        write(self.data + DONE, count);
        SUCCESS
    }

    fn short(&self, needed: u32) -> u64 {
        write(self.data + NEEDED, needed);
        INVALID_LENGTH
    }
}

/// `MiniportOidRequest`: every query has four bytes for an answer, or what it is known to have; link parameters take
/// time.
pub extern "system" fn request(_context: u64, request: u64) -> u64 {
    let p: Ptr<Request> = Ptr::new(request);
    let data = p.at(Request::DATA);
    let asked =
        Asked { data, oid: read(data + OID), buffer: read(data + BUFFER), length: read(data + LENGTH) };
    if state().removed.get() && !is(Fault::AnswersAfterRemoval) {
        return u64::from(c::NDIS_STATUS_NOT_ACCEPTED);
    }
    state_faults();
    status_faults();
    if asked.oid == c::OID_GEN_LINK_PARAMETERS {
        return link_parameters(request);
    }
    if p.get(Request::RequestType) == c::NdisRequestSetInformation {
        return set(&asked);
    }
    query(&asked)
}

/// `MiniportDirectOidRequest`: it takes time, and every OID is unknown.
pub extern "system" fn direct(_context: u64, request: u64) -> u64 {
    let adapter = state().adapter.get();
    for _ in 0..=u32::from(is(Fault::CompletesDirectTwice)) {
        import!(NdisMDirectOidRequestComplete, adapter, request, INVALID_OID);
    }
    if is(Fault::CompletesDirectAndReturns) { INVALID_OID } else { PENDING }
}

fn set(asked: &Asked) -> u64 {
    let fails = match asked.oid {
        c::OID_PNP_SET_POWER => is(Fault::FailsSetPower),
        c::OID_PM_REMOVE_WOL_PATTERN => is(Fault::FailsRemoval),
        _ => false,
    };
    if fails {
        return FAILURE;
    }
    if asked.oid == c::OID_GEN_CURRENT_PACKET_FILTER {
        state().filtering.set(read::<u32>(asked.buffer) != 0);
    }
    asked.done(asked.length + u32::from(is(Fault::ReadsTooMuch)))
}

fn query(asked: &Asked) -> u64 {
    match asked.oid {
        c::OID_GEN_XMIT_OK => return statistic(asked),
        c::OID_GEN_STATISTICS => return statistics(asked),
        c::OID_PNP_QUERY_POWER if is(Fault::FailsQueryPower) => return FAILURE,
        c::OID_GEN_VENDOR_ID if is(Fault::AnswersNothing) => return asked.done(0),
        oid if oid & 0xFF00_0000 == 0x0200_0000 && !is(Fault::AnswersUnknown) => return INVALID_OID,
        _ => {}
    }
    if is(Fault::RequiresIndication) {
        return u64::from(c::NDIS_STATUS_INDICATION_REQUIRED);
    }
    if asked.length < 4 {
        return asked.short(if is(Fault::NeedsTooLittle) { 0 } else { 4 });
    }
    memory::in_request(asked.buffer, asked.length);
    write(asked.buffer, 1514_u32);
    if is(Fault::WritesPastBuffer) {
        write(asked.buffer + u64::from(asked.length), 0_u8);
    }
    asked.done(if is(Fault::AnswersTooLong) { asked.length + 1 } else { 4 })
}

/// A statistic of 64 bits.
fn statistic(asked: &Asked) -> u64 {
    match asked.length {
        8.. => {
            write(asked.buffer, 7_u64);
            asked.done(if is(Fault::AnswersHalf) { 4 } else { 8 })
        }
        4 => {
            write(asked.buffer, 7_u32);
            write(asked.data + NEEDED, if is(Fault::HalvesWrongly) { 4_u32 } else { 8 });
            asked.done(4)
        }
        _ => asked.short(if is(Fault::AsksForHalf) { 4 } else { 8 }),
    }
}

/// `NDIS_STATISTICS_INFO`.
fn statistics(asked: &Asked) -> u64 {
    let size = c::NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    if asked.length < size {
        return asked.short(size);
    }
    fill(asked.buffer, 0, size as usize);
    write(asked.buffer, c::NDIS_OBJECT_TYPE_DEFAULT as u8);
    write(asked.buffer + 1, 1_u8);
    write(asked.buffer + 2, if is(Fault::MisstatesStatistics) { 8 } else { size as u16 });
    asked.done(size)
}

fn link_parameters(request: u64) -> u64 {
    let state = state();
    state.request.set(request);
    if is(Fault::CompletesOidAndReturns) {
        import!(NdisMOidRequestComplete, state.adapter.get(), request, SUCCESS);
        return SUCCESS;
    }
    import!(NdisQueueIoWorkItem, state.work_item.get(), address!(end_request), 0);
    PENDING
}

extern "system" fn end_request(_context: u64, _item: u64) {
    let (adapter, request) = (state().adapter.get(), state().request.get());
    if is(Fault::NeverAnswers) {
        return;
    }
    let p: Ptr<Request> = Ptr::new(request);
    p.set(Request::SupportedRevision, if is(Fault::HonoursNewerRevision) { 2 } else { 1 });
    write(p.at(Request::DATA) + DONE, 32_u32);
    let status = if is(Fault::CompletesOidPending) { PENDING } else { SUCCESS };
    import!(NdisMOidRequestComplete, adapter, request, status);
    memory::after_request(request);
    if is(Fault::CompletesOidTwice) {
        import!(NdisMOidRequestComplete, adapter, request, status);
    }
}

/// Calls that come at the wrong time: the adapter runs, and nothing is pending.
fn state_faults() {
    let adapter = state().adapter.get();
    if is(Fault::CompletesNoPause) {
        import!(NdisMPauseComplete, adapter);
    }
    if is(Fault::CompletesNoRestart) {
        import!(NdisMRestartComplete, adapter, SUCCESS);
    }
    if is(Fault::CompletesNoReset) {
        import!(NdisMResetComplete, adapter, SUCCESS, 0);
    }
    if is(Fault::MapsOutsideInitialize) {
        resources::map(adapter);
    }
    if is(Fault::SharesOutsideInitialize) {
        resources::share(adapter, resources::SHARED);
    }
    if is(Fault::ConnectsOutsideInitialize) {
        resources::connect(adapter);
    }
    if is(Fault::RegistersDmaLate) {
        resources::register_dma(adapter);
    }
    if is(Fault::RegistersLate) {
        resources::register(adapter);
    }
    if is(Fault::UnmapsEarly) {
        import!(NdisMUnmapIoSpace, adapter, state().mapping.get(), resources::REGISTERS);
    }
    if is(Fault::SendsEventInOid) {
        import!(NdisMNetPnPEvent, adapter, 0);
    }
    if is(Fault::ClaimsDispatchReceiving) {
        handlers::indicate(1, c::NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    }
}

/// Indications that are wrong.
fn status_faults() {
    let adapter = state().adapter.get();
    if is(Fault::IndicatesReset) {
        indicate(adapter, adapter, c::NDIS_STATUS_RESET_START, 0);
    }
    if is(Fault::IndicatesShortLink) {
        indicate(adapter, adapter, c::NDIS_STATUS_LINK_STATE, 8);
    }
    if is(Fault::IndicatesOthersStatus) {
        indicate(adapter, adapter + 8, c::NDIS_STATUS_LINK_STATE, LINK);
    }
    if is(Fault::RepeatsLink) {
        indicate_link(adapter);
    }
}
