//! The machine as the bus sees it.

use super::{DOORBELL, ECAM, Machine, source};
use crate::{
    bus::{Bdf, ConfigSpace, Message, Pin, Windows},
    device::{Backend, Counters, Error, Interrupt, MessageId, Ram, Result},
};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    io::Errno,
};
use std::{
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

/// Where BARs may go: between the configuration window and the doorbell, and far above all RAM.
const MEMORY: std::ops::Range<u64> = 0xC000_0000..0xFD00_0000;
const HIGH_MEMORY: std::ops::Range<u64> = 0x80_0000_0000..0xA0_0000_0000;
const PORTS: std::ops::Range<u64> = 0xC000..0x1_0000;
/// The interrupt controller's inputs for PCI pins INTE to INTH, to which the board wires the pins of
/// devices 0 to 24 in turn.
const FIRST_LINE: u32 = 20;
const LINES: u32 = 4;

/// The letter that qtest has for an access of this size.
fn letter(size: usize) -> Option<char> {
    match size {
        1 => Some('b'),
        2 => Some('w'),
        4 => Some('l'),
        8 => Some('q'),
        _ => None,
    }
}

/// The letter, or what is wrong.
fn checked(what: &str, offset: u64, size: usize, most: usize) -> Result<char> {
    let refused = |why| Error::Access { what: what.into(), offset, size, why };
    letter(size).filter(|_| size <= most).ok_or_else(|| refused("there are no accesses of this size"))
}

/// Keeps the low `size` bytes.
fn cut(value: u64, size: usize) -> u64 {
    if size < 8 { value & ((1 << (8 * size)) - 1) } else { value }
}

/// Checks an access to configuration space: its letter and its address, none for what is hidden.
fn config_address(at: Bdf, offset: u16, size: usize) -> Result<(char, Option<u64>)> {
    let what = || format!("configuration space of {at}");
    let refused = |why| Error::Access { what: what(), offset: offset.into(), size, why };
    let letter = checked(&what(), offset.into(), size, 4)?;
    if usize::from(offset) % size != 0 {
        return Err(refused("it is not aligned"));
    }
    if offset >= 4096 {
        return Err(refused("it ends at 0x1000"));
    }
    // The doorbell is this program's own; nobody may move it.
    let hidden = (at.bus(), at.device()) == (DOORBELL.bus(), DOORBELL.device());
    Ok((letter, (!hidden).then_some(ECAM + at.ecam_offset() + u64::from(offset))))
}

impl ConfigSpace for Machine {
    type Error = Error;

    fn config_read(&mut self, at: Bdf, offset: u16, size: usize) -> Result<u32> {
        let (letter, address) = config_address(at, offset, size)?;
        let Some(address) = address else { return Ok(cut(u64::MAX, size) as u32) };
        self.counters.config += 1;
        self.ask(format_args!("read{letter} {address:#x}")).map(|value| cut(value, size) as u32)
    }

    fn config_write(&mut self, at: Bdf, offset: u16, size: usize, value: u32) -> Result<()> {
        let (letter, address) = config_address(at, offset, size)?;
        let Some(address) = address else { return Ok(()) };
        self.counters.config += 1;
        // Not posted: what it turns off is off when this returns.
        self.ask(format_args!("write{letter} {address:#x} {:#x}", cut(value.into(), size))).map(drop)
    }
}

impl Backend for Machine {
    fn windows(&self) -> Windows {
        Windows { memory: MEMORY, high_memory: HIGH_MEMORY, ports: PORTS }
    }

    fn ram(&self) -> &Arc<Ram> {
        &self.ram
    }

    fn memory_read(&mut self, address: u64, size: usize) -> Result<u64> {
        let letter = checked("memory", address, size, 8)?;
        self.counters.reads += 1;
        self.ask(format_args!("read{letter} {address:#x}")).map(|value| cut(value, size))
    }

    fn memory_write(&mut self, address: u64, size: usize, value: u64) -> Result<()> {
        let letter = checked("memory", address, size, 8)?;
        self.counters.writes += 1;
        self.post(format_args!("write{letter} {address:#x} {:#x}", cut(value, size)))
    }

    fn port_read(&mut self, port: u16, size: usize) -> Result<u32> {
        let letter = checked("ports", port.into(), size, 4)?;
        self.counters.reads += 1;
        self.ask(format_args!("in{letter} {port:#x}")).map(|value| cut(value, size) as u32)
    }

    fn port_write(&mut self, port: u16, size: usize, value: u32) -> Result<()> {
        let letter = checked("ports", port.into(), size, 4)?;
        self.counters.writes += 1;
        self.post(format_args!("out{letter} {port:#x} {:#x}", cut(value.into(), size)))
    }

    fn drain(&mut self) -> Result<()> {
        self.talk(super::Qtest::drain)
    }

    fn allocate_message(&mut self) -> Result<(MessageId, Message)> {
        self.still_there()?;
        let number = self.doorbell.allocate().ok_or(Error::NoMessage(self.doorbell.count()))?;
        Ok((MessageId(number), Self::message(number)))
    }

    fn free_message(&mut self, id: MessageId) {
        self.doorbell.free(id.0);
    }

    fn interrupt_line(&self, at: Bdf, pin: Pin) -> u32 {
        FIRST_LINE + (u32::from(at.device()) + u32::from(pin.index())) % LINES
    }

    fn line_asserted(&self, line: u32) -> bool {
        self.asserted.checked_shr(line).is_some_and(|bits| bits & 1 != 0)
    }

    fn interrupts(&mut self, happened: &mut Vec<Interrupt>) -> Result<()> {
        self.still_there()?;
        let mut ready = Vec::with_capacity(usize::from(self.doorbell.count()) + 2);
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match epoll::wait(&self.poll, spare_capacity(&mut ready), Some(&now)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::system("epoll", error)),
        }
        for event in &ready {
            match event.data.u64() {
                source::QTEST => self.talk(super::Qtest::collect)?,
                source::CHANGES => {}
                number => {
                    let number = number as u16;
                    let count = self.doorbell.take(number);
                    if count > 0 {
                        happened.push(Interrupt::Message { id: MessageId(number), count });
                    }
                }
            }
        }
        self.report_lines(happened);
        Ok(())
    }

    fn poll_fd(&self) -> BorrowedFd<'_> {
        self.poll.as_fd()
    }

    fn counters(&self) -> Counters {
        self.counters
    }
}

impl Machine {
    /// Reports what the interrupt controller's inputs did, and takes back the signal that they did.
    fn report_lines(&mut self, happened: &mut Vec<Interrupt>) {
        while let Some((line, asserted)) = self.qtest.take_change() {
            let Some(bit) = 1u32.checked_shl(line) else { continue };
            self.asserted = if asserted { self.asserted | bit } else { self.asserted & !bit };
            happened.push(Interrupt::Line { line, asserted });
        }
        if self.changes_signalled {
            let mut count = [0; 8];
            // It was signalled, so this succeeds; if not, the next call finds it still readable.
            self.changes_signalled = rustix::io::read(&self.changes, &mut count).is_err();
        }
    }
}
