//! A miniport that keeps every rule but one.

mod handlers;
mod memory;
mod nbl;
mod oid;
mod plug;
mod release;
mod resources;
mod send;
mod status;

use crate::{
    abi::{NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER, Ptr, address, c, import, read},
    fault::{Fault, is},
};
use alloc::{boxed::Box, vec::Vec};
use core::cell::{Cell, RefCell};

/// Frames that an interrupt brings.
pub const FRAMES: usize = 3;
/// Registers of the device: what it interrupts for, cleared by reading; whether sends go into the queue.
const REASON: u64 = 0;
const QUEUE: u64 = 8;
/// Reasons: frames have come; the queue is to be sent.
const RECEIVED: u32 = 1;
const FLUSH: u32 = 2;
/// `NDIS_STATUS_FAILURE`.
const FAILURE: u64 = c::NDIS_STATUS_FAILURE as u64;

/// Everything that the driver remembers.
struct State {
    /// `NdisMRegisterMiniportDriver`'s handle.
    driver: Cell<u64>,
    /// Memory that belongs to the driver.
    drivers_memory: Cell<u64>,
    /// Memory of `MiniportAddDevice`.
    added: Cell<u64>,
    /// The miniport adapter handle.
    adapter: Cell<u64>,
    memory: Cell<u64>,
    mapping: Cell<u64>,
    dma: Cell<u64>,
    shared: Cell<(u64, u64)>,
    pool: Cell<u64>,
    nb_pool: Cell<u64>,
    nb: Cell<u64>,
    data: Cell<u64>,
    mdl: Cell<u64>,
    generic: Cell<u64>,
    rw_lock: Cell<u64>,
    frames: RefCell<Vec<u64>>,
    /// MDLs of received frames, and the memory that they describe.
    buffers: RefCell<Vec<(u64, u64)>>,
    timer: Cell<u64>,
    periodic: Cell<u64>,
    work_item: Cell<u64>,
    interrupt: Cell<u64>,
    /// The message table.
    table: Cell<u64>,
    /// Receives that are out.
    out: Cell<usize>,
    /// DPCs under a throttle, restarts and resets so far.
    turns: Cell<usize>,
    restarts: Cell<u32>,
    resets: Cell<u32>,
    pausing: Cell<bool>,
    paused: Cell<bool>,
    /// A packet filter was set.
    filtering: Cell<bool>,
    /// The device is gone.
    removed: Cell<bool>,
    queue: RefCell<Vec<u64>>,
    /// Why the device interrupted.
    reason: Cell<u32>,
    /// The OID request that pends.
    request: Cell<u64>,
    lock: Cell<u64>,
}

// SAFETY: the driver is called as if there were one CPU only: where it runs on several, they wait for each other.
unsafe impl Sync for State {}

static STATE: State = State {
    driver: Cell::new(0),
    drivers_memory: Cell::new(0),
    added: Cell::new(0),
    adapter: Cell::new(0),
    memory: Cell::new(0),
    mapping: Cell::new(0),
    dma: Cell::new(0),
    shared: Cell::new((0, 0)),
    pool: Cell::new(0),
    nb_pool: Cell::new(0),
    nb: Cell::new(0),
    data: Cell::new(0),
    mdl: Cell::new(0),
    generic: Cell::new(0),
    rw_lock: Cell::new(0),
    frames: RefCell::new(Vec::new()),
    buffers: RefCell::new(Vec::new()),
    timer: Cell::new(0),
    periodic: Cell::new(0),
    work_item: Cell::new(0),
    interrupt: Cell::new(0),
    table: Cell::new(0),
    out: Cell::new(0),
    turns: Cell::new(0),
    restarts: Cell::new(0),
    resets: Cell::new(0),
    pausing: Cell::new(false),
    paused: Cell::new(true),
    filtering: Cell::new(false),
    removed: Cell::new(false),
    queue: RefCell::new(Vec::new()),
    reason: Cell::new(0),
    request: Cell::new(0),
    lock: Cell::new(0),
};

fn state() -> &'static State {
    &STATE
}

/// The address of the driver's spin lock.
fn lock() -> u64 {
    STATE.lock.as_ptr() as u64
}

/// A register of the device.
fn register_at(offset: u64) -> u32 {
    read(state().mapping.get() + offset)
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

    /// The same, with a header that is too short if the driver has this fault.
    fn short_if(fault: Fault, kind: u32, revision: u8, size: u32) -> Self {
        Self::new(kind, revision, if is(fault) { 4 } else { size })
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

/// At `DISPATCH_LEVEL`.
fn raised<T>(body: impl FnOnce() -> T) -> T {
    let level = import!(KeRaiseIrqlToDpcLevel);
    let value = body();
    import!(KeLowerIrql, level & 0xFF);
    value
}

/// `DriverEntry`.
pub fn entry(object: u64, path: u64) -> u64 {
    let status = register(object, path, |p| {
        for (fault, field) in [
            (Fault::LacksHalt, Chars::HaltHandlerEx),
            (Fault::LacksReset, Chars::ResetHandlerEx),
            (Fault::LacksCancelDirect, Chars::CancelDirectOidRequestHandler),
        ] {
            if is(fault) {
                p.set(field, 0);
            }
        }
        if is(Fault::HidesRefusal) {
            p.set(Chars::MajorNdisVersion, 7);
        }
    });
    match () {
        () if is(Fault::HidesRefusal) => 0,
        () if is(Fault::FailsEntryRegistered) => FAILURE,
        () => status,
    }
}

/// Registers with characteristics that were changed.
fn register(object: u64, path: u64, change: impl Fn(Ptr<Chars>)) -> u64 {
    let kind =
        if is(Fault::SendsWrongType) { 0x11 } else { c::NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS };
    let size = c::NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    let block = Block::short_if(Fault::SendsShortCharacteristics, kind, 2, size);
    let p: Ptr<Chars> = block.as_ptr();
    p.set(Chars::MajorNdisVersion, 6);
    p.set(Chars::MinorNdisVersion, 20);
    for (field, handler) in [
        (Chars::SetOptionsHandler, address!(plug::set_options)),
        (Chars::InitializeHandlerEx, address!(resources::initialize)),
        (Chars::HaltHandlerEx, address!(release::halt)),
        (Chars::UnloadHandler, address!(unload)),
        (Chars::PauseHandler, address!(handlers::pause)),
        (Chars::RestartHandler, address!(handlers::restart)),
        (Chars::OidRequestHandler, address!(oid::request)),
        (Chars::SendNetBufferListsHandler, address!(send::send)),
        (Chars::ReturnNetBufferListsHandler, address!(handlers::returned)),
        (Chars::CancelSendHandler, address!(send::cancel)),
        (Chars::CheckForHangHandlerEx, address!(handlers::nothing)),
        (Chars::ResetHandlerEx, address!(handlers::reset)),
        (Chars::DevicePnPEventNotifyHandler, address!(plug::event)),
        (Chars::ShutdownHandlerEx, address!(release::shutdown)),
        (Chars::CancelOidRequestHandler, address!(handlers::nothing)),
        (Chars::DirectOidRequestHandler, address!(oid::direct)),
        (Chars::CancelDirectOidRequestHandler, address!(handlers::nothing)),
    ] {
        p.set(field, handler);
    }
    change(p);
    let given = if is(Fault::RegistersOtherObject) { object + 8 } else { object };
    import!(NdisMRegisterMiniportDriver, given, path, 0, block.addr(), out(&state().driver))
}

/// `MiniportDriverUnload`.
extern "system" fn unload(_object: u64) {
    if !is(Fault::KeepsMemoryAtUnload) {
        import!(NdisFreeMemory, state().drivers_memory.get(), 0, 0);
    }
    if is(Fault::UsesStrangeDriver) {
        import!(NdisMDeregisterMiniportDriver, state().driver.get() + 8);
    }
    if !is(Fault::StaysRegistered) {
        import!(NdisMDeregisterMiniportDriver, state().driver.get());
    }
}
