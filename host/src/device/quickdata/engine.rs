//! One channel: how it works descriptors off.

use super::{
    Config, Fault, Version,
    bits::{chanctrl, chanerr, control},
    breach::Checked,
    channel::{Channel, State},
    dma::{DESCRIPTOR, Descriptor, Dma, PAGE},
};
use std::collections::VecDeque;

/// A completion word.
pub(super) const fn word(address: u64, state: State) -> u64 {
    address | state as u64
}

/// Contiguous bytes of a transfer.
#[derive(Clone, Copy, Debug)]
struct Piece {
    source: u64,
    destination: u64,
    len: u64,
}

/// The descriptor that a channel works on.
#[derive(Debug)]
pub(super) struct InFlight {
    at: u64,
    control: u32,
    pieces: Vec<Piece>,
    /// Source data that was read ahead: what is left of it.
    ahead: Option<VecDeque<u8>>,
    corrupt: bool,
    gone: bool,
}

/// The descriptor behind the current one, with its source data, read before the current one's data was written.
#[derive(Debug)]
pub(super) struct Ahead {
    at: u64,
    descriptor: Descriptor,
    data: VecDeque<u8>,
}

/// The longest transfer that is read ahead.
const READ_AHEAD: u32 = 64 << 10;

impl InFlight {
    pub fn address(&self) -> u64 {
        self.at
    }

    pub fn updates(&self) -> bool {
        self.control & control::UPDATE != 0
    }

    /// Bit 0 of a context change means something else.
    fn interrupts(&self) -> bool {
        self.control & control::INTERRUPT != 0 && self.control >> 24 != control::CONTEXT
    }
}

/// How much a channel may do in one poll.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub bytes: u32,
    pub descriptors: u32,
    /// Read the next descriptor's data early, where no fence forbids it.
    pub ahead: bool,
}

/// What happened to the function beyond the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Nothing,
    /// The function leaves the bus.
    Gone,
}

impl Channel {
    /// Whether a descriptor waits behind the current one.
    pub(super) fn has_more(&self, counts: bool) -> bool {
        if counts { self.published != self.fetched } else { self.next != 0 }
    }

    /// Whether it was told to make no progress.
    pub(super) fn is_stuck(&self) -> bool {
        self.faults.has(Fault::Stuck { after: 0 })
    }

    /// Works for one poll.
    pub(super) fn work(&mut self, config: &Config, dma: &Dma, mut pace: Pace) -> Checked<Outcome> {
        if let Some(polls) = self.resetting {
            if !self.faults.has(Fault::ResetHangs) {
                self.resetting = polls.checked_sub(1);
            }
            return Ok(Outcome::Nothing);
        }
        while pace.descriptors > 0 && pace.bytes > 0 {
            if self.current.is_none() {
                let runs = matches!(self.state, State::Armed | State::Active);
                if !runs || self.is_stuck() || !self.has_more(config.version.counts()) {
                    break;
                }
                self.fetch(config, dma)?;
                if pace.ahead {
                    self.read_ahead(config, dma)?;
                }
                // A descriptor costs something even if it moves nothing.
                pace.bytes -= 1;
                continue;
            }
            if !self.move_bytes(dma, &mut pace.bytes)? {
                break;
            }
            pace.descriptors -= 1;
            if self.finish(config, dma)? == Outcome::Gone {
                return Ok(Outcome::Gone);
            }
        }
        Ok(Outcome::Nothing)
    }

    /// Reads the next descriptor and checks it.
    fn fetch(&mut self, config: &Config, dma: &Dma) -> Checked {
        let (at, first) = (self.next, std::mem::take(&mut self.first));
        let counts = config.version.counts();
        let cause = match at {
            _ if first && (at == 0 || !at.is_multiple_of(DESCRIPTOR)) => Some(chanerr::CHAIN),
            0 => Some(chanerr::COUNT),
            _ if !at.is_multiple_of(DESCRIPTOR) => Some(chanerr::NEXT_ALIGNMENT),
            _ if dma.reaches(at, DESCRIPTOR) => None,
            _ if first => Some(chanerr::CHAIN),
            _ => Some(chanerr::NEXT),
        };
        if let Some(cause) = cause {
            return self.fail(dma, cause);
        }
        let descriptor = dma.descriptor(at)?;
        let ahead = self.ahead.take().filter(|ahead| ahead.at == at && ahead.descriptor == descriptor);
        if counts {
            self.fetched = self.fetched.wrapping_add(1);
        }
        self.next = descriptor.next;
        let mut injected = 0;
        while let Some(bit) = self.faults.take(|fault| match fault {
            Fault::Error { after: 0, bit } => Some(bit),
            _ => None,
        }) {
            injected |= 1_u32.checked_shl(bit.into()).unwrap_or(0) & chanerr::ALL;
        }
        let corrupt =
            self.faults.take(|fault| (fault == Fault::Corrupt { after: 0 }).then_some(())).is_some();
        let gone = self.faults.take(|fault| (fault == Fault::Gone { after: 0 }).then_some(())).is_some();
        self.faults.count_down();
        match pieces(config, dma, &descriptor) {
            Err(cause) => return self.fail(dma, cause | injected),
            Ok(pieces) => {
                let (control, ahead) = (descriptor.control, ahead.map(|ahead| ahead.data));
                self.current = Some(InFlight { at, control, pieces, ahead, corrupt, gone });
            }
        }
        if injected == 0 { Ok(()) } else { self.fail(dma, injected) }
    }

    /// Reads the descriptor behind the current one and its data, unless the current one is fenced.
    fn read_ahead(&mut self, config: &Config, dma: &Dma) -> Checked {
        let fenced = self.current.as_ref().is_none_or(|current| current.control & control::FENCE != 0);
        let at = self.next;
        let there = at != 0 && at.is_multiple_of(DESCRIPTOR) && dma.reaches(at, DESCRIPTOR);
        if fenced || !there || !self.has_more(config.version.counts()) {
            return Ok(());
        }
        let descriptor = dma.descriptor(at)?;
        // One that is wrong is found to be when its turn comes.
        let Ok(pieces) = pieces(config, dma, &descriptor) else { return Ok(()) };
        if descriptor.size > READ_AHEAD {
            return Ok(());
        }
        let mut data = VecDeque::new();
        for piece in pieces {
            data.extend(dma.fetch(piece.source, u32::try_from(piece.len).unwrap_or(READ_AHEAD))?);
        }
        self.ahead = Some(Ahead { at, descriptor, data });
        Ok(())
    }

    /// Whether a poll would get it anywhere.
    pub(super) fn has_work(&self, config: &Config) -> bool {
        match self.resetting {
            Some(_) => !self.faults.has(Fault::ResetHangs),
            None => self.current.is_some() || self.is_busy(config) && !self.is_stuck(),
        }
    }

    /// Moves what the pace allows; true once everything has moved.
    fn move_bytes(&mut self, dma: &Dma, budget: &mut u32) -> Checked<bool> {
        let Some(current) = &mut self.current else { return Ok(false) };
        while let Some(piece) = current.pieces.first_mut() {
            let len = (*budget).min(u32::try_from(piece.len).unwrap_or(u32::MAX));
            if len == 0 {
                return Ok(false);
            }
            let mut bytes = match &mut current.ahead {
                Some(ahead) => ahead.drain(..(len as usize).min(ahead.len())).collect(),
                None => dma.fetch(piece.source, len)?,
            };
            if std::mem::take(&mut current.corrupt) {
                bytes.iter_mut().take(1).for_each(|byte| *byte ^= 0x40);
            }
            dma.store(piece.destination, &bytes)?;
            *budget -= len;
            self.counters.bytes += u64::from(len);
            piece.source += u64::from(len);
            piece.destination += u64::from(len);
            piece.len -= u64::from(len);
            if piece.len == 0 {
                current.pieces.remove(0);
            }
        }
        Ok(true)
    }

    /// The data of the current descriptor is there: the word, then the interrupt.
    fn finish(&mut self, config: &Config, dma: &Dma) -> Checked<Outcome> {
        let Some(current) = self.current.take() else { return Ok(Outcome::Nothing) };
        let counts = config.version.counts();
        if !counts && self.next == 0 && std::mem::take(&mut self.appended) {
            self.next = dma.descriptor(current.at)?.next;
        }
        if current.updates() && (self.word_address() == 0 || !dma.reaches(self.word_address(), 8)) {
            self.fail(dma, chanerr::COMPLETION)?;
            return Ok(Outcome::Nothing);
        }
        (self.last, self.last_updates) = (current.at, current.updates());
        self.state = if self.has_more(counts) { State::Active } else { State::Idle };
        self.counters.descriptors += 1;
        if current.updates() {
            self.report(dma, word(self.last, self.state))?;
        }
        if current.interrupts() {
            self.raise();
        }
        if self.suspending {
            self.is_suspended(dma)?;
        }
        Ok(if current.gone { Outcome::Gone } else { Outcome::Nothing })
    }

    /// Writes the completion word.
    pub(super) fn report(&mut self, dma: &Dma, word: u64) -> Checked {
        let at = self.word_address();
        if at == 0 || !dma.reaches(at, 8) {
            return Ok(());
        }
        self.counters.words += 1;
        dma.complete(at, word)
    }

    /// Something went wrong.
    pub(super) fn fail(&mut self, dma: &Dma, causes: u32) -> Checked {
        self.errors |= causes;
        self.counters.errors += 1;
        let harmless = chanerr::SOFT | chanerr::UNAFFILIATED | chanerr::VALIDATION;
        let halts =
            causes & !harmless != 0 || self.controls(chanctrl::ANY_ERR_ABORT_EN) && !self.is_masked(causes);
        if halts {
            (self.current, self.ahead) = (None, None);
            self.suspending = false;
            self.state = State::Halted;
            if self.controls(chanctrl::ERR_COMPLETION_EN) {
                self.report(dma, word(self.last, State::Halted))?;
            }
        }
        if self.controls(chanctrl::ERR_INT_EN) && !self.is_masked(causes) {
            self.raise();
        }
        Ok(())
    }
}

/// The copies that a descriptor asks for, or what is wrong with it.
fn pieces(config: &Config, dma: &Dma, descriptor: &Descriptor) -> Result<Vec<Piece>, u32> {
    let (control, size) = (descriptor.control, u64::from(descriptor.size));
    match control >> 24 {
        control::COPY => {}
        control::CONTEXT => return Ok(Vec::new()),
        _ => return Err(chanerr::CONTROL),
    }
    if control & control::NULL != 0 || size == 0 {
        return Ok(Vec::new());
    }
    if size > config.longest() {
        // 3.4 reports bad lengths by the bit that older parts have for the control field.
        return Err(if config.version == Version::V3_4 { chanerr::CONTROL } else { chanerr::LENGTH });
    }
    let breaks = control::SOURCE_BREAK | control::DESTINATION_BREAK;
    if control & breaks != 0 && !config.version.counts() {
        return Err(chanerr::CONTROL);
    }
    let source = (control & control::SOURCE_BREAK != 0).then_some(descriptor.next_source);
    let destination = (control & control::DESTINATION_BREAK != 0).then_some(descriptor.next_destination);
    let source = side(dma, descriptor.source, source, size, chanerr::SOURCE)?;
    let destination = side(dma, descriptor.destination, destination, size, chanerr::DESTINATION)?;
    let mut pieces = Vec::new();
    let mut done = 0;
    while done < size {
        let (from, left_from) = at(source, done);
        let (to, left_to) = at(destination, done);
        let len = left_from.min(left_to).min(size - done);
        pieces.push(Piece { source: from, destination: to, len });
        done += len;
    }
    Ok(pieces)
}

/// One side of a transfer: where it begins, how long that goes, where the rest is.
type Side = (u64, u64, u64);

fn side(dma: &Dma, start: u64, next: Option<u64>, size: u64, cause: u32) -> Result<Side, u32> {
    let in_page = PAGE - start % PAGE;
    let (head, next) = match next {
        Some(next) if size > in_page => {
            if !next.is_multiple_of(PAGE) {
                return Err(cause);
            }
            if size - in_page > PAGE {
                return Err(chanerr::LENGTH);
            }
            (in_page, next)
        }
        _ => (size, 0),
    };
    let rest = size - head;
    let reached = dma.reaches(start, head) && (rest == 0 || dma.reaches(next, rest));
    if reached { Ok((start, head, next)) } else { Err(cause) }
}

/// The address of byte `done` of a side, and how many follow it there.
fn at((start, head, next): Side, done: u64) -> (u64, u64) {
    if done < head { (start + done, head - done) } else { (next + (done - head), u64::MAX) }
}
