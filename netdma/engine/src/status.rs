//! The completion word: the address of the last completed descriptor with a status in its low bits.

/// `NET_DMA_TRANSFER_STATUS` (NDMA-CST-02); CHANSTS has the same values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The descriptor is done, more follow.
    Active = 0,
    /// The descriptor is done, it was the last.
    Idle = 1,
    /// Suspended after it.
    Suspended = 2,
    /// Aborted, reset or failed.
    Halted = 3,
    /// Started, nothing done yet; the address is not valid.
    Armed = 4,
}

/// What an engine writes at the completion address, and what CHANSTS reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(pub u64);

impl Word {
    /// `NET_DMA_TRANSFER_STATUS_MASK`.
    const STATUS: u64 = 7;
    /// Descriptors are 64-byte aligned (C-07).
    const ADDRESS: u64 = !0x3F;

    /// The word for a descriptor's physical address.
    #[must_use]
    pub const fn new(address: u64, status: Status) -> Self {
        Self((address & Self::ADDRESS) | status as u64)
    }

    /// Physical address of the last completed descriptor; 0 if there is none.
    #[must_use]
    pub const fn address(self) -> u64 {
        self.0 & Self::ADDRESS
    }

    /// The status; `None` for values that no document has.
    #[must_use]
    pub const fn status(self) -> Option<Status> {
        Some(match self.0 & Self::STATUS {
            0 => Status::Active,
            1 => Status::Idle,
            2 => Status::Suspended,
            3 => Status::Halted,
            4 => Status::Armed,
            _ => return None,
        })
    }
}
