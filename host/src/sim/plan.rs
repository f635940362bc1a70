//! What a seed comes to: a machine, and the acts that happen to its adapters.
//!
//! Every act can be left out and the others stay as they are, so that a failure can be told with few of them.

use crate::{
    abi::constants as c,
    cpu::{DISPATCH, PASSIVE},
    device::{i82574, quickdata},
    dma::Kind,
    random::Random,
};

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
        ) || matches!(self, Self::Send { nbs, .. } if *nbs > 1)
    }

    /// Whether it can come before the driver is loaded.
    pub(super) fn is_early(&self) -> bool {
        matches!(self, Self::Keyword(..) | Self::Refuse(_) | Self::Fault(_))
    }

    /// Whether a frame that came may miss the protocol afterwards.
    fn may_lose_receives(&self) -> bool {
        !matches!(
            self,
            Self::Send { .. } | Self::Feed { .. } | Self::Wait { .. } | Self::Oids { .. } | Self::Load { .. }
        )
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
            Scenario::Mixed => mixed(seed),
            Scenario::Once => once(seed),
            Scenario::Pause => pauses(seed),
            Scenario::Dma => dma(seed),
        }
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
        self.acts.iter().any(|act| {
            matches!(act.what, What::Refuse(_) | What::Fault(_) | What::Pull { .. } | What::Keyword(..))
        })
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
        let refused = self.acts.iter().any(|act| matches!(act.what, What::Refuse(_)));
        let sends = !self.of(adapter).any(|act| act.what.may_lose_sends());
        (sends, !refused && !acts.any(|act| act.what.may_lose_receives()))
    }
}

fn numbered(acts: impl IntoIterator<Item = (usize, What)>) -> Vec<Act> {
    acts.into_iter().enumerate().map(|(number, (adapter, what))| Act { adapter, what, number }).collect()
}

fn plain(cpus: usize) -> Machine {
    Machine {
        cpus,
        windows_7: false,
        interrupts: i82574::Interrupts::MsiX,
        messages: 5,
        adapters: 1,
        pace: 64,
        quickdata: None,
        lists: (0, 0),
    }
}

fn once(seed: u64) -> Plan {
    let send = |frames| What::Send { frames, nbs: 1, longest: 1514 };
    let feed = |frames| What::Feed { frames, longest: 1514 };
    let acts = [
        // The smallest rings: what takes memory for each buffer does it as seldom as can be.
        What::Keyword("*ReceiveBuffers", Setting::Text("80")),
        What::Keyword("*TransmitBuffers", Setting::Text("80")),
        send(6),
        feed(6),
        What::Pause { reason: c::NDIS_PAUSE_NDIS_INTERNAL, micros: 50 },
        send(3),
        What::Reset { level: PASSIVE },
        What::Oids { count: 6 },
        What::Power { micros: 100 },
        What::Link { micros: 100 },
        What::Bounce { action: c::NdisHaltDeviceStopped },
        send(3),
        feed(3),
    ];
    Plan { seed, machine: plain(2), acts: numbered(acts.map(|what| (0, what))), alone: false }
}

fn pauses(seed: u64) -> Plan {
    let pauses = (0..60).flat_map(|_| {
        [What::Wait { micros: 200 }, What::Pause { reason: c::NDIS_PAUSE_NDIS_INTERNAL, micros: 20 }]
    });
    let load = [What::Load { sends: true, feeds: true, oids: true }];
    let acts = load.into_iter().chain(pauses).map(|what| (0, what));
    Plan { seed, machine: plain(4), acts: numbered(acts), alone: false }
}

fn dma(seed: u64) -> Plan {
    let version = quickdata::Version::V3_3;
    let function = Kind { version, channels: 2, interrupts: quickdata::Interrupts::MsiX };
    let acts = [
        What::Keyword("*ReceiveBuffers", Setting::Text("80")),
        What::Keyword("*TransmitBuffers", Setting::Text("80")),
        What::Keyword("NetDmaCpuEngine", Setting::Text("1")),
        What::Send { frames: 3, nbs: 1, longest: 1514 },
        What::Feed { frames: 3, longest: 1514 },
    ];
    let machine = Machine { windows_7: true, quickdata: Some(function), ..plain(2) };
    Plan { seed, machine, acts: numbered(acts.map(|what| (0, what))), alone: false }
}

/// Most acts of an adapter.
const ACTS: u64 = 14;

fn mixed(seed: u64) -> Plan {
    let random = &mut Random::new(seed);
    let version = random.pick(&quickdata::Version::ALL);
    let quickdata = random.one_in(6).then(|| Kind {
        version,
        channels: 1 + random.below(version.most_channels().min(4).into()) as u8,
        interrupts: random.pick(&[
            quickdata::Interrupts::MsiX,
            quickdata::Interrupts::Msi,
            quickdata::Interrupts::Line,
        ]),
    });
    let machine = Machine {
        cpus: random.pick(&[1, 2, 2, 3, 4, 4, 8]),
        windows_7: quickdata.is_some() || random.one_in(3),
        interrupts: random.pick(&[
            i82574::Interrupts::MsiX,
            i82574::Interrupts::MsiX,
            i82574::Interrupts::Msi,
            i82574::Interrupts::Line,
        ]),
        messages: random.pick(&[5, 3, 2, 1, 0]),
        adapters: random.pick(&[1, 1, 1, 2, 3]),
        pace: random.pick(&[1, 3, 16, 64]),
        quickdata,
        lists: (random.pick(&[0, 0, 2, 5]), random.pick(&[0, 0, 3])),
    };
    // A client that finds a function gone or a call refused cannot say what it should have been.
    let harm = if quickdata.is_some() { 0 } else { random.below(4) };
    let mut acts = Vec::new();
    for adapter in 0..machine.adapters {
        for _ in 0..random.below(3) * u64::from(harm > 1) {
            acts.push((adapter, keyword(random)));
        }
        for _ in 0..3 + random.below(ACTS - 2) {
            let what = if harm > 0 && random.one_in(4) { harmful(random) } else { harmless(random) };
            acts.push((adapter, what));
        }
        if harm > 0 && random.one_in(6) {
            acts.push((adapter, What::Pull { notice: random.one_in(2) }));
        }
    }
    Plan { seed, machine, acts: numbered(acts), alone: false }
}

fn harmless(random: &mut Random) -> What {
    let micros = random.size(4000) as u32;
    match random.below(20) {
        0..=2 => What::Send {
            frames: random.size(100) as u32,
            nbs: random.pick(&[1, 1, 1, 2, 3]),
            longest: random.pick(&[60, 400, 1514]),
        },
        3 | 4 => What::Feed { frames: random.size(150) as u32, longest: random.pick(&[60, 400, 1514]) },
        5 | 6 => What::Load { sends: random.one_in(2), feeds: random.one_in(2), oids: random.one_in(3) },
        7 => What::Hold(random.one_in(2)),
        8 => What::Wait { micros },
        9 | 10 | 11 => What::Pause { reason: random.pick(&[1, 0x10, 4, 8, 0x20, 0x40]), micros },
        12 => What::Reset { level: random.pick(&[PASSIVE, DISPATCH]) },
        13 => What::Power { micros },
        14 => What::Bounce { action: random.pick(&[c::NdisHaltDeviceStopped, c::NdisHaltDevicePoweredDown]) },
        15 | 16 => What::Link { micros },
        17 => What::Oids { count: random.size(20) as u32 },
        18 => What::Filter(random.pick(&[0, 1, 4, 5, 0xB, 0x20, 0x2F, 8])),
        _ => What::Readd,
    }
}

fn harmful(random: &mut Random) -> What {
    use i82574::Fault;
    let after = random.size(40) - 1;
    let polls = random.size(200) as u32;
    What::Fault(match random.below(18) {
        0..=4 => return What::Refuse(random.size(60) - 1),
        5 => Fault::LostInterrupt,
        6 => Fault::LateInterrupt { polls },
        7 => Fault::SpuriousInterrupt,
        8 => Fault::Storm { polls },
        9 => Fault::TransmitStuck { after },
        10 => Fault::ReceiveStuck { after },
        11 => Fault::ReceiveErrors { after, errors: random.pick(&[0x81, 2, 4, 0x10, 0x80]) },
        12 => Fault::ReceiveLength { after, length: random.pick(&[0, 2049, 0xFFFF, 0x8000]) },
        13 => Fault::ReceiveContinued { after },
        14 => Fault::ReceiveSwapped { after },
        15 => random.pick(&[Fault::NvmChecksum, Fault::NvmTimeout, Fault::AutoReadTimeout, Fault::MdioTaken]),
        16 => random.pick(&[Fault::PhyError { after }, Fault::PhyTimeout { after }]),
        _ => Fault::Gone { after: random.size(3000) },
    })
}

/// The INF's keywords, and one that it does not have.
const KEYWORDS: [&str; 12] = [
    "*ReceiveBuffers",
    "*TransmitBuffers",
    "*InterruptModeration",
    "*FlowControl",
    "*SpeedDuplex",
    "*IPChecksumOffloadIPv4",
    "*TCPChecksumOffloadIPv4",
    "*UDPChecksumOffloadIPv6",
    "*LsoV2IPv4",
    "*JumboPacket",
    "NetworkAddress",
    "NetDmaCpuEngine",
];

fn keyword(random: &mut Random) -> What {
    let name = random.pick(&KEYWORDS);
    let texts = [
        "0",
        "1",
        "2",
        "3",
        "-1",
        "80",
        "4096",
        "4294967296",
        "",
        "on",
        "0x10",
        "99999999999999999999",
        "021122334455",
    ];
    What::Keyword(
        name,
        match random.below(6) {
            0 => Setting::Absent,
            1 => Setting::Dword(random.pick(&[0, 1, 0xFFFF_FFFF, 256])),
            2 => Setting::Binary(random.below(20) as u8),
            _ => Setting::Text(random.pick(&texts)),
        },
    )
}
