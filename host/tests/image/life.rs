//! From load to unload, again and again, on every Windows.

use crate::common::rig::{Rig, machine, play, setup};
use ferrite_host::{abi::constants as c, ndis::adapter::State, system::SystemError, world::world};

/// Every step of a driver's life 20 times in one process, with a frame each way; every other time it is also halted
/// and initialized again without an unload.
///
/// NDIS-REG-01, -02, -12 to -14; NDIS-STATE-01, -02; NDIS-PNP-04, -06; NDIS-INIT-02 to -06, -08; NDIS-HALT-01, -02, -05, -10:
/// the host's checks at every call, at halt and at unload are part of the proof.
#[test]
fn twenty_times_from_load_to_unload() {
    machine(&setup(), |system, far| {
        for round in 0..20 {
            let rig = Rig::up(system, far);
            rig.round_trip(round);
            if round % 2 == 1 {
                rig.pause();
                rig.bounce(c::NdisHaltDeviceStopped);
                rig.round_trip(round);
            }
            rig.down();
        }
    });
}

/// An adapter that is added and removed without ever having run leaves nothing, and neither does a driver that is
/// loaded and unloaded without a device.
///
/// NDIS-REG-13, NDIS-HALT-01.
#[test]
fn a_life_without_traffic() {
    machine(&setup(), |system, far| {
        system.load().expect("the driver loads");
        system.unload();
        let rig = Rig::added(system, far);
        rig.down();
    });
}

/// NDIS-INIT-11, -12, NDIS-SURP-04: a device that does not answer fails MiniportInitializeEx, which leaves nothing
/// behind and says why in the event log; the driver unloads cleanly.
#[test]
fn a_device_that_does_not_answer_fails_the_initialization() {
    machine(&setup(), |system, _| {
        system.load().expect("the driver loads");
        let node = system.nodes.first().expect("the machine has a NIC");
        node.device.hardware.pull_out();
        let refused = system.add(node).err().expect("there is no device to initialize");
        assert!(matches!(refused, SystemError::Initialize { .. }), "{refused}");
        assert!(!world().ndis.error_log.borrow().is_empty(), "no entry in the event log");
        system.unload();
    });
}

/// NDIS-REG-03, -16, NDIS-INIT-05: the one image, with its 6.20 contract, loads on every Windows and carries frames
/// there.
fn runs_on(windows: (u32, u32, u32), ndis: u32) {
    let mut setup = setup();
    setup.windows = windows;
    setup.ndis_version = ndis;
    play(&setup, |rig| {
        let miniport = &rig.adapter.miniport;
        assert_eq!(miniport.version, (6, 20));
        assert_eq!(rig.adapter.state(), State::Running);
        for number in 0..8 {
            rig.round_trip(number);
        }
        rig.pause();
        rig.restart();
        rig.reset();
        rig.wait_for_link(true);
        rig.round_trip(8);
    });
}

/// See [`runs_on`].
#[test]
fn runs_on_windows_7() {
    runs_on((6, 1, 7601), 0x0006_0014);
}

/// See [`runs_on`].
#[test]
fn runs_on_windows_8_1() {
    runs_on((6, 3, 9600), 0x0006_0028);
}

/// See [`runs_on`].
#[test]
fn runs_on_windows_10() {
    runs_on((10, 0, 19045), 0x0006_0055);
}

/// See [`runs_on`].
#[test]
fn runs_on_windows_11() {
    runs_on((10, 0, 26100), 0x0006_0059);
}

/// One virtual CPU and many are no different.
#[test]
fn runs_on_one_and_on_four_cpus() {
    for cpus in [1, 4] {
        let mut setup = setup();
        setup.cpus = cpus;
        play(&setup, |rig| {
            (0..8).for_each(|number| rig.round_trip(number));
            rig.pause();
            rig.restart();
            rig.round_trip(8);
        });
    }
}
