//! A machine without a device to speak of, on which the driver lives its life.

use crate::{
    driver,
    fault::{self, Fault},
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

/// The whole life of the driver, with a fault or without: what ended it early.
pub fn live(fault: Option<Fault>) -> Result<(), End> {
    on_a_machine(fault, life)
}

/// The same in special pool.
pub fn live_special(fault: Option<Fault>) -> Result<(), End> {
    on_any_machine(fault, true, life)
}

fn on_a_machine(fault: Option<Fault>, body: impl FnOnce() + 'static) -> Result<(), End> {
    on_any_machine(fault, matches!(fault, Some(Fault::Memory(_))), body)
}

fn on_any_machine(
    fault: Option<Fault>,
    special_pool: bool,
    body: impl FnOnce() + 'static,
) -> Result<(), End> {
    fault::set(fault);
    driver::forget();
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from).collect();
    let world = World::new(Config { special_pool, ..Config::new(regions) }).expect("a world");
    let bounds = &world.ndis.bounds;
    for bound in [&bounds.pause, &bounds.oid, &bounds.send] {
        bound.set(BOUND);
    }
    world.run(body)
}

/// A machine with a device node and no driver: `body` gets its physical device object.
pub fn with_device(body: impl FnOnce(u64) + 'static) -> Result<(), End> {
    on_a_machine(None, move || {
        let device = Device::new(r"PCI\TEST".into(), Rc::new(Nothing::default()), String::new(), 1);
        body(world().nt.enumerate(&Rc::new(device)).pdo);
    })
}

/// What `NdisMRegisterMiniportDriver` says to characteristics that were changed.
pub fn register(change: impl Fn(Ptr<Chars>) + 'static) -> u32 {
    let answer = Rc::new(Cell::new(u32::MAX));
    let place = Rc::clone(&answer);
    let ended = on_a_machine(None, move || place.set(driver::register(driver_object(), &change) as u32));
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
    answer.get()
}

/// Waits, and ends the run as a failure of the bench if it is in vain.
fn wait(what: &'static str, condition: &dyn Fn() -> bool) {
    let until = world().clock.now().after(10 * BOUND);
    if !world().sched.block(what, Some(until), condition) {
        world().fail(format!("{what} in vain"));
    }
}

fn driver_object() -> u64 {
    let new = NewDriver { service: "bench", start: 0, size: 0, entry: driver::entry as *const () as u64 };
    world().nt.create_driver(&new).expect("memory")
}

fn life() {
    let world = world();
    let object = driver_object();
    let status = call("DriverEntry", driver::entry as *const () as u64, &[object, object]) as u32;
    let Some(miniport) = world.ndis.miniport() else {
        world.fail(format!("DriverEntry returned {status:#x}"))
    };
    let hardware = Rc::new(Nothing::default());
    let device = Device::new("TEST\\0".into(), Rc::clone(&hardware) as Rc<dyn Hardware>, "Driver".into(), 1);
    let adapter = world.ndis.add(&miniport, Rc::new(device)).expect("the driver takes any device");
    if world.ndis.initialize(&adapter).is_ok() {
        run(&adapter, &hardware);
    }
    world.ndis.remove(&adapter);
    world.ndis.unload();
}

/// Everything between `MiniportInitializeEx` and `MiniportHaltEx`.
fn run(adapter: &Rc<Adapter>, hardware: &Nothing) {
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
    port.hold.set(Hold::Everything);
    hardware.interrupt();
    wait("three receives", &|| port.held() == driver::FRAMES);
    for size in [0, 2, 4, 64] {
        ndis.query(adapter, c::OID_GEN_MAXIMUM_FRAME_SIZE, size);
    }
    ndis.set(adapter, c::OID_GEN_LINK_PARAMETERS, &[0; 32]);
    ndis.reset(adapter);
    pause_with_receives_held(adapter, &port);
    ndis.restart(adapter).expect("a restart");
    port.hold.set(Hold::Nothing);
    adapter.throttle.set(1);
    hardware.interrupt();
    wait("receives under a throttle", &|| port.received.borrow().len() >= 2 * driver::FRAMES);
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
}

fn wait_for_sends(adapter: &Rc<Adapter>, port: &Port) {
    if fault::is(Fault::PausesWithSendsOut) {
        return;
    }
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
