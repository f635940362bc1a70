//! The protocol bound above an adapter: sends frames in odd shapes, takes what comes, keeps what it is told to.

use super::{frames, shapes::Shape};
use crate::{
    abi::{NET_BUFFER_LIST, constants as c},
    ndis::{adapter::Adapter, nbl::Nbl, protocol::Protocol},
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

/// Frames that wait for whoever reads them, at most: a stack that does not read loses frames, as on a real machine.
const QUEUE: usize = 8192;

/// What the protocol does with received NBLs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Hold {
    /// Copies and returns them at once.
    #[default]
    Nothing,
    /// Keeps them until [`Port::release`].
    Everything,
    /// Returns them in batches from another thread, out of order.
    Late,
}

/// A status indication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The code.
    pub code: u32,
    /// Its data.
    pub data: Vec<u8>,
}

/// See the module.
#[derive(Default)]
pub struct Port {
    /// Frames received and not read.
    pub received: RefCell<VecDeque<Vec<u8>>>,
    /// What is kept.
    pub hold: Cell<Hold>,
    held: RefCell<Vec<Nbl>>,
    /// Sends that are out.
    pub out: Cell<usize>,
    /// Most sends that [`Port::has_room`] lets out.
    pub window: Cell<usize>,
    /// Completions by status.
    pub completed: RefCell<BTreeMap<u32, u64>>,
    /// Send numbers in the order of their completion, while [`Port::keep_order`] is set.
    pub order: RefCell<Vec<u64>>,
    /// Whether completions are kept in order.
    pub keep_order: Cell<bool>,
    /// Status indications.
    pub statuses: RefCell<Vec<Status>>,
    /// Keep frames whose send was refused with `NDIS_STATUS_PAUSED`, to send them again after the restart.
    pub retry: Cell<bool>,
    again: RefCell<Vec<Vec<u8>>>,
    /// Frames dropped because nobody read them.
    pub overflow: Cell<u64>,
    turn: Cell<u64>,
}

impl Port {
    /// A protocol that holds nothing back.
    #[must_use]
    pub fn new() -> Rc<Self> {
        let port = Self::default();
        port.window.set(256);
        Rc::new(port)
    }

    /// Sends frames, each in its own NBL and in the next odd shape.
    pub fn send(&self, adapter: &Rc<Adapter>, list: &[&[u8]]) {
        let shaped: Vec<_> = list.iter().map(|frame| vec![(*frame, self.next_shape(frame.len()))]).collect();
        self.send_shaped(adapter, &shaped);
    }

    /// Sends NBLs of one or more frames each, in given shapes.
    pub fn send_shaped(&self, adapter: &Rc<Adapter>, list: &[Vec<(&[u8], Shape)>]) {
        let mut chain = Vec::new();
        for frames in list {
            match frames::build(frames, self.turn.get()) {
                Some(nbl) => chain.push(nbl),
                None => world().fail("the machine's memory is used up".into()),
            }
        }
        self.out.set(self.out.get() + chain.len());
        world().ndis.send(adapter, &chain);
    }

    /// Sends NBLs that the caller built.
    pub fn send_built(&self, adapter: &Rc<Adapter>, chain: &[Nbl]) {
        self.out.set(self.out.get() + chain.len());
        world().ndis.send(adapter, chain);
    }

    fn next_shape(&self, len: usize) -> Shape {
        let turn = self.turn.get();
        self.turn.set(turn + 1);
        Shape::odd(len, turn)
    }

    /// Whether another send fits the window.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.out.get() < self.window.get()
    }

    /// NBLs that are kept.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.borrow().len()
    }

    /// Returns up to `count` of the kept NBLs, newest first.
    pub fn release(&self, adapter: &Rc<Adapter>, count: usize) {
        let back: Vec<Nbl> = {
            let mut held = self.held.borrow_mut();
            let from = held.len().saturating_sub(count);
            held.split_off(from)
        };
        world().ndis.return_nbls(adapter, &back);
    }

    /// Takes the oldest frame that was received.
    pub fn take(&self) -> Option<Vec<u8>> {
        self.received.borrow_mut().pop_front()
    }

    /// Frames that were refused because of a pause, and are the caller's to send again.
    pub fn take_refused(&self) -> Vec<Vec<u8>> {
        self.again.take()
    }

    /// Whether there are such frames.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        !self.again.borrow().is_empty()
    }

    /// Completions with a status other than success.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.completed
            .borrow()
            .iter()
            .filter(|(status, _)| **status != c::NDIS_STATUS_SUCCESS)
            .map(|(_, n)| n)
            .sum()
    }
}

impl Protocol for Port {
    fn receive(&self, adapter: &Rc<Adapter>, nbls: &[Nbl], ours_to_keep: bool) {
        {
            let mut received = self.received.borrow_mut();
            for frame in nbls.iter().flat_map(|&nbl| frames::read(nbl)) {
                if received.len() < QUEUE {
                    received.push_back(frame);
                } else {
                    self.overflow.set(self.overflow.get() + 1);
                }
            }
        }
        if !ours_to_keep {
            return;
        }
        match self.hold.get() {
            Hold::Nothing => world().ndis.return_nbls(adapter, nbls),
            Hold::Everything | Hold::Late => self.held.borrow_mut().extend_from_slice(nbls),
        }
    }

    fn send_complete(&self, _: &Rc<Adapter>, nbls: &[Nbl]) {
        for &nbl in nbls {
            let status = nbl.get(NET_BUFFER_LIST::Status).cast_unsigned();
            *self.completed.borrow_mut().entry(status).or_default() += 1;
            if status == c::NDIS_STATUS_PAUSED && self.retry.get() {
                self.again.borrow_mut().extend(frames::read(nbl));
            }
            if self.keep_order.get() {
                self.order.borrow_mut().push(frames::number(nbl));
            }
            frames::free(nbl);
            self.out.set(self.out.get().saturating_sub(1));
        }
    }

    fn status(&self, _: &Rc<Adapter>, code: u32, data: &[u8]) {
        self.statuses.borrow_mut().push(Status { code, data: data.to_vec() });
    }
}
