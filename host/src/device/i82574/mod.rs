//! An Intel 82574L in this process: registers, NVM, PHY, rings and interrupts of the part, as its driver sees them.
//!
//! It works when it is polled, a number of descriptors and frames at a time that a seed decides, and takes time from
//! the world's clock alone. It holds the driver to what the part allows, and to memory that is the driver's: see
//! [`Memory`] and the `I82574` rules in [`rules`](crate::verify::rules).
//!
//! Where the datasheet says nothing, or more than is played:
//! * Nothing is sent or received without a link; what is sent then stays on the ring.
//! * A link partner that has negotiated pause frames obeys them: it keeps what the packet buffer has no room for.
//!   Without, such frames are lost (MPC).
//! * CTRL.RST leaves the PHY and PBA alone; a wake-up from D3 and a reset of the function reset the PHY too.
//! * Management, wake-up, time stamps, receive-side scaling, packet split and loopback are storage only.

mod bits;
mod checksum;
mod config;
mod counters;
mod dma;
mod fault;
mod filter;
mod function;
mod interrupts;
mod nvm;
mod phy;
mod receive;
mod registers;
mod rings;
mod segment;
mod space;
mod statistics;
mod transmit;
mod wire;

pub use config::{Config, Delays, Interrupts};
pub use counters::Counters;
pub use dma::{Memory, Right};
pub use fault::Fault;
pub use phy::Link;
pub use wire::Wire;

use super::{Ram, config_space::Slot};
use crate::{
    bus::PciFunction,
    clock::Time,
    verify::breach::{self, note, or_end},
    world::{Bar, Hardware, InterruptMode, Source, world},
};
use function::Function;
use rustix::event::{EventfdFlags, eventfd};
use std::{
    cell::{Cell, RefCell},
    os::fd::{AsRawFd, OwnedFd, RawFd},
    rc::Rc,
    sync::Arc,
};

/// Bytes of BAR 0.
const BAR_BYTES: u64 = 128 << 10;
/// MSI-X vectors of the part.
const VECTORS: usize = 5;

/// Who gets the interrupts.
type Sink = Rc<dyn Fn(u32)>;

/// See the module.
pub struct I82574 {
    ram: Arc<Ram>,
    memory: Memory,
    wire: Rc<Wire>,
    function: RefCell<Function>,
    sink: RefCell<Option<Sink>>,
    /// A timer of the world's wakes at this time.
    alarm: Cell<Option<Time>>,
    /// An event that stays signalled.
    ready: OwnedFd,
}

impl I82574 {
    /// The function as the PCI bus driver leaves a started one: its BARs placed, memory and bus mastering on; its
    /// cable is plugged in.
    ///
    /// # Errors
    /// The configuration asks for what there is not, or the system refuses an event.
    pub fn new(config: Config, ram: Arc<Ram>) -> Result<Rc<Self>, String> {
        config.check()?;
        let ready = eventfd(1, EventfdFlags::CLOEXEC)
            .map_err(|error| format!("an event for the function: {error}"))?;
        Ok(Rc::new(Self {
            ram,
            memory: Memory::default(),
            wire: Rc::default(),
            function: RefCell::new(Function::new(config)),
            sink: RefCell::default(),
            alarm: Cell::new(None),
            ready,
        }))
    }

    /// The function as enumeration finds it.
    ///
    /// # Panics
    /// Never: its configuration space answers.
    #[must_use]
    pub fn pci(&self) -> PciFunction {
        let function = &mut *self.function.borrow_mut();
        let at = function.config.at;
        let found = PciFunction::read(&mut Slot { bytes: &mut function.space.bytes, at }, at);
        found.ok().flatten().expect("the function is in its slot")
    }

    /// The cable.
    #[must_use]
    pub fn wire(&self) -> &Rc<Wire> {
        &self.wire
    }

    /// What the function may touch.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Has something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.function.borrow_mut().faults.add(fault);
    }

    /// Forgets the faults that still wait, also those that last; they are returned.
    pub fn heal(&self) -> Vec<Fault> {
        self.function.borrow_mut().faults.clear()
    }

    /// Whether it has left the bus.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.function.borrow().pulled
    }

    /// What it was asked for and what it did so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.function.borrow().counters()
    }

    /// Ends the run if the driver, which is gone, has left the function at work or interrupts enabled.
    pub fn check_removed(&self) {
        let result = self.function.borrow().check_removed();
        or_end(result);
    }

    /// Delivers what is due, and has the world wake for what will be. Nothing is borrowed while the kernel hears of it.
    fn deliver(&self) {
        let mut function = self.function.borrow_mut();
        let messages = std::mem::take(&mut function.signals.outbox);
        let line = function.signals.line(&function.space);
        let due = function.due();
        drop(function);
        if let Some(due) = due {
            let passed = self.alarm.get().is_none_or(|alarm| alarm <= world().clock.now() || due < alarm);
            if passed {
                self.alarm.set(Some(due));
                // Sources are polled behind the timers.
                world().timers.set(due, None, Rc::new(|| ()));
            }
        }
        let Some(sink) = self.sink.borrow().clone() else { return };
        for message in messages {
            sink(message);
        }
        if line {
            sink(0);
        }
    }
}

impl Source for I82574 {
    fn poll(&self) {
        let now = world().clock.now();
        let result = self.function.borrow_mut().poll(&self.ram, &self.memory, &self.wire, now);
        note(result);
        self.deliver();
    }

    fn works(&self) -> bool {
        self.function.borrow().has_work(&self.wire)
    }

    fn fds(&self, fds: &mut Vec<RawFd>) {
        // Readable always: whoever sleeps wakes for the next poll.
        if self.function.borrow().has_work(&self.wire) {
            fds.push(self.ready.as_raw_fd());
        }
    }
}

impl Hardware for I82574 {
    fn config_read(&self, offset: u32, to: &mut [u8]) {
        let function = self.function.borrow();
        if function.pulled {
            return to.fill(0xFF);
        }
        function.space.read(offset as usize, to);
    }

    fn config_write(&self, offset: u32, from: &[u8]) {
        let mut function = self.function.borrow_mut();
        if !function.pulled {
            function.write_config(offset as usize, from, world().clock.now());
        }
    }

    fn bars(&self) -> Vec<Bar> {
        let space = &self.function.borrow().space;
        let registers = Bar { index: 0, start: space.address(), len: BAR_BYTES, memory: true };
        let table = |start| Bar { index: 3, start, len: space::TABLE_BYTES, memory: true };
        std::iter::once(registers).chain(space.tables().map(table)).collect()
    }

    fn read(&self, bar: usize, offset: u64, size: usize) -> u64 {
        let now = world().clock.now();
        let mut function = self.function.borrow_mut();
        let value = function.read(bar, offset, size, now);
        function.update(now);
        drop(function);
        let value = or_end(value);
        self.deliver();
        value
    }

    fn write(&self, bar: usize, offset: u64, size: usize, value: u64) {
        let now = world().clock.now();
        let mut function = self.function.borrow_mut();
        let result = function.write(bar, offset, size, value, now);
        function.update(now);
        drop(function);
        or_end(result);
        self.deliver();
    }

    fn messages(&self) -> usize {
        self.function.borrow().signals.messages()
    }

    fn is_msi(&self) -> bool {
        self.function.borrow().kind() == Interrupts::Msi
    }

    fn connect(&self, mode: InterruptMode, sink: Sink) -> Result<(), String> {
        let function = &mut *self.function.borrow_mut();
        if function.pulled {
            return Err("the function has left the bus".into());
        }
        function.signals.connect(&mut function.space, mode)?;
        self.sink.replace(Some(sink));
        Ok(())
    }

    fn disconnect(&self) {
        let mut guard = self.function.borrow_mut();
        let function = &mut *guard;
        let connected = function.signals.disconnect(&mut function.space);
        let result = if connected { function.check_quiet() } else { Ok(()) };
        drop(guard);
        self.sink.replace(None);
        or_end(result);
    }

    fn message(&self, number: usize) -> (u64, u32) {
        interrupts::Signals::message(number)
    }

    fn line_asserted(&self) -> bool {
        let function = self.function.borrow();
        function.signals.line(&function.space)
    }

    fn set_power(&self, on: bool) {
        let (at, value) = self.function.borrow().space.power(on);
        self.config_write(at, &value);
    }

    fn accesses(&self) -> (u64, u64) {
        let counters = self.counters();
        (counters.reads, counters.writes)
    }

    fn pull_out(&self) {
        self.function.borrow_mut().leave();
        self.sink.replace(None);
    }
}
