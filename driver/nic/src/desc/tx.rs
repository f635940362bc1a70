//! Transmit descriptors.

const EOP: u64 = 1 << 24;
const IFCS: u64 = 1 << 25;
const TSE: u64 = 1 << 26;
const RS: u64 = 1 << 27;
const DEXT: u64 = 1 << 29;
const DTYP_MASK: u64 = 0xf << 20;
const DTYP_DATA: u64 = 1 << 20;
const DD: u64 = 1 << 32;
const LENGTH20: u64 = 0xf_ffff;

/// A legacy transmit descriptor: one piece of a frame without offloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxLegacy {
    /// Where the device finds the piece.
    pub address: u64,
    /// Its length in bytes.
    pub length: u16,
    /// The last piece of the frame: EOP, and with it IFCS and RS.
    pub last: bool,
}

impl TxLegacy {
    /// The two words.
    #[must_use]
    pub const fn encode(self) -> [u64; 2] {
        let end = if self.last { EOP | RS } else { 0 };
        [self.address, self.length as u64 | IFCS | end]
    }

    /// The inverse of [`encode`](Self::encode); `None` for another kind of descriptor.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub const fn decode(words: [u64; 2]) -> Option<Self> {
        let [address, command] = words;
        if command & DEXT != 0 {
            return None;
        }
        Some(Self { address, length: (command & 0xffff) as u16, last: command & EOP != 0 })
    }
}

/// The second word of any transmit descriptor, as the device left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxStatus(u64);

impl TxStatus {
    /// Takes the second word of a descriptor.
    #[must_use]
    pub const fn new(word: u64) -> Self {
        Self(word)
    }

    /// Descriptor done: the device has finished with this and every earlier descriptor.
    #[must_use]
    pub const fn is_done(self) -> bool {
        self.0 & DD != 0
    }
}

/// A context descriptor: what the data descriptors after it are to be offloaded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxContext {
    /// IPCSS: where the IP checksum starts.
    pub ip_start: u8,
    /// IPCSO: where the IP checksum goes.
    pub ip_offset: u8,
    /// IPCSE: the last byte that the IP checksum covers.
    pub ip_end: u16,
    /// TUCSS: where the TCP or UDP checksum starts.
    pub l4_start: u8,
    /// TUCSO: where it goes.
    pub l4_offset: u8,
    /// TUCSE: its last byte, or 0 for the end of the packet.
    pub l4_end: u16,
    /// PAYLEN: the payload behind the headers, 20 bits.
    pub payload: u32,
    /// TUCMD.TCP: TCP rather than UDP.
    pub tcp: bool,
    /// TUCMD.IP: IPv4 rather than IPv6.
    pub ipv4: bool,
    /// TUCMD.TSE: segment.
    pub segment: bool,
    /// HDRLEN: the length of all headers.
    pub header: u8,
    /// MSS: the maximum segment size.
    pub mss: u16,
}

const CONTEXT_TCP: u64 = 1 << 24;
const CONTEXT_IP: u64 = 1 << 25;

impl TxContext {
    /// The two words; `None` if the payload does not fit its field.
    #[must_use]
    pub const fn encode(self) -> Option<[u64; 2]> {
        if self.payload as u64 > LENGTH20 {
            return None;
        }
        let first = self.ip_start as u64
            | (self.ip_offset as u64) << 8
            | (self.ip_end as u64) << 16
            | (self.l4_start as u64) << 32
            | (self.l4_offset as u64) << 40
            | (self.l4_end as u64) << 48;
        let mut second = self.payload as u64 | DEXT | (self.header as u64) << 40 | (self.mss as u64) << 48;
        if self.tcp {
            second |= CONTEXT_TCP;
        }
        if self.ipv4 {
            second |= CONTEXT_IP;
        }
        if self.segment {
            second |= TSE;
        }
        Some([first, second])
    }

    /// The inverse of [`encode`](Self::encode); `None` for another kind of descriptor.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // each field is cut to its width on purpose
    pub const fn decode(words: [u64; 2]) -> Option<Self> {
        let [first, second] = words;
        if second & DEXT == 0 || second & DTYP_MASK != 0 {
            return None;
        }
        Some(Self {
            ip_start: first as u8,
            ip_offset: (first >> 8) as u8,
            ip_end: (first >> 16) as u16,
            l4_start: (first >> 32) as u8,
            l4_offset: (first >> 40) as u8,
            l4_end: (first >> 48) as u16,
            payload: (second & LENGTH20) as u32,
            tcp: second & CONTEXT_TCP != 0,
            ipv4: second & CONTEXT_IP != 0,
            segment: second & TSE != 0,
            header: (second >> 40) as u8,
            mss: (second >> 48) as u16,
        })
    }
}

/// A data descriptor: one piece of a frame under the context before it.
#[allow(clippy::struct_excessive_bools)] // four independent bits of the device's
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxData {
    /// Where the device finds the piece.
    pub address: u64,
    /// Its length in bytes, 20 bits.
    pub length: u32,
    /// The last piece of the frame: EOP and RS.
    pub last: bool,
    /// DCMD.TSE: segment under the context.
    pub segment: bool,
    /// POPTS.IXSM: insert the IP checksum.
    pub ip_checksum: bool,
    /// POPTS.TXSM: insert the TCP or UDP checksum.
    pub l4_checksum: bool,
}

const IXSM: u64 = 1 << 40;
const TXSM: u64 = 1 << 41;

impl TxData {
    /// The two words; `None` if the length does not fit its field.
    #[must_use]
    pub const fn encode(self) -> Option<[u64; 2]> {
        if self.length as u64 > LENGTH20 {
            return None;
        }
        let mut second = self.length as u64 | DTYP_DATA | DEXT | IFCS;
        if self.last {
            second |= EOP | RS;
        }
        if self.segment {
            second |= TSE;
        }
        if self.ip_checksum {
            second |= IXSM;
        }
        if self.l4_checksum {
            second |= TXSM;
        }
        Some([self.address, second])
    }

    /// The inverse of [`encode`](Self::encode); `None` for another kind of descriptor.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // masked
    pub const fn decode(words: [u64; 2]) -> Option<Self> {
        let [address, second] = words;
        if second & DEXT == 0 || second & DTYP_MASK != DTYP_DATA {
            return None;
        }
        Some(Self {
            address,
            length: (second & LENGTH20) as u32,
            last: second & EOP != 0,
            segment: second & TSE != 0,
            ip_checksum: second & IXSM != 0,
            l4_checksum: second & TXSM != 0,
        })
    }
}
