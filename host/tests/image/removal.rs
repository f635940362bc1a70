//! Surprise removal and shutdown.

use crate::common::{
    frame::{incoming, outgoing},
    load::Load,
    rig::{Rig, attempt, machine, register, setup, wait},
};
use ferrite_host::{
    abi::constants as c,
    cpu::{HIGH, PASSIVE},
    net::Hold,
    world::world,
};

/// Tells the driver that its device has gone.
fn notify(rig: &Rig) {
    world().ndis.pnp_event(&rig.adapter, c::NdisDevicePnPEventSurpriseRemoved);
}

/// Takes the adapter away as NDIS does after a surprise removal: pause, halt, remove; then unloads.
fn take_away(rig: &Rig) {
    let ndis = &world().ndis;
    if rig.adapter.state() == ferrite_host::ndis::adapter::State::Running {
        rig.pause();
    }
    ndis.halt(&rig.adapter, c::NdisHaltDeviceSurpriseRemoved);
    rig.adapter.protocol.replace(None);
    rig.node.adapter.replace(None);
    ndis.remove(&rig.adapter);
    rig.unload();
}

/// NDIS-SURP-01 to -03, NDIS-HALT-02, -07: after the notice sends and OIDs are refused with NDIS_STATUS_NOT_ACCEPTED;
/// what is out, on the ring and held by the protocol, comes home; pause and halt are clean. The device has really gone
/// in the second round: all its registers read as ones.
#[test]
fn a_surprise_removal() {
    for gone in [false, true] {
        machine(&setup(), move |system, far| {
            let rig = Rig::up(system, far);
            rig.round_trip(1);
            rig.port.hold.set(Hold::Everything);
            far.send((0..20).map(|i| incoming(i, 100)));
            rig.port_frames(20);
            rig.run_transmitter(false);
            rig.send(&(0..700).map(|i| outgoing(i, 100)).collect::<Vec<_>>());
            if gone {
                rig.adapter.device.hardware.pull_out();
            }
            notify(&rig);
            wait("the sends' completion", || rig.adapter.outstanding().0 == 0);
            let before = rig.completions(c::NDIS_STATUS_NOT_ACCEPTED);
            rig.send(&[outgoing(1, 100), outgoing(2, 100)]);
            assert_eq!(
                rig.completions(c::NDIS_STATUS_NOT_ACCEPTED),
                before + 2,
                "{:?}",
                rig.port.completed.borrow()
            );
            for oid in [c::OID_GEN_STATISTICS, c::OID_GEN_XMIT_OK, c::OID_802_3_CURRENT_ADDRESS, 0xFF00_0001]
            {
                assert_eq!(
                    world().ndis.query(&rig.adapter, oid, 256).status,
                    c::NDIS_STATUS_NOT_ACCEPTED,
                    "{oid:#010x}"
                );
            }
            let set = world().ndis.set(&rig.adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &[0; 4]);
            assert_eq!(set.status, c::NDIS_STATUS_NOT_ACCEPTED);
            assert!(!world().ndis.check_for_hang(&rig.adapter), "a device that has gone does not hang");
            let pause = rig.begin_pause();
            assert!(!pause.is_over(), "with receives held");
            rig.port.release(&rig.adapter, usize::MAX);
            assert!(pause.join(), "it did not pend");
            take_away(&rig);
        });
    }
}

/// NDIS-SURP-04, NDIS-REM-01: pulled out under load, without a notice, the device is missed by check-for-hang at the
/// latest, and NDIS is asked to remove the adapter. No loop waits for it for ever, no send is lost.
#[test]
fn a_device_pulled_out_under_load() {
    machine(&setup(), |system, far| {
        let rig = Rig::up(system, far);
        let load = Load::start(&rig, 3);
        load.wait_for(100);
        rig.adapter.device.hardware.pull_out();
        crate::common::rig::eventually("NdisMRemoveMiniport", || {
            let hangs = world().ndis.check_for_hang(&rig.adapter);
            assert!(
                !hangs
                    || rig.adapter.removed.get()
                    || world().ndis.reset(&rig.adapter) != c::NDIS_STATUS_SUCCESS
            );
            rig.adapter.removed.get()
        });
        wait("the sends' completion", || rig.adapter.outstanding().0 == 0);
        load.abandon();
        notify(&rig);
        take_away(&rig);
    });
}

/// NDIS-SURP-02: gone while paused; a restart that NDIS may still try changes nothing.
#[test]
fn a_surprise_removal_while_paused() {
    machine(&setup(), |system, far| {
        let rig = Rig::up(system, far);
        rig.round_trip(1);
        rig.pause();
        rig.adapter.device.hardware.pull_out();
        notify(&rig);
        rig.send_to_driver(&[outgoing(1, 100)]);
        assert_eq!(rig.completions(c::NDIS_STATUS_NOT_ACCEPTED), 1);
        take_away(&rig);
    });
}

/// What MiniportShutdownEx must have left: a NIC that does not interrupt, send or receive.
#[track_caller]
fn assert_quiet(rig: &Rig) {
    assert_eq!(rig.read(register::IMS), 0, "interrupts are on");
    assert_eq!(rig.read(register::RCTL) & register::ENABLE, 0, "the receiver is on");
    assert_eq!(rig.read(register::TCTL) & register::ENABLE, 0, "the transmitter is on");
    let before = rig.adapter.counts();
    rig.far.send((0..10).map(|i| incoming(i, 100)));
    world().sched.sleep(std::time::Duration::from_millis(30));
    let after = rig.adapter.counts();
    assert_eq!((after.interrupts, after.receives), (before.interrupts, before.receives));
}

/// NDIS-SHUT-01 to -05, C-10: MiniportShutdownEx under load at PASSIVE_LEVEL (power off) and at HIGH_LEVEL (bug check):
/// registers only, nothing that an IRQL forbids, nothing freed; afterwards the NIC is quiet.
#[test]
fn shutdown() {
    for (action, level) in [(c::NdisShutdownPowerOff, PASSIVE), (c::NdisShutdownBugCheck, HIGH)] {
        let ended = attempt(&setup(), move |system, far| {
            let rig = Rig::up(system, far);
            rig.round_trip(1);
            let blocks = world().mem.drivers_blocks().len();
            rig.run_transmitter(false);
            rig.send(&(0..50).map(|i| outgoing(i, 100)).collect::<Vec<_>>());
            let lists = world().mem.drivers_blocks().len();
            let before = world().cpu().set_irql(level);
            world().ndis.shutdown(&rig.adapter, action);
            world().cpu().set_irql(before);
            assert_eq!(world().mem.drivers_blocks().len(), lists, "shutdown has allocated or freed");
            assert!(lists >= blocks);
            assert_quiet(&rig);
        });
        assert!(ended.is_ok(), "{}", ended.unwrap_err());
    }
}
