//! Each operation on a channel that is ready for it, apart in a function that callgrind can tell from the rest.

use ferrite_netdma_engine::{
    Chains, Descriptor, Engine, Error, Limits, Status, Word, control,
    cpu::{self, Memory},
    quickdata::{Channel, Completions, Kernel, NoTable, Report, Version, regs},
    raw::Registers,
};
use std::{cell::Cell, hint::black_box};

/// What can be counted.
pub const NAMES: [&str; 10] = [
    "start, 3.2, fresh channel",
    "append, 3.2",
    "append, 1.2",
    "suspend, 3.2, idle channel",
    "suspend, 3.3, idle channel",
    "resume, 3.2",
    "interrupt, 3.2, word says all",
    "interrupt, 3.2, status is read",
    "CPU engine, 16 null descriptors",
    "CPU engine, 16 copies, unmoved",
];

const LIMITS: Limits = Limits { highest: 1 << 40, largest: 1 << 20 };
const FIRST: u64 = 0x1000;

/// Register accesses.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    pub reads: u32,
    pub writes: u32,
}

/// Registers of a channel that has done everything: it is suspended once it is told so.
#[derive(Default)]
struct Device {
    counts: Cell<Counts>,
    suspended: Cell<bool>,
}

impl Device {
    fn read(&self) {
        let counts = self.counts.get();
        self.counts.set(Counts { reads: counts.reads + 1, ..counts });
    }

    fn write(&self) {
        let counts = self.counts.get();
        self.counts.set(Counts { writes: counts.writes + 1, ..counts });
    }

    fn status(&self) -> u64 {
        let status = if self.suspended.get() { Status::Suspended } else { Status::Idle };
        Word::new(FIRST, status).0
    }
}

impl Registers for &Device {
    fn read8(&self, _: u32) -> u8 {
        self.read();
        0
    }
    fn read16(&self, _: u32) -> u16 {
        self.read();
        0
    }
    fn read32(&self, offset: u32) -> u32 {
        self.read();
        // CHANSTS in halves; CHANERR has nothing to say.
        if offset % 0x80 == 0x08 { self.status() as u32 } else { 0 }
    }
    fn read64(&self, _: u32) -> u64 {
        self.read();
        self.status()
    }
    fn write8(&self, _: u32, value: u8) {
        self.write();
        self.suspended.set(value == regs::SUSPEND);
    }
    fn write16(&self, _: u32, _: u16) {
        self.write();
    }
    fn write32(&self, _: u32, _: u32) {
        self.write();
    }
    fn write64(&self, _: u32, _: u64) {
        self.write();
    }
}

impl Kernel for &Device {
    fn stall(&self, _: u32) {
        panic!("a device that answers at once is waited for");
    }

    fn alone<V>(&self, body: impl FnOnce() -> V) -> V {
        body()
    }
}

type Subject<'a> = Channel<&'a Device, &'a Device, NoTable>;

fn allocated(device: &Device, version: Version) -> Subject<'_> {
    let mut channel = Channel::new(device, device, NoTable, 0, version, LIMITS);
    channel.allocate(0x2000).expect("an allocated channel");
    channel
}

fn started(device: &Device, version: Version) -> Subject<'_> {
    let mut channel = allocated(device, version);
    channel.start(FIRST, 1).expect("a start");
    channel
}

#[inline(never)]
fn measured_start(channel: &mut Subject<'_>) {
    channel.start(black_box(FIRST), black_box(8)).expect("a start");
}

#[inline(never)]
fn measured_append(channel: &mut Subject<'_>) {
    channel.append(black_box(8)).expect("an append");
}

#[inline(never)]
fn measured_suspend(channel: &mut Subject<'_>) {
    black_box(channel.suspend()).expect("a suspension");
}

#[inline(never)]
fn measured_resume(channel: &mut Subject<'_>) {
    channel.resume().expect("a resume");
}

#[inline(never)]
fn measured_interrupt(completions: &Completions, device: &Device, word: u64) {
    assert_eq!(completions.report(&device, || black_box(word)), Report::Completed(FIRST));
    completions.rearm(&device);
}

/// A chain without end, of descriptors that move nothing, or whose bytes are not moved.
struct Nothing {
    control: u32,
}

impl Memory for Nothing {
    fn descriptor(&self, address: u64) -> Option<[u64; 8]> {
        let descriptor = Descriptor {
            size: 4096,
            control: self.control,
            source: address,
            destination: address,
            next: address.wrapping_add(64),
            ..Descriptor::default()
        };
        Some(descriptor.words([0; 2]))
    }
    fn next(&self, _: u64) -> Option<u64> {
        None
    }
    fn copy(&self, source: u64, destination: u64, length: u64) -> Result<(), Error> {
        black_box((source, destination, length));
        Ok(())
    }
    fn complete(&self, word: Word) {
        black_box(word);
    }
}

#[inline(never)]
fn measured_step(channel: &mut cpu::Channel<Nothing>) {
    black_box(channel.step());
}

/// The operation, once.
pub fn play(name: &str) {
    count(name);
}

/// Register accesses of the operation.
pub fn count(name: &str) -> Counts {
    let device = Device::default();
    let version = if name.contains("1.2") {
        Version::V1_2
    } else if name.contains("3.3") {
        Version::V3_3
    } else {
        Version::V3_2
    };
    let reset = || device.counts.set(Counts::default());
    let operation = name.split(',').next().unwrap_or_default();
    match operation {
        "start" => {
            let mut channel = allocated(&device, version);
            reset();
            measured_start(&mut channel);
        }
        "append" => {
            let mut channel = started(&device, version);
            reset();
            measured_append(&mut channel);
        }
        "suspend" => {
            let mut channel = started(&device, version);
            reset();
            measured_suspend(&mut channel);
        }
        "resume" => {
            let mut channel = started(&device, version);
            channel.suspend().expect("a suspension");
            reset();
            measured_resume(&mut channel);
        }
        "interrupt" => {
            let completions = Completions::new(0, version);
            completions.ring(|| 0, || ());
            let status = if name.contains("read") { Status::Active } else { Status::Idle };
            measured_interrupt(&completions, &device, Word::new(FIRST, status).0);
        }
        _ => {
            let kind = if name.contains("null") { control::NULL } else { 0 };
            let memory = Nothing { control: black_box(kind | control::STATUS_UPDATE) };
            let mut channel = cpu::Channel::new(memory, Chains::Counted, LIMITS);
            channel.start(FIRST, 100).expect("a start");
            channel.step();
            measured_step(&mut channel);
        }
    }
    device.counts.get()
}

/// The function that callgrind counts in.
pub fn symbol(name: &str) -> String {
    let operation = name.split(',').next().unwrap_or_default();
    let function = if operation == "CPU engine" { "step" } else { operation };
    format!("*measured_{function}*")
}
