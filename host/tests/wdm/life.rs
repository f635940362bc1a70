//! The sound driver's life: every step that the plug and play manager takes.

use crate::{
    driver::{self, DPC_CPUS, DPCS, IDS, INTERRUPTS, ISR_CPUS, TARGET, VERSION, WORK_CPUS},
    machine::{self, Engine, MESSAGES, sound, wait},
};
use ferrite_host::{
    abi::constants as c,
    cpu::DIRQL,
    devnode::Wish,
    nt::plug::{DeviceNode, Power, State},
    pnp::Value,
    world::{InterruptMode, world},
};
use std::rc::Rc;

fn started(node: &DeviceNode) {
    assert_eq!(node.add(), Ok(()));
    assert_eq!(node.start(), Ok(()));
    assert_eq!(node.state(), State::Started);
}

/// Interrupts, and waits until the driver's DPC has run.
fn interrupts(engine: &Engine, message: u32) {
    let before = DPCS.get(driver::device());
    assert!(engine.interrupt(message), "somebody listens");
    wait("a DPC", &|| DPCS.get(driver::device()) == before + 1);
}

#[test]
fn from_add_to_removal() {
    sound(|node, engine| {
        started(node);
        interrupts(engine, 0);
        assert_eq!(node.query_remove(), Ok(()));
        node.cancel_remove();
        interrupts(engine, 1);
        assert_eq!(node.query_remove(), Ok(()));
        node.remove();
        assert_eq!(node.state(), State::Enumerated);
        assert!(!engine.interrupt(0), "nobody listens any more");
    });
}

#[test]
fn the_filtered_requirements_are_honoured() {
    sound(|node, engine| {
        started(node);
        // Three were offered, the driver took two, both for one processor.
        let wish = Wish {
            included: true,
            policy: c::IrqPolicySpecifiedProcessors,
            priority: 0,
            processors: 1 << TARGET,
        };
        assert_eq!(node.device.wishes(), [wish; 2]);
        assert_eq!(engine.mode.get(), Some(InterruptMode::Messages(2)));
        interrupts(engine, 0);
        interrupts(engine, 1);
        let device = driver::device();
        assert_eq!((INTERRUPTS.get(device), ISR_CPUS.get(device)), (2, 1 << TARGET));
        assert_eq!(DPC_CPUS.get(device), 1, "the DPC's target is another processor");
        let given = driver::given();
        let [raw, other_raw, first, second] = given[..] else { panic!("{given:x?}") };
        let message = u64::from(c::CM_RESOURCE_INTERRUPT_MESSAGE | c::CM_RESOURCE_INTERRUPT_LATCHED);
        // Raw: the group and a message count of 1; translated: the level.
        assert_eq!((raw[0], raw[1], raw[3]), (message, 1 << 16, 1 << TARGET));
        assert_eq!((other_raw[0], other_raw[1]), (message, 1 << 16));
        assert_eq!((first[0], first[1], first[3]), (message, DIRQL.into(), 1 << TARGET));
        assert_eq!(second[2], first[2] + 1, "each message has its vector");
        node.remove();
    });
}

#[test]
fn a_stop_takes_the_resources_and_a_start_gives_them_again() {
    sound(|node, engine| {
        started(node);
        assert_eq!(node.query_stop(), Ok(()));
        let device = driver::device();
        assert_eq!(WORK_CPUS.get(device), 1 << TARGET, "the worker is bound to its processor");
        node.cancel_stop();
        interrupts(engine, 0);
        for _ in 0..2 {
            assert_eq!(node.query_stop(), Ok(()));
            node.stop();
            assert!(!engine.interrupt(0));
            assert_eq!(node.start(), Ok(()));
            interrupts(engine, 1);
        }
        node.remove();
    });
}

#[test]
fn a_stopped_device_is_removed() {
    sound(|node, _| {
        started(node);
        assert_eq!(node.query_stop(), Ok(()));
        node.stop();
        node.remove();
    });
}

#[test]
fn a_device_that_was_never_started_is_removed() {
    sound(|node, _| {
        assert_eq!(node.add(), Ok(()));
        node.remove();
        started(node);
        node.remove();
    });
}

#[test]
fn a_device_that_does_not_start_is_removed_and_comes_again() {
    sound(|node, engine| {
        driver::meets("RunsShort");
        assert_eq!(node.add(), Ok(()));
        assert_eq!(node.start(), Err(c::STATUS_INSUFFICIENT_RESOURCES));
        assert_eq!(node.state(), State::Enumerated);
        driver::meets("");
        started(node);
        interrupts(engine, 0);
        node.remove();
    });
}

#[test]
fn a_device_in_use_stays() {
    sound(|node, engine| {
        started(node);
        driver::meets("Busy");
        assert_eq!(node.query_stop(), Err(c::STATUS_UNSUCCESSFUL));
        assert_eq!(node.query_remove(), Err(c::STATUS_UNSUCCESSFUL));
        assert_eq!(node.state(), State::Started);
        interrupts(engine, 0);
        driver::meets("");
        assert_eq!(node.query_remove(), Ok(()));
        node.remove();
    });
}

#[test]
fn a_device_is_pulled_out() {
    sound(|node, engine| {
        started(node);
        node.surprise_remove();
        assert!(engine.gone.get());
        assert_eq!(node.state(), State::Gone);
        node.remove();
    });
}

#[test]
fn the_device_goes_off_and_on() {
    sound(|node, engine| {
        started(node);
        assert_eq!(node.query_power(Power::Device(c::PowerDeviceD3)), Ok(()));
        assert_eq!(node.set_power(Power::Device(c::PowerDeviceD3)), Ok(()));
        assert_eq!(node.power(), c::PowerDeviceD3);
        assert_eq!(node.set_power(Power::Device(c::PowerDeviceD0)), Ok(()));
        assert_eq!(node.power(), c::PowerDeviceD0);
        interrupts(engine, 0);
        node.remove();
    });
}

#[test]
fn the_system_sleeps_and_the_driver_switches_its_device() {
    sound(|node, _| {
        started(node);
        assert_eq!(node.query_power(Power::System(c::PowerSystemSleeping3)), Ok(()));
        assert_eq!(node.set_power(Power::System(c::PowerSystemSleeping3)), Ok(()));
        assert_eq!(node.power(), c::PowerDeviceD3);
        assert_eq!(node.set_power(Power::System(c::PowerSystemWorking)), Ok(()));
        assert_eq!(node.power(), c::PowerDeviceD0);
        node.remove();
    });
}

#[test]
fn what_the_driver_does_not_know_comes_back_as_it_went() {
    sound(|node, _| {
        started(node);
        assert_eq!(node.system_control(), c::STATUS_NOT_SUPPORTED);
        let capabilities = node.capabilities();
        assert_eq!(capabilities.address, 4 << 16);
        assert_eq!(capabilities.states[1], c::PowerDeviceD0);
        assert_eq!(IDS.get(driver::device()), 0x0E20_8086);
        node.remove();
    });
}

#[test]
fn without_messages_there_is_a_line() {
    let engine = Engine::new(0);
    let system = machine::system(&[Rc::clone(&engine)], |setup| setup.messages = Some(0));
    let ended = system.run(move |system| {
        machine::load(system, None);
        let node = &system.functions[0].plug;
        started(node);
        assert_eq!(engine.mode.get(), Some(InterruptMode::Line));
        interrupts(&engine, 0);
        node.remove();
        system.unload();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

#[test]
fn a_line_is_connected_by_its_vector() {
    let engine = Engine::new(0);
    let system = machine::system(&[Rc::clone(&engine)], |setup| setup.messages = Some(0));
    let ended = system.run(move |system| {
        machine::load(system, None);
        driver::meets("ByVector");
        let node = &system.functions[0].plug;
        started(node);
        assert_eq!(VERSION.get(driver::device()), u64::from(c::CONNECT_FULLY_SPECIFIED));
        interrupts(&engine, 0);
        node.remove();
        driver::meets("");
        system.unload();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

#[test]
fn the_messages_of_msi_are_one_resource() {
    sound(|node, engine| {
        engine.msi.set(true);
        started(node);
        let given = driver::given();
        let [raw, translated] = given[..] else { panic!("{given:x?}") };
        assert_eq!((raw[1], raw[3]), (3 << 16, translated[3]), "three messages, as the INF allows");
        assert_eq!(engine.mode.get(), Some(InterruptMode::Messages(3)));
        interrupts(engine, 2);
        assert_eq!(ISR_CPUS.get(driver::device()), translated[3], "all of them go to one place");
        interrupts(engine, 1);
        assert_eq!(ISR_CPUS.get(driver::device()), translated[3]);
        node.remove();
    });
}

#[test]
fn two_devices_live_side_by_side() {
    let engines = [Engine::new(0), Engine::new(1)];
    let system = machine::system(&engines, |_| {});
    let ended = system.run(move |system| {
        machine::load(system, None);
        let [first, second] = [&system.functions[0].plug, &system.functions[1].plug];
        started(first);
        let own = driver::device();
        started(second);
        assert_ne!(first.pdo(), second.pdo());
        interrupts(&engines[1], 0);
        assert_eq!(INTERRUPTS.get(own), 0);
        assert!(engines[0].interrupt(1));
        wait("an interrupt", &|| DPCS.get(own) == 1);
        assert_eq!(DPCS.get(driver::device()), 1);
        first.remove();
        interrupts(&engines[1], 1);
        second.remove();
        system.unload();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

#[test]
fn the_registry_is_the_infs() {
    sound(|node, _| {
        let device = &node.device;
        assert_eq!(device.messages_allowed.get(), 3, "of {MESSAGES} that the function has");
        assert!(device.driver_key.contains("{4d36e97d-e325-11ce-bfc1-08002be10318}"));
        let registry = world().registry.borrow();
        assert_eq!(registry.value(&device.driver_key, "Copies"), Some(&Value::Dword(7)));
        assert!(
            device.instance.starts_with(r"PCI\VEN_8086&DEV_0E20&SUBSYS_00000000&REV_04\"),
            "{}",
            device.instance
        );
    });
}
