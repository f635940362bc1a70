//! A machine without a device to speak of, on which the driver lives its life.

use crate::{
    driver,
    fault::{self, Fault, Turn, turns},
};
use ferrite_host::{
    abi::{NDIS_MINIPORT_DRIVER_CHARACTERISTICS as Chars, Ptr, constants as c},
    device::Ram,
    devnode::Device,
    mem::Region,
    ndis::{
        adapter::{Adapter, State},
        protocol::Protocol,
    },
    net::{Hold, Port, Shape, frames},
    nt::io::driver::NewDriver,
    verify::End,
    world::{Bar, Config, Hardware, InterruptMode, World, call, world},
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

/// Registers that hold nothing, and an interrupt that the bench raises.
#[derive(Default)]
pub struct Nothing {
    sink: RefCell<Option<Rc<dyn Fn(u32)>>>,
}

impl Nothing {
    /// Interrupts with message 0, if anybody listens.
    fn interrupt(&self) {
        let sink = self.sink.borrow().clone();
        if let Some(sink) = sink {
            driver::assert_line();
            sink(0);
        }
    }
}

impl Hardware for Nothing {
    fn config_read(&self, _: u32, to: &mut [u8]) {
        to.fill(0);
    }
    fn config_write(&self, _: u32, _: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        vec![BAR]
    }
    fn read(&self, _: usize, _: u64, _: usize) -> u64 {
        0
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
        false
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {}
}

/// How a machine's time went.
pub struct Run {
    /// What ended it early.
    pub ended: Result<(), End>,
    /// How often each rule was watched.
    pub coverage: Vec<u64>,
}

/// The whole life of the driver, with a fault or without.
pub fn live(fault: Option<Fault>, turn: Turn) -> Run {
    on_a_machine(fault, turn, matches!(fault, Some(Fault::Memory(_))), life)
}

/// The same without a fault in special pool.
pub fn live_special(turn: Turn) -> Run {
    on_a_machine(None, turn, true, life)
}

/// A routine of the driver's on a machine where nothing else happens.
pub fn routine(body: fn()) -> Run {
    on_a_machine(None, Turn::None, false, body)
}

fn on_a_machine(fault: Option<Fault>, turn: Turn, special_pool: bool, body: impl FnOnce() + 'static) -> Run {
    fault::set(fault, turn);
    driver::forget();
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from).collect();
    let world = World::new(Config { special_pool, ..Config::new(regions) }).expect("a world");
    let bounds = &world.ndis.bounds;
    for bound in [&bounds.pause, &bounds.oid, &bounds.send] {
        bound.set(BOUND);
    }
    if fault == Some(Fault::Hangs) {
        bounds.hang.set(BOUND / 2);
    }
    let ended = world.run(body);
    Run { ended, coverage: world.verify.coverage() }
}

/// What `NdisMRegisterMiniportDriver` says to characteristics that were changed.
pub fn register(change: impl Fn(Ptr<Chars>) + 'static) -> u32 {
    let answer = Rc::new(Cell::new(u32::MAX));
    let place = Rc::clone(&answer);
    let run = on_a_machine(None, Turn::None, false, move || {
        place.set(driver::register(driver_object(), &change) as u32);
    });
    assert!(run.ended.is_ok(), "{}", run.ended.unwrap_err());
    answer.get()
}

/// Waits, and ends the run as a failure of the bench if it is in vain.
fn wait(what: &'static str, condition: &dyn Fn() -> bool) {
    let until = world().clock.now().after(10 * BOUND);
    if !world().sched.block(what, Some(until), condition) {
        world().fail(format!("{what} in vain"));
    }
}

/// A driver object.
pub fn driver_object() -> u64 {
    let new = NewDriver { service: "bench", start: 0, size: 0, entry: driver::entry as *const () as u64 };
    world().nt.create_driver(&new).expect("memory")
}

fn life() {
    let world = world();
    let object = driver_object();
    let status = call("DriverEntry", driver::entry as *const () as u64, &[object, object]) as u32;
    world.ndis.entered(status);
    let Some(miniport) = world.ndis.miniport() else {
        world.fail(format!("DriverEntry returned {status:#x}"))
    };
    let hardware = Rc::new(Nothing::default());
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
fn run(adapter: &Rc<Adapter>, hardware: &Nothing) -> bool {
    let world = world();
    let ndis = &world.ndis;
    let port = Port::new();
    adapter.protocol.replace(Some(Rc::clone(&port) as Rc<dyn Protocol>));
    ndis.restart(adapter).expect("a restart");
    if fault::is(Fault::IndicatesBeforeFilter) {
        hardware.interrupt();
        wait("an indication", &|| false);
    }
    ndis.set(adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &[0x0B, 0, 0, 0]);
    port.send(adapter, &[&[1; 60], &[2; 100], &[3; 1514]]);
    wait_for_sends(adapter, &port);
    cancel(adapter, &port);
    port.hold.set(Hold::Everything);
    hardware.interrupt();
    wait("three receives", &|| port.held() == driver::FRAMES);
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
        hardware.interrupt();
        wait("receives under a throttle", &|| port.received.borrow().len() >= 2 * driver::FRAMES);
    }
    ndis.pause(adapter, 1);
    if fault::is(Fault::IndicatesPaused) {
        hardware.interrupt();
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
}

/// The driver has two sends in its queue, and one is cancelled.
fn cancel(adapter: &Rc<Adapter>, port: &Rc<Port>) {
    driver::queue_sends(true);
    for id in [1_u64, 2] {
        let nbl = frames::build(&[(&[6; 60], Shape::flat(60))], id).expect("memory");
        driver::set_cancel_id(nbl.addr(), id);
        port.send_built(adapter, &[nbl]);
    }
    world().ndis.check_sends(adapter);
    world().ndis.cancel_sends(adapter, 1);
    driver::queue_sends(false);
}

fn wait_for_sends(adapter: &Rc<Adapter>, port: &Port) {
    if fault::is(Fault::PausesWithSendsOut) {
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
        if !fault::is(Fault::NeverPauses) {
            held.release(&returner, usize::MAX);
        }
    });
    world().ndis.pause(adapter, 1);
}
