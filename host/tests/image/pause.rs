//! Pause and restart: what they wait for, and what they do not.

use crate::common::{
    frame::{assert_all_same, incoming, outgoing},
    rig::{PATIENCE, Rig, Task, play, setup, wait, within},
};
use ferrite_host::{
    abi::constants as c,
    ndis::{
        adapter::{Adapter, State},
        nbl::Nbl,
        protocol::Protocol,
    },
    net::Hold,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How long a pause that must not be over is watched. It waits for nothing: what would end it wrongly has happened.
const WATCHED: Duration = Duration::from_millis(30);

/// Fails if the pause ends within a while.
#[track_caller]
fn assert_pending(pause: &Task<bool>, why: &str) {
    assert!(!within(WATCHED, "a pause that must not end", || pause.is_over()), "the pause is over {why}");
}

/// NDIS-PAUSE-01, -03, -13: a pause with nothing out is over at once, whatever its reason.
#[test]
fn an_idle_pause_does_not_pend() {
    play(&setup(), |rig| {
        for (number, reason) in [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80].into_iter().enumerate() {
            rig.round_trip(number as u32);
            assert!(!world().ndis.pause(&rig.adapter, reason).pended, "reason {reason:#x}");
            rig.restart();
        }
        // And again without traffic in between.
        for _ in 0..10 {
            assert!(!rig.pause());
            rig.restart();
        }
        rig.round_trip(9);
    });
}

/// NDIS-PAUSE-03, -05, NDIS-RECV-07: with receives held by the protocol a pause pends, stays so until the very last
/// comes back, and completes then, once. The host ends the run if it completes early or twice.
#[test]
fn a_pause_waits_for_the_last_receive() {
    const HELD: usize = 40;
    play(&setup(), |rig| {
        for round in 0..3 {
            rig.port.hold.set(Hold::Everything);
            let frames: Vec<Vec<u8>> = (0..HELD as u32).map(|i| incoming(i, 100)).collect();
            rig.far.send(frames.clone());
            assert_all_same("held back", &rig.port_frames(HELD), &frames);
            assert_eq!(rig.port.held(), HELD);
            let pause = rig.begin_pause();
            assert_pending(&pause, "while everything is held");
            // One at a time, then in ever larger groups: the grouping says nothing.
            let mut group = 1;
            while rig.port.held() > group {
                rig.port.release(&rig.adapter, group);
                assert!(!pause.is_over(), "the pause is over with {} receives held", rig.port.held());
                group += round;
            }
            rig.port.release(&rig.adapter, rig.port.held() - 1);
            assert_pending(&pause, "while one is held");
            assert_eq!(rig.adapter.state(), State::Pausing);
            rig.port.release(&rig.adapter, 1);
            assert!(pause.join(), "it did not pend");
            rig.port.hold.set(Hold::Nothing);
            rig.restart();
            rig.round_trip(1);
        }
        assert_eq!(rig.adapter.counts().pauses_pended, 3);
    });
}

/// NDIS-PAUSE-03, -06: with sends on a transmitter that stands still a pause pends, and completes when the last has
/// left; what was sent before the pause leaves.
#[test]
fn a_pause_waits_for_the_last_send() {
    play(&setup(), |rig| {
        for count in [1, 30, 2000] {
            rig.run_transmitter(false);
            let frames: Vec<Vec<u8>> = (0..count).map(|i| outgoing(i, 60 + i as usize % 1400)).collect();
            frames.chunks(64).for_each(|chain| rig.send(chain));
            let pause = rig.begin_pause();
            assert_pending(&pause, "with sends on the ring");
            assert_eq!(rig.adapter.outstanding().0, count as usize);
            rig.run_transmitter(true);
            assert!(pause.join(), "it did not pend");
            assert_eq!(rig.adapter.outstanding().0, 0);
            assert_all_same("on the wire", &rig.wire_frames(frames.len()), &frames);
            assert_eq!(rig.port.failed(), 0);
            rig.restart();
        }
    });
}

/// NDIS-PAUSE-06, NDIS-DMA-04: the same with lists that come late, on another CPU.
#[test]
fn a_pause_waits_for_late_lists() {
    play(&setup(), |rig| {
        crate::common::rig::deliver_lists(1, 0, 0);
        for round in 0..40 {
            let frames: Vec<Vec<u8>> = (0..25).map(|i| outgoing(i, 60 + round * 20)).collect();
            rig.send(&frames);
            rig.pause();
            assert_all_same("on the wire", &rig.wire_frames(25), &frames);
            rig.restart();
        }
        assert_eq!(rig.port.failed(), 0);
    });
}

/// A protocol that returns its receives at once, and then does not come back from the indication.
#[derive(Default)]
struct Slow {
    inside: Cell<bool>,
    go: Cell<bool>,
}

impl Protocol for Slow {
    fn receive(&self, adapter: &Rc<Adapter>, nbls: &[Nbl], ours_to_keep: bool) {
        if ours_to_keep {
            world().ndis.return_nbls(adapter, nbls);
        }
        self.inside.set(true);
        world().sched.wait("leave to return", None, &|| self.go.get());
        self.inside.set(false);
    }
    fn send_complete(&self, _: &Rc<Adapter>, _: &[Nbl]) {}
    fn status(&self, _: &Rc<Adapter>, _: u32, _: &[u8]) {}
}

/// NDIS-PAUSE-04: with every receive returned but the indication call still running on another CPU a pause pends until
/// the call has returned.
#[test]
fn a_pause_waits_for_the_indication_call() {
    play(&setup(), |rig| {
        rig.pause();
        // Receives interrupt CPU 0, where the DPC may stand on any thread: all of this runs on the other one.
        let here = rig.clone();
        Task::start("the other CPU", 1, move || {
            let rig = here;
            let slow = Rc::new(Slow::default());
            rig.bind(Rc::clone(&slow) as Rc<dyn Protocol>);
            rig.far.send([incoming(1, 80)]);
            wait("an indication", || slow.inside.get());
            assert_eq!(
                rig.adapter.in_dpc.borrow().keys().copied().collect::<Vec<_>>(),
                [0],
                "the CPU of the DPC"
            );
            assert_eq!(rig.adapter.outstanding(), (0, 0));
            let pause = rig.begin_pause();
            assert_pending(&pause, "inside an indication");
            assert!(slow.inside.get());
            slow.go.set(true);
            assert!(pause.join(), "it did not pend");
            assert!(!slow.inside.get());
        })
        .join();
        rig.start();
    });
}

/// NDIS-PAUSE-07, -08, NDIS-SEND-02: sends while Pausing and in Paused are completed with NDIS_STATUS_PAUSED, at once,
/// and do not leave.
#[test]
fn sends_while_pausing_and_paused_are_refused() {
    play(&setup(), |rig| {
        rig.port.hold.set(Hold::Everything);
        rig.far.send([incoming(1, 80)]);
        rig.port_frames(1);
        let pause = rig.begin_pause();
        let frames: Vec<Vec<u8>> = (0..10).map(|i| outgoing(i, 100)).collect();
        rig.send(&frames);
        assert_eq!(
            rig.completions(c::NDIS_STATUS_PAUSED),
            10,
            "while Pausing: {:?}",
            rig.port.completed.borrow()
        );
        assert_eq!(rig.port.out.get(), 0);
        assert_pending(&pause, "after refused sends");
        rig.port.release(&rig.adapter, 1);
        pause.join();
        assert_eq!(rig.adapter.state(), State::Paused);
        rig.send_to_driver(&frames);
        assert_eq!(
            rig.completions(c::NDIS_STATUS_PAUSED),
            20,
            "in Paused: {:?}",
            rig.port.completed.borrow()
        );
        rig.port.hold.set(Hold::Nothing);
        rig.restart();
        // The first on the wire is one that was sent after the restart.
        rig.send(&[outgoing(99, 70)]);
        assert_all_same("on the wire", &rig.wire_frames(1), &[outgoing(99, 70)]);
    });
}

/// NDIS-STATE-01, NDIS-PAUSE-08: before its first restart the adapter refuses sends and indicates nothing.
#[test]
fn an_adapter_starts_paused() {
    crate::common::rig::machine(&setup(), |system, far| {
        let rig = Rig::added(system, far);
        rig.adapter.protocol.replace(Some(Rc::clone(&rig.port) as Rc<dyn Protocol>));
        rig.set_filter(c::NDIS_PACKET_TYPE_PROMISCUOUS);
        rig.wait_for_link(true);
        rig.far.send((0..20).map(|i| incoming(i, 100)));
        rig.drain_wire();
        rig.send_to_driver(&[outgoing(1, 100)]);
        assert_eq!(rig.completions(c::NDIS_STATUS_PAUSED), 1);
        assert_eq!(rig.adapter.counts().receives, 0);
        rig.restart();
        rig.far.send([incoming(77, 100)]);
        wait("the frame after the restart", || rig.port.received.borrow().back() == Some(&incoming(77, 100)));
        rig.down();
    });
}

/// NDIS-PAUSE-09: nothing is indicated while paused, however much arrives; what is sent after the restart arrives. The
/// receiver has not lost buffers to what came in between.
#[test]
fn frames_that_come_while_paused_are_not_indicated() {
    const BURST: u32 = 1500;
    play(&setup(), |rig| {
        for round in 0..3 {
            rig.settle();
            rig.pause();
            let before = rig.adapter.counts();
            rig.far.send((0..BURST).map(|i| incoming(i, 60 + i as usize % 1400)));
            rig.drain_wire();
            world().sched.sleep(Duration::from_millis(20));
            let counts = rig.adapter.counts();
            assert_eq!((counts.receives, rig.port.received.borrow().len()), (before.receives, 0));
            rig.restart();
            let mark = incoming(BURST + round, 99);
            rig.far.send([mark.clone()]);
            wait("a frame after the restart", || rig.port.received.borrow().back() == Some(&mark));
            rig.port.received.borrow_mut().clear();
            // As many as there are buffers, all of them.
            let frames: Vec<Vec<u8>> = (0..600).map(|i| incoming(i, 300)).collect();
            rig.far.send(frames.clone());
            assert_all_same("after the restart", &rig.port_frames(600), &frames);
        }
    });
}

/// NDIS-PAUSE-10, -12, NDIS-STATE-05: while Pausing and Paused OIDs are answered, check-for-hang and resets work, and
/// the link's changes are indicated.
#[test]
fn oids_resets_and_link_status_work_while_paused() {
    play(&setup(), |rig| {
        rig.port.hold.set(Hold::Everything);
        rig.far.send([incoming(1, 80)]);
        rig.port_frames(1);
        let pause = rig.begin_pause();
        let all_of_it = |rig: &Rig| {
            let answer = world().ndis.query(&rig.adapter, c::OID_GEN_STATISTICS, 152);
            assert_eq!(answer.status, c::NDIS_STATUS_SUCCESS);
            let indications = rig.adapter.counts().indications;
            rig.set_link(false);
            rig.wait_for_link(false);
            rig.set_link(true);
            rig.wait_for_link(true);
            assert!(rig.adapter.counts().indications >= indications + 2);
            assert!(!world().ndis.check_for_hang(&rig.adapter));
            rig.reset();
            rig.wait_for_link(true);
        };
        all_of_it(rig);
        assert!(!pause.is_over());
        rig.port.release(&rig.adapter, 1);
        pause.join();
        all_of_it(rig);
        rig.port.hold.set(Hold::Nothing);
        rig.restart();
        rig.round_trip(2);
    });
}

/// NDIS-STATE-03, -04: a pause that begins inside a reset, a reset that begins inside a pause, each ending first.
#[test]
fn a_reset_and_a_pause_overlap() {
    play(&setup(), |rig| {
        for hold_pause in [false, true] {
            if hold_pause {
                rig.port.hold.set(Hold::Everything);
                rig.far.send([incoming(1, 80)]);
                rig.port_frames(1);
            }
            let resetting = rig.clone();
            let reset = Task::start("resetter", 0, move || resetting.reset());
            wait("MiniportResetEx", || rig.adapter.reset.is_waiting());
            let pause = rig.begin_pause();
            if hold_pause {
                reset.join();
                assert_pending(&pause, "with a receive held");
                rig.port.release(&rig.adapter, 1);
                rig.port.hold.set(Hold::Nothing);
                assert!(pause.join(), "it did not pend");
            } else {
                // It may be over before the reset is, or after.
                pause.join();
                reset.join();
            }
            assert_eq!(rig.adapter.state(), State::Paused);
            rig.send_to_driver(&[outgoing(5, 90)]);
            rig.restart();
            rig.wait_for_link(true);
            rig.round_trip(2);
        }
        // A restart while the reset goes on.
        rig.pause();
        let resetting = rig.clone();
        let reset = Task::start("resetter", 0, move || resetting.reset());
        wait("MiniportResetEx", || rig.adapter.reset.is_waiting());
        rig.restart();
        reset.join();
        rig.wait_for_link(true);
        rig.round_trip(3);
    });
}

/// NDIS-STATE-02, NDIS-PAUSE-05, NDIS-HALT-01: taking an adapter away waits for the protocol too, and leaves nothing.
#[test]
fn a_removal_waits_for_held_receives() {
    crate::common::rig::machine(&setup(), |system, far| {
        let rig = Rig::up(system, far);
        rig.port.hold.set(Hold::Everything);
        rig.far.send((0..30).map(|i| incoming(i, 200)));
        rig.port_frames(30);
        let order = Rc::new(RefCell::new(Vec::new()));
        let (returner, log) = (rig.clone(), Rc::clone(&order));
        Task::start("returner", 1, move || {
            wait("MiniportPause", || returner.adapter.state() == State::Pausing);
            while returner.port.held() > 0 {
                returner.port.release(&returner.adapter, 4);
                world().sched.sleep(Duration::from_micros(100));
            }
            log.borrow_mut().push("returned");
        });
        let began = world().clock.now();
        rig.system.remove(&rig.node);
        order.borrow_mut().push("removed");
        wait("the returner", || order.borrow().len() == 2);
        assert!(world().clock.now().since(began) < PATIENCE);
        assert_eq!(rig.port.held(), 0);
        rig.unload();
    });
}
