//! Hangs and resets.

use crate::common::{
    frame::outgoing,
    load::Load,
    rig::{Rig, machine, play, register, setup, wait, within},
};
use ferrite_host::{
    abi::constants as c,
    cpu::{DISPATCH, PASSIVE},
    net::Hold,
    world::world,
};
use std::time::Duration;

/// Frames of the load between two events.
const STEP: usize = 100;
/// NDIS asks every two seconds; asking more often must make no difference.
const ASKED: Duration = Duration::from_millis(100);
/// By when a hang must have been noticed.
const NOTICED: Duration = Duration::from_secs(8);

/// NDIS-RESET-01 to -03, -05, -06, -09, -12: resets under load both ways. Every send is completed once, what succeeded
/// was on the wire, and traffic goes on after each of them, on a device that has lost its registers.
#[test]
fn resets_under_load() {
    play(&setup(), |rig| {
        let load = Load::start(rig, 11);
        for round in 0..8 {
            load.wait_for(STEP);
            if round % 2 == 1 {
                rig.write(register::RCTL, 0);
                rig.write(register::TCTL, 0);
                rig.write(register::RAH0, 0);
                rig.write(register::IMC, u32::MAX);
            }
            rig.reset();
            assert!(
                !rig.adapter.addressing_reset.get(),
                "the driver restores filter, list and address itself"
            );
            rig.wait_for_link(true);
        }
        load.wait_for(STEP);
        let seen = load.finish();
        let refused: u64 = rig.port.failed();
        let aborted = rig.completions(c::NDIS_STATUS_RESET_IN_PROGRESS)
            + rig.completions(c::NDIS_STATUS_REQUEST_ABORTED)
            + rig.completions(c::NDIS_STATUS_MEDIA_DISCONNECTED);
        assert_eq!(refused, aborted, "{:?} (C-09)", rig.port.completed.borrow());
        assert!(seen.on_wire.len() > 8 * STEP && seen.at_port.len() > 8 * STEP);
        assert_eq!(rig.adapter.counts().resets, 8);
    });
}

/// NDIS-RESET-01, -08: MiniportResetEx may be called at DISPATCH_LEVEL.
#[test]
fn a_reset_at_dispatch_level() {
    play(&setup(), |rig| {
        for round in 0..3 {
            rig.round_trip(round);
            let status = world().ndis.reset_at(&rig.adapter, DISPATCH);
            assert_eq!(status, c::NDIS_STATUS_SUCCESS);
            assert_eq!(world().cpu().irql(), PASSIVE);
            rig.wait_for_link(true);
        }
        rig.round_trip(4);
    });
}

/// NDIS-CFH-01, NDIS-INIT-17: an adapter that is busy, idle, paused, without link, or whose receives are held back, does
/// not hang; neither does one that is being initialized.
#[test]
fn a_healthy_adapter_does_not_hang() {
    machine(&setup(), |system, far| {
        let rig = Rig::added(system, far);
        let hangs = || world().ndis.check_for_hang(&rig.adapter);
        assert!(!hangs(), "after MiniportInitializeEx");
        rig.start();
        let load = Load::start(&rig, 5);
        for _ in 0..10 {
            load.wait_for(30);
            assert!(!hangs(), "under load");
        }
        load.finish();
        let calm = |what: &str| {
            // Longer than a frame may be on the ring.
            for _ in 0..25 {
                world().sched.sleep(ASKED);
                assert!(!hangs(), "{what}");
            }
        };
        calm("idle");
        rig.port.hold.set(Hold::Everything);
        far.send((0..20).map(|i| crate::common::frame::incoming(i, 99)));
        rig.port_frames(20);
        rig.set_link(false);
        rig.wait_for_link(false);
        rig.send(&[outgoing(1, 100)]);
        let pause = rig.begin_pause();
        calm("pausing without link, with receives held");
        rig.port.release(&rig.adapter, usize::MAX);
        pause.join();
        rig.port.hold.set(Hold::Nothing);
        rig.set_link(true);
        rig.wait_for_link(true);
        assert!(!hangs(), "paused");
        rig.restart();
        far.take();
        rig.round_trip(1);
        rig.down();
    });
}

/// NDIS-CFH-01, -02, NDIS-SEND-02: frames that stay on the transmit ring are noticed in time, and not before; the reset
/// that follows completes them all, and the transmitter works again.
#[test]
fn a_stuck_transmitter_is_noticed_and_reset() {
    play(&setup(), |rig| {
        rig.run_transmitter(false);
        let frames: Vec<Vec<u8>> = (0..700).map(|i| outgoing(i, 200)).collect();
        rig.send(&frames);
        let began = world().clock.now();
        assert!(!world().ndis.check_for_hang(&rig.adapter), "too soon: NDIS may ask at any time");
        while !world().ndis.check_for_hang(&rig.adapter) {
            let waited = world().clock.now().since(began);
            assert!(waited < NOTICED, "not noticed within {waited:?}");
            world().sched.sleep(ASKED);
        }
        assert!(
            world().clock.now().since(began) > Duration::from_millis(500),
            "a busy NIC would be taken for a stuck one"
        );
        assert_eq!(rig.adapter.outstanding().0, 700);
        rig.reset();
        wait("the sends' completion", || rig.adapter.outstanding().0 == 0);
        assert_eq!(rig.port.completed.borrow().values().sum::<u64>(), 700);
        assert_eq!(rig.completions(c::NDIS_STATUS_SUCCESS), 0, "nothing has left");
        rig.wait_for_link(true);
        assert!(rig.far.take().is_empty(), "given up and sent");
        assert!(!world().ndis.check_for_hang(&rig.adapter), "after the reset");
        rig.round_trip(1);
    });
}

/// NDIS-CFH-01, NDIS-PAUSE-03, NDIS-STATE-04: a pause that waits for a stuck transmitter is freed by the reset.
#[test]
fn a_pause_behind_a_stuck_transmitter_ends_with_the_reset() {
    play(&setup(), |rig: &Rig| {
        rig.run_transmitter(false);
        rig.send(&(0..100).map(|i| outgoing(i, 100)).collect::<Vec<_>>());
        let pause = rig.begin_pause();
        let began = world().clock.now();
        while !world().ndis.check_for_hang(&rig.adapter) {
            assert!(world().clock.now().since(began) < NOTICED, "not noticed while pausing");
            world().sched.sleep(ASKED);
        }
        assert!(!pause.is_over());
        rig.reset();
        assert!(pause.join(), "it did not pend");
        rig.restart();
        rig.wait_for_link(true);
        rig.round_trip(1);
    });
}

/// NDIS-CFH-04: receive and transmit interrupts that were lost are made up for by check-for-hang at the latest.
#[test]
fn lost_interrupts_are_made_up_for() {
    play(&setup(), |rig| {
        rig.settle();
        // Masked behind the driver's back while frames come and go, the causes cleared: they interrupt nobody.
        let mask = rig.read(register::IMS);
        rig.write(register::IMC, u32::MAX);
        rig.far.send((0..5).map(|i| crate::common::frame::incoming(i, 100)));
        rig.send(&[outgoing(1, 100)]);
        rig.drain_wire();
        let _ = rig.read(register::ICR);
        rig.write(register::IMS, mask);
        let done = || rig.port.received.borrow().len() == 5 && rig.adapter.outstanding().0 == 0;
        let began = world().clock.now();
        while !done() {
            assert!(world().clock.now().since(began) < NOTICED, "lost for good");
            if world().ndis.check_for_hang(&rig.adapter) {
                rig.reset();
            }
            within(ASKED, "what was lost", done);
        }
        rig.wire_frames(1);
        rig.port.received.borrow_mut().clear();
        rig.round_trip(2);
    });
}
