//! Plans from bytes: a header, and records that each are an act.
//!
//! ```text
//! header   seed (4), CPUs, Windows and interrupts, messages, adapters, pace, SG lists, QuickData, special pool
//! record   kind, adapter, bytes of the payload (2, little-endian), payload
//! ```
//!
//! Every string of bytes is a plan. What is missing is 0, numbers are brought into their range, and the last record
//! ends where the bytes do. No record depends on another one.

use super::{Act, Machine, Nb, Plan, Setting, What, drawn};
use crate::{
    abi::constants as c,
    cpu::{DISPATCH, PASSIVE},
    device::{
        i82574::{self, Fault},
        quickdata,
    },
    dma::Kind,
    ndis::oid::Asked,
    net::Shape,
};

/// Bytes of the header.
pub const HEADER: usize = 12;
/// Bytes of a record before its payload.
pub const RECORD: usize = 4;
/// Acts of a plan at most: records behind them are not looked at.
pub const ACTS: usize = 48;
/// Kinds of records.
pub const KINDS: u8 = 26;
/// The longest virtual time that an act takes by itself.
const LONGEST: u32 = 4000;
/// The longest buffer of an OID request, and the longest frame that is sent.
const BUFFER: usize = 4096;
const FRAME: usize = 10_000;
/// MDLs of an NB, and NBs of an NBL, at most.
const PIECES: u8 = 40;
const NBS: u8 = 4;
/// The last call that is asked to fail, and the last access at which the device may go: most lives have fewer.
const CALLS: u64 = 2048;
const ACCESSES: u64 = 4096;
/// The status registers that an answer can be for; 0 for any of them.
const REGISTERS: [u32; 8] = [0, 0x08, 0x10, 0x14, 0x20, 0xC0, 0x5B50, 0x4010];

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Kind, as it stands there.
    pub kind: u8,
    /// Adapter, as it stands there.
    pub adapter: u8,
    /// Payload.
    pub payload: Vec<u8>,
}

/// A plan's bytes in their parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The header.
    pub header: [u8; HEADER],
    /// The records.
    pub records: Vec<Record>,
}

impl Input {
    /// Takes bytes apart.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut from = Reader(bytes);
        let mut input = Self { header: from.array(), records: Vec::new() };
        while !from.0.is_empty() && input.records.len() < ACTS {
            let (kind, adapter, len) = (from.u8(), from.u8(), from.u16());
            input.records.push(Record { kind, adapter, payload: from.take(len.into()).to_vec() });
        }
        input
    }

    /// Puts them together again.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = self.header.to_vec();
        for record in &self.records {
            let len = u16::try_from(record.payload.len()).unwrap_or(u16::MAX);
            bytes.extend([record.kind, record.adapter]);
            bytes.extend(len.to_le_bytes());
            bytes.extend(record.payload.iter().take(len.into()));
        }
        bytes
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let mut from = Reader(&self.header);
        let seed = from.u32();
        let machine = machine(&mut from);
        // A client of a QuickData function that finds a call refused cannot say what it should have been, see `drawn`.
        let harms = machine.quickdata.is_none();
        let acts = self.records.iter().enumerate().map(|(number, record)| Act {
            adapter: usize::from(record.adapter) % machine.adapters,
            what: act(record.kind, &mut Reader(&record.payload)),
            number,
        });
        let acts = acts.filter(|act| harms || !act.what.is_harmful()).collect();
        Plan { seed: seed.into(), machine, acts, alone: false }
    }
}

fn machine(from: &mut Reader<'_>) -> Machine {
    let (cpus, kind, messages, adapters) = (from.u8(), from.u8(), from.u8(), from.u8());
    let (pace, lists, quick, pool) = (from.u8(), from.u8(), from.u8(), from.u8());
    let pick = |list: &[quickdata::Version], at: u8| list.get(usize::from(at) % list.len()).copied();
    let quickdata = (quick >= 0xC0).then(|| pick(&quickdata::Version::ALL, quick)).flatten();
    let quickdata = quickdata.map(|version| Kind {
        version,
        channels: 1 + (quick >> 4 & 3).min(version.most_channels().min(4) - 1),
        interrupts: [quickdata::Interrupts::MsiX, quickdata::Interrupts::Msi, quickdata::Interrupts::Line]
            [usize::from(quick >> 2 & 3).min(2)],
    });
    let interrupts = [i82574::Interrupts::MsiX, i82574::Interrupts::Msi, i82574::Interrupts::Line];
    Machine {
        cpus: 1 + usize::from(cpus % 8),
        windows_7: quickdata.is_some() || kind & 0x10 != 0,
        interrupts: interrupts[usize::from(kind & 3).min(2)],
        messages: 5 - usize::from(messages % 6),
        adapters: 1 + usize::from(adapters % 3),
        pace: 1 + u32::from(pace % 64),
        quickdata,
        special_pool: pool & 1 != 0,
        lists: (u32::from(lists & 7), u32::from(lists >> 4 & 7)),
    }
}

/// What a record says.
fn act(kind: u8, from: &mut Reader<'_>) -> What {
    match kind % KINDS {
        0 | 1 => oid(from, kind % KINDS == 1),
        2 => What::Frame { to: from.u8(), bytes: from.rest().to_vec() },
        3 => shaped(from),
        4 => What::Fault(Fault::ReceiveWritten { after: after(from), words: [from.u64(), from.u64()] }),
        5 => What::Fault(Fault::TransmitWritten { after: after(from), word: from.u64() }),
        6 => What::Fault(Fault::Answer {
            register: REGISTERS[usize::from(from.u8()) % REGISTERS.len()],
            after: after(from),
            keep: from.u32(),
            flip: from.u32(),
        }),
        7 => What::Fault(Fault::NvmWord { index: from.u8(), value: from.u16(), sound: from.u8() & 1 == 0 }),
        8 => What::Fault(Fault::Causes { causes: from.u32() }),
        9 => keyword(from),
        10 => What::Fault(fault(from)),
        11 => What::Refuse(u64::from(from.u16()) % CALLS),
        12 => What::Send { frames: below(from, 100), nbs: 1 + below(from, 4), longest: length(from) },
        13 => What::Feed { frames: below(from, 150), longest: length(from) },
        14 => What::Hold(from.u8() & 1 == 0),
        15 => What::Wait { micros: micros(from) },
        16 => What::Pause { reason: 1 << below(from, 8), micros: micros(from) },
        17 => What::Reset { level: if from.u8() & 1 == 0 { PASSIVE } else { DISPATCH } },
        18 => What::Power { micros: micros(from) },
        19 => What::Bounce {
            action: if from.u8() & 1 == 0 { c::NdisHaltDeviceStopped } else { c::NdisHaltDevicePoweredDown },
        },
        20 => What::Link { micros: micros(from) },
        21 => What::Filter(from.u32()),
        22 if from.u8() & 1 == 0 => What::Readd,
        22 => What::Pull { notice: from.u8() & 1 == 0 },
        23 => {
            let which = from.u8();
            What::Load { sends: which & 1 != 0, feeds: which & 2 != 0, oids: which & 4 != 0 }
        }
        24 => What::Oids { count: below(from, 20) },
        _ => What::Cancel { id: 1 + from.u8() % 3 },
    }
}

/// Kind, OID, claimed length, length, output length, method, bytes; what the bytes lack is 0xA5.
fn oid(from: &mut Reader<'_>, direct: bool) -> What {
    let kind = match from.u8() {
        byte @ ..0xC0 => [
            c::NdisRequestQueryInformation,
            c::NdisRequestSetInformation,
            c::NdisRequestQueryStatistics,
            c::NdisRequestMethod,
        ][usize::from(byte & 3)],
        byte => u32::from(byte & 0xF),
    };
    let (oid, claimed) = (from.u32(), from.u16());
    let (len, output, method) = (from.u16(), from.u16(), from.u8());
    let mut buffer = from.rest().to_vec();
    buffer.resize(usize::from(len.max(claimed)).min(BUFFER), 0xA5);
    let asked =
        Asked { kind, oid, buffer, claimed: claimed.into(), output: output.into(), method: method.into() };
    What::Oid { asked, direct }
}

/// The shape of an NBL: how many NBs and its id, the NBs' lengths, what lies around each and how it is cut.
fn shaped(from: &mut Reader<'_>) -> What {
    let first = from.u8();
    let (count, id) = (1 + first % NBS, first >> 4 & 3);
    let nb = |_| {
        let len = usize::from(from.u16()) % FRAME;
        let around = from.u8();
        let mut shape = Shape {
            ahead: usize::from(from.u8()),
            lead: usize::from(from.u8()),
            page_offset: usize::from(from.u16()) % 4096,
            pieces: Vec::new(),
            tail: usize::from(around & 0x7F),
            high: around & 0x80 != 0,
        };
        let mut left = len;
        for _ in 0..from.u8() % PIECES {
            let piece = usize::from(from.u16()).min(left);
            left -= piece;
            shape.pieces.push(piece);
        }
        shape.pieces.push(left);
        Nb { len, shape }
    };
    What::Shaped { nbs: (0..count).map(nb).collect(), id }
}

/// Which keyword, its type, its data: text of 8 bits a letter, or anything.
fn keyword(from: &mut Reader<'_>) -> What {
    let name = drawn::KEYWORDS[usize::from(from.u8()) % drawn::KEYWORDS.len()];
    let kind = from.u8();
    let data = from.rest();
    let setting = match kind {
        0..0x40 => Setting::Value(1, data.iter().flat_map(|byte| [*byte, 0]).chain([0, 0]).collect()),
        0x40..0x50 => Setting::Absent,
        0x50..0x80 => Setting::Value(4, data.iter().copied().chain([0; 4]).take(4).collect()),
        other => Setting::Value(u32::from(other & 0xF), data.to_vec()),
    };
    What::Keyword(name, setting)
}

/// The faults that a seed draws, with their numbers from the bytes.
fn fault(from: &mut Reader<'_>) -> Fault {
    let (kind, after, polls) = (from.u8(), after(from), 1 + u32::from(from.u8()));
    match kind % 17 {
        0 => Fault::LostInterrupt,
        1 => Fault::LateInterrupt { polls },
        2 => Fault::SpuriousInterrupt,
        3 => Fault::Storm { polls },
        4 => Fault::TransmitStuck { after },
        5 => Fault::ReceiveStuck { after },
        6 => Fault::ReceiveErrors { after, errors: from.u8() },
        7 => Fault::ReceiveLength { after, length: from.u16() },
        8 => Fault::ReceiveContinued { after },
        9 => Fault::ReceiveSwapped { after },
        10 => Fault::NvmChecksum,
        11 => Fault::NvmTimeout,
        12 => Fault::AutoReadTimeout,
        13 => Fault::MdioTaken,
        14 => Fault::PhyError { after },
        15 => Fault::PhyTimeout { after },
        _ => Fault::Gone { after: u64::from(from.u16()) % ACCESSES },
    }
}

/// How many come before the one that something happens to.
fn after(from: &mut Reader<'_>) -> u64 {
    u64::from(from.u8() & 0x3F)
}

fn below(from: &mut Reader<'_>, most: u32) -> u32 {
    u32::from(from.u8()) % most
}

fn micros(from: &mut Reader<'_>) -> u32 {
    1 + u32::from(from.u16()) % LONGEST
}

/// The longest of some frames.
fn length(from: &mut Reader<'_>) -> u32 {
    60 + u32::from(from.u16()) % 1455
}

/// Bytes from the front; 0 behind the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, left) = self.0.split_at(count.min(self.0.len()));
        self.0 = left;
        taken
    }

    fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.take(N);
        array.iter_mut().zip(taken).for_each(|(to, from)| *to = *from);
        array
    }

    fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn noise(random: &mut Random) -> Vec<u8> {
        (0..random.size(600)).map(|_| random.any() as u8).collect()
    }

    /// Any bytes are a plan within the ranges of a machine, and what was read is written as it was.
    #[test]
    fn any_bytes_are_a_plan() {
        let random = &mut Random::new(1);
        for round in 0..2000 {
            let bytes = noise(random);
            let input = Input::read(&bytes);
            assert_eq!(Input::read(&input.write()), input, "round {round}");
            let plan = Plan::read(&bytes);
            let Machine { cpus, messages, adapters, .. } = plan.machine;
            assert!((1..=8).contains(&cpus) && messages <= 5 && (1..=3).contains(&adapters), "{plan:?}");
            assert!(
                plan.acts.len() <= ACTS && plan.acts.iter().all(|act| act.adapter < adapters),
                "{plan:?}"
            );
        }
    }

    /// A record that is left out leaves every other one what it was.
    #[test]
    fn records_do_not_depend_on_each_other() {
        let random = &mut Random::new(2);
        for round in 0..300 {
            let mut input = Input::default();
            for _ in 0..=random.below(6) {
                let (kind, adapter) = (random.any() as u8, random.any() as u8);
                input.records.push(Record { kind, adapter, payload: noise(random) });
            }
            let all: Vec<What> = input.plan().acts.into_iter().map(|act| act.what).collect();
            let gone = random.below(input.records.len() as u64) as usize;
            input.records.remove(gone);
            let left: Vec<What> = input.plan().acts.into_iter().map(|act| act.what).collect();
            let expected = all.into_iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, what)| what);
            assert_eq!(left, expected.collect::<Vec<_>>(), "round {round}");
        }
    }

    /// A record that says that it is longer than what is there ends where the bytes do; what it lacks is 0.
    #[test]
    fn a_record_that_is_cut_short() {
        let mut bytes = vec![0; HEADER];
        bytes.extend([15, 1, 0xFF, 0xFF, 9]);
        let plan = Plan::read(&bytes);
        assert_eq!(plan.acts.len(), 1);
        assert_eq!(plan.acts.first().map(|act| act.what.clone()), Some(What::Wait { micros: 10 }));
        assert!(Plan::read(&[]).acts.is_empty());
    }
}
