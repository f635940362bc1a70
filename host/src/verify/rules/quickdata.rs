//! QuickData: what the registers of a function and its DMA allow.

rules! { from super::transfer::END;
    /// A register of a QuickData function accessed while the Command register has memory off.
    QD_MEMORY_OFF = "QD-01", "QuickData: memory decoding off", "", Must;
    /// An access to an offset where no QuickData function has a register.
    QD_REGISTER = "QD-02", "QuickData: no such register", "", Must;
    /// A register of another version of the function than the one that CBVER tells.
    QD_VERSION = "QD-03", "QuickData: register of another version", "", Must;
    /// A register of a channel beyond the CHANCNT channels that the function has.
    QD_CHANNEL = "QD-04", "QuickData: no such channel", "", Must;
    /// A register accessed in another width than it has.
    QD_WIDTH = "QD-05", "QuickData: register width", "", Must;
    /// CHANSTS read in one piece before version 3.3, or in halves from 3.3 on.
    QD_STATUS_WIDTH = "QD-06", "QuickData: width of CHANSTS", "", Must;
    /// A 64-bit register that is not aligned to 8 bytes accessed in one piece, which no bus does.
    QD_TORN = "QD-07", "QuickData: torn access", "", Must;
    /// The MSI-X table or its pending bits accessed on a function without MSI-X.
    QD_TABLE = "QD-08", "QuickData: MSI-X table without MSI-X", "", Must;
    /// A read-only register written.
    QD_READ_ONLY = "QD-09", "QuickData: read-only register written", "", Must;
    /// The high half of CHANSTS read before the low one, which latches it.
    QD_STATUS_HALVES = "QD-10", "QuickData: halves of CHANSTS", "", Must;
    /// The high half of CHAINADDR written before the low one.
    QD_CHAIN_HALVES = "QD-11", "QuickData: halves of CHAINADDR", "", Must;
    /// The high half of CHANCMP written before the low one.
    QD_COMPLETION_HALVES = "QD-12", "QuickData: halves of CHANCMP", "", Must;
    /// CHAINADDR written while the channel is active.
    QD_CHAIN_ACTIVE = "QD-13", "QuickData: CHAINADDR of an active channel", "", Must;
    /// CHANCMP written while the channel is active.
    QD_COMPLETION_ACTIVE = "QD-14", "QuickData: CHANCMP of an active channel", "", Must;
    /// CHANCMP not aligned to the 8 bytes of a completion word.
    QD_COMPLETION_ALIGNED = "QD-15", "QuickData: CHANCMP not aligned", "", Must;
    /// Reserved bits written to CHANCTRL.
    QD_CONTROL = "QD-16", "QuickData: reserved bits in CHANCTRL", "", Must;
    /// CHANCMD written with what is not one command.
    QD_COMMAND = "QD-17", "QuickData: no such command", "", Must;
    /// START or APPEND from version 2.0 on, where DMACOUNT starts a channel.
    QD_COMMAND_VERSION = "QD-18", "QuickData: command of another version", "", Must;
    /// START of a channel that is active.
    QD_START = "QD-19", "QuickData: START of an active channel", "", Must;
    /// APPEND to a channel that was not started.
    QD_APPEND = "QD-20", "QuickData: APPEND to a halted channel", "", Must;
    /// SUSPEND of a channel that is halted without an error.
    QD_SUSPEND_HALTED = "QD-21", "QuickData: SUSPEND of a halted channel", "", Must;
    /// SUSPEND of a channel that is suspended.
    QD_SUSPEND_TWICE = "QD-22", "QuickData: SUSPEND of a suspended channel", "", Must;
    /// RESUME of a channel that is not suspended.
    QD_RESUME = "QD-23", "QuickData: RESUME without SUSPEND", "", Must;
    /// A register of a channel written before its RESET has ended.
    QD_RESET = "QD-24", "QuickData: channel written during RESET", "", Must;
    /// Reserved bits written to INTRCTRL.
    QD_INTERRUPT_CONTROL = "QD-25", "QuickData: reserved bits in INTRCTRL", "", Must;
    /// `MSIX_VECTOR_CONTROL` set in INTRCTRL of a function without MSI-X.
    QD_VECTORS_NONE = "QD-26", "QuickData: MSIX_VECTOR_CONTROL without MSI-X", "", Must;
    /// `MSIX_VECTOR_CONTROL` set while the function interrupts by its pin.
    QD_VECTORS_PIN = "QD-27", "QuickData: MSIX_VECTOR_CONTROL with the pin", "", Must;
    /// An interrupt by MSI-X while `MSIX_VECTOR_CONTROL` is off, so that vectors have no channel.
    QD_VECTORS_OFF = "QD-28", "QuickData: MSI-X without MSIX_VECTOR_CONTROL", "", Must;
    /// Interrupts enabled in INTRCTRL that nobody is connected to when one comes.
    QD_CONNECTED = "QD-29", "QuickData: interrupt not connected", "", Must;
    /// A channel started while bus mastering is off in the Command register.
    QD_MASTER_START = "QD-30", "QuickData: started without bus mastering", "", Must;
    /// Bus mastering turned off while a channel works.
    QD_MASTER_DMA = "QD-31", "QuickData: bus mastering off during DMA", "", Must;
    /// A channel started while relaxed ordering is on in DEVCTL, so that its completion word may overtake the data.
    QD_RELAXED = "QD-32", "QuickData: relaxed ordering on", "", Must;
    /// A descriptor fetched from memory that no client handed over as descriptors.
    QD_DMA_DESCRIPTOR = "QD-33", "QuickData: descriptor outside the client's memory", "", Must;
    /// Source data read from memory that no client handed over to be read.
    QD_DMA_SOURCE = "QD-34", "QuickData: source outside the client's memory", "", Must;
    /// Bytes written to memory that no client handed over as a destination.
    QD_DMA_DESTINATION = "QD-35", "QuickData: destination outside the client's memory", "", Must;
    /// A completion word written to memory that no client handed over for it.
    QD_DMA_WORD = "QD-36", "QuickData: completion word outside the client's memory", "", Must;
    /// DMACOUNT written with the count that it has: nothing is published.
    QD_COUNT_NOTHING = "QD-37", "QuickData: DMACOUNT publishes nothing", "", Must;
    /// DMACOUNT written with a count that goes backwards, or that laps the descriptors not fetched yet.
    QD_COUNT_BACKWARDS = "QD-38", "QuickData: DMACOUNT goes backwards", "", Must;
    /// DMACOUNT written with more descriptors than the client has handed over.
    QD_COUNT_MORE = "QD-39", "QuickData: DMACOUNT beyond the chain", "", Must;
    /// DMACOUNT written before CHAINADDR.
    QD_COUNT_CHAIN = "QD-40", "QuickData: DMACOUNT without a chain", "", Must;
    /// Register accesses that go on after the function has left the bus and reads all ones.
    QD_GONE = "QD-41", "QuickData: accesses after removal", "", Must;
    /// The interrupt disconnected while INTRCTRL has interrupts enabled.
    QD_LEFT_DISCONNECTED = "QD-42", "QuickData: interrupts enabled when disconnected", "", Must;
    /// Power taken away while INTRCTRL has interrupts enabled.
    QD_LEFT_POWER_INTERRUPT = "QD-43", "QuickData: interrupts enabled when powered down", "", Must;
    /// Power taken away while a channel works.
    QD_LEFT_POWER_CHANNEL = "QD-44", "QuickData: channel at work when powered down", "", Must;
    /// INTRCTRL left with interrupts enabled when the driver is removed.
    QD_LEFT_REMOVED_INTERRUPT = "QD-45", "QuickData: interrupts enabled when removed", "", Must;
    /// A channel left at work when the driver is removed.
    QD_LEFT_REMOVED_CHANNEL = "QD-46", "QuickData: channel at work when removed", "", Must;
}
