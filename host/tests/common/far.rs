//! The far end of the cable: takes what the NIC sends, sends to it as fast as it takes.

use ferrite_host::{
    device::{i82574, qemu},
    system::System,
    verify::End,
    world::{Source, world},
};
use std::{
    cell::RefCell,
    collections::VecDeque,
    os::fd::{AsFd, AsRawFd, RawFd},
    rc::Rc,
    sync::Arc,
};

/// Room for any frame that QEMU can send.
const ROOM: usize = 1 << 16;

/// Whose NIC is at the other end.
enum Line {
    /// QEMU's.
    Qemu(Arc<qemu::Wire>),
    /// The model's in this process.
    Model(Rc<i82574::Wire>),
}

/// See the module.
pub struct Far {
    line: Line,
    /// Frames that the NIC has sent, as they were on the wire.
    pub received: RefCell<VecDeque<Vec<u8>>>,
    /// Frames that QEMU has not taken yet.
    waiting: RefCell<VecDeque<Vec<u8>>>,
}

impl Far {
    /// The far end of the first NIC's cable, looked at whenever the world looks at its devices.
    pub fn of(system: &System) -> Rc<Self> {
        let wire = system.board().backend.borrow().wire(0).expect("the NIC is on a wire of this process");
        Self::on(system, Line::Qemu(wire))
    }

    /// The far end of the cable of a NIC in this process.
    pub fn of_model(system: &System, wire: &Rc<i82574::Wire>) -> Rc<Self> {
        Self::on(system, Line::Model(Rc::clone(wire)))
    }

    fn on(system: &System, line: Line) -> Rc<Self> {
        let far = Rc::new(Self { line, received: RefCell::default(), waiting: RefCell::default() });
        system.world.add_source(Rc::clone(&far) as Rc<dyn Source>);
        far
    }

    /// Plugs the cable in or pulls it.
    pub fn plug(&self, system: &System, up: bool) {
        match &self.line {
            Line::Qemu(_) => system.set_link(0, up).unwrap_or_else(|error| panic!("set_link: {error}")),
            Line::Model(wire) => wire.plug(up),
        }
    }

    /// Sends frames, when QEMU takes them.
    pub fn send(&self, frames: impl IntoIterator<Item = Vec<u8>>) {
        self.waiting.borrow_mut().extend(frames);
        self.push();
    }

    /// Frames that wait to be sent.
    pub fn backlog(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// Whether QEMU has taken every frame.
    pub fn is_drained(&self) -> bool {
        self.waiting.borrow().is_empty()
            && match &self.line {
                Line::Qemu(wire) => wire.is_drained().unwrap_or(true),
                Line::Model(wire) => wire.is_drained(),
            }
    }

    /// Takes what the NIC has sent so far.
    pub fn take(&self) -> Vec<Vec<u8>> {
        self.pull();
        self.received.borrow_mut().drain(..).collect()
    }

    fn push(&self) {
        let mut waiting = self.waiting.borrow_mut();
        let wire = match &self.line {
            Line::Qemu(wire) => wire,
            Line::Model(wire) => return waiting.drain(..).for_each(|frame| wire.send(&frame)),
        };
        while let Some(frame) = waiting.front() {
            match wire.send(frame) {
                Ok(true) => waiting.pop_front(),
                Ok(false) => return,
                // QEMU is gone; whoever asks it for something says so.
                Err(_) => return waiting.clear(),
            };
        }
    }

    fn pull(&self) {
        let wire = match &self.line {
            Line::Qemu(wire) => wire,
            Line::Model(wire) => {
                return self.received.borrow_mut().extend(std::iter::from_fn(|| wire.receive()));
            }
        };
        let mut room = vec![0; ROOM];
        loop {
            match wire.receive(&mut room) {
                Ok(Some(len)) => self.received.borrow_mut().push_back(room[..len].to_vec()),
                Ok(None) => return,
                Err(error) => return world().verify.end(End::Failure(error.to_string())),
            }
        }
    }
}

impl Source for Far {
    fn poll(&self) {
        self.pull();
        self.push();
    }

    fn fds(&self, fds: &mut Vec<RawFd>) {
        if let Line::Qemu(wire) = &self.line {
            fds.push(wire.as_fd().as_raw_fd());
        }
    }
}
