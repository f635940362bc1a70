//! Link state, and what two link partners agree on.

use crate::config::FlowControl;
use crate::regs::status;

/// The speed of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// 10 Mb/s.
    Mbps10,
    /// 100 Mb/s.
    Mbps100,
    /// 1000 Mb/s.
    Mbps1000,
}

impl Speed {
    /// Bits per second, the unit of `NDIS_LINK_STATE`.
    #[must_use]
    pub const fn bits_per_second(self) -> u64 {
        match self {
            Self::Mbps10 => 10_000_000,
            Self::Mbps100 => 100_000_000,
            Self::Mbps1000 => 1_000_000_000,
        }
    }
}

/// Half or full duplex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplex {
    /// One station sends at a time.
    Half,
    /// Both do.
    Full,
}

/// A link that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its speed.
    pub speed: Speed,
    /// Its duplex mode.
    pub duplex: Duplex,
}

/// The state of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// No link.
    Down,
    /// A link.
    Up(Link),
}

impl LinkState {
    /// Decodes STATUS.
    #[must_use]
    pub const fn from_status(value: u32) -> Self {
        if value & status::LU == 0 {
            return Self::Down;
        }
        Self::Up(Link {
            speed: match (value >> status::SPEED_SHIFT) & 3 {
                0 => Speed::Mbps10,
                1 => Speed::Mbps100,
                _ => Speed::Mbps1000,
            },
            duplex: if value & status::FD != 0 { Duplex::Full } else { Duplex::Half },
        })
    }
}

/// Which pause frames are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Pause frames are sent when receive buffers run low (CTRL.TFCE).
    pub transmit: bool,
    /// Received pause frames are obeyed (CTRL.RFCE).
    pub receive: bool,
}

/// The pause abilities of one side: PAUSE and `ASM_DIR` of its autonegotiation advertisement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PauseAbility {
    /// PAUSE: symmetric, or (with `asymmetric`) receives and perhaps sends.
    pub symmetric: bool,
    /// `ASM_DIR`: towards one side only.
    pub asymmetric: bool,
}

impl PauseAbility {
    const PAUSE: u16 = 1 << 10;
    const ASM_DIR: u16 = 1 << 11;

    /// What to advertise for a setting.
    #[must_use]
    pub const fn advertised(setting: FlowControl) -> Self {
        match setting {
            FlowControl::Disabled => Self { symmetric: false, asymmetric: false },
            FlowControl::Transmit => Self { symmetric: false, asymmetric: true },
            // Receive alone cannot be advertised: the closest is both, and sending is left off afterwards.
            FlowControl::Receive | FlowControl::Both | FlowControl::Auto => {
                Self { symmetric: true, asymmetric: true }
            }
        }
    }

    /// Decodes the bits of PHY register 4 or 5.
    #[must_use]
    pub const fn from_phy(register: u16) -> Self {
        Self { symmetric: register & Self::PAUSE != 0, asymmetric: register & Self::ASM_DIR != 0 }
    }

    /// The bits for PHY register 4.
    #[must_use]
    pub const fn to_phy(self) -> u16 {
        let mut bits = 0;
        if self.symmetric {
            bits |= Self::PAUSE;
        }
        if self.asymmetric {
            bits |= Self::ASM_DIR;
        }
        bits
    }
}

impl Pause {
    /// What a setting means where nothing is negotiated.
    #[must_use]
    pub const fn forced(setting: FlowControl) -> Self {
        match setting {
            FlowControl::Disabled => Self { transmit: false, receive: false },
            FlowControl::Transmit => Self { transmit: true, receive: false },
            FlowControl::Receive => Self { transmit: false, receive: true },
            FlowControl::Both | FlowControl::Auto => Self { transmit: true, receive: true },
        }
    }

    /// What two sides have agreed on (IEEE 802.3, table 28B-3), within the local setting. Half duplex has no
    /// pause frames.
    #[must_use]
    pub const fn negotiated(setting: FlowControl, partner: PauseAbility, duplex: Duplex) -> Self {
        let own = PauseAbility::advertised(setting);
        let agreed = if matches!(duplex, Duplex::Half) {
            Self { transmit: false, receive: false }
        } else if own.symmetric && partner.symmetric {
            Self { transmit: true, receive: true }
        } else if own.symmetric && own.asymmetric && partner.asymmetric {
            // The partner sends only.
            Self { transmit: false, receive: true }
        } else if own.asymmetric && partner.symmetric && partner.asymmetric {
            // This side sends only.
            Self { transmit: true, receive: false }
        } else {
            Self { transmit: false, receive: false }
        };
        let wanted = Self::forced(setting);
        Self { transmit: agreed.transmit && wanted.transmit, receive: agreed.receive && wanted.receive }
    }
}
