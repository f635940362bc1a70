//! Inputs from other inputs: records put in, left out, exchanged, and their bytes changed.

use super::super::plan::bytes::{HEADER, Input, KINDS, RECORD, Record};
use crate::{abi::constants as c, ndis::oid, random::Random};

/// Bytes of an input at most: one that grows without end takes ever longer.
const LONGEST: usize = 8 << 10;
/// Changes at a time.
const CHANGES: u64 = 6;
/// The kind of a record with an OID request.
const OID: u8 = 0;
/// Those of a frame from the wire, of a register's answer and of a keyword.
const FRAME: u8 = 2;
const ANSWER: u8 = 6;
const KEYWORD: u8 = 9;
/// Numbers at whose borders something changes.
const NUMBERS: [u32; 20] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    60,
    64,
    255,
    256,
    1514,
    1518,
    2048,
    4096,
    0x7FFF,
    0xFFFF,
    0x7FFF_FFFF,
    u32::MAX,
];
/// What keywords are.
const TEXTS: [&[u8]; 12] = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"6",
    b"80",
    b"512",
    b"-1",
    b"4294967296",
    b"021122334455",
    b"02-11-22-33-44-55",
];

/// Another input, and perhaps parts of one more.
#[must_use]
pub fn mutate(input: &Input, other: &Input, random: &mut Random) -> Input {
    let mut made = input.clone();
    for _ in 0..random.size(CHANGES) {
        change(&mut made, other, random);
    }
    while made.records.len() > 1 && size(&made) > LONGEST {
        made.records.pop();
    }
    made
}

fn size(input: &Input) -> usize {
    HEADER + input.records.iter().map(|record| RECORD + record.payload.len()).sum::<usize>()
}

fn change(input: &mut Input, other: &Input, random: &mut Random) {
    let count = input.records.len() as u64;
    let (at, to) = (random.below(count) as usize, random.below(count + 1) as usize);
    match random.below(20) {
        0 => {
            let place = random.below(HEADER as u64) as usize;
            if let Some(byte) = input.header.get_mut(place) {
                *byte = random.any() as u8;
            }
        }
        1..=5 => input.records.insert(to, record(random)),
        6 | 7 if count > 0 => {
            input.records.remove(at);
        }
        8 if count > 0 => {
            let again = input.records.get(at).cloned();
            input.records.splice(to..to, again);
        }
        9 if count > 1 => input.records.swap(at, to % count as usize),
        10 | 11 if !other.records.is_empty() => {
            let theirs = other.records.len() as u64;
            let from = random.below(theirs) as usize;
            let len = random.size(theirs - from as u64) as usize;
            let part = other.records.iter().skip(from).take(len).cloned();
            input.records.splice(to..to, part);
        }
        12 if count > 0 => {
            if let Some(record) = input.records.get_mut(at) {
                (record.kind, record.adapter) = (random.below(KINDS.into()) as u8, random.below(3) as u8);
            }
        }
        _ => {
            if let Some(record) = input.records.get_mut(at) {
                change_payload(record, random);
            }
        }
    }
}

/// A record of any kind; its payload is often one that means something.
#[must_use]
fn record(random: &mut Random) -> Record {
    let kind = if random.one_in(3) { OID } else { random.below(KINDS.into()) as u8 };
    let payload = match kind {
        OID => oid_payload(random),
        FRAME => {
            let len = random.pick(&[0, 14, 60, 100, 1500]);
            let mut bytes = vec![random.below(4) as u8];
            bytes.extend((0..random.size(len + 1) - 1).map(|_| random.any() as u8));
            bytes
        }
        ANSWER => {
            let mut bytes = vec![random.any() as u8, random.size(20) as u8];
            bytes.extend(random.pick(&[u32::MAX, u32::MAX, 0]).to_le_bytes());
            let flip = if random.one_in(2) { 1 << random.below(32) } else { random.any() as u32 };
            bytes.extend(flip.to_le_bytes());
            bytes
        }
        KEYWORD => {
            let mut bytes = vec![random.any() as u8, if random.one_in(3) { random.any() as u8 } else { 0 }];
            bytes.extend(random.pick(&TEXTS));
            bytes
        }
        _ => (0..random.below(20)).map(|_| random.any() as u8).collect(),
    };
    let adapter = if random.one_in(4) { random.any() as u8 } else { 0 };
    Record { kind, adapter, payload }
}

/// A request with an OID that there is, a length that means something, and often a structure's header.
fn oid_payload(random: &mut Random) -> Vec<u8> {
    let known = oid::mandatory();
    let oid = match random.below(4) {
        0 => random.any() as u32,
        1 => known.get(random.below(known.len() as u64) as usize).map_or(0, |row| row.0),
        _ => random.pick(c::ALL_OID),
    };
    let size = if random.one_in(2) { random.pick(c::ALL_NDIS_SIZEOF) } else { random.pick(&NUMBERS) };
    let len = (size % 4096).wrapping_add(random.pick(&[0, 0, 0, 1, u32::MAX]));
    let more = if random.one_in(4) { random.size(64) as u32 } else { 0 };
    let mut bytes = vec![random.below(4) as u8];
    bytes.extend(oid.to_le_bytes());
    bytes.extend((len as u16).to_le_bytes());
    bytes.extend((len.wrapping_add(more) as u16).to_le_bytes());
    bytes.extend([(len as u8), 0, 0]);
    if random.one_in(2) {
        let kinds = [c::NDIS_OBJECT_TYPE_DEFAULT as u8, c::NDIS_OBJECT_TYPE_OFFLOAD as u8];
        bytes.extend([random.pick(&kinds), random.size(3) as u8]);
        bytes.extend((len as u16).to_le_bytes());
    }
    let small = random.one_in(2);
    bytes.extend(
        (0..random.below(40)).map(|_| if small { random.below(3) as u8 } else { random.any() as u8 }),
    );
    bytes
}

fn change_payload(record: &mut Record, random: &mut Random) {
    let bytes = &mut record.payload;
    let len = bytes.len() as u64;
    let at = random.below(len) as usize;
    let put = |bytes: &mut Vec<u8>, value: &[u8]| {
        let end = (at + value.len()).min(bytes.len());
        let places = bytes.get_mut(at..end).unwrap_or_default();
        places.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
    };
    match random.below(8) {
        0 if len > 0 => {
            let bit = random.below(8);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit);
        }
        1 => put(bytes, &[random.any() as u8]),
        2 => put(bytes, &(random.pick(&NUMBERS) as u16).to_le_bytes()),
        3 => put(bytes, &random.pick(&NUMBERS).to_le_bytes()),
        4 if record.kind % KINDS <= 1 => {
            let oid = random.pick(c::ALL_OID).to_le_bytes();
            bytes.iter_mut().skip(1).zip(oid).for_each(|(to, from)| *to = from);
        }
        5 => {
            let more: Vec<u8> = (0..random.size(16)).map(|_| random.any() as u8).collect();
            bytes.splice(at..at, more);
        }
        6 if len > 0 => {
            let end = (at + random.size(16) as usize).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => bytes.extend((0..random.size(8)).map(|_| random.any() as u8)),
    }
}
