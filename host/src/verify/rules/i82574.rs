//! The 82574L: what its registers and its DMA allow.

rules! { from super::quickdata::END;
    /// A register of the 82574L accessed while the Command register has memory off.
    I82574_MEMORY_OFF = "I82574-01", "82574L: memory decoding off", "", Must;
    /// An access to a register of the 82574L that is no aligned dword.
    I82574_DWORD = "I82574-02", "82574L: no aligned dword", "", Must;
    /// An access to an offset where the 82574L has no register.
    I82574_REGISTER = "I82574-03", "82574L: no such register", "", Must;
    /// A read-only register of the 82574L written.
    I82574_READ_ONLY = "I82574-04", "82574L: read-only register written", "", Must;
    /// A statistics register of the 82574L written, which only reads clear.
    I82574_STATISTICS = "I82574-05", "82574L: statistics written", "", Must;
    /// RDBAL or TDBAL not aligned to 16 bytes.
    I82574_RING_BASE = "I82574-06", "82574L: ring base not aligned", "", Must;
    /// RDLEN or TDLEN not a multiple of 128 bytes, or beyond their bits.
    I82574_RING_LENGTH = "I82574-07", "82574L: ring length", "", Must;
    /// RDH or TDH beyond the ring.
    I82574_RING_HEAD = "I82574-08", "82574L: ring head", "", Must;
    /// RDBAL, RDBAH, RDLEN or RDH written while RCTL.EN is on and the ring in use.
    I82574_RECEIVE_RING = "I82574-09", "82574L: receive ring changed in use", "", Must;
    /// TDBAL, TDBAH, TDLEN or TDH written while TCTL.EN is on and the ring in use.
    I82574_TRANSMIT_RING = "I82574-10", "82574L: transmit ring changed in use", "", Must;
    /// RDT or TDT beyond the ring.
    I82574_TAIL = "I82574-11", "82574L: ring tail", "", Must;
    /// RDT written so that it takes buffers back from the device.
    I82574_RECEIVE_TAIL = "I82574-12", "82574L: RDT goes backwards", "", Must;
    /// TDT written so that it takes descriptors back from the device.
    I82574_TRANSMIT_TAIL = "I82574-13", "82574L: TDT goes backwards", "", Must;
    /// RDT or TDT written after a reset before the ring is programmed again.
    I82574_RESET = "I82574-14", "82574L: descriptors published without a ring", "", Must;
    /// DMA of the 82574L while bus mastering is off in the Command register.
    I82574_MASTER = "I82574-15", "82574L: bus mastering off", "", Must;
    /// Descriptors in memory that is not the driver's.
    I82574_DMA_DESCRIPTOR = "I82574-16", "82574L: ring outside the driver's memory", "", Must;
    /// A frame to send in memory that is not allocated.
    I82574_DMA_FRAME = "I82574-17", "82574L: frame outside the driver's memory", "", Must;
    /// A frame received into memory that is not the driver's.
    I82574_DMA_BUFFER = "I82574-18", "82574L: buffer outside the driver's memory", "", Must;
    /// Causes enabled in IMS while no interrupt is connected.
    I82574_CONNECTED = "I82574-19", "82574L: interrupts enabled without a connection", "", Must;
    /// The interrupt disconnected while IMS has causes enabled.
    I82574_LEFT_DISCONNECTED = "I82574-20", "82574L: interrupts enabled when disconnected", "", Must;
    /// Causes left enabled in IMS when the driver is removed.
    I82574_LEFT_INTERRUPT = "I82574-21", "82574L: interrupts enabled when removed", "", Must;
    /// RCTL.EN left on when the driver is removed.
    I82574_LEFT_RECEIVER = "I82574-22", "82574L: receiver on when removed", "", Must;
    /// TCTL.EN left on when the driver is removed.
    I82574_LEFT_TRANSMITTER = "I82574-23", "82574L: transmitter on when removed", "", Must;
    /// Registers of the 82574L accessed in a low-power state.
    I82574_POWER = "I82574-24", "82574L: registers in D3", "", Must;
    /// Register accesses that go on after the 82574L has left the bus and reads all ones.
    I82574_GONE = "I82574-25", "82574L: accesses after removal", "", Must;
    /// A transmit descriptor whose DTYP is neither context nor data.
    I82574_KIND = "I82574-26", "82574L: descriptor of no known kind", "", Must;
    /// A context descriptor between the descriptors of a frame.
    I82574_CONTEXT = "I82574-27", "82574L: context inside a frame", "", Must;
    /// A frame of legacy and extended descriptors.
    I82574_MIXED = "I82574-28", "82574L: legacy and extended descriptors mixed", "", Must;
    /// A frame without bytes.
    I82574_EMPTY = "I82574-29", "82574L: frame without bytes", "", Must;
    /// A frame longer than the part sends.
    I82574_LONG = "I82574-30", "82574L: frame too long", "", Must;
    /// An offload asked for before any context descriptor.
    I82574_OFFLOAD = "I82574-31", "82574L: offload without a context", "", Must;
    /// A checksum of a context that does not lie in the frame.
    I82574_CHECKSUM = "I82574-32", "82574L: checksum outside the frame", "", Must;
    /// A large send whose context has no MSS.
    I82574_MSS = "I82574-33", "82574L: large send without MSS", "", Must;
    /// A large send whose HDRLEN does not fit its headers or its bytes.
    I82574_HEADER = "I82574-34", "82574L: HDRLEN of a large send", "", Must;
    /// A large send whose PAYLEN is not what its descriptors have.
    I82574_PAYLOAD = "I82574-35", "82574L: PAYLEN of a large send", "", Must;
    /// MDIC written without `MDIO_SW_OWNERSHIP` in `EXTCNF_CTRL`.
    I82574_MDIO_OWNER = "I82574-36", "82574L: MDIO interface not owned", "", Must;
    /// MDIC written while a transaction is in progress.
    I82574_MDIO_BUSY = "I82574-37", "82574L: MDIC in progress", "", Must;
    /// MDIC written with an operation that is neither read nor write.
    I82574_MDIO_OPERATION = "I82574-38", "82574L: MDIC operation", "", Must;
    /// EERD written while a read of the NVM is in progress.
    I82574_NVM_BUSY = "I82574-39", "82574L: EERD in progress", "", Must;
}
