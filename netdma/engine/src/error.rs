//! What can be wrong with a chain or a channel, under CHANERR's bits.

/// A set of causes, in the bits of CHANERR (`QuickData`, channel register 0x28). The CPU engine reports the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error(pub u32);

impl Error {
    /// A source address.
    pub const SOURCE: Self = Self(1 << 0);
    /// A destination address.
    pub const DESTINATION: Self = Self(1 << 1);
    /// The address of the next descriptor.
    pub const NEXT_ADDRESS: Self = Self(1 << 2);
    /// The alignment of the next descriptor.
    pub const NEXT_ALIGNMENT: Self = Self(1 << 3);
    /// Bits of a descriptor's control word.
    pub const CONTROL: Self = Self(1 << 10);
    /// A transfer's length.
    pub const LENGTH: Self = Self(1 << 11);
    /// The number of descriptors: a chain that comes back to itself.
    pub const COUNT: Self = Self(1 << 18);

    const NAMES: [&'static str; 19] = [
        "source address",
        "destination address",
        "next descriptor address",
        "next descriptor alignment",
        "chain address",
        "channel command",
        "chipset data integrity",
        "DMA data integrity",
        "read data",
        "write data",
        "control field",
        "length",
        "completion address",
        "interrupt configuration",
        "soft error",
        "unaffiliated",
        "XOR P or CRC",
        "XOR Q",
        "descriptor count",
    ];

    /// The causes by name, lowest bit first; those without a name are left out.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| *name)
    }

    /// No cause at all.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every cause of `other` is among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
