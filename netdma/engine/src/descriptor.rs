//! `NET_DMA_DESCRIPTOR`: 64 bytes that client, CPU engine and hardware read alike (NDMA-XFER-11, -12).

use crate::Error;

/// Bytes of a descriptor, and its alignment.
pub const BYTES: u64 = 64;
/// Bytes of the page at whose end a page break takes place (NDMA-XFER-15).
pub const PAGE: u64 = 4096;

/// Bits of `ControlFlags`.
pub mod control {
    /// Interrupt when done.
    pub const INTERRUPT: u32 = 0x001;
    /// Write the completion word when done.
    pub const STATUS_UPDATE: u32 = 0x008;
    /// Everything of this transfer is written before the next one reads.
    pub const SERIALIZE: u32 = 0x010;
    /// Move nothing.
    pub const NULL: u32 = 0x020;
    /// The source goes on at `NextSourceAddress` after its page.
    pub const SOURCE_PAGE_BREAK: u32 = 0x040;
    /// The destination goes on at `NextDestinationAddress` after its page.
    pub const DESTINATION_PAGE_BREAK: u32 = 0x080;
    /// The top byte says what to do.
    pub const OPERATION: u32 = 0xFF00_0000;
    /// Take a DCA context from the size field; bit 0 means something else then.
    pub const CONTEXT_CHANGE: u32 = 0xFF00_0000;

    /// An interrupt is wanted (NDMA-CST-05).
    #[must_use]
    #[inline]
    pub const fn interrupts(control: u32) -> bool {
        control & OPERATION != CONTEXT_CHANGE && control & INTERRUPT != 0
    }

    /// The completion word is wanted (NDMA-CST-01).
    #[must_use]
    #[inline]
    pub const fn updates_status(control: u32) -> bool {
        control & STATUS_UPDATE != 0
    }
}

/// What an engine can reach and how much it moves at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The highest physical address (`MaximumAddressSpace`, NDMA-START-02).
    pub highest: u64,
    /// Bytes of one transfer (`MaximumTransferSize`, at least 4096).
    pub largest: u32,
}

impl Limits {
    /// `length` bytes at `start` are addressable.
    #[must_use]
    pub const fn reach(&self, start: u64, length: u64) -> bool {
        match start.checked_add(length) {
            Some(end) => length == 0 || end.wrapping_sub(1) <= self.highest,
            None => false,
        }
    }

    /// A descriptor can be at `address`.
    ///
    /// # Errors
    /// [`Error::NEXT_ALIGNMENT`] or [`Error::NEXT_ADDRESS`].
    pub const fn descriptor(&self, address: u64) -> Result<(), Error> {
        if !address.is_multiple_of(BYTES) {
            Err(Error::NEXT_ALIGNMENT)
        } else if address == 0 || !self.reach(address, BYTES) {
            Err(Error::NEXT_ADDRESS)
        } else {
            Ok(())
        }
    }
}

/// What a descriptor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Nothing is moved: NULL, or no bytes (NDMA-XFER-14), or a context change.
    Nothing,
    /// So many bytes are moved.
    Copy,
}

/// A descriptor as it was read, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes, or a DCA context.
    pub size: u32,
    /// `ControlFlags`.
    pub control: u32,
    /// Physical address.
    pub source: u64,
    /// Physical address.
    pub destination: u64,
    /// Physical address of the next descriptor.
    pub next: u64,
    /// Where the source goes on after its page.
    pub next_source: u64,
    /// Where the destination goes on after its page.
    pub next_destination: u64,
}

impl Descriptor {
    /// Out of its eight words.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "two fields share the first word")]
    pub const fn parse(words: [u64; 8]) -> Self {
        let [first, source, destination, next, next_source, next_destination, _, _] = words;
        Self {
            size: first as u32,
            control: (first >> 32) as u32,
            source,
            destination,
            next,
            next_source,
            next_destination,
        }
    }

    /// Its eight words, with these for the client.
    #[must_use]
    pub const fn words(&self, user: [u64; 2]) -> [u64; 8] {
        let first = self.size as u64 | (self.control as u64) << 32;
        let [one, two] = user;
        [first, self.source, self.destination, self.next, self.next_source, self.next_destination, one, two]
    }

    const fn has(&self, flag: u32) -> bool {
        self.control & flag != 0
    }

    const fn changes_context(&self) -> bool {
        self.control & control::OPERATION == control::CONTEXT_CHANGE
    }

    /// An interrupt is wanted (NDMA-CST-05).
    #[must_use]
    pub const fn interrupts(&self) -> bool {
        control::interrupts(self.control)
    }

    /// The completion word is wanted (NDMA-CST-01).
    #[must_use]
    pub const fn updates_status(&self) -> bool {
        control::updates_status(self.control)
    }

    /// What it asks for, if that can be done without touching anything else.
    ///
    /// # Errors
    /// The operation is unknown, it is too long, or an address is out of reach.
    pub const fn operation(&self, limits: &Limits) -> Result<Operation, Error> {
        if self.changes_context() {
            return Ok(Operation::Nothing);
        }
        if self.control & control::OPERATION != 0 {
            return Err(Error::CONTROL);
        }
        if self.has(control::NULL) || self.size == 0 {
            return Ok(Operation::Nothing);
        }
        if self.size > limits.largest {
            return Err(Error::LENGTH);
        }
        if !self.source_span().is_sound(self.size, limits) {
            return Err(Error::SOURCE);
        }
        if !self.destination_span().is_sound(self.size, limits) {
            return Err(Error::DESTINATION);
        }
        Ok(Operation::Copy)
    }

    /// Where bytes come from.
    #[must_use]
    pub const fn source_span(&self) -> Span {
        Span {
            start: self.source,
            next: if self.has(control::SOURCE_PAGE_BREAK) { Some(self.next_source) } else { None },
        }
    }

    /// Where they go.
    #[must_use]
    pub const fn destination_span(&self) -> Span {
        Span {
            start: self.destination,
            next: if self.has(control::DESTINATION_PAGE_BREAK) { Some(self.next_destination) } else { None },
        }
    }
}

/// One side of a transfer: contiguous, or broken once at the end of its first page (NDMA-XFER-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: u64,
    next: Option<u64>,
}

impl Span {
    const fn first_part(self) -> u64 {
        PAGE - self.start % PAGE
    }

    /// Every byte is in reach, and a break leads to the start of a page that holds the rest.
    const fn is_sound(self, size: u32, limits: &Limits) -> bool {
        let size = size as u64;
        match self.next {
            Some(next) if size > self.first_part() => {
                let rest = size - self.first_part();
                next.is_multiple_of(PAGE)
                    && rest <= PAGE
                    && limits.reach(self.start, self.first_part())
                    && limits.reach(next, rest)
            }
            _ => limits.reach(self.start, size),
        }
    }

    /// The address of the byte at `offset`, and how many bytes follow it without a break.
    #[must_use]
    pub const fn at(self, offset: u64) -> (u64, u64) {
        let first = self.first_part();
        match self.next {
            Some(next) if offset >= first => (next.wrapping_add(offset - first), PAGE),
            Some(_) => (self.start.wrapping_add(offset), first - offset),
            None => (self.start.wrapping_add(offset), u64::MAX),
        }
    }
}
