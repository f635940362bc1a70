//! Plans that are the same for every seed, but for who runs when.

use super::{Act, Machine, Plan, Setting, What};
use crate::{
    abi::constants as c,
    cpu::PASSIVE,
    device::{i82574, quickdata},
    dma::Kind,
};

pub(super) fn numbered(acts: impl IntoIterator<Item = (usize, What)>) -> Vec<Act> {
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
        special_pool: false,
        lists: (0, 0),
    }
}

pub(super) fn once(seed: u64) -> Plan {
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

pub(super) fn pauses(seed: u64) -> Plan {
    let pauses = (0..60).flat_map(|_| {
        [What::Wait { micros: 200 }, What::Pause { reason: c::NDIS_PAUSE_NDIS_INTERNAL, micros: 20 }]
    });
    let load = [What::Load { sends: true, feeds: true, oids: true }];
    let acts = load.into_iter().chain(pauses).map(|what| (0, what));
    Plan { seed, machine: plain(4), acts: numbered(acts), alone: false }
}

pub(super) fn dma(seed: u64) -> Plan {
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
