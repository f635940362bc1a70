//! What is counted per frame, in memory, under the lock of the ring concerned; and how it is reported.

use ferrite_nic::{HwStats, MacAddress, RxCounters};

/// How a frame is addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cast {
    /// To one station.
    #[default]
    Directed,
    /// To a group.
    Multicast,
    /// To everybody.
    Broadcast,
}

impl From<MacAddress> for Cast {
    fn from(destination: MacAddress) -> Self {
        if destination == MacAddress::BROADCAST {
            Self::Broadcast
        } else if destination.is_multicast() {
            Self::Multicast
        } else {
            Self::Directed
        }
    }
}

/// Frames and their bytes: the Ethernet header included, padding and check sequence not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flow {
    /// How many frames.
    pub frames: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Flow {
    const fn add(&mut self, frames: u64, bytes: u64) {
        self.frames = self.frames.wrapping_add(frames);
        self.bytes = self.bytes.wrapping_add(bytes);
    }
}

/// Good frames in one direction, by address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// To one station.
    pub directed: Flow,
    /// To a group.
    pub multicast: Flow,
    /// To everybody.
    pub broadcast: Flow,
}

impl Traffic {
    /// Counts a frame.
    pub const fn add(&mut self, cast: Cast, bytes: u32) {
        let flow = match cast {
            Cast::Directed => &mut self.directed,
            Cast::Multicast => &mut self.multicast,
            Cast::Broadcast => &mut self.broadcast,
        };
        flow.add(1, bytes as u64);
    }

    /// Adds what somebody else has counted.
    pub const fn merge(&mut self, other: &Self) {
        self.directed.add(other.directed.frames, other.directed.bytes);
        self.multicast.add(other.multicast.frames, other.multicast.bytes);
        self.broadcast.add(other.broadcast.frames, other.broadcast.bytes);
    }

    /// All frames.
    pub const fn frames(&self) -> u64 {
        self.directed.frames.wrapping_add(self.multicast.frames).wrapping_add(self.broadcast.frames)
    }

    /// All bytes.
    pub const fn bytes(&self) -> u64 {
        self.directed.bytes.wrapping_add(self.multicast.bytes).wrapping_add(self.broadcast.bytes)
    }
}

/// What the send path counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendCounters {
    /// Frames that the device has sent.
    pub sent: Traffic,
    /// Frames that could not be mapped or copied, or whose MDLs are shorter than they claim.
    pub errors: u64,
    /// Frames given up by a reset, a removal or a power change.
    pub discards: u64,
}

/// What the receive path counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceiveCounters {
    /// Frames indicated.
    pub received: Traffic,
    /// Frames that arrived while no indication was allowed.
    pub discards: u64,
}

/// Everything, at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    /// The send path's.
    pub send: SendCounters,
    /// The receive path's.
    pub receive: ReceiveCounters,
    /// What the receive ring has dropped.
    pub ring: RxCounters,
    /// The device's.
    pub hardware: HwStats,
}

impl Statistics {
    /// `ifOutErrors`.
    pub const fn send_errors(&self) -> u64 {
        self.send.errors.wrapping_add(self.hardware.unsent())
    }

    /// `ifInErrors`.
    pub const fn receive_errors(&self) -> u64 {
        self.ring.total().wrapping_add(self.hardware.damaged())
    }

    /// `ifInDiscards`: the FIFO was full, or nothing could be indicated.
    pub const fn receive_discards(&self) -> u64 {
        self.receive.discards.wrapping_add(self.hardware.missed)
    }
}
