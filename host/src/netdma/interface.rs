//! Which `NetDMA` a Windows has.

use crate::world::world;

/// What `NetDMA` there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// None: no entry point is found.
    Absent,
    /// Windows Vista: no `NetDmaGetVersion`, no `NetDmaPnPEventNotify`.
    V1_0,
    /// Windows Vista SP1.
    V1_1,
    /// Windows 7.
    V2_0,
    /// Windows 8 and later: the entry points are there, registering succeeds and gives no handle (NDMA-BLD-04).
    NullHandle,
}

impl Interface {
    /// That of a world.
    #[must_use]
    pub fn current() -> Self {
        let world = world();
        world.netdma.interface.get().unwrap_or(match world.config.windows {
            (6, 0, build) if build < 6001 => Self::V1_0,
            (6, 0, _) => Self::V1_1,
            (6, 1, _) => Self::V2_0,
            (..6, ..) => Self::Absent,
            _ => Self::NullHandle,
        })
    }

    /// Whether a name is there.
    #[must_use]
    pub fn offers(self, name: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::V1_0 => !matches!(name, "NetDmaGetVersion" | "NetDmaPnPEventNotify"),
            Self::V1_1 | Self::V2_0 | Self::NullHandle => true,
        }
    }

    /// What `NetDmaGetVersion` says.
    #[must_use]
    pub fn version(self) -> (u8, u8) {
        match self {
            Self::Absent | Self::V1_0 => (1, 0),
            Self::V1_1 => (1, 1),
            Self::V2_0 | Self::NullHandle => (2, 0),
        }
    }

    /// Chains end by their count, not by a next of 0 (NDMA-XFER-04, -05).
    #[must_use]
    pub fn counts(self) -> bool {
        self.version().0 >= 2
    }
}
