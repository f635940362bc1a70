//! NBL and NB pools, and what is allocated from them.

use super::{
    check, leaks, memory,
    nbl::{self, Nb, Nbl},
    objects::Object,
};
use crate::{
    abi::{
        self, NET_BUFFER, NET_BUFFER_LIST, NET_BUFFER_LIST_CONTEXT as Context,
        NET_BUFFER_LIST_POOL_PARAMETERS as ListParams, NET_BUFFER_POOL_PARAMETERS as NbParams, Ptr,
        constants as c,
    },
    imports,
    mem::Kind,
    nt::memory::pool,
    verify::{Rule, rules},
    world::{check_owned, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Bytes of a `NET_BUFFER_LIST` in the newest NDIS: a driver must not count on the size it was compiled with.
pub const NBL_SIZE: usize = 368;
/// Bytes of a `NET_BUFFER`.
pub const NB_SIZE: usize = 176;
/// Bytes of `NET_BUFFER_LIST_CONTEXT` before its data.
const CONTEXT_HEADER: usize = 16;

/// An NBL or NB pool.
pub struct Pool {
    owner: u64,
    lists: bool,
    /// fAllocateNetBuffer.
    with_nb: bool,
    context: u16,
    data: u32,
    /// NBLs or NBs out of it.
    out: Cell<u32>,
}

impl Object for Pool {
    fn what(&self) -> &'static str {
        if self.lists { "NBL pool" } else { "NB pool" }
    }
    fn owner(&self) -> u64 {
        self.owner
    }
}

/// Where an NBL or NB came from, and what was made with it.
#[derive(Default)]
pub struct Made {
    by_addr: RefCell<BTreeMap<u64, Parts>>,
}

#[derive(Clone, Default)]
struct Parts {
    pool: u64,
    /// NB made with the NBL; MDL and data made with the NB.
    nb: u64,
    mdl: u64,
    data: u64,
}

impl Made {
    /// What is allocated from a pool, in words.
    fn of(&self, pool: u64) -> Vec<String> {
        let all = self.by_addr.borrow();
        let left = all.iter().filter(|(_, parts)| parts.pool == pool);
        left.filter_map(|(&addr, _)| Some(world().block_text(&world().mem.block(addr)?))).collect()
    }
}

fn pool(handle: u64, what: &str) -> Rc<Pool> {
    world().verify.watch(&rules::HANDLE_POOL);
    match world().ndis.objects.get::<Pool>(handle) {
        Some(pool) => pool,
        None => world().violation(&rules::HANDLE_POOL, format!("{what}: {handle:#x} is not a pool")),
    }
}

fn make_pool(pool: Pool, by: &'static str) -> u64 {
    world().ndis.objects.add(Rc::new(pool), by).unwrap_or(0)
}

fn free_pool(handle: u64, what: &'static str) {
    let world = world();
    let gone = pool(handle, what);
    world.hold(&rules::POOL_IN_USE, gone.out.get() == 0, || {
        let left = leaks::list(&world.ndis.made.of(handle));
        format!("{what}: {} of its objects are still allocated: {left}", gone.out.get())
    });
    world.ndis.objects.remove::<Pool>(handle);
}

/// Aligns up to 16 bytes, as contexts are.
fn align(size: usize) -> usize {
    size.next_multiple_of(16)
}

fn make_nbl(pool_handle: u64, context: u16, back_fill: u16, by: &'static str) -> Option<Nbl> {
    let world = world();
    let pool = pool(pool_handle, by);
    world.hold(&rules::NBL_CONTEXT, context.is_multiple_of(16) && back_fill.is_multiple_of(16), || {
        format!("{by} with a context of {context} bytes and {back_fill} in front")
    });
    let space = align(usize::from(context) + usize::from(back_fill));
    let addr = world.mem.allocate(Kind::NetBufferList, 0, NBL_SIZE + CONTEXT_HEADER + space, by)?;
    abi::fill(addr, 0, NBL_SIZE + CONTEXT_HEADER + space);
    let nbl = Nbl::new(addr);
    nbl.set(NET_BUFFER_LIST::NdisPoolHandle, pool_handle);
    if space > 0 {
        let at: Ptr<Context> = Ptr::new(addr + NBL_SIZE as u64);
        at.set(Context::Size, space as u16);
        at.set(Context::Offset, back_fill);
        nbl.set(NET_BUFFER_LIST::Context, at.addr());
    }
    pool.out.set(pool.out.get() + 1);
    world.ndis.made.by_addr.borrow_mut().insert(addr, Parts { pool: pool_handle, ..Parts::default() });
    Some(nbl)
}

fn make_nb(pool_handle: u64, mdl: u64, offset: u32, len: u64, by: &'static str) -> Option<Nb> {
    let world = world();
    let addr = world.mem.allocate(Kind::NetBuffer, 0, NB_SIZE, by)?;
    abi::fill(addr, 0, NB_SIZE);
    let nb = Nb::new(addr);
    nb.set(NET_BUFFER::NdisPoolHandle, pool_handle);
    nb.set(NET_BUFFER::MdlChain, mdl);
    nb.set(NET_BUFFER::DataOffset, offset);
    nb.set(NET_BUFFER::stDataLength, len);
    set_current(nb);
    world.ndis.made.by_addr.borrow_mut().insert(addr, Parts { pool: pool_handle, ..Parts::default() });
    Some(nb)
}

/// Points `CurrentMdl` and `CurrentMdlOffset` at `DataOffset`.
pub(super) fn set_current(nb: Nb) {
    let mut skip = nb.get(NET_BUFFER::DataOffset);
    let mut mdl: Ptr<abi::MDL> = Ptr::new(nb.get(NET_BUFFER::MdlChain));
    while !mdl.is_null() && skip >= mdl.get(abi::MDL::ByteCount) && mdl.get(abi::MDL::Next) != 0 {
        skip -= mdl.get(abi::MDL::ByteCount);
        mdl = Ptr::new(mdl.get(abi::MDL::Next));
    }
    nb.set(NET_BUFFER::CurrentMdl, mdl.addr());
    nb.set(NET_BUFFER::CurrentMdlOffset, skip);
}

fn take(rule: &'static Rule, addr: u64, what: &str) -> Parts {
    let parts = world().ndis.made.by_addr.borrow_mut().remove(&addr);
    world().hold(rule, parts.is_some(), || format!("{what}({addr:#x}): not allocated, or freed before"));
    parts.unwrap_or_default()
}

fn free(kind: Kind, addr: u64, what: &str) {
    if addr != 0 {
        pool::freed(what, addr, world().mem.free(kind, addr).map(drop));
    }
}

fn free_nb(addr: u64, counted: bool) {
    let parts = take(&rules::NB_FREED, addr, "NdisFreeNetBuffer");
    if counted && let Some(pool) = world().ndis.objects.get::<Pool>(parts.pool) {
        pool.out.set(pool.out.get().saturating_sub(1));
    }
    free(Kind::Mdl, parts.mdl, "NdisFreeNetBuffer");
    free(Kind::NdisMemory, parts.data, "NdisFreeNetBuffer");
    free(Kind::NetBuffer, addr, "NdisFreeNetBuffer");
}

/// Data of `size` bytes and an MDL over it, as pools with a `DataSize` give.
fn data_and_mdl(size: u32, by: &'static str) -> Option<(u64, u64)> {
    if size == 0 {
        return Some((0, 0));
    }
    let data = world().mem.allocate(Kind::NdisMemory, 0, size as usize, by)?;
    let mdl = memory::make_mdl(data, size, Kind::Mdl, by)?;
    Some((data, mdl))
}

fn note(addr: u64, change: impl FnOnce(&mut Parts)) {
    if let Some(parts) = world().ndis.made.by_addr.borrow_mut().get_mut(&addr) {
        change(parts);
    }
}

imports! {
    /// Pools.
    TABLE from "ndis.sys";

    fn NdisAllocateNetBufferListPool(handle: u64, params: u64) -> u64 {
        check::sized(&rules::NBL_POOL_HEADER, params, "NET_BUFFER_LIST_POOL_PARAMETERS", c::NDIS_OBJECT_TYPE_DEFAULT, 1, c::NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1);
        let p: Ptr<ListParams> = Ptr::new(params);
        let (with_nb, data) = (p.get(ListParams::fAllocateNetBuffer) != 0, p.get(ListParams::DataSize));
        if data > 0 && !with_nb {
            return 0;
        }
        let context = p.get(ListParams::ContextSize);
        make_pool(Pool { owner: handle, lists: true, with_nb, context, data, out: Cell::new(0) }, "NdisAllocateNetBufferListPool")
    }

    fn NdisFreeNetBufferListPool(handle: u64) {
        free_pool(handle, "NdisFreeNetBufferListPool");
    }

    fn NdisAllocateNetBufferPool(handle: u64, params: u64) -> u64 {
        check::sized(&rules::NB_POOL_HEADER, params, "NET_BUFFER_POOL_PARAMETERS", c::NDIS_OBJECT_TYPE_DEFAULT, 1, c::NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1);
        let data = Ptr::<NbParams>::new(params).get(NbParams::DataSize);
        make_pool(Pool { owner: handle, lists: false, with_nb: true, context: 0, data, out: Cell::new(0) }, "NdisAllocateNetBufferPool")
    }

    fn NdisFreeNetBufferPool(handle: u64) {
        free_pool(handle, "NdisFreeNetBufferPool");
    }

    fn NdisAllocateNetBufferList(pool_handle: u64, context: u16, back_fill: u16) -> u64 {
        let size = context + pool(pool_handle, "NdisAllocateNetBufferList").context;
        let Some(nbl) = make_nbl(pool_handle, size, back_fill, "NdisAllocateNetBufferList") else { return 0 };
        nbl.addr()
    }

    fn NdisAllocateNetBufferAndNetBufferList(pool_handle: u64, context: u16, back_fill: u16, mdl: u64, offset: u32, len: u64) -> u64 {
        const BY: &str = "NdisAllocateNetBufferAndNetBufferList";
        let pool = pool(pool_handle, BY);
        world().hold(&rules::POOL_WITHOUT_NBS, pool.with_nb, || {
            "NdisAllocateNetBufferAndNetBufferList from a pool without fAllocateNetBuffer".into()
        });
        let Some(nbl) = make_nbl(pool_handle, context + pool.context, back_fill, BY) else { return 0 };
        let Some((data, own_mdl)) = data_and_mdl(pool.data, BY) else { return 0 };
        let Some(nb) = make_nb(pool_handle, if own_mdl != 0 { own_mdl } else { mdl }, offset, len, BY) else { return 0 };
        note(nb.addr(), |parts| { parts.mdl = own_mdl; parts.data = data; });
        note(nbl.addr(), |parts| parts.nb = nb.addr());
        nbl.set(NET_BUFFER_LIST::FirstNetBuffer, nb.addr());
        nbl.addr()
    }

    fn NdisFreeNetBufferList(addr: u64) {
        let world = world();
        let held = world.ndis.adapters().iter().any(|a| a.receives.borrow().contains(&addr) || a.sends.borrow().contains_key(&addr));
        world.hold(&rules::NBL_OUT, !held, || format!("NBL {addr:#x} freed while it is out"));
        let parts = take(&rules::NBL_FREED, addr, "NdisFreeNetBufferList");
        if parts.nb != 0 {
            free_nb(parts.nb, false);
        }
        if let Some(pool) = world.ndis.objects.get::<Pool>(parts.pool) {
            pool.out.set(pool.out.get().saturating_sub(1));
        }
        free(Kind::NetBufferList, addr, "NdisFreeNetBufferList");
    }

    fn NdisAllocateNetBuffer(pool_handle: u64, mdl: u64, offset: u32, len: u64) -> u64 {
        let pool = pool(pool_handle, "NdisAllocateNetBuffer");
        let Some(nb) = make_nb(pool_handle, mdl, offset, len, "NdisAllocateNetBuffer") else { return 0 };
        pool.out.set(pool.out.get() + 1);
        nb.addr()
    }

    fn NdisAllocateNetBufferMdlAndData(pool_handle: u64) -> u64 {
        const BY: &str = "NdisAllocateNetBufferMdlAndData";
        let pool = pool(pool_handle, BY);
        let Some((data, mdl)) = data_and_mdl(pool.data, BY) else { return 0 };
        let Some(nb) = make_nb(pool_handle, mdl, 0, 0, BY) else { return 0 };
        note(nb.addr(), |parts| { parts.mdl = mdl; parts.data = data; });
        pool.out.set(pool.out.get() + 1);
        nb.addr()
    }

    fn NdisFreeNetBuffer(addr: u64) {
        free_nb(addr, true);
    }

    fn NdisGetPoolFromNetBufferList(addr: u64) -> u64 {
        check_owned("NdisGetPoolFromNetBufferList", addr);
        Nbl::new(addr).get(NET_BUFFER_LIST::NdisPoolHandle)
    }

    fn NdisGetPoolFromNetBuffer(addr: u64) -> u64 {
        check_owned("NdisGetPoolFromNetBuffer", addr);
        Nb::new(addr).get(NET_BUFFER::NdisPoolHandle)
    }

    fn NdisQueryNetBufferPhysicalCount(addr: u64) -> u32 {
        check_owned("NdisQueryNetBufferPhysicalCount", addr);
        let nb = Nb::new(addr);
        let pages = |(at, len): (u64, usize)| ((at % 4096) + len as u64).div_ceil(4096);
        u32::try_from(nbl::pieces(nb).into_iter().map(pages).sum::<u64>()).unwrap_or(u32::MAX)
    }
}
