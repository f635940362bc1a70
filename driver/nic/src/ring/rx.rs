//! The receive ring.

use core::sync::atomic::{Ordering, fence};

use super::{RingBase, RingError, Space};
use crate::desc::{RxError, RxRead, RxWriteBack};
use crate::raw::{DescriptorMemory, Registers};
use crate::regs;

/// What is remembered of a posted buffer, where the device cannot write.
#[derive(Clone, Copy, Debug, Default)]
pub struct RxSlot {
    token: usize,
    address: u64,
}

/// The ring has no free descriptor: the buffer is still the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A received frame, and the buffer that holds it: the caller's from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The buffer, as it was posted.
    pub token: usize,
    /// The frame's length without check sequence: 14 to the buffer's size.
    pub length: u32,
    /// The status bits of the write-back, 19:0.
    pub status: u32,
}

/// What [`RxRing::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// A frame.
    Frame(Frame),
    /// A bad one: counted, its buffer posted again. Counts as work.
    Dropped,
    /// Nothing more at the moment.
    Empty,
}

/// What has been dropped, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RxCounters {
    /// Frames with an error bit.
    pub errors: u64,
    /// Frames that the device spread over several buffers, counted once each.
    pub continued: u64,
    /// Lengths larger than a buffer: the device lies.
    pub too_long: u64,
    /// Lengths smaller than an Ethernet header.
    pub too_short: u64,
}

impl RxCounters {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.errors.wrapping_add(self.continued).wrapping_add(self.too_long).wrapping_add(self.too_short)
    }
}

/// The receive ring. `M` is its descriptor memory, `S` its slots: one per descriptor.
#[derive(Debug)]
pub struct RxRing<M, S> {
    space: Space<M>,
    slots: S,
    buffer: u32,
    /// The next descriptor to fill.
    next: u32,
    /// The oldest descriptor that the device has.
    clean: u32,
    /// How many descriptors hold a buffer: at most all but one, so that the tail never catches the head.
    used: u32,
    /// The tail that the device knows.
    posted: u32,
    /// The descriptors up to the next EOP belong to a frame that has been dropped.
    discarding: bool,
    counters: RxCounters,
}

impl<M: DescriptorMemory, S: AsRef<[RxSlot]> + AsMut<[RxSlot]>> RxRing<M, S> {
    /// What the device writes into a buffer at most (RCTL.BSIZE 0): the least size of a buffer.
    pub const MIN_BUFFER: u32 = 2048;

    /// A ring with as many descriptors as `slots`, for buffers of `buffer` bytes each. It is empty.
    ///
    /// # Errors
    /// The number of slots, the memory or the buffer size does not suit the device.
    pub fn new(memory: M, slots: S, buffer: u32) -> Result<Self, RingError> {
        if buffer < Self::MIN_BUFFER {
            return Err(RingError::Buffer);
        }
        let space = Space::new(memory, slots.as_ref().len())?;
        Ok(Self {
            space,
            slots,
            buffer,
            next: 0,
            clean: 0,
            used: 0,
            posted: 0,
            discarding: false,
            counters: RxCounters::default(),
        })
    }

    /// For [`Nic::set_rings`](crate::Nic::set_rings).
    pub fn base(&self) -> RingBase {
        self.space.base()
    }

    /// How many more buffers the ring takes.
    #[inline]
    pub fn free(&self) -> u32 {
        self.space.length.wrapping_sub(1).saturating_sub(self.used)
    }

    /// How many buffers the ring holds, those included that the device has not been shown yet. When it gets
    /// low, indicate with `NDIS_RECEIVE_FLAGS_RESOURCES` and post the buffers again.
    #[inline]
    pub fn held(&self) -> u32 {
        self.used
    }

    /// How many buffers have been posted since the last [`kick`](Self::kick).
    #[inline]
    pub fn unshown(&self) -> u32 {
        self.space.distance(self.posted, self.next)
    }

    /// What has been dropped since the ring was made.
    pub fn counters(&self) -> RxCounters {
        self.counters
    }

    /// Gives the ring a buffer that the device finds at `address`. The device learns of it by
    /// [`kick`](Self::kick).
    ///
    /// # Errors
    /// [`Full`]: the buffer is still the caller's.
    #[inline]
    pub fn post(&mut self, token: usize, address: u64) -> Result<(), Full> {
        if self.free() == 0 {
            return Err(Full);
        }
        let Some(slot) = self.slots.as_mut().get_mut(self.next as usize) else { return Err(Full) };
        *slot = RxSlot { token, address };
        self.space.write(self.next, RxRead { address }.encode());
        self.next = self.space.after(self.next, 1);
        self.used += 1;
        Ok(())
    }

    /// Shows the device what has been posted: one register write, or none if there is nothing new (`false`).
    #[inline]
    pub fn kick(&mut self, registers: &impl Registers) -> bool {
        if self.posted == self.next {
            return false;
        }
        // The descriptors are in memory before the tail says so.
        fence(Ordering::Release);
        registers.write(regs::RDT0, self.next);
        self.posted = self.next;
        true
    }

    /// Consumes the oldest descriptor if the device has finished with it. One memory read. [`kick`](Self::kick)
    /// afterwards: a dropped frame's buffer has been posted again.
    #[inline]
    pub fn poll(&mut self) -> Polled {
        // What has not been shown to the device cannot be finished, whatever its memory says.
        if self.used <= self.unshown() {
            return Polled::Empty;
        }
        let written = RxWriteBack::new(self.space.status(self.clean));
        if !written.is_done() {
            return Polled::Empty;
        }
        let Some(&slot) = self.slots.as_ref().get(self.clean as usize) else { return Polled::Empty };
        // The frame is read after DD.
        fence(Ordering::Acquire);
        self.clean = self.space.after(self.clean, 1);
        self.used = self.used.saturating_sub(1);

        let frame = if self.discarding {
            self.discarding = !written.is_end();
            None
        } else {
            match written.frame(self.buffer) {
                Ok(length) => Some(Frame { token: slot.token, length, status: written.status() }),
                Err(error) => {
                    self.count(error);
                    None
                }
            }
        };
        if let Some(frame) = frame {
            return Polled::Frame(frame);
        }
        // The descriptor just consumed has made room for one.
        let _room = self.post(slot.token, slot.address);
        Polled::Dropped
    }

    fn count(&mut self, error: RxError) {
        let counter = match error {
            RxError::Frame => &mut self.counters.errors,
            RxError::Continued => {
                self.discarding = true;
                &mut self.counters.continued
            }
            RxError::TooLong => &mut self.counters.too_long,
            RxError::TooShort => &mut self.counters.too_short,
        };
        *counter = counter.wrapping_add(1);
    }

    /// The oldest buffer on the ring, whatever the device says. Only while the device cannot reach memory:
    /// after [`Nic::reset`](crate::Nic::reset) or when it is gone. Call until `None`.
    pub fn take(&mut self) -> Option<usize> {
        if self.used == 0 {
            return None;
        }
        let token = self.slots.as_ref().get(self.clean as usize)?.token;
        self.clean = self.space.after(self.clean, 1);
        self.used = self.used.saturating_sub(1);
        Some(token)
    }

    /// Begins again at descriptor 0, as the device does after a reset. `false`, and nothing happens, while
    /// buffers are still on the ring.
    pub fn reset(&mut self) -> bool {
        if self.used != 0 {
            return false;
        }
        self.next = 0;
        self.clean = 0;
        self.posted = 0;
        self.discarding = false;
        self.space.clear();
        true
    }
}
