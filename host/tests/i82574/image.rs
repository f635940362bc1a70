//! The image on the model.

use crate::common::{
    far::Far,
    frame::{LONGEST, assert_all_same, incoming, outgoing, padded},
    rig::{FILTER, PATIENCE, Rig, built, eventually, wait},
    watchdog::Watchdog,
};
use ferrite_host::{
    abi::constants as c,
    device::i82574::{Config, Fault, I82574, Interrupts},
    ndis::{adapter::State, protocol::Protocol},
    net::Port,
    system::{self, InProcess, Setup, System, SystemError},
    verify::End,
    world::{Hardware, InterruptMode, Source, world},
};
use std::{rc::Rc, sync::Arc, time::Duration};

/// A machine without QEMU.
pub fn setup() -> Setup {
    Setup { nics: false, ..Setup::new(built("ferrite.inf")) }
}

/// Runs `body` on a machine with the model as its NIC.
pub fn attempt(
    setup: &Setup,
    config: Config,
    body: impl FnOnce(&Rc<System>, &Rc<Far>, &Rc<I82574>) + 'static,
) -> Result<(), End> {
    let _bound = Watchdog::start();
    let ram = system::memory().expect("memory");
    let setup = &Setup { ram: Some(Arc::clone(&ram)), ..setup.clone() };
    let model = I82574::new(config.clone(), Arc::clone(&ram)).expect("a function");
    let nic = InProcess::new(config.at, Rc::clone(&model) as Rc<dyn Hardware>)
        .with_source(Rc::clone(&model) as Rc<dyn Source>);
    let system = System::boot_with(setup, &[nic])
        .unwrap_or_else(|error| panic!("the system does not come up: {error}"));
    let far = Far::of_model(&system, model.wire());
    system.run(move |system| body(system, &far, &model))
}

/// The same with the adapter running and its link up; nothing may be left afterwards.
#[track_caller]
pub fn play(setup: &Setup, config: Config, body: impl FnOnce(&Rig, &Rc<I82574>) + 'static) {
    let ended = attempt(setup, config, |system, far, model| {
        let rig = Rig::up(system, far);
        body(&rig, model);
        rig.down();
        model.check_removed();
    });
    if let Err(end) = ended {
        panic!("the run ended early: {end}");
    }
}

/// Ways to interrupt: what the function offers, what the system grants, and what comes of it.
const WAYS: [(Interrupts, usize, InterruptMode); 6] = [
    (Interrupts::MsiX, 5, InterruptMode::Messages(3)),
    (Interrupts::MsiX, 2, InterruptMode::Messages(2)),
    (Interrupts::MsiX, 1, InterruptMode::Messages(1)),
    (Interrupts::MsiX, 0, InterruptMode::Line),
    (Interrupts::Msi, 1, InterruptMode::Messages(1)),
    (Interrupts::Line, 5, InterruptMode::Line),
];

/// Runs `body` for each way to interrupt.
#[track_caller]
fn play_each_way(body: impl Fn(&Rig, &Rc<I82574>) + Copy + 'static) {
    for (interrupts, messages, mode) in WAYS {
        let setup = Setup { messages: Some(messages), ..setup() };
        play(&setup, Config { interrupts, ..Config::default() }, move |rig, model| {
            assert_eq!(rig.interrupts(), mode);
            body(rig, model);
        });
    }
}

/// The image comes up on the model, the link too, and frames go each way.
#[test]
fn a_frame_each_way() {
    play_each_way(|rig, model| {
        (0..20).for_each(|number| rig.round_trip(number));
        let counters = model.counters();
        assert_eq!((counters.sent, counters.received), (20, 20));
        assert_eq!(counters.after_removal, 0);
    });
}

/// Frames of all lengths, in odd shapes, in chains, both ways at once: unchanged and in order.
#[test]
fn frames_in_all_shapes() {
    play_each_way(|rig, _| {
        for round in 0..4 {
            let lengths = (0..300).map(|i| 14 + (i * 37 + round * 11) % (LONGEST - 13));
            let out: Vec<_> = lengths.enumerate().map(|(i, len)| outgoing(i as u32, len)).collect();
            let back: Vec<_> = (0..300).map(|i| incoming(i, 60 + (i as usize * 53) % 1455)).collect();
            rig.far.send(back.clone());
            rig.send(&out);
            let expected: Vec<_> = out.iter().map(|frame| padded(frame)).collect();
            assert_all_same("on the wire", &rig.wire_frames(300), &expected);
            assert_all_same("at the protocol", &rig.port_frames(300), &back);
            rig.settle();
        }
    });
}

/// Pause and restart, reset, halt and initialize, the cable out and in again: frames go each way afterwards.
#[test]
fn the_states_of_an_adapter() {
    play_each_way(|rig, model| {
        rig.round_trip(0);
        rig.pause();
        rig.restart();
        rig.round_trip(1);
        rig.reset();
        rig.wait_for_link(true);
        rig.round_trip(2);
        rig.pause();
        rig.bounce(c::NdisHaltDeviceStopped);
        rig.round_trip(3);
        rig.set_link(false);
        rig.wait_for_link(false);
        rig.set_link(true);
        rig.wait_for_link(true);
        rig.round_trip(4);
        for state in [c::NdisDeviceStateD3, c::NdisDeviceStateD0] {
            if state == c::NdisDeviceStateD3 {
                rig.pause();
            }
            let set = world().ndis.set(&rig.adapter, c::OID_PNP_SET_POWER, &state.to_le_bytes());
            assert_eq!(set.status, c::NDIS_STATUS_SUCCESS);
        }
        rig.wait_for_link(true);
        rig.restart();
        rig.round_trip(5);
        assert!(model.counters().resets >= 4, "{:?}", model.counters());
    });
}

/// What is sent without a link stays on the ring, as on the part: a pause gets it back all the same.
#[test]
fn sends_without_a_link() {
    play(&setup(), Config::default(), |rig, _| {
        rig.round_trip(0);
        rig.set_link(false);
        rig.wait_for_link(false);
        rig.send(&(0..50).map(|number| outgoing(number, 100)).collect::<Vec<_>>());
        let began = world().clock.now();
        while rig.adapter.outstanding().0 != 0 {
            assert!(world().clock.now().since(began) < PATIENCE, "sends without a link never come back");
            if world().ndis.check_for_hang(&rig.adapter) {
                world().ndis.reset(&rig.adapter);
            }
            world().sched.sleep(Duration::from_millis(100));
        }
        rig.set_link(true);
        rig.wait_for_link(true);
        rig.far.take();
        rig.round_trip(1);
    });
}

/// NDIS-SURP-04: the function gone at the k-th register access, from the first of the initialization into traffic: no
/// rule is broken, and nothing is left.
#[test]
fn gone_at_an_access() {
    let steps = (0..200).chain((200..1400).step_by(41));
    for after in steps {
        let ended = attempt(&setup(), Config::default(), move |system, far, model| {
            model.inject(Fault::Gone { after });
            system.load().expect("the driver loads");
            let node = &system.nodes[0];
            if let Ok(adapter) = system.add(node) {
                let port = Port::new();
                let started = system.start(&adapter, Rc::clone(&port) as Rc<dyn Protocol>, FILTER);
                if started.is_ok() && adapter.state() == State::Running {
                    let frame = outgoing(1, 100);
                    port.send(&adapter, &[&frame]);
                    far.send([incoming(1, 100)]);
                    world().sched.sleep(Duration::from_millis(5));
                    if model.counters().after_removal != 0 {
                        world().ndis.pnp_event(&adapter, c::NdisDevicePnPEventSurpriseRemoved);
                        wait("the sends' completion", || adapter.outstanding().0 == 0);
                    }
                }
                system.remove(node);
            }
            system.unload();
            let left = world().mem.drivers_blocks();
            assert!(left.is_empty(), "left after unload: {left:?}");
        });
        assert!(ended.is_ok(), "gone at access {after}: {}", ended.unwrap_err());
    }
}

/// A device that cannot be brought up fails MiniportInitializeEx, says so in the event log, and leaves nothing behind;
/// healed, it comes up.
#[test]
fn a_device_that_does_not_come_up() {
    let faults = [
        Fault::NvmChecksum,
        Fault::NvmTimeout,
        Fault::AutoReadTimeout,
        Fault::PhyError { after: 0 },
        Fault::PhyError { after: 5 },
        Fault::PhyTimeout { after: 0 },
        Fault::PhyTimeout { after: 4 },
        Fault::MdioTaken,
    ];
    for fault in faults {
        let ended = attempt(&setup(), Config::default(), move |system, far, model| {
            model.inject(fault);
            system.load().expect("the driver loads");
            let refused = system.add(&system.nodes[0]).err();
            assert!(matches!(refused, Some(SystemError::Initialize { .. })), "{fault:?}: {refused:?}");
            assert!(!world().ndis.error_log.borrow().is_empty(), "{fault:?}: no entry in the event log");
            system.unload();
            model.check_removed();
            model.heal();
            let rig = Rig::up(system, far);
            rig.round_trip(1);
            rig.down();
        });
        assert!(ended.is_ok(), "{fault:?}: {}", ended.unwrap_err());
    }
}

/// Interrupts that are late, spurious or come as a storm lose nothing.
#[test]
fn unruly_interrupts() {
    play_each_way(|rig, model| {
        for round in 0..20 {
            for fault in [
                Fault::SpuriousInterrupt,
                Fault::Storm { polls: 30 },
                Fault::LateInterrupt { polls: 50 },
                Fault::LateInterrupt { polls: 3 },
            ] {
                model.inject(fault);
            }
            rig.round_trip(round);
        }
    });
}

/// NDIS-CFH-04: an interrupt that is lost, in either direction, costs the time to the next check for a hang, and no frame.
#[test]
fn lost_interrupts() {
    play_each_way(|rig, model| {
        // A line stays asserted.
        for round in 0..if rig.interrupts() == InterruptMode::Line { 0 } else { 6 } {
            rig.round_trip(round);
            model.inject(Fault::LostInterrupt);
            if round % 2 == 0 {
                rig.far.send([incoming(100 + round, 100)]);
            } else {
                rig.send(&[outgoing(100 + round, 100)]);
            }
            world().sched.sleep(Duration::from_millis(5));
            let late =
                if round % 2 == 0 { rig.port.received.borrow().len() } else { rig.adapter.outstanding().0 };
            assert_eq!(late, round as usize % 2, "the interrupt was not lost");
            assert!(!world().ndis.check_for_hang(&rig.adapter));
            if round % 2 == 0 {
                rig.port_frames(1);
            } else {
                rig.wire_frames(1);
            }
            rig.settle();
            model.heal();
        }
    });
}

/// Descriptors that are written back wrong cost their frames, and no others.
#[test]
fn wrong_write_backs() {
    play(&setup(), Config::default(), |rig, model| {
        let kinds = [
            Fault::ReceiveErrors { after: 3, errors: 0x81 },
            Fault::ReceiveErrors { after: 3, errors: 0x02 },
            Fault::ReceiveLength { after: 3, length: 0xFFFF },
            Fault::ReceiveLength { after: 3, length: 2049 },
            Fault::ReceiveLength { after: 3, length: 0 },
        ];
        for fault in kinds {
            model.inject(fault);
            let frames: Vec<_> = (0..10).map(|number| incoming(number, 200)).collect();
            rig.far.send(frames.clone());
            let mut expected = frames;
            expected.remove(3);
            assert_all_same(&format!("{fault:?}"), &rig.port_frames(9), &expected);
            rig.settle();
        }
        model.inject(Fault::ReceiveSwapped { after: 3 });
        let frames: Vec<_> = (0..10).map(|number| incoming(number, 200)).collect();
        rig.far.send(frames.clone());
        assert_all_same("in the wrong order", &rig.port_frames(10), &frames);
    });
}

/// A transmit ring that stands still is noticed, reset, and works again; so does a receive ring after a reset.
#[test]
fn stuck_rings() {
    play(&setup(), Config::default(), |rig, model| {
        rig.round_trip(0);
        model.inject(Fault::TransmitStuck { after: 0 });
        rig.send(&(0..20).map(|number| outgoing(number, 100)).collect::<Vec<_>>());
        eventually("the hang to be noticed", || world().ndis.check_for_hang(&rig.adapter));
        rig.reset();
        rig.wait_for_link(true);
        rig.settle();
        rig.far.take();
        rig.round_trip(1);
        model.inject(Fault::ReceiveStuck { after: 0 });
        rig.far.send([incoming(7, 100)]);
        world().sched.sleep(Duration::from_millis(5));
        assert!(rig.port.received.borrow().is_empty());
        rig.reset();
        rig.wait_for_link(true);
        rig.round_trip(2);
    });
}
