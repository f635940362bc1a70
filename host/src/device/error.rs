//! What can go wrong with a machine, each with what to do about it.

use super::qemu::Version;
use std::{fmt, io, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};

/// The result of asking a machine for something.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a machine could not do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// QEMU is not installed.
    #[error("QEMU was not found: there is no `{}`. Install it (Debian: `apt-get install qemu-system-x86`) or name its path", .program.display())]
    NotInstalled {
        /// The program looked for.
        program: PathBuf,
    },
    /// QEMU is there and could not be executed.
    #[error("`{}` cannot be run: {error}. Check that it is an executable QEMU (qemu-system-x86_64)", .program.display())]
    NotRun {
        /// The program.
        program: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
    },
    /// QEMU is older than what it is driven by.
    #[error("`{}` is QEMU {version}, too old: {} or later is needed (Debian 12 has 7.2: `apt-get install qemu-system-x86`)", .program.display(), Version::MINIMUM)]
    TooOld {
        /// The program.
        program: PathBuf,
        /// Its version.
        version: Version,
    },
    /// The program does not talk like QEMU.
    #[error("`{} --version` does not answer as QEMU does (it said \"{said}\"): name a qemu-system-x86_64", .program.display())]
    NotQemu {
        /// The program.
        program: PathBuf,
        /// Its answer.
        said: String,
    },
    /// QEMU ended, or had to be ended, before it was ready.
    #[error("QEMU did not start: {0}")]
    NotStarted(Arc<Gone>),
    /// QEMU ended, or had to be ended, while it was in use.
    #[error("the machine is gone: {0}")]
    Gone(Arc<Gone>),
    /// The configuration asks for something that cannot be.
    #[error("machine configuration: {0}")]
    Config(String),
    /// A register access that no machine has.
    #[error("access of {size} bytes at offset {offset:#x} of {what}: {why}")]
    Access {
        /// The window.
        what: String,
        /// Where in it.
        offset: u64,
        /// Bytes.
        size: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Every message is in use.
    #[error("all {0} interrupt messages are in use: configure the machine with more")]
    NoMessage(u16),
    /// QEMU refused a command of its monitor.
    #[error("QEMU refused `{command}`: {reason}")]
    Refused {
        /// The command.
        command: String,
        /// QEMU's words.
        reason: String,
    },
    /// The machine has no such NIC, or it is not connected that way.
    #[error("NIC {nic}: {why}")]
    Nic {
        /// Its number in the configuration.
        nic: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The wire could not carry a frame.
    #[error("a frame of {len} bytes: {why}")]
    Frame {
        /// Bytes of the frame.
        len: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// This machine's operating system refused something.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        error: Arc<io::Error>,
    },
}

impl Error {
    /// Wraps what the system said about `what`.
    pub(super) fn system(what: impl Into<String>, error: impl Into<io::Error>) -> Self {
        Self::System { what: what.into(), error: Arc::new(error.into()) }
    }
}

/// How a machine ended.
#[derive(Clone, Debug)]
pub enum Cause {
    /// QEMU exited or was killed by somebody else.
    Exited(ExitStatus),
    /// QEMU was ended on request.
    Stopped,
    /// QEMU did not answer in time and was killed.
    Silent {
        /// What it was asked.
        asked: String,
        /// How long it had.
        bound: Duration,
    },
    /// QEMU said something that could not be understood and was killed.
    Garbled {
        /// What it was asked.
        asked: String,
        /// What it said.
        said: String,
    },
    /// A connection to QEMU broke in another way; it was killed.
    Broken(Arc<io::Error>),
}

/// A machine that is gone, and its last words.
#[derive(Clone, Debug)]
pub struct Gone {
    /// Why.
    pub cause: Cause,
    /// The last lines that QEMU wrote to its standard error.
    pub last_words: Vec<String>,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Exited(status) => write!(f, "QEMU ended with {status}"),
            Cause::Stopped => write!(f, "it was stopped on request"),
            Cause::Silent { asked, bound } => {
                write!(
                    f,
                    "QEMU did not answer `{asked}` within {bound:?} and was killed; is this machine overloaded, or QEMU stopped?"
                )
            }
            Cause::Garbled { asked, said } => {
                write!(
                    f,
                    "QEMU answered `{asked}` with \"{said}\", which makes no sense here, and was killed"
                )
            }
            Cause::Broken(error) => write!(f, "the connection to QEMU broke ({error}); it was killed"),
        }?;
        if self.last_words.is_empty() {
            return Ok(());
        }
        write!(f, "; it said:")?;
        self.last_words.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
