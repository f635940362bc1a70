//! A bound in time for what cannot be bounded from inside: a driver that spins on plain memory never yields.

use std::{
    process,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// No test takes as long, however busy the machine is.
const LONGEST: Duration = Duration::from_mins(4);

/// Ends the process, QEMU with it, unless it is dropped in time.
pub struct Watchdog(#[allow(dead_code, reason = "dropping it is its use")] Sender<()>);

impl Watchdog {
    /// Watches over the test that runs on this thread.
    pub fn start() -> Self {
        let (alive, gone) = mpsc::channel();
        let test = thread::current().name().unwrap_or("a test").to_owned();
        thread::spawn(move || {
            if gone.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{test} has not ended within {LONGEST:?}: the driver or the host spins; giving up");
                process::abort();
            }
        });
        Self(alive)
    }
}
