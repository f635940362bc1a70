//! What a function was asked for and what it did.

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Register reads.
    pub reads: u64,
    /// Register writes.
    pub writes: u64,
    /// Frames sent.
    pub sent: u64,
    /// Frames received into memory.
    pub received: u64,
    /// Frames lost for want of room in the packet buffer.
    pub dropped: u64,
    /// Frames whose descriptor says something else than the frame.
    pub misreported: u64,
    /// Messages sent, and assertions of the pin.
    pub interrupts: u64,
    /// Messages that could not be delivered: nothing in the MSI-X table, masked, or lost on request.
    pub lost: u64,
    /// Resets by CTRL.RST, by power and by the bus.
    pub resets: u64,
    /// Faults that took effect.
    pub faults: u64,
    /// Accesses since the function was pulled out.
    pub after_removal: u64,
}
