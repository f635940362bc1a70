//! What happens outside the CPUs: timers that come due, devices that have something to say.

use super::World;
use crate::clock::Time;
use std::{os::fd::RawFd, rc::Rc, time::Duration};

/// Real time between two looks at the devices while the CPUs are busy.
const POLL_EVERY: Duration = Duration::from_micros(20);
/// Longest wait for an event before the conditions of all threads are looked at again.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// A device, or anything else with file descriptors, that can interrupt.
pub trait Source {
    /// Takes what has arrived: makes interrupts pending, queues frames.
    fn poll(&self);
    /// Whether it would do something by itself if it were polled again: time does not run ahead of it.
    fn works(&self) -> bool {
        false
    }
    /// What becomes readable when there is something to take.
    fn fds(&self, fds: &mut Vec<RawFd>);
}

impl World {
    /// Adds a source of events.
    pub fn add_source(&self, source: Rc<dyn Source>) {
        self.sources.borrow_mut().push(source);
    }

    /// Removes every source: the machine goes away.
    pub fn remove_sources(&self) {
        self.sources.take();
    }

    /// Whether a device works by itself.
    pub(crate) fn devices_work(&self) -> bool {
        self.sources.borrow().iter().any(|source| source.works())
    }

    /// Looks at timers and devices, if the last look is some time ago.
    pub fn poll_if_due(&self) {
        let now = self.clock.now();
        if now.since(self.last_poll.get()) >= POLL_EVERY {
            self.poll(now);
        }
    }

    /// Looks at timers and devices.
    pub fn poll(&self, now: Time) {
        self.last_poll.set(now);
        self.timers.run(now);
        let sources = self.sources.borrow().clone();
        for source in sources {
            source.poll();
        }
    }

    /// Nothing can run: waits for a device, a timer or a deadline.
    pub(crate) fn wait_for_events(&self, deadline: Option<Time>) {
        let now = self.clock.now();
        let due = [self.timers.next_due(), deadline].into_iter().flatten().min();
        let wait = due.map_or(LONGEST_WAIT, |due| due.since(now).min(LONGEST_WAIT));
        if !wait.is_zero() {
            let mut fds = Vec::new();
            for source in self.sources.borrow().iter() {
                source.fds(&mut fds);
            }
            wait_readable(&fds, wait);
        }
        self.poll(self.clock.now());
    }
}

/// Sleeps until one of the descriptors is readable, or for `time`.
fn wait_readable(fds: &[RawFd], time: Duration) {
    let mut polled: Vec<libc::pollfd> =
        fds.iter().map(|&fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect();
    let nanos = libc::c_long::from(time.subsec_nanos());
    let timeout = libc::timespec { tv_sec: time.as_secs().try_into().unwrap_or(1), tv_nsec: nanos };
    let count = polled.len() as libc::nfds_t;
    // SAFETY: `polled` and `timeout` live across the call and `count` is the number of its elements.
    unsafe { libc::ppoll(polled.as_mut_ptr(), count, &raw const timeout, std::ptr::null()) };
}
