//! Transmit queues: descriptors to frames.

use super::{
    bits::{cause, ctrl, tctl, tx},
    breach::{Checked, hold},
    checksum,
    dma::{DESCRIPTOR, Dma},
    fault::{Fault, Faults, by_descriptor, by_write_back},
    registers::{File, at},
    segment::Context,
    statistics::{self, counter},
    wire::Wire,
};
use crate::verify::{Rule, rules};

/// Kind of an extended descriptor.
const KIND: u64 = 0xF << 20;
const CONTEXT: u64 = 0;
const DATA: u64 = 1 << 20;
/// TARC: the queue takes part.
const TAKES_PART: u32 = 1 << 10;
/// The longest frame, and the longest large send, on the part.
const LONGEST_FRAME: usize = 9234;
const LONGEST_SEND: usize = 256 << 10;
/// A frame that is shorter is padded if TCTL.PSP says so.
const SHORTEST: usize = 60;

/// A frame whose descriptors are being read.
#[derive(Default)]
struct Assembly {
    bytes: Vec<u8>,
    pieces: u32,
    extended: bool,
    segment: bool,
    options: u64,
    /// Legacy: where a checksum begins and where it goes.
    checksum: Option<(u8, u8)>,
    tag: Option<u16>,
}

/// See the module.
pub(super) struct Queue {
    number: u32,
    context: Option<Context>,
    frame: Assembly,
    pub frames: u64,
}

/// What a poll came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub causes: u32,
    /// Every write-back asked for a delayed interrupt.
    pub delayed: bool,
}

/// A ring's registers.
#[derive(Clone, Copy)]
pub(super) struct Ring {
    pub first: u32,
}

impl Ring {
    pub fn base(self, file: &File) -> u64 {
        u64::from(file.get(self.first + at::BASE_HIGH)) << 32 | u64::from(file.get(self.first + at::BASE_LOW))
    }

    /// Descriptors in it.
    pub fn len(self, file: &File) -> u32 {
        file.get(self.first + at::LENGTH) / DESCRIPTOR as u32
    }

    pub fn head(self, file: &File) -> u32 {
        file.get(self.first + at::HEAD)
    }

    pub fn tail(self, file: &File) -> u32 {
        file.get(self.first + at::TAIL)
    }

    /// Descriptors from the head to `tail`.
    pub fn owned(self, file: &File, tail: u32) -> u32 {
        let (len, head) = (self.len(file), self.head(file));
        if len == 0 || head >= len || tail >= len {
            return 0;
        }
        if tail >= head { tail - head } else { len - head + tail }
    }

    /// Address of descriptor `index` from the head on.
    pub fn address(self, file: &File, index: u32) -> u64 {
        let place = (self.head(file) + index) % self.len(file).max(1);
        self.base(file).wrapping_add(u64::from(place) * DESCRIPTOR)
    }

    pub fn advance(self, file: &mut File, by: u32) {
        let head = (self.head(file) + by) % self.len(file).max(1);
        file.set(self.first + at::HEAD, head);
    }
}

impl Queue {
    pub fn new(number: u32) -> Self {
        Self { number, context: None, frame: Assembly::default(), frames: 0 }
    }

    pub fn reset(&mut self) {
        self.context = None;
        self.frame = Assembly::default();
    }

    pub fn ring(&self) -> Ring {
        Ring { first: at::TX + self.number * at::QUEUE }
    }

    /// Whether there is something to send that can be sent.
    pub fn has_work(&self, file: &File, faults: &Faults) -> bool {
        let ring = self.ring();
        file.has(at::TCTL, tctl::EN)
            && file.has(at::TARC + self.number * at::QUEUE, TAKES_PART)
            && !file.has(at::CTRL, ctrl::GIO_MASTER_DISABLE)
            && !faults.has(Fault::TransmitStuck { after: 0 })
            && ring.owned(file, ring.tail(file)) != 0
    }

    /// Deals with up to `most` descriptors.
    pub fn work(
        &mut self,
        file: &mut File,
        dma: &Dma<'_>,
        wire: &Wire,
        faults: &mut Faults,
        most: u32,
    ) -> Checked<Outcome> {
        let (ring, mut outcome) = (self.ring(), Outcome { causes: 0, delayed: true });
        for _ in 0..most {
            if !self.has_work(file, faults) {
                break;
            }
            faults.count_down(by_descriptor);
            let address = ring.address(file, 0);
            let words = dma.descriptor(address)?;
            self.take(words, dma)?;
            if words[1] & tx::EOP != 0 && !is_context(words[1]) {
                self.send(file, wire)?;
            }
            ring.advance(file, 1);
            if words[1] & tx::RS != 0 {
                let other = |fault| match fault {
                    Fault::TransmitWritten { after: 0, word } => Some(word),
                    _ => None,
                };
                let word = faults.take(other).unwrap_or(words[1] | tx::DD);
                faults.count_down(by_write_back);
                dma.write_back(address, [None, Some(word)])?;
                outcome.causes |= cause::TXDW | cause::TXQ0 << self.number;
                outcome.delayed &= words[1] & tx::IDE != 0;
            }
            if ring.owned(file, ring.tail(file)) == 0 {
                outcome.causes |= cause::TXQE;
            }
        }
        outcome.delayed &= outcome.causes & cause::TXDW != 0;
        Ok(outcome)
    }

    fn hold(&self, rule: &'static Rule, kept: bool, why: impl FnOnce() -> String) -> Checked {
        hold(rule, kept, || format!("transmit queue {}: {}", self.number, why()))
    }

    /// A descriptor's part of the frame.
    fn take(&mut self, [address, command]: [u64; 2], dma: &Dma<'_>) -> Checked {
        if is_context(command) {
            self.hold(&rules::I82574_CONTEXT, self.frame.pieces == 0, || {
                "a context descriptor in the middle of a frame".into()
            })?;
            self.context = Some(Context::read([address, command]));
            return Ok(());
        }
        let extended = command & tx::DEXT != 0;
        self.hold(&rules::I82574_KIND, !extended || command & KIND == DATA, || {
            format!("a descriptor of no known kind: {command:#x}")
        })?;
        let first = self.frame.pieces == 0;
        self.hold(&rules::I82574_MIXED, first || extended == self.frame.extended, || {
            "a frame of legacy and extended descriptors".into()
        })?;
        self.frame.pieces += 1;
        self.frame.extended = extended;
        let len = command & if extended { 0xF_FFFF } else { 0xFFFF };
        if first && extended {
            self.frame.options = command & (tx::IXSM | tx::TXSM);
            self.frame.segment = command & tx::TSE != 0;
        }
        if command & tx::EOP != 0 {
            self.frame.tag = (command & tx::VLE != 0).then_some((command >> 48) as u16);
            if !extended && command & tx::IC != 0 {
                self.frame.checksum = Some(((command >> 40) as u8, (command >> 16) as u8));
            }
        }
        dma.fetch(address, len, &mut self.frame.bytes)?;
        let most = if self.frame.segment { LONGEST_SEND } else { LONGEST_FRAME };
        self.hold(&rules::I82574_LONG, self.frame.bytes.len() <= most, || {
            format!("a frame of more than {most} bytes")
        })
    }

    /// The frame is complete.
    fn send(&mut self, file: &mut File, wire: &Wire) -> Checked {
        let Assembly { mut bytes, segment, options, checksum, tag, .. } = std::mem::take(&mut self.frame);
        self.hold(&rules::I82574_EMPTY, !bytes.is_empty(), || "a frame without bytes".into())?;
        let mut frames = Vec::new();
        if options != 0 || segment {
            self.hold(&rules::I82574_OFFLOAD, self.context.is_some(), || {
                "an offload without a context".into()
            })?;
            let context = self.context.unwrap_or_default();
            if segment {
                frames = context.segments(&bytes, options)?;
                file.count(counter::TSCTC, 1);
            } else {
                context.insert(&mut bytes, options)?;
                frames.push(bytes);
            }
        } else {
            if let Some((start, offset)) = checksum {
                // Outside the frame nothing is inserted.
                checksum::insert(&mut bytes, start.into(), offset.into(), 0);
            }
            frames.push(bytes);
        }
        let tag = tag.filter(|_| file.has(at::CTRL, ctrl::VME));
        for mut frame in frames {
            if let Some(tag) = tag.filter(|_| frame.len() >= 12) {
                let [a, b] = (file.get(at::VET) as u16).to_be_bytes();
                let [c, d] = tag.to_be_bytes();
                frame.splice(12..12, [a, b, c, d]);
            }
            if file.has(at::TCTL, tctl::PSP) {
                frame.resize(frame.len().max(SHORTEST), 0);
            }
            statistics::sent(file, &frame);
            self.frames += 1;
            wire.put(frame);
        }
        Ok(())
    }
}

fn is_context(command: u64) -> bool {
    command & tx::DEXT != 0 && command & KIND == CONTEXT
}
