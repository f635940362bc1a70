//! What the receiver lets through.

use crate::mac::MacAddress;
use crate::regs::{self, rctl};

/// The packet filter, as `OID_GEN_CURRENT_PACKET_FILTER` sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketFilter(u32);

impl PacketFilter {
    /// `NDIS_PACKET_TYPE_DIRECTED`: frames to the station address.
    pub const DIRECTED: u32 = 0x01;
    /// `NDIS_PACKET_TYPE_MULTICAST`: frames to the addresses of the multicast list.
    pub const MULTICAST: u32 = 0x02;
    /// `NDIS_PACKET_TYPE_ALL_MULTICAST`: frames to any group.
    pub const ALL_MULTICAST: u32 = 0x04;
    /// `NDIS_PACKET_TYPE_BROADCAST`.
    pub const BROADCAST: u32 = 0x08;
    /// `NDIS_PACKET_TYPE_PROMISCUOUS`: everything.
    pub const PROMISCUOUS: u32 = 0x20;
    /// Every type that the hardware can serve.
    pub const SUPPORTED: u32 =
        Self::DIRECTED | Self::MULTICAST | Self::ALL_MULTICAST | Self::BROADCAST | Self::PROMISCUOUS;

    /// A filter of NDIS's bits, or `None` if one of them is not supported (`NDIS_STATUS_NOT_SUPPORTED`).
    #[must_use]
    pub const fn new(types: u32) -> Option<Self> {
        if types & !Self::SUPPORTED == 0 { Some(Self(types)) } else { None }
    }

    /// NDIS's bits.
    #[must_use]
    pub const fn types(self) -> u32 {
        self.0
    }

    /// Whether any of `types` is in it.
    #[must_use]
    pub const fn has(self, types: u32) -> bool {
        self.0 & types != 0
    }
}

/// Why bytes are no multicast list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListError {
    /// Not a multiple of six bytes: `NDIS_STATUS_INVALID_LENGTH`.
    Length,
    /// More than [`MulticastList::CAPACITY`] addresses: `NDIS_STATUS_MULTICAST_FULL`.
    Full,
    /// An address without the group bit: `NDIS_STATUS_INVALID_DATA`.
    NotMulticast,
}

/// The multicast list, as `OID_802_3_MULTICAST_LIST` sets it.
#[derive(Clone, Debug)]
pub struct MulticastList {
    addresses: [MacAddress; Self::CAPACITY],
    length: usize,
}

impl MulticastList {
    /// The most addresses (`OID_802_3_MAXIMUM_LIST_SIZE`).
    pub const CAPACITY: usize = 64;

    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { addresses: [MacAddress([0; 6]); Self::CAPACITY], length: 0 }
    }

    /// The list in `bytes`, six to an address.
    ///
    /// # Errors
    /// [`ListError`] for the first thing that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ListError> {
        let (addresses, rest) = bytes.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(ListError::Length);
        }
        let mut list = Self::new();
        for &address in addresses {
            let address = MacAddress(address);
            let slot = list.addresses.get_mut(list.length).ok_or(ListError::Full)?;
            if !address.is_multicast() {
                return Err(ListError::NotMulticast);
            }
            *slot = address;
            list.length += 1;
        }
        Ok(list)
    }

    /// The addresses, in the order in which they were set.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = MacAddress> + '_ {
        self.addresses.get(..self.length).unwrap_or_default().iter().copied()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Default for MulticastList {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for MulticastList {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for MulticastList {}

/// The 4096-bit multicast hash table.
pub type HashTable = [u32; regs::MTA_DWORDS as usize];

/// Everything that decides what the receiver lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The packet filter.
    pub packet: PacketFilter,
    /// The multicast list.
    pub multicast: MulticastList,
}

impl Filter {
    /// RCTL for this filter, with the receiver on or off.
    #[must_use]
    pub const fn rctl(&self, receive: bool) -> u32 {
        let mut value = rctl::SECRC;
        if receive {
            value |= rctl::EN;
        }
        if self.packet.has(PacketFilter::PROMISCUOUS) {
            value |= rctl::UPE | rctl::MPE | rctl::BAM;
        }
        if self.packet.has(PacketFilter::ALL_MULTICAST) {
            value |= rctl::MPE;
        }
        if self.packet.has(PacketFilter::BROADCAST) {
            value |= rctl::BAM;
        }
        value
    }

    /// Whether the station address is to be matched (RAH.AV).
    #[must_use]
    pub const fn matches_station(&self) -> bool {
        self.packet.has(PacketFilter::DIRECTED | PacketFilter::PROMISCUOUS)
    }

    /// The multicast table: the list's hashes, or nothing if the filter does not ask for the list. A hash lets
    /// other groups through as well, so indications are not `PERFECT_FILTERED`.
    #[must_use]
    pub fn hash_table(&self) -> HashTable {
        let mut table = [0; regs::MTA_DWORDS as usize];
        if self.packet.has(PacketFilter::MULTICAST) {
            for address in self.multicast.iter() {
                let hash = multicast_hash(address);
                if let Some(dword) = table.get_mut(usize::from(hash >> 5)) {
                    *dword |= 1 << (hash & 31);
                }
            }
        }
        table
    }
}

/// Bits 47:36 of an address, the last byte on the wire being the most significant (RCTL.MO = 0).
#[must_use]
pub const fn multicast_hash(address: MacAddress) -> u16 {
    let [.., e, f] = address.0;
    u16::from_le_bytes([e, f]) >> 4
}
