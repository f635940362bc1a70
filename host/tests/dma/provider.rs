//! The provider: registered as a driver would, with one channel.

use crate::{
    engine,
    fault::{self, Fault, is},
};
use ferrite_host::{
    abi::{
        Layout, NET_DMA_PNP_NOTIFICATION as Notification, NET_DMA_PROVIDER_ATTRIBUTES as Attributes,
        NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr, UNICODE_STRING, constants as c, write,
    },
    device::Ram,
    devnode::Device,
    dma::{Counts, LONGEST, copies::Alignments, workload::Client},
    image,
    mem::Region,
    netdma::{Interface, Provider},
    verify::{End, breach::or_end},
    world::{Bar, Config, Hardware, InterruptMode, World, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// Bytes of RAM.
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

/// An entry point of NetDMA's.
pub fn import(name: &str, args: [u64; 3]) -> u64 {
    let found = image::resolve("ndis.sys", name).expect("an entry point of NetDMA's");
    // SAFETY: all entry points take at most three integers or pointers in the win64 convention.
    let function: extern "win64" fn(u64, u64, u64) -> u64 = unsafe { std::mem::transmute(found.address.0) };
    function(args[0], args[1], args[2])
}

fn characteristics(pdo: u64) -> Vec<u64> {
    let memory = vec![0_u64; Characteristics::SIZE / 8];
    let p: Ptr<Characteristics> = Ptr::new(memory.as_ptr() as u64);
    p.set(Characteristics::MajorVersion, if is(Fault::TooNew) { 3 } else { 2 });
    p.set(Characteristics::Size, Characteristics::SIZE as u16 - u16::from(is(Fault::WrongSize)));
    p.set(Characteristics::Flags, if is(Fault::WrongFlags) { 4 } else { 0 });
    p.set(Characteristics::PhysicalDeviceObject, if is(Fault::ForeignDevice) { 8 } else { pdo });
    p.set(Characteristics::MaxDmaChannelCount, 1);
    let entries = engine::ENTRIES;
    let unless = |fault, entry: *const ()| if is(fault) { 0 } else { entry as u64 };
    let affinity = unless(Fault::LacksAffinity, entries.set_affinity as *const ());
    p.set(Characteristics::SetDmaChannelCpuAffinity, affinity);
    p.set(Characteristics::AllocateDmaChannel, entries.allocate as *const () as u64);
    p.set(Characteristics::FreeDmaChannel, entries.free as *const () as u64);
    p.set(Characteristics::StartDma, entries.start as *const () as u64);
    p.set(Characteristics::AppendDma, unless(Fault::LacksAppend, entries.append as *const ()));
    p.set(Characteristics::SuspendDma, entries.suspend as *const () as u64);
    p.set(Characteristics::ResumeDma, unless(Fault::LacksResume, entries.resume as *const ()));
    p.set(Characteristics::AbortDma, entries.abort as *const () as u64);
    p.set(Characteristics::ResetChannel, entries.reset as *const () as u64);
    memory
}

fn attributes() -> Vec<u64> {
    let memory = vec![0_u64; Attributes::SIZE / 8];
    let p: Ptr<Attributes> = Ptr::new(memory.as_ptr() as u64);
    p.set(Attributes::Size, Attributes::SIZE as u16 - u16::from(is(Fault::ShortAttributes)));
    p.set(Attributes::Flags, u32::from(is(Fault::FlaggedAttributes)));
    p.set(Attributes::VendorId, if is(Fault::NoVendor) { 0 } else { 0x8086 });
    p.set(Attributes::DmaChannelCount, if is(Fault::TooManyChannels) { 2 } else { 1 });
    p.set(Attributes::MaximumTransferSize, if is(Fault::SmallTransfers) { 2048 } else { LONGEST as u32 });
    let highest = if is(Fault::SmallAddresses) { RAM / 2 } else { u64::MAX >> 24 };
    write(p.at(&Attributes::MaximumAddressSpace), highest);
    memory
}

fn register(pdo: u64) -> u64 {
    let memory = characteristics(pdo);
    let name: Vec<u16> = "test".encode_utf16().collect();
    if !is(Fault::Nameless) {
        let place = memory.as_ptr() as u64 + Characteristics::FriendlyName.offset() as u64;
        let string: Ptr<UNICODE_STRING> = Ptr::new(place);
        string.set(UNICODE_STRING::Length, 8);
        string.set(UNICODE_STRING::MaximumLength, 8);
        string.set(UNICODE_STRING::Buffer, name.as_ptr() as u64);
    }
    let handle = Cell::new(0_u64);
    let status = import("NetDmaRegisterProvider", [1, handle.as_ptr() as u64, memory.as_ptr() as u64]);
    assert_eq!(status as u32, c::STATUS_SUCCESS);
    handle.get()
}

/// Tells of power.
fn notify(handle: u64, code: u32) {
    let event = [0_u64; Notification::SIZE / 8];
    let p = Ptr::<Notification>::new(event.as_ptr() as u64);
    p.set(Notification::StructureRevision, 1);
    p.set(Notification::StructureSize, Notification::SIZE as u32 - u32::from(is(Fault::ShortEvent)));
    p.set(Notification::NotificationCode, if is(Fault::StrangeEvent) { 1 } else { code });
    p.set(Notification::BufferLength, if is(Fault::BufferedEvent) { 8 } else { 0 });
    import("NetDmaPnPEventNotify", [handle, p.addr(), 0]);
}

/// The provider's whole life.
fn life(pdo: u64, seed: u64, bytes: u64) -> Counts {
    let handle = register(pdo);
    if is(Fault::RegistersTwice) {
        register(pdo);
    }
    let offer = attributes();
    for _ in 0..=u32::from(is(Fault::StartsTwice)) {
        let given = if is(Fault::StrangeProvider) { handle + 8 } else { handle };
        import("NetDmaProviderStart", [given, offer.as_ptr() as u64, 0]);
    }
    notify(handle, c::NetDmaNotificationProviderPowerDown);
    notify(handle, c::NetDmaNotificationProviderPowerUp);
    let provider = Rc::clone(&world().netdma.providers()[0]);
    outstanding(&provider);
    let client = Client::new(&provider, None, 1, seed, &Alignments::default()).expect("a client");
    let counts = or_end(client.work(bytes, &|_| ()));
    let channel = provider.allocate(2).expect("a channel");
    channel.set_quiet(!is(Fault::NeverStops));
    for _ in 0..u32::from(!is(Fault::StaysStarted)) + u32::from(is(Fault::StopsTwice)) {
        import("NetDmaProviderStop", [handle, 0, 0]);
    }
    if !is(Fault::StaysRegistered) {
        import("NetDmaDeregisterProvider", [handle, 0, 0]);
    }
    world().netdma.check_unloaded();
    counts
}

/// A channel of which there is only one.
fn outstanding(provider: &Rc<Provider>) {
    let channel = provider.allocate(2).expect("a channel");
    let refused = provider.allocate(2).err();
    assert_eq!(refused, Some(c::STATUS_INSUFFICIENT_RESOURCES));
    let handle = engine::handle();
    channel.free();
    if is(Fault::UsesFreedChannel) {
        engine::report_of(handle);
    }
}

/// The provider with a fault, whose client copies so many bytes: how often each rule was watched, and what the client did,
/// or what ended it. The seed decides everything.
pub fn run(fault: Option<Fault>, seed: u64, bytes: u64) -> (Vec<u64>, Result<Counts, End>) {
    fault::set(fault);
    engine::forget();
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from).collect();
    let world = World::new(Config { seed: Some(seed), ..Config::new(regions) }).expect("a world");
    world.netdma.interface.set(Some(Interface::V2_0));
    world.netdma.patience.set(PATIENCE);
    let outcome = Rc::new(RefCell::new(None));
    let place = Rc::clone(&outcome);
    let ended = world.run(move || {
        let device = Device::new(r"PCI\TEST".into(), Rc::new(Nothing), String::new(), 0);
        let pdo = ferrite_host::world::world().nt.enumerate(&Rc::new(device)).pdo;
        place.replace(Some(life(pdo, seed, bytes)));
    });
    let result = ended.map(|()| outcome.take().expect("the client came to an end"));
    (world.verify.coverage(), result)
}
