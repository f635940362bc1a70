//! A channel's operations, as `NetDMA` calls them.

use crate::Error;

/// How a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chains {
    /// `NetDMA` 2.0: by its count; the last `NextDescriptor` is where the next append begins (NDMA-XFER-05).
    Counted,
    /// Before 2.0: by a `NextDescriptor` of 0; counts are ignored (NDMA-XFER-04, -06).
    Terminated,
}

/// Descriptors that can be outstanding: the hardware counts them in 16 bits.
pub const MOST_DESCRIPTORS: u32 = 0xFFFF;

/// Why an operation was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not for a channel in this state.
    State,
    /// A count of 0, or more descriptors than can be outstanding.
    Count,
    /// A first descriptor that cannot be where it is said to be.
    Descriptor(Error),
    /// The channel has failed.
    Failed(Error),
    /// The hardware does not do what it is told in time.
    Stuck,
    /// The hardware has left the bus.
    Gone,
}

/// A channel. The caller serialises the calls; IRQL <= `DISPATCH_LEVEL`.
pub trait Engine {
    /// Begins with the chain at `first`. What a running channel has not begun is abandoned (NDMA-XFER-01, -02).
    /// If it fails, the channel is left halted.
    ///
    /// # Errors
    /// The count or the address is impossible, or the hardware does not answer.
    fn start(&mut self, first: u64, count: u32) -> Result<(), Refusal>;

    /// More descriptors at the end (NDMA-XFER-07, -08); on a suspended channel they wait for the resume.
    ///
    /// # Errors
    /// Nothing has been started since allocation, abort or reset; the count is impossible.
    fn append(&mut self, count: u32) -> Result<(), Refusal>;

    /// Finishes the current descriptor and stops: the address of the last one done, 0 if none is since the start
    /// (NDMA-SUS-01, -02).
    ///
    /// # Errors
    /// Nothing has been started, the channel has failed, or the hardware does not answer.
    fn suspend(&mut self) -> Result<u64, Refusal>;

    /// Goes on with what the last descriptor's `NextDescriptor` says now (NDMA-SUS-03).
    ///
    /// # Errors
    /// The channel is not suspended (NDMA-RES-01).
    fn resume(&mut self) -> Result<(), Refusal>;

    /// Stops at once; a start may follow (NDMA-ABT-01).
    ///
    /// # Errors
    /// The hardware does not answer.
    fn abort(&mut self) -> Result<(), Refusal>;

    /// Stops at once, as after allocation; no descriptor is touched again (NDMA-RST-01).
    ///
    /// # Errors
    /// The hardware does not answer.
    fn reset(&mut self) -> Result<(), Refusal>;
}

/// A count that a channel can take beside `outstanding` others.
///
/// # Errors
/// [`Refusal::Count`].
pub const fn check_publication(chains: Chains, count: u32, outstanding: u32) -> Result<(), Refusal> {
    match chains {
        Chains::Terminated => Ok(()),
        Chains::Counted => match count.checked_add(outstanding) {
            Some(sum) if count > 0 && sum <= MOST_DESCRIPTORS => Ok(()),
            _ => Err(Refusal::Count),
        },
    }
}
