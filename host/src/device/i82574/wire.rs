//! The cable at the function's connector: whole frames without their check sequence, in order.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// The shortest frame on a wire, without its check sequence: whoever sends pads.
const SHORTEST: usize = 60;

/// A cable whose other end is the function.
#[derive(Debug, Default)]
pub struct Wire {
    to_nic: RefCell<VecDeque<Vec<u8>>>,
    from_nic: RefCell<VecDeque<Vec<u8>>>,
    unplugged: Cell<bool>,
}

impl Wire {
    /// Sends a frame to the function. One that is too short for a wire is padded with zeros; one sent while the cable
    /// is out is lost.
    pub fn send(&self, frame: &[u8]) {
        if self.unplugged.get() {
            return;
        }
        let mut frame = frame.to_vec();
        frame.resize(frame.len().max(SHORTEST), 0);
        self.to_nic.borrow_mut().push_back(frame);
    }

    /// Takes the oldest frame that the function has sent.
    #[must_use]
    pub fn receive(&self) -> Option<Vec<u8>> {
        self.from_nic.borrow_mut().pop_front()
    }

    /// Frames that the function has not taken yet.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.to_nic.borrow().len()
    }

    /// Whether the function has taken every frame.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.to_nic.borrow().is_empty()
    }

    /// Plugs the cable in or pulls it. What is on its way to the function is lost then.
    pub fn plug(&self, plugged: bool) {
        self.unplugged.set(!plugged);
        if !plugged {
            self.to_nic.borrow_mut().clear();
        }
    }

    /// Whether the cable is in.
    #[must_use]
    pub fn is_plugged(&self) -> bool {
        !self.unplugged.get()
    }

    /// Takes a frame for the function.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        self.to_nic.borrow_mut().pop_front()
    }

    /// A frame of the function's.
    pub(super) fn put(&self, frame: Vec<u8>) {
        if self.is_plugged() {
            self.from_nic.borrow_mut().push_back(frame);
        }
    }
}
