//! A machine in QEMU: Debian's, unmodified, as a child process that has nothing but our descriptors.
//!
//! Its registers are reached by the qtest protocol, its NICs do DMA in RAM that this process shares,
//! their interrupt messages arrive as events, and their frames on a socket. The CPU sleeps.

mod backend;
mod config;
mod doorbell;
mod firmware;
mod lines;
mod offers;
mod plan;
mod process;
mod qmp;
mod qtest;
#[cfg(test)]
mod tests;
mod version;
mod wire;

pub use config::{Config, HostForward, Mac, Network, Nic};
pub use offers::{Offer, Offers, offers};
pub use version::Version;
pub use wire::Wire;

use super::{Cause, Counters, Error, Gone, Ram, Result};
use crate::bus::{Bdf, Message, register};
use doorbell::Doorbell;
use lines::{How, Lost};
use plan::{DOORBELL, Plan};
use process::Process;
use qmp::{Failure, Qmp};
use qtest::Qtest;
use rustix::event::{EventfdFlags, epoll, eventfd};
use serde_json::{Value, json};
use std::{
    fmt,
    marker::PhantomData,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    process::ExitStatus,
    sync::Arc,
    time::{Duration, Instant},
};

/// The program that is looked for in PATH.
pub const PROGRAM: &str = "qemu-system-x86_64";

/// Where the configuration space of every function is mapped (the board's PCIEXBAR register).
const ECAM: u64 = 0xB000_0000;
/// PCIEXBAR: its offset in the host bridge, and the bit that turns the window on.
const PCIEXBAR: u16 = 0x60;
const PCIEXBAR_ENABLE: u64 = 1;
/// The doorbell's registers, its MSI-X table and its memory: above the window for NICs.
const DOORBELL_BARS: [(u16, u64); 3] = [(0, 0xFD00_0000), (1, 0xFD01_0000), (2, 0xFD02_0000)];
/// How long a QEMU that has closed its sockets may take to be gone.
const EXIT_BOUND: Duration = Duration::from_secs(2);
/// How long QEMU may take until messages arrive.
const DOORBELL_BOUND: Duration = Duration::from_secs(10);
/// How long `--version` may take.
const VERSION_BOUND: Duration = Duration::from_secs(10);

/// Who can make [`poll_fd`](super::Backend::poll_fd) readable: messages by number, and these.
mod source {
    pub const QTEST: u64 = u64::MAX;
    pub const CHANGES: u64 = u64::MAX - 1;
}

/// A machine in QEMU.
///
/// It stays on the thread that started it: Linux ends QEMU when that thread ends, so that QEMU cannot
/// outlive this process however it dies. Dropping the machine kills QEMU and waits for it.
///
/// Whatever goes wrong with QEMU shows as [`Error::Gone`], from every call from then on.
#[derive(Debug)]
pub struct Machine {
    process: Process,
    qtest: Qtest,
    qmp: Qmp,
    doorbell: Doorbell,
    wires: Vec<Option<Arc<Wire>>>,
    ram: Arc<Ram>,
    version: Version,
    gone: Option<Arc<Gone>>,
    poll: OwnedFd,
    /// Signalled while changes of interrupt inputs wait that came along with an answer.
    changes: OwnedFd,
    changes_signalled: bool,
    /// Inputs of the interrupt controller that are asserted, one bit each.
    asserted: u32,
    counters: Counters,
    /// Not `Send`; see above.
    thread: PhantomData<*const ()>,
}

impl Machine {
    /// Starts QEMU with `ram` and returns when the machine answers.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::NotInstalled`], [`Error::NotRun`], [`Error::TooOld`],
    /// [`Error::NotQemu`], [`Error::NotStarted`] with QEMU's own words, [`Error::System`].
    pub fn start(config: &Config, ram: &Arc<Ram>) -> Result<Self> {
        let plan = Plan::new(config, ram)?;
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|e| Error::system("epoll", e))?;
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let changes = eventfd(0, flags).map_err(|e| Error::system("eventfd", e))?;
        let process = Process::spawn(&config.program, &plan.args, plan.inherited, None)?;
        let mut machine = Self {
            process,
            qtest: Qtest::new(plan.qtest),
            qmp: Qmp::new(plan.qmp),
            doorbell: plan.doorbell,
            wires: plan.wires,
            ram: ram.clone(),
            version: Version::MINIMUM,
            gone: None,
            poll,
            changes,
            changes_signalled: false,
            asserted: 0,
            counters: Counters::default(),
            thread: PhantomData,
        };
        match machine.bring_up(config) {
            Ok(()) => Ok(machine),
            Err(error) => Err(explain(error, &config.program)),
        }
    }

    /// QEMU's version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// QEMU's process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Where the NICs are, in the order of the configuration.
    #[must_use]
    pub fn nics(&self) -> Vec<Bdf> {
        (0..self.wires.len()).map(Plan::nic_address).collect()
    }

    /// The far end of a NIC's cable.
    ///
    /// # Errors
    /// [`Error::Nic`] if there is no such NIC or it is not on [`Network::Dgram`].
    pub fn wire(&self, nic: usize) -> Result<Arc<Wire>> {
        let wire =
            self.wires.get(nic).ok_or(Error::Nic { nic, why: "the machine has none of this number" })?;
        wire.clone().ok_or(Error::Nic { nic, why: "it is not connected to a wire of this process" })
    }

    /// Plugs a NIC's cable in or pulls it; the NIC notices as real ones do.
    ///
    /// # Errors
    /// [`Error::Nic`], [`Error::Gone`].
    pub fn set_link(&mut self, nic: usize, up: bool) -> Result<()> {
        if nic >= self.wires.len() {
            return Err(Error::Nic { nic, why: "the machine has none of this number" });
        }
        self.monitor("set_link", &json!({ "name": format!("nic{nic}"), "up": up })).map(drop)
    }

    /// QEMU's word for the state of the machine: "running" unless something is wrong.
    ///
    /// # Errors
    /// [`Error::Gone`].
    pub fn status(&mut self) -> Result<String> {
        let status = self.monitor("query-status", &Value::Null)?;
        Ok(status["status"].as_str().unwrap_or("unknown").into())
    }

    /// Gives QEMU's monitor a command, after every posted write has been carried out. `Null`
    /// arguments are none.
    ///
    /// # Errors
    /// [`Error::Refused`] with QEMU's words, [`Error::Gone`].
    pub fn monitor(&mut self, command: &str, arguments: &Value) -> Result<Value> {
        self.talk(Qtest::drain)?;
        let result = self.qmp.execute(command, arguments);
        self.understood(result)
    }

    /// Resets every device as the reset button does: BARs and registers hold what they hold at power-on.
    ///
    /// # Errors
    /// [`Error::Gone`].
    pub fn reset(&mut self) -> Result<()> {
        self.qmp.forget_events();
        self.monitor("system_reset", &Value::Null)?;
        let done = self.qmp.wait_event("RESET").map_err(Failure::from);
        self.understood(done)?;
        self.place_doorbell()
    }

    /// Asks QEMU to end, and kills it if it does not within a moment. Also writes what QEMU may hold back.
    ///
    /// # Errors
    /// [`Error::Gone`] if it was gone before.
    pub fn quit(&mut self) -> Result<()> {
        // QEMU may be gone before its answer is; either way it ends.
        let asked = self.monitor("quit", &Value::Null);
        match &asked {
            Err(Error::Gone(gone)) if !matches!(gone.cause, Cause::Exited(status) if status.success()) => {
                return asked.map(drop);
            }
            _ => {}
        }
        self.process.wait(EXIT_BOUND);
        self.kill();
        Ok(())
    }

    /// Kills QEMU and waits for it.
    pub fn kill(&mut self) {
        self.process.kill();
        self.gone.get_or_insert_with(|| Arc::new(Gone { cause: Cause::Stopped, last_words: Vec::new() }));
    }

    /// How QEMU ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.process.status()
    }

    /// How the machine was lost, if that has been noticed.
    #[must_use]
    pub fn gone(&self) -> Option<&Arc<Gone>> {
        self.gone.as_ref()
    }

    /// Everything between a running process and a machine that answers.
    fn bring_up(&mut self, config: &Config) -> Result<()> {
        let greeted = self.qmp.greet();
        self.version = self.understood(greeted)?;
        if self.version < Version::MINIMUM {
            return Err(Error::TooOld { program: config.program.clone(), version: self.version });
        }
        self.ask(format_args!("irq_intercept_in ioapic"))?;
        self.place_doorbell()?;
        self.watch().map_err(|e| Error::system("epoll", e))?;
        for lines in [self.qtest.lines(), self.qmp.lines()] {
            lines.set_bound(config.answer_bound).map_err(|e| Error::system("a socket for QEMU", e))?;
        }
        Ok(())
    }

    /// Maps configuration space and the doorbell, and makes sure that every message arrives.
    fn place_doorbell(&mut self) -> Result<()> {
        self.ask(format_args!("outl 0xcf8 {:#x}", 0x8000_0000 | u32::from(PCIEXBAR)))?;
        self.ask(format_args!("outl 0xcfc {:#x}", ECAM | PCIEXBAR_ENABLE))?;
        let registers = ECAM + DOORBELL.ecam_offset();
        for (index, base) in DOORBELL_BARS {
            let bar = registers + u64::from(register::BAR0 + 4 * index);
            self.ask(format_args!("writel {bar:#x} {base:#x}"))?;
        }
        let command = registers + u64::from(register::COMMAND);
        self.ask(format_args!("writew {command:#x} {:#x}", crate::bus::command::MEMORY))?;
        self.try_doorbell()
    }

    /// QEMU takes the events in while it runs, the last one last: rings until that one answers.
    fn try_doorbell(&mut self) -> Result<()> {
        let last = self.doorbell.count() - 1;
        let Message { address, data } = Self::message(last);
        let (since, bound) = (Instant::now(), DOORBELL_BOUND);
        while self.doorbell.rings(last) == 0 {
            if since.elapsed() > bound {
                let asked = "to ring the doorbell".into();
                return Err(self.lost(Lost { asked, how: How::Silent(bound) }));
            }
            self.ask(format_args!("writel {address:#x} {data:#x}"))?;
        }
        Ok(())
    }

    /// Collects everything that can wake a sleeper behind one descriptor.
    fn watch(&self) -> rustix::io::Result<()> {
        let add = |fd: std::os::fd::BorrowedFd<'_>, source| {
            epoll::add(&self.poll, fd, epoll::EventData::new_u64(source), epoll::EventFlags::IN)
        };
        for (message, event) in self.doorbell.events().iter().enumerate() {
            add(event.as_fd(), message as u64)?;
        }
        // This one also tells that QEMU has ended.
        add(self.qtest.as_fd(), source::QTEST)?;
        add(self.changes.as_fd(), source::CHANGES)
    }

    /// What writes message `number`.
    fn message(number: u16) -> Message {
        let [(_, doorbell), ..] = DOORBELL_BARS;
        Message { address: doorbell + doorbell::REGISTER, data: number.into() }
    }

    /// Asks by qtest and waits for the answer.
    fn ask(&mut self, command: fmt::Arguments<'_>) -> Result<u64> {
        self.talk(|qtest| qtest.ask(command))
    }

    /// Sends by qtest without waiting.
    fn post(&mut self, command: fmt::Arguments<'_>) -> Result<()> {
        self.talk(|qtest| qtest.post(command))
    }

    fn talk<T>(&mut self, about: impl FnOnce(&mut Qtest) -> std::result::Result<T, Lost>) -> Result<T> {
        self.still_there()?;
        let result = about(&mut self.qtest).and_then(|value| self.qtest.take_in().map(|()| value));
        if self.qtest.has_changes() && !self.changes_signalled {
            // What came along with the answer no longer makes the socket readable.
            let signalled = rustix::io::write(&self.changes, &1u64.to_ne_bytes());
            self.changes_signalled = signalled.is_ok();
        }
        result.map_err(|lost| self.lost(lost))
    }

    fn still_there(&self) -> Result<()> {
        self.gone.as_ref().map_or(Ok(()), |gone| Err(Error::Gone(gone.clone())))
    }

    fn understood<T>(&mut self, result: std::result::Result<T, Failure>) -> Result<T> {
        result.map_err(|failure| match failure {
            Failure::Lost(lost) => self.lost(lost),
            Failure::Refused { command, reason } => Error::Refused { command, reason },
        })
    }

    /// Finds out what became of QEMU, ends it if it has not ended, and remembers.
    fn lost(&mut self, lost: Lost) -> Error {
        if let Some(gone) = &self.gone {
            return Error::Gone(gone.clone());
        }
        let Lost { asked, how } = lost;
        let ended = match how {
            How::Closed => self.process.wait(EXIT_BOUND),
            _ => self.process.status(),
        };
        let cause = match (ended, how) {
            (Some(status), _) => Cause::Exited(status),
            (None, How::Closed) => Cause::Silent { asked, bound: EXIT_BOUND },
            (None, How::Silent(bound)) => Cause::Silent { asked, bound },
            (None, How::Garbled(said)) => Cause::Garbled { asked, said },
            (None, How::Io(error)) => Cause::Broken(Arc::new(error)),
        };
        self.process.kill();
        let gone = Arc::new(Gone { cause, last_words: self.process.last_words() });
        self.gone = Some(gone.clone());
        Error::Gone(gone)
    }
}

/// Finds out why QEMU did not come up; the reason may be that it is no QEMU, or an old one.
fn explain(error: Error, program: &Path) -> Error {
    let Error::Gone(gone) = error else { return error };
    match version_of(program) {
        Ok(version) if version < Version::MINIMUM => Error::TooOld { program: program.into(), version },
        Err(error @ Error::NotQemu { .. }) => error,
        _ => Error::NotStarted(gone),
    }
}

/// Asks a program for its version.
fn version_of(program: &Path) -> Result<Version> {
    let output = process::run(program, &["--version"], VERSION_BOUND)?;
    let said = output.stdout.lines().next().unwrap_or_default();
    Version::parse(said).ok_or_else(|| Error::NotQemu { program: program.into(), said: said.into() })
}
