//! A QuickData function in this process: up to eight DMA channels that copy between places in RAM.
//!
//! It is one for every version of the registers, from 1.2 to 3.4, and interrupts by MSI-X, MSI or its pin. It works
//! when it is polled, a piece at a time whose size a seed decides, so that commands meet it in the middle of
//! descriptors. It holds the driver to what the version allows, and to the memory that was handed over: see
//! [`Allowed`] and the `QD` rules in [`rules`](crate::verify::rules).
//!
//! Where public descriptions of the hardware say nothing:
//! * Reading INTRCTRL or ATTNSTATUS clears `MASTER_INT_EN`, and reading ATTNSTATUS clears its bits, unless each channel
//!   has its vector: a service routine has to write `MASTER_INT_EN` back.
//! * A suspend of a channel that is not in the middle of a descriptor takes effect at once.
//! * Between descriptors without a fence the data of the next one may be read before the current one's is written.
//! * RESET ends after two polls; nothing else may be written to the channel before.
//! * Soft, unaffiliated and validation errors halt the channel only with `ANY_ERR_ABORT_EN`, and not if they are masked.

mod allowed;
pub mod bits;
mod channel;
mod command;
mod config;
mod counters;
mod dma;
mod engine;
mod fault;
mod function;
mod interrupts;
mod registers;
mod space;

pub use allowed::{Allowed, Right};
pub use channel::State;
pub use config::{Config, Interrupts, Version};
pub use counters::{Accesses, ChannelCounters, Counters};
pub use fault::Fault;
pub use registers::Register;

use super::{Ram, config_space::Slot};
use crate::{
    bus::PciFunction,
    verify::breach::{self, note, or_end},
    world::{Bar, Hardware, InterruptMode, Source},
};
use function::Function;
use rustix::event::{EventfdFlags, eventfd};
use std::{
    cell::RefCell,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    rc::Rc,
    sync::Arc,
};

/// Bytes of BAR 0.
const BAR_BYTES: u64 = 16 << 10;

/// Who gets the interrupts.
type Sink = Rc<dyn Fn(u32)>;

/// See the module.
pub struct Quickdata {
    ram: Arc<Ram>,
    allowed: Allowed,
    function: RefCell<Function>,
    sink: RefCell<Option<Sink>>,
    /// An event that stays signalled.
    ready: OwnedFd,
}

impl Quickdata {
    /// The function as the PCI bus driver leaves a started one: its BAR placed, memory and bus mastering on.
    ///
    /// # Errors
    /// The configuration asks for what there is not, or the system refuses an event.
    pub fn new(config: Config, ram: Arc<Ram>) -> Result<Rc<Self>, String> {
        config.check()?;
        let ready = eventfd(1, EventfdFlags::CLOEXEC)
            .map_err(|error| format!("an event for the function: {error}"))?;
        Ok(Rc::new(Self {
            ram,
            allowed: Allowed::default(),
            function: RefCell::new(Function::new(config)),
            sink: RefCell::default(),
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

    /// Its hardware ids, best first.
    #[must_use]
    pub fn hardware_ids(&self) -> Vec<String> {
        self.pci().hardware_ids()
    }

    /// Its compatible ids.
    #[must_use]
    pub fn compatible_ids(&self) -> Vec<String> {
        self.pci().compatible_ids()
    }

    /// What the function may touch.
    #[must_use]
    pub fn allow(&self) -> &Allowed {
        &self.allowed
    }

    /// Has something go wrong on a channel; false if there is no such channel.
    #[must_use = "a fault on a channel that is not there never happens"]
    pub fn inject(&self, channel: usize, fault: Fault) -> bool {
        self.function.borrow_mut().inject(channel, fault)
    }

    /// Forgets the faults that still wait on a channel, also those that last.
    pub fn heal(&self, channel: usize) {
        self.function.borrow_mut().heal(channel);
    }

    /// What it was asked for and what it did so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.function.borrow().counters()
    }

    /// State of a channel and physical address of its last completed descriptor.
    #[must_use]
    pub fn channel(&self, number: usize) -> Option<(State, u64)> {
        let function = self.function.borrow();
        function.channels.get(number).map(|channel| (channel.state, channel.last))
    }

    /// The channel that reports at a physical address.
    #[must_use]
    pub fn reports_at(&self, word: u64) -> Option<usize> {
        self.function.borrow().channels.iter().position(|channel| channel.word_address() == word)
    }

    /// Whether the reset of a channel takes the messages of the others along.
    #[must_use]
    pub fn resets_lose_messages(&self) -> bool {
        let config = &self.function.borrow().config;
        config.reset_wipes_table() && config.interrupts == Interrupts::MsiX && config.channels > 1
    }

    /// Ends the run if the driver, which is gone, has left a channel at work or interrupts enabled.
    pub fn check_removed(&self) {
        let function = self.function.borrow();
        let result = if function.pulled { Ok(()) } else { function.check_removed() };
        drop(function);
        or_end(result);
    }

    /// Delivers what is due. Nothing is borrowed while the kernel hears of it.
    fn deliver(&self) {
        let mut function = self.function.borrow_mut();
        let messages = std::mem::take(&mut function.signals.outbox);
        let line = function.signals.line(&function.space);
        drop(function);
        let Some(sink) = self.sink.borrow().clone() else { return };
        for message in messages {
            sink(message);
        }
        if line {
            sink(0);
        }
    }
}

impl Source for Quickdata {
    fn poll(&self) {
        let result = self.function.borrow_mut().poll(&self.ram, &self.allowed);
        note(result);
        self.deliver();
    }

    fn works(&self) -> bool {
        self.function.borrow().has_work()
    }

    fn fds(&self, fds: &mut Vec<RawFd>) {
        // Readable always: whoever sleeps wakes for the next poll.
        if self.function.borrow().has_work() {
            fds.push(self.ready.as_raw_fd());
        }
    }
}

impl Hardware for Quickdata {
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
            function.space.write(offset as usize, from);
        }
    }

    fn bars(&self) -> Vec<Bar> {
        let start = self.function.borrow().space.address();
        vec![Bar { index: 0, start, len: BAR_BYTES, memory: true }]
    }

    fn read(&self, _bar: usize, offset: u64, size: usize) -> u64 {
        let value = self.function.borrow_mut().read(offset, size);
        or_end(value)
    }

    fn write(&self, _bar: usize, offset: u64, size: usize, value: u64) {
        let result = self.function.borrow_mut().write(&self.ram, &self.allowed, offset, size, value);
        or_end(result);
    }

    fn messages(&self) -> usize {
        self.function.borrow().signals.messages()
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
        let result = self.function.borrow_mut().set_power(on);
        or_end(result);
    }

    fn accesses(&self) -> (u64, u64) {
        let Accesses { reads, writes } = self.counters().accesses();
        (reads, writes)
    }

    fn pull_out(&self) {
        self.function.borrow_mut().leave();
        self.sink.replace(None);
    }
}
