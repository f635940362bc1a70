//! The 82574L's registers in BAR 0, and their bits. Names and numbers as in the 82574 datasheet (317694).

/// The offset of a 32-bit register in BAR 0: aligned, and inside the BAR's 128 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reg(u32);

/// The length of BAR 0.
pub const BAR0_BYTES: u32 = 0x2_0000;

impl Reg {
    /// The register at `offset`, brought into the BAR and onto a dword boundary.
    #[must_use]
    pub const fn at(offset: u32) -> Self {
        Self(offset & (BAR0_BYTES - 4))
    }

    /// The offset in BAR 0.
    #[must_use]
    pub const fn offset(self) -> u32 {
        self.0
    }
}

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $offset:expr;)*) => {
        $($(#[$doc])* pub const $name: Reg = Reg::at($offset);)*
    };
}

registers! {
    /// Device control.
    CTRL = 0x0000;
    /// Device status. Bits 31:20 are never all set, which is what confirms a [`crate::Gone`].
    STATUS = 0x0008;
    /// NVM control.
    EECD = 0x0010;
    /// NVM read.
    EERD = 0x0014;
    /// Extended device control.
    CTRL_EXT = 0x0018;
    /// PHY access (MDI).
    MDIC = 0x0020;
    /// Pause frame address, low.
    FCAL = 0x0028;
    /// Pause frame address, high.
    FCAH = 0x002c;
    /// Pause frame ethertype.
    FCT = 0x0030;
    /// Interrupt causes: a read clears in line mode, writing ones clears in every mode.
    ICR = 0x00c0;
    /// Interrupt throttle of line and MSI mode, 256 ns units.
    ITR = 0x00c4;
    /// Sets interrupt causes by software.
    ICS = 0x00c8;
    /// Enables causes; ones only add.
    IMS = 0x00d0;
    /// Disables causes; ones remove.
    IMC = 0x00d8;
    /// Causes that the sending of their MSI-X message clears.
    EIAC = 0x00dc;
    /// Causes that are disabled automatically.
    IAM = 0x00e0;
    /// Assignment of causes to MSI-X vectors.
    IVAR = 0x00e4;
    /// Receive control.
    RCTL = 0x0100;
    /// Pause frame timer value.
    FCTTV = 0x0170;
    /// Transmit control.
    TCTL = 0x0400;
    /// Transmit inter-packet gap.
    TIPG = 0x0410;
    /// Configuration ownership between driver and manageability firmware.
    EXTCNF_CTRL = 0x0f00;
    /// Packet buffer split.
    PBA = 0x1000;
    /// Receive level below which XON is sent.
    FCRTL = 0x2160;
    /// Receive level above which XOFF is sent.
    FCRTH = 0x2168;
    /// Receive ring 0 base, low.
    RDBAL0 = 0x2800;
    /// Receive ring 0 base, high.
    RDBAH0 = 0x2804;
    /// Receive ring 0 length in bytes.
    RDLEN0 = 0x2808;
    /// Receive ring 0 head.
    RDH0 = 0x2810;
    /// Receive ring 0 tail.
    RDT0 = 0x2818;
    /// Receive interrupt delay.
    RDTR = 0x2820;
    /// Receive ring 0 thresholds.
    RXDCTL0 = 0x2828;
    /// Receive interrupt absolute delay.
    RADV = 0x282c;
    /// Receive ring 1 length in bytes; zero: unused.
    RDLEN1 = 0x2908;
    /// Transmit ring 0 base, low.
    TDBAL0 = 0x3800;
    /// Transmit ring 0 base, high.
    TDBAH0 = 0x3804;
    /// Transmit ring 0 length in bytes.
    TDLEN0 = 0x3808;
    /// Transmit ring 0 head.
    TDH0 = 0x3810;
    /// Transmit ring 0 tail.
    TDT0 = 0x3818;
    /// Transmit interrupt delay.
    TIDV = 0x3820;
    /// Transmit ring 0 thresholds.
    TXDCTL0 = 0x3828;
    /// Transmit interrupt absolute delay.
    TADV = 0x382c;
    /// Transmit arbitration of ring 0.
    TARC0 = 0x3840;
    /// Transmit ring 1 length in bytes; zero: unused.
    TDLEN1 = 0x3908;
    /// Transmit ring 1 thresholds.
    TXDCTL1 = 0x3928;
    /// Receive checksum control.
    RXCSUM = 0x5000;
    /// Receive filter control.
    RFCTL = 0x5008;
    /// Wake-up control.
    WUC = 0x5800;
    /// Wake-up filter control.
    WUFC = 0x5808;
    /// Multiple receive queues.
    MRQC = 0x5818;
    /// `PCIe` control.
    GCR = 0x5b00;
    /// `PCIe` control 2.
    GCR2 = 0x5b64;
}

/// The number of dwords of the multicast table.
pub const MTA_DWORDS: u32 = 128;
/// The number of receive address pairs.
pub const RECEIVE_ADDRESSES: u32 = 16;
/// The number of dwords of the VLAN table.
pub const VFTA_DWORDS: u32 = 128;

/// A dword of the multicast table; `index` wraps.
#[must_use]
pub const fn mta(index: u32) -> Reg {
    Reg::at(0x5200 + 4 * (index % MTA_DWORDS))
}

/// The low half of a receive address; `index` wraps.
#[must_use]
pub const fn ral(index: u32) -> Reg {
    Reg::at(0x5400 + 8 * (index % RECEIVE_ADDRESSES))
}

/// The high half of a receive address; `index` wraps.
#[must_use]
pub const fn rah(index: u32) -> Reg {
    Reg::at(0x5404 + 8 * (index % RECEIVE_ADDRESSES))
}

/// A dword of the VLAN filter table; `index` wraps.
#[must_use]
pub const fn vfta(index: u32) -> Reg {
    Reg::at(0x5600 + 4 * (index % VFTA_DWORDS))
}

/// The throttle of an MSI-X vector, 256 ns units; `vector` wraps at 5.
#[must_use]
pub const fn eitr(vector: u32) -> Reg {
    Reg::at(0x00e8 + 4 * (vector % 5))
}

/// Bits of CTRL.
pub mod ctrl {
    /// Full duplex, when forced.
    pub const FD: u32 = 1 << 0;
    /// Stop issuing requests on `PCIe`.
    pub const GIO_MASTER_DISABLE: u32 = 1 << 2;
    /// Take the speed that the PHY has detected.
    pub const ASDE: u32 = 1 << 5;
    /// Set link up.
    pub const SLU: u32 = 1 << 6;
    /// Forced speed, 9:8: 0, 1, 2 for 10, 100, 1000 Mb/s.
    pub const SPEED_MASK: u32 = 3 << 8;
    /// The shift of the forced speed.
    pub const SPEED_SHIFT: u32 = 8;
    /// Force the speed.
    pub const FRCSPD: u32 = 1 << 11;
    /// Force the duplex mode.
    pub const FRCDPX: u32 = 1 << 12;
    /// Device reset, clears itself.
    pub const RST: u32 = 1 << 26;
    /// Obey received pause frames.
    pub const RFCE: u32 = 1 << 27;
    /// Send pause frames.
    pub const TFCE: u32 = 1 << 28;
    /// Must be written as zero on the 82574 (hardware initialisation bits).
    pub const RESERVED29: u32 = 1 << 29;
    /// Strip and insert VLAN tags.
    pub const VME: u32 = 1 << 30;
}

/// Bits of STATUS.
pub mod status {
    /// Full duplex.
    pub const FD: u32 = 1 << 0;
    /// Link up.
    pub const LU: u32 = 1 << 1;
    /// Transmission stopped by a pause frame.
    pub const TXOFF: u32 = 1 << 4;
    /// The shift of the speed, 7:6: 0, 1, 2 or 3 for 10, 100, 1000 Mb/s.
    pub const SPEED_SHIFT: u32 = 6;
    /// Requests on `PCIe` are possible or outstanding.
    pub const GIO_MASTER_EN: u32 = 1 << 19;
}

/// Bits of EECD.
pub mod eecd {
    /// The NVM's words have been read into the device after a reset.
    pub const AUTO_RD: u32 = 1 << 9;
    /// The kind of NVM, 16:15; both set: flash.
    pub const NVM_FLASH: u32 = 3 << 15;
    /// Autonomous flash update.
    pub const AUPDEN: u32 = 1 << 20;
}

/// Bits of EERD.
pub mod eerd {
    /// Start a read.
    pub const START: u32 = 1 << 0;
    /// The read has finished.
    pub const DONE: u32 = 1 << 1;
    /// The shift of the word address, 15:2.
    pub const ADDRESS_SHIFT: u32 = 2;
    /// The word address.
    pub const ADDRESS_MASK: u32 = 0x3fff << ADDRESS_SHIFT;
    /// The shift of the data, 31:16.
    pub const DATA_SHIFT: u32 = 16;
}

/// Bits of `CTRL_EXT`.
pub mod ctrl_ext {
    /// Reload from the NVM.
    pub const EE_RST: u32 = 1 << 13;
    /// To be set on the 82574 (hardware initialisation bits).
    pub const INIT22: u32 = 1 << 22;
    /// To be cleared on the 82574 (hardware initialisation bits).
    pub const INIT23: u32 = 1 << 23;
    /// Sending an MSI-X message disables the causes in IAM that belong to it.
    pub const EIAME: u32 = 1 << 24;
    /// Reading ICR disables the causes in IAM.
    pub const IAME: u32 = 1 << 27;
    /// A driver is in charge; tells the manageability firmware.
    pub const DRV_LOAD: u32 = 1 << 28;
    /// The MSI-X pending bits are cleared by EIAC.
    pub const PBA_CLR: u32 = 1 << 31;
}

/// Bits of MDIC.
pub mod mdic {
    /// Data.
    pub const DATA_MASK: u32 = 0xffff;
    /// The shift of the PHY register, 20:16.
    pub const REGISTER_SHIFT: u32 = 16;
    /// The PHY register.
    pub const REGISTER_MASK: u32 = 0x1f << REGISTER_SHIFT;
    /// The one PHY address, in 25:21.
    pub const PHY_1: u32 = 1 << 21;
    /// Write operation.
    pub const WRITE: u32 = 1 << 26;
    /// Read operation.
    pub const READ: u32 = 2 << 26;
    /// Finished.
    pub const READY: u32 = 1 << 28;
    /// Failed.
    pub const ERROR: u32 = 1 << 30;
}

/// Bits of `EXTCNF_CTRL`.
pub mod extcnf {
    /// The driver owns the MDIO interface while this sticks.
    pub const MDIO_SW_OWNERSHIP: u32 = 1 << 5;
}

/// Interrupt causes: the bits of ICR, ICS, IMS, IMC, EIAC and IAM.
pub mod cause {
    /// Transmit descriptor written back.
    pub const TXDW: u32 = 1 << 0;
    /// Link status change.
    pub const LSC: u32 = 1 << 2;
    /// Receive descriptors are running low.
    pub const RXDMT0: u32 = 1 << 4;
    /// Receive overrun.
    pub const RXO: u32 = 1 << 6;
    /// Receive timer: frames have been received.
    pub const RXT0: u32 = 1 << 7;
    /// MDI access complete.
    pub const MDAC: u32 = 1 << 9;
    /// Small packet received.
    pub const SRPD: u32 = 1 << 16;
    /// TCP acknowledgement received.
    pub const ACK: u32 = 1 << 17;
    /// Manageability event.
    pub const MNG: u32 = 1 << 18;
    /// Receive queue 0, with MSI-X.
    pub const RXQ0: u32 = 1 << 20;
    /// Transmit queue 0, with MSI-X.
    pub const TXQ0: u32 = 1 << 22;
    /// Any of LSC, RXO, MDAC, SRPD, ACK, MNG, with MSI-X.
    pub const OTHER: u32 = 1 << 24;
    /// An enabled cause is set: the line is asserted.
    pub const INT_ASSERTED: u32 = 1 << 31;
    /// What OTHER stands for.
    pub const OTHER_CAUSES: u32 = LSC | RXO | MDAC | SRPD | ACK | MNG;
    /// Every bit.
    pub const ALL: u32 = u32::MAX;
}

/// Bits of IVAR.
pub mod ivar {
    /// The entry is valid; bits 2:0 are the vector.
    pub const VALID: u32 = 1 << 3;
    /// The shift of receive queue 0's entry.
    pub const RXQ0_SHIFT: u32 = 0;
    /// The shift of transmit queue 0's entry.
    pub const TXQ0_SHIFT: u32 = 8;
    /// The shift of the entry for other causes.
    pub const OTHER_SHIFT: u32 = 16;
}

/// Bits of RCTL.
pub mod rctl {
    /// Receiver on.
    pub const EN: u32 = 1 << 1;
    /// Unicast promiscuous.
    pub const UPE: u32 = 1 << 3;
    /// Multicast promiscuous.
    pub const MPE: u32 = 1 << 4;
    /// Accept broadcast.
    pub const BAM: u32 = 1 << 15;
    /// Strip the frame check sequence.
    pub const SECRC: u32 = 1 << 26;
    // MO (13:12) stays 0: the multicast hash is address bits 47:36.
    // BSIZE (17:16) and BSEX (25) stay 0: 2048-byte buffers.
}

/// Bits of TCTL.
pub mod tctl {
    /// Transmitter on.
    pub const EN: u32 = 1 << 1;
    /// Pad short packets.
    pub const PSP: u32 = 1 << 3;
    /// The shift of the collision threshold, 11:4.
    pub const CT_SHIFT: u32 = 4;
    /// The shift of the collision distance, 21:12.
    pub const COLD_SHIFT: u32 = 12;
    /// Retransmit on late collision.
    pub const RTLC: u32 = 1 << 24;
}

/// Bits of TXDCTL.
pub mod txdctl {
    /// Prefetch threshold 31 in 5:0.
    pub const PTHRESH_31: u32 = 31;
    /// Host threshold 1 in 13:8.
    pub const HTHRESH_1: u32 = 1 << 8;
    /// Write-back threshold 1: every descriptor with RS is written back at once.
    pub const WTHRESH_1: u32 = 1 << 16;
    /// Must be one on the 82574.
    pub const COUNT_DESC: u32 = 1 << 22;
    /// Thresholds count descriptors, not cache lines.
    pub const GRAN: u32 = 1 << 24;
}

/// Bits of RXDCTL.
pub mod rxdctl {
    /// Write-back threshold 1 in 21:16.
    pub const WTHRESH_1: u32 = 1 << 16;
    /// Thresholds count descriptors, not cache lines.
    pub const GRAN: u32 = 1 << 24;
}

/// Bits of TARC0.
pub mod tarc {
    /// The ring takes part in arbitration.
    pub const ENABLE: u32 = 1 << 10;
    /// To be set on the 82574 (hardware initialisation bits).
    pub const INIT26: u32 = 1 << 26;
    /// To be cleared on the 82574 (hardware initialisation bits): 30:27.
    pub const CLEAR_30_27: u32 = 0xf << 27;
}

/// Bits of RFCTL.
pub mod rfctl {
    /// Extended receive descriptors.
    pub const EXTEN: u32 = 1 << 15;
}

/// Bits of RAH.
pub mod rah_bits {
    /// The address is valid.
    pub const AV: u32 = 1 << 31;
}

/// Bits of FCRTL.
pub mod fcrtl {
    /// Send XON frames.
    pub const XONE: u32 = 1 << 31;
}

/// Bits of GCR and GCR2.
pub mod gcr {
    /// To be set on the 82574 (hardware initialisation bits).
    pub const INIT22: u32 = 1 << 22;
    /// L1 is allowed without L0s on the receive side; set after link setup.
    pub const L1_WITHOUT_L0S_RX: u32 = 1 << 27;
    /// GCR2: erratum, unreliable `PCIe` completions with ASPM end in transmit timeouts.
    pub const GCR2_INIT0: u32 = 1 << 0;
}
