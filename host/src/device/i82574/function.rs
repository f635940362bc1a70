//! The function as a whole: its registers, and what it does when it is polled.

use super::{
    Config, Counters, Fault, Interrupts, Link,
    bits::{cause, ctrl, ctrl_ext, rctl, status, tctl},
    breach::{Checked, hold},
    dma::{Dma, Memory},
    fault::{Faults, by_access},
    interrupts::Signals,
    nvm::Nvm,
    phy::Phy,
    receive::Receiver,
    registers::{self, File, Kind, at},
    rings,
    space::{Effect, Space},
    transmit::Queue,
    wire::Wire,
};
use crate::{
    clock::Time,
    device::Ram,
    net::transfer::Stream,
    verify::{Rule, rules},
};
use std::time::Duration;

/// `EXTCNF_CTRL`: the driver has the MDIO interface.
const MDIO_SW_OWNERSHIP: u32 = 1 << 5;
/// SWSM: the semaphore that a read takes.
const SMBI: u32 = 1 << 0;
/// EEWR: done.
const WRITTEN: u32 = 1 << 1;
/// RAH: the address is valid.
const VALID: u32 = 1 << 31;

/// What a driver breaks that was told wrongly that a transaction is over, or whose the MDIO interface is.
const SERIAL: [&Rule; 3] = [&rules::I82574_MDIO_OWNER, &rules::I82574_MDIO_BUSY, &rules::I82574_NVM_BUSY];

/// An interrupt that is put off: RDTR and RADV, or TIDV and TADV.
#[derive(Clone, Copy, Default)]
struct Delay {
    due: Option<Time>,
    latest: Option<Time>,
    causes: u32,
}

/// See the module.
pub(super) struct Function {
    pub config: Config,
    pub space: Space,
    pub signals: Signals,
    pub faults: Faults,
    pub file: File,
    nvm: Nvm,
    phy: Phy,
    queues: [Queue; 2],
    receiver: Receiver,
    /// The link as the last look found it.
    link: Option<Link>,
    /// Delayed interrupts of receiver and transmitter.
    delays: [Delay; 2],
    /// What a throttle holds back, until then.
    held: Option<Time>,
    random: Stream,
    reads: u64,
    writes: u64,
    resets: u64,
    pub pulled: bool,
    /// A read gave something else than what there was.
    misled: bool,
    after_removal: u64,
}

impl Function {
    pub fn new(config: Config) -> Self {
        let mut function = Self {
            space: Space::new(&config),
            signals: Signals::new(config.interrupts),
            faults: Faults::default(),
            file: File::new(),
            nvm: Nvm::new(&config),
            phy: Phy::new(),
            queues: [Queue::new(0), Queue::new(1)],
            receiver: Receiver::default(),
            link: None,
            delays: [Delay::default(); 2],
            held: None,
            random: Stream::new(config.seed),
            reads: 0,
            writes: 0,
            resets: 0,
            pulled: false,
            misled: false,
            after_removal: 0,
            config,
        };
        function.load_address();
        function
    }

    pub fn counters(&self) -> Counters {
        Counters {
            reads: self.reads,
            writes: self.writes,
            sent: self.queues.iter().map(|queue| queue.frames).sum(),
            received: self.receiver.frames,
            dropped: self.receiver.dropped,
            misreported: self.receiver.misreported,
            interrupts: self.signals.delivered,
            lost: self.signals.lost,
            resets: self.resets,
            faults: self.faults.done,
            after_removal: self.after_removal,
        }
    }

    /// The station address that the NVM has.
    fn load_address(&mut self) {
        let mac = self.config.mac;
        self.file.set(at::RA, u32::from_le_bytes([mac[0], mac[1], mac[2], mac[3]]));
        self.file.set(at::RA + 4, u32::from_le_bytes([mac[4], mac[5], 0, 0]) | VALID);
    }

    /// CTRL.RST: everything but the PHY.
    fn reset(&mut self, now: Time) {
        self.resets += 1;
        self.file.reset();
        self.load_address();
        self.signals.reset();
        self.receiver.reset();
        self.queues.iter_mut().for_each(Queue::reset);
        self.delays = [Delay::default(); 2];
        self.held = None;
        self.nvm.reset(now.after(self.config.delays.reset));
        self.phy.abort(now);
        self.faults.unstick();
        self.link = None;
    }

    pub fn write_config(&mut self, offset: usize, from: &[u8], now: Time) {
        let effect = self.space.write(offset, from);
        if matches!(effect, Effect::Reset | Effect::Woke) {
            self.phy.reset(&self.config, now);
        }
        if effect != Effect::None {
            self.reset(now);
        }
    }

    /// The function has left the bus; whether that is noticed in time.
    fn absent(&mut self) -> Checked {
        self.after_removal += 1;
        let accesses = self.after_removal;
        hold(&rules::I82574_GONE, accesses <= self.config.patience, || {
            format!("{accesses} register accesses since the function was pulled out and read all ones")
        })
    }

    /// Whether the function still answers.
    fn present(&mut self) -> Checked<bool> {
        if !self.pulled && self.faults.take_this(Fault::Gone { after: 0 }) {
            self.leave();
        }
        self.faults.count_down(by_access);
        if self.pulled {
            self.absent()?;
        }
        Ok(!self.pulled)
    }

    fn awake(&self, offset: u64, what: &str) -> Checked {
        let hold =
            |rule, kept, why: &str| hold(rule, kept, || format!("offset {offset:#x} is {what} while {why}"));
        hold(&rules::I82574_POWER, !self.space.sleeps(), "the function is in D3")?;
        hold(&rules::I82574_MEMORY_OFF, self.space.decodes(), "the Command register has memory off")
    }

    pub fn read(&mut self, bar: usize, offset: u64, size: usize, now: Time) -> Checked<u64> {
        self.reads += 1;
        if !self.present()? {
            return Ok(u64::MAX >> (64 - 8 * size.clamp(1, 8)));
        }
        self.awake(offset, "read")?;
        if bar == 3 {
            return Ok(self.signals.read_table(offset).into());
        }
        let (offset, kind) = registers::decode(offset, size, false)?;
        let value = match kind {
            Kind::Counter => self.file.take_counter(offset),
            _ => self.value(offset, now),
        };
        // What a driver reads, changes and writes back would not be the device's fault any more.
        let told = [at::STATUS, at::EECD, at::EERD, at::MDIC, at::ICR, at::SWSM];
        if (kind == Kind::Counter || told.contains(&offset)) && self.faults.noise() {
            let mut bytes = [0; 4];
            self.random.fill(&mut bytes);
            self.misled = true;
            return Ok(u32::from_le_bytes(bytes).into());
        }
        if kind == Kind::Counter || told.contains(&offset) {
            let answer = self.faults.answer(offset, value);
            self.misled |= answer.is_some();
            return Ok(answer.unwrap_or(value).into());
        }
        Ok(value.into())
    }

    fn value(&mut self, offset: u32, now: Time) -> u32 {
        let stored = self.file.get(offset);
        match offset {
            at::CTRL_MIRROR => self.file.get(at::CTRL),
            at::STATUS => self.status(stored, now),
            at::EECD => stored | self.nvm.eecd(&self.faults, now),
            at::EERD => self.nvm.read_eerd(&self.faults, now),
            at::MDIC => self.phy.answer(now),
            at::ICR => self.signals.read_icr(&self.file),
            at::ICS => self.signals.causes(),
            at::IMS | at::IMC => self.signals.enabled(),
            at::SWSM => {
                self.file.change(at::SWSM, 0, SMBI);
                stored
            }
            _ => stored,
        }
    }

    fn status(&mut self, stored: u32, now: Time) -> u32 {
        self.look_at_link(None, now);
        let mut value = stored & !status::GIO_MASTER_EN;
        if let Some(link) = self.link {
            value |= status::LU | if link.full { status::FD } else { 0 };
            value |= match link.speed {
                10 => 0,
                100 => 1 << 6,
                _ => 2 << 6,
            };
        }
        // DMA is not outstanding between two polls.
        if !self.file.has(at::CTRL, ctrl::GIO_MASTER_DISABLE) {
            value |= status::GIO_MASTER_EN;
        }
        value
    }

    pub fn write(&mut self, bar: usize, offset: u64, size: usize, value: u64, now: Time) -> Checked {
        self.writes += 1;
        if !self.present()? {
            return Ok(());
        }
        self.awake(offset, "written")?;
        let value32 = value as u32;
        if bar == 3 {
            self.signals.write_table(offset, value32);
            return Ok(());
        }
        let (offset, kind) = registers::decode(offset, size, true)?;
        rings::check(&self.file, self.resets, offset, value32)?;
        if let Kind::Write(mask) = kind {
            self.file.change(offset, mask, value32 & mask);
        }
        match self.act(offset, value32, now) {
            // A driver that was told that a transaction is over cannot know better.
            Err(breach) if self.misled && SERIAL.iter().any(|&rule| std::ptr::eq(rule, breach.rule)) => {
                Ok(())
            }
            result => result,
        }
    }

    /// What a write does beside being stored.
    fn act(&mut self, offset: u32, value: u32, now: Time) -> Checked {
        match offset {
            at::CTRL | at::CTRL_MIRROR => self.control(value, now),
            at::CTRL_EXT if value & ctrl_ext::EE_RST != 0 => {
                self.nvm.reset(now.after(self.config.delays.reset));
            }
            at::EERD => self.nvm.write_eerd(value, now.after(self.config.delays.nvm), now)?,
            at::MDIC => {
                let owned = self.file.has(at::EXTCNF_CTRL, MDIO_SW_OWNERSHIP);
                self.phy.command(&self.config, &mut self.faults, owned, value, now)?;
            }
            at::ICR => self.signals.write_icr(value),
            at::ICS => self.signals.raise(value),
            at::IMS => self.signals.write_ims(value)?,
            at::IMC => self.signals.write_imc(value),
            at::EXTCNF_CTRL => {
                let granted = if self.faults.has(Fault::MdioTaken) { 0 } else { value & MDIO_SW_OWNERSHIP };
                self.file.change(offset, MDIO_SW_OWNERSHIP, granted);
            }
            at::SWSM => self.file.set(offset, value & 3),
            at::EEWR => self.file.set(offset, WRITTEN),
            _ => {}
        }
        Ok(())
    }

    fn control(&mut self, value: u32, now: Time) {
        let stored = value & !(ctrl::RST | ctrl::PHY_RST);
        self.file.set(at::CTRL, stored);
        if value & ctrl::RST != 0 {
            self.reset(now);
        }
        if value & ctrl::PHY_RST != 0 {
            self.phy.reset(&self.config, now);
            self.file.change(at::STATUS, 0, status::PHYRA);
        }
    }

    /// The link as the PHY has it, and CTRL lets it be. A change raises LSC.
    fn look_at_link(&mut self, plugged: Option<bool>, now: Time) {
        if let Some(plugged) = plugged {
            self.phy.tick(&self.config, plugged, now);
        }
        let up = self.phy.link().filter(|_| self.file.has(at::CTRL, ctrl::SLU));
        let forced = self.file.get(at::CTRL);
        let link = up.map(|link| Link {
            speed: match forced >> 8 & 3 {
                speed if forced & ctrl::FRCSPD != 0 => [10, 100, 1000, 1000][speed as usize],
                _ => link.speed,
            },
            full: if forced & ctrl::FRCDPX != 0 { forced & ctrl::FD != 0 } else { link.full },
        });
        if std::mem::replace(&mut self.link, link) != link {
            self.signals.raise(cause::LSC);
        }
    }

    fn below(&mut self, limit: u32) -> u32 {
        let mut bytes = [0; 4];
        self.random.fill(&mut bytes);
        u32::from_le_bytes(bytes) % limit.max(1)
    }

    /// Sends what interrupts are due.
    pub fn update(&mut self, now: Time) {
        self.held = self.signals.update(&self.space, &self.file, &mut self.faults, now);
    }

    /// Whether a poll would get anything anywhere now.
    pub fn has_work(&self, wire: &Wire) -> bool {
        let sends = self.link.is_some() && self.queues.iter().any(|q| q.has_work(&self.file, &self.faults));
        let receives = self.receiver.has_work(&self.file, wire, self.link.is_some(), &self.faults);
        let works = sends || receives || self.signals.has_work() || self.faults.has_work();
        !self.pulled && works && !self.space.sleeps()
    }

    /// When something happens by itself.
    pub fn due(&self) -> Option<Time> {
        let delays = self.delays.iter().map(|delay| delay.due);
        if self.pulled { None } else { delays.chain([self.phy.due(), self.held]).flatten().min() }
    }

    /// Works, for as long as the seed says.
    pub fn poll(&mut self, ram: &Ram, memory: &Memory, wire: &Wire, now: Time) -> Checked {
        if self.pulled || self.space.sleeps() {
            return Ok(());
        }
        self.look_at_link(Some(wire.is_plugged()), now);
        self.signals.poll(&self.space, &mut self.faults);
        let causes = |fault| if let Fault::Causes { causes } = fault { Some(causes) } else { None };
        if let Some(causes) = self.faults.take(causes) {
            self.signals.raise(causes);
        }
        let dma = Dma { ram, memory, master: self.space.masters() };
        let up = self.link.is_some();
        for number in 0..self.queues.len() {
            let most = 1 + self.below(self.config.descriptors);
            let Some(queue) = self.queues.get_mut(number).filter(|_| up) else { continue };
            let outcome = queue.work(&mut self.file, &dma, wire, &mut self.faults, most)?;
            self.interrupt(1, outcome.causes, outcome.delayed, now);
        }
        let most = 1 + self.below(self.config.frames);
        let causes = self.receiver.work(&mut self.file, &dma, (wire, up), &mut self.faults, most)?;
        self.interrupt(0, causes, true, now);
        for delay in &mut self.delays {
            if delay.due.is_some_and(|due| due <= now) {
                self.signals.raise(std::mem::take(delay).causes);
            }
        }
        self.update(now);
        Ok(())
    }

    /// Raises causes, now or when the delay timers of receiver (0) or transmitter (1) have run out.
    fn interrupt(&mut self, which: usize, causes: u32, delayed: bool, now: Time) {
        let (registers, timed) = match which {
            0 => ([at::RDTR, at::RADV], cause::RXT0 | cause::RXQ0),
            _ => ([at::TIDV, at::TADV], cause::TXDW | cause::TXQ0 | cause::TXQ0 << 1),
        };
        let [relative, absolute] = registers.map(|offset| {
            let units = u64::from(self.file.get(offset) & 0xFFFF);
            (units != 0).then(|| now.after(Duration::from_nanos(1024 * units)))
        });
        let Some(delay) = self.delays.get_mut(which) else { return };
        if !delayed || relative.is_none() {
            return self.signals.raise(causes);
        }
        self.signals.raise(causes & !timed);
        if causes & timed != 0 {
            delay.causes |= causes & timed;
            delay.latest = delay.latest.or(absolute);
            delay.due = [relative, delay.latest].into_iter().flatten().min();
        }
    }

    /// The function leaves the bus.
    pub fn leave(&mut self) {
        self.pulled = true;
        self.signals.disconnect(&mut self.space);
    }

    /// What must not be left when the driver lets go of the interrupt.
    pub fn check_quiet(&self) -> Checked {
        self.check_disabled("the interrupt is disconnected", &rules::I82574_LEFT_DISCONNECTED)
    }

    fn check_disabled(&self, when: &str, rule: &'static Rule) -> Checked {
        let enabled = self.signals.enabled();
        hold(rule, enabled == 0 || self.pulled, || format!("{when} while IMS has {enabled:#x} enabled"))
    }

    /// What must not be left when the driver is removed.
    pub fn check_removed(&self) -> Checked {
        self.check_disabled("the driver is removed", &rules::I82574_LEFT_INTERRUPT)?;
        for (rule, on, what) in [
            (&rules::I82574_LEFT_RECEIVER, self.file.has(at::RCTL, rctl::EN), "receiver"),
            (&rules::I82574_LEFT_TRANSMITTER, self.file.has(at::TCTL, tctl::EN), "transmitter"),
        ] {
            hold(rule, !on || self.pulled, || format!("the {what} is still on after the driver's removal"))?;
        }
        Ok(())
    }

    /// What the function is made for.
    pub fn kind(&self) -> Interrupts {
        self.config.interrupts
    }
}
