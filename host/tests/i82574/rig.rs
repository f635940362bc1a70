//! A function in a world, and a driver's way to its registers.

use crate::common::watchdog::Watchdog;
use ferrite_host::{
    device::{
        Ram,
        i82574::{Config, Delays, I82574},
    },
    mem::Region,
    verify::{End, Rule},
    world::{self, Hardware, InterruptMode, Source, World},
};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

const RAM: u64 = 16 << 20;
/// Rings of [`RING`] descriptors, their buffers, and what is sent.
pub const RX_RING: u64 = 0x10_0000;
pub const TX_RING: u64 = 0x11_0000;
pub const BUFFERS: u64 = 0x20_0000;
pub const FRAMES: u64 = 0x80_0000;
pub const RING: u64 = 64;
pub const BUFFER: u64 = 0x1000;
/// Polls after which nothing is waited for any longer.
const PATIENCE: usize = 1_000_000;

pub const CTRL: u64 = 0x0000;
pub const STATUS: u64 = 0x0008;
pub const EECD: u64 = 0x0010;
pub const EERD: u64 = 0x0014;
pub const CTRL_EXT: u64 = 0x0018;
pub const MDIC: u64 = 0x0020;
pub const ICR: u64 = 0x00C0;
pub const ITR: u64 = 0x00C4;
pub const ICS: u64 = 0x00C8;
pub const IMS: u64 = 0x00D0;
pub const IMC: u64 = 0x00D8;
pub const EIAC: u64 = 0x00DC;
pub const IAM: u64 = 0x00E0;
pub const IVAR: u64 = 0x00E4;
pub const RCTL: u64 = 0x0100;
pub const TCTL: u64 = 0x0400;
pub const EXTCNF: u64 = 0x0F00;
pub const RX: u64 = 0x2800;
pub const TX: u64 = 0x3800;
pub const RXCSUM: u64 = 0x5000;
pub const RFCTL: u64 = 0x5008;
pub const RST: u32 = 1 << 26;
pub const SLU: u32 = 1 << 6;
pub const OWN: u32 = 1 << 5;
/// RCTL: on, everything, stripped; TCTL: on, padding.
pub const RX_ON: u32 = 1 << 1 | 3 << 3 | 1 << 15 | 1 << 26;
pub const TX_ON: u32 = 1 << 1 | 1 << 3;
/// Transmit commands: EOP, IFCS, RS.
pub const LAST: u64 = 0x0B << 24;
pub const DD: u64 = 1 << 32;

/// See the module.
pub struct Rig {
    pub model: Rc<I82574>,
    pub ram: Arc<Ram>,
    pub interrupts: Rc<RefCell<Vec<u32>>>,
}

/// A function in which nothing takes long.
pub fn config() -> Config {
    let short = Duration::from_micros(1);
    let delays = Delays { negotiation: short, nvm: short, mdi: short, reset: short, phy_reset: short };
    Config { delays, seed: 0x5EED, ..Config::default() }
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
    let _bound = Watchdog::start();
    let ram = Ram::new(RAM, 0).expect("memory");
    let regions = ram.ranges().into_iter().map(Region::from);
    let world = World::new(world::Config::new(regions.collect())).expect("a world");
    let model = I82574::new(config, Arc::clone(&ram)).expect("a function");
    model.memory().judge(|address, len, _| address >= RX_RING && address + len <= RAM);
    let ended = world.run(move || body(&Rig { model, ram, interrupts: Rc::default() }));
    (world, ended)
}

/// A sound driver: nothing is caught.
#[track_caller]
pub fn passes(config: Config, body: impl FnOnce(&Rig) + 'static) {
    if let Err(end) = run(config, body) {
        panic!("{end}");
    }
}

/// A driver that breaks `rule` and nothing before; the report says `what`.
#[track_caller]
pub fn breaks(rule: &'static Rule, what: &str, body: impl FnOnce(&Rig) + 'static) {
    breaks_with(config(), rule, what, body);
}

/// The same of another function.
#[track_caller]
pub fn breaks_with(config: Config, rule: &'static Rule, what: &str, body: impl FnOnce(&Rig) + 'static) {
    let violation = match run(config, body) {
        Err(End::Violation(violation)) => violation,
        other => panic!("{} expected, not {other:?}", rule.name),
    };
    assert!(std::ptr::eq(violation.rule, rule), "{} expected: {violation}", rule.name);
    assert!(violation.detail.contains(what), "{:?} does not say {what:?}", violation.detail);
}

impl Rig {
    pub fn read(&self, offset: u64) -> u32 {
        self.model.read(0, offset, 4) as u32
    }

    pub fn write(&self, offset: u64, value: u32) {
        self.model.write(0, offset, 4, value.into());
    }

    pub fn set(&self, offset: u64, bits: u32) {
        let value = self.read(offset);
        self.write(offset, value | bits);
    }

    /// A rule broken in a poll ends the run when this thread gives way.
    pub fn poll(&self) {
        self.model.poll();
        if world::world().verify.is_over() {
            world::world().sched.suspend();
        }
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
        panic!("{what} in vain: STATUS {:#x}, {:?}", self.read(STATUS), self.model.counters());
    }

    pub fn connect(&self, mode: InterruptMode) {
        let heard = Rc::clone(&self.interrupts);
        let sink = move |message| heard.borrow_mut().push(message);
        self.model.connect(mode, Rc::new(sink)).expect("an interrupt");
    }

    /// Interrupts heard since the last time.
    pub fn heard(&self) -> Vec<u32> {
        self.interrupts.take()
    }

    /// Resets, programs both rings, turns both on, and waits for the link.
    pub fn set_up(&self) {
        self.reset();
        self.rings();
        self.write(TCTL, TX_ON);
        self.write(RCTL, RX_ON);
        self.link_up();
    }

    pub fn reset(&self) {
        self.set(CTRL, RST);
        self.until("the NVM", || self.read(EECD) & 1 << 9 != 0);
    }

    pub fn link_up(&self) {
        self.set(CTRL, SLU);
        self.until("a link", || self.read(STATUS) & 2 != 0);
    }

    /// Rings without anything to send, and with all buffers but one to receive into.
    pub fn rings(&self) {
        for (first, base) in [(RX, RX_RING), (TX, TX_RING)] {
            self.write(first, base as u32);
            self.write(first + 4, 0);
            self.write(first + 8, 16 * RING as u32);
            self.write(first + 0x10, 0);
            self.write(first + 0x18, 0);
        }
        self.write(RFCTL, 1 << 15);
        for index in 0..RING {
            self.word(RX_RING + 16 * index, BUFFERS + BUFFER * index);
            self.word(RX_RING + 16 * index + 8, 0);
        }
        self.write(RX + 0x18, RING as u32 - 1);
    }

    pub fn word(&self, at: u64, value: u64) {
        self.ram.write_u64(at, value).expect("memory");
    }

    pub fn get(&self, at: u64) -> u64 {
        self.ram.read_u64(at).expect("memory")
    }

    pub fn bytes(&self, at: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.ram.read(at, &mut bytes).expect("memory");
        bytes
    }

    /// Puts descriptors on the transmit ring from its tail on, and publishes them.
    pub fn post(&self, descriptors: &[[u64; 2]]) {
        let mut tail = u64::from(self.read(TX + 0x18));
        for words in descriptors {
            self.word(TX_RING + 16 * tail, words[0]);
            self.word(TX_RING + 16 * tail + 8, words[1]);
            tail = (tail + 1) % RING;
        }
        self.write(TX + 0x18, tail as u32);
    }

    /// Writes bytes to send; their address.
    pub fn stage(&self, bytes: &[u8]) -> u64 {
        self.ram.write(FRAMES, bytes).expect("memory");
        FRAMES
    }

    /// Sends a frame by one legacy descriptor, and takes it from the wire.
    #[track_caller]
    pub fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let at = self.stage(bytes);
        self.post(&[[at, bytes.len() as u64 | LAST]]);
        self.sent(1).remove(0)
    }

    /// Waits for so many frames on the wire, and until the ring is empty.
    #[track_caller]
    pub fn sent(&self, count: usize) -> Vec<Vec<u8>> {
        let frames = RefCell::new(Vec::new());
        self.until("frames on the wire", || {
            frames.borrow_mut().extend(self.model.wire().receive());
            frames.borrow().len() >= count
        });
        self.until("an empty ring", || self.read(TX + 0x10) == self.read(TX + 0x18));
        frames.into_inner()
    }

    /// Waits until descriptor `index` of the receive ring is written back; its words.
    #[track_caller]
    pub fn received(&self, index: u64) -> [u64; 2] {
        let at = RX_RING + 16 * index;
        self.until("a frame in memory", || self.get(at + 8) & 1 != 0);
        [self.get(at), self.get(at + 8)]
    }

    /// The bytes of a frame that descriptor `index` received.
    pub fn frame(&self, index: u64) -> Vec<u8> {
        let [_, status] = self.received(index);
        self.bytes(BUFFERS + BUFFER * index, (status >> 32 & 0xFFFF) as usize)
    }

    /// Takes the MDIO interface.
    pub fn own(&self) {
        self.set(EXTCNF, OWN);
        assert_ne!(self.read(EXTCNF) & OWN, 0, "the MDIO interface is not to be had");
    }

    /// An MDI transaction; what MDIC says at its end.
    #[track_caller]
    pub fn mdi(&self, operation: u32, register: u32, value: u32) -> u32 {
        self.write(MDIC, operation << 26 | 1 << 21 | register << 16 | value);
        self.until("an MDI transaction", || self.read(MDIC) & 1 << 28 != 0);
        self.read(MDIC)
    }

    pub fn nvm(&self, word: u32) -> u16 {
        self.write(EERD, word << 2 | 1);
        self.until("the NVM", || self.read(EERD) & 2 != 0);
        (self.read(EERD) >> 16) as u16
    }
}
