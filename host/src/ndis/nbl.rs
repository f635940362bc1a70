//! NBLs, NBs and MDLs: reading them, chaining them, building frames in odd shapes.

use crate::abi::{self, MDL, NET_BUFFER, NET_BUFFER_LIST, Ptr};

/// A `NET_BUFFER_LIST`.
pub type Nbl = Ptr<NET_BUFFER_LIST>;
/// A `NET_BUFFER`.
pub type Nb = Ptr<NET_BUFFER>;

/// NBLs that a chain may have before it is taken for a loop.
const LONGEST_CHAIN: usize = 1 << 16;

/// The NBLs of a chain; cut off where it cannot end.
#[must_use]
pub fn chain(first: Nbl) -> Vec<Nbl> {
    let mut list = Vec::new();
    let mut nbl = first;
    while !nbl.is_null() && list.len() < LONGEST_CHAIN {
        list.push(nbl);
        nbl = Nbl::new(nbl.get(NET_BUFFER_LIST::Next));
    }
    list
}

/// Links NBLs to a chain and answers its first; NULL for none.
#[must_use]
pub fn link(list: &[Nbl]) -> Nbl {
    for pair in list.windows(2) {
        if let [nbl, next] = pair {
            nbl.set(NET_BUFFER_LIST::Next, next.addr());
        }
    }
    if let Some(last) = list.last() {
        last.set(NET_BUFFER_LIST::Next, 0);
    }
    list.first().copied().unwrap_or(Nbl::new(0))
}

/// The NBs of an NBL.
#[must_use]
pub fn net_buffers(nbl: Nbl) -> Vec<Nb> {
    let mut list = Vec::new();
    let mut nb = Nb::new(nbl.get(NET_BUFFER_LIST::FirstNetBuffer));
    while !nb.is_null() && list.len() < LONGEST_CHAIN {
        list.push(nb);
        nb = Nb::new(nb.get(NET_BUFFER::Next));
    }
    list
}

/// The virtual address of an MDL's first byte.
#[must_use]
pub fn mdl_address(mdl: Ptr<MDL>) -> u64 {
    mdl.get(MDL::MappedSystemVa)
}

/// The pieces of memory that an NB's data lies in: address and length.
#[must_use]
pub fn pieces(nb: Nb) -> Vec<(u64, usize)> {
    let mut left = nb.get(NET_BUFFER::DataLength) as usize;
    let mut skip = nb.get(NET_BUFFER::CurrentMdlOffset) as usize;
    let mut mdl: Ptr<MDL> = Ptr::new(nb.get(NET_BUFFER::CurrentMdl));
    let mut list = Vec::new();
    while left > 0 && !mdl.is_null() && list.len() < LONGEST_CHAIN {
        let count = mdl.get(MDL::ByteCount) as usize;
        let take = count.saturating_sub(skip).min(left);
        if take > 0 {
            list.push((mdl_address(mdl) + skip as u64, take));
        }
        skip = skip.saturating_sub(count);
        left -= take;
        mdl = Ptr::new(mdl.get(MDL::Next));
    }
    list
}

/// The bytes of an NB's data; `None` if its MDLs hold less than it claims.
#[must_use]
pub fn data(nb: Nb) -> Option<Vec<u8>> {
    let mut all = Vec::with_capacity(nb.get(NET_BUFFER::DataLength) as usize);
    for (addr, len) in pieces(nb) {
        all.extend_from_slice(&abi::bytes(addr, len));
    }
    (all.len() == nb.get(NET_BUFFER::DataLength) as usize).then_some(all)
}
