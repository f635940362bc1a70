//! Every OID that is answered: one row each.

use ferrite_ddk::Status;
use ferrite_ddk::ndis::{self, NDIS_OID};

use super::request::{Kind, Outcome, Request};
use super::{query, set};
use crate::adapter::Adapter;
use crate::stats::Statistics;

/// How a query is answered.
pub enum Query {
    /// It is not.
    No,
    /// A 32-bit number.
    Number(fn(&Adapter) -> u32),
    /// A counter: 64 bits, or the low half for who has room for that only (NDIS-OID-13).
    Counter(fn(&Statistics) -> u64),
    /// So many bytes.
    Bytes(u32, fn(&Adapter, &mut [u8])),
    /// The handler looks at the buffer's length itself.
    List(fn(&Adapter, &mut [u8]) -> Outcome),
}

/// How a set is carried out.
pub enum Set {
    /// It is not.
    No,
    /// At least so many bytes of which structure revision (0: no structure), then the handler.
    Bytes(u32, u8, fn(&Adapter, &[u8]) -> Outcome),
    /// At least so many bytes, then a handler that may pend.
    Deferred(u32, fn(&Adapter, &mut Request) -> Outcome),
}

/// A row.
pub struct Row {
    /// The OID.
    pub oid: NDIS_OID,
    /// Its query.
    pub query: Query,
    /// Its set.
    pub set: Set,
}

const fn row(oid: NDIS_OID, query: Query, set: Set) -> Row {
    Row { oid, query, set }
}

const fn number(oid: NDIS_OID, read: fn(&Adapter) -> u32) -> Row {
    row(oid, Query::Number(read), Set::No)
}

const fn counter(oid: NDIS_OID, read: fn(&Statistics) -> u64) -> Row {
    row(oid, Query::Counter(read), Set::No)
}

const fn bytes(oid: NDIS_OID, length: u32, fill: fn(&Adapter, &mut [u8])) -> Row {
    row(oid, Query::Bytes(length, fill), Set::No)
}

/// The table. The mandatory OIDs (NDIS-OID-16, -17), the statistics OIDs of old, Ethernet's, and power's.
const ROW_COUNT: usize = 62;
static ROWS: [Row; ROW_COUNT] = [
    number(ndis::OID_GEN_HARDWARE_STATUS, query::hardware_status),
    number(ndis::OID_GEN_MAXIMUM_LOOKAHEAD, query::mtu),
    number(ndis::OID_GEN_MAXIMUM_FRAME_SIZE, query::mtu),
    number(ndis::OID_GEN_TRANSMIT_BUFFER_SPACE, query::transmit_space),
    number(ndis::OID_GEN_RECEIVE_BUFFER_SPACE, query::receive_space),
    number(ndis::OID_GEN_TRANSMIT_BLOCK_SIZE, query::max_frame),
    number(ndis::OID_GEN_RECEIVE_BLOCK_SIZE, query::receive_block),
    number(ndis::OID_GEN_VENDOR_ID, query::vendor_id),
    bytes(ndis::OID_GEN_VENDOR_DESCRIPTION, query::DESCRIPTION_LENGTH, query::vendor_description),
    row(
        ndis::OID_GEN_CURRENT_PACKET_FILTER,
        Query::Number(query::packet_filter),
        Set::Bytes(4, 0, set::packet_filter),
    ),
    row(ndis::OID_GEN_CURRENT_LOOKAHEAD, Query::Number(query::lookahead), Set::Bytes(4, 0, set::lookahead)),
    bytes(ndis::OID_GEN_DRIVER_VERSION, 2, query::ndis_version),
    number(ndis::OID_GEN_MAXIMUM_TOTAL_SIZE, query::max_frame),
    number(ndis::OID_GEN_MAC_OPTIONS, query::mac_options),
    number(ndis::OID_GEN_MEDIA_CONNECT_STATUS, query::media_connect_status),
    number(ndis::OID_GEN_MAXIMUM_SEND_PACKETS, query::maximum_send_packets),
    number(ndis::OID_GEN_VENDOR_DRIVER_VERSION, query::driver_version),
    row(
        ndis::OID_GEN_LINK_PARAMETERS,
        Query::No,
        Set::Deferred(ndis::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1 as u32, set::link_parameters),
    ),
    row(
        ndis::OID_GEN_INTERRUPT_MODERATION,
        Query::Bytes(
            ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1 as u32,
            query::interrupt_moderation,
        ),
        Set::Bytes(
            ndis::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1 as u32,
            ndis::NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1,
            set::interrupt_moderation,
        ),
    ),
    // Statistics.
    bytes(ndis::OID_GEN_STATISTICS, ndis::NDIS_SIZEOF_STATISTICS_INFO_REVISION_1 as u32, query::statistics),
    counter(ndis::OID_GEN_XMIT_OK, |s| s.send.sent.frames()),
    counter(ndis::OID_GEN_RCV_OK, |s| s.receive.received.frames()),
    counter(ndis::OID_GEN_XMIT_ERROR, Statistics::send_errors),
    counter(ndis::OID_GEN_RCV_ERROR, Statistics::receive_errors),
    counter(ndis::OID_GEN_RCV_NO_BUFFER, Statistics::receive_discards),
    counter(ndis::OID_GEN_DIRECTED_BYTES_XMIT, |s| s.send.sent.directed.bytes),
    counter(ndis::OID_GEN_DIRECTED_FRAMES_XMIT, |s| s.send.sent.directed.frames),
    counter(ndis::OID_GEN_MULTICAST_BYTES_XMIT, |s| s.send.sent.multicast.bytes),
    counter(ndis::OID_GEN_MULTICAST_FRAMES_XMIT, |s| s.send.sent.multicast.frames),
    counter(ndis::OID_GEN_BROADCAST_BYTES_XMIT, |s| s.send.sent.broadcast.bytes),
    counter(ndis::OID_GEN_BROADCAST_FRAMES_XMIT, |s| s.send.sent.broadcast.frames),
    counter(ndis::OID_GEN_DIRECTED_BYTES_RCV, |s| s.receive.received.directed.bytes),
    counter(ndis::OID_GEN_DIRECTED_FRAMES_RCV, |s| s.receive.received.directed.frames),
    counter(ndis::OID_GEN_MULTICAST_BYTES_RCV, |s| s.receive.received.multicast.bytes),
    counter(ndis::OID_GEN_MULTICAST_FRAMES_RCV, |s| s.receive.received.multicast.frames),
    counter(ndis::OID_GEN_BROADCAST_BYTES_RCV, |s| s.receive.received.broadcast.bytes),
    counter(ndis::OID_GEN_BROADCAST_FRAMES_RCV, |s| s.receive.received.broadcast.frames),
    counter(ndis::OID_GEN_RCV_CRC_ERROR, |s| s.hardware.crc_errors),
    number(ndis::OID_GEN_TRANSMIT_QUEUE_LENGTH, query::transmit_queue_length),
    counter(ndis::OID_GEN_BYTES_RCV, |s| s.receive.received.bytes()),
    counter(ndis::OID_GEN_BYTES_XMIT, |s| s.send.sent.bytes()),
    counter(ndis::OID_GEN_RCV_DISCARDS, Statistics::receive_discards),
    counter(ndis::OID_GEN_XMIT_DISCARDS, |s| s.send.discards),
    // Ethernet.
    bytes(ndis::OID_802_3_PERMANENT_ADDRESS, ndis::ETH_LENGTH_OF_ADDRESS, query::permanent_address),
    bytes(ndis::OID_802_3_CURRENT_ADDRESS, ndis::ETH_LENGTH_OF_ADDRESS, query::current_address),
    row(
        ndis::OID_802_3_MULTICAST_LIST,
        Query::List(query::multicast_list),
        Set::Bytes(0, 0, set::multicast_list),
    ),
    number(ndis::OID_802_3_MAXIMUM_LIST_SIZE, query::maximum_list_size),
    counter(ndis::OID_802_3_RCV_ERROR_ALIGNMENT, |s| s.hardware.alignment_errors),
    counter(ndis::OID_802_3_XMIT_ONE_COLLISION, |s| s.hardware.single_collisions),
    counter(ndis::OID_802_3_XMIT_MORE_COLLISIONS, |s| s.hardware.multiple_collisions),
    counter(ndis::OID_802_3_XMIT_DEFERRED, |s| s.hardware.deferred),
    counter(ndis::OID_802_3_XMIT_MAX_COLLISIONS, |s| s.hardware.excessive_collisions),
    counter(ndis::OID_802_3_RCV_OVERRUN, |s| s.hardware.missed),
    counter(ndis::OID_802_3_XMIT_UNDERRUN, |_| 0),
    counter(ndis::OID_802_3_XMIT_HEARTBEAT_FAILURE, |_| 0),
    counter(ndis::OID_802_3_XMIT_TIMES_CRS_LOST, |s| s.hardware.no_carrier),
    counter(ndis::OID_802_3_XMIT_LATE_COLLISIONS, |s| s.hardware.late_collisions),
    // Power.
    row(ndis::OID_PNP_QUERY_POWER, Query::Bytes(4, query::power), Set::No),
    row(ndis::OID_PNP_SET_POWER, Query::No, Set::Deferred(4, set::power)),
    row(
        ndis::OID_PM_PARAMETERS,
        Query::No,
        Set::Bytes(
            ndis::NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1 as u32,
            ndis::NDIS_PM_PARAMETERS_REVISION_1,
            set::pm_parameters,
        ),
    ),
    // Known, and without the feature behind them: see `dispatch`.
    row(ndis::OID_TCP_OFFLOAD_PARAMETERS, Query::No, Set::No),
    row(ndis::OID_GEN_RECEIVE_SCALE_PARAMETERS, Query::No, Set::No),
];

/// Rows at the end that are known but not supported.
const UNSUPPORTED: usize = 2;

/// `SupportedOidList` of the general attributes (NDIS-OID-22).
pub static SUPPORTED: [NDIS_OID; ROWS_SUPPORTED] = {
    let mut list = [0; ROWS_SUPPORTED];
    let mut index = 0;
    while index < ROWS_SUPPORTED {
        list[index] = ROWS[index].oid;
        index += 1;
    }
    list
};
const ROWS_SUPPORTED: usize = ROW_COUNT - UNSUPPORTED;

/// Carries a request out.
pub fn dispatch(adapter: &Adapter, request: &mut Request) -> Status {
    let oid = request.oid();
    // NDIS-OID-06.
    let Some(row) = ROWS.iter().find(|row| row.oid == oid) else {
        return request.conclude(Outcome::Failed(Status::INVALID_OID), 0);
    };
    let (outcome, revision) = match request.kind() {
        Kind::Query => (answer(adapter, &row.query, request.buffer()), 0),
        Kind::Set => carry_out(adapter, &row.set, request),
        Kind::Method => (Outcome::Failed(Status::NOT_SUPPORTED), 0),
    };
    request.conclude(outcome, revision)
}

fn answer(adapter: &Adapter, query: &Query, buffer: &mut [u8]) -> Outcome {
    match query {
        Query::No => Outcome::Failed(Status::NOT_SUPPORTED),
        Query::Number(read) => write(buffer, &read(adapter).to_ne_bytes()),
        Query::Counter(read) => {
            const { assert!(cfg!(target_endian = "little")) };
            if buffer.len() < 4 {
                return Outcome::Short(8);
            }
            let value = read(&adapter.statistics()).to_le_bytes();
            if buffer.len() >= 8 {
                return write(buffer, &value);
            }
            let [a, b, c, d, ..] = value;
            match write(buffer, &[a, b, c, d]) {
                Outcome::Done(written) => Outcome::Partial(written, 8),
                other => other,
            }
        }
        Query::Bytes(length, fill) => match buffer.get_mut(..*length as usize) {
            Some(place) => {
                fill(adapter, place);
                Outcome::Done(*length)
            }
            None => Outcome::Short(*length),
        },
        Query::List(fill) => fill(adapter, buffer),
    }
}

fn carry_out(adapter: &Adapter, set: &Set, request: &mut Request) -> (Outcome, u8) {
    match *set {
        Set::No => (Outcome::Failed(Status::NOT_SUPPORTED), 0),
        Set::Bytes(length, revision, apply) => {
            let buffer = request.buffer();
            if buffer.len() < length as usize {
                (Outcome::Short(length), 0)
            } else {
                (apply(adapter, buffer), revision)
            }
        }
        Set::Deferred(length, apply) => {
            let short = request.buffer().len() < length as usize;
            (if short { Outcome::Short(length) } else { apply(adapter, request) }, 0)
        }
    }
}

/// Copies a value to the front of the buffer.
fn write(buffer: &mut [u8], value: &[u8]) -> Outcome {
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    match buffer.get_mut(..value.len()) {
        Some(place) => {
            place.copy_from_slice(value);
            Outcome::Done(length)
        }
        None => Outcome::Short(length),
    }
}
