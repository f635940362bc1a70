//! Traffic in the background.

use super::lane::{Lane, micros_of};
use crate::{net::Hold, random::Random, world::world};
use std::rc::Rc;

/// Steps after which the pauses between two double.
const THIN: u32 = 256;

impl Lane {
    /// Frames both ways, receives that come back late, OID requests: until the lane stops.
    pub(super) fn load(self: &Rc<Self>, [sends, feeds, oids]: [bool; 3], seed: u64) {
        if sends {
            self.work("sender", seed, |lane, random| {
                if lane.port.has_room() {
                    lane.send(1 + random.size(24) as u32, 1, random.pick(&[60, 300, 1514]), random);
                }
                random.size(300)
            });
        }
        if feeds {
            self.work("link partner", seed ^ 1, |lane, random| {
                lane.feed(random.size(24) as u32, random.pick(&[60, 300, 1514]), random);
                lane.look();
                random.size(300)
            });
        }
        if oids {
            self.work("requests", seed ^ 2, |lane, random| {
                lane.oid(random);
                random.size(2000)
            });
        }
    }

    fn work(self: &Rc<Self>, name: &str, seed: u64, step: impl Fn(&Self, &mut Random) -> u64 + 'static) {
        let lane = Rc::clone(self);
        lane.workers.set(lane.workers.get() + 1);
        let mut random = Random::new(seed);
        let cpu = random.below(world().cpus().len() as u64) as usize;
        world().sched.spawn(name, cpu, move || {
            let mut steps = 0_u32;
            while !lane.stop.get() {
                // While something waits for a minute of virtual time, the load thins out.
                let pause = step(&lane, &mut random) << (steps / THIN).min(10);
                steps += 1;
                world().sched.sleep(micros_of(pause as u32));
                if lane.port.hold.get() == Hold::Nothing && lane.port.held() > 0 {
                    lane.release(1 + random.below(8) as usize);
                }
            }
            lane.workers.set(lane.workers.get() - 1);
        });
    }
}
