//! What a driver has to have taken back when its device is stopped or removed.

use super::super::nodes::{self, Known};
use crate::{
    abi::{DEVICE_OBJECT, Ptr, constants as c},
    devnode::Device,
    verify::{Rule, rules},
    world::world,
};

/// What of the driver's there was before AddDevice.
#[derive(Default)]
pub(super) struct Snapshot {
    devices: Vec<u64>,
    threads: Vec<u64>,
    adapters: Vec<u64>,
    /// Device objects that AddDevice made; `None` if it failed.
    made: Option<Vec<u64>>,
}

impl Snapshot {
    pub(super) fn take() -> Self {
        let nt = &world().nt;
        Self {
            devices: nt.devices.left(),
            threads: nt.threads.alive(),
            adapters: nt.dma.left(),
            made: None,
        }
    }

    /// AddDevice is over: what device objects are new are this device's.
    pub(super) fn note_devices(&mut self) {
        let now = world().nt.devices.left();
        self.made = Some(now.into_iter().filter(|device| !self.devices.contains(device)).collect());
    }
}

/// What AddDevice has to have done.
pub(super) fn attached(device: &Device, upper: u64) {
    if upper == 0 {
        let text = format!("AddDevice succeeded, but attached nothing to {}", device.instance);
        world().violation(&rules::ADD_DEVICE, text);
    }
    if Ptr::<DEVICE_OBJECT>::new(upper).get(DEVICE_OBJECT::Flags) & c::DO_DEVICE_INITIALIZING != 0 {
        let text = format!("DO_DEVICE_INITIALIZING is set in {upper:#x} after AddDevice");
        world().violation(&rules::ADD_DEVICE, text);
    }
}

/// A device without resources has no interrupts connected and no registers mapped.
pub(super) fn no_resources(known: &Known, when: &str, rule: &'static Rule) {
    let nt = &world().nt;
    let interrupts = nt.interrupts.vectors().into_iter().filter(|&vector| nodes::owns(known, vector)).count();
    let bars = known.device.hardware.bars();
    let mapped: usize = bars.iter().map(|bar| nt.io_space.mapped_in(bar.start, bar.len)).sum();
    if interrupts + mapped > 0 {
        let instance = &known.device.instance;
        world().violation(
            rule,
            format!(
                "{instance} has {interrupts} interrupts connected and {mapped} register ranges mapped {when}"
            ),
        );
    }
}

/// Ends the run if anything of a removed device's is left.
pub(super) fn nothing_left(known: &Known, before: &Snapshot, when: &str, rule: &'static Rule) {
    let nt = &world().nt;
    let mut left = Vec::new();
    let upper = Ptr::<DEVICE_OBJECT>::new(known.pdo).get(DEVICE_OBJECT::AttachedDevice);
    if upper != 0 {
        left.push(format!("device object {upper:#x} is attached"));
    }
    let devices = nt.devices.left();
    let made: Vec<&u64> = match &before.made {
        Some(made) => made.iter().filter(|device| devices.contains(device)).collect(),
        // AddDevice failed: whatever is new is its.
        None => devices.iter().filter(|device| !before.devices.contains(device)).collect(),
    };
    left.extend(made.iter().map(|device| format!("device object {device:#x} is not deleted")));
    match nt.objects.count(known.pdo).unwrap_or(0) {
        1 => {}
        count => left.push(format!("{} references of the physical device object", count - 1)),
    }
    // What is not tied to a device is this one's if there is no other.
    if nt.nodes.all().len() == 1 {
        let new = |now: Vec<u64>, then: &[u64]| {
            now.into_iter().filter(|one| !then.contains(one)).collect::<Vec<_>>()
        };
        let threads = new(nt.threads.alive(), &before.threads);
        left.extend(threads.iter().map(|thread| format!("system thread {thread:#x} runs")));
        let adapters = new(nt.dma.left(), &before.adapters);
        left.extend(adapters.iter().map(|adapter| format!("DMA adapter {adapter:#x} is not put back")));
    }
    if !left.is_empty() {
        world().violation(rule, format!("{} {when}: {}", known.device.instance, left.join("; ")));
    }
}
