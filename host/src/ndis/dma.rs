//! DMA: scatter/gather lists and shared memory.

use super::{check, nbl, objects::Object};
use crate::{
    abi::{
        self, MDL, NDIS_SG_DMA_DESCRIPTION as Desc, NET_BUFFER, Ptr, SCATTER_GATHER_ELEMENT as Element,
        SCATTER_GATHER_LIST as List, constants as c,
    },
    cpu::Dpc,
    imports,
    mem::Kind,
    verify::rules,
    world::{call, check_owned, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Bytes of a page.
const PAGE: u64 = 4096;
/// What `NdisMGetDmaAlignment` answers.
const ALIGNMENT: u32 = 64;

/// A scatter/gather registration of an adapter.
struct Dma {
    adapter: u64,
    /// `MiniportProcessSGList`.
    process: u64,
    /// `MaximumPhysicalMapping`.
    longest: u32,
    /// `MiniportAllocateSharedMemComplete`.
    allocated: u64,
    /// Lists that are out, by NB.
    lists: RefCell<BTreeMap<u64, u64>>,
}

impl Object for Dma {
    fn what(&self) -> &'static str {
        "scatter/gather registration"
    }
    fn owner(&self) -> u64 {
        self.adapter
    }
}

/// A block of shared memory.
struct Shared {
    adapter: u64,
    len: u32,
    cached: bool,
    physical: u64,
}

impl Object for Shared {
    fn what(&self) -> &'static str {
        "shared memory"
    }
    fn owner(&self) -> u64 {
        self.adapter
    }
}

/// How scatter/gather lists are delivered: the documentation allows any time and any CPU (NDIS-DMA-04).
#[derive(Default)]
pub struct SgPolicy {
    /// Every so many lists come late, from a DPC on another CPU; 0 for never.
    pub late_every: Cell<u32>,
    /// Every so many requests fail with `NDIS_STATUS_RESOURCES`; 0 for never.
    pub fail_every: Cell<u32>,
    /// Every so many lists are built elsewhere than in the driver's buffer (NDIS-DMA-06); 0 for never.
    pub elsewhere_every: Cell<u32>,
    count: Cell<u32>,
}

impl SgPolicy {
    fn due(&self, every: &Cell<u32>) -> bool {
        every.get() != 0 && self.count.get().is_multiple_of(every.get())
    }
}

fn dma(handle: u64, what: &str) -> Rc<Dma> {
    world().verify.watch(&rules::HANDLE_DMA);
    match world().ndis.objects.get::<Dma>(handle) {
        Some(dma) => dma,
        None => world().violation(&rules::HANDLE_DMA, format!("{what}: {handle:#x} is not a DMA handle")),
    }
}

/// The physical pieces of an NB from the start of its current MDL (NDIS-DMA-07), page by page, joined where they touch.
fn physical_pieces(nb: nbl::Nb) -> Vec<(u64, u32)> {
    let world = world();
    let mut left =
        u64::from(nb.get(NET_BUFFER::DataLength)) + u64::from(nb.get(NET_BUFFER::CurrentMdlOffset));
    let mut mdl: Ptr<MDL> = Ptr::new(nb.get(NET_BUFFER::CurrentMdl));
    let mut pieces: Vec<(u64, u32)> = Vec::new();
    while left > 0 && !mdl.is_null() {
        let mut addr = nbl::mdl_address(mdl);
        let mut here = u64::from(mdl.get(MDL::ByteCount)).min(left);
        left -= here;
        while here > 0 {
            let take = here.min(PAGE - addr % PAGE);
            world.verify.watch(&rules::SG_MEMORY);
            let Some(physical) = world.mem.physical(addr) else {
                world.violation(
                    &rules::SG_MEMORY,
                    format!("MDL {:#x} describes {addr:#x}, which is not RAM", mdl.addr()),
                )
            };
            match pieces.last_mut() {
                Some(last) if last.0 + u64::from(last.1) == physical => last.1 += take as u32,
                _ => pieces.push((physical, take as u32)),
            }
            addr += take;
            here -= take;
        }
        mdl = Ptr::new(mdl.get(MDL::Next));
    }
    pieces
}

fn list_size(elements: usize) -> usize {
    <List as abi::Layout>::SIZE + elements * <Element as abi::Layout>::SIZE
}

fn write_list(at: u64, pieces: &[(u64, u32)]) {
    let p: Ptr<List> = Ptr::new(at);
    p.set(List::NumberOfElements, u32::try_from(pieces.len()).unwrap_or(0));
    p.set(List::Reserved, 0_u64);
    for (i, &(physical, len)) in pieces.iter().enumerate() {
        let e: Ptr<Element> = Ptr::new(at + list_size(i) as u64);
        abi::write(e.at(&Element::Address), physical);
        e.set(Element::Length, len);
        e.set(Element::Reserved, 0_u64);
    }
}

imports! {
    /// DMA.
    TABLE from "ndis.sys";

    fn NdisMRegisterScatterGatherDma(handle: u64, description: u64, handle_out: u64) -> u32 {
        let world = world();
        let adapter = check::registered(handle, "NdisMRegisterScatterGatherDma");
        check::initializing(&rules::DMA_LATE, &adapter, "NdisMRegisterScatterGatherDma");
        check::sized(&rules::DMA_HEADER, description, "NDIS_SG_DMA_DESCRIPTION", c::NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION, 1, c::NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1);
        let master = adapter.attribute_flags.get().is_some_and(|flags| flags & c::NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER != 0);
        world.hold(&rules::DMA_BUS_MASTER, master, || {
            "NdisMRegisterScatterGatherDma without NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER".into()
        });
        let p: Ptr<Desc> = Ptr::new(description);
        let pages = p.get(Desc::MaximumPhysicalMapping) as usize / PAGE as usize + 2;
        let dma = Rc::new(Dma {
            adapter: handle,
            process: p.get(Desc::ProcessSGListHandler),
            longest: p.get(Desc::MaximumPhysicalMapping),
            allocated: p.get(Desc::SharedMemAllocateCompleteHandler),
            lists: RefCell::default(),
        });
        let Some(id) = world.ndis.objects.add(dma, "NdisMRegisterScatterGatherDma") else { return c::NDIS_STATUS_RESOURCES };
        p.set(Desc::ScatterGatherListSize, u32::try_from(list_size(pages)).unwrap_or(0));
        adapter.dma.set(Some(id));
        abi::write(handle_out, id);
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisMDeregisterScatterGatherDma(handle: u64) {
        let world = world();
        let gone = dma(handle, "NdisMDeregisterScatterGatherDma");
        let left = gone.lists.borrow().len();
        world.hold(&rules::SG_LEFT, left == 0, || {
            format!("{left} scatter/gather lists left at NdisMDeregisterScatterGatherDma")
        });
        if let Some(adapter) = world.ndis.adapter(gone.adapter) {
            adapter.dma.set(None);
        }
        world.ndis.objects.remove::<Dma>(handle);
    }

    fn NdisMAllocateNetBufferSGList(handle: u64, nb: u64, context: u64, flags: u32, buffer: u64, size: u32) -> u32 {
        let world = world();
        let dma = dma(handle, "NdisMAllocateNetBufferSGList");
        check_transfer(&dma, nb, flags);
        let policy = &world.ndis.sg_policy;
        policy.count.set(policy.count.get().wrapping_add(1));
        if policy.due(&policy.fail_every) {
            return c::NDIS_STATUS_RESOURCES;
        }
        check_owned("NdisMAllocateNetBufferSGList", nb);
        let pieces = physical_pieces(Ptr::new(nb));
        let needed = list_size(pieces.len());
        let fits = buffer != 0 && size as usize >= needed && !policy.due(&policy.elsewhere_every);
        let place = if fits { Some(buffer) } else { world.mem.allocate(Kind::SgList, 0, needed, "NdisMAllocateNetBufferSGList") };
        let Some(place) = place else { return c::NDIS_STATUS_RESOURCES };
        write_list(place, &pieces);
        let fresh = dma.lists.borrow_mut().insert(nb, place).is_none();
        world.hold(&rules::SG_TWICE, fresh, || format!("NB {nb:#x} has a scatter/gather list already"));
        let process = dma.process;
        if policy.due(&policy.late_every) {
            let other = (world.cpu().number + 1) % world.cpus().len();
            let run = move || { call("MiniportProcessSGList", process, &[0, 0, place, context]); };
            if let Some(cpu) = world.cpu_at(other) {
                cpu.queue_dpc(Dpc { object: 0, run: Box::new(run) });
            }
        } else {
            call("MiniportProcessSGList", process, &[0, 0, place, context]);
        }
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisMFreeNetBufferSGList(handle: u64, list: u64, nb: u64) {
        let world = world();
        let dma = dma(handle, "NdisMFreeNetBufferSGList");
        let known = dma.lists.borrow_mut().remove(&nb);
        world.hold(&rules::SG_FREED, known == Some(list), || {
            format!("list {list:#x} of NB {nb:#x} freed, but it has {known:#x?}")
        });
        let _ = world.mem.free(Kind::SgList, list);
    }

    fn NdisMAllocateSharedMemory(handle: u64, len: u32, cached: u8, va_out: u64, pa_out: u64) {
        let adapter = check::registered(handle, "NdisMAllocateSharedMemory");
        check::initializing(&rules::SHARED_LATE, &adapter, "NdisMAllocateSharedMemory");
        world().hold(&rules::INIT_SHARED, adapter.dma.get().is_some(), || {
            "NdisMAllocateSharedMemory before NdisMRegisterScatterGatherDma".into()
        });
        let refused = world().refusals.refuses("NdisMAllocateSharedMemory");
        let there = adapter.dma.get().is_some() && !refused;
        let addr = if there { allocate_shared(handle, len, cached != 0) } else { None };
        adapter.unlogged.set(addr.is_none());
        abi::write(va_out, addr.map_or(0, |(va, _)| va));
        abi::write(pa_out, addr.map_or(0, |(_, pa)| pa));
    }

    fn NdisMAllocateSharedMemoryAsyncEx(handle: u64, len: u32, cached: u8, context: u64) -> u32 {
        let world = world();
        let Some(dma) = world.ndis.objects.get::<Dma>(handle) else {
            world.violation(&rules::HANDLE_DMA, format!("NdisMAllocateSharedMemoryAsyncEx: {handle:#x} is not a DMA handle"))
        };
        let Some(adapter) = world.ndis.adapter(dma.adapter) else { return c::NDIS_STATUS_FAILURE };
        world.sched.spawn("shared memory", 0, move || {
            let made = allocate_shared(adapter.handle, len, cached != 0);
            let (va, pa) = made.unwrap_or((0, 0));
            let place = crate::world::world().mem.allocate(Kind::Host, 0, 8, "physical address").unwrap_or(0);
            abi::write(place, pa);
            let args = [adapter.context.get(), va, place, u64::from(len), context];
            call("MiniportAllocateSharedMemComplete", dma.allocated, &args);
            let _ = crate::world::world().mem.free(Kind::Host, place);
        });
        c::NDIS_STATUS_PENDING
    }

    fn NdisMFreeSharedMemory(handle: u64, len: u32, cached: u8, va: u64, pa: u64) {
        let world = world();
        let adapter = check::adapter(handle);
        world.hold(&rules::SHUTDOWN_SHARED, adapter.state() != super::adapter::State::Shutdown, || {
            "NdisMFreeSharedMemory in MiniportShutdownEx".into()
        });
        world.verify.watch(&rules::SHARED_TWICE);
        let Some(shared) = world.ndis.objects.get::<Shared>(va) else {
            world.violation(&rules::SHARED_TWICE, format!("shared memory {va:#x} freed, but it is not allocated"))
        };
        let same = shared.adapter == handle && shared.len == len && shared.cached == (cached != 0) && shared.physical == pa;
        world.hold(&rules::SHARED_OTHERWISE, same, || format!(
            "shared memory {va:#x} freed as {len} bytes at {pa:#x}, allocated as {} at {:#x}", shared.len, shared.physical));
        world.ndis.objects.forget(va);
        let bad = world.mem.free(Kind::Shared, va).err();
        world.hold(&rules::SHARED_OVERRUN, bad.is_none(), || format!("shared memory {va:#x} freed: {bad:?}"));
    }

    fn NdisMGetDmaAlignment(handle: u64) -> u32 {
        let _ = check::registered(handle, "NdisMGetDmaAlignment");
        ALIGNMENT
    }

    fn NdisGetSharedDataAlignment() -> u32 {
        ALIGNMENT
    }
}

/// What a transfer owes its registration, and its direction.
fn check_transfer(dma: &Dma, nb: u64, flags: u32) {
    let world = world();
    let len = nbl::Nb::new(nb).get(NET_BUFFER::DataLength);
    world.hold(&rules::SG_LENGTH, len <= dma.longest, || {
        format!("an NB of {len} bytes, MaximumPhysicalMapping is {}", dma.longest)
    });
    let adapter = world.ndis.adapter(dma.adapter);
    if adapter.is_some_and(|adapter| adapter.sends.borrow().values().any(|sent| sent.nbs.contains(&nb))) {
        world.hold(&rules::SG_DIRECTION, flags & c::NDIS_SG_LIST_WRITE_TO_DEVICE != 0, || {
            format!("NB {nb:#x} is a send, and its list is not for writing to the device")
        });
    }
}

/// Whether an NB has a scatter/gather list.
pub(super) fn has_list(adapter: &super::Adapter, nb: u64) -> bool {
    let dma = adapter.dma.get().and_then(|handle| world().ndis.objects.get::<Dma>(handle));
    dma.is_some_and(|dma| dma.lists.borrow().contains_key(&nb))
}

fn allocate_shared(adapter: u64, len: u32, cached: bool) -> Option<(u64, u64)> {
    let world = world();
    // Blocks of up to a page are aligned to their size; devices get whole pages, as on Windows.
    let size = (len as usize).max(PAGE as usize / 2 + 1);
    let va = world.mem.allocate(Kind::Shared, 0, size, "NdisMAllocateSharedMemory")?;
    let physical = world.mem.physical(va)?;
    world.ndis.objects.add_at(va, Rc::new(Shared { adapter, len, cached, physical }));
    Some((va, physical))
}
