//! Plans in which everything is drawn.

use super::{Machine, Plan, Setting, What, fixed::numbered};
use crate::{
    abi::constants as c,
    cpu::{DISPATCH, PASSIVE},
    device::{i82574, quickdata},
    dma::Kind,
    random::Random,
};

/// Most acts of an adapter.
const ACTS: u64 = 14;

pub(super) fn mixed(seed: u64) -> Plan {
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
        special_pool: random.one_in(4),
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
        9..=11 => What::Pause { reason: random.pick(&[1, 0x10, 4, 8, 0x20, 0x40]), micros },
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
    What::Fault(match random.below(20) {
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
        17 | 18 => Fault::Noise { after, reads: random.size(40) as u32 },
        16 => random.pick(&[Fault::PhyError { after }, Fault::PhyTimeout { after }]),
        _ => Fault::Gone { after: random.size(3000) },
    })
}

/// The INF's keywords, and one that it does not have.
pub(super) const KEYWORDS: [&str; 12] = [
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
