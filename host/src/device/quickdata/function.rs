//! The function as a whole: its registers, and what it does when it is polled.

use super::{
    Accesses, Allowed, Config, Counters, Fault, Interrupts, Register,
    bits::intrctrl,
    breach::{Breach, Checked, hold},
    channel::Channel,
    dma::Dma,
    engine::{Outcome, Pace},
    interrupts::Signals,
    registers::{self, Access},
    space::Space,
};
use crate::{
    device::Ram,
    net::transfer::Stream,
    verify::{Rule, rules},
    world::world,
};
use std::collections::BTreeMap;

/// INTRDELAY, bit 15: interrupts can be coalesced; and the delay below it.
const COALESCING: u16 = 1 << 15;
const DELAY: u16 = 0x3FFF;
/// DMACAPABILITY: page breaks.
const PAGE_BREAK: u64 = 1;

/// See the module.
pub(super) struct Function {
    pub config: Config,
    pub space: Space,
    pub signals: Signals,
    pub channels: Vec<Channel>,
    debug: u8,
    delay: u16,
    random: Stream,
    registers: BTreeMap<Register, Accesses>,
    faults: u64,
    pub pulled: bool,
    after_removal: u64,
}

impl Function {
    pub fn new(config: Config) -> Self {
        let channels = usize::from(config.channels);
        Self {
            space: Space::new(&config),
            signals: Signals::new(config.interrupts, channels),
            channels: (0..channels).map(Channel::new).collect(),
            debug: 0,
            delay: 0,
            random: Stream::new(config.seed),
            registers: BTreeMap::new(),
            faults: 0,
            pulled: false,
            after_removal: 0,
            config,
        }
    }

    pub fn counters(&self) -> Counters {
        let waiting: u64 = self.channels.iter().map(|channel| channel.faults.waiting()).sum();
        Counters {
            channels: self.channels.iter().map(|channel| channel.counters.clone()).collect(),
            registers: self.registers.clone(),
            signals: self.signals.sent,
            lost: self.signals.lost,
            faults: self.faults.saturating_sub(waiting),
            after_removal: self.after_removal,
        }
    }

    pub fn inject(&mut self, channel: usize, fault: Fault) -> bool {
        let Some(channel) = self.channels.get_mut(channel) else { return false };
        channel.faults.add(fault);
        self.faults += 1;
        true
    }

    /// Forgets what waits.
    pub fn heal(&mut self, channel: usize) {
        if let Some(channel) = self.channels.get_mut(channel) {
            self.faults = self.faults.saturating_sub(channel.faults.waiting());
            channel.faults.clear();
        }
    }

    /// Whether a poll would get anything anywhere.
    pub fn has_work(&self) -> bool {
        let works = |channel: &Channel| {
            channel.has_work(&self.config) || channel.faults.has(Fault::SpuriousInterrupt)
        };
        !self.pulled
            && (!self.signals.outbox.is_empty()
                || !self.signals.late.is_empty()
                || self.channels.iter().any(works))
    }

    fn below(&mut self, limit: u32) -> u32 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        u32::from_le_bytes(bytes) % limit.max(1)
    }

    /// The function has left the bus; whether that is noticed in time.
    fn absent(&mut self) -> Checked {
        self.after_removal += 1;
        let accesses = self.after_removal;
        hold(&rules::QD_GONE, accesses <= self.config.patience, || {
            format!("{accesses} register accesses since the function was pulled out and read all ones")
        })
    }

    fn decode(&mut self, offset: u64, size: usize, write: bool) -> Checked<Access> {
        let (version, what) = (self.config.version, if write { "written" } else { "read" });
        hold(&rules::QD_MEMORY_OFF, self.space.decodes(), || {
            format!("offset {offset:#x} is {what} while the Command register has memory off")
        })?;
        let (channels, tables) = (self.channels.len(), self.config.interrupts == Interrupts::MsiX);
        let access = registers::decode((version, channels, tables), offset, size).map_err(|rule| {
            let detail = format!(
                "{size} bytes are {what} at offset {offset:#x}, which version {version:?} with {channels} \
                 channels does not have"
            );
            Breach::new(rule, detail)
        })?;
        access.rules().for_each(|rule| world().verify.watch(rule));
        let channel = access.channel.and_then(|channel| self.channels.get_mut(channel));
        let counters = channel.map_or(&mut self.registers, |channel| &mut channel.counters.registers);
        counters.entry(access.register).or_default().note(write);
        if write {
            hold(&rules::QD_READ_ONLY, !access.register.is_read_only(), || {
                format!("{} (offset {offset:#x}) is written; it is read-only", access.register.name())
            })?;
        }
        Ok(access)
    }

    pub fn read(&mut self, offset: u64, size: usize) -> Checked<u64> {
        if self.pulled {
            self.absent()?;
            return Ok(u64::MAX >> (64 - 8 * size.clamp(1, 8)));
        }
        let access = self.decode(offset, size, false)?;
        if let Some(channel) = access.channel.and_then(|channel| self.channels.get_mut(channel)) {
            return channel.read(&self.config, access.register, access.part, access.at);
        }
        Ok(match access.register {
            Register::ChanCnt => self.config.channels.into(),
            Register::XferCap => self.config.xfercap.into(),
            Register::GenCtrl => self.debug.into(),
            Register::IntrCtrl => self.signals.read_intrctrl().into(),
            Register::AttnStatus => self.signals.read_attention().into(),
            Register::CbVer => self.config.version.cbver().into(),
            Register::IntrDelay => (self.delay | COALESCING).into(),
            Register::DmaCapability if self.config.version.counts() => PAGE_BREAK,
            Register::MsixTable => self.signals.read_table(access.at, size),
            _ => 0,
        })
    }

    pub fn write(&mut self, ram: &Ram, allowed: &Allowed, offset: u64, size: usize, value: u64) -> Checked {
        if self.pulled {
            return self.absent();
        }
        let access = self.decode(offset, size, true)?;
        let dma = Dma { ram, allowed, master: self.space.masters(), relaxed: self.space.is_relaxed() };
        if let Some(number) = access.channel {
            let Some(channel) = self.channels.get_mut(number) else { return Ok(()) };
            let resets = channel.counters.command(super::bits::chancmd::RESET);
            channel.write(&self.config, &dma, access.register, access.part, access.at, value)?;
            if channel.counters.command(super::bits::chancmd::RESET) != resets {
                self.signals.forget(number);
                if self.config.reset_wipes_table() {
                    self.signals.wipe();
                }
            }
            return self.collect(number);
        }
        match access.register {
            Register::GenCtrl => self.debug = value as u8 & 1,
            Register::IntrCtrl => self.signals.write_intrctrl(&self.space, value as u8)?,
            Register::IntrDelay => self.delay = value as u16 & DELAY,
            Register::MsixTable => self.signals.write_table(access.at, size, value),
            _ => {}
        }
        Ok(())
    }

    /// Passes on what a channel has to tell.
    fn collect(&mut self, number: usize) -> Checked {
        let Some(channel) = self.channels.get_mut(number) else { return Ok(()) };
        self.space.note_errors(channel.errors);
        if !std::mem::take(&mut channel.signal) {
            return Ok(());
        }
        let lost = |fault| (fault == Fault::LostInterrupt).then_some(());
        if channel.faults.take(lost).is_some() {
            self.signals.lost += 1;
            return Ok(());
        }
        let late = |fault| if let Fault::LateInterrupt { polls } = fault { Some(polls) } else { None };
        if let Some(polls) = channel.faults.take(late) {
            self.signals.late.push((number, polls));
            return Ok(());
        }
        self.signals.raise(&self.space, number)
    }

    /// Works, each channel for as long as the seed says.
    pub fn poll(&mut self, ram: &Ram, allowed: &Allowed) -> Checked {
        if self.pulled {
            return Ok(());
        }
        let late = std::mem::take(&mut self.signals.late);
        for (number, polls) in late {
            match polls.checked_sub(1) {
                Some(left) => self.signals.late.push((number, left)),
                None => self.signals.raise(&self.space, number)?,
            }
        }
        for number in 0..self.channels.len() {
            let pace = Pace {
                bytes: 1 + self.below(self.config.bytes),
                descriptors: 1 + self.below(self.config.descriptors),
                ahead: self.below(2) == 1 && self.config.read_ahead,
            };
            let dma = Dma { ram, allowed, master: self.space.masters(), relaxed: self.space.is_relaxed() };
            let Some(channel) = self.channels.get_mut(number) else { continue };
            let spurious = |fault| (fault == Fault::SpuriousInterrupt).then_some(());
            if channel.faults.take(spurious).is_some() {
                self.signals.spurious(&self.space, number);
            }
            let outcome = channel.work(&self.config, &dma, pace);
            // What the channel did before it broke a rule has happened.
            self.collect(number)?;
            if outcome? == Outcome::Gone {
                self.leave();
                break;
            }
        }
        Ok(())
    }

    /// The function leaves the bus.
    pub fn leave(&mut self) {
        self.pulled = true;
        self.signals.disconnect(&mut self.space);
    }

    /// Power goes, when nothing may be at work or interrupt, or comes back, when the registers are as after a reset. The
    /// bus driver restores the configuration space and the messages.
    pub fn set_power(&mut self, on: bool) -> Checked {
        if self.pulled {
            return Ok(());
        }
        if on {
            self.channels.iter_mut().for_each(Channel::power_on);
            self.signals.intrctrl = 0;
            return Ok(());
        }
        self.check_idle(
            "the function loses power",
            [&rules::QD_LEFT_POWER_INTERRUPT, &rules::QD_LEFT_POWER_CHANNEL],
        )
    }

    /// What must not be left when the driver lets go of the interrupt.
    pub fn check_quiet(&self) -> Checked {
        self.check_disabled("the interrupt is disconnected", &rules::QD_LEFT_DISCONNECTED)
    }

    /// What must not be left when the driver is removed.
    pub fn check_removed(&self) -> Checked {
        self.check_idle(
            "the driver is removed",
            [&rules::QD_LEFT_REMOVED_INTERRUPT, &rules::QD_LEFT_REMOVED_CHANNEL],
        )
    }

    fn check_disabled(&self, when: &str, rule: &'static Rule) -> Checked {
        let enabled = self.signals.intrctrl & intrctrl::MASTER_INT_EN != 0;
        hold(rule, !enabled, || format!("{when} while INTRCTRL has interrupts enabled"))
    }

    fn check_idle(&self, when: &str, [interrupts, channels]: [&'static Rule; 2]) -> Checked {
        self.check_disabled(when, interrupts)?;
        let busy = self.channels.iter().find(|channel| channel.is_busy(&self.config));
        hold(channels, busy.is_none(), || {
            format!("{when} while channel {} works", busy.map_or(0, |channel| channel.number))
        })
    }
}
