//! Everything that can happen to a running adapter, in random order, under load.

use crate::common::{
    frame::outgoing,
    load::Load,
    random::{Random, seed},
    rig::{Rig, Task, deliver_lists, play, setup, wait},
};
use ferrite_host::{abi::constants as c, ndis::adapter::State, net::Hold, world::world};
use std::{cell::Cell, rc::Rc, time::Duration};

/// Events.
const EVENTS: u64 = 200;
/// Reasons that NDIS has for a pause.
const REASONS: [u32; 4] = [
    c::NDIS_PAUSE_NDIS_INTERNAL,
    c::NDIS_PAUSE_BIND_PROTOCOL,
    c::NDIS_PAUSE_ATTACH_FILTER,
    c::NDIS_PAUSE_LOW_POWER,
];

/// 200 pauses, restarts, resets, link changes, OIDs, cancellations and late lists in random order, some inside others,
/// with traffic both ways, and receives that the protocol returns when it likes. The host's checks watch every step;
/// afterwards every send has been completed, frames have kept their order, and traffic flows.
///
/// NDIS-PAUSE-03 to -10, NDIS-RESTART-01, NDIS-STATE-03 to -05, NDIS-RESET-02, -06, NDIS-SEND-02, NDIS-RECV-07.
#[test]
fn two_hundred_random_events_under_load() {
    let seed = seed();
    play(&setup(), move |rig| storm(rig, seed));
}

/// The same with the line interrupt and the smallest rings.
#[test]
fn random_events_on_the_line_with_small_rings() {
    let seed = seed();
    let mut setup = setup();
    setup.messages = Some(0);
    setup.keywords = vec![("*ReceiveBuffers".into(), "80".into()), ("*TransmitBuffers".into(), "80".into())];
    play(&setup, move |rig| storm(rig, seed));
}

fn storm(rig: &Rig, seed: u64) {
    let mut random = Random::new(seed);
    let calm = Rc::new(Cell::new(false));
    let (returner, flag) = (rig.clone(), Rc::clone(&calm));
    let mut mood = Random::new(seed ^ 0xF00D);
    // Returns what is held, sooner or later.
    let returner = Task::start("returner", 1, move || {
        while !flag.get() || returner.port.held() > 0 {
            let count = 1 + mood.below(20) as usize;
            returner.port.release(&returner.adapter, count);
            world().sched.sleep(Duration::from_micros(mood.below(800)));
        }
    });
    let load = Load::start(rig, seed);
    for event in 0..EVENTS {
        match random.below(16) {
            0..=7 => pause_and_restart(rig, &mut random),
            8 | 9 => {
                rig.reset();
            }
            10 => reset_and_pause(rig, &mut random),
            11 if random.one_in(2) => {
                let up = rig.adapter.link.get().connected != c::MediaConnectStateConnected;
                rig.set_link(up || random.one_in(3));
            }
            12 => drop(world().ndis.query(&rig.adapter, c::OID_GEN_STATISTICS, 152)),
            13 => world().ndis.cancel_sends(&rig.adapter, random.below(3)),
            14 => deliver_lists(random.below(4) as u32, random.below(6) as u32, random.below(3) as u32),
            _ => {
                let hold = [Hold::Nothing, Hold::Everything, Hold::Late][random.below(3) as usize];
                rig.port.hold.set(hold);
                assert!(!world().ndis.check_for_hang(&rig.adapter), "event {event}: hangs");
            }
        }
        world().sched.sleep(Duration::from_micros(random.below(3000)));
        world().ndis.check_sends(&rig.adapter);
    }
    deliver_lists(0, 0, 0);
    rig.port.hold.set(Hold::Nothing);
    rig.set_link(true);
    rig.wait_for_link(true);
    load.wait_for(50);
    calm.set(true);
    returner.join();
    let seen = load.finish();
    println!(
        "{} frames out, {} on the wire; {} in, {} at the protocol",
        seen.sent,
        seen.on_wire.len(),
        seen.fed,
        seen.at_port.len()
    );
    assert_eq!(rig.port.out.get(), 0);
    rig.round_trip(1);
}

fn pause_and_restart(rig: &Rig, random: &mut Random) {
    let reason = REASONS[random.below(REASONS.len() as u64) as usize];
    world().ndis.pause(&rig.adapter, reason);
    if random.one_in(4) {
        rig.send_to_driver(&[outgoing(u32::MAX, 60)]);
    }
    if random.one_in(4) {
        rig.reset();
    }
    world().sched.sleep(Duration::from_micros(random.below(500)));
    rig.restart();
}

/// A reset with a pause, or a restart, inside it.
fn reset_and_pause(rig: &Rig, random: &mut Random) {
    let resetting = rig.clone();
    let reset = Task::start("resetter", random.below(2) as usize, move || resetting.reset());
    wait("MiniportResetEx", || rig.adapter.reset.is_waiting() || reset.is_over());
    rig.pause();
    if random.one_in(2) {
        reset.join();
        rig.restart();
    } else {
        rig.restart();
        reset.join();
    }
    assert_eq!(rig.adapter.state(), State::Running);
}
