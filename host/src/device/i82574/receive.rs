//! The receiver: frames to descriptors, through the packet buffer.

use super::{
    bits::{cause, ctrl, rctl, rx, rxcsum},
    breach::Checked,
    checksum,
    dma::Dma,
    fault::{Fault, Faults, by_frame},
    filter::{self, Fate},
    registers::{File, at},
    statistics::{self, counter},
    transmit::Ring,
    wire::Wire,
};
use std::collections::VecDeque;

/// RFCTL: extended descriptors.
const EXTENDED: u32 = 1 << 15;

/// A frame in the packet buffer.
struct Stored {
    bytes: Vec<u8>,
    exact: bool,
    /// It has been counted that there was no descriptor for it.
    waited: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Receiver {
    buffer: VecDeque<Stored>,
    used: usize,
    /// A write-back that another one is to overtake.
    held: Option<(u64, [u64; 2])>,
    /// The partner has been asked for silence.
    paused: bool,
    pub frames: u64,
    pub dropped: u64,
    pub misreported: u64,
}

impl Receiver {
    pub fn reset(&mut self) {
        self.buffer.clear();
        (self.used, self.held, self.paused) = (0, None, false);
    }

    /// The queue that frames go to: without RSS the first.
    pub fn ring() -> Ring {
        Ring { first: at::RX }
    }

    fn is_on(file: &File) -> bool {
        file.has(at::RCTL, rctl::EN)
    }

    fn room(&self, file: &File) -> usize {
        ((file.get(at::PBA) & 0xFFFF) as usize * 1024).saturating_sub(self.used)
    }

    /// Bytes of a buffer.
    fn buffer_bytes(file: &File) -> usize {
        let control = file.get(at::RCTL);
        let base = if control & rctl::BSEX != 0 { 32 << 10 } else { 2048 };
        base >> (control >> 16 & 3)
    }

    fn can_store(file: &File, faults: &Faults) -> bool {
        Self::is_on(file)
            && !file.has(at::CTRL, ctrl::GIO_MASTER_DISABLE)
            && !faults.has(Fault::ReceiveStuck { after: 0 })
    }

    /// Descriptors that the next frame needs.
    fn needed(&self, file: &File) -> Option<u32> {
        let len = self.buffer.front()?.bytes.len() + Self::check_bytes(file);
        Some(len.div_ceil(Self::buffer_bytes(file)) as u32)
    }

    fn check_bytes(file: &File) -> usize {
        if file.has(at::RCTL, rctl::SECRC) { 0 } else { 4 }
    }

    /// Whether a poll would get anything anywhere.
    pub fn has_work(&self, file: &File, wire: &Wire, up: bool, faults: &Faults) -> bool {
        let ring = Self::ring();
        let free = ring.owned(file, ring.tail(file));
        let stores = Self::can_store(file, faults) && self.needed(file).is_some_and(|needed| needed <= free);
        let holds = self.paused && self.room(file) < filter_room(file);
        stores || !wire.is_drained() && up && !holds
    }

    /// Takes up to `most` frames from the wire, and stores as many. The causes that come of it.
    pub fn work(
        &mut self,
        file: &mut File,
        dma: &Dma<'_>,
        (wire, up): (&Wire, bool),
        faults: &mut Faults,
        most: u32,
    ) -> Checked<u32> {
        let mut causes = 0;
        for _ in 0..most {
            self.arrive(file, wire, up, &mut causes);
        }
        for _ in 0..most {
            if !self.store(file, dma, faults, &mut causes)? {
                break;
            }
        }
        if self.buffer.is_empty() {
            // Nothing follows that could overtake it.
            if let Some((address, words)) = self.held.take() {
                dma.write_back(address, words.map(Some))?;
                causes |= cause::RXT0 | cause::RXQ0;
            }
        }
        Ok(causes)
    }

    /// A frame from the wire into the packet buffer.
    fn arrive(&mut self, file: &mut File, wire: &Wire, up: bool, causes: &mut u32) {
        if !up {
            // What is sent to a port without a link is lost.
            wire.take();
            return;
        }
        if self.room(file) < filter_room(file) {
            if file.has(at::CTRL, ctrl::TFCE) {
                if !std::mem::replace(&mut self.paused, true) {
                    file.count(counter::XOFFTXC, 1);
                }
                return;
            }
            if wire.take().is_some() {
                file.count(counter::MPC, 1);
                self.dropped += 1;
                *causes |= cause::RXO;
            }
            return;
        }
        if std::mem::take(&mut self.paused) {
            file.count(counter::XONTXC, 1);
        }
        let Some(bytes) = wire.take() else { return };
        if !Self::is_on(file) {
            return;
        }
        statistics::arrived(file, &bytes);
        match filter::judge(file, &bytes) {
            Fate::Received { exact } => {
                statistics::received(file, &bytes);
                self.used += bytes.len();
                self.buffer.push_back(Stored { bytes, exact, waited: false });
            }
            Fate::Long => file.count(counter::ROC, 1),
            Fate::Short => file.count(counter::RUC, 1),
            Fate::Other => {}
        }
    }

    /// A frame from the packet buffer into memory. Whether there may be another one.
    fn store(
        &mut self,
        file: &mut File,
        dma: &Dma<'_>,
        faults: &mut Faults,
        causes: &mut u32,
    ) -> Checked<bool> {
        if !Self::can_store(file, faults) {
            return Ok(false);
        }
        let Some(needed) = self.needed(file) else { return Ok(false) };
        let ring = Self::ring();
        if ring.owned(file, ring.tail(file)) < needed {
            let first =
                self.buffer.front_mut().is_some_and(|frame| !std::mem::replace(&mut frame.waited, true));
            if first {
                file.count(counter::RNBC, 1);
            }
            return Ok(false);
        }
        let Some(frame) = self.buffer.pop_front() else { return Ok(false) };
        self.used -= frame.bytes.len();
        self.write(file, dma, faults, frame)?;
        self.frames += 1;
        *causes |= cause::RXT0 | cause::RXQ0;
        let threshold = ring.len(file) >> (1 + (file.get(at::RCTL) >> 8 & 3)).min(3);
        if ring.owned(file, ring.tail(file)) <= threshold {
            *causes |= cause::RXDMT0;
        }
        Ok(true)
    }

    fn write(&mut self, file: &mut File, dma: &Dma<'_>, faults: &mut Faults, frame: Stored) -> Checked {
        let Stored { mut bytes, exact, .. } = frame;
        let check = checksum::frame_check(&bytes);
        let tag = filter::strip(file, &mut bytes);
        let (mut status, sums) = judge_sums(file, &bytes);
        if tag.is_some() {
            status |= rx::VP;
        }
        if !exact {
            status |= rx::PIF;
        }
        if Self::check_bytes(file) != 0 {
            bytes.extend(check.to_le_bytes());
        }
        let ring = Self::ring();
        let count = bytes.len().div_ceil(Self::buffer_bytes(file));
        let wrong = Wrong::take(faults);
        for (index, piece) in bytes.chunks(Self::buffer_bytes(file)).enumerate() {
            let address = ring.address(file, 0);
            let [buffer, _] = dma.descriptor(address)?;
            dma.store(buffer, piece)?;
            let last = index + 1 == count;
            let mut flags = rx::DD | if last { status | rx::EOP } else { 0 };
            let mut len = piece.len() as u16;
            if last {
                flags |= u32::from(wrong.errors) << 24;
                flags &= if wrong.continued { !rx::EOP } else { u32::MAX };
                len = wrong.length.unwrap_or(len);
            }
            let tag = tag.unwrap_or(0);
            let words = if file.has(at::RFCTL, EXTENDED) {
                [u64::from(sums) << 32, u64::from(flags) | u64::from(len) << 32 | u64::from(tag) << 48]
            } else {
                let (low, errors) = (u64::from(flags & 0xFF), u64::from(flags >> 24));
                let sum = u64::from(sums >> 16);
                [buffer, u64::from(len) | sum << 16 | low << 32 | errors << 40 | u64::from(tag) << 48]
            };
            let words = match wrong.words.filter(|_| last) {
                Some([first, second]) => [first, second | u64::from(rx::DD)],
                None => words,
            };
            self.misreported += u64::from(last && wrong.misreports(piece.len()));
            ring.advance(file, 1);
            if last && wrong.swapped && self.held.is_none() {
                self.held = Some((address, words));
                continue;
            }
            dma.write_back(address, words.map(Some))?;
            if let Some((address, words)) = self.held.take().filter(|_| last) {
                dma.write_back(address, words.map(Some))?;
            }
        }
        Ok(())
    }
}

/// Room that has to be left for a frame to be taken from the wire.
fn filter_room(file: &File) -> usize {
    if file.has(at::RCTL, rctl::LPE) { 9234 } else { 1522 }
}

/// What RXCSUM asks to be verified: status and error bits, and the upper half of the first word.
fn judge_sums(file: &File, frame: &[u8]) -> (u32, u32) {
    let control = file.get(at::RXCSUM);
    let verdict = checksum::verify(frame);
    let mut status = 0;
    let mut say = |on: u32, judged: Option<bool>, checked: u32, error: u32| {
        let Some(right) = judged.filter(|_| control & on != 0) else { return };
        status |= checked | if right { 0 } else { error };
    };
    say(rxcsum::IPOFL, verdict.ip, rx::IPCS, rx::IPE);
    let l4 = if verdict.udp { rx::UDPCS } else { 0 } | rx::TCPCS;
    say(rxcsum::TUOFL, verdict.l4, l4, rx::TCPE);
    if status == 0 {
        status = rx::IXSM;
    }
    let from = (control & rxcsum::PCSS) as usize;
    let sum = checksum::fold(checksum::sum(frame.get(from..).unwrap_or_default(), 0));
    let sums = if control & rxcsum::PCSD == 0 { sum << 16 | u32::from(verdict.id) } else { 0 };
    (status, sums)
}

/// What is wrong with a write-back, on demand.
#[derive(Default)]
struct Wrong {
    errors: u8,
    length: Option<u16>,
    continued: bool,
    swapped: bool,
    words: Option<[u64; 2]>,
}

impl Wrong {
    /// Whether the driver may take a frame of `len` bytes for another one.
    fn misreports(&self, len: usize) -> bool {
        self.words.is_some() || self.length.is_some_and(|other| usize::from(other) != len)
    }

    fn take(faults: &mut Faults) -> Self {
        let errors = faults.take(|fault| match fault {
            Fault::ReceiveErrors { after: 0, errors } => Some(errors),
            _ => None,
        });
        let length = faults.take(|fault| match fault {
            Fault::ReceiveLength { after: 0, length } => Some(length),
            _ => None,
        });
        let words = faults.take(|fault| match fault {
            Fault::ReceiveWritten { after: 0, words } => Some(words),
            _ => None,
        });
        let wrong = Self {
            errors: errors.unwrap_or(0),
            length,
            words,
            continued: faults.take_this(Fault::ReceiveContinued { after: 0 }),
            swapped: faults.take_this(Fault::ReceiveSwapped { after: 0 }),
        };
        faults.count_down(by_frame);
        wrong
    }
}
