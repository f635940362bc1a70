//! Entries for the event log.

use crate::{
    abi::{IO_ERROR_LOG_PACKET as Packet, Layout, Ptr, bytes},
    imports,
    mem::Kind,
    verify::rules,
    world::world,
};
use std::cell::RefCell;

/// Bytes of an entry at least and at most (ERROR_LOG_MAXIMUM_SIZE).
const SMALLEST: u8 = 40;
const LARGEST: u8 = 240;
/// Tag of entries.
const TAG: u32 = u32::from_le_bytes(*b"IoEr");
/// Entries that are kept.
const KEPT: usize = 1000;

/// An entry as the driver wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// ErrorCode: what message it stands for.
    pub code: u32,
    /// UniqueErrorValue: where in the driver.
    pub unique: u32,
    /// FinalStatus.
    pub status: u32,
    /// DumpData.
    pub dump: Vec<u8>,
    /// Insertion strings.
    pub strings: Vec<String>,
}

/// The log of a world.
#[derive(Default)]
pub struct ErrorLog {
    entries: RefCell<Vec<Entry>>,
}

impl ErrorLog {
    /// What was written.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }
}

/// Zero-terminated UTF-16 strings from the end of an entry.
fn strings(data: &[u8], amount: usize) -> Vec<String> {
    let units: Vec<u16> = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    units.split(|&unit| unit == 0).take(amount).map(String::from_utf16_lossy).collect()
}

fn take(addr: u64, size: usize) -> Entry {
    let p: Ptr<Packet> = Ptr::new(addr);
    let dump = usize::from(p.get(Packet::DumpDataSize));
    let at = p.at(&Packet::DumpData);
    let room = (addr + size as u64).saturating_sub(at);
    let from = u64::from(p.get(Packet::StringOffset)).min(size as u64);
    let text = bytes(addr + from, size.saturating_sub(usize::try_from(from).unwrap_or(0)));
    Entry {
        code: p.get(Packet::ErrorCode) as u32,
        unique: p.get(Packet::UniqueErrorValue),
        status: p.get(Packet::FinalStatus) as u32,
        dump: bytes(at, dump.min(usize::try_from(room).unwrap_or(0))),
        strings: strings(&text, usize::from(p.get(Packet::NumberOfStrings))),
    }
}

fn free(what: &str, addr: u64) {
    let bad = world().mem.free(Kind::Object, addr).err();
    world().hold(&rules::ERROR_LOG_ENTRY, bad.is_none(), || format!("{what}({addr:#x}): {bad:?}"));
}

imports! {
    /// Event log.
    TABLE from "ntoskrnl.exe";

    fn IoAllocateErrorLogEntry(_object: u64, size: u8) -> u64 {
        if !(SMALLEST..=LARGEST).contains(&size) {
            return 0;
        }
        let Some(addr) = world().mem.allocate(Kind::Object, TAG, usize::from(size), "IoAllocateErrorLogEntry") else { return 0 };
        crate::abi::fill(addr, 0, usize::from(size));
        addr
    }

    fn IoAllocateGenericErrorLogEntry(size: u8) -> u64 {
        IoAllocateErrorLogEntry(0, size)
    }

    fn IoWriteErrorLogEntry(addr: u64) {
        let world = world();
        let Some(block) = world.mem.block(addr).filter(|block| block.tag == TAG) else {
            world.violation(&rules::ERROR_LOG_ENTRY, format!("IoWriteErrorLogEntry({addr:#x}): no entry is there, or it was written"))
        };
        let entry = take(addr, block.size);
        let log = &world.nt.error_log.entries;
        if log.borrow().len() < KEPT {
            log.borrow_mut().push(entry);
        }
        free("IoWriteErrorLogEntry", addr);
    }

    fn IoFreeErrorLogEntry(addr: u64) {
        free("IoFreeErrorLogEntry", addr);
    }
}

/// An entry holds at least the packet without its dump data.
const _: () = assert!(SMALLEST as usize <= Packet::SIZE);
