//! The Rust type of a constant, told from its name: the type of the field or parameter it is meant for.

/// Integer types of constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `u8`: header types and revisions, IRQLs, BOOLEAN, resource types.
    U8,
    /// `u16`: sizes of structures, EtherTypes, PCI registers.
    U16,
    /// `i16`: MDL flags.
    I16,
    /// `u32`: everything else.
    U32,
    /// `u64`: link speeds.
    U64,
    /// A status, by the name of its alias.
    Status(&'static str),
}

impl Type {
    /// As Rust spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::I16 => "i16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Status(alias) => alias,
        }
    }
}

const BYTES: &[&str] = &[
    "NDIS_OBJECT_TYPE_",
    "NDIS_MINIPORT_MAJOR",
    "NDIS_MINIPORT_MIN",
    "NDIS_PROTOCOL_ID_",
    "CmResourceType",
    "IRP_M",
    "IO_RESOURCE_",
    "PCI_CAPABILITY_ID_",
];

const EXACT_BYTES: &[&str] = &[
    "TRUE",
    "FALSE",
    "PASSIVE_LEVEL",
    "APC_LEVEL",
    "DISPATCH_LEVEL",
    "HIGH_LEVEL",
    "NDIS_RWL_AT_DISPATCH_LEVEL",
];

const WORDS: &[&str] = &[
    "NDIS_SIZEOF_",
    "SIZEOF_",
    "NDIS_ETH_TYPE_",
    "IF_TYPE_",
    "NET_DMA_CHANNEL_REVISION_",
    "CM_RESOURCE_",
    "PCI_ENABLE_",
    "PCI_DISABLE_",
    "PCI_INVALID_",
];

/// Type of the constant `name` with this value; `None` for what fits none (bindgen then chooses).
pub fn of_constant(name: &str, value: i64) -> Option<Type> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| name.starts_with(p));
    Some(if name.starts_with("NDIS_STATUS_INDICATION_FLAGS_") {
        Type::U32
    } else if name == "NDIS_STATUS_INDICATION_REVISION_1" {
        Type::U8
    } else if name.starts_with("NDIS_STATUS_") {
        Type::Status("NDIS_STATUS")
    } else if name.starts_with("STATUS_") {
        Type::Status("NTSTATUS")
    } else if name == "CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN" || name.starts_with("NET_DMA_PNP_") {
        Type::U32
    } else if starts(WORDS) || name.contains("_SIZE_REVISION_") {
        Type::U16
    } else if name.contains("_REVISION_") || starts(BYTES) || EXACT_BYTES.contains(&name) {
        Type::U8
    } else if name.starts_with("MDL_") {
        Type::I16
    } else if name == "NDIS_LINK_SPEED_UNKNOWN" {
        Type::U64
    } else if (0..=i64::from(u32::MAX)).contains(&value) {
        Type::U32
    } else {
        return None;
    })
}
