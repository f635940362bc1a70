//! Moving and copying NB data.

use super::{
    memory,
    nbl::{self, Nb, Nbl},
    pools,
};
use crate::{
    abi::{self, MDL, NET_BUFFER, Ptr, constants as c},
    imports,
    mem::Kind,
    verify::rules,
    world::{check_owned, world},
};

fn advance(nb: Nb, by: u32) {
    let len = nb.get(NET_BUFFER::DataLength);
    world().hold(&rules::NB_ADVANCED, by <= len, || format!("NB advanced by {by} of its {len} bytes"));
    nb.set(NET_BUFFER::DataLength, len - by);
    nb.set(NET_BUFFER::DataOffset, nb.get(NET_BUFFER::DataOffset) + by);
    pools::set_current(nb);
}

fn retreat(nb: Nb, by: u32, back_fill: u32) -> u32 {
    let offset = nb.get(NET_BUFFER::DataOffset);
    if offset >= by {
        nb.set(NET_BUFFER::DataOffset, offset - by);
    } else {
        // A new MDL in front, with the whole retreat and back-fill in it.
        let size = by + back_fill;
        let data = world().mem.allocate(Kind::NdisMemory, 0, size as usize, "NdisRetreatNetBufferDataStart");
        let mdl =
            data.and_then(|data| memory::make_mdl(data, size, Kind::Mdl, "NdisRetreatNetBufferDataStart"));
        let Some(mdl) = mdl else { return c::NDIS_STATUS_RESOURCES };
        Ptr::<MDL>::new(mdl).set(MDL::Next, nb.get(NET_BUFFER::CurrentMdl));
        nb.set(NET_BUFFER::MdlChain, mdl);
        nb.set(NET_BUFFER::DataOffset, back_fill);
    }
    nb.set(NET_BUFFER::DataLength, nb.get(NET_BUFFER::DataLength) + by);
    pools::set_current(nb);
    c::NDIS_STATUS_SUCCESS
}

imports! {
    /// NB data.
    TABLE from "ndis.sys";

    fn NdisAdvanceNetBufferDataStart(addr: u64, by: u32, _free_mdl: u8, _handler: u64) {
        check_owned("NdisAdvanceNetBufferDataStart", addr);
        advance(Nb::new(addr), by);
    }

    fn NdisRetreatNetBufferDataStart(addr: u64, by: u32, back_fill: u32, _handler: u64) -> u32 {
        check_owned("NdisRetreatNetBufferDataStart", addr);
        retreat(Nb::new(addr), by, back_fill)
    }

    fn NdisAdvanceNetBufferListDataStart(addr: u64, by: u32, _free_mdl: u8, _handler: u64) {
        check_owned("NdisAdvanceNetBufferListDataStart", addr);
        for nb in nbl::net_buffers(Nbl::new(addr)) {
            advance(nb, by);
        }
    }

    fn NdisRetreatNetBufferListDataStart(addr: u64, by: u32, back_fill: u32, _allocate: u64, _free: u64) -> u32 {
        check_owned("NdisRetreatNetBufferListDataStart", addr);
        for nb in nbl::net_buffers(Nbl::new(addr)) {
            let status = retreat(nb, by, back_fill);
            if status != c::NDIS_STATUS_SUCCESS {
                return status;
            }
        }
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisAdjustNetBufferCurrentMdl(addr: u64) {
        check_owned("NdisAdjustNetBufferCurrentMdl", addr);
        pools::set_current(Nb::new(addr));
    }

    fn NdisGetDataBuffer(addr: u64, needed: u32, storage: u64, align: u32, offset: u32) -> u64 {
        check_owned("NdisGetDataBuffer", addr);
        let nb = Nb::new(addr);
        if needed == 0 || needed > nb.get(NET_BUFFER::DataLength) {
            return 0;
        }
        let pieces = nbl::pieces(nb);
        if let Some(&(at, len)) = pieces.first() {
            let aligned = align <= 1 || at % u64::from(align) == u64::from(offset);
            if len >= needed as usize && aligned {
                return at;
            }
        }
        if storage == 0 {
            return 0;
        }
        let mut to = storage;
        let mut left = needed as usize;
        for (at, len) in pieces {
            let take = len.min(left);
            abi::write_bytes(to, &abi::bytes(at, take));
            to += take as u64;
            left -= take;
        }
        storage
    }

    fn NdisCopyFromNetBufferToNetBuffer(to: u64, to_offset: u32, len: u32, from: u64, from_offset: u32, copied_out: u64) -> u32 {
        for nb in [to, from] {
            check_owned("NdisCopyFromNetBufferToNetBuffer", nb);
        }
        let source = nbl::data(Nb::new(from)).unwrap_or_default();
        let start = (from_offset as usize).min(source.len());
        let end = start.saturating_add(len as usize).min(source.len());
        let bytes = source.get(start..end).unwrap_or_default();
        let mut skip = to_offset as usize;
        let mut done = 0;
        for (at, room) in nbl::pieces(Nb::new(to)) {
            let here = room.saturating_sub(skip).min(bytes.len() - done);
            abi::write_bytes(at + skip.min(room) as u64, bytes.get(done..done + here).unwrap_or_default());
            skip = skip.saturating_sub(room);
            done += here;
        }
        abi::write(copied_out, u32::try_from(done).unwrap_or(0));
        c::NDIS_STATUS_SUCCESS
    }
}
