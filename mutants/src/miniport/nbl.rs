//! NBLs, NBs and MDLs.

use crate::abi::{MDL, NET_BUFFER, NET_BUFFER_LIST, Ptr};
use alloc::vec::Vec;

/// A `NET_BUFFER_LIST`.
pub type Nbl = Ptr<NET_BUFFER_LIST>;
/// A `NET_BUFFER`.
pub type Nb = Ptr<NET_BUFFER>;

/// The NBLs of a chain.
pub fn chain(first: Nbl) -> Vec<Nbl> {
    let next = |nbl: &Nbl| Nbl::new(nbl.get(NET_BUFFER_LIST::Next));
    core::iter::successors(Some(first), |nbl| Some(next(nbl))).take_while(|nbl| nbl.addr() != 0).collect()
}

/// Links NBLs to a chain and answers its first; NULL for none.
pub fn link(list: &[Nbl]) -> Nbl {
    let mut next = Nbl::new(0);
    for &nbl in list.iter().rev() {
        nbl.set(NET_BUFFER_LIST::Next, next.addr());
        next = nbl;
    }
    next
}

/// The virtual address of an MDL's first byte.
pub fn mdl_address(mdl: Ptr<MDL>) -> u64 {
    mdl.get(MDL::MappedSystemVa)
}
