//! The gate's word and its transitions, free of atomics.
//!
//! Bits 47:0 count; bits 55:48 are the closed bits, bits 63:56 the waiting bits, indexed by [`Reason`].

use super::{Close, OpenError, Reason};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(pub(super) u64);

const CLOSED_SHIFT: u32 = 48;
const WAITING_SHIFT: u32 = 56;
/// Never full: each NBL behind the count occupies memory, and 2^48 of them exceed the address space.
const COUNT: u64 = (1 << CLOSED_SHIFT) - 1;
const CLOSED: u64 = 0xff << CLOSED_SHIFT;
const WAITING: u64 = 0xff << WAITING_SHIFT;

const fn closed_bit(reason: Reason) -> u64 {
    1 << (CLOSED_SHIFT + reason as u32)
}

const fn waiting_bit(reason: Reason) -> u64 {
    1 << (WAITING_SHIFT + reason as u32)
}

impl Word {
    pub(super) const PAUSED: Self = Self(closed_bit(Reason::Pause));

    pub(super) const fn count(self) -> u64 {
        self.0 & COUNT
    }

    pub(super) const fn closed_for(self, reason: Reason) -> bool {
        self.0 & closed_bit(reason) != 0
    }

    pub(super) const fn waits(self, reason: Reason) -> bool {
        self.0 & waiting_bit(reason) != 0
    }

    pub(super) const fn waits_any(self) -> bool {
        self.0 & WAITING != 0
    }

    pub(super) fn closed(self) -> Option<Reason> {
        if self.0 & CLOSED == 0 {
            return None;
        }
        Reason::ALL.into_iter().find(|&reason| self.closed_for(reason))
    }

    #[inline]
    pub(super) fn enter(self, count: u32) -> Result<Self, Reason> {
        match self.closed() {
            Some(reason) => Err(reason),
            None => Ok(Self(self.0.wrapping_add(u64::from(count)))),
        }
    }

    #[inline]
    pub(super) const fn hold(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// The next word, and the waiting bits that this leave takes with it: those of a count that falls to zero.
    #[inline]
    pub(super) fn leave(self, count: u32) -> (Self, Self) {
        let left = self.count().saturating_sub(u64::from(count));
        if left == 0 {
            (Self(self.0 & CLOSED), Self(self.0 & WAITING))
        } else {
            (Self((self.0 & !COUNT) | left), Self(0))
        }
    }

    pub(super) fn close(self, reason: Reason) -> (Self, Close) {
        if self.closed_for(reason) {
            (self, Close::Already)
        } else if self.count() == 0 {
            (Self(self.0 | closed_bit(reason)), Close::Idle)
        } else {
            (Self(self.0 | closed_bit(reason) | waiting_bit(reason)), Close::Pending)
        }
    }

    pub(super) fn refuse(self, reason: Reason) -> Result<Self, ()> {
        if self.closed_for(reason) { Err(()) } else { Ok(Self(self.0 | closed_bit(reason))) }
    }

    pub(super) fn open(self, reason: Reason) -> Result<Self, OpenError> {
        if reason.is_final() {
            Err(OpenError::Final)
        } else if !self.closed_for(reason) {
            Err(OpenError::NotClosed)
        } else if self.waits(reason) {
            Err(OpenError::Pending)
        } else {
            Ok(Self(self.0 & !closed_bit(reason)))
        }
    }
}
