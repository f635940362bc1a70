//! A miniport driver in a few lines: it sends into the void, indicates the same frames again and again, and has at
//! most one fault.
//!
//! It stands on the driver's side of the binary interface: it calls the imports that an image would be bound to.

mod handlers;
mod memory;
mod oid;
mod plug;
mod release;
mod resources;
mod send;
mod status;

use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{
        NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, NDIS_OBJECT_HEADER, NET_BUFFER_LIST, Ptr,
        constants as c, write,
    },
    image,
};
use std::cell::{Cell, RefCell};

/// Frames that an interrupt brings.
pub const FRAMES: usize = 3;
/// A tag.
const TAG: u64 = 0x6461_6221;
/// `NDIS_STATUS_FAILURE`.
const FAILURE: u64 = c::NDIS_STATUS_FAILURE as u64;

/// Everything that the driver remembers. The run is on one thread, and so is the driver.
#[derive(Default)]
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
    /// The device is gone.
    removed: Cell<bool>,
    /// Sends go into the queue.
    queueing: Cell<bool>,
    queue: RefCell<Vec<u64>>,
    /// The device raises its line.
    asserted: Cell<bool>,
    /// The OID request that pends.
    request: Cell<u64>,
    lock: Box<u64>,
}

thread_local! {
    static STATE: Cell<&'static State> = Cell::new(Box::leak(Box::default()));
}

fn state() -> &'static State {
    STATE.get()
}

/// Begins a new life: nothing of the one before is remembered.
pub fn forget() {
    STATE.set(Box::leak(Box::default()));
    state().paused.set(true);
}

/// The device raises its line.
pub fn assert_line() {
    state().asserted.set(true);
}

/// Sends go into the driver's queue, or what is left there is completed.
pub fn queue_sends(queue: bool) {
    state().queueing.set(queue);
    if !queue {
        send::complete_queue();
    }
}

/// `NDIS_SET_NET_BUFFER_LIST_CANCEL_ID`.
pub fn set_cancel_id(nbl: u64, id: u64) {
    write(cancel_id_at(nbl), id);
}

fn cancel_id_at(nbl: u64) -> u64 {
    let info = Ptr::<NET_BUFFER_LIST>::new(nbl).at(&NET_BUFFER_LIST::NetBufferListInfo);
    info + 8 * u64::from(c::NetBufferListCancelId)
}

/// Calls an import as an image does.
pub fn import(name: &str, args: &[u64]) -> u64 {
    let found = image::resolve("ndis.sys", name).or_else(|| image::resolve("ntoskrnl.exe", name));
    let address = found.unwrap_or_else(|| panic!("nobody provides {name}")).address.0;
    jump(address as u64, args)
}

/// Calls a function in the Windows x64 convention.
pub fn jump(address: u64, args: &[u64]) -> u64 {
    type Function = extern "win64" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> u64;
    // SAFETY: the address is that of an import, which takes integers in this convention: the caller removes the
    // arguments, so surplus ones do no harm.
    let function: Function = unsafe { std::mem::transmute(address as *const ()) };
    let arg = |i: usize| args.get(i).copied().unwrap_or(0);
    function(arg(0), arg(1), arg(2), arg(3), arg(4), arg(5), arg(6), arg(7), arg(8), arg(9), arg(10))
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
    let level = import("KeRaiseIrqlToDpcLevel", &[]);
    let value = body();
    import("KeLowerIrql", &[level & 0xFF]);
    value
}

macro_rules! address {
    ($handler:path) => {
        $handler as *const () as u64
    };
}
use address;

/// `DriverEntry`.
pub extern "win64" fn entry(object: u64, _path: u64) -> u64 {
    let status = register(object, &|p| {
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
pub fn register(object: u64, change: &dyn Fn(Ptr<Chars>)) -> u64 {
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
        (Chars::DirectOidRequestHandler, address!(handlers::nothing)),
        (Chars::CancelDirectOidRequestHandler, address!(handlers::nothing)),
    ] {
        p.set(field, handler);
    }
    change(p);
    // The registry path is the driver object: nobody reads it.
    let given = if is(Fault::RegistersOtherObject) { object + 8 } else { object };
    import("NdisMRegisterMiniportDriver", &[given, object, 0, block.addr(), out(&state().driver)])
}

/// `MiniportDriverUnload`.
extern "win64" fn unload(_object: u64) {
    if !is(Fault::KeepsMemoryAtUnload) {
        import("NdisFreeMemory", &[state().drivers_memory.get(), 0, 0]);
    }
    if is(Fault::UsesStrangeDriver) {
        import("NdisMDeregisterMiniportDriver", &[state().driver.get() + 8]);
    }
    if !is(Fault::StaysRegistered) {
        import("NdisMDeregisterMiniportDriver", &[state().driver.get()]);
    }
}
