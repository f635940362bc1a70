//! Faults on demand.

/// What goes wrong. What is counted, is counted from the injection: 0 is the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The function is gone at a register access, which reads all ones already.
    Gone {
        /// Which access.
        after: u64,
    },
    /// So many reads of status registers and counters give anything, from one on.
    Noise {
        /// Which access begins it.
        after: u64,
        /// Reads.
        reads: u32,
    },
    /// The next interrupt is not delivered.
    LostInterrupt,
    /// The next interrupt is delivered so many polls late.
    LateInterrupt {
        /// Polls.
        polls: u32,
    },
    /// An interrupt without a cause, at the next poll.
    SpuriousInterrupt,
    /// An interrupt without a cause at each of so many polls.
    Storm {
        /// Polls.
        polls: u32,
    },
    /// The transmit queues stand still from a descriptor on, until a reset.
    TransmitStuck {
        /// Which descriptor.
        after: u64,
    },
    /// The receive queues stand still from a frame on, until a reset.
    ReceiveStuck {
        /// Which frame.
        after: u64,
    },
    /// A frame is written back with these error bits (extended: CE, SE, SEQ, CXE, RXE).
    ReceiveErrors {
        /// Which frame.
        after: u64,
        /// The upper byte of the status and error word.
        errors: u8,
    },
    /// A frame is written back with another length than it has.
    ReceiveLength {
        /// Which frame.
        after: u64,
        /// The length.
        length: u16,
    },
    /// A frame is written back as if another descriptor followed.
    ReceiveContinued {
        /// Which frame.
        after: u64,
    },
    /// The descriptors of a frame and of the next one are written back in the wrong order.
    ReceiveSwapped {
        /// Which frame.
        after: u64,
    },
    /// The NVM's checksum is wrong, for good.
    NvmChecksum,
    /// Reads of the NVM do not end, for good.
    NvmTimeout,
    /// The NVM is never read in after a reset, for good.
    AutoReadTimeout,
    /// An MDI transaction ends with an error.
    PhyError {
        /// Which transaction.
        after: u64,
    },
    /// MDI transactions do not end any more.
    PhyTimeout {
        /// From which on.
        after: u64,
    },
    /// The manageability firmware has the MDIO interface, for good.
    MdioTaken,
    /// A read of a status register or counter gives another answer.
    Answer {
        /// The register's offset; 0 for any of them.
        register: u32,
        /// Which of its reads.
        after: u64,
        /// The bits that stay as they are; the others are 0.
        keep: u32,
        /// The bits that are flipped then.
        flip: u32,
    },
    /// A word of the NVM is another one, for good.
    NvmWord {
        /// Its index.
        index: u8,
        /// What it is.
        value: u16,
        /// The checksum is made to fit.
        sound: bool,
    },
    /// The last descriptor of a frame is written back with these bytes, but for DD: without, it would not be written
    /// back.
    ReceiveWritten {
        /// Which frame.
        after: u64,
        /// The descriptor.
        words: [u64; 2],
    },
    /// A transmit descriptor is written back with these bytes in its upper half, DD or not.
    TransmitWritten {
        /// Which of those that are written back.
        after: u64,
        /// Its upper half.
        word: u64,
    },
    /// Causes are set without a reason, at the next poll.
    Causes {
        /// ICR's bits.
        causes: u32,
    },
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
    /// Faults that took effect.
    pub done: u64,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    pub fn clear(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes the first one that `pick` makes something of.
    pub fn take<T>(&mut self, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
        let (at, found) =
            self.waiting.iter().enumerate().find_map(|(at, &fault)| Some((at, pick(fault)?)))?;
        self.waiting.remove(at);
        self.done += 1;
        Some(found)
    }

    /// Takes this very fault.
    pub fn take_this(&mut self, fault: Fault) -> bool {
        self.take(|other| (other == fault).then_some(())).is_some()
    }

    /// Whether this very fault is there; it stays.
    pub fn has(&self, fault: Fault) -> bool {
        self.waiting.contains(&fault)
    }

    /// A reset gets what stood still going again.
    pub fn unstick(&mut self) {
        let stuck = [Fault::TransmitStuck { after: 0 }, Fault::ReceiveStuck { after: 0 }];
        let before = self.waiting.len();
        self.waiting.retain(|fault| !stuck.contains(fault));
        self.done += (before - self.waiting.len()) as u64;
    }

    /// Whether any fault makes work for a poll.
    pub fn has_work(&self) -> bool {
        self.waiting.iter().any(|fault| {
            matches!(fault, Fault::SpuriousInterrupt | Fault::Storm { .. } | Fault::Causes { .. })
        })
    }

    /// One read in the middle of noise.
    pub fn noise(&mut self) -> bool {
        let noise = |fault| if let Fault::Noise { after: 0, reads } = fault { Some(reads) } else { None };
        match self.take(noise) {
            Some(reads @ 2..) => {
                self.done -= 1;
                self.waiting.push(Fault::Noise { after: 0, reads: reads - 1 });
                true
            }
            Some(reads) => reads != 0,
            None => false,
        }
    }

    /// What a read of a register is answered with instead, if it is.
    pub fn answer(&mut self, register: u32, value: u32) -> Option<u32> {
        let ours = |other: u32| other == 0 || other == register;
        let found = self.take(|fault| match fault {
            Fault::Answer { register, after: 0, keep, flip } if ours(register) => Some(value & keep ^ flip),
            _ => None,
        });
        self.count_down(|fault| match fault {
            Fault::Answer { register, after, .. } if ours(*register) => Some(after),
            _ => None,
        });
        found
    }

    /// The words of the NVM that are others: index, value, whether the checksum fits.
    pub fn nvm_words(&self) -> impl Iterator<Item = (u8, u16, bool)> {
        self.waiting.iter().filter_map(|fault| match *fault {
            Fault::NvmWord { index, value, sound } => Some((index, value, sound)),
            _ => None,
        })
    }

    /// One poll of a storm, if there is one.
    pub fn storm(&mut self) -> bool {
        let left = self.take(|fault| if let Fault::Storm { polls } = fault { Some(polls) } else { None });
        match left {
            Some(polls @ 2..) => {
                self.done -= 1;
                self.waiting.push(Fault::Storm { polls: polls - 1 });
                true
            }
            Some(polls) => polls != 0,
            None => false,
        }
    }

    /// Something that `counts` picks has happened: those that wait for one are one nearer.
    pub fn count_down(&mut self, counts: impl Fn(&mut Fault) -> Option<&mut u64>) {
        for fault in &mut self.waiting {
            if let Some(after) = counts(fault) {
                *after = after.saturating_sub(1);
            }
        }
    }
}

/// The counter of a fault that waits for an access.
pub(super) fn by_access(fault: &mut Fault) -> Option<&mut u64> {
    match fault {
        Fault::Gone { after } | Fault::Noise { after, .. } => Some(after),
        _ => None,
    }
}

/// The counter of a fault that waits for a received frame.
pub(super) fn by_frame(fault: &mut Fault) -> Option<&mut u64> {
    match fault {
        Fault::ReceiveStuck { after }
        | Fault::ReceiveErrors { after, .. }
        | Fault::ReceiveLength { after, .. }
        | Fault::ReceiveContinued { after }
        | Fault::ReceiveSwapped { after }
        | Fault::ReceiveWritten { after, .. } => Some(after),
        _ => None,
    }
}

/// The counter of a fault that waits for a transmit descriptor.
pub(super) fn by_descriptor(fault: &mut Fault) -> Option<&mut u64> {
    if let Fault::TransmitStuck { after } = fault { Some(after) } else { None }
}

/// The counter of a fault that waits for a transmit descriptor that is written back.
pub(super) fn by_write_back(fault: &mut Fault) -> Option<&mut u64> {
    if let Fault::TransmitWritten { after, .. } = fault { Some(after) } else { None }
}

/// The counter of a fault that waits for an MDI transaction.
pub(super) fn by_transaction(fault: &mut Fault) -> Option<&mut u64> {
    match fault {
        Fault::PhyError { after } | Fault::PhyTimeout { after } => Some(after),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer waits for reads of its own register, one of any register for all of them; each is given once.
    #[test]
    fn answers_go_to_the_reads_that_they_are_for() {
        let mut faults = Faults::default();
        faults.add(Fault::Answer { register: 8, after: 1, keep: 0xFF, flip: 1 });
        faults.add(Fault::Answer { register: 0, after: 2, keep: 0, flip: 7 });
        assert_eq!(faults.answer(0xC0, 5), None);
        assert_eq!(faults.answer(8, 0x1234), None);
        assert_eq!(faults.answer(8, 0x1234), Some(0x35));
        assert_eq!(faults.answer(0xC0, 0x1234), Some(7));
        assert_eq!(faults.answer(8, 9), None);
        assert_eq!(faults.done, 2);
    }
}
