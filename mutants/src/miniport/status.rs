//! Status indications.

use super::{Block};
use crate::fault::{Fault, is};
use crate::abi::{NDIS_STATUS_INDICATION as Indication, Ptr, c, import};

/// Bytes of an `NDIS_LINK_STATE`.
pub const LINK: u32 = 40;

/// Indicates a status with so many bytes, in a name.
pub fn indicate(adapter: u64, source: u64, code: u32, size: u32) {
    let kind = c::NDIS_OBJECT_TYPE_STATUS_INDICATION;
    let block =
        Block::short_if(Fault::IndicatesShortHeader, kind, 1, c::NDIS_SIZEOF_STATUS_INDICATION_REVISION_1);
    let data = [0_u64; 8];
    let empty = size == 0 || is(Fault::IndicatesNoBuffer);
    let p: Ptr<Indication> = block.as_ptr();
    p.set(Indication::SourceHandle, source);
    p.set(Indication::StatusCode, code.cast_signed());
    p.set(Indication::StatusBuffer, if empty { 0 } else { data.as_ptr() as u64 });
    p.set(Indication::StatusBufferSize, size);
    p.set(Indication::Flags, u32::from(is(Fault::IndicatesFlags)));
    import!(NdisMIndicateStatusEx, adapter, block.addr());
}

/// The link is as it is.
pub fn indicate_link(adapter: u64) {
    indicate(adapter, adapter, c::NDIS_STATUS_LINK_STATE, LINK);
}
