//! Which message serves which cause. Pure values; [`Nic`](crate::Nic) writes them.

use crate::regs::{cause, ivar};

/// What a message, or the line, asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Poll the receive ring.
    pub receive: bool,
    /// Reap the transmit ring.
    pub transmit: bool,
    /// Look at the link: [`Nic::ack_other`](crate::Nic::ack_other), then [`Nic::link`](crate::Nic::link).
    pub other: bool,
}

impl Work {
    /// Nothing to do.
    pub const NONE: Self = Self { receive: false, transmit: false, other: false };
    /// Everything.
    pub const ALL: Self = Self { receive: true, transmit: true, other: true };

    /// Whether there is something to do.
    #[must_use]
    pub const fn any(self) -> bool {
        self.receive || self.transmit || self.other
    }
}

/// What reading ICR in line mode said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInterrupt {
    /// The NIC asserts the line: the ISR returns TRUE (NDIS-INT-05), and every cause is masked.
    pub ours: bool,
    /// What the DPC has to do; the read has cleared the causes, so it is to be remembered until then.
    pub work: Work,
}

impl LineInterrupt {
    /// Whether the DPC must be queued: to do the work, which exists even where the line was another device's
    /// (NDIS-INT-06), or only to arm again after causes that ask for nothing.
    #[must_use]
    pub const fn queue_dpc(self) -> bool {
        self.ours || self.work.any()
    }
}

/// How interrupts arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptPlan {
    /// MSI-X messages in use, 1 to 3; 0: line.
    messages: u32,
}

impl InterruptPlan {
    /// The most messages that are of use: receive, transmit, other.
    pub const MAX_MESSAGES: u32 = 3;
    /// The throttle interval with moderation, in 256 ns units: 50 µs, at most 20000 interrupts a second.
    pub const MODERATED: u32 = 195;

    /// The line, or an MSI message, which ICR serves the same way.
    #[must_use]
    pub const fn line() -> Self {
        Self { messages: 0 }
    }

    /// MSI-X with so many messages granted. Three or more: receive 0, transmit 1, other 2. Two: both rings 0,
    /// other 1. One: all of them 0. None is the line.
    #[must_use]
    pub const fn messages(granted: u32) -> Self {
        Self { messages: if granted > Self::MAX_MESSAGES { Self::MAX_MESSAGES } else { granted } }
    }

    /// Whether this is MSI-X.
    #[must_use]
    pub const fn is_message(self) -> bool {
        self.messages != 0
    }

    /// The number of messages in use; 1 for the line.
    #[must_use]
    pub const fn count(self) -> u32 {
        if self.messages == 0 { 1 } else { self.messages }
    }

    const fn transmit_vector(self) -> u32 {
        if self.messages == 3 { 1 } else { 0 }
    }

    const fn other_vector(self) -> u32 {
        self.count() - 1
    }

    /// What `message` asks for; nothing for a message that is not in use.
    #[must_use]
    pub const fn work(self, message: u32) -> Work {
        Work {
            receive: message == 0,
            transmit: message == self.transmit_vector(),
            other: message == self.other_vector(),
        }
    }

    /// The causes of `message`: write to IMS to arm it, to IMC to mask it.
    #[must_use]
    pub const fn causes(self, message: u32) -> u32 {
        let work = self.work(message);
        let (receive, transmit, other) = if self.is_message() {
            (cause::RXQ0, cause::TXQ0, cause::OTHER | cause::LSC)
        } else {
            (cause::RXT0 | cause::RXDMT0 | cause::RXO, cause::TXDW, cause::LSC)
        };
        let mut causes = 0;
        if work.receive {
            causes |= receive;
        }
        if work.transmit {
            causes |= transmit;
        }
        if work.other {
            causes |= other;
        }
        causes
    }

    /// The causes of every message.
    #[must_use]
    pub const fn all_causes(self) -> u32 {
        self.causes(0) | self.causes(1) | self.causes(2)
    }

    /// IVAR. Zero in line mode.
    #[must_use]
    pub const fn ivar(self) -> u32 {
        if !self.is_message() {
            return 0;
        }
        ivar::VALID << ivar::RXQ0_SHIFT
            | (ivar::VALID | self.transmit_vector()) << ivar::TXQ0_SHIFT
            | (ivar::VALID | self.other_vector()) << ivar::OTHER_SHIFT
    }

    /// EIAC: the causes whose message acknowledges them. Zero in line mode.
    #[must_use]
    pub const fn eiac(self) -> u32 {
        if self.is_message() { cause::RXQ0 | cause::TXQ0 | cause::OTHER } else { 0 }
    }

    /// IAM: the causes that are masked automatically: with MSI-X (`CTRL_EXT.EIAME`) those of the message sent,
    /// in line mode (`CTRL_EXT.IAME`) all, by the read of ICR.
    #[must_use]
    pub const fn iam(self) -> u32 {
        if self.is_message() { self.eiac() } else { cause::ALL }
    }

    /// What causes read from ICR in line mode ask for.
    #[must_use]
    pub const fn line_work(causes: u32) -> Work {
        Work {
            receive: causes & (cause::RXT0 | cause::RXDMT0 | cause::RXO) != 0,
            transmit: causes & cause::TXDW != 0,
            other: causes & cause::LSC != 0,
        }
    }
}
