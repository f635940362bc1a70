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
        Self { devices: nt.devices.left(), threads: nt.threads.alive(), adapters: nt.dma.left(), made: None }
    }

    /// AddDevice is over: what device objects are new are this device's.
    pub(super) fn note_devices(&mut self) {
        let now = world().nt.devices.left();
        self.made = Some(now.into_iter().filter(|device| !self.devices.contains(device)).collect());
    }
}

/// The rules that what is left breaks.
pub(super) struct Leaks {
    interrupts: &'static Rule,
    registers: &'static Rule,
    attached: &'static Rule,
    devices: &'static Rule,
    references: &'static Rule,
    threads: &'static Rule,
    adapters: &'static Rule,
}

/// After IRP_MN_REMOVE_DEVICE.
pub(super) static REMOVED: Leaks = Leaks {
    interrupts: &rules::REMOVE_INTERRUPT,
    registers: &rules::REMOVE_REGISTERS,
    attached: &rules::REMOVE_ATTACHED,
    devices: &rules::REMOVE_DEVICE,
    references: &rules::REMOVE_REFERENCE,
    threads: &rules::REMOVE_THREAD,
    adapters: &rules::REMOVE_ADAPTER,
};

/// After an AddDevice that failed.
pub(super) static NOT_ADDED: Leaks = Leaks {
    interrupts: &rules::ADD_FAILED,
    registers: &rules::ADD_FAILED,
    attached: &rules::ADD_FAILED,
    devices: &rules::ADD_FAILED,
    references: &rules::ADD_FAILED,
    threads: &rules::ADD_FAILED,
    adapters: &rules::ADD_FAILED,
};

/// What AddDevice has to have done.
pub(super) fn attached(device: &Device, upper: u64) {
    let world = world();
    world.hold(&rules::ADD_ATTACHED, upper != 0, || {
        format!("AddDevice succeeded, but attached nothing to {}", device.instance)
    });
    let flags = Ptr::<DEVICE_OBJECT>::new(upper).get(DEVICE_OBJECT::Flags);
    world.hold(&rules::ADD_INITIALIZED, flags & c::DO_DEVICE_INITIALIZING == 0, || {
        format!("DO_DEVICE_INITIALIZING is set in {upper:#x} after AddDevice")
    });
}

/// A device without resources has no interrupts connected and no registers mapped.
pub(super) fn no_resources(known: &Known, when: &str, [interrupts, registers]: [&'static Rule; 2]) {
    let nt = &world().nt;
    let instance = &known.device.instance;
    let connected = nt.interrupts.vectors().into_iter().filter(|&vector| nodes::owns(known, vector)).count();
    world().hold(interrupts, connected == 0, || {
        format!("{instance} has {connected} interrupts connected {when}")
    });
    let bars = known.device.hardware.bars();
    let mapped: usize = bars.iter().map(|bar| nt.io_space.mapped_in(bar.start, bar.len)).sum();
    world().hold(registers, mapped == 0, || format!("{instance} has {mapped} register ranges mapped {when}"));
}

/// Ends the run if anything of a removed device's is left.
pub(super) fn nothing_left(known: &Known, before: &Snapshot, when: &str, leaks: &Leaks) {
    no_resources(known, when, [leaks.interrupts, leaks.registers]);
    let nt = &world().nt;
    let instance = &known.device.instance;
    let upper = Ptr::<DEVICE_OBJECT>::new(known.pdo).get(DEVICE_OBJECT::AttachedDevice);
    world().hold(leaks.attached, upper == 0, || {
        format!("{instance} {when}: device object {upper:#x} is attached")
    });
    let devices = nt.devices.left();
    let made: Vec<&u64> = match &before.made {
        Some(made) => made.iter().filter(|device| devices.contains(device)).collect(),
        // AddDevice failed: whatever is new is its.
        None => devices.iter().filter(|device| !before.devices.contains(device)).collect(),
    };
    world().hold(leaks.devices, made.is_empty(), || {
        format!("{instance} {when}: device object {made:x?} is not deleted")
    });
    let references = nt.objects.count(known.pdo).unwrap_or(0);
    world().hold(leaks.references, references == 1, || {
        let more = references - 1;
        format!("{instance} {when}: {more} references of the physical device object")
    });
    // What is not tied to a device is this one's if there is no other.
    if nt.nodes.all().len() == 1 {
        let new = |now: Vec<u64>, then: &[u64]| {
            now.into_iter().filter(|one| !then.contains(one)).collect::<Vec<_>>()
        };
        let threads = new(nt.threads.alive(), &before.threads);
        world().hold(leaks.threads, threads.is_empty(), || {
            format!("{instance} {when}: system thread {threads:x?} runs")
        });
        let adapters = new(nt.dma.left(), &before.adapters);
        world().hold(leaks.adapters, adapters.is_empty(), || {
            format!("{instance} {when}: DMA adapter {adapters:x?} is not put back")
        });
    }
}
