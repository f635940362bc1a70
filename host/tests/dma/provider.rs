//! The provider on a machine of its own: loaded, started, given clients, stopped.

use crate::mutant;
use ferrite_host::{
    abi::{DRIVER_OBJECT, Ptr, constants as c},
    device::Ram,
    devnode::Device,
    dma::{Counts, copies::Alignments, workload::Client},
    mem::Region,
    netdma::{Interface, Provider},
    verify::{End, breach::or_end},
    world::{Bar, Config, Hardware, InterruptMode, World, call, world},
};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// The fault that is the client's: it keeps descriptors outstanding.
const NEVER_STOPS: &str = "NeverStops";
/// What a thread of the provider's may take to its end when its channel was freed.
const LINGER: Duration = Duration::from_millis(1);
/// Bytes of RAM, of which the provider knows half.
const RAM: u64 = 64 << 20;
/// What NetDMA waits for outstanding descriptors, and the clients twice as long: all that a sound provider needs, many
/// times over.
const PATIENCE: Duration = Duration::from_secs(1);

/// A device without registers.
struct Nothing;

impl Hardware for Nothing {
    fn config_read(&self, _: u32, to: &mut [u8]) {
        to.fill(0);
    }
    fn config_write(&self, _: u32, _: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        Vec::new()
    }
    fn read(&self, _: usize, _: u64, _: usize) -> u64 {
        0
    }
    fn write(&self, _: usize, _: u64, _: usize, _: u64) {}
    fn messages(&self) -> usize {
        0
    }
    fn connect(&self, _: InterruptMode, _: Rc<dyn Fn(u32)>) -> Result<(), String> {
        Ok(())
    }
    fn disconnect(&self) {}
    fn message(&self, _: usize) -> (u64, u32) {
        (0, 0)
    }
    fn line_asserted(&self) -> bool {
        false
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {}
}

/// The provider's whole life.
fn life(fault: &str, seed: u64, bytes: u64) -> Counts {
    let device = Device::new(r"PCI\TEST".into(), Rc::new(Nothing), String::new(), 0);
    let pdo = world().nt.enumerate(&Rc::new(device)).pdo;
    let (object, status) = mutant::enter();
    if status != c::STATUS_SUCCESS {
        world().fail(format!("DriverEntry returned {status:#x}"));
    }
    mutant::add(object, pdo);
    let driver = Ptr::<DRIVER_OBJECT>::new(object);
    let provider = Rc::clone(&world().netdma.providers()[0]);
    outstanding(&provider);
    let client = Client::new(&provider, None, 1, seed, &Alignments::default()).expect("a client");
    let counts = or_end(client.work(bytes, &|_| ()));
    let channel = provider.allocate(2).expect("a channel");
    channel.set_quiet(fault != NEVER_STOPS);
    call("DRIVER_UNLOAD", driver.get(DRIVER_OBJECT::DriverUnload), &[driver.addr()]);
    world().netdma.check_unloaded();
    counts
}

/// A channel of which there is only one.
fn outstanding(provider: &Rc<Provider>) {
    let channel = provider.allocate(2).expect("a channel");
    let refused = provider.allocate(2).err();
    assert_eq!(refused, Some(c::STATUS_INSUFFICIENT_RESOURCES));
    channel.free();
    world().sched.sleep(LINGER);
}

/// The provider with a fault, or without if it has no name, whose client copies so many bytes: how often each rule was
/// watched, and what the client did, or what ended it. The seed decides everything.
pub fn run(fault: &'static str, seed: u64, bytes: u64) -> (Vec<u64>, Result<Counts, End>) {
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from).collect();
    let world = World::new(Config { seed: Some(seed), ..Config::new(regions) }).expect("a world");
    world.netdma.interface.set(Some(Interface::V2_0));
    world.netdma.patience.set(PATIENCE);
    let theirs = if fault == NEVER_STOPS { "" } else { fault };
    mutant::choose(&world, &[("Driver", "NetDma"), ("Fault", theirs)]);
    let outcome = Rc::new(RefCell::new(None));
    let place = Rc::clone(&outcome);
    let ended = world.run(move || {
        place.replace(Some(life(fault, seed, bytes)));
    });
    let result = ended.map(|()| outcome.take().expect("the client came to an end"));
    (world.verify.coverage(), result)
}
