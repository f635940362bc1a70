//! A function in a world, and a driver's way to its registers.

use ferrite_host::{
    device::{
        Ram,
        quickdata::{Config, Interrupts, Quickdata, Right, Version},
    },
    mem::Region,
    verify::{End, Rule},
    world::{self, Hardware, InterruptMode, Source, World},
};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// Bytes of RAM.
const RAM: u64 = 8 << 20;
/// Descriptors, sources, destinations and completion words, each for channel 0; the next channel's are `CHANNEL` on.
pub const DESCRIPTORS: u64 = 0x10_0000;
pub const SOURCE: u64 = 0x20_0000;
pub const DESTINATION: u64 = 0x40_0000;
pub const WORD: u64 = 0x60_0000;
/// Bytes of each for a channel.
pub const CHANNEL: u64 = 0x2_0000;
/// Polls after which nothing is waited for any longer.
const PATIENCE: usize = 100_000;

pub const START: u64 = 1;
pub const APPEND: u64 = 2;
pub const SUSPEND: u64 = 4;
pub const ABORT: u64 = 8;
pub const RESUME: u64 = 0x10;
pub const RESET: u64 = 0x20;

pub const ACTIVE: u64 = 0;
pub const IDLE: u64 = 1;
pub const SUSPENDED: u64 = 2;
pub const HALTED: u64 = 3;
pub const ARMED: u64 = 4;

pub const INTERRUPT: u32 = 1;
pub const UPDATE: u32 = 8;
pub const FENCE: u32 = 0x10;
pub const NULL: u32 = 0x20;

/// Registers of the function.
pub const INTRCTRL: u64 = 3;
pub const ATTNSTATUS: u64 = 4;
/// Registers of a channel.
pub const CHANCTRL: u64 = 0;
pub const DMACOUNT: u64 = 6;
pub const CHANCMP: u64 = 0x18;
pub const CHANERR: u64 = 0x28;
/// CHANCTRL: errors stop, are written, and interrupt; and re-arm.
pub const CONTROL: u64 = 0x1C | REARM;
pub const REARM: u64 = 1;
/// INTRCTRL.
pub const MASTER: u64 = 1;
pub const VECTORS: u64 = 8;
/// DEVCTL.
pub const DEVCTL: u32 = 0x68;

/// A descriptor.
#[derive(Clone, Copy, Default)]
pub struct Descriptor {
    pub size: u32,
    pub control: u32,
    pub source: u64,
    pub destination: u64,
    pub next: u64,
    pub next_source: u64,
    pub next_destination: u64,
}

/// See the module.
pub struct Rig {
    pub model: Rc<Quickdata>,
    pub ram: Arc<Ram>,
    pub version: Version,
    pub interrupts: Rc<RefCell<Vec<u32>>>,
}

/// A configuration that interrupts as the rig connects.
pub fn config(version: Version) -> Config {
    Config { seed: 0x5EED, ..Config::new(version, if version == Version::V3_4 { 1 } else { 2 }) }
}

/// Runs `body` as a driver of the function.
pub fn run(config: Config, body: impl FnOnce(&Rig) + 'static) -> Result<(), End> {
    in_a_world(config, body).1
}

/// How often each rule was watched while `body` was a sound driver of the function.
#[track_caller]
pub fn watched(config: Config, body: impl FnOnce(&Rig) + 'static) -> Vec<u64> {
    let (world, ended) = in_a_world(config, body);
    if let Err(end) = ended {
        panic!("{end}");
    }
    world.verify.coverage()
}

fn in_a_world(config: Config, body: impl FnOnce(&Rig) + 'static) -> (Rc<World>, Result<(), End>) {
    let ram = Ram::new(RAM, 0).expect("memory");
    let range = ram.ranges();
    let regions = range.iter().copied().map(Region::from);
    let world = World::new(world::Config::new(regions.collect())).expect("a world");
    let version = config.version;
    let model = Quickdata::new(config, Arc::clone(&ram)).expect("a function");
    let ended = world.run(move || body(&Rig { model, ram, version, interrupts: Rc::default() }));
    (world, ended)
}

/// A sound driver: nothing is caught.
#[track_caller]
pub fn passes(config: Config, body: impl FnOnce(&Rig) + 'static) {
    if let Err(end) = run(config, body) {
        panic!("{end}");
    }
}

/// The same in every version.
#[track_caller]
pub fn passes_in_all(body: impl Fn(&Rig) + Copy + 'static) {
    for version in Version::ALL {
        println!("{version:?}");
        passes(config(version), body);
    }
}

/// A driver that breaks `rule` and nothing before; the report says `what`.
#[track_caller]
pub fn breaks(rule: &'static Rule, what: &str, config: Config, body: impl FnOnce(&Rig) + 'static) {
    let violation = match run(config, body) {
        Err(End::Violation(violation)) => violation,
        other => panic!("{} expected, not {other:?}", rule.name),
    };
    assert!(std::ptr::eq(violation.rule, rule), "{} expected: {violation}", rule.name);
    assert!(violation.detail.contains(what), "{:?} does not say {what:?}", violation.detail);
}

impl Rig {
    pub fn read(&self, offset: u64, size: usize) -> u64 {
        self.model.read(0, offset, size)
    }

    /// A read for its own sake.
    pub fn touch(&self, offset: u64, size: usize) {
        self.read(offset, size);
    }

    pub fn write(&self, offset: u64, size: usize, value: u64) {
        self.model.write(0, offset, size, value);
    }

    /// Offset of a channel's register that is in the same place in every version.
    pub fn at(channel: u64, register: u64) -> u64 {
        0x80 * (channel + 1) + register
    }

    fn first_generation(&self) -> bool {
        self.version == Version::V1_2
    }

    pub fn chansts(&self, channel: u64) -> u64 {
        Self::at(channel, if self.first_generation() { 4 } else { 8 })
    }

    pub fn chainaddr(&self, channel: u64) -> u64 {
        Self::at(channel, if self.first_generation() { 0xC } else { 0x10 })
    }

    pub fn chancmd(&self, channel: u64) -> u64 {
        Self::at(channel, if self.first_generation() { 0x14 } else { 4 })
    }

    pub fn status(&self, channel: u64) -> u64 {
        let at = self.chansts(channel);
        if self.version >= Version::V3_3 {
            return self.read(at, 8);
        }
        self.read(at, 4) | self.read(at + 4, 4) << 32
    }

    pub fn state(&self, channel: u64) -> u64 {
        self.status(channel) & 7
    }

    pub fn command(&self, channel: u64, command: u64) {
        self.write(self.chancmd(channel), 1, command);
    }

    pub fn errors(&self, channel: u64) -> u64 {
        self.read(Self::at(channel, CHANERR), 4)
    }

    pub fn poll(&self) {
        self.model.poll();
    }

    /// Polls until `done`.
    #[track_caller]
    pub fn until(&self, what: &str, done: impl Fn() -> bool) {
        for _ in 0..PATIENCE {
            if done() {
                return;
            }
            self.poll();
        }
        panic!("{what} in vain: channel 0 is at {:#x}", self.status(0));
    }

    /// Polls until the channel neither works nor waits for its first descriptor.
    #[track_caller]
    pub fn settle(&self, channel: u64) -> u64 {
        self.until("an end", || !matches!(self.state(channel), ACTIVE | ARMED));
        self.status(channel)
    }

    /// Resets a channel. The MSI-X table, which some parts lose by it, is written back.
    pub fn reset(&self, channel: u64) {
        let table = self.model.pci().msix().map_or(0..0, |msix| {
            let start = msix.table_offset;
            start..start + 16 * u64::from(msix.vectors)
        });
        let saved: Vec<u64> = table.clone().step_by(8).map(|at| self.read(at, 8)).collect();
        self.command(channel, RESET);
        self.until("RESET", || self.read(self.chancmd(channel), 1) & RESET == 0);
        for (at, entry) in table.step_by(8).zip(saved) {
            self.write(at, 8, entry);
        }
    }

    /// Turns relaxed ordering off, hands memory over, programs every channel, connects and enables the interrupt.
    pub fn set_up(&self) {
        self.ordered();
        let channels = self.read(0, 1);
        for channel in 0..channels {
            self.hand_over(channel);
            self.program(channel);
        }
        self.connect();
    }

    pub fn ordered(&self) {
        self.model.config_write(DEVCTL, &[0, 0]);
    }

    pub fn hand_over(&self, channel: u64) {
        let allow = self.model.allow();
        for (right, start) in [
            (Right::Descriptor, DESCRIPTORS),
            (Right::Read, SOURCE),
            (Right::Write, DESTINATION),
            (Right::Word, WORD),
        ] {
            let len = if right == Right::Word { 8 } else { CHANNEL };
            allow.add(right, start + channel * CHANNEL, len);
        }
    }

    pub fn program(&self, channel: u64) {
        self.reset(channel);
        let errors = self.errors(channel);
        self.write(Self::at(channel, CHANERR), 4, errors);
        self.write(Self::at(channel, CHANCMP), 8, Self::word_at(channel));
        self.write(Self::at(channel, CHANCTRL), 2, CONTROL);
    }

    pub fn connect(&self) {
        let messages = self.model.messages();
        let mode = if messages == 0 { InterruptMode::Line } else { InterruptMode::Messages(messages) };
        let heard = Rc::clone(&self.interrupts);
        let sink = move |message| heard.borrow_mut().push(message);
        self.model.connect(mode, Rc::new(sink)).expect("an interrupt");
        let vectors = if self.has_vectors() { VECTORS } else { 0 };
        self.write(INTRCTRL, 1, MASTER | vectors);
    }

    fn has_vectors(&self) -> bool {
        self.model.pci().msix().is_some()
    }

    pub fn word_at(channel: u64) -> u64 {
        WORD + channel * CHANNEL
    }

    pub fn word(&self, channel: u64) -> u64 {
        self.ram.read_u64(Self::word_at(channel)).expect("memory")
    }

    pub fn put(&self, at: u64, descriptor: Descriptor) {
        let Descriptor { size, control, source, destination, next, next_source, next_destination } =
            descriptor;
        let head = u64::from(control) << 32 | u64::from(size);
        let words = [head, source, destination, next, next_source, next_destination, 0, 0];
        for (word, at) in words.into_iter().zip((at..).step_by(8)) {
            self.ram.write_u64(at, word).expect("memory");
        }
    }

    /// Address of descriptor `index` of a channel's.
    pub fn descriptor(channel: u64, index: u64) -> u64 {
        DESCRIPTORS + channel * CHANNEL + 64 * index
    }

    /// Links descriptors `from..to` of `size` bytes each, that copy bytes of the source to the same bytes of the
    /// destination; the last one ends the chain where chains end so.
    pub fn chain(&self, channel: u64, from: u64, to: u64, size: u32, control: impl Fn(u64) -> u32) -> u64 {
        for index in from..to {
            let ends = self.first_generation() && index + 1 == to;
            let place = channel * CHANNEL + index * u64::from(size);
            let descriptor = Descriptor {
                size,
                control: control(index),
                source: SOURCE + place,
                destination: DESTINATION + place,
                next: if ends { 0 } else { Self::descriptor(channel, index + 1) },
                ..Descriptor::default()
            };
            self.put(Self::descriptor(channel, index), descriptor);
        }
        Self::descriptor(channel, from)
    }

    /// Makes the descriptor before `index` lead to it, where chains end by a next address of 0.
    pub fn link(&self, channel: u64, index: u64) {
        let next = Self::descriptor(channel, index - 1) + 0x18;
        self.ram.write_u64(next, Self::descriptor(channel, index)).expect("memory");
    }

    /// Fills the source of a channel with bytes that tell their place.
    pub fn fill(&self, channel: u64) {
        let bytes: Vec<u8> = (0..CHANNEL).map(|i| (i * 7 + i / 251 + channel) as u8).collect();
        self.ram.write(SOURCE + channel * CHANNEL, &bytes).expect("memory");
    }

    pub fn bytes(&self, at: u64, len: u64) -> Vec<u8> {
        let mut bytes = vec![0; len as usize];
        self.ram.read(at, &mut bytes).expect("memory");
        bytes
    }

    /// Asserts that the first `len` bytes have arrived, and none behind them.
    #[track_caller]
    pub fn arrived(&self, channel: u64, len: u64) {
        let (source, destination) = (SOURCE + channel * CHANNEL, DESTINATION + channel * CHANNEL);
        assert!(self.bytes(source, len) == self.bytes(destination, len), "{len} bytes differ");
        let behind = self.bytes(destination + len, 64);
        assert!(behind.iter().all(|&byte| byte == 0), "written past {len} bytes: {behind:x?}");
    }

    pub fn chain_address(&self, channel: u64, first: u64) {
        let at = self.chainaddr(channel);
        if self.first_generation() {
            self.write(at, 4, first & 0xFFFF_FFFF);
            self.write(at + 4, 4, first >> 32);
        } else {
            self.write(at, 8, first);
        }
    }

    /// Starts `count` descriptors.
    pub fn start(&self, channel: u64, first: u64, count: u64) {
        self.chain_address(channel, first);
        if self.first_generation() {
            self.command(channel, START);
        } else {
            self.publish(channel, count);
        }
    }

    /// Publishes `count` more.
    pub fn publish(&self, channel: u64, count: u64) {
        if self.first_generation() {
            return self.command(channel, APPEND);
        }
        let at = Self::at(channel, DMACOUNT);
        let before = self.read(at, 2);
        self.write(at, 2, before.wrapping_add(count) & 0xFFFF);
    }

    /// Interrupts heard since the last time.
    pub fn heard(&self) -> Vec<u32> {
        self.interrupts.take()
    }
}

/// A configuration that interrupts otherwise.
pub fn with(version: Version, interrupts: Interrupts) -> Config {
    Config { interrupts, ..config(version) }
}
