//! Bits of the registers.

/// INTRCTRL.
pub mod intrctrl {
    /// Interrupts at all; reading INTRCTRL or ATTNSTATUS clears it unless each channel has its vector.
    pub const MASTER_INT_EN: u8 = 1 << 0;
    /// A channel needs attention.
    pub const INT_STATUS: u8 = 1 << 1;
    /// Both of the above: what drives the pin.
    pub const INT: u8 = 1 << 2;
    /// A vector for each channel.
    pub const MSIX_VECTOR_CONTROL: u8 = 1 << 3;
}

/// CHANCTRL.
pub mod chanctrl {
    /// Written 1: the channel may interrupt again. Reads 1 after it has interrupted.
    pub const INT_REARM: u16 = 1 << 0;
    /// An error writes the completion word.
    pub const ERR_COMPLETION_EN: u16 = 1 << 2;
    /// Any error halts the channel.
    pub const ANY_ERR_ABORT_EN: u16 = 1 << 3;
    /// An error interrupts.
    pub const ERR_INT_EN: u16 = 1 << 4;
    /// Descriptors are fetched with snooping.
    pub const DESC_ADDR_SNOOP_CTRL: u16 = 1 << 5;
    /// Kept for software.
    pub const CHANNEL_IN_USE: u16 = 1 << 8;
    /// The completion word goes to a CPU's cache; from 3.0.
    pub const COMPL_DCA_EN: u16 = 1 << 9;
    /// Priority.
    pub const PRIORITY: u16 = 0xF000;
}

/// CHANCMD.
pub mod chancmd {
    /// 1.x: work from CHAINADDR.
    pub const START: u8 = 0x01;
    /// 1.x: the last descriptor's next address has changed.
    pub const APPEND: u8 = 0x02;
    /// Finish the current descriptor.
    pub const SUSPEND: u8 = 0x04;
    /// Stop at once.
    pub const ABORT: u8 = 0x08;
    /// Go on after a suspend.
    pub const RESUME: u8 = 0x10;
    /// Everything to its default; reads 1 until done.
    pub const RESET: u8 = 0x20;
}

/// CHANERR.
pub mod chanerr {
    /// Source address.
    pub const SOURCE: u32 = 1 << 0;
    /// Destination address.
    pub const DESTINATION: u32 = 1 << 1;
    /// Next descriptor's address.
    pub const NEXT: u32 = 1 << 2;
    /// Next descriptor's alignment.
    pub const NEXT_ALIGNMENT: u32 = 1 << 3;
    /// CHAINADDR.
    pub const CHAIN: u32 = 1 << 4;
    /// Control field.
    pub const CONTROL: u32 = 1 << 10;
    /// Length.
    pub const LENGTH: u32 = 1 << 11;
    /// CHANCMP.
    pub const COMPLETION: u32 = 1 << 12;
    /// Soft error.
    pub const SOFT: u32 = 1 << 14;
    /// Unaffiliated.
    pub const UNAFFILIATED: u32 = 1 << 15;
    /// Results of a validation, not failures of the channel.
    pub const VALIDATION: u32 = 3 << 16;
    /// DMACOUNT does not fit the chain.
    pub const COUNT: u32 = 1 << 18;
    /// Bits that exist.
    pub const ALL: u32 = (1 << 19) - 1;
}

/// Control field of a descriptor.
pub mod control {
    /// Interrupt when it is done.
    pub const INTERRUPT: u32 = 1 << 0;
    /// Write the completion word when it is done.
    pub const UPDATE: u32 = 1 << 3;
    /// The next descriptor's data is read after this one's is written.
    pub const FENCE: u32 = 1 << 4;
    /// Moves nothing.
    pub const NULL: u32 = 1 << 5;
    /// The source goes on elsewhere at the first page end.
    pub const SOURCE_BREAK: u32 = 1 << 6;
    /// The destination goes on elsewhere at the first page end.
    pub const DESTINATION_BREAK: u32 = 1 << 7;
    /// Operation: copy.
    pub const COPY: u32 = 0x00;
    /// Operation: context change.
    pub const CONTEXT: u32 = 0xFF;
}
