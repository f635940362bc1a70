//! DMA adapters: scatter/gather lists and common buffers.

use super::dma_channel;
use crate::{
    abi::{
        DEVICE_DESCRIPTION as Description, DMA_ADAPTER, DMA_OPERATIONS as Operations, Layout, MDL, Ptr,
        SCATTER_GATHER_ELEMENT as Element, SCATTER_GATHER_LIST as List, constants as c, fill, write,
        write_bytes,
    },
    cpu::DISPATCH,
    imports,
    mem::Kind,
    nt::memory::mdl,
    verify::rules,
    world::{call, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// The last version of DMA_OPERATIONS that is spoken: version 3 is Windows 8's.
const VERSION: u32 = 2;
/// Bytes of DMA_OPERATIONS up to BuildMdlFromScatterGatherList.
const OPERATIONS: u32 = 128;
/// The end of what an adapter reaches that has 32 address lines.
const FOUR_GIB: u64 = 1 << 32;
const PAGE: u64 = 4096;

/// An adapter.
pub(super) struct Adapter {
    /// Has 64 address lines.
    wide: bool,
    longest: u32,
    /// Common buffers: address and length.
    buffers: RefCell<BTreeMap<u64, u32>>,
    lists: Cell<u32>,
}

/// A scatter/gather list that is out.
struct Out {
    adapter: u64,
    /// Memory within reach that stands for the driver's: address, length, and the MDL and offset to copy back to.
    bounce: Option<(u64, u32, u64, u64)>,
    /// In the driver's buffer: not ours to free.
    foreign: bool,
}

/// The adapters of a world.
#[derive(Default)]
pub struct Dma {
    adapters: RefCell<BTreeMap<u64, Rc<Adapter>>>,
    lists: RefCell<BTreeMap<u64, Out>>,
    operations: Cell<u64>,
}

impl Dma {
    /// Adapters that were not put back.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.adapters.borrow().keys().copied().collect()
    }
}

pub(super) fn adapter(what: &str, addr: u64) -> Rc<Adapter> {
    let known = world().nt.dma.adapters.borrow().get(&addr).cloned();
    world().verify.watch(&rules::DMA_ADAPTER);
    match known {
        Some(adapter) => adapter,
        None => world()
            .violation(&rules::DMA_ADAPTER, format!("{what}: {addr:#x} is no DMA adapter, or was put back")),
    }
}

/// The table of operations: one a world.
fn operations() -> u64 {
    let cell = &world().nt.dma.operations;
    if cell.get() == 0 {
        let table = world().mem.allocate(Kind::Host, 0, Operations::SIZE, "DMA_OPERATIONS").unwrap_or(0);
        if table != 0 {
            fill(table, 0, Operations::SIZE);
            write(table, OPERATIONS);
            let all = FUNCTIONS.iter().chain(dma_channel::FUNCTIONS);
            for (import, at) in all.zip((table + 8..).step_by(8)) {
                write(at, world().nt.entry(import.address.0 as u64));
            }
        }
        cell.set(table);
    }
    cell.get()
}

/// Map registers for `len` bytes from `va`.
pub(super) fn map_registers(va: u64, len: u64) -> u32 {
    mdl::pages(va, len) as u32
}

/// The physical pieces of a transfer; ends the run if the MDL does not hold it.
pub(super) fn pieces(what: &str, first: u64, va: u64, len: u32) -> Vec<(u64, u64)> {
    let mdl: Ptr<MDL> = Ptr::new(first);
    let start = mdl::virtual_address(mdl);
    let inside = va.checked_sub(start).filter(|skip| *skip <= u64::from(mdl.get(MDL::ByteCount)));
    world().verify.watch(&rules::DMA_RANGE);
    let Some(skip) = inside else {
        world().violation(
            &rules::DMA_RANGE,
            format!("{what}: CurrentVa {va:#x} lies outside the MDL, which begins at {start:#x}"),
        )
    };
    match mdl::physical(mdl, skip, u64::from(len)) {
        Ok(pieces) => pieces,
        Err(why) => world().violation(&rules::DMA_RANGE, format!("{what}: {why}")),
    }
}

/// Copies between bounce memory and what an MDL chain describes.
fn copy(first: u64, va: u64, len: u32, bounce: u64, to_bounce: bool) {
    let mut done = 0;
    for (physical, length) in pieces("bounce buffer", first, va, len) {
        let Some(at) = world().mem.virtual_of(physical) else { return };
        let length = usize::try_from(length).unwrap_or(0);
        let (from, to) = if to_bounce { (at, bounce + done) } else { (bounce + done, at) };
        write_bytes(to, &crate::abi::bytes(from, length));
        done += length as u64;
    }
}

/// A transfer that a scatter/gather list is built for.
pub(super) struct Transfer {
    pub adapter: u64,
    pub device: u64,
    pub mdl: u64,
    pub va: u64,
    pub len: u32,
    pub routine: u64,
    pub context: u64,
    pub to_device: bool,
}

/// Builds the list, in the driver's buffer or in one of its own, and calls the driver's routine.
fn build(what: &'static str, t: &Transfer, buffer: Option<(u64, u32)>) -> u32 {
    let world = world();
    let state = adapter(what, t.adapter);
    let irql = world.cpu().irql();
    world.hold(&rules::DMA_IRQL, irql == DISPATCH, || {
        format!("{what} called at IRQL {irql}; documented: {DISPATCH}")
    });
    if t.len > state.longest {
        return c::STATUS_INSUFFICIENT_RESOURCES;
    }
    let mut parts = pieces(what, t.mdl, t.va, t.len);
    let mut bounce = None;
    if !state.wide && parts.iter().any(|(at, length)| at + length > FOUR_GIB) {
        let Some(memory) = world.mem.allocate(Kind::Host, 0, t.len as usize, what) else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        if t.to_device {
            copy(t.mdl, t.va, t.len, memory, true);
        }
        parts = vec![(world.mem.physical(memory).unwrap_or(0), u64::from(t.len))];
        bounce = Some((memory, t.len, t.mdl, t.va));
    }
    let size = List::SIZE + Element::SIZE * parts.len();
    let list = match buffer {
        Some((at, room)) if room as usize >= size => Some(at),
        Some(_) => return c::STATUS_BUFFER_TOO_SMALL,
        None => world.mem.allocate(Kind::SgList, 0, size, what),
    };
    let Some(list) = list else { return c::STATUS_INSUFFICIENT_RESOURCES };
    put_list(list, &parts);
    state.lists.set(state.lists.get() + 1);
    let out = Out { adapter: t.adapter, bounce, foreign: buffer.is_some() };
    world.nt.dma.lists.borrow_mut().insert(list, out);
    let irp = Ptr::<crate::abi::DEVICE_OBJECT>::new(t.device).get(crate::abi::DEVICE_OBJECT::CurrentIrp);
    call("DRIVER_LIST_CONTROL", t.routine, &[t.device, irp, list, t.context]);
    c::STATUS_SUCCESS
}

/// Writes a SCATTER_GATHER_LIST.
fn put_list(at: u64, parts: &[(u64, u64)]) {
    let p: Ptr<List> = Ptr::new(at);
    write(at, parts.len() as u64);
    write(at + 8, 0_u64);
    let first = p.at(&List::Elements);
    for (&(address, length), at) in parts.iter().zip((first..).step_by(Element::SIZE)) {
        let element: Ptr<Element> = Ptr::new(at);
        write(element.at(&Element::Address), address);
        element.set(Element::Length, length as u32);
        element.set(Element::Reserved, 0);
    }
}

/// Allocates a common buffer, and tells its bus address.
pub(super) fn allocate_common(what: &'static str, addr: u64, len: u32, logical: u64) -> u64 {
    let world = world();
    let state = adapter(what, addr);
    let size = (len as usize).max(PAGE as usize);
    let Some(buffer) = world.mem.allocate(Kind::Contiguous, 0, size, what) else { return 0 };
    write(logical, world.mem.physical(buffer).unwrap_or(0));
    state.buffers.borrow_mut().insert(buffer, len);
    buffer
}

/// Frees a common buffer.
pub(super) fn free_common(what: &str, addr: u64, len: u32, logical: u64, buffer: u64) {
    let world = world();
    let known = adapter(what, addr).buffers.borrow_mut().remove(&buffer);
    let right = known == Some(len) && world.mem.physical(buffer) == Some(logical);
    world.hold(&rules::DMA_COMMON_BUFFER, right, || {
        format!("{what}({buffer:#x}, {len} bytes at {logical:#x}): not allocated so")
    });
    crate::nt::memory::check_free(what, buffer, len as usize);
    if let Err(bad) = world.mem.free(Kind::Contiguous, buffer) {
        world.violation(&rules::DMA_COMMON_BUFFER, format!("{what}({buffer:#x}): {bad:?}"));
    }
}

imports! {
    /// DMA_OPERATIONS in the order of the structure, as far as FreeCommonBuffer; the rest is in `dma_channel`.
    FUNCTIONS from "DMA_OPERATIONS";

    fn PutDmaAdapter(addr: u64) {
        let world = world();
        let state = adapter("PutDmaAdapter", addr);
        let (buffers, lists) = (state.buffers.borrow().len(), state.lists.get());
        world.hold(&rules::DMA_LEFT, buffers == 0 && lists == 0, || {
            format!("PutDmaAdapter with {buffers} common buffers and {lists} SG lists out")
        });
        world.nt.dma.adapters.borrow_mut().remove(&addr);
        let _ = world.mem.free(Kind::Host, addr);
    }

    fn AllocateCommonBuffer(addr: u64, len: u32, logical: u64, _cached: u8) -> u64 {
        allocate_common("AllocateCommonBuffer", addr, len, logical)
    }

    fn FreeCommonBuffer(addr: u64, len: u32, logical: u64, buffer: u64, _cached: u8) {
        free_common("FreeCommonBuffer", addr, len, logical, buffer);
    }
}

/// GetScatterGatherList.
pub(super) fn get_list(transfer: &Transfer) -> u32 {
    build("GetScatterGatherList", transfer, None)
}

/// BuildScatterGatherList, into the driver's own buffer.
pub(super) fn build_list(transfer: &Transfer, buffer: (u64, u32)) -> u32 {
    build("BuildScatterGatherList", transfer, Some(buffer))
}

/// Bytes of the list for a transfer.
pub(super) fn list_size(pages: u32) -> u32 {
    (List::SIZE + Element::SIZE * pages as usize) as u32
}

/// Takes a list back.
pub(super) fn put_back(addr: u64, list: u64, to_device: bool) {
    let world = world();
    let state = adapter("PutScatterGatherList", addr);
    let out = world.nt.dma.lists.borrow_mut().remove(&list);
    world.verify.watch(&rules::DMA_LIST);
    let Some(out) = out.filter(|out| out.adapter == addr) else {
        world.violation(
            &rules::DMA_LIST,
            format!("PutScatterGatherList({list:#x}): not out, or of another adapter"),
        )
    };
    state.lists.set(state.lists.get().saturating_sub(1));
    if let Some((memory, len, mdl, va)) = out.bounce {
        if !to_device {
            copy(mdl, va, len, memory, false);
        }
        let _ = world.mem.free(Kind::Host, memory);
    }
    if !out.foreign {
        let _ = world.mem.free(Kind::SgList, list);
    }
}

/// IoGetDmaAdapter, also through BUS_INTERFACE_STANDARD.
pub(super) fn get_adapter(description: u64, registers: u64) -> u64 {
    let world = world();
    let p: Ptr<Description> = Ptr::new(description);
    let version = p.get(Description::Version);
    if version > VERSION || p.get(Description::Master) == 0 {
        return 0;
    }
    let table = operations();
    let Some(addr) = world.mem.allocate(Kind::Host, 0, DMA_ADAPTER::SIZE, "IoGetDmaAdapter") else {
        return 0;
    };
    let adapter: Ptr<DMA_ADAPTER> = Ptr::new(addr);
    adapter.set(DMA_ADAPTER::Version, 1);
    adapter.set(DMA_ADAPTER::Size, DMA_ADAPTER::SIZE as u16);
    adapter.set(DMA_ADAPTER::DmaOperations, table);
    let longest = p.get(Description::MaximumLength);
    let state = Adapter {
        wide: p.get(Description::Dma64BitAddresses) != 0,
        longest,
        buffers: RefCell::default(),
        lists: Cell::new(0),
    };
    world.nt.dma.adapters.borrow_mut().insert(addr, Rc::new(state));
    write(registers, map_registers(PAGE - 1, u64::from(longest)));
    addr
}

imports! {
    /// DMA adapters.
    TABLE from "ntoskrnl.exe";

    fn IoGetDmaAdapter(_pdo: u64, description: u64, registers: u64) -> u64 {
        get_adapter(description, registers)
    }

    fn HalAllocateCommonBuffer(addr: u64, len: u32, logical: u64, _cached: u8) -> u64 {
        allocate_common("HalAllocateCommonBuffer", addr, len, logical)
    }

    fn HalFreeCommonBuffer(addr: u64, len: u32, logical: u64, buffer: u64, _cached: u8) {
        free_common("HalFreeCommonBuffer", addr, len, logical, buffer);
    }
}

/// What an SG list of the driver's holds: for tests.
#[cfg(test)]
pub(crate) fn elements(list: u64) -> Vec<(u64, u32)> {
    let first = Ptr::<List>::new(list).at(&List::Elements);
    let count: u32 = crate::abi::read(list);
    (0..u64::from(count))
        .map(|i| first + i * Element::SIZE as u64)
        .map(|at| (crate::abi::read(at), crate::abi::read(at + 8)))
        .collect()
}
