//! Timers: what is due when.

use crate::clock::Time;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// Names a timer that was set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TimerId(u64);

struct Timer {
    period: Option<Duration>,
    fire: Rc<dyn Fn()>,
}

/// The timers of a world, by due time.
#[derive(Default)]
pub struct Timers {
    due: RefCell<BTreeMap<(Time, TimerId), Timer>>,
    next: Cell<u64>,
}

impl Timers {
    /// Calls `fire` at `due`, and again every `period`. It runs in the scheduler: it queues a DPC or
    /// sets an event, and calls no driver.
    pub fn set(&self, due: Time, period: Option<Duration>, fire: Rc<dyn Fn()>) -> TimerId {
        let id = TimerId(self.next.get());
        self.next.set(id.0 + 1);
        self.due.borrow_mut().insert((due, id), Timer { period, fire });
        id
    }

    /// Takes a timer back; false if it is not set, or was due already and does not repeat.
    pub fn cancel(&self, id: TimerId) -> bool {
        let mut due = self.due.borrow_mut();
        let key = due.keys().find(|key| key.1 == id).copied();
        key.is_some_and(|key| due.remove(&key).is_some())
    }

    /// Whether a timer is set.
    #[must_use]
    pub fn is_set(&self, id: TimerId) -> bool {
        self.due.borrow().keys().any(|key| key.1 == id)
    }

    /// When the first one is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.due.borrow().keys().next().map(|key| key.0)
    }

    /// Fires all that are due at `now`.
    pub fn run(&self, now: Time) {
        loop {
            let fire = {
                let mut due = self.due.borrow_mut();
                let Some((&key, _)) = due.iter().next().filter(|(key, _)| key.0 <= now) else { return };
                let Some(timer) = due.remove(&key) else { return };
                let fire = Rc::clone(&timer.fire);
                if let Some(period) = timer.period.filter(|period| !period.is_zero()) {
                    due.insert((key.0.after(period), key.1), timer);
                }
                fire
            };
            fire();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_fire_in_order_repeat_and_can_be_cancelled() {
        let timers = Timers::default();
        let log = Rc::new(RefCell::new(Vec::new()));
        let note = |name: &'static str| {
            let log = Rc::clone(&log);
            Rc::new(move || log.borrow_mut().push(name)) as Rc<dyn Fn()>
        };
        timers.set(Time(20), None, note("late"));
        timers.set(Time(10), None, note("early"));
        let every = timers.set(Time(15), Some(Duration::from_nanos(10)), note("every"));
        let never = timers.set(Time(12), None, note("never"));
        assert!(timers.cancel(never));
        assert!(!timers.cancel(never));
        timers.run(Time(25));
        assert_eq!(*log.borrow(), ["early", "every", "late", "every"]);
        assert!(timers.is_set(every));
        assert_eq!(timers.next_due(), Some(Time(35)));
        assert!(timers.cancel(every));
        assert_eq!(timers.next_due(), None);
    }
}
