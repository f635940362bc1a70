//! A PCI function of a machine as the kernel's [`Hardware`], and the machine as a source of interrupts.

use crate::{
    bus::{self, BarKind, Bdf, PciFunction, disable_messages, enable_msix, write_msix_entry},
    device::{Backend, Error, Interrupt, MessageId, Registers},
    world::{Bar, Hardware, InterruptMode, Source, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    os::fd::{AsRawFd, RawFd},
    rc::Rc,
    time::Duration,
};

/// The longest interval for which a NIC of QEMU's may throttle a message, 65535 times 256 ns. QEMU 7.2 ends itself by
/// an assertion if messages are turned off within it.
const THROTTLE: Duration = Duration::from_millis(17);

/// Who gets a message or a line.
type Sink = Rc<dyn Fn(u32)>;

/// A machine that a world's functions live in.
pub struct Board<B> {
    /// The machine itself.
    pub backend: RefCell<B>,
    fd: RawFd,
    messages: RefCell<BTreeMap<MessageId, (u32, Sink)>>,
    lines: RefCell<BTreeMap<u32, Sink>>,
}

impl<B: Backend> Board<B> {
    /// The machine, ready to have its functions used.
    #[must_use]
    pub fn new(backend: B) -> Rc<Self> {
        let fd = backend.poll_fd().as_raw_fd();
        Rc::new(Self {
            backend: RefCell::new(backend),
            fd,
            messages: RefCell::default(),
            lines: RefCell::default(),
        })
    }
}

/// A machine that is gone ends the run.
fn or_end<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => world().fail(error.to_string()),
    }
}

impl<B: Backend> Source for Board<B> {
    fn poll(&self) {
        let mut happened = Vec::new();
        if let Err(error) = self.backend.borrow_mut().interrupts(&mut happened) {
            world().verify.end(crate::verify::End::Failure(error.to_string()));
            return;
        }
        for interrupt in happened {
            if let Interrupt::Message { id, .. } = interrupt {
                let sink = self.messages.borrow().get(&id).cloned();
                if let Some((number, sink)) = sink {
                    sink(number);
                }
            }
        }
        let lines: Vec<(u32, Sink)> =
            self.lines.borrow().iter().map(|(&line, sink)| (line, Rc::clone(sink))).collect();
        for (line, sink) in lines {
            if self.backend.borrow().line_asserted(line) {
                sink(0);
            }
        }
    }

    fn fds(&self, fds: &mut Vec<RawFd>) {
        // Acknowledgements of posted writes would wake the sleeper at once.
        let drained = self.backend.borrow_mut().drain();
        if let Err(error) = drained {
            world().verify.end(crate::verify::End::Failure(error.to_string()));
        }
        fds.push(self.fd);
    }
}

/// A placed function of a board.
pub struct Function<B> {
    board: Rc<Board<B>>,
    pci: PciFunction,
    connected: RefCell<Vec<(MessageId, bus::Message)>>,
    line: Cell<Option<u32>>,
    reads: Cell<u64>,
    writes: Cell<u64>,
    pulled: Cell<bool>,
}

impl<B: Backend> Function<B> {
    /// The function, which has its BARs placed.
    #[must_use]
    pub fn new(board: Rc<Board<B>>, function: PciFunction) -> Rc<Self> {
        Rc::new(Self {
            board,
            pci: function,
            connected: RefCell::default(),
            line: Cell::new(None),
            reads: Cell::new(0),
            writes: Cell::new(0),
            pulled: Cell::new(false),
        })
    }

    fn at(&self) -> Bdf {
        self.pci.at
    }

    fn connect_messages(&self, count: usize, sink: &Sink) -> Result<(), Error> {
        let mut backend = self.board.backend.borrow_mut();
        let Some(msix) = self.pci.msix() else { return Ok(()) };
        for number in 0..count {
            let (id, message) = backend.allocate_message()?;
            let number = u16::try_from(number).unwrap_or(0);
            write_msix_entry(&mut Registers::new(&mut *backend, &self.pci), msix, number, message)?;
            self.connected.borrow_mut().push((id, message));
            self.board.messages.borrow_mut().insert(id, (u32::from(number), Rc::clone(sink)));
        }
        enable_msix(&mut *backend, self.at(), msix, true)?;
        backend.drain()
    }
}

impl<B: Backend + 'static> Hardware for Function<B> {
    fn config_read(&self, offset: u32, to: &mut [u8]) {
        if self.pulled.get() {
            return to.fill(0xFF);
        }
        let mut backend = self.board.backend.borrow_mut();
        for (i, byte) in to.iter_mut().enumerate() {
            let at = u16::try_from(offset as usize + i).unwrap_or(u16::MAX);
            *byte = match backend.config_read(self.at(), at, 1) {
                Ok(value) => value as u8,
                Err(_) => 0xFF,
            };
        }
    }

    fn config_write(&self, offset: u32, from: &[u8]) {
        if self.pulled.get() {
            return;
        }
        let mut backend = self.board.backend.borrow_mut();
        let mut at = u16::try_from(offset).unwrap_or(u16::MAX);
        let mut rest = from;
        while !rest.is_empty() {
            // Whole dwords where they are aligned: some registers change only as one.
            let size = if at % 4 == 0 && rest.len() >= 4 {
                4
            } else if at % 2 == 0 && rest.len() >= 2 {
                2
            } else {
                1
            };
            let (now, later) = rest.split_at(size);
            let value = now.iter().rev().fold(0_u32, |value, &byte| value << 8 | u32::from(byte));
            if backend.config_write(self.at(), at, size, value).is_err() {
                return;
            }
            at = at.saturating_add(size as u16);
            rest = later;
        }
    }

    fn bars(&self) -> Vec<Bar> {
        let bar = |bar: &bus::Bar| {
            Some(Bar {
                index: usize::from(bar.index),
                start: bar.base?,
                len: bar.size,
                memory: !matches!(bar.kind, BarKind::Io),
            })
        };
        self.pci.bars.iter().filter_map(bar).collect()
    }

    fn read(&self, bar: usize, offset: u64, size: usize) -> u64 {
        self.reads.set(self.reads.get() + 1);
        if self.pulled.get() {
            return u64::MAX >> (64 - 8 * size.clamp(1, 8));
        }
        let mut backend = self.board.backend.borrow_mut();
        let index = u8::try_from(bar).unwrap_or(u8::MAX);
        let value =
            bus::PciDevice::mmio_read(&mut Registers::new(&mut *backend, &self.pci), index, offset, size);
        drop(backend);
        or_end(value)
    }

    fn write(&self, bar: usize, offset: u64, size: usize, value: u64) {
        self.writes.set(self.writes.get() + 1);
        if self.pulled.get() {
            return;
        }
        let mut backend = self.board.backend.borrow_mut();
        let index = u8::try_from(bar).unwrap_or(u8::MAX);
        let result = bus::PciDevice::mmio_write(
            &mut Registers::new(&mut *backend, &self.pci),
            index,
            offset,
            size,
            value,
        );
        drop(backend);
        or_end(result);
    }

    fn messages(&self) -> usize {
        self.pci.msix().map_or(0, |msix| usize::from(msix.vectors))
    }

    fn connect(&self, mode: InterruptMode, sink: Sink) -> Result<(), String> {
        if self.pulled.get() {
            return Err("the function has left the bus".into());
        }
        match mode {
            InterruptMode::Messages(count) => {
                self.connect_messages(count, &sink).map_err(|error| error.to_string())
            }
            InterruptMode::Line => {
                let pin = self.pci.pin.ok_or("the function has no interrupt pin")?;
                let line = self.board.backend.borrow().interrupt_line(self.at(), pin);
                self.line.set(Some(line));
                self.board.lines.borrow_mut().insert(line, sink);
                Ok(())
            }
        }
    }

    fn disconnect(&self) {
        let connected = self.connected.take();
        if !connected.is_empty() {
            for (id, _) in &connected {
                self.board.messages.borrow_mut().remove(id);
            }
            world().sched.sleep(THROTTLE);
            // An answer: the machine has looked at its timers since.
            self.config_read(0, &mut [0; 4]);
        }
        let mut backend = self.board.backend.borrow_mut();
        // A machine that is gone has nothing to disconnect.
        let _ = disable_messages(&mut *backend, &self.pci);
        for (id, _) in connected {
            backend.free_message(id);
        }
        if let Some(line) = self.line.take() {
            self.board.lines.borrow_mut().remove(&line);
        }
    }

    fn message(&self, number: usize) -> (u64, u32) {
        let connected = self.connected.borrow();
        connected.get(number).map_or((0, 0), |(_, message)| (message.address, message.data))
    }

    fn line_asserted(&self) -> bool {
        self.line.get().is_some_and(|line| self.board.backend.borrow().line_asserted(line))
    }

    fn accesses(&self) -> (u64, u64) {
        (self.reads.get(), self.writes.get())
    }

    fn pull_out(&self) {
        self.disconnect();
        // The machine keeps the function, but nothing of it gets out: no DMA, no interrupt.
        let silent =
            bus::update_command(&mut *self.board.backend.borrow_mut(), self.at(), 0, bus::command::MASTER);
        or_end(silent.map(drop));
        self.pulled.set(true);
    }
}
