//! The provider: registered as a driver would, with one channel.

use crate::engine;
use ferrite_host::{
    abi::{
        Layout, NET_DMA_PROVIDER_ATTRIBUTES as Attributes,
        NET_DMA_PROVIDER_CHARACTERISTICS as Characteristics, Ptr, UNICODE_STRING, constants as c,
    },
    device::Ram,
    devnode::Device,
    dma::{
        LONGEST,
        copies::Alignments,
        workload::{Client, Counts},
    },
    image,
    mem::Region,
    netdma::{Interface, Provider},
    verify::End,
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
    p.set(Characteristics::MajorVersion, 2);
    p.set(Characteristics::Size, Characteristics::SIZE as u16);
    p.set(Characteristics::PhysicalDeviceObject, pdo);
    p.set(Characteristics::MaxDmaChannelCount, 1);
    let entries = engine::ENTRIES;
    p.set(Characteristics::SetDmaChannelCpuAffinity, entries.set_affinity as *const () as u64);
    p.set(Characteristics::AllocateDmaChannel, entries.allocate as *const () as u64);
    p.set(Characteristics::FreeDmaChannel, entries.free as *const () as u64);
    p.set(Characteristics::StartDma, entries.start as *const () as u64);
    p.set(Characteristics::AppendDma, entries.append as *const () as u64);
    p.set(Characteristics::SuspendDma, entries.suspend as *const () as u64);
    p.set(Characteristics::ResumeDma, entries.resume as *const () as u64);
    p.set(Characteristics::AbortDma, entries.abort as *const () as u64);
    p.set(Characteristics::ResetChannel, entries.reset as *const () as u64);
    memory
}

/// Registers and starts it, runs `body`, and takes it away unless that failed: what is outstanding then has no end.
fn with_provider(pdo: u64, body: impl FnOnce(&Rc<Provider>) -> bool) {
    let memory = characteristics(pdo);
    let name: Vec<u16> = "test".encode_utf16().collect();
    let place = memory.as_ptr() as u64 + Characteristics::FriendlyName.offset() as u64;
    let string: Ptr<UNICODE_STRING> = Ptr::new(place);
    string.set(UNICODE_STRING::Length, 8);
    string.set(UNICODE_STRING::MaximumLength, 8);
    string.set(UNICODE_STRING::Buffer, name.as_ptr() as u64);
    let handle = Cell::new(0_u64);
    let status = import("NetDmaRegisterProvider", [1, handle.as_ptr() as u64, memory.as_ptr() as u64]);
    assert_eq!(status as u32, c::STATUS_SUCCESS);
    let offer = [0_u64; Attributes::SIZE / 8];
    let p: Ptr<Attributes> = Ptr::new(offer.as_ptr() as u64);
    p.set(Attributes::Size, Attributes::SIZE as u16);
    p.set(Attributes::DmaChannelCount, 1);
    p.set(Attributes::MaximumTransferSize, LONGEST as u32);
    import("NetDmaProviderStart", [handle.get(), offer.as_ptr() as u64, 0]);
    if !body(&world().netdma.providers()[0]) {
        return;
    }
    import("NetDmaProviderStop", [handle.get(), 0, 0]);
    import("NetDmaDeregisterProvider", [handle.get(), 0, 0]);
    world().netdma.check_unloaded();
}

/// What came of a client of the provider that copied so many bytes.
pub fn client(seed: u64, bytes: u64) -> Result<Result<Counts, String>, End> {
    let ram = Ram::new(RAM, 0).expect("memory");
    let world =
        World::new(Config::new(ram.ranges().into_iter().map(Region::from).collect())).expect("a world");
    world.netdma.interface.set(Some(Interface::V2_0));
    world.netdma.patience.set(PATIENCE);
    let outcome = Rc::new(RefCell::new(None));
    let place = Rc::clone(&outcome);
    world.run(move || {
        let device = Device::new(r"PCI\TEST".into(), Rc::new(Nothing), String::new(), 0);
        let pdo = ferrite_host::world::world().nt.enumerate(&Rc::new(device)).pdo;
        with_provider(pdo, |provider| {
            let client = Client::new(provider, None, 1, seed, &Alignments::default()).expect("a client");
            let result = client.work(bytes, &|_| ());
            let sound = result.is_ok();
            place.replace(Some(result));
            sound
        });
    })?;
    Ok(outcome.take().expect("the client came to an end"))
}
