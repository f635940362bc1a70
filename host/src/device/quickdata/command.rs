//! One channel: its commands.

use super::{
    Config, Fault,
    bits::chancmd,
    breach::{Breach, Checked},
    channel::{Channel, State},
    dma::Dma,
    engine::word,
};
use crate::verify::rules;

impl Channel {
    /// CHANCMD is written.
    pub(super) fn command(&mut self, config: &Config, dma: &Dma, command: u8) -> Checked {
        *self.counters.commands.entry(command).or_default() += 1;
        match command {
            chancmd::START | chancmd::APPEND if config.version.counts() => {
                self.illegal(command, "the version has no such command: DMACOUNT starts it")
            }
            chancmd::START => self.start(config, dma),
            chancmd::APPEND => self.append(dma),
            chancmd::SUSPEND => self.suspend(config, dma),
            chancmd::ABORT => self.abort(dma),
            chancmd::RESUME => self.resume(config, dma),
            chancmd::RESET => {
                self.reset(1);
                Ok(())
            }
            _ => self.illegal(command, "not one of the commands"),
        }
    }

    fn illegal(&self, command: u8, why: &str) -> Checked {
        let detail = format!("channel {} ({:?}): command {command:#04x}: {why}", self.number, self.state);
        Err(Breach::new(&rules::QD_COMMAND, detail))
    }

    /// An error may halt the channel while the driver still thinks that it works; nothing else does so unasked.
    fn unless_failed(&self, command: u8, why: &str) -> Checked {
        if self.state == State::Halted && self.errors != 0 { Ok(()) } else { self.illegal(command, why) }
    }

    fn ignores_doorbell(&mut self) -> bool {
        self.counters.doorbells += 1;
        self.faults.take(|fault| (fault == Fault::DoorbellIgnored).then_some(())).is_some()
    }

    fn start(&mut self, config: &Config, dma: &Dma) -> Checked {
        if self.is_busy(config) {
            return self.illegal(chancmd::START, "the channel is active");
        }
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
        if self.state == State::Halted {
            return self.unless_failed(chancmd::APPEND, "the channel was not started");
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
        match self.state {
            State::Halted => self.unless_failed(chancmd::SUSPEND, "there is nothing to suspend"),
            State::Suspended => self.illegal(chancmd::SUSPEND, "it is suspended"),
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
        if self.state != State::Suspended {
            return self.unless_failed(chancmd::RESUME, "it is not suspended");
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
