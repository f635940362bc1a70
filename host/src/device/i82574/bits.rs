//! Bits of registers and descriptors, by their names in the datasheet.

/// CTRL.
pub mod ctrl {
    pub const FD: u32 = 1 << 0;
    pub const GIO_MASTER_DISABLE: u32 = 1 << 2;
    pub const SLU: u32 = 1 << 6;
    pub const FRCSPD: u32 = 1 << 11;
    pub const FRCDPX: u32 = 1 << 12;
    pub const RST: u32 = 1 << 26;
    pub const TFCE: u32 = 1 << 28;
    pub const VME: u32 = 1 << 30;
    pub const PHY_RST: u32 = 1 << 31;
}

/// STATUS.
pub mod status {
    pub const FD: u32 = 1 << 0;
    pub const LU: u32 = 1 << 1;
    pub const PHYRA: u32 = 1 << 10;
    pub const GIO_MASTER_EN: u32 = 1 << 19;
}

/// Causes, in ICR, ICS, IMS and IMC.
pub mod cause {
    pub const TXDW: u32 = 1 << 0;
    pub const TXQE: u32 = 1 << 1;
    pub const LSC: u32 = 1 << 2;
    pub const RXDMT0: u32 = 1 << 4;
    pub const RXO: u32 = 1 << 6;
    pub const RXT0: u32 = 1 << 7;
    pub const MDAC: u32 = 1 << 9;
    pub const SRPD: u32 = 1 << 16;
    pub const ACK: u32 = 1 << 17;
    pub const MNG: u32 = 1 << 18;
    pub const RXQ0: u32 = 1 << 20;
    pub const TXQ0: u32 = 1 << 22;
    pub const OTHER: u32 = 1 << 24;
    pub const INT_ASSERTED: u32 = 1 << 31;
    /// What OTHER stands for with MSI-X.
    pub const OTHERS: u32 = LSC | RXO | MDAC | SRPD | ACK | MNG;
}

/// `CTRL_EXT`.
pub mod ctrl_ext {
    pub const EE_RST: u32 = 1 << 13;
    pub const EIAME: u32 = 1 << 24;
    pub const IAME: u32 = 1 << 27;
}

/// RCTL.
pub mod rctl {
    pub const EN: u32 = 1 << 1;
    pub const SBP: u32 = 1 << 2;
    pub const UPE: u32 = 1 << 3;
    pub const MPE: u32 = 1 << 4;
    pub const LPE: u32 = 1 << 5;
    pub const BAM: u32 = 1 << 15;
    pub const VFE: u32 = 1 << 18;
    pub const BSEX: u32 = 1 << 25;
    pub const SECRC: u32 = 1 << 26;
}

/// TCTL.
pub mod tctl {
    pub const EN: u32 = 1 << 1;
    pub const PSP: u32 = 1 << 3;
}

/// The command bits of transmit descriptors, in their second half.
pub mod tx {
    pub const EOP: u64 = 1 << 24;
    /// Legacy: insert a checksum.
    pub const IC: u64 = 1 << 26;
    /// Extended: segment.
    pub const TSE: u64 = 1 << 26;
    pub const RS: u64 = 1 << 27;
    pub const DEXT: u64 = 1 << 29;
    pub const VLE: u64 = 1 << 30;
    pub const IDE: u64 = 1 << 31;
    pub const DD: u64 = 1 << 32;
    pub const IXSM: u64 = 1 << 40;
    pub const TXSM: u64 = 1 << 41;
    /// In a context: TCP, not UDP; and IP version 4.
    pub const TCP: u64 = 1 << 24;
    pub const IPV4: u64 = 1 << 25;
}

/// Status and errors of received frames, extended format.
pub mod rx {
    pub const DD: u32 = 1 << 0;
    pub const EOP: u32 = 1 << 1;
    pub const IXSM: u32 = 1 << 2;
    pub const VP: u32 = 1 << 3;
    pub const UDPCS: u32 = 1 << 4;
    pub const TCPCS: u32 = 1 << 5;
    pub const IPCS: u32 = 1 << 6;
    pub const PIF: u32 = 1 << 7;
    pub const TCPE: u32 = 1 << 29;
    pub const IPE: u32 = 1 << 30;
}

/// RXCSUM.
pub mod rxcsum {
    pub const PCSS: u32 = 0xFF;
    pub const IPOFL: u32 = 1 << 8;
    pub const TUOFL: u32 = 1 << 9;
    pub const PCSD: u32 = 1 << 13;
}
