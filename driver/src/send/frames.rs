//! The table of frames on their way: a ring of places, taken and freed in order.

use core::ptr::NonNull;

use ferrite_ddk::nbl::{Nb, Nbl};
use ferrite_ddk::ndis::{NDIS_HANDLE, SCATTER_GATHER_LIST};

use crate::memory::Table;
use crate::stats::Cast;

/// Where a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// NDIS is asked for the SG list and has not delivered it.
    Mapping,
    /// The list is there.
    Ready,
    /// To be copied into a bounce buffer.
    Copy,
    /// On the ring.
    Posted,
    /// To be retired.
    Done,
}

/// A frame: one NB of an NBL.
pub struct Frame {
    pub nbl: Nbl,
    pub nb: Nb,
    pub stage: Stage,
    /// It will not be sent: the NBL has the reason as its status.
    pub abandoned: bool,
    pub cast: Cast,
    /// NDIS's list, to be given back.
    pub list: Option<NonNull<SCATTER_GATHER_LIST>>,
    /// The bounce buffer it is in.
    pub bounce: Option<u32>,
}

/// The table.
///
/// # Invariants
/// Counters only grow and wrap; `head <= posted <= tail <= head + capacity`. Frames before `posted` are
/// posted or done, the others mapping, ready or to be copied. Places outside `head..tail` are empty.
pub struct Frames {
    places: Table<Option<Frame>>,
    mask: u32,
    head: u32,
    posted: u32,
    tail: u32,
}

impl Frames {
    /// A table with places for at least `frames` frames; `None` if there is no memory.
    pub fn new(owner: NDIS_HANDLE, frames: u32) -> Option<Self> {
        let capacity = frames.checked_next_power_of_two()?;
        let places = Table::new(owner, capacity as usize, |_| Some(None))?;
        Some(Self { places, mask: capacity.wrapping_sub(1), head: 0, posted: 0, tail: 0 })
    }

    /// How many places there are.
    pub fn capacity(&self) -> u32 {
        self.mask.wrapping_add(1)
    }

    /// The frame at an index that [`push`](Self::push) has given and [`pop`](Self::pop) has not taken back.
    pub fn get(&mut self, index: u32) -> Option<&mut Frame> {
        self.places.get_mut((index & self.mask) as usize)?.as_mut()
    }

    /// Takes a place; its index, or the frame back if the table is full.
    pub fn push(&mut self, frame: Frame) -> Result<u32, Frame> {
        if self.tail.wrapping_sub(self.head) > self.mask {
            return Err(frame);
        }
        let index = self.tail & self.mask;
        match self.places.get_mut(index as usize) {
            Some(place) => *place = Some(frame),
            None => return Err(frame),
        }
        self.tail = self.tail.wrapping_add(1);
        Ok(index)
    }

    /// The next frame to be posted, and its index.
    pub fn next_to_post(&mut self) -> Option<(u32, &mut Frame)> {
        if self.posted == self.tail {
            return None;
        }
        let index = self.posted & self.mask;
        Some((index, self.get(index)?))
    }

    /// That frame has been posted, or is done.
    pub fn set_posted(&mut self) {
        self.posted = self.posted.wrapping_add(1);
    }

    /// The oldest frame plus `ahead`, if it is done.
    pub fn done(&mut self, ahead: u32) -> Option<&mut Frame> {
        if ahead >= self.posted.wrapping_sub(self.head) {
            return None;
        }
        let frame = self.get(self.head.wrapping_add(ahead))?;
        (frame.stage == Stage::Done).then_some(frame)
    }

    /// Frees the place of the oldest frame, which is done.
    pub fn pop(&mut self) -> Option<Frame> {
        if self.head == self.posted {
            return None;
        }
        let frame = self.places.get_mut((self.head & self.mask) as usize)?.take()?;
        self.head = self.head.wrapping_add(1);
        Some(frame)
    }

    /// Every frame that is not posted yet.
    pub fn unposted(&mut self, mut visit: impl FnMut(&mut Frame)) {
        let mut index = self.posted;
        while index != self.tail {
            if let Some(frame) = self.get(index) {
                visit(frame);
            }
            index = index.wrapping_add(1);
        }
    }
}
