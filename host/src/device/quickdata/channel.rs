//! One channel: its registers.

use super::{
    ChannelCounters, Config, Fault, Register,
    bits::{chanctrl, chanerr},
    breach::{Checked, hold},
    dma::Dma,
    engine::{Ahead, InFlight},
    fault::Faults,
    registers::Part,
};
use crate::verify::{Rule, rules};

/// The state in CHANSTS and in completion words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A descriptor is done, more are to do.
    Active = 0,
    /// Everything is done.
    Idle = 1,
    /// Suspended.
    Suspended = 2,
    /// Reset, aborted or failed.
    Halted = 3,
    /// Started, no descriptor done yet.
    Armed = 4,
}

/// A 64-bit register that is also written in halves.
#[derive(Debug, Default)]
struct Halves {
    value: u64,
    low: Option<u32>,
}

impl Halves {
    /// The new value, once it is whole.
    fn write(&mut self, part: Part, value: u64, name: &str, rule: &'static Rule) -> Checked<Option<u64>> {
        let whole = match part {
            Part::Whole => value,
            Part::Low => {
                self.low = Some(value as u32);
                return Ok(None);
            }
            Part::High => {
                let low = self.low.take();
                hold(rule, low.is_some(), || {
                    format!("the high half of {name} is written before the low one")
                })?;
                value << 32 | u64::from(low.unwrap_or(0))
            }
        };
        self.low = None;
        Ok(Some(whole))
    }
}

fn part_of(value: u64, part: Part) -> u64 {
    match part {
        Part::Whole => value,
        Part::Low => value & 0xFFFF_FFFF,
        Part::High => value >> 32,
    }
}

/// See the module.
#[allow(clippy::struct_excessive_bools, reason = "each is a bit that the hardware keeps")]
pub(super) struct Channel {
    pub number: usize,
    pub state: State,
    control: u16,
    chain: Halves,
    completion: Halves,
    /// The high half of CHANSTS, as the last read of the low half found it.
    latch: u32,
    /// Low halves read without the high one: CPUs and service routines may be between the two at the same time.
    latched: u32,
    /// DMACOUNT, and how many of those were fetched.
    pub published: u16,
    pub fetched: u16,
    /// The last completed descriptor, 0 if there is none since the start, and whether it asked for its status.
    pub last: u64,
    pub last_updates: bool,
    /// The next descriptor; `first` if CHAINADDR says so.
    pub next: u64,
    pub first: bool,
    /// 1.x: the chain may go on behind a next address that was 0.
    pub appended: bool,
    pub current: Option<InFlight>,
    pub ahead: Option<Ahead>,
    pub suspending: bool,
    pub errors: u32,
    mask: u32,
    dca: u32,
    prefetch: u16,
    ltr: [u32; 3],
    /// It has interrupted and was not re-armed; another interrupt waits for that.
    disabled: bool,
    pending: bool,
    /// An interrupt for the function to deliver.
    pub signal: bool,
    /// Polls until RESET ends.
    pub resetting: Option<u32>,
    pub faults: Faults,
    pub counters: ChannelCounters,
}

impl Channel {
    pub fn new(number: usize) -> Self {
        Self {
            number,
            state: State::Halted,
            control: 0,
            chain: Halves::default(),
            completion: Halves::default(),
            latch: 0,
            latched: 0,
            published: 0,
            fetched: 0,
            last: 0,
            last_updates: false,
            next: 0,
            first: false,
            appended: false,
            current: None,
            ahead: None,
            suspending: false,
            errors: 0,
            mask: 0,
            dca: 0,
            prefetch: 0,
            ltr: [0; 3],
            disabled: false,
            pending: false,
            signal: false,
            resetting: None,
            faults: Faults::default(),
            counters: ChannelCounters::default(),
        }
    }

    /// Everything to its default but CHANERR and what is not the hardware's.
    pub fn reset(&mut self, polls: u32) {
        let fresh = Self::new(self.number);
        let before = std::mem::replace(self, fresh);
        self.errors = before.errors;
        self.resetting = Some(polls);
        self.faults = before.faults;
        self.counters = before.counters;
        let _ = self.faults.take(|fault| matches!(fault, Fault::Stuck { after: 0 }).then_some(()));
    }

    /// Power comes back.
    pub fn power_on(&mut self) {
        self.reset(0);
        (self.errors, self.resetting) = (0, None);
    }

    /// Where completion words go.
    pub fn word_address(&self) -> u64 {
        self.completion.value
    }

    /// CHAINADDR.
    pub fn chain_address(&self) -> u64 {
        self.chain.value
    }

    /// Bits of CHANCTRL.
    pub fn controls(&self, bits: u16) -> bool {
        self.control & bits != 0
    }

    /// `CHANERR_MASK` hides all of these.
    pub fn is_masked(&self, errors: u32) -> bool {
        errors & !self.mask == 0
    }

    /// Raises an interrupt, or keeps it until the channel is re-armed.
    pub fn raise(&mut self) {
        if self.disabled {
            self.pending = true;
        } else {
            self.disabled = true;
            self.signal = true;
            self.counters.interrupts += 1;
        }
    }

    pub fn hold(&self, rule: &'static Rule, kept: bool, detail: impl FnOnce() -> String) -> Checked {
        hold(rule, kept, || format!("channel {} ({:?}): {}", self.number, self.state, detail()))
    }

    fn status(&self) -> u64 {
        let errors = u64::from(self.errors & chanerr::SOFT != 0) << 4
            | u64::from(self.errors & chanerr::UNAFFILIATED != 0) << 3;
        self.last | errors | self.state as u64
    }

    pub fn read(&mut self, config: &Config, register: Register, part: Part, at: u64) -> Checked<u64> {
        Ok(match register {
            Register::ChanCtrl => u64::from(self.control) | u64::from(self.disabled),
            Register::DmaComp => 1 << u8::from(config.version.counts()),
            Register::ChanCmd if self.resetting.is_some() => u64::from(super::bits::chancmd::RESET),
            Register::DmaCount => self.published.into(),
            Register::ChanSts if part == Part::Low => {
                let status = self.status();
                self.latch = (status >> 32) as u32;
                self.latched = self.latched.saturating_add(1);
                status & 0xFFFF_FFFF
            }
            Register::ChanSts if part == Part::High => {
                self.hold(&rules::QD_STATUS_HALVES, self.latched > 0, || {
                    "the high half of CHANSTS is read before the low one, which latches it".into()
                })?;
                self.latched = self.latched.saturating_sub(1);
                self.latch.into()
            }
            Register::ChanSts => self.status(),
            Register::ChainAddr => part_of(self.chain.value, part),
            Register::ChanCmp => part_of(self.completion.value, part),
            Register::Cdar => part_of(self.current.as_ref().map_or(self.next, InFlight::address), part),
            Register::ChanErr => self.errors.into(),
            Register::ChanErrMask => self.mask.into(),
            Register::DcaCtrl => self.dca.into(),
            Register::DrsCtl => self.prefetch.into(),
            Register::Ltr => self.ltr.get(at as usize).copied().unwrap_or(0).into(),
            _ => 0,
        })
    }

    pub fn write(
        &mut self,
        config: &Config,
        dma: &Dma,
        register: Register,
        part: Part,
        at: u64,
        value: u64,
    ) -> Checked {
        let again = register == Register::ChanCmd && value == u64::from(super::bits::chancmd::RESET);
        self.hold(&rules::QD_RESET, self.resetting.is_none() || again, || {
            format!("{} is written before RESET has ended", register.name())
        })?;
        match register {
            Register::ChanCtrl => return self.write_control(config, value as u16),
            Register::ChanCmd => return self.command(config, dma, value as u8),
            Register::DmaCount => return self.publish(dma, value as u16),
            Register::ChainAddr => return self.write_chain(config, part, value),
            Register::ChanCmp => return self.write_completion(dma, part, value),
            Register::ChanErr => self.errors &= !(value as u32),
            Register::ChanErrMask => self.mask = value as u32 & chanerr::ALL,
            Register::DcaCtrl => self.dca = value as u32,
            Register::DrsCtl => self.prefetch = value as u16,
            Register::Ltr => {
                if let Some(ltr) = self.ltr.get_mut(at as usize) {
                    *ltr = value as u32;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write_control(&mut self, config: &Config, value: u16) -> Checked {
        let cached = if config.version >= super::Version::V3_0 { chanctrl::COMPL_DCA_EN } else { 0 };
        let known = chanctrl::INT_REARM
            | chanctrl::ERR_COMPLETION_EN
            | chanctrl::ANY_ERR_ABORT_EN
            | chanctrl::ERR_INT_EN
            | chanctrl::DESC_ADDR_SNOOP_CTRL
            | chanctrl::CHANNEL_IN_USE
            | chanctrl::PRIORITY
            | cached;
        self.hold(&rules::QD_CONTROL, value & !known == 0, || {
            format!("reserved bits in CHANCTRL: {value:#06x}")
        })?;
        self.control = value & !chanctrl::INT_REARM;
        if value & chanctrl::INT_REARM != 0 {
            self.disabled = false;
            if std::mem::take(&mut self.pending) {
                self.raise();
            }
        }
        Ok(())
    }

    /// Whether there is a descriptor that it works on or is about to.
    pub fn is_busy(&self, config: &Config) -> bool {
        self.current.is_some()
            || matches!(self.state, State::Armed | State::Active) && self.has_more(config.version.counts())
    }

    fn write_chain(&mut self, config: &Config, part: Part, value: u64) -> Checked {
        self.hold(&rules::QD_CHAIN_ACTIVE, !self.is_busy(config), || {
            "CHAINADDR is written while the channel is active".into()
        })?;
        if let Some(address) = self.chain.write(part, value, "CHAINADDR", &rules::QD_CHAIN_HALVES)? {
            self.chain.value = address;
            if config.version.counts() {
                self.load();
            }
        }
        Ok(())
    }

    /// The chain begins at CHAINADDR.
    pub fn load(&mut self) {
        (self.next, self.first) = (self.chain.value, true);
        (self.last, self.last_updates, self.appended) = (0, false, false);
        self.ahead = None;
        self.state = State::Armed;
    }

    fn write_completion(&mut self, dma: &Dma, part: Part, value: u64) -> Checked {
        let active = self.current.is_some() || matches!(self.state, State::Active | State::Suspended);
        self.hold(&rules::QD_COMPLETION_ACTIVE, !active, || {
            "CHANCMP is written while the channel is active".into()
        })?;
        if let Some(address) = self.completion.write(part, value, "CHANCMP", &rules::QD_COMPLETION_HALVES)? {
            self.hold(&rules::QD_COMPLETION_ALIGNED, address.is_multiple_of(8), || {
                format!("CHANCMP {address:#x} is not aligned to 8 bytes")
            })?;
            self.completion.value = address;
            if address != 0 && !dma.reaches(address, 8) {
                self.fail(dma, chanerr::COMPLETION)?;
            }
        }
        Ok(())
    }

    /// DMACOUNT.
    fn publish(&mut self, dma: &Dma, count: u16) -> Checked {
        self.counters.doorbells += 1;
        let more = u64::from(count.wrapping_sub(self.published));
        let outstanding = u64::from(self.published.wrapping_sub(self.fetched));
        let told = format!("DMACOUNT goes from {} to {count}", self.published);
        self.hold(&rules::QD_COUNT_NOTHING, more != 0, || format!("{told}: nothing is published"))?;
        self.hold(&rules::QD_COUNT_BACKWARDS, u16::try_from(outstanding + more).is_ok(), || {
            format!("{told}: backwards, or past the {outstanding} that are not fetched yet")
        })?;
        if let Some(announced) = dma.allowed.publish(self.word_address(), more) {
            self.hold(&rules::QD_COUNT_MORE, announced.is_ok(), || {
                let left = announced.err().unwrap_or(0);
                format!("{told}: {more} more, but the client has announced {left}")
            })?;
        }
        self.hold(&rules::QD_COUNT_CHAIN, self.state != State::Halted || self.errors != 0, || {
            format!("{told} without a chain address")
        })?;
        self.starts(dma)?;
        if self.faults.take(|fault| (fault == Fault::DoorbellIgnored).then_some(())).is_some() {
            return Ok(());
        }
        self.published = count;
        if self.state == State::Idle {
            self.state = State::Active;
        }
        Ok(())
    }

    /// What has to be set up before the channel may work.
    pub fn starts(&self, dma: &Dma) -> Checked {
        self.hold(&rules::QD_MASTER_START, dma.master, || "it is started while bus mastering is off".into())?;
        self.hold(&rules::QD_RELAXED, !dma.relaxed, || {
            "it is started while DEVCTL lets its writes overtake each other".into()
        })
    }
}
