//! QEMU as a child: it inherits exactly the descriptors it is given, and never survives its parent.

use super::super::{Error, Result};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{MemfdFlags, memfd_create},
    io::{FdFlags, fcntl_setfd},
    process::{Pid, PidfdFlags, Signal, getpid, getppid, pidfd_open, set_parent_process_death_signal},
};
use std::{
    ffi::OsString,
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{fs::FileExt, process::CommandExt},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

/// How much of QEMU's standard error is kept as its last words.
const LAST_BYTES: u64 = 4096;
const LAST_LINES: usize = 8;

/// A running QEMU. Dropping it kills it and waits for it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Readable once the child has ended.
    ended: OwnedFd,
    /// A file, not a pipe: QEMU can never block on it, and it is there when QEMU no longer is.
    stderr: File,
}

impl Process {
    /// Starts `program`. `inherited` stay open in the child, under their numbers, and close here.
    pub(super) fn spawn(
        program: &Path,
        args: &[OsString],
        inherited: Vec<OwnedFd>,
        stdout: Option<&File>,
    ) -> Result<Self> {
        let stderr = scratch_file("ferrite-qemu-stderr")?;
        let clone = |file: &File| file.try_clone().map_err(|e| Error::system("a file for QEMU", e));
        let mut command = Command::new(program);
        // A group of its own: Ctrl-C at the terminal is for this program, which then ends QEMU.
        command.args(args).stdin(Stdio::null()).stderr(clone(&stderr)?).process_group(0);
        command.stdout(stdout.map(clone).transpose()?.map_or_else(Stdio::null, Stdio::from));
        let parent = getpid();
        let before_exec = move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The signal is for deaths from now on; one that came first shows as another parent.
            if getppid() != Some(parent) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            inherited.iter().try_for_each(|fd| Ok(fcntl_setfd(fd, FdFlags::empty())?))
        };
        // SAFETY: between fork and exec only async-signal-safe work is allowed: the closure makes
        // system calls and touches nothing but its own captured values, allocating nothing.
        unsafe { command.pre_exec(before_exec) };
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotInstalled { program: program.into() },
            _ => Error::NotRun { program: program.into(), error: Arc::new(error) },
        })?;
        let mut child = Unclaimed(Some(child));
        let ended =
            pidfd_open(child.pid(), PidfdFlags::empty()).map_err(|e| Error::system("pidfd_open", e))?;
        Ok(Self { child: child.claim(), ended, stderr })
    }

    /// Process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for it to end, at most as long as `bound`.
    pub(super) fn wait(&mut self, bound: Duration) -> Option<ExitStatus> {
        // An error (a signal came in between) only shortens the wait.
        readable_within(self.ended.as_fd(), bound).ok();
        self.status()
    }

    /// Kills it, waits, and says how it ended.
    pub(super) fn kill(&mut self) -> Option<ExitStatus> {
        // Fails only if it has ended already. SIGKILL cannot be refused, so the wait is short.
        self.child.kill().ok();
        self.child.wait().ok()
    }

    /// The last lines that it wrote to its standard error.
    pub(super) fn last_words(&self) -> Vec<String> {
        let text = file_tail(&self.stderr, LAST_BYTES);
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).map(String::from).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].to_vec()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A child that nothing looks after yet: killed if it comes to no more.
struct Unclaimed(Option<Child>);

impl Unclaimed {
    fn pid(&self) -> Pid {
        Pid::from_child(self.0.as_ref().expect("not claimed yet"))
    }

    fn claim(&mut self) -> Child {
        self.0.take().expect("claimed once")
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// What a finished program left.
pub(super) struct Output {
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: String,
    pub(super) last_words: Vec<String>,
}

/// Runs `program` to its end, or kills it after `bound`; then there is no status.
pub(super) fn run(program: &Path, args: &[&str], bound: Duration) -> Result<Output> {
    let stdout = scratch_file("ferrite-qemu-stdout")?;
    let args: Vec<_> = args.iter().map(OsString::from).collect();
    let mut process = Process::spawn(program, &args, Vec::new(), Some(&stdout))?;
    let status = process.wait(bound);
    if status.is_none() {
        process.kill();
    }
    Ok(Output { status, stdout: file_tail(&stdout, u64::MAX), last_words: process.last_words() })
}

/// An unnamed file in memory.
pub(super) fn scratch_file(name: &str) -> Result<File> {
    let file = memfd_create(name, MemfdFlags::CLOEXEC);
    file.map(File::from).map_err(|e| Error::system("a file in memory (memfd_create)", e))
}

/// The last `most` bytes of a file, without moving its position, which the child shares.
fn file_tail(file: &File, most: u64) -> String {
    let len = file.metadata().map_or(0, |data| data.len());
    let start = len.saturating_sub(most);
    let mut bytes = vec![0; (len - start) as usize];
    let got = file.read_at(&mut bytes, start).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..got]).into_owned()
}

/// Waits until a descriptor is readable or hung up: whether it is.
pub(super) fn readable_within(fd: BorrowedFd<'_>, bound: Duration) -> rustix::io::Result<bool> {
    let bound = Timespec::try_from(bound).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, Some(&bound)).map(|ready| ready > 0)
}
