//! What an OID request leaves behind.

use super::{adapter::Adapter, oid::Answer};
use crate::{abi::constants as c, verify::rules, world::world};

/// Statistics of 64 bits (NDIS-OID-13).
const WIDE: [u32; 2] = [c::OID_GEN_XMIT_OK, c::OID_GEN_RCV_OK];
/// What takes something away, which cannot fail (`NdisOidComplete`).
const REMOVALS: [u32; 5] = [
    c::OID_PM_REMOVE_PROTOCOL_OFFLOAD,
    c::OID_PM_REMOVE_WOL_PATTERN,
    c::OID_PNP_REMOVE_WAKE_UP_PATTERN,
    c::OID_RECEIVE_FILTER_CLEAR_FILTER,
    c::OID_RECEIVE_FILTER_FREE_QUEUE,
];
/// Bytes of an `NDIS_DEVICE_POWER_STATE`, or of a pattern's number: less is no request that could succeed.
const STATE: usize = 4;
/// How a driver says that it does not know an OID, or that its device is gone.
const UNKNOWN: [u32; 3] =
    [c::NDIS_STATUS_INVALID_OID, c::NDIS_STATUS_NOT_SUPPORTED, c::NDIS_STATUS_NOT_ACCEPTED];

/// Holds the driver to the contract of OID requests. `noticed`: its surprise removal notice came before the request.
pub(super) fn answer(adapter: &Adapter, noticed: bool, kind: u32, oid: u32, answer: &Answer, given: &[u8]) {
    let world = world();
    let (status, len) = (answer.status, given.len());
    world.hold(&rules::OID_PENDING, status != c::NDIS_STATUS_PENDING, || {
        format!("OID {oid:#010x} completed with NDIS_STATUS_PENDING")
    });
    world.hold(&rules::OID_INDICATION, status != c::NDIS_STATUS_INDICATION_REQUIRED, || {
        format!("OID {oid:#010x} completed with NDIS_STATUS_INDICATION_REQUIRED")
    });
    if noticed {
        world.hold(&rules::SURPRISE_OID, status == c::NDIS_STATUS_NOT_ACCEPTED, || {
            format!("OID {oid:#010x} completed with {status:#x} after a surprise removal")
        });
        return;
    }
    let listed = adapter.general.borrow().as_ref().is_none_or(|general| general.oids.contains(&oid));
    if !listed && !known(oid) {
        world.hold(&rules::OID_UNKNOWN, UNKNOWN.contains(&status), || {
            format!("OID {oid:#010x}, which is none, completed with {status:#x}")
        });
    }
    let rule = if kind == c::NdisRequestSetInformation { &rules::OID_READ } else { &rules::OID_WRITTEN };
    world.hold(rule, answer.done as usize <= len, || {
        format!("OID {oid:#010x}: {} bytes reported in a buffer of {len}", answer.done)
    });
    let short =
        [c::NDIS_STATUS_BUFFER_TOO_SHORT, c::NDIS_STATUS_INVALID_LENGTH, c::NDIS_STATUS_BUFFER_OVERFLOW];
    if short.contains(&status) && oid != c::OID_802_3_MULTICAST_LIST {
        world.hold(&rules::OID_NEEDED, answer.needed as usize > len, || {
            format!(
                "OID {oid:#010x} refused a buffer of {len} bytes as too short and needs {}",
                answer.needed
            )
        });
    }
    match kind {
        c::NdisRequestSetInformation => set(oid, answer, given),
        c::NdisRequestQueryInformation | c::NdisRequestQueryStatistics => query(oid, answer, len),
        // Nobody says what a method that a driver does not have leaves behind.
        _ => {}
    }
}

/// Whether somebody may have defined the OID: NDIS did not in this range, and vendors have another.
fn known(oid: u32) -> bool {
    oid & 0xFF00_0000 != 0x0200_0000
}

fn query(oid: u32, answer: &Answer, len: usize) {
    let world = world();
    let success = answer.status == c::NDIS_STATUS_SUCCESS;
    let refused = UNKNOWN.contains(&answer.status);
    // A list of addresses may be empty.
    let listed = oid == c::OID_802_3_MULTICAST_LIST;
    if success && !listed && super::oid::mandatory().iter().any(|row| row.0 == oid) {
        world
            .hold(&rules::OID_NOTHING, answer.done > 0, || format!("OID {oid:#010x} answered with no bytes"));
    }
    if oid == c::OID_PNP_QUERY_POWER && len >= STATE {
        world.hold(&rules::OID_QUERY_POWER, success, || {
            format!("OID_PNP_QUERY_POWER completed with {:#x}", answer.status)
        });
    }
    if oid == c::OID_GEN_STATISTICS && success {
        let header = answer.data.first_chunk::<4>().copied().unwrap_or_default();
        let size = u32::from(u16::from_le_bytes([header[2], header[3]]));
        let right = u32::from(header[0]) == c::NDIS_OBJECT_TYPE_DEFAULT
            && header[1] >= 1
            && size >= c::NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
        world.hold(&rules::OID_STATISTICS, right, || {
            format!("NDIS_STATISTICS_INFO with type {:#x}, revision {}, size {size}", header[0], header[1])
        });
    }
    if !WIDE.contains(&oid) || refused {
        return;
    }
    let text = || {
        format!(
            "OID {oid:#010x} in {len} bytes: status {:#x}, {} written, {} needed",
            answer.status, answer.done, answer.needed
        )
    };
    match len {
        0 => world.hold(&rules::OID_64_NONE, !success && answer.needed == 8, text),
        4 => world.hold(&rules::OID_64_LOW, success && answer.done == 4 && answer.needed == 8, text),
        8.. => world.hold(&rules::OID_64_FULL, success && answer.done == 8, text),
        _ => {}
    }
}

fn set(oid: u32, answer: &Answer, given: &[u8]) {
    let world = world();
    let success = answer.status == c::NDIS_STATUS_SUCCESS;
    if oid == c::OID_PNP_SET_POWER && given.len() >= STATE {
        world.hold(&rules::OID_SET_POWER, success || answer.status == c::NDIS_STATUS_NOT_ACCEPTED, || {
            format!("OID_PNP_SET_POWER completed with {:#x}", answer.status)
        });
    }
    if REMOVALS.contains(&oid) && given.len() >= STATE {
        // What a driver does not have at all it does not remove; what is not there it does not find.
        let unknown = UNKNOWN.contains(&answer.status) || answer.status == c::NDIS_STATUS_FILE_NOT_FOUND;
        world.hold(&rules::OID_REMOVE, success || unknown, || {
            format!("OID {oid:#010x} completed with {:#x}", answer.status)
        });
    }
    // A structure begins with its header: type 0x80 and above, revision, size.
    let header = given.first_chunk::<4>().copied().unwrap_or_default();
    if success && oid == c::OID_GEN_LINK_PARAMETERS && header[0] >= 0x80 {
        world.hold(&rules::OID_REVISION, answer.revision <= header[1], || {
            format!("OID {oid:#010x} of revision {} honoured as revision {}", header[1], answer.revision)
        });
    }
}
