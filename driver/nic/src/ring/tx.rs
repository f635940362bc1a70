//! The transmit ring.

use core::sync::atomic::{Ordering, fence};

use super::{Fragment, RingBase, RingError, Space};
use crate::desc::{TxLegacy, TxStatus};
use crate::raw::{DescriptorMemory, Registers};
use crate::regs;

/// What is remembered of a descriptor, where the device cannot write.
#[derive(Clone, Copy, Debug, Default)]
pub struct TxSlot {
    token: usize,
    /// In the slot of a frame's first descriptor: how many it has.
    count: u32,
}

/// Why a frame was not put on the ring. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// Not enough free descriptors now: queue it, and try again after [`TxRing::reap`].
    Full,
    /// More pieces than a frame may ever have: copy it into one buffer, and push that.
    Fragmented,
    /// Longer than [`TxRing::MAX_FRAME`]: complete with `NDIS_STATUS_INVALID_LENGTH`.
    TooLong,
    /// Shorter than an Ethernet header, or empty: complete with `NDIS_STATUS_INVALID_LENGTH`.
    TooShort,
}

/// What [`TxRing::health`] sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TxHealth {
    /// Nothing is on the ring.
    Idle,
    /// Frames leave, or have had no time to.
    Moving,
    /// The device has finished frames that nobody has reaped for the whole limit: an interrupt was lost.
    /// Reap them; the hardware is well.
    Unreaped,
    /// The oldest frame has not left for the whole limit. Unless the link is down or STATUS.TXOFF says that
    /// the peer asked for silence: reset.
    Stuck,
}

/// The longest frame, without its check sequence: 1514 bytes and a VLAN tag.
const MAX_FRAME: u32 = 1518;
// One descriptor takes a whole frame: its length field has 16 bits.
const _: () = assert!(MAX_FRAME <= u16::MAX as u32);

/// The transmit ring. `M` is its descriptor memory, `S` its slots: one per descriptor.
#[derive(Debug)]
pub struct TxRing<M, S> {
    space: Space<M>,
    slots: S,
    /// Sixty bytes of zeros, for the device.
    pad: u64,
    /// The next descriptor to fill.
    next: u32,
    /// The first descriptor of the oldest frame on the ring.
    clean: u32,
    /// How many descriptors are in use: at most all but one, so that the tail never catches the head.
    used: u32,
    /// The tail that the device knows.
    posted: u32,
    /// When a frame last left, or the ring last stopped being empty; `None`: at the next look.
    since: Option<u64>,
}

impl<M: DescriptorMemory, S: AsRef<[TxSlot]> + AsMut<[TxSlot]>> TxRing<M, S> {
    /// The shortest frame on the wire, without its check sequence. Shorter ones are padded with zeros
    /// (NDIS-SEND-07).
    pub const MIN_FRAME: u32 = 60;
    /// The longest frame, without its check sequence: 1514 bytes and a VLAN tag.
    pub const MAX_FRAME: u32 = MAX_FRAME;
    /// The most descriptors of a frame, the pad included.
    pub const MAX_FRAME_DESCRIPTORS: u32 = 32;
    /// The shortest frame that is accepted: an Ethernet header.
    pub const MIN_LENGTH: u32 = 14;

    /// A ring with as many descriptors as `slots`, all free. `pad` is the device's address of
    /// [`MIN_FRAME`](Self::MIN_FRAME) bytes of zeros that live as long as the ring.
    ///
    /// # Errors
    /// The number of slots or the memory does not suit the device.
    pub fn new(memory: M, slots: S, pad: u64) -> Result<Self, RingError> {
        let space = Space::new(memory, slots.as_ref().len())?;
        Ok(Self { space, slots, pad, next: 0, clean: 0, used: 0, posted: 0, since: None })
    }

    /// For [`Nic::set_rings`](crate::Nic::set_rings).
    pub fn base(&self) -> RingBase {
        self.space.base()
    }

    /// How many descriptors are free.
    #[inline]
    pub fn free(&self) -> u32 {
        self.space.length.wrapping_sub(1).saturating_sub(self.used)
    }

    /// Whether no frame is on the ring.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Puts a frame on the ring: all of it or nothing. The device learns of it by [`kick`](Self::kick).
    ///
    /// The memory behind the pieces stays untouched until [`reap`](Self::reap) or [`take`](Self::take) returns
    /// `token`.
    ///
    /// # Errors
    /// [`PushError`]; nothing has changed, and the token is still the caller's.
    #[inline]
    pub fn push<I>(&mut self, token: usize, frame: I) -> Result<(), PushError>
    where
        I: Iterator<Item = Fragment> + Clone,
    {
        let (length, pieces) = Self::measure(frame.clone())?;
        let padding = Self::MIN_FRAME.saturating_sub(length);
        let needed = pieces + u32::from(padding != 0);
        if needed > Self::MAX_FRAME_DESCRIPTORS.min(self.space.length.wrapping_sub(1)) {
            return Err(PushError::Fragmented);
        }
        if needed > self.free() {
            return Err(PushError::Full);
        }

        let mut next = self.next;
        let mut written = 0_u32;
        let pad = Fragment { address: self.pad, length: padding };
        for fragment in frame.chain(core::iter::once(pad)).filter(|fragment| fragment.length != 0) {
            written = written.saturating_add(1);
            // A whole frame fits the field; what an inconsistent iterator adds is never shown to the device.
            let length = u16::try_from(fragment.length).unwrap_or(u16::MAX);
            if written <= needed {
                let piece = TxLegacy { address: fragment.address, length, last: written == needed };
                self.space.write(next, piece.encode());
                next = self.space.after(next, 1);
            }
        }
        if written != needed {
            return Err(PushError::TooShort);
        }
        if let Some(slot) = self.slots.as_mut().get_mut(self.next as usize) {
            *slot = TxSlot { token, count: written };
        }
        self.next = next;
        self.used += written;
        Ok(())
    }

    /// The frame's length and the number of descriptors for its pieces.
    fn measure(frame: impl Iterator<Item = Fragment>) -> Result<(u32, u32), PushError> {
        let mut length = 0_u32;
        let mut pieces = 0_u32;
        for fragment in frame {
            length = length.saturating_add(fragment.length);
            if length > Self::MAX_FRAME {
                return Err(PushError::TooLong);
            }
            pieces = pieces.saturating_add(u32::from(fragment.length != 0));
        }
        if length < Self::MIN_LENGTH { Err(PushError::TooShort) } else { Ok((length, pieces)) }
    }

    /// Shows the device what has been pushed: one register write for any number of frames, none for none.
    /// `false` if there was nothing to show.
    #[inline]
    pub fn kick(&mut self, registers: &impl Registers) -> bool {
        if self.posted == self.next {
            return false;
        }
        // The descriptors are in memory before the tail says so.
        fence(Ordering::Release);
        registers.write(regs::TDT0, self.next);
        self.posted = self.next;
        true
    }

    /// The token of the oldest frame if the device has finished with it. One memory read. Call until `None`.
    #[inline]
    pub fn reap(&mut self, now: u64) -> Option<usize> {
        // What has not been shown to the device cannot be finished, whatever its memory says.
        if self.used <= self.space.distance(self.posted, self.next) {
            return None;
        }
        let (token, count) = self.oldest()?;
        let last = self.space.after(self.clean, count.wrapping_sub(1));
        if !TxStatus::new(self.space.status(last)).is_done() {
            return None;
        }
        self.since = Some(now);
        self.remove(count);
        Some(token)
    }

    /// The token of the oldest frame, whatever the device says. Only while the device cannot reach memory:
    /// after [`Nic::reset`](crate::Nic::reset) or when it is gone. Call until `None`.
    pub fn take(&mut self) -> Option<usize> {
        let (token, count) = self.oldest()?;
        self.remove(count);
        Some(token)
    }

    /// Begins again at descriptor 0, as the device does after a reset. `false`, and nothing happens, while
    /// frames are still on the ring.
    pub fn reset(&mut self) -> bool {
        if self.used != 0 {
            return false;
        }
        self.next = 0;
        self.clean = 0;
        self.posted = 0;
        self.since = None;
        self.space.clear();
        true
    }

    /// Whether frames leave; no register is read. `now` and `limit` have the unit of [`reap`](Self::reap).
    pub fn health(&mut self, now: u64, limit: u64) -> TxHealth {
        let Some((_, count)) = self.oldest() else {
            self.since = None;
            return TxHealth::Idle;
        };
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) < limit {
            return TxHealth::Moving;
        }
        let last = self.space.after(self.clean, count.wrapping_sub(1));
        if TxStatus::new(self.space.status(last)).is_done() { TxHealth::Unreaped } else { TxHealth::Stuck }
    }

    /// Token and number of descriptors of the oldest frame.
    #[inline]
    fn oldest(&self) -> Option<(usize, u32)> {
        if self.used == 0 {
            return None;
        }
        let slot = self.slots.as_ref().get(self.clean as usize)?;
        Some((slot.token, slot.count))
    }

    #[inline]
    fn remove(&mut self, count: u32) {
        self.clean = self.space.after(self.clean, count);
        self.used = self.used.saturating_sub(count);
        if self.used == 0 {
            self.since = None;
        }
    }
}
