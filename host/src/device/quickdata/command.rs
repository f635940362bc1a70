//! One channel: its commands.

use super::{
    Config, Fault,
    bits::chancmd,
    breach::Checked,
    channel::{Channel, State},
    dma::Dma,
    engine::word,
};
use crate::verify::{Rule, rules};

impl Channel {
    /// CHANCMD is written.
    pub(super) fn command(&mut self, config: &Config, dma: &Dma, command: u8) -> Checked {
        *self.counters.commands.entry(command).or_default() += 1;
        let newer = config.version.counts();
        let starts = matches!(command, chancmd::START | chancmd::APPEND);
        let known =
            starts || matches!(command, chancmd::SUSPEND | chancmd::ABORT | chancmd::RESUME | chancmd::RESET);
        self.obey(&rules::QD_COMMAND, known, command, "not one of the commands")?;
        let why = "the version has no such command: DMACOUNT starts it";
        self.obey(&rules::QD_COMMAND_VERSION, !(starts && newer), command, why)?;
        match command {
            chancmd::START => self.start(config, dma),
            chancmd::APPEND => self.append(dma),
            chancmd::SUSPEND => self.suspend(config, dma),
            chancmd::ABORT => self.abort(dma),
            chancmd::RESUME => self.resume(config, dma),
            _ => {
                self.reset(1);
                Ok(())
            }
        }
    }

    fn obey(&self, rule: &'static Rule, kept: bool, command: u8, why: &str) -> Checked {
        self.hold(rule, kept, || format!("command {command:#04x}: {why}"))
    }

    /// An error may halt the channel while the driver still thinks that it works; nothing else does so unasked.
    fn has_failed(&self) -> bool {
        self.state == State::Halted && self.errors != 0
    }

    fn ignores_doorbell(&mut self) -> bool {
        self.counters.doorbells += 1;
        self.faults.take(|fault| (fault == Fault::DoorbellIgnored).then_some(())).is_some()
    }

    fn start(&mut self, config: &Config, dma: &Dma) -> Checked {
        self.obey(&rules::QD_START, !self.is_busy(config), chancmd::START, "the channel is active")?;
        self.starts(dma)?;
        if !self.ignores_doorbell() {
            self.load();
            if self.chain_address() == 0 {
                return self.fail(dma, super::bits::chanerr::CHAIN);
            }
        }
        Ok(())
    }

    fn append(&mut self, dma: &Dma) -> Checked {
        let failed = self.has_failed();
        let started = self.state != State::Halted;
        self.obey(&rules::QD_APPEND, started || failed, chancmd::APPEND, "the channel was not started")?;
        if failed {
            return Ok(());
        }
        self.starts(dma)?;
        if self.ignores_doorbell() {
            return Ok(());
        }
        match self.state {
            State::Idle => {
                self.next = dma.descriptor(self.last)?.next;
                if self.next != 0 {
                    self.state = State::Active;
                }
            }
            // RESUME reads it anyway.
            State::Suspended => {}
            _ => self.appended = true,
        }
        Ok(())
    }

    fn suspend(&mut self, config: &Config, dma: &Dma) -> Checked {
        let (failed, command) = (self.has_failed(), chancmd::SUSPEND);
        let started = self.state != State::Halted;
        self.obey(&rules::QD_SUSPEND_HALTED, started || failed, command, "there is nothing to suspend")?;
        self.obey(&rules::QD_SUSPEND_TWICE, self.state != State::Suspended, command, "it is suspended")?;
        match self.state {
            State::Halted => Ok(()),
            _ if self.current.is_some() || self.is_stuck() && self.is_busy(config) => {
                self.suspending = true;
                Ok(())
            }
            _ => self.is_suspended(dma),
        }
    }

    /// The current descriptor, if there was one, is done.
    pub(super) fn is_suspended(&mut self, dma: &Dma) -> Checked {
        (self.suspending, self.ahead) = (false, None);
        self.state = State::Suspended;
        if self.last_updates { self.report(dma, word(self.last, State::Suspended)) } else { Ok(()) }
    }

    fn resume(&mut self, config: &Config, dma: &Dma) -> Checked {
        let suspended = self.state == State::Suspended;
        self.obey(&rules::QD_RESUME, suspended || self.has_failed(), chancmd::RESUME, "it is not suspended")?;
        if !suspended {
            return Ok(());
        }
        self.starts(dma)?;
        if self.last != 0 {
            self.next = dma.descriptor(self.last)?.next;
        }
        self.state = match (self.last, self.has_more(config.version.counts())) {
            (0, _) => State::Armed,
            (_, true) => State::Active,
            (_, false) => State::Idle,
        };
        Ok(())
    }

    fn abort(&mut self, dma: &Dma) -> Checked {
        let reports = self.current.take().is_some_and(|current| current.updates());
        (self.suspending, self.ahead) = (false, None);
        self.state = State::Halted;
        if reports { self.report(dma, word(self.last, State::Halted)) } else { Ok(()) }
    }
}
