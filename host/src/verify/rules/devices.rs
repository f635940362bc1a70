//! Devices: what their registers and their DMA allow.

rules! { from super::netdma::END;
    /// A register access of a size or at an offset that the device does not have.
    REGISTER = "NDIS-HW", "bad register access", "", Must;
    /// A register, a width or a bit that this version of a QuickData function does not have.
    QD_REGISTER = "QD-01", "QuickData: no such register", "", Must;
    /// A read-only register written.
    QD_READ_ONLY = "QD-02", "QuickData: read-only register written", "", Must;
    /// A 64-bit register accessed in halves in the wrong order.
    QD_HALVES = "QD-03", "QuickData: high half before the low one", "", Must;
    /// CHAINADDR or CHANCMP written while the channel is active.
    QD_ACTIVE = "QD-04", "QuickData: address written while the channel is active", "", Must;
    /// A command that the version does not have, or that is illegal in the channel's state.
    QD_COMMAND = "QD-05", "QuickData: illegal command", "", Must;
    /// A completion word that is not aligned.
    QD_COMPLETION = "QD-06", "QuickData: CHANCMP not aligned", "", Must;
    /// INTRCTRL misused, or interrupts that nobody is connected to.
    QD_INTERRUPT = "QD-07", "QuickData: INTRCTRL misused", "", Must;
    /// Vectors for channels without MSI-X, or MSI-X without them.
    QD_VECTORS = "QD-08", "QuickData: MSIX_VECTOR_CONTROL does not fit the interrupt", "", Must;
    /// DMA while bus mastering is off.
    QD_MASTER = "QD-09", "QuickData: bus mastering off", "", Must;
    /// DMA outside the memory that clients handed over.
    QD_DMA = "QD-10", "QuickData: DMA outside the client's memory", "", Must;
    /// A doorbell that goes backwards, publishes nothing or more than there is.
    QD_DOORBELL = "QD-11", "QuickData: DMACOUNT", "", Must;
    /// Register accesses that go on after the function has left the bus.
    QD_GONE = "QD-12", "QuickData: accesses after removal", "", Must;
    /// Interrupts enabled, or a channel at work, when the driver lets go.
    QD_LEFT = "QD-13", "QuickData: left enabled", "", Must;
    /// A channel started while its completion word may overtake the data.
    QD_RELAXED = "QD-14", "QuickData: relaxed ordering on", "", Must;
    /// A register of the 82574L that there is not, or an access that is no aligned dword.
    I82574_REGISTER = "I82574-01", "82574L: no such register", "", Must;
    /// A read-only register of the 82574L written.
    I82574_READ_ONLY = "I82574-02", "82574L: read-only register written", "", Must;
    /// A ring's base or length not aligned, or changed while the ring is in use.
    I82574_RING = "I82574-03", "82574L: ring registers", "", Must;
    /// A tail beyond the ring, or one that takes descriptors back.
    I82574_TAIL = "I82574-04", "82574L: ring tail", "", Must;
    /// DMA to memory that is not the driver's.
    I82574_DMA = "I82574-05", "82574L: DMA outside the driver's memory", "", Must;
    /// DMA while bus mastering is off.
    I82574_MASTER = "I82574-06", "82574L: bus mastering off", "", Must;
    /// Descriptors published after a reset before the ring is programmed again.
    I82574_RESET = "I82574-07", "82574L: descriptors published without a ring", "", Must;
    /// Interrupts enabled, or receiver or transmitter on, when the driver lets go.
    I82574_LEFT = "I82574-08", "82574L: left enabled", "", Must;
    /// Interrupts enabled that nobody is connected to.
    I82574_INTERRUPT = "I82574-09", "82574L: interrupts enabled without a connection", "", Must;
    /// Registers accessed in a low-power state.
    I82574_POWER = "I82574-10", "82574L: registers in D3", "", Must;
    /// Register accesses that go on after the function has left the bus.
    I82574_GONE = "I82574-11", "82574L: accesses after removal", "", Must;
    /// Transmit descriptors that say what the part cannot do.
    I82574_DESCRIPTOR = "I82574-12", "82574L: transmit descriptor", "", Must;
    /// EERD or MDIC used in the middle of a transaction, or the MDIO interface without its ownership.
    I82574_SERIAL = "I82574-13", "82574L: NVM or PHY access", "", Must;
}
