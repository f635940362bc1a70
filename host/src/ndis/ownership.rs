//! Who owns an NBL: what it leads to is out of the driver's reach while NDIS or the protocol has it.

use super::nbl::{self, Nbl, mdl_address};
use crate::{
    abi::{MDL, NET_BUFFER, Ptr},
    mem::special::{Away, Range},
    world::world,
};

/// MDLs that an NB may have before its chain is taken for a loop.
const LONGEST_CHAIN: usize = 1 << 16;

/// NBLs are not the driver's any more: themselves, their NBs, MDLs and data.
pub(super) fn take(list: &[Nbl], away: Away) {
    let mem = &world().mem;
    if !mem.is_special() {
        return;
    }
    for nbl in list {
        mem.lend(nbl.addr(), parts(*nbl), away);
    }
}

/// They are the driver's again.
pub(super) fn give(list: &[Nbl]) {
    for nbl in list {
        world().mem.restore(nbl.addr());
    }
}

/// All memory that belongs to an NBL. All of an MDL's bytes count as data: those before `DataOffset` and behind
/// `DataLength` go with it.
fn parts(nbl: Nbl) -> Vec<Range> {
    let mut parts = vec![whole(nbl.addr())];
    for nb in nbl::net_buffers(nbl) {
        parts.push(whole(nb.addr()));
        let mut mdl: Ptr<MDL> = Ptr::new(nb.get(NET_BUFFER::MdlChain));
        let mut count = 0;
        while !mdl.is_null() && count < LONGEST_CHAIN {
            let start = mdl_address(mdl);
            parts.push(whole(mdl.addr()));
            parts.push((start, start.saturating_add(mdl.get(MDL::ByteCount).into())));
            mdl = Ptr::new(mdl.get(MDL::Next));
            count += 1;
        }
    }
    parts.retain(|(start, end)| start < end);
    parts
}

/// The block that begins at an address; a structure inside of another block is not by itself anybody's.
fn whole(addr: u64) -> Range {
    let size = world().mem.block(addr).map_or(0, |block| block.size);
    (addr, addr + size as u64)
}
