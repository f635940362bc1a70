//! The registry keywords: what is allowed, and what is used otherwise (NDIS-CFG-04).

use crate::link::{Duplex, Speed};
use crate::mac::MacAddress;
use crate::ring;

/// The values that a keyword may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// From the first to the second, both included.
    Range(u32, u32),
    /// One of these.
    OneOf(&'static [u32]),
}

impl Allowed {
    /// Whether `value` is allowed.
    #[must_use]
    pub fn contains(self, value: u32) -> bool {
        match self {
            Self::Range(min, max) => (min..=max).contains(&value),
            Self::OneOf(values) => values.contains(&value),
        }
    }
}

/// A numeric keyword.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// Its name in UTF-16 with a NUL at the end, for a counted string.
    pub wide: &'static [u16],
    /// What is used if it is absent or not allowed.
    pub default: u32,
    /// What is allowed.
    pub allowed: Allowed,
}

impl Keyword {
    /// The value to use for what the registry holds.
    #[must_use]
    pub fn accept(&self, value: Option<u32>) -> u32 {
        value.filter(|&value| self.allowed.contains(value)).unwrap_or(self.default)
    }
}

/// ASCII to UTF-16 with a NUL at the end, at compile time.
#[allow(clippy::indexing_slicing)] // a compile-time loop: what is out of bounds does not compile
const fn wide<const N: usize>(name: &str) -> [u16; N] {
    let bytes = name.as_bytes();
    assert!(bytes.len() + 1 == N);
    let mut units = [0; N];
    let mut index = 0;
    while index < bytes.len() {
        assert!(bytes[index] < 0x80);
        units[index] = bytes[index] as u16;
        index += 1;
    }
    units
}

macro_rules! keyword {
    ($name:literal, default $default:expr, $allowed:expr) => {
        Keyword {
            name: $name,
            wide: const { &wide::<{ $name.len() + 1 }>($name) },
            default: $default,
            allowed: $allowed,
        }
    };
}

/// `*SpeedDuplex`: 0 negotiates; 1 to 4 force 10 half, 10 full, 100 half, 100 full; 6 negotiates 1000 full only.
pub static SPEED_DUPLEX: Keyword = keyword!("*SpeedDuplex", default 0, Allowed::OneOf(&[0, 1, 2, 3, 4, 6]));
/// `*FlowControl`: 0 off, 1 transmit, 2 receive, 3 both, 4 negotiated.
pub static FLOW_CONTROL: Keyword = keyword!("*FlowControl", default 3, Allowed::Range(0, 4));
/// `*ReceiveBuffers`.
pub static RECEIVE_BUFFERS: Keyword = keyword!("*ReceiveBuffers", default 256, Allowed::Range(80, 2048));
/// `*TransmitBuffers`.
pub static TRANSMIT_BUFFERS: Keyword = keyword!("*TransmitBuffers", default 512, Allowed::Range(80, 2048));
/// `*InterruptModeration`: 0 off, 1 on.
pub static INTERRUPT_MODERATION: Keyword = keyword!("*InterruptModeration", default 1, Allowed::Range(0, 1));

/// Every numeric keyword that is read; all of them at every initialization (NDIS-CFG-06).
pub static KEYWORDS: [&Keyword; 5] =
    [&SPEED_DUPLEX, &FLOW_CONTROL, &RECEIVE_BUFFERS, &TRANSMIT_BUFFERS, &INTERRUPT_MODERATION];

const _: () = assert!(2048 + ring::DESCRIPTOR_MULTIPLE <= ring::MAX_DESCRIPTORS);
const _: () = assert!(ring::DESCRIPTOR_MULTIPLE.is_power_of_two());

/// `*SpeedDuplex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpeedDuplex {
    /// The best that both sides can do.
    #[default]
    Auto,
    /// 10 Mb/s, half duplex, without negotiation.
    Half10,
    /// 10 Mb/s, full duplex, without negotiation.
    Full10,
    /// 100 Mb/s, half duplex, without negotiation.
    Half100,
    /// 100 Mb/s, full duplex, without negotiation.
    Full100,
    /// 1000 Mb/s, full duplex: negotiated, as 1000BASE-T must be, but nothing else is offered.
    Full1000,
}

impl SpeedDuplex {
    /// Speed and duplex mode if they are forced rather than negotiated.
    #[must_use]
    pub const fn forced(self) -> Option<(Speed, Duplex)> {
        match self {
            Self::Auto | Self::Full1000 => None,
            Self::Half10 => Some((Speed::Mbps10, Duplex::Half)),
            Self::Full10 => Some((Speed::Mbps10, Duplex::Full)),
            Self::Half100 => Some((Speed::Mbps100, Duplex::Half)),
            Self::Full100 => Some((Speed::Mbps100, Duplex::Full)),
        }
    }
}

/// `*FlowControl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowControl {
    /// No pause frames.
    Disabled,
    /// Pause frames are sent only.
    Transmit,
    /// Pause frames are obeyed only.
    Receive,
    /// Both.
    #[default]
    Both,
    /// Whatever is negotiated.
    Auto,
}

/// The adapter's settings, valid whatever the registry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `*SpeedDuplex`.
    pub speed_duplex: SpeedDuplex,
    /// `*FlowControl`.
    pub flow_control: FlowControl,
    /// `*ReceiveBuffers`: buffers, each one frame.
    pub receive_buffers: u32,
    /// `*TransmitBuffers`: transmit descriptors.
    pub transmit_buffers: u32,
    /// `*InterruptModeration`.
    pub interrupt_moderation: bool,
    /// `NetworkAddress`, if there is a usable one (NDIS-CFG-08).
    pub network_address: Option<MacAddress>,
}

impl Settings {
    /// Reads every keyword through `lookup`, which returns what the registry holds. `NetworkAddress` is left
    /// empty: it is a string, see [`MacAddress::station`] and [`MacAddress::parse`].
    pub fn read(mut lookup: impl FnMut(&Keyword) -> Option<u32>) -> Self {
        let mut value = |keyword: &Keyword| keyword.accept(lookup(keyword));
        Self {
            speed_duplex: match value(&SPEED_DUPLEX) {
                1 => SpeedDuplex::Half10,
                2 => SpeedDuplex::Full10,
                3 => SpeedDuplex::Half100,
                4 => SpeedDuplex::Full100,
                6 => SpeedDuplex::Full1000,
                _ => SpeedDuplex::Auto,
            },
            flow_control: match value(&FLOW_CONTROL) {
                0 => FlowControl::Disabled,
                1 => FlowControl::Transmit,
                2 => FlowControl::Receive,
                4 => FlowControl::Auto,
                _ => FlowControl::Both,
            },
            receive_buffers: value(&RECEIVE_BUFFERS),
            transmit_buffers: value(&TRANSMIT_BUFFERS),
            interrupt_moderation: value(&INTERRUPT_MODERATION) != 0,
            network_address: None,
        }
    }

    /// The length of the receive ring: room for every buffer, one descriptor empty, in the device's multiple.
    #[must_use]
    pub const fn receive_descriptors(&self) -> u32 {
        descriptors_for(self.receive_buffers)
    }

    /// The length of the transmit ring, one descriptor empty, in the device's multiple.
    #[must_use]
    pub const fn transmit_descriptors(&self) -> u32 {
        descriptors_for(self.transmit_buffers)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::read(|_| None)
    }
}

const fn descriptors_for(entries: u32) -> u32 {
    // One more than the entries, rounded up to the multiple.
    let wanted = entries.saturating_add(ring::DESCRIPTOR_MULTIPLE) & !(ring::DESCRIPTOR_MULTIPLE - 1);
    if wanted > ring::MAX_DESCRIPTORS {
        ring::MAX_DESCRIPTORS
    } else if wanted < ring::MIN_DESCRIPTORS {
        ring::MIN_DESCRIPTORS
    } else {
        wanted
    }
}
