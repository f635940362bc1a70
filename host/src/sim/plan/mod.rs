//! What a seed, or a string of bytes, comes to: a machine, and the acts that happen to its adapters.
//!
//! Every act can be left out and the others stay as they are, so that a failure can be told with few of them.

pub mod bytes;
mod drawn;
mod fixed;

use crate::{abi::constants as c, device::i82574, dma::Kind, ndis::oid::Asked, net::Shape};

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// Everything, as the seed has it.
    Mixed,
    /// One adapter through every state, without a fault: the life that faults are put into one by one.
    Once,
    /// Pauses and restarts under load both ways, on four CPUs.
    Pause,
    /// The NIC with its NetDMA engine, and a QuickData function, through their lives.
    Dma,
}

/// How a keyword is spoilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It is not there.
    Absent,
    /// A text, in range or not.
    Text(&'static str),
    /// A number where a text belongs.
    Dword(u32),
    /// Bytes.
    Binary(u8),
    /// A type's number, and data that may fit it or not.
    Value(u32, Vec<u8>),
}

/// An NB to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nb {
    /// Bytes of its frame.
    pub len: usize,
    /// How they lie in memory.
    pub shape: Shape,
}

/// One thing that happens to an adapter. Times are virtual.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what they are called")]
pub enum What {
    /// A keyword in the registry, before the adapter starts.
    Keyword(&'static str, Setting),
    /// An import fails: so many calls that may fail from here on.
    Refuse(u64),
    /// Something goes wrong in the device.
    Fault(i82574::Fault),
    /// Frames are sent, so many in an NBL, in chains.
    Send { frames: u32, nbs: u32, longest: u32 },
    /// One NBL is sent, of these NBs, with an id by which it can be cancelled if that is not 0.
    Shaped { nbs: Vec<Nb>, id: u8 },
    /// Sends with this id are cancelled.
    Cancel { id: u8 },
    /// A frame of any bytes comes: to the station (1), to all (2), to a group (3), or to where its bytes say.
    Frame { to: u8, bytes: Vec<u8> },
    /// An OID request.
    Oid { asked: Asked, direct: bool },
    /// Frames come.
    Feed { frames: u32, longest: u32 },
    /// The protocol keeps what it receives, or stops keeping it.
    Hold(bool),
    /// Time passes.
    Wait { micros: u32 },
    /// Pause and restart.
    Pause { reason: u32, micros: u32 },
    /// Reset, at this IRQL.
    Reset { level: u8 },
    /// Sleep and wake up.
    Power { micros: u32 },
    /// Halt and initialize again.
    Bounce { action: u32 },
    /// The cable is pulled for so long.
    Link { micros: u32 },
    /// OID requests of all kinds, with buffers of all sizes.
    Oids { count: u32 },
    /// Another packet filter.
    Filter(u32),
    /// The device is removed and added again.
    Readd,
    /// The device leaves the bus; the driver is told so, or has to find out.
    Pull { notice: bool },
    /// Traffic, receives that come back late and OID requests, from now on.
    Load { sends: bool, feeds: bool, oids: bool },
}

impl What {
    /// Whether a frame that was sent successfully may miss the wire afterwards.
    fn may_lose_sends(&self) -> bool {
        matches!(
            self,
            Self::Fault(_)
                | Self::Reset { .. }
                | Self::Power { .. }
                | Self::Bounce { .. }
                | Self::Link { .. }
                | Self::Readd
                | Self::Pull { .. }
        ) || match self {
            Self::Send { nbs, .. } => *nbs > 1,
            Self::Shaped { .. } => true,
            Self::Oid { .. } => self.is_set(),
            _ => false,
        }
    }

    /// Whether it asks for something to be another way.
    fn is_set(&self) -> bool {
        matches!(self, Self::Oid { asked, .. } if asked.kind == c::NdisRequestSetInformation)
    }

    /// Whether something goes wrong by it that is not the driver's fault.
    fn is_harmful(&self) -> bool {
        matches!(self, Self::Refuse(_) | Self::Fault(_) | Self::Pull { .. } | Self::Keyword(..))
    }

    /// Whether it can come before the driver is loaded.
    pub(super) fn is_early(&self) -> bool {
        matches!(self, Self::Keyword(..) | Self::Refuse(_) | Self::Fault(_))
    }

    /// Whether a frame that came may miss the protocol afterwards.
    fn may_lose_receives(&self) -> bool {
        !matches!(
            self,
            Self::Send { .. }
                | Self::Shaped { .. }
                | Self::Cancel { .. }
                | Self::Feed { .. }
                | Self::Frame { .. }
                | Self::Wait { .. }
                | Self::Oids { .. }
                | Self::Oid { .. }
                | Self::Load { .. }
        ) || self.is_set()
    }
}

/// Something that happens to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which adapter.
    pub adapter: usize,
    /// What.
    pub what: What,
    /// Its place in the plan, which it keeps when others are left out.
    pub number: usize,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Virtual CPUs.
    pub cpus: usize,
    /// Windows 7, which has NetDMA, or 10.
    pub windows_7: bool,
    /// How the NICs offer to interrupt.
    pub interrupts: i82574::Interrupts,
    /// Messages that the system grants at most.
    pub messages: usize,
    /// Adapters.
    pub adapters: usize,
    /// Descriptors and frames that a NIC deals with at a time.
    pub pace: u32,
    /// A QuickData function beside them, with clients on its channels.
    pub quickdata: Option<Kind>,
    /// Every block of memory on pages of its own, and out of the driver's reach when it is not the driver's.
    pub special_pool: bool,
    /// Scatter/gather lists come late, or elsewhere, once in so many; 0 for never.
    pub lists: (u32, u32),
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Of the scheduler's choices, and of what acts leave open.
    pub seed: u64,
    /// The machine.
    pub machine: Machine,
    /// What happens, each adapter's in this order.
    pub acts: Vec<Act>,
    /// One thing fails, and may do so until the very end.
    pub alone: bool,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn draw(scenario: Scenario, seed: u64) -> Self {
        match scenario {
            Scenario::Mixed => drawn::mixed(seed),
            Scenario::Once => fixed::once(seed),
            Scenario::Pause => fixed::pauses(seed),
            Scenario::Dma => fixed::dma(seed),
        }
    }

    /// The plan that a string of bytes is, see [`bytes`].
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        bytes::Input::read(bytes).plan()
    }

    /// The same with these acts only, by number.
    #[must_use]
    pub fn only(&self, kept: &[usize]) -> Self {
        let acts = self.acts.iter().filter(|act| kept.contains(&act.number)).cloned().collect();
        Self { acts, ..self.clone() }
    }

    /// The numbers of its acts.
    #[must_use]
    pub fn numbers(&self) -> Vec<usize> {
        self.acts.iter().map(|act| act.number).collect()
    }

    /// Puts something before everything else.
    pub fn first(&mut self, what: What) {
        let number = self.acts.len();
        self.acts.insert(0, Act { adapter: 0, what, number });
        self.alone = true;
    }

    /// What happens to an adapter.
    pub fn of(&self, adapter: usize) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| act.adapter == adapter)
    }

    /// Whether anything may go wrong that is not the driver's fault.
    #[must_use]
    pub fn is_harmful(&self) -> bool {
        self.acts.iter().any(|act| act.what.is_harmful())
    }

    /// Whether an import fails.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.acts.iter().any(|act| matches!(act.what, What::Refuse(_)))
    }

    /// Whether only one thread sends frames through an adapter: they are on the wire in the order of their numbers.
    #[must_use]
    pub fn sends_in_order(&self, adapter: usize) -> bool {
        !self.of(adapter).any(|act| matches!(act.what, What::Load { sends: true, .. }))
    }

    /// Whether every frame that an adapter sends successfully has to be on the wire, and every one that comes at the
    /// protocol.
    #[must_use]
    pub fn loses_nothing(&self, adapter: usize) -> (bool, bool) {
        let mut acts = self.of(adapter);
        let sends = !self.of(adapter).any(|act| act.what.may_lose_sends());
        (sends, !self.refuses() && !acts.any(|act| act.what.may_lose_receives()))
    }
}
