//! Registers of one channel as public descriptions have them, with an engine behind them that works when it is told.
//! It counts every access and refuses what the version does not have.

use crate::memory::Ram;
use ferrite_netdma_engine::{
    Descriptor, Status, Word,
    cpu::Memory,
    quickdata::{
        Kernel, MessageTable, Version,
        regs::{self, Layout},
    },
    raw::Registers,
};
use std::cell::{Cell, RefCell};

/// What an operation cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub reads: u32,
    pub writes: u32,
}

/// What is wrong with the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// All ones.
    Gone,
    /// No command is carried out.
    Deaf,
    /// RESET never ends.
    ResetHangs,
    /// The next descriptor fails with this cause.
    Fails(u32),
}

/// See the module.
pub struct Hardware<'a> {
    pub ram: &'a Ram,
    pub version: Version,
    layout: Layout,
    pub cost: Cell<Cost>,
    pub fault: Cell<Fault>,
    pub state: Cell<Status>,
    pub last: Cell<u64>,
    chain: Cell<u64>,
    next: Cell<u64>,
    published: Cell<u16>,
    fetched: Cell<u16>,
    completion: Cell<u64>,
    pub control: Cell<u16>,
    pub errors: Cell<u32>,
    latched: Cell<Option<u32>>,
    /// The completion word in memory.
    pub word: Cell<u64>,
    /// Interrupts raised, and one that waits for the channel to be armed again.
    pub interrupts: Cell<u32>,
    armed: Cell<bool>,
    pending: Cell<bool>,
    last_updates: Cell<bool>,
    /// Completed descriptors, in order.
    pub completed: RefCell<Vec<u64>>,
    /// How many descriptors it works off whenever a microsecond passes.
    pub pace: Cell<u32>,
    pub resets: Cell<u32>,
}

impl<'a> Hardware<'a> {
    pub fn new(ram: &'a Ram, version: Version) -> Self {
        Self {
            ram,
            version,
            layout: Layout::new(0, version),
            cost: Cell::default(),
            fault: Cell::new(Fault::None),
            state: Cell::new(Status::Halted),
            last: Cell::new(0),
            chain: Cell::new(0),
            next: Cell::new(0),
            published: Cell::new(0),
            fetched: Cell::new(0),
            completion: Cell::new(0),
            control: Cell::new(0),
            errors: Cell::new(0),
            latched: Cell::new(None),
            word: Cell::new(0),
            interrupts: Cell::new(0),
            armed: Cell::new(false),
            pending: Cell::new(false),
            last_updates: Cell::new(false),
            completed: RefCell::default(),
            pace: Cell::new(1),
            resets: Cell::new(0),
        }
    }

    /// What was accessed since the last time.
    pub fn take_cost(&self) -> Cost {
        self.cost.take()
    }

    fn running(&self) -> bool {
        matches!(self.state.get(), Status::Active | Status::Armed)
    }

    fn has_more(&self) -> bool {
        if self.version.counts() { self.fetched != self.published } else { self.next.get() != 0 }
    }

    /// Works one descriptor off, if there is one.
    pub fn work(&self) {
        if !self.running() || !self.has_more() || matches!(self.fault.get(), Fault::Gone | Fault::Deaf) {
            return;
        }
        if let Fault::Fails(cause) = self.fault.get() {
            self.fault.set(Fault::None);
            return self.fail(cause);
        }
        let at = self.next.get();
        let words = self.ram.descriptor(at).expect("a descriptor in memory");
        let descriptor = Descriptor::parse(words);
        self.fetched.set(self.fetched.get().wrapping_add(1));
        self.ram.copy(descriptor.source, descriptor.destination, descriptor.size.into()).expect("memory");
        self.next.set(self.ram.get(at).next);
        self.last.set(at);
        self.last_updates.set(descriptor.updates_status());
        self.completed.borrow_mut().push(at);
        self.state.set(if self.has_more() { Status::Active } else { Status::Idle });
        if descriptor.updates_status() {
            self.word.set(Word::new(at, self.state.get()).0);
        }
        if descriptor.interrupts() {
            self.interrupt();
        }
    }

    fn fail(&self, cause: u32) {
        self.errors.set(self.errors.get() | cause);
        self.state.set(Status::Halted);
        if self.control.get() & regs::ERR_COMPLETION_EN != 0 {
            self.word.set(Word::new(self.last.get(), Status::Halted).0);
        }
        if self.control.get() & regs::ERR_INT_EN != 0 {
            self.interrupt();
        }
    }

    fn interrupt(&self) {
        if self.armed.replace(false) {
            self.interrupts.set(self.interrupts.get() + 1);
        } else {
            self.pending.set(true);
        }
    }

    fn command(&self, command: u8) {
        match command {
            regs::START => {
                assert!(!self.version.counts(), "START from 2.0 on");
                self.next.set(self.chain.get());
                self.state.set(Status::Armed);
            }
            regs::APPEND => {
                assert!(!self.version.counts(), "APPEND from 2.0 on");
                if self.state.get() == Status::Idle {
                    self.next.set(self.ram.get(self.last.get()).next);
                    self.go_on();
                }
            }
            regs::SUSPEND => {
                self.work();
                if self.state.get() != Status::Halted {
                    self.state.set(Status::Suspended);
                    if self.last_updates.get() {
                        self.word.set(Word::new(self.last.get(), Status::Suspended).0);
                    }
                }
            }
            regs::RESUME => {
                assert_eq!(self.state.get(), Status::Suspended, "RESUME");
                if self.last.get() != 0 {
                    self.next.set(self.ram.get(self.last.get()).next);
                }
                self.go_on();
            }
            regs::ABORT => self.state.set(Status::Halted),
            regs::RESET => {
                self.resets.set(self.resets.get() + 1);
                self.state.set(Status::Halted);
                for address in [&self.chain, &self.next, &self.completion, &self.last] {
                    address.set(0);
                }
                self.published.set(0);
                self.fetched.set(0);
                self.control.set(0);
                self.armed.set(false);
                self.pending.set(false);
                self.last_updates.set(false);
            }
            other => panic!("command {other:#x}"),
        }
    }

    fn go_on(&self) {
        self.state.set(if self.has_more() { Status::Active } else { Status::Idle });
    }

    fn status(&self) -> u64 {
        Word::new(self.last.get(), self.state.get()).0
    }

    fn read(&self, offset: u32, size: usize) -> u64 {
        let cost = self.cost.get();
        self.cost.set(Cost { reads: cost.reads + 1, ..cost });
        if self.fault.get() == Fault::Gone {
            return u64::MAX;
        }
        let layout = self.layout;
        let whole = self.version.reads_status_whole();
        match (offset, size) {
            (at, 1) if at == layout.chancmd() => {
                if self.fault.get() == Fault::ResetHangs {
                    regs::RESET.into()
                } else {
                    0
                }
            }
            (at, 4) if at == layout.chanerr() => self.errors.get().into(),
            (at, 8) if at == layout.chansts() && whole => self.status(),
            (at, 4) if at == layout.chansts() && !whole => {
                self.latched.set(Some((self.status() >> 32) as u32));
                self.status() & 0xFFFF_FFFF
            }
            (at, 4) if at == layout.chansts() + 4 && !whole => {
                self.latched.take().expect("the high half of CHANSTS before the low").into()
            }
            (at, size) => panic!("{size} bytes are read at {at:#x} of {:?}", self.version),
        }
    }

    fn write(&self, offset: u32, size: usize, value: u64) {
        let cost = self.cost.get();
        self.cost.set(Cost { writes: cost.writes + 1, ..cost });
        if matches!(self.fault.get(), Fault::Gone) {
            return;
        }
        let layout = self.layout;
        let halves = !self.version.counts();
        match (offset, size) {
            (at, 1) if at == layout.chancmd() => {
                if self.fault.get() != Fault::Deaf || value == u64::from(regs::RESET) {
                    self.command(value as u8);
                }
            }
            (at, 2) if at == layout.chanctrl() => {
                let value = value as u16;
                self.control.set(value & !regs::INT_REARM);
                if value & regs::INT_REARM != 0 {
                    self.armed.set(true);
                    if self.pending.replace(false) {
                        self.interrupt();
                    }
                }
            }
            (at, 2) if at == layout.dmacount() && self.version.counts() => {
                self.published.set(value as u16);
                if self.state.get() == Status::Idle {
                    self.go_on();
                }
            }
            (at, 4 | 8) if at == layout.chainaddr() => {
                assert_eq!(size == 4, halves, "CHAINADDR in {size} bytes");
                assert!(!self.running(), "CHAINADDR of a running channel");
                self.chain.set(value);
                self.next.set(value);
                self.last.set(0);
                if self.version.counts() {
                    self.state.set(Status::Armed);
                }
            }
            (at, 4) if at == layout.chainaddr() + 4 && halves => {
                self.chain.set(self.chain.get() | value << 32);
            }
            (at, 8) if at == layout.chancmp() => {
                assert!(!self.running(), "CHANCMP of a running channel");
                self.completion.set(value);
            }
            (at, 4) if at == layout.chanerr() => self.errors.set(self.errors.get() & !(value as u32)),
            (at, 4) if at == layout.chanerr_mask() || at == layout.dcactrl() => {}
            (at, size) => panic!("{size} bytes are written at {at:#x} of {:?}", self.version),
        }
    }

    pub fn completion(&self) -> u64 {
        self.completion.get()
    }

    pub fn is_armed(&self) -> bool {
        self.armed.get()
    }
}

impl Registers for &Hardware<'_> {
    fn read8(&self, offset: u32) -> u8 {
        self.read(offset, 1) as u8
    }
    fn read16(&self, offset: u32) -> u16 {
        self.read(offset, 2) as u16
    }
    fn read32(&self, offset: u32) -> u32 {
        self.read(offset, 4) as u32
    }
    fn read64(&self, offset: u32) -> u64 {
        self.read(offset, 8)
    }
    fn write8(&self, offset: u32, value: u8) {
        self.write(offset, 1, value.into());
    }
    fn write16(&self, offset: u32, value: u16) {
        self.write(offset, 2, value.into());
    }
    fn write32(&self, offset: u32, value: u32) {
        self.write(offset, 4, value.into());
    }
    fn write64(&self, offset: u32, value: u64) {
        self.write(offset, 8, value);
    }
}

impl Kernel for &Hardware<'_> {
    fn stall(&self, microseconds: u32) {
        assert!(microseconds <= 50, "a stall of {microseconds} us");
        (0..self.pace.get()).for_each(|_| self.work());
    }

    /// Halves of CHANSTS are read in here, and what takes their latch away is written; nothing else is.
    fn alone<V>(&self, body: impl FnOnce() -> V) -> V {
        assert!(!self.version.reads_status_whole(), "there is nothing to be torn");
        let before = self.cost.get();
        let result = body();
        let after = self.cost.get();
        let cost = (after.reads - before.reads, after.writes - before.writes);
        assert!(matches!(cost, (2, 0) | (0, 1)), "{cost:?}");
        result
    }
}

impl MessageTable for &Hardware<'_> {
    fn save(&mut self) {
        assert!(!self.is_armed() || self.state.get() != Status::Armed);
    }
    fn restore(&mut self) {}
}
