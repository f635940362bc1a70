//! The one source of time that a world has.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// 2026-01-01 00:00 UTC as a system time.
const START: u64 = 134_116_992_000_000_000;

/// Nanoseconds since the world began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Time(pub u64);

impl Time {
    /// This time plus `d`.
    #[must_use]
    pub fn after(self, d: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// From `earlier` to this time; zero if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// In the 100 ns units of Windows.
    #[must_use]
    pub fn in_100ns(self) -> u64 {
        self.0 / 100
    }
}

/// Real time, for the live mode, or that of a simulation, which passes when somebody says so.
pub struct Clock(Source);

enum Source {
    Live(Instant),
    Simulated(Cell<Time>),
}

impl Clock {
    /// A clock that follows the machine's.
    #[must_use]
    pub fn live() -> Self {
        Self(Source::Live(Instant::now()))
    }

    /// A clock that stands still until it is told to go on.
    #[must_use]
    pub fn simulated() -> Self {
        Self(Source::Simulated(Cell::default()))
    }

    /// A simulation comes to this time. A live clock goes on by itself.
    pub fn advance(&self, to: Time) {
        if let Source::Simulated(now) = &self.0 {
            now.set(to.max(now.get()));
        }
    }

    /// Now as Windows counts it: 100 ns since 1601. The same start in every world.
    #[must_use]
    pub fn system_time(&self) -> u64 {
        START + self.now().in_100ns()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::Live(start) => Time(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)),
            Source::Simulated(now) => now.get(),
        }
    }
}
