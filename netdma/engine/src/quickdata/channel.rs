//! One channel of a function.

use super::{
    MessageTable,
    completions::read_status,
    regs::{self, Layout, Version},
};
use crate::{Chains, Engine, Error, Limits, Refusal, Status, Word, check_publication, raw::Registers};

/// CHANCTRL of a channel in use: errors stop it, are written and interrupt.
pub(super) const CONTROL: u16 = regs::ERR_INT_EN | regs::ANY_ERR_ABORT_EN | regs::ERR_COMPLETION_EN;

/// How often a state is looked for, a microsecond apart. The longest transfer of 1 MiB takes less than a tenth of it.
const PATIENCE: u32 = 10_000;

/// What a channel needs of the kernel. IRQL <= `DISPATCH_LEVEL`.
pub trait Kernel {
    /// Busy for about so many microseconds.
    fn stall(&self, microseconds: u32);

    /// Runs `body` while the channel's service routine does not run.
    fn alone<V>(&self, body: impl FnOnce() -> V) -> V;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Reset and programmed: a start is two writes.
    Fresh,
    /// Started: at work, or done with everything.
    Started,
    Suspended,
    /// Aborted, failed or stuck: a start resets it first.
    Halted,
}

/// See the module.
#[derive(Debug)]
pub struct Channel<R, K, T> {
    registers: R,
    kernel: K,
    table: T,
    layout: Layout,
    version: Version,
    limits: Limits,
    completion: u64,
    state: State,
    /// DMACOUNT as it was last written.
    published: u16,
    /// What the channel was suspended after.
    last: u64,
    error: Option<Error>,
    /// An error that nobody has taken yet.
    failure: Option<Error>,
}

impl<R: Registers, K: Kernel, T: MessageTable> Channel<R, K, T> {
    /// Channel `index`; nothing is written yet.
    pub const fn new(registers: R, kernel: K, table: T, index: u8, version: Version, limits: Limits) -> Self {
        Self {
            registers,
            kernel,
            table,
            layout: Layout::new(index, version),
            version,
            limits,
            completion: 0,
            state: State::Halted,
            published: 0,
            last: 0,
            error: None,
            failure: None,
        }
    }

    /// Chains as the hardware ends them.
    #[must_use]
    pub const fn chains(&self) -> Chains {
        if self.version.counts() { Chains::Counted } else { Chains::Terminated }
    }

    /// Resets it and has it report at `completion`, the physical address of the completion word (NDMA-CH-05).
    ///
    /// # Errors
    /// The hardware does not answer.
    pub fn allocate(&mut self, completion: u64) -> Result<(), Refusal> {
        self.completion = completion;
        self.renew()
    }

    /// Nothing of it is used any more: reset, and no address of the client's is left in it.
    pub fn free(&mut self) {
        // A device that does not answer has nothing that could be taken from it.
        let _ = self.reset_hardware();
        self.completion = 0;
        self.state = State::Halted;
        self.failure = None;
    }

    /// Looks for an error after an interrupt that may be for one: the causes. They are cleared, and the channel waits
    /// for a start.
    ///
    /// # Errors
    /// The device has left the bus.
    pub fn take_error(&mut self) -> Result<Error, Refusal> {
        let causes = self.registers.read32(self.layout.chanerr());
        if causes == u32::MAX {
            self.give_up();
            return Err(Refusal::Gone);
        }
        if causes != 0 {
            self.registers.write32(self.layout.chanerr(), causes);
            self.error = Some(Error(causes));
            self.failure = self.error;
            self.state = State::Halted;
        }
        Ok(Error(causes))
    }

    /// There is an error that the client has to hear of.
    #[must_use]
    pub const fn has_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// An error that the client has to hear of, once. One without causes is a channel that was given up. A start, a
    /// reset and the end of the allocation forget it.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// CHANSTS, for a watchdog. All ones if the device is gone.
    pub fn status(&self) -> Word {
        let read = || read_status(&self.registers, self.layout, self.version);
        // Two halves are not to be mixed with those that the service routine reads.
        if self.version.reads_status_whole() { read() } else { self.kernel.alone(read) }
    }

    /// There may be descriptors that are not done.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.state == State::Started
    }

    /// The hardware does not go on although it should, or is gone: what was started has failed. It is stopped, so that
    /// it touches nothing any more when the client hears of it.
    pub fn give_up(&mut self) {
        if matches!(self.state, State::Started | State::Suspended) {
            self.failure = Some(Error(0));
        }
        // One that does not stop, either, can only be reset, which a start does.
        let _ = self.abort();
        self.state = State::Halted;
    }

    fn command(&self, command: u8) {
        self.registers.write8(self.layout.chancmd(), command);
    }

    /// Waits for a status.
    fn wait(&self, wanted: impl Fn(Status) -> bool) -> Result<Word, Refusal> {
        for _ in 0..PATIENCE {
            let word = self.status();
            if word.0 == u64::MAX {
                return Err(Refusal::Gone);
            }
            if word.status().is_some_and(&wanted) {
                return Ok(word);
            }
            self.kernel.stall(1);
        }
        Err(Refusal::Stuck)
    }

    fn reset_hardware(&mut self) -> Result<(), Refusal> {
        self.table.save();
        let command = || self.command(regs::RESET);
        // It would take the latch away between the halves that the service routine reads.
        if self.version.reads_status_whole() {
            command();
        } else {
            self.kernel.alone(command);
        }
        let done = self.reset_is_done();
        self.table.restore();
        done
    }

    fn reset_is_done(&self) -> Result<(), Refusal> {
        for _ in 0..PATIENCE {
            match self.registers.read8(self.layout.chancmd()) {
                u8::MAX => return Err(Refusal::Gone),
                command if command & regs::RESET == 0 => return Ok(()),
                _ => self.kernel.stall(1),
            }
        }
        Err(Refusal::Stuck)
    }

    /// As after allocation.
    fn renew(&mut self) -> Result<(), Refusal> {
        self.state = State::Halted;
        self.reset_hardware()?;
        let layout = self.layout;
        let stale = self.registers.read32(layout.chanerr());
        if stale == u32::MAX {
            return Err(Refusal::Gone);
        }
        self.registers.write32(layout.chanerr(), stale);
        self.registers.write32(layout.chanerr_mask(), 0);
        self.registers.write32(layout.dcactrl(), regs::DCA_ANY_CPU);
        self.write_address(layout.chancmp(), self.completion);
        self.registers.write16(layout.chanctrl(), CONTROL | regs::INT_REARM);
        (self.published, self.last, self.error, self.failure) = (0, 0, None, None);
        self.state = State::Fresh;
        Ok(())
    }

    /// An address: whole, or the low half first where CHAINADDR is not qword aligned.
    fn write_address(&self, offset: u32, address: u64) {
        if offset.is_multiple_of(8) {
            self.registers.write64(offset, address);
        } else {
            self.registers.write32(offset, (address & 0xFFFF_FFFF) as u32);
            self.registers.write32(offset.wrapping_add(4), (address >> 32) as u32);
        }
    }

    fn quiesce(&mut self) -> Result<Word, Refusal> {
        self.command(regs::SUSPEND);
        self.wait(|status| matches!(status, Status::Suspended | Status::Halted))
    }

    /// Makes the channel fresh, whatever it does: the current descriptor is finished first.
    fn stop(&mut self) -> Result<(), Refusal> {
        // One that is stuck is reset all the same.
        if self.state == State::Started
            && let Err(Refusal::Gone) = self.quiesce()
        {
            return Err(Refusal::Gone);
        }
        self.renew()
    }

    fn halted<V>(&mut self, result: Result<V, Refusal>) -> Result<V, Refusal> {
        if result.is_err() {
            self.state = State::Halted;
        }
        result
    }

    fn failed(&self) -> Refusal {
        self.error.map_or(Refusal::State, Refusal::Failed)
    }

    fn publish(&mut self, count: u32) {
        self.published = self.published.wrapping_add((count & 0xFFFF) as u16);
        self.registers.write16(self.layout.dmacount(), self.published);
    }

    fn try_start(&mut self, first: u64, count: u32) -> Result<(), Refusal> {
        check_publication(self.chains(), count, 0)?;
        self.limits.descriptor(first).map_err(Refusal::Descriptor)?;
        if self.state != State::Fresh {
            self.stop()?;
        }
        self.write_address(self.layout.chainaddr(), first);
        if self.version.counts() {
            self.publish(count);
        } else {
            self.command(regs::START);
        }
        self.state = State::Started;
        Ok(())
    }
}

impl<R: Registers, K: Kernel, T: MessageTable> Engine for Channel<R, K, T> {
    fn start(&mut self, first: u64, count: u32) -> Result<(), Refusal> {
        let result = self.try_start(first, count);
        if result.is_err() && self.state == State::Started {
            // The old chain is abandoned as well (NDMA-XFER-16 is silent).
            let _ = self.stop();
        }
        self.halted(result)
    }

    fn append(&mut self, count: u32) -> Result<(), Refusal> {
        match self.state {
            State::Fresh => return Err(Refusal::State),
            State::Halted => return Err(self.failed()),
            State::Started | State::Suspended => {}
        }
        check_publication(self.chains(), count, 0)?;
        if self.version.counts() {
            self.publish(count);
        } else if self.state == State::Started {
            self.command(regs::APPEND);
        }
        Ok(())
    }

    fn suspend(&mut self) -> Result<u64, Refusal> {
        match self.state {
            State::Fresh => return Err(Refusal::State),
            State::Halted => return Err(self.failed()),
            State::Suspended => return Ok(self.last),
            State::Started => {}
        }
        let result = self.quiesce();
        let word = self.halted(result)?;
        if word.status() == Some(Status::Halted) {
            let error = self.take_error()?;
            self.state = State::Halted;
            return Err(Refusal::Failed(error));
        }
        self.state = State::Suspended;
        self.last = word.address();
        Ok(self.last)
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        if self.state != State::Suspended {
            return Err(Refusal::State);
        }
        self.command(regs::RESUME);
        self.state = State::Started;
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Refusal> {
        if self.state == State::Halted {
            return Ok(());
        }
        let fresh = self.state == State::Fresh;
        self.state = State::Halted;
        if fresh {
            return Ok(());
        }
        self.command(regs::ABORT);
        match self.wait(|status| status == Status::Halted) {
            // A channel that ignores the command cannot ignore a reset.
            Err(Refusal::Stuck) => self.reset_hardware(),
            result => result.map(drop),
        }
    }

    fn reset(&mut self) -> Result<(), Refusal> {
        self.renew()
    }
}
