//! Which frames are received.

use super::{
    bits::{ctrl, rctl},
    registers::{File, at},
};

/// RAH: the address is valid.
const VALID: u32 = 1 << 31;
/// The longest frame without RCTL.LPE, and with it; without check sequence.
const LONGEST: usize = 1518;
const LONGEST_LARGE: usize = 16 << 10;

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is received; whether an exact address matched.
    Received {
        exact: bool,
    },
    /// Its address is nobody's here.
    Other,
    /// It is too short, or too long.
    Short,
    Long,
}

/// Judges a frame.
pub(super) fn judge(file: &File, frame: &[u8]) -> Fate {
    let control = file.get(at::RCTL);
    let Some(&to) = frame.first_chunk::<6>() else { return Fate::Short };
    let longest = if control & rctl::LPE != 0 { LONGEST_LARGE } else { LONGEST };
    if control & rctl::SBP == 0 && frame.len() > longest {
        return Fate::Long;
    }
    if control & rctl::SBP == 0 && frame.len() < 60 {
        return Fate::Short;
    }
    if !passes_vlan(file, frame) {
        return Fate::Other;
    }
    let exact = matches_address(file, to);
    let broadcast = to == [0xFF; 6];
    let multicast = to[0] & 1 != 0;
    let wanted = exact
        || broadcast && control & (rctl::BAM | rctl::MPE) != 0
        || multicast && !broadcast && (control & rctl::MPE != 0 || matches_table(file, to))
        || !multicast && control & rctl::UPE != 0;
    if wanted { Fate::Received { exact } } else { Fate::Other }
}

/// One of the 16 addresses.
fn matches_address(file: &File, to: [u8; 6]) -> bool {
    let low = u32::from_le_bytes([to[0], to[1], to[2], to[3]]);
    let high = u32::from(u16::from_le_bytes([to[4], to[5]]));
    (0..16).any(|index| {
        let (ral, rah) = (file.get(at::RA + 8 * index), file.get(at::RA + 8 * index + 4));
        rah & VALID != 0 && ral == low && rah & 0xFFFF == high
    })
}

/// The multicast table, by the address bits that RCTL.MO chooses.
fn matches_table(file: &File, to: [u8; 6]) -> bool {
    let shift = match file.get(at::RCTL) >> 12 & 3 {
        0 => 4,
        1 => 3,
        2 => 2,
        _ => 0,
    };
    let hash = u32::from(u16::from_le_bytes([to[4], to[5]])) >> shift & 0xFFF;
    file.get(at::MTA + 4 * (hash >> 5)) >> (hash & 31) & 1 != 0
}

/// The tag of a frame whose type is VET's.
pub(super) fn tag(file: &File, frame: &[u8]) -> Option<u16> {
    let kind = frame.get(12..14)?.first_chunk::<2>().map(|kind| u16::from_be_bytes(*kind))?;
    let tag = frame.get(14..16)?.first_chunk::<2>().map(|tag| u16::from_be_bytes(*tag))?;
    (u32::from(kind) == file.get(at::VET)).then_some(tag)
}

fn passes_vlan(file: &File, frame: &[u8]) -> bool {
    let Some(tag) = tag(file, frame).filter(|_| file.has(at::RCTL, rctl::VFE)) else { return true };
    let id = u32::from(tag & 0xFFF);
    file.get(at::VFTA + 4 * (id >> 5)) >> (id & 31) & 1 != 0
}

/// Takes the tag out if CTRL.VME asks for it.
pub(super) fn strip(file: &File, frame: &mut Vec<u8>) -> Option<u16> {
    let tag = tag(file, frame).filter(|_| file.has(at::CTRL, ctrl::VME))?;
    frame.drain(12..16);
    Some(tag)
}
