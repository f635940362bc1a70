//! A miniport driver in a few lines: it sends into the void, indicates the same frames again and again, and has at
//! most one fault.
//!
//! It stands on the driver's side of the binary interface: it calls the imports that an image would be bound to.

mod handlers;
mod memory;
mod resources;

use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{
        NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_MINIPORT_PNP_CHARACTERISTICS as PnpChars,
        NDIS_OBJECT_HEADER, Ptr, constants as c,
    },
    image,
};
use std::cell::{Cell, RefCell};

/// Frames that an interrupt brings.
pub const FRAMES: usize = 3;
/// A tag.
const TAG: u64 = 0x6461_6221;

/// Everything that the driver remembers. The run is on one thread, and so is the driver.
#[derive(Default)]
struct State {
    /// `NdisMRegisterMiniportDriver`'s handle.
    driver: Cell<u64>,
    /// Memory that belongs to the driver.
    drivers_memory: Cell<u64>,
    /// The miniport adapter handle.
    adapter: Cell<u64>,
    memory: Cell<u64>,
    mapping: Cell<u64>,
    dma: Cell<u64>,
    shared: Cell<(u64, u64)>,
    pool: Cell<u64>,
    frames: RefCell<Vec<u64>>,
    timer: Cell<u64>,
    work_item: Cell<u64>,
    interrupt: Cell<u64>,
    /// Receives that are out.
    out: Cell<usize>,
    /// DPCs under a throttle.
    turns: Cell<usize>,
    pausing: Cell<bool>,
    paused: Cell<bool>,
    /// A send that is held back.
    held: Cell<u64>,
    /// The OID request that pends.
    request: Cell<u64>,
    lock: Box<u64>,
    /// MDLs of received frames, and the memory that they describe.
    buffers: RefCell<Vec<(u64, u64)>>,
}

thread_local! {
    static STATE: &'static State = Box::leak(Box::default());
}

fn state() -> &'static State {
    STATE.with(|state| *state)
}

/// Begins a new life: nothing of the one before is remembered.
pub fn forget() {
    let State { driver, drivers_memory, adapter, memory, mapping, dma, pool, .. } = state();
    for cell in [driver, drivers_memory, adapter, memory, mapping, dma, pool] {
        cell.set(0);
    }
    let State { timer, work_item, interrupt, held, request, .. } = state();
    for cell in [timer, work_item, interrupt, held, request] {
        cell.set(0);
    }
    state().out.set(0);
    state().turns.set(0);
    state().pausing.set(false);
    state().paused.set(true);
    state().frames.borrow_mut().clear();
    state().buffers.borrow_mut().clear();
}

/// Calls an import as an image does.
fn import(name: &str, args: &[u64]) -> u64 {
    let found = image::resolve("ndis.sys", name).or_else(|| image::resolve("ntoskrnl.exe", name));
    let address = found.unwrap_or_else(|| panic!("nobody provides {name}")).address.0;
    // SAFETY: an import takes integers in the Windows x64 convention, in which the caller removes the arguments, so
    // surplus ones do no harm.
    let function: extern "win64" fn(u64, u64, u64, u64, u64, u64, u64, u64) -> u64 =
        unsafe { std::mem::transmute(address) };
    let arg = |i: usize| args.get(i).copied().unwrap_or(0);
    function(arg(0), arg(1), arg(2), arg(3), arg(4), arg(5), arg(6), arg(7))
}

/// A structure with an object header, on the driver's heap.
struct Block(Box<[u64; 40]>);

impl Block {
    fn new(kind: u32, revision: u8, size: u32) -> Self {
        let block = Self(Box::new([0; 40]));
        let header: Ptr<NDIS_OBJECT_HEADER> = block.as_ptr();
        header.set(NDIS_OBJECT_HEADER::Type, kind as u8);
        header.set(NDIS_OBJECT_HEADER::Revision, revision);
        header.set(NDIS_OBJECT_HEADER::Size, size as u16);
        block
    }

    fn addr(&self) -> u64 {
        self.0.as_ptr() as u64
    }

    fn as_ptr<S>(&self) -> Ptr<S> {
        Ptr::new(self.addr())
    }
}

/// The address of a cell that an import writes to.
fn out(cell: &Cell<u64>) -> u64 {
    cell.as_ptr() as u64
}

macro_rules! address {
    ($handler:path) => {
        $handler as *const () as u64
    };
}
use address;

/// `DriverEntry`.
pub extern "win64" fn entry(object: u64, _path: u64) -> u64 {
    register(object, &|_| {})
}

/// Registers with characteristics that were changed.
pub fn register(object: u64, change: &dyn Fn(Ptr<Chars>)) -> u64 {
    let kind =
        if is(Fault::SendsWrongType) { 0x11 } else { c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS };
    let block = Block::new(kind, 2, c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2);
    let p: Ptr<Chars> = block.as_ptr();
    p.set(Chars::MajorNdisVersion, 6);
    p.set(Chars::MinorNdisVersion, 20);
    for (field, handler) in [
        (Chars::SetOptionsHandler, address!(set_options)),
        (Chars::InitializeHandlerEx, address!(resources::initialize)),
        (Chars::HaltHandlerEx, address!(resources::halt)),
        (Chars::UnloadHandler, address!(unload)),
        (Chars::PauseHandler, address!(handlers::pause)),
        (Chars::RestartHandler, address!(handlers::restart)),
        (Chars::OidRequestHandler, address!(handlers::oid_request)),
        (Chars::SendNetBufferListsHandler, address!(handlers::send)),
        (Chars::ReturnNetBufferListsHandler, address!(handlers::returned)),
        (Chars::CancelSendHandler, address!(handlers::nothing)),
        (Chars::CheckForHangHandlerEx, address!(handlers::nothing)),
        (Chars::ResetHandlerEx, address!(handlers::reset)),
        (Chars::DevicePnPEventNotifyHandler, address!(handlers::nothing)),
        (Chars::ShutdownHandlerEx, address!(handlers::nothing)),
        (Chars::CancelOidRequestHandler, address!(handlers::nothing)),
    ] {
        p.set(field, handler);
    }
    change(p);
    // The registry path is the driver object: nobody reads it.
    import("NdisMRegisterMiniportDriver", &[object, object, 0, block.addr(), out(&state().driver)])
}

/// `MiniportSetOptions`.
extern "win64" fn set_options(driver: u64, _context: u64) -> u64 {
    let memory = import("NdisAllocateMemoryWithTagPriority", &[driver, 64, TAG, 0]);
    state().drivers_memory.set(memory);
    if is(Fault::SetsHandlersLate) {
        return 0;
    }
    set_handlers(driver)
}

fn set_handlers(driver: u64) -> u64 {
    let kind = c::NDIS_OBJECT_TYPE_MINIPORT_PNP_CHARACTERISTICS;
    let block = Block::new(kind, 1, c::NDIS_SIZEOF_MINIPORT_PNP_CHARACTERISTICS_REVISION_1);
    let p: Ptr<PnpChars> = block.as_ptr();
    p.set(PnpChars::MiniportRemoveDeviceHandler, address!(handlers::remove_device));
    import("NdisSetOptionalHandlers", &[driver, block.addr()])
}

/// `MiniportDriverUnload`.
extern "win64" fn unload(_object: u64) {
    if !is(Fault::KeepsMemoryAtUnload) {
        import("NdisFreeMemory", &[state().drivers_memory.get(), 0, 0]);
    }
    if !is(Fault::StaysRegistered) {
        import("NdisMDeregisterMiniportDriver", &[state().driver.get()]);
    }
}
