//! The end of a simulation: the adapter comes back, and goes without leaving anything.

use super::lane::{FILTER, Lane, PATIENCE};
use crate::{ndis::adapter::State, random::Random, world::world};
use std::{rc::Rc, time::Duration};

impl Lane {
    /// All faults are over: the adapter comes back, and frames go each way.
    pub fn recover(self: &Rc<Self>) {
        self.doing.replace("recovery".into());
        self.model.wire().plug(true);
        self.lost();
        if self.is_gone() {
            return;
        }
        self.release_later(10);
        if self.adapter().is_none_or(|adapter| adapter.state() != State::Running) {
            if self.adapter().is_some() {
                self.take_away();
            }
            if let Err(why) = self.up() {
                if self.is_gone() {
                    return self.down_after(&why);
                }
                self.fail(&format!("it does not come back: {why}"));
            }
        }
        self.filter(FILTER);
        let until = world().clock.now().after(PATIENCE);
        let random = &mut Random::new(self.number as u64);
        let before = (self.sent.borrow().len() as u32, self.fed.borrow().len() as u32);
        // Frames that came while there was no filter for them are behind these.
        while !self.at_wire.has_from(before.0) || !self.at_port.has_from(before.1) {
            if world().clock.now() > until {
                let link = self.adapter().map(|adapter| adapter.link.get());
                self.fail(&format!(
                    "no frame gets through any more, to the wire {}, to the protocol {}; {link:?}, {:?}",
                    self.at_wire.has_from(before.0),
                    self.at_port.has_from(before.1),
                    self.model.counters()
                ));
            }
            self.send(1, 1, 100, random);
            self.feed(1, 100, random);
            world().sched.sleep(Duration::from_millis(5));
            self.look();
            if self.is_gone() {
                self.lost();
                return;
            }
            if self.adapter().is_some_and(|adapter| adapter.removed.get()) {
                // What was broken before is noticed only now; the device itself is well.
                self.lost();
                if let Err(why) = self.up() {
                    if self.is_gone() {
                        return self.down_after(&why);
                    }
                    self.fail(&format!("it does not come back: {why}"));
                }
            }
        }
    }

    /// Everything is taken away; nothing may be left, in the driver or in the device.
    pub fn end(&self, loses: (bool, bool)) {
        self.doing.replace("end".into());
        self.release(usize::MAX);
        if let Some(adapter) = self.adapter() {
            self.wait("sends to come back", || adapter.sends.borrow().is_empty());
            self.take_away();
        }
        self.look();
        self.check_losses(loses);
        self.model.check_removed();
    }
}
