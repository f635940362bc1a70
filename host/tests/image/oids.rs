//! OID requests with buffers of every length, and with every kind of bad contents.

use crate::common::rig::{Rig, play, setup};
use ferrite_host::{
    abi::constants as c,
    ndis::oid::{Answer, mandatory},
    world::world,
};

/// What a buffer holds before a query.
const UNTOUCHED: u8 = 0xA5;
/// Longer than any answer.
const ROOM: usize = 4096;

/// How a query's answer is laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Exactly so many bytes.
    Bytes(usize),
    /// A counter of 64 bits, of which a buffer of 4 bytes gets the low half (NDIS-OID-13).
    Counter,
    /// Zero-terminated text of any length.
    Text,
    /// Any multiple of so many bytes.
    ListOf(usize),
    /// Set only.
    NotSupported,
}

/// The layout of every OID that an Ethernet miniport may answer, from the documentation of the OIDs.
fn kind(oid: u32) -> Option<Kind> {
    macro_rules! any {
        ($($name:ident),* $(,)?) => { [$(c::$name),*].contains(&oid) };
    }
    if any![
        OID_GEN_XMIT_OK,
        OID_GEN_RCV_OK,
        OID_GEN_XMIT_ERROR,
        OID_GEN_RCV_ERROR,
        OID_GEN_RCV_NO_BUFFER,
        OID_GEN_DIRECTED_BYTES_XMIT,
        OID_GEN_DIRECTED_FRAMES_XMIT,
        OID_GEN_MULTICAST_BYTES_XMIT,
        OID_GEN_MULTICAST_FRAMES_XMIT,
        OID_GEN_BROADCAST_BYTES_XMIT,
        OID_GEN_BROADCAST_FRAMES_XMIT,
        OID_GEN_DIRECTED_BYTES_RCV,
        OID_GEN_DIRECTED_FRAMES_RCV,
        OID_GEN_MULTICAST_BYTES_RCV,
        OID_GEN_MULTICAST_FRAMES_RCV,
        OID_GEN_BROADCAST_BYTES_RCV,
        OID_GEN_BROADCAST_FRAMES_RCV,
        OID_GEN_RCV_CRC_ERROR,
        OID_GEN_BYTES_RCV,
        OID_GEN_BYTES_XMIT,
        OID_GEN_RCV_DISCARDS,
        OID_GEN_XMIT_DISCARDS,
        OID_802_3_RCV_ERROR_ALIGNMENT,
        OID_802_3_XMIT_ONE_COLLISION,
        OID_802_3_XMIT_MORE_COLLISIONS,
        OID_802_3_XMIT_DEFERRED,
        OID_802_3_XMIT_MAX_COLLISIONS,
        OID_802_3_RCV_OVERRUN,
        OID_802_3_XMIT_UNDERRUN,
        OID_802_3_XMIT_HEARTBEAT_FAILURE,
        OID_802_3_XMIT_TIMES_CRS_LOST,
        OID_802_3_XMIT_LATE_COLLISIONS,
    ] {
        return Some(Kind::Counter);
    }
    if any![
        OID_GEN_TRANSMIT_QUEUE_LENGTH,
        OID_GEN_HARDWARE_STATUS,
        OID_GEN_MAXIMUM_LOOKAHEAD,
        OID_GEN_MAXIMUM_FRAME_SIZE,
        OID_GEN_TRANSMIT_BUFFER_SPACE,
        OID_GEN_RECEIVE_BUFFER_SPACE,
        OID_GEN_TRANSMIT_BLOCK_SIZE,
        OID_GEN_RECEIVE_BLOCK_SIZE,
        OID_GEN_VENDOR_ID,
        OID_GEN_CURRENT_PACKET_FILTER,
        OID_GEN_CURRENT_LOOKAHEAD,
        OID_GEN_MAXIMUM_TOTAL_SIZE,
        OID_GEN_MAC_OPTIONS,
        OID_GEN_MEDIA_CONNECT_STATUS,
        OID_GEN_MAXIMUM_SEND_PACKETS,
        OID_GEN_VENDOR_DRIVER_VERSION,
        OID_802_3_MAXIMUM_LIST_SIZE,
        OID_PNP_QUERY_POWER,
    ] {
        return Some(Kind::Bytes(4));
    }
    match oid {
        c::OID_GEN_DRIVER_VERSION => Some(Kind::Bytes(2)),
        c::OID_GEN_STATISTICS => Some(Kind::Bytes(c::NDIS_SIZEOF_STATISTICS_INFO_REVISION_1 as usize)),
        c::OID_GEN_INTERRUPT_MODERATION => {
            Some(Kind::Bytes(c::NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1 as usize))
        }
        c::OID_802_3_PERMANENT_ADDRESS | c::OID_802_3_CURRENT_ADDRESS => Some(Kind::Bytes(6)),
        c::OID_802_3_MULTICAST_LIST => Some(Kind::ListOf(6)),
        c::OID_GEN_VENDOR_DESCRIPTION => Some(Kind::Text),
        c::OID_GEN_LINK_PARAMETERS | c::OID_PNP_SET_POWER | c::OID_PM_PARAMETERS => Some(Kind::NotSupported),
        _ => None,
    }
}

fn query(rig: &Rig, oid: u32, size: usize) -> Answer {
    world().ndis.query(&rig.adapter, oid, size)
}

fn set(rig: &Rig, oid: u32, value: &[u8]) -> Answer {
    world().ndis.set(&rig.adapter, oid, value)
}

/// A refusal says how much is needed, and leaves the buffer alone.
#[track_caller]
fn assert_short(oid: u32, size: usize, answer: &Answer, needed: usize) {
    let statuses = [c::NDIS_STATUS_INVALID_LENGTH, c::NDIS_STATUS_BUFFER_TOO_SHORT];
    assert!(
        statuses.contains(&answer.status),
        "OID {oid:#010x}, {size} bytes: status {:#010x}",
        answer.status
    );
    assert_eq!(
        (answer.needed as usize, answer.done),
        (needed, 0),
        "OID {oid:#010x}, {size} bytes: BytesNeeded, done"
    );
    assert!(
        answer.data.iter().all(|&byte| byte == UNTOUCHED),
        "OID {oid:#010x}, {size} bytes: a refused buffer was written"
    );
}

/// An answer of `len` bytes, and nothing behind it.
#[track_caller]
fn assert_answered(oid: u32, size: usize, answer: &Answer, len: usize) {
    assert_eq!(
        (answer.status, answer.done as usize),
        (c::NDIS_STATUS_SUCCESS, len),
        "OID {oid:#010x}, {size} bytes"
    );
    let behind = &answer.data[len..];
    assert!(
        behind.iter().all(|&byte| byte == UNTOUCHED),
        "OID {oid:#010x}, {size} bytes: written past {len} bytes"
    );
}

/// NDIS-OID-05, -07, -13, -16, -17, -22: every OID of SupportedOidList, queried with buffers of every length from 0 to
/// more than enough. The host's own checks catch a byte written past the buffer.
#[test]
fn queries_with_buffers_of_every_length() {
    play(&setup(), |rig| {
        let oids = rig.adapter.general.borrow().as_ref().expect("general attributes").oids.clone();
        for (oid, name) in mandatory() {
            assert!(oids.contains(oid), "{name} is mandatory");
        }
        for oid in oids {
            let kind =
                kind(oid).unwrap_or_else(|| panic!("OID {oid:#010x} in SupportedOidList: what is it?"));
            let full = query(rig, oid, ROOM);
            let needed = match kind {
                Kind::Bytes(len) => len,
                Kind::Counter => 8,
                Kind::Text => {
                    let end = full.data.iter().position(|&byte| byte == 0).expect("text ends with a NUL");
                    assert!(
                        end > 0 && full.data[..end].iter().all(u8::is_ascii_graphic_or_space),
                        "{:?}",
                        &full.data[..end]
                    );
                    end + 1
                }
                Kind::ListOf(item) => full.done as usize / item * item,
                Kind::NotSupported => {
                    assert_eq!(full.status, c::NDIS_STATUS_NOT_SUPPORTED, "OID {oid:#010x} (NDIS-OID-06)");
                    continue;
                }
            };
            assert_answered(oid, ROOM, &full, needed);
            for size in 0..=needed + 9 {
                let answer = query(rig, oid, size);
                match kind {
                    Kind::Counter if (4..8).contains(&size) => {
                        assert_answered(oid, size, &answer, 4);
                        assert_eq!(answer.needed, 8, "OID {oid:#010x}, {size} bytes");
                    }
                    _ if size < needed => assert_short(oid, size, &answer, needed),
                    _ => assert_answered(oid, size, &answer, needed),
                }
            }
        }
    });
}

trait GraphicOrSpace {
    fn is_ascii_graphic_or_space(&self) -> bool;
}
impl GraphicOrSpace for u8 {
    fn is_ascii_graphic_or_space(&self) -> bool {
        self.is_ascii_graphic() || *self == b' '
    }
}

/// NDIS-OID-18: a multicast list is read back, and a buffer too short for it says what is needed.
#[test]
fn the_multicast_list_is_read_back() {
    play(&setup(), |rig| {
        let list: Vec<u8> = (0..10).flat_map(|i| [0x01, 0x00, 0x5E, 0, 0, i]).collect();
        let oid = c::OID_802_3_MULTICAST_LIST;
        assert_eq!(set(rig, oid, &list).status, c::NDIS_STATUS_SUCCESS);
        for size in 0..list.len() {
            assert_short(oid, size, &query(rig, oid, size), list.len());
        }
        let answer = query(rig, oid, ROOM);
        assert_answered(oid, ROOM, &answer, list.len());
        assert_eq!(answer.data[..list.len()], list);
    });
}

/// NDIS-OID-06: OIDs that nobody knows are NDIS_STATUS_INVALID_OID in every kind of request; OIDs that are known but
/// cannot be set, or asked, are refused as such.
#[test]
fn unknown_and_unsupported_oids() {
    play(&setup(), |rig| {
        for oid in [0xFF12_3456, 0, 0xFFFF_FFFF, c::OID_GEN_XMIT_OK ^ 0x8000_0000] {
            for size in [0, 4, 64] {
                let statistics =
                    world().ndis.request(&rig.adapter, c::NdisRequestQueryStatistics, oid, &vec![0; size]);
                for answer in [query(rig, oid, size), set(rig, oid, &vec![0; size]), statistics] {
                    assert_eq!(
                        (answer.status, answer.done),
                        (c::NDIS_STATUS_INVALID_OID, 0),
                        "OID {oid:#010x}, {size} bytes"
                    );
                }
            }
        }
        let refused = [c::NDIS_STATUS_NOT_SUPPORTED, c::NDIS_STATUS_INVALID_OID];
        for oid in
            [c::OID_GEN_STATISTICS, c::OID_GEN_XMIT_OK, c::OID_802_3_PERMANENT_ADDRESS, c::OID_GEN_VENDOR_ID]
        {
            let answer = set(rig, oid, &[0; 256]);
            assert!(
                refused.contains(&answer.status) && answer.done == 0,
                "set of OID {oid:#010x}: {answer:x?}"
            );
        }
        let method =
            world().ndis.request(&rig.adapter, c::NdisRequestMethod, c::OID_GEN_STATISTICS, &[0; 256]);
        assert!(refused.contains(&method.status), "method: {:#010x}", method.status);
        rig.round_trip(1);
    });
}

/// An object header, as every structure begins with.
fn object(kind: u32, revision: u8, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    bytes[0] = kind as u8;
    bytes[1] = revision;
    bytes[2..4].copy_from_slice(&(size as u16).to_le_bytes());
    bytes
}

fn put(mut bytes: Vec<u8>, at: usize, value: &[u8]) -> Vec<u8> {
    bytes[at..at + value.len()].copy_from_slice(value);
    bytes
}

/// A set that is in order and sizes that are short of it: each is refused with what is needed, and the whole is taken,
/// with room to spare too.
#[track_caller]
fn check_lengths(rig: &Rig, oid: u32, value: &[u8], revision: u8) {
    for size in 0..value.len() {
        let answer = set(rig, oid, &value[..size]);
        let statuses = [c::NDIS_STATUS_INVALID_LENGTH, c::NDIS_STATUS_BUFFER_TOO_SHORT];
        assert!(statuses.contains(&answer.status), "set of {oid:#010x}, {size} bytes: {answer:x?}");
        assert_eq!(
            (answer.needed as usize, answer.done),
            (value.len(), 0),
            "set of {oid:#010x}, {size} bytes"
        );
    }
    for spare in [0, 1, 100] {
        let answer = set(rig, oid, &[value, &vec![0; spare][..]].concat());
        assert_eq!(
            (answer.status, answer.done as usize),
            (c::NDIS_STATUS_SUCCESS, value.len()),
            "set of {oid:#010x}"
        );
        assert_eq!(answer.revision, revision, "set of {oid:#010x}: SupportedRevision (NDIS-OID-08)");
    }
}

/// Contents that are refused with NDIS_STATUS_INVALID_DATA, or as not supported.
#[track_caller]
fn check_refused(rig: &Rig, oid: u32, what: &str, value: &[u8]) {
    let answer = set(rig, oid, value);
    let statuses =
        [c::NDIS_STATUS_INVALID_DATA, c::NDIS_STATUS_NOT_SUPPORTED, c::NDIS_STATUS_INVALID_PARAMETER];
    assert!(statuses.contains(&answer.status) && answer.done == 0, "{what}: set of {oid:#010x}: {answer:x?}");
}

/// NDIS-OID-04, -05, -07, -08, -19: sets with short buffers, long ones and bad contents; what is refused changes nothing.
#[test]
fn sets_with_short_long_and_bad_contents() {
    play(&setup(), |rig| {
        let number = |value: u32| value.to_le_bytes();
        let filter = c::OID_GEN_CURRENT_PACKET_FILTER;
        check_lengths(rig, filter, &number(c::NDIS_PACKET_TYPE_DIRECTED), 0);
        for bad in [c::NDIS_PACKET_TYPE_SOURCE_ROUTING, c::NDIS_PACKET_TYPE_SMT | 1, 0xFFFF_FFFF, 0x8000_0000]
        {
            check_refused(rig, filter, "packet filter", &number(bad));
            assert_eq!(
                query(rig, filter, 4).data,
                number(c::NDIS_PACKET_TYPE_DIRECTED),
                "after a refused set"
            );
        }

        let lookahead = c::OID_GEN_CURRENT_LOOKAHEAD;
        check_lengths(rig, lookahead, &number(256), 0);
        check_refused(rig, lookahead, "lookahead", &number(100_000));

        let list = c::OID_802_3_MULTICAST_LIST;
        let good = [0x01, 0x00, 0x5E, 0, 0, 1];
        assert_eq!(set(rig, list, &good).status, c::NDIS_STATUS_SUCCESS);
        for len in [1, 5, 7, 11, 13] {
            let answer = set(rig, list, &vec![1; len]);
            assert_eq!((answer.status, answer.done), (c::NDIS_STATUS_INVALID_LENGTH, 0), "{len} bytes");
        }
        check_refused(rig, list, "a station in a multicast list", &[0x02, 0, 0, 0, 0, 1]);
        assert_eq!(query(rig, list, 6).data, good, "after refused sets");

        let moderation = c::OID_GEN_INTERRUPT_MODERATION;
        let state = |value: u32| put(object(c::NDIS_OBJECT_TYPE_DEFAULT, 1, 12), 8, &number(value));
        let now = |rig: &Rig| query(rig, moderation, 12).data[8..12].to_vec();
        check_lengths(rig, moderation, &state(c::NdisInterruptModerationDisabled), 1);
        assert_eq!(now(rig), number(c::NdisInterruptModerationDisabled));
        for bad in [c::NdisInterruptModerationUnknown, c::NdisInterruptModerationNotSupported, 4, 0xFFFF_FFFF]
        {
            check_refused(rig, moderation, "moderation", &state(bad));
        }
        check_refused(rig, moderation, "type", &put(state(c::NdisInterruptModerationEnabled), 0, &[0x99]));
        check_refused(rig, moderation, "revision", &put(state(c::NdisInterruptModerationEnabled), 1, &[0]));
        check_refused(rig, moderation, "size", &put(state(c::NdisInterruptModerationEnabled), 2, &[4, 0]));
        assert_eq!(now(rig), number(c::NdisInterruptModerationDisabled), "after refused sets");
        assert_eq!(
            set(rig, moderation, &state(c::NdisInterruptModerationEnabled)).status,
            c::NDIS_STATUS_SUCCESS
        );
        assert_eq!(now(rig), number(c::NdisInterruptModerationEnabled));

        let link = c::OID_GEN_LINK_PARAMETERS;
        let len = c::NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1 as usize;
        let speed = |duplex: u32, out: u64, back: u64| {
            let header = put(object(c::NDIS_OBJECT_TYPE_DEFAULT, 1, len), 4, &number(duplex));
            put(put(header, 8, &out.to_le_bytes()), 16, &back.to_le_bytes())
        };
        let full = c::MediaDuplexStateFull;
        for size in 0..len {
            let answer = set(rig, link, &speed(full, 0, 0)[..size]);
            assert_eq!(
                (answer.status, answer.needed as usize),
                (c::NDIS_STATUS_INVALID_LENGTH, len),
                "{size} bytes"
            );
        }
        check_refused(rig, link, "speed", &speed(full, 12_345, 12_345));
        check_refused(rig, link, "two speeds", &speed(full, 100_000_000, 10_000_000));
        check_refused(rig, link, "duplex", &speed(99, 100_000_000, 100_000_000));
        check_refused(
            rig,
            link,
            "half duplex at 1000",
            &speed(c::MediaDuplexStateHalf, 1_000_000_000, 1_000_000_000),
        );
        check_refused(
            rig,
            link,
            "pause functions",
            &put(speed(full, 100_000_000, 100_000_000), 24, &number(77)),
        );
        check_refused(rig, link, "type", &put(speed(full, 100_000_000, 100_000_000), 0, &[1]));

        let power = c::OID_PM_PARAMETERS;
        check_lengths(rig, power, &object(c::NDIS_OBJECT_TYPE_DEFAULT, 1, 16), 1);
        check_refused(rig, power, "wake-up", &put(object(c::NDIS_OBJECT_TYPE_DEFAULT, 1, 16), 4, &number(1)));

        rig.round_trip(1);
    });
}

/// NDIS-STATE-05, NDIS-PAUSE-10: OIDs are answered while the adapter is paused, before its first restart too.
#[test]
fn oids_are_answered_while_paused() {
    crate::common::rig::machine(&setup(), |system, far| {
        let rig = Rig::added(system, far);
        let oids = rig.adapter.general.borrow().as_ref().expect("general attributes").oids.clone();
        let ask_all = |rig: &Rig| {
            for &oid in &oids {
                let status = query(rig, oid, ROOM).status;
                let supported = kind(oid) != Some(Kind::NotSupported);
                assert_eq!(status == c::NDIS_STATUS_SUCCESS, supported, "OID {oid:#010x}: {status:#010x}");
            }
        };
        ask_all(&rig);
        rig.start();
        rig.round_trip(1);
        rig.pause();
        ask_all(&rig);
        let filter = c::NDIS_PACKET_TYPE_PROMISCUOUS.to_le_bytes();
        assert_eq!(set(&rig, c::OID_GEN_CURRENT_PACKET_FILTER, &filter).status, c::NDIS_STATUS_SUCCESS);
        rig.restart();
        rig.round_trip(2);
        rig.down();
    });
}

/// NDIS-OID-20, NDIS-OID-21 and the like: what the answers say agrees with each other and with the medium.
#[test]
fn answers_agree() {
    play(&setup(), |rig| {
        let number = |oid| {
            let answer = query(rig, oid, 4);
            answer.data.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        let general = rig.adapter.general.borrow().clone().unwrap_or_default();
        assert_eq!((general.mtu, number(c::OID_GEN_MAXIMUM_FRAME_SIZE)), (1500, 1500));
        assert_eq!(number(c::OID_GEN_MAXIMUM_TOTAL_SIZE), 1514);
        assert_eq!(number(c::OID_802_3_MAXIMUM_LIST_SIZE), general.multicast);
        assert!(general.multicast >= 32);
        assert_eq!(
            number(c::OID_GEN_VENDOR_ID),
            0x0000_5452,
            "the maker's part of 52:54:00, first byte lowest"
        );
        assert_ne!(general.mac_options & c::NDIS_MAC_OPTION_NO_LOOPBACK, 0);
        let all = c::NDIS_PACKET_TYPE_DIRECTED
            | c::NDIS_PACKET_TYPE_MULTICAST
            | c::NDIS_PACKET_TYPE_ALL_MULTICAST
            | c::NDIS_PACKET_TYPE_BROADCAST
            | c::NDIS_PACKET_TYPE_PROMISCUOUS;
        assert_eq!(general.filters & all, all);
        let space = number(c::OID_GEN_TRANSMIT_BUFFER_SPACE);
        assert!(
            space >= number(c::OID_GEN_TRANSMIT_BLOCK_SIZE) && number(c::OID_GEN_TRANSMIT_BLOCK_SIZE) > 0
        );
        assert!(number(c::OID_GEN_RECEIVE_BUFFER_SPACE) >= number(c::OID_GEN_RECEIVE_BLOCK_SIZE));
        assert!(number(c::OID_GEN_RECEIVE_BLOCK_SIZE) > 0);
    });
}
