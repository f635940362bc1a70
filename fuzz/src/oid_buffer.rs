//! OID requests with any buffer: what the driver makes of the request, of what a set asks for, and how it reports.
//!
//! The buffer lies at any alignment between guard bytes, and is as long as the input says: what is read must lie in it,
//! which the length of the slice shows, and nothing around it may change.

use std::ffi::c_void;
use std::ptr;

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_OID_REQUEST};
use ferrite_driver::{Kind, Outcome, Request, wanted};
use ferrite_nic::{FlowControl, SpeedDuplex};

use crate::input::Input;

const GUARD: [u8; 16] = [0xa5; 16];
const UNTOUCHED: u32 = 0xdead_beef;
const INVALID: Outcome = Outcome::Failed(Status::INVALID_DATA);

/// Runs one input: the OID, the kind of request, the alignment, then the buffer.
///
/// # Panics
/// A property does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let judge = input.one_of(&JUDGES);
    let kinds = [ndis::NdisRequestSetInformation, ndis::NdisRequestQueryInformation, ndis::NdisRequestMethod];
    let kind = match input.u8() {
        known @ 0..3 => kinds[usize::from(known)],
        other => other.into(),
    };
    let (skip, revision) = (usize::from(input.u8() & 15), input.u8() & 3);
    let buffer = input.take(data.len());

    let mut memory = [&GUARD[..], &GUARD[..skip], buffer, &GUARD[..]].concat();
    let place = &raw mut memory[GUARD.len() + skip..];
    let buffer_at = if revision == 3 && buffer.is_empty() { ptr::null_mut() } else { place.cast::<c_void>() };
    let mut oid_request = request(kind, buffer_at, u32::try_from(buffer.len()).expect("a short input"));
    // SAFETY: the request and its buffer are this function's own and outlive the value; nobody else uses them.
    let mut request = unsafe { Request::new(&raw mut oid_request) }.expect("not NULL");
    let expected_kind = match kind {
        ndis::NdisRequestQueryInformation | ndis::NdisRequestQueryStatistics => Kind::Query,
        ndis::NdisRequestSetInformation => Kind::Set,
        _ => Kind::Method,
    };
    assert_eq!((request.kind(), request.oid()), (expected_kind, ndis::OID_GEN_LINK_PARAMETERS));
    let seen = request.buffer();
    assert_eq!(seen, buffer, "the buffer and no more");
    assert!(seen.is_empty() || ptr::addr_eq(seen, place), "the buffer itself");
    let outcome = judge(seen);
    let status = request.conclude(outcome, revision);

    check_report(&oid_request, expected_kind, outcome, status, revision);
    let (front, rest) = memory.split_at(GUARD.len() + skip);
    let (middle, back) = rest.split_at(buffer.len());
    assert_eq!(middle, buffer, "a set's buffer is only read");
    assert!(
        front.iter().chain(back).all(|byte| GUARD.contains(byte)),
        "memory around the buffer was written"
    );
}

fn request(kind: ndis::NDIS_REQUEST_TYPE, buffer: *mut c_void, length: u32) -> NDIS_OID_REQUEST {
    NDIS_OID_REQUEST {
        Header: ndis::NDIS_OBJECT_HEADER { Type: 0, Revision: 0, Size: 0 },
        RequestType: kind,
        PortNumber: 0,
        Timeout: 0,
        RequestId: ptr::null_mut(),
        RequestHandle: ptr::null_mut(),
        DATA: ndis::_NDIS_OID_REQUEST__REQUEST_DATA {
            QUERY_INFORMATION: ndis::_NDIS_OID_REQUEST__REQUEST_DATA__QUERY {
                Oid: ndis::OID_GEN_LINK_PARAMETERS,
                InformationBuffer: buffer,
                InformationBufferLength: length,
                BytesWritten: UNTOUCHED,
                BytesNeeded: UNTOUCHED,
            },
        },
        NdisReserved: [0; 128],
        MiniportReserved: [0; 16],
        SourceReserved: [0; 16],
        SupportedRevision: 0xee,
        Reserved1: 0,
        Reserved2: 0,
    }
}

/// NDIS-OID-05, -07, -08: bytes read, bytes needed, revision and status agree with each other and with the buffer.
fn check_report(request: &NDIS_OID_REQUEST, kind: Kind, outcome: Outcome, status: Status, revision: u8) {
    // SAFETY: the member was initialised; the driver writes through it only.
    let report = unsafe { request.DATA.QUERY_INFORMATION };
    let length = report.InformationBufferLength;
    let (moved, needed, expected) = match outcome {
        Outcome::Done(moved) => (moved, 0, Status::SUCCESS),
        Outcome::Short(needed) => (0, needed, Status::INVALID_LENGTH),
        Outcome::Failed(status) => (0, 0, status),
        Outcome::Partial(..) | Outcome::Pending => panic!("{outcome:?} of a buffer"),
    };
    assert_eq!(status, expected);
    assert!(moved <= length, "{moved} bytes read of {length}");
    if let Outcome::Short(needed) = outcome {
        assert!(needed > length, "{length} bytes are too few, {needed} are needed");
    }
    let numbers = if kind == Kind::Method { (UNTOUCHED, UNTOUCHED) } else { (moved, needed) };
    assert_eq!((report.BytesWritten, report.BytesNeeded), numbers);
    let supported = kind == Kind::Set && status == Status::SUCCESS && revision != 0;
    assert_eq!(request.SupportedRevision, if supported { revision } else { 0xee });
}

type Judge = fn(&[u8]) -> Outcome;

/// Sets, each against a second opinion that reads the buffer by its offsets.
const JUDGES: [Judge; 5] =
    [link_parameters, interrupt_moderation, multicast_list, packet_filter, pm_parameters];

fn done<T>(result: &Result<T, Outcome>, read: usize) -> Outcome {
    match result {
        Ok(_) => Outcome::Done(u32::try_from(read).expect("a short input")),
        Err(outcome) => *outcome,
    }
}

fn u32_at(buffer: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(buffer[at..at + 4].try_into().expect("four bytes"))
}

/// Type, revision 1 or later, and at least this size.
fn is_header(buffer: &[u8], size: u16) -> bool {
    let [kind, revision, low, high] = u32_at(buffer, 0).to_le_bytes();
    kind == 0x80 && revision >= 1 && u16::from_le_bytes([low, high]) >= size
}

fn link_parameters(buffer: &[u8]) -> Outcome {
    let found = wanted::link_parameters(buffer);
    if buffer.len() < 32 {
        assert_eq!(found, Err(Outcome::Short(32)));
        return done(&found, 0);
    }
    let speeds = [8, 16].map(|at| u64::from(u32_at(buffer, at)) | u64::from(u32_at(buffer, at + 4)) << 32);
    let [duplex, pause, flags] = [4, 24, 28].map(|at| u32_at(buffer, at));
    let speed = match (speeds, duplex) {
        _ if flags & 7 == 7 => Some(SpeedDuplex::Auto),
        ([10_000_000, 10_000_000], 1) => Some(SpeedDuplex::Half10),
        ([10_000_000, 10_000_000], 2) => Some(SpeedDuplex::Full10),
        ([100_000_000, 100_000_000], 1) => Some(SpeedDuplex::Half100),
        ([100_000_000, 100_000_000], 2) => Some(SpeedDuplex::Full100),
        ([1_000_000_000, 1_000_000_000], 2) => Some(SpeedDuplex::Full1000),
        _ => None,
    };
    let flow = match pause {
        _ if flags & 8 != 0 => Some(FlowControl::Auto),
        0 => Some(FlowControl::Disabled),
        1 => Some(FlowControl::Transmit),
        2 => Some(FlowControl::Receive),
        3 => Some(FlowControl::Both),
        4 => Some(FlowControl::Auto),
        _ => None,
    };
    let expected = speed.zip(flow).filter(|_| is_header(buffer, 32)).ok_or(INVALID);
    assert_eq!(found, expected);
    done(&found, 32)
}

fn interrupt_moderation(buffer: &[u8]) -> Outcome {
    let found = wanted::interrupt_moderation(buffer);
    let expected = if buffer.len() < 12 {
        Err(Outcome::Short(12))
    } else {
        match u32_at(buffer, 8) {
            state @ 2..=3 if is_header(buffer, 12) => Ok(state == 2),
            _ => Err(INVALID),
        }
    };
    assert_eq!(found, expected);
    done(&found, 12)
}

fn multicast_list(buffer: &[u8]) -> Outcome {
    let found = wanted::multicast_list(buffer);
    match &found {
        Ok(list) => {
            let bytes: Vec<u8> = list.iter().flat_map(|address| address.0).collect();
            assert_eq!(bytes, buffer, "the list, in order");
            assert!(list.len() <= 64 && list.iter().all(|address| address.0[0] & 1 == 1));
        }
        Err(Outcome::Short(needed)) => {
            assert!(!buffer.len().is_multiple_of(6));
            assert_eq!(*needed as usize, buffer.len().next_multiple_of(6));
        }
        Err(Outcome::Failed(Status::MULTICAST_FULL)) => assert!(buffer.len() > 64 * 6),
        Err(outcome) => {
            assert_eq!(*outcome, INVALID);
            assert!(buffer.chunks(6).any(|address| address[0] & 1 == 0));
        }
    }
    done(&found, buffer.len())
}

fn packet_filter(buffer: &[u8]) -> Outcome {
    if buffer.len() < 4 {
        // The table of OIDs has seen to that before.
        return Outcome::Short(4);
    }
    let types = u32_at(buffer, 0);
    let found = wanted::packet_filter(buffer);
    let unsupported = Outcome::Failed(Status::NOT_SUPPORTED);
    let expected = if types & !0x2f == 0 { Ok(types) } else { Err(unsupported) };
    assert_eq!(found.map(ferrite_nic::PacketFilter::types), expected);
    done(&found, 4)
}

fn pm_parameters(buffer: &[u8]) -> Outcome {
    let found = wanted::no_wake_up(buffer);
    let expected = if buffer.len() < 16 {
        Err(Outcome::Short(16))
    } else if is_header(buffer, 16) && buffer[4..16].iter().all(|&byte| byte == 0) {
        Ok(())
    } else {
        Err(INVALID)
    };
    assert_eq!(found, expected);
    done(&found, 16)
}
