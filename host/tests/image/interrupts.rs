//! Message interrupts, fewer of them than asked for, and the line.

use crate::common::{
    load::Load,
    rig::{Rig, play, register, setup},
};
use ferrite_host::world::{InterruptMode, world};

/// Frames of the load between two events.
const STEP: usize = 150;

/// Traffic, pauses and a reset with so many messages.
fn lives_with(messages: Option<usize>, expected: InterruptMode) {
    let mut setup = setup();
    setup.messages = messages;
    play(&setup, move |rig: &Rig| {
        assert_eq!(rig.interrupts(), expected);
        (0..4).for_each(|number| rig.round_trip(number));
        let before = rig.adapter.counts();
        let load = Load::start(rig, 7);
        load.wait_for(STEP);
        for _ in 0..5 {
            rig.pause();
            rig.restart();
            load.wait_for(STEP);
        }
        rig.reset();
        load.wait_for(STEP);
        rig.set_link(false);
        rig.wait_for_link(false);
        rig.set_link(true);
        rig.wait_for_link(true);
        load.wait_for(STEP);
        load.finish();
        let now = rig.adapter.counts();
        assert!(now.interrupts > before.interrupts && now.dpcs > before.dpcs, "nothing has interrupted");
        // A line that stays asserted, or a message that is never masked, would not let the machine rest.
        let calm = now.interrupts;
        world().sched.sleep(std::time::Duration::from_millis(100));
        let storm = rig.adapter.counts().interrupts - calm;
        assert!(storm < 100, "{storm} interrupts in 100 ms without traffic");
        rig.pause();
        rig.bounce(ferrite_host::abi::constants::NdisHaltDevicePoweredDown);
        assert_eq!(rig.interrupts(), expected);
        rig.round_trip(9);
    });
}

/// NDIS-INT-01, -02, -08, -09: as many messages as the INF asks for.
#[test]
fn messages() {
    lives_with(None, InterruptMode::Messages(3));
}

/// NDIS-INT-03: two messages are granted where three were asked for.
#[test]
fn two_messages() {
    lives_with(Some(2), InterruptMode::Messages(2));
}

/// NDIS-INT-03, NDIS-RECV-12: one message for everything.
#[test]
fn one_message() {
    lives_with(Some(1), InterruptMode::Messages(1));
}

/// NDIS-INT-03, -05, -06: the line.
#[test]
fn the_line() {
    lives_with(Some(0), InterruptMode::Line);
}

/// NDIS-INT-05: an interrupt on a shared line that is not the NIC's is not claimed, queues no DPC and changes nothing.
#[test]
fn interrupts_of_others_on_the_line_are_not_claimed() {
    let mut setup = setup();
    setup.messages = Some(0);
    play(&setup, |rig| {
        rig.settle();
        let dpcs = rig.adapter.counts().dpcs;
        let mask = rig.read(register::IMS);
        for _ in 0..50 {
            assert!(!world().ndis.foreign_interrupt(&rig.adapter), "claimed");
        }
        assert_eq!(rig.adapter.counts().dpcs, dpcs);
        assert_eq!(rig.read(register::IMS), mask);
        rig.round_trip(1);
    });
}

/// NDIS-RECV-09 to -12: under a receive throttle every frame arrives, in order, a few at a time.
#[test]
fn receive_throttle() {
    play(&setup(), |rig| {
        use crate::common::frame::{assert_all_same, incoming};
        for limit in [1, 3, 64] {
            rig.adapter.throttle.set(limit);
            let frames: Vec<Vec<u8>> = (0..500).map(|i| incoming(i, 60 + i as usize)).collect();
            rig.far.send(frames.clone());
            assert_all_same("throttled", &rig.port_frames(frames.len()), &frames);
            rig.settle();
        }
    });
}
