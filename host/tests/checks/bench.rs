//! A machine without a device to speak of, on which the driver lives its life.

use crate::{
    fault::{self, Turn, turns},
    mutant,
};
use ferrite_host::{
    abi::{NET_BUFFER_LIST, Ptr, constants as c, write},
    device::Ram,
    devnode::Device,
    mem::Region,
    ndis::{
        adapter::{Adapter, State},
        oid::Asked,
        protocol::Protocol,
    },
    net::{Hold, Port, Shape, frames},
    nt::{Platform, Vector, io::driver::NewDriver},
    verify::End,
    world::{Bar, Config, Hardware, InterruptMode, World, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Bytes of RAM.
const RAM: u64 = 16 << 20;
/// How long the driver may take: it does nothing that takes time.
const BOUND: Duration = Duration::from_millis(300);
/// Where the registers are.
const BAR: Bar = Bar { index: 0, start: 0xC000_0000, len: 0x2_0000, memory: true };
/// `NDIS_LINK_PARAMETERS` of revision 1.
const LINK: [u8; 32] = {
    let mut link = [0; 32];
    link[0] = 0x80;
    link[1] = 1;
    link[2] = 32;
    link
};
/// An OID that nobody has.
const NO_OID: u32 = 0x02FF_FFFF;

/// Registers of the device, as the driver knows them: what it interrupts for, cleared by reading; whether sends go into
/// the driver's queue.
const REASON: u64 = 0;
const QUEUE: u64 = 8;
/// Reasons: frames have come; the queue is to be sent.
const RECEIVED: u64 = 1;
const FLUSH: u64 = 2;
/// Frames that an interrupt brings.
const FRAMES: usize = 3;

/// A device with two registers and an interrupt that the bench raises.
#[derive(Default)]
pub struct Nic {
    sink: RefCell<Option<Rc<dyn Fn(u32)>>>,
    reason: Cell<u64>,
    queue: Cell<bool>,
}

impl Nic {
    /// Interrupts with message 0, if anybody listens.
    fn interrupt(&self, reason: u64) {
        let sink = self.sink.borrow().clone();
        if let Some(sink) = sink {
            self.reason.set(self.reason.get() | reason);
            sink(0);
        }
    }
}

impl Hardware for Nic {
    fn config_read(&self, _: u32, to: &mut [u8]) {
        to.fill(0);
    }
    fn config_write(&self, _: u32, _: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        vec![BAR]
    }
    fn read(&self, _: usize, offset: u64, _: usize) -> u64 {
        match offset {
            REASON => self.reason.take(),
            QUEUE => self.queue.get().into(),
            _ => 0,
        }
    }
    fn write(&self, _: usize, _: u64, _: usize, _: u64) {}
    fn messages(&self) -> usize {
        1
    }
    fn connect(&self, _: InterruptMode, sink: Rc<dyn Fn(u32)>) -> Result<(), String> {
        self.sink.replace(Some(sink));
        Ok(())
    }
    fn disconnect(&self) {
        self.sink.replace(None);
    }
    fn message(&self, _: usize) -> (u64, u32) {
        (0xFEE0_0000, 0)
    }
    fn line_asserted(&self) -> bool {
        self.reason.get() != 0
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {}
}

/// A machine with one interrupt line, for the routine that connects one.
struct Line;

impl Platform for Line {
    fn vectors(&self, _: u64) -> Vec<Vector> {
        vec![Vector { vector: 0x51, irql: 6, affinity: 3, message: None }]
    }
    fn connect(&self, _: u32, _: Rc<dyn Fn() -> bool>) -> bool {
        true
    }
    fn disconnect(&self, _: u32) {}
}

/// How a machine's time went.
pub struct Run {
    /// What ended it early.
    pub ended: Result<(), End>,
    /// How often each rule was watched.
    pub coverage: Vec<u64>,
}

/// The whole life of the driver, with a fault or, if it has no name, without.
pub fn live(fault: &'static str, turn: Turn) -> Run {
    on_a_machine(fault, turn, false, life)
}

/// The same in special pool.
pub fn live_special(fault: &'static str, turn: Turn) -> Run {
    on_a_machine(fault, turn, true, life)
}

/// A routine of the driver's on a machine where nothing else happens.
pub fn routine(name: &'static str) -> Run {
    on_a_machine(name, Turn::None, false, move || {
        let world = world();
        if name == "devices" {
            world.nt.set_platform(Rc::new(Line));
        }
        let (object, status) = enter();
        if status != c::STATUS_SUCCESS {
            world.fail(format!("DriverEntry returned {status:#x}"));
        }
        let device = Device::new(r"PCI\TEST".into(), Rc::new(Nic::default()), String::new(), 1);
        mutant::add(object, world.nt.enumerate(&Rc::new(device)).pdo);
    })
}

/// A driver object on a machine where nothing else happens.
pub fn bare(body: impl FnOnce(u64) + 'static) -> Run {
    on_a_machine("", Turn::None, false, || {
        let new = NewDriver { service: "mutants", start: 0, size: 0, entry: 0 };
        body(world().nt.create_driver(&new).expect("memory"));
    })
}

fn on_a_machine(fault: &'static str, turn: Turn, special_pool: bool, body: impl FnOnce() + 'static) -> Run {
    fault::set(fault, turn);
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from).collect();
    let world = World::new(Config { special_pool, ..Config::new(regions) }).expect("a world");
    let bounds = &world.ndis.bounds;
    for bound in [&bounds.pause, &bounds.oid, &bounds.send] {
        bound.set(BOUND);
    }
    if fault == "Hangs" {
        bounds.hang.set(BOUND / 2);
    }
    let pool = if special_pool { "Special" } else { "" };
    mutant::choose(&world, &[("Fault", fault), ("Turn", turn.for_driver()), ("Pool", pool)]);
    let ended = world.run(body);
    Run { ended, coverage: world.verify.coverage() }
}

/// Loads the driver; the driver object and what `DriverEntry` said, which NDIS is told.
fn enter() -> (u64, u32) {
    let (object, status) = mutant::enter();
    world().ndis.entered(status);
    (object, status)
}

/// Waits, and ends the run as a failure of the bench if it is in vain.
fn wait(what: &'static str, condition: &dyn Fn() -> bool) {
    let until = world().clock.now().after(10 * BOUND);
    if !world().sched.block(what, Some(until), condition) {
        world().fail(format!("{what} in vain"));
    }
}

fn life() {
    let world = world();
    let (_, status) = enter();
    let Some(miniport) = world.ndis.miniport() else {
        world.fail(format!("DriverEntry returned {status:#x}"))
    };
    let hardware = Rc::new(Nic::default());
    let messages = if turns(Turn::Line) { 0 } else { 1 };
    let key = "Driver".into();
    let device = Device::new("TEST\\0".into(), Rc::clone(&hardware) as Rc<dyn Hardware>, key, messages);
    let added = world.ndis.add(&miniport, Rc::new(device));
    if let Ok(adapter) = added {
        if world.ndis.initialize(&adapter).is_ok() && !run(&adapter, &hardware) {
            return;
        }
        world.ndis.remove(&adapter);
    }
    world.ndis.unload();
}

/// Everything between `MiniportInitializeEx` and `MiniportHaltEx`; whether the machine is still on then.
fn run(adapter: &Rc<Adapter>, hardware: &Nic) -> bool {
    let world = world();
    let ndis = &world.ndis;
    let port = Port::new();
    adapter.protocol.replace(Some(Rc::clone(&port) as Rc<dyn Protocol>));
    ndis.restart(adapter).expect("a restart");
    hardware.interrupt(RECEIVED);
    if fault::is("IndicatesBeforeFilter") {
        wait("an indication", &|| false);
    }
    ndis.set(adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &[0x0B, 0, 0, 0]);
    port.send(adapter, &[&[1; 60], &[2; 100], &[3; 1514]]);
    wait_for_sends(adapter, &port);
    cancel(adapter, &port, hardware);
    port.hold.set(Hold::Everything);
    hardware.interrupt(RECEIVED);
    wait("three receives", &|| port.held() == FRAMES);
    if turns(Turn::Line) {
        ndis.foreign_interrupt(adapter);
    }
    ask(adapter);
    ndis.reset(adapter);
    ndis.reset(adapter);
    for (turn, action) in
        [(Turn::PowersOff, c::NdisShutdownPowerOff), (Turn::Crashes, c::NdisShutdownBugCheck)]
    {
        if turns(turn) {
            ndis.shutdown(adapter, action);
            return false;
        }
    }
    pause_with_receives_held(adapter, &port);
    port.hold.set(Hold::Nothing);
    ndis.restart(adapter).expect("a restart");
    if turns(Turn::Surprise) {
        ndis.pnp_event(adapter, c::NdisDevicePnPEventSurpriseRemoved);
        ndis.query(adapter, c::OID_GEN_VENDOR_ID, 4);
        port.send(adapter, &[&[5; 60]]);
    } else {
        adapter.throttle.set(1);
        hardware.interrupt(RECEIVED);
        wait("receives under a throttle", &|| port.received.borrow().len() >= 2 * FRAMES);
    }
    ndis.pause(adapter, 1);
    if fault::is("IndicatesPaused") {
        hardware.interrupt(RECEIVED);
        wait("an indication", &|| false);
    }
    let late = frames::build(&[(&[4; 60], Shape::flat(60))], 0).expect("memory");
    port.out.set(1);
    ndis.hand_down(adapter, &[late]);
    ndis.halt(adapter, c::NdisHaltDeviceDisabled);
    adapter.protocol.replace(None);
    true
}

/// One request of every kind.
fn ask(adapter: &Rc<Adapter>) {
    let ndis = &world().ndis;
    for size in [0, 2, 4, 64] {
        ndis.query(adapter, c::OID_GEN_MAXIMUM_FRAME_SIZE, size);
    }
    for size in [0, 4, 8] {
        ndis.query(adapter, c::OID_GEN_XMIT_OK, size);
    }
    for (oid, size) in
        [(c::OID_GEN_VENDOR_ID, 4), (c::OID_GEN_STATISTICS, 152), (c::OID_PNP_QUERY_POWER, 4), (NO_OID, 4)]
    {
        ndis.query(adapter, oid, size);
    }
    for oid in [c::OID_PNP_SET_POWER, c::OID_PM_REMOVE_WOL_PATTERN] {
        ndis.set(adapter, oid, &[1, 0, 0, 0]);
    }
    ndis.set(adapter, c::OID_GEN_LINK_PARAMETERS, &LINK);
    let direct = Asked { kind: c::NdisRequestMethod, oid: NO_OID, buffer: vec![0; 16], ..Asked::default() };
    assert_eq!(ndis.ask_direct(adapter, &direct), c::NDIS_STATUS_INVALID_OID);
}

/// The driver has two sends in its queue, and one is cancelled.
fn cancel(adapter: &Rc<Adapter>, port: &Rc<Port>, hardware: &Nic) {
    let before = port.out.get();
    hardware.queue.set(true);
    for id in [1_u64, 2] {
        let nbl = frames::build(&[(&[6; 60], Shape::flat(60))], id).expect("memory");
        set_cancel_id(nbl.addr(), id);
        port.send_built(adapter, &[nbl]);
    }
    world().ndis.check_sends(adapter);
    world().ndis.cancel_sends(adapter, 1);
    hardware.queue.set(false);
    hardware.interrupt(FLUSH);
    wait("the queue to be sent", &|| port.out.get() <= before);
}

/// `NDIS_SET_NET_BUFFER_LIST_CANCEL_ID`.
fn set_cancel_id(nbl: u64, id: u64) {
    let info = Ptr::<NET_BUFFER_LIST>::new(nbl).at(&NET_BUFFER_LIST::NetBufferListInfo);
    write(info + 8 * u64::from(c::NetBufferListCancelId), id);
}

fn wait_for_sends(adapter: &Rc<Adapter>, port: &Port) {
    if fault::is("PausesWithSendsOut") {
        return;
    }
    world().ndis.check_sends(adapter);
    let deadline = world().clock.now().after(2 * BOUND);
    while port.out.get() > 0 && world().clock.now() < deadline {
        world().sched.sleep(Duration::from_millis(1));
        world().ndis.check_sends(adapter);
    }
}

/// The protocol returns what it holds while the pause waits: one first, then the others.
fn pause_with_receives_held(adapter: &Rc<Adapter>, port: &Rc<Port>) {
    let (returner, held) = (Rc::clone(adapter), Rc::clone(port));
    world().sched.spawn("returner", 1, move || {
        wait("a pause", &|| returner.state() == State::Pausing && returner.pause.is_waiting());
        world().sched.sleep(Duration::from_millis(2));
        held.release(&returner, 1);
        world().sched.sleep(Duration::from_millis(2));
        if !fault::is("NeverPauses") {
            held.release(&returner, usize::MAX);
        }
    });
    world().ndis.pause(adapter, 1);
}
