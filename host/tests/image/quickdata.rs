//! The provider of QuickData functions: the device node, the channels that their hardware works for, and what happens
//! when that fails.

use crate::common::{
    copies::{Copies, HALTED, SUSPENDED, word_is},
    far::Far,
    random::Random,
    rig::{Rig, built, eventually, wait},
    watchdog::Watchdog,
};
use ferrite_host::{
    abi::constants::{
        NetDmaNotificationProviderPowerDown as POWER_DOWN, NetDmaNotificationProviderPowerUp as POWER_UP,
        STATUS_ADAPTER_HARDWARE_ERROR as ADAPTER_HARDWARE_ERROR,
    },
    bus::Bdf,
    device::quickdata::{self, Config, Fault, Interrupts, Quickdata, Version},
    netdma::{Channel, Interface, Provider, Report},
    nt::plug::{Power, State},
    system::{self, InProcess, Node, Setup, System},
    verify::End,
    world::{Hardware, Source, world},
};
use std::{rc::Rc, time::Duration};

/// A function in the machine.
pub struct Function {
    pub model: Rc<Quickdata>,
    pub node: Rc<Node>,
}

/// Windows 7 with functions, without a NIC.
pub fn setup() -> Setup {
    let mut setup = Setup::without_nics(built("ferrite-dma.inf"));
    setup.windows = (6, 1, 7601);
    setup.ndis_version = 0x0006_0014;
    setup
}

/// Functions at one slot after the other. What is not the client's is for the driver's own tests.
fn models(setup: &mut Setup, configs: &[Config]) -> Vec<Rc<Quickdata>> {
    let ram = system::memory().expect("memory");
    setup.ram = Some(ram.clone());
    let made = |(number, config): (u8, &Config)| {
        let config = Config {
            at: Bdf::new(0, 0x10 + number, 0),
            address: config.address + 0x10_0000 * u64::from(number),
            ..config.clone()
        };
        let model = Quickdata::new(config, ram.clone()).expect("a function");
        model.allow().or_the_drivers_own();
        model
    };
    (0..).zip(configs).map(made).collect()
}

fn in_process(models: &[Rc<Quickdata>], configs: &[Config]) -> Vec<InProcess> {
    let made = |(number, (model, _)): (u8, (&Rc<Quickdata>, &Config))| {
        InProcess::new(Bdf::new(0, 0x10 + number, 0), Rc::clone(model) as Rc<dyn Hardware>)
            .with_source(Rc::clone(model) as Rc<dyn Source>)
    };
    (0..).zip(models.iter().zip(configs)).map(made).collect()
}

/// Runs `body` with the driver loaded and its functions not yet added; everything is taken down afterwards.
fn attempt(
    mut setup: Setup,
    configs: &[Config],
    body: impl FnOnce(&Rc<System>, &[Function]) + 'static,
) -> Result<(), End> {
    let _bound = Watchdog::start();
    let models = models(&mut setup, configs);
    let system = System::boot_with(&setup, &in_process(&models, configs))
        .unwrap_or_else(|error| panic!("the system does not come up: {error}"));
    system.run(move |system| {
        let functions: Vec<_> = models
            .into_iter()
            .zip(&system.functions)
            .map(|(model, node)| Function { model, node: Rc::clone(node) })
            .collect();
        system.load().expect("the driver loads");
        body(system, &functions);
        for Function { model, node } in &functions {
            if node.plug.state() != State::Enumerated {
                node.plug.remove();
            }
            model.check_removed();
        }
        system.unload();
        assert_eq!(world().mem.drivers_blocks().len(), 0, "leaks");
    })
}

#[track_caller]
pub fn machine(setup: Setup, configs: &[Config], body: impl FnOnce(&Rc<System>, &[Function]) + 'static) {
    if let Err(end) = attempt(setup, configs, body) {
        panic!("the run ended early: {end}");
    }
}

/// The same with one function, started, and its provider.
#[track_caller]
pub fn started(config: Config, body: impl FnOnce(&Function, &Rc<Provider>) + 'static) {
    machine(setup(), &[config], move |_, functions| {
        let function = &functions[0];
        start(function);
        body(function, &provider());
    });
}

#[track_caller]
pub fn start(function: &Function) {
    assert_eq!(function.node.plug.add(), Ok(()));
    assert_eq!(function.node.plug.start(), Ok(()));
}

#[track_caller]
pub fn provider() -> Rc<Provider> {
    let providers = world().netdma.providers();
    assert_eq!(providers.len(), 1);
    Rc::clone(&providers[0])
}

fn channels(version: Version) -> u8 {
    if version == Version::V3_4 { 1 } else { 2 }
}

/// Copies for a channel of a function, whose memory is handed over.
pub fn copies(function: &Function, provider: &Provider, channel: &Channel, seed: u64) -> Copies {
    Copies::of(provider, seed).hand_over(&function.model, channel)
}

/// Every version, and every kind of interrupt.
fn all() -> impl Iterator<Item = Config> {
    let kinds = [Interrupts::MsiX, Interrupts::Msi, Interrupts::Line];
    Version::ALL.into_iter().flat_map(move |version| {
        kinds.map(|interrupts| Config { interrupts, ..Config::new(version, channels(version)) })
    })
}

/// NDMA-REG-01 to -08, NDMA-START-01, -02, NDMA-STOP-01 to -03: tried, offered, stopped, started again and removed, in
/// every version on every kind of interrupt. Hardware whose chains end in NULL is a provider of 1.1.
#[test]
fn a_function_comes_and_goes() {
    for config in all() {
        println!("{:?} {:?}", config.version, config.interrupts);
        let (version, offered) = (config.version, (u32::from(config.channels), 1 << 20));
        started(config, move |function, provider| {
            let wanted = if version == Version::V1_2 { (1, 1) } else { (2, 0) };
            assert_eq!(provider.version, wanted);
            assert_eq!(provider.offer.get(), offered);
            let plug = &function.node.plug;
            plug.query_stop().expect("it can be stopped");
            plug.cancel_stop();
            plug.query_stop().expect("it can be stopped");
            plug.stop();
            assert_eq!(provider.offer.get(), (0, 0));
            plug.start().expect("it starts again");
            assert_eq!(provider.offer.get(), offered);
            plug.query_remove().expect("it can be removed");
            plug.cancel_remove();
            assert_eq!(plug.system_control(), ferrite_host::abi::constants::STATUS_NOT_SUPPORTED);
        });
    }
}

/// NDMA-XFER-01, -07, -08, NDMA-CST-01, -02, NDMA-INT-01 to -03: chains of random copies, appended to while active and
/// idle, arrive byte for byte, with words and interrupts as asked; an append is one write and no read.
#[test]
fn chains_of_copies() {
    for config in all() {
        println!("{:?} {:?}", config.version, config.interrupts);
        let seed = config.version as u64 * 3 + config.interrupts as u64;
        started(config, move |function, provider| {
            let channel = provider.allocate(2).expect("a channel");
            let mut copies = copies(function, provider, &channel, seed);
            copies.start(&channel, 40, 9000);
            for _ in 0..20 {
                copies.append(&channel, 3, 5000);
            }
            copies.finish(&channel);
            copies.append(&channel, 1, 300_000);
            copies.finish(&channel);
            let last = Report::Completed(copies.last());
            eventually("the last interrupt", || channel.reports.borrow().last() == Some(&last));
            channel.free();
            let (state, _) = function.model.channel(0).expect("channel 0");
            assert_eq!(state, quickdata::State::Halted, "nothing of the client's is left in it");
        });
    }
}

/// NDMA-SUS-01, -02, NDMA-RES-01, NDMA-XFER-09: suspended at any moment, appended to, resumed: nothing is lost or done
/// twice.
#[test]
fn suspended_and_resumed_at_random() {
    for version in Version::ALL {
        let config = Config { bytes: 4096, descriptors: 1, ..Config::new(version, channels(version)) };
        started(config, |function, provider| {
            let channel = provider.allocate(2).expect("a channel");
            let mut copies = copies(function, provider, &channel, 5);
            copies.start(&channel, 20, 60_000);
            let mut random = Random::new(6);
            for _ in 0..40 {
                world().sched.sleep(Duration::from_micros(random.below(200)));
                let last = channel.suspend().expect("a suspension");
                if last != 0 {
                    assert_eq!(channel.word(), Some((last, SUSPENDED)));
                }
                let before = channel.word();
                copies.append(&channel, 2, 20_000);
                world().sched.sleep(Duration::from_micros(random.below(100)));
                assert_eq!(channel.word(), before, "it worked while it was suspended");
                channel.resume().expect("a resume");
                assert!(channel.resume().is_err(), "resumed twice");
            }
            copies.finish(&channel);
            channel.free();
        });
    }
}

/// NDMA-ABT-01, NDMA-RST-01, NDMA-XFER-02, -10: aborted, reset and started over in the middle of a chain; the next chain
/// is whole, its interrupt comes, and nothing of the old one is touched afterwards.
#[test]
fn aborted_reset_and_started_over() {
    for version in Version::ALL {
        let config = Config { bytes: 4096, descriptors: 1, ..Config::new(version, channels(version)) };
        started(config, |function, provider| {
            let channel = provider.allocate(2).expect("a channel");
            let stops: [fn(&Channel); 3] = [
                |channel| channel.abort().expect("an abort"),
                |channel| channel.reset().expect("a reset"),
                |_| (),
            ];
            for (number, stop) in stops.into_iter().enumerate() {
                let mut old = copies(function, provider, &channel, number as u64);
                old.start(&channel, 30, 100_000);
                stop(&channel);
                if number < 2 {
                    let frozen = old.memory().all().to_vec();
                    assert!(channel.append(0, 0, 1).is_err(), "an append to a stopped channel");
                    world().sched.sleep(Duration::from_millis(2));
                    assert!(*old.memory().all() == *frozen, "the old chain goes on");
                }
                let mut new = copies(function, provider, &channel, 9);
                new.start(&channel, 5, 4000);
                new.finish(&channel);
                let last = Report::Completed(new.at(4));
                eventually("the interrupt", || channel.reports.borrow().last() == Some(&last));
            }
            channel.free();
        });
    }
}

/// NDMA-INT-03, NDMA-XFER-17: an error of the hardware halts the channel and is reported as 0, whatever its cause and
/// also where its interrupt is lost or a suspension meets it first; a new chain works.
#[test]
fn errors_are_reported_and_recovered_from() {
    for version in Version::ALL {
        started(Config::new(version, channels(version)), |function, provider| {
            let channel = provider.allocate(2).expect("a channel");
            for bit in 0..19 {
                let before = channel.reports.borrow().len();
                let mut old = copies(function, provider, &channel, 1);
                assert!(function.model.inject(0, Fault::Error { after: 2, bit }));
                old.start(&channel, 6, 4000);
                word_is(&channel, old.at(1), HALTED);
                let reported = || channel.reports.borrow()[before..].contains(&Report::Failed);
                eventually("the report", reported);
                let mut new = copies(function, provider, &channel, 3);
                new.start(&channel, 5, 4000);
                new.finish(&channel);
            }
            channel.free();
        });
    }
}

/// NDMA-INT-03: an error that a suspension meets before its interrupt, which is lost, is reported all the same.
#[test]
fn an_error_that_a_suspension_meets() {
    started(Config::new(Version::V3_3, 2), |function, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let mut copies = copies(function, provider, &channel, 1);
        for fault in [Fault::Error { after: 2, bit: 10 }, Fault::LostInterrupt] {
            assert!(function.model.inject(0, fault));
        }
        copies.start(&channel, 6, 4000);
        word_is(&channel, copies.at(1), HALTED);
        assert!(channel.suspend().is_err());
        eventually("the report", || channel.reports.borrow().last() == Some(&Report::Failed));
        channel.free();
    });
}

/// NDMA-INT-03: a channel that makes no progress, and one whose error went without an interrupt, are found by the
/// watchdog, reported as failed, and work again.
#[test]
fn the_watchdog_finds_a_channel_that_does_not_go_on() {
    started(Config::new(Version::V3_2, 2), |function, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let faults: [&[Fault]; 3] = [
            &[Fault::Stuck { after: 2 }],
            &[Fault::DoorbellIgnored],
            &[Fault::Error { after: 2, bit: 10 }, Fault::LostInterrupt],
        ];
        for fault in faults {
            println!("{fault:?}");
            let before = channel.reports.borrow().len();
            let mut old = copies(function, provider, &channel, 1);
            for fault in fault {
                assert!(function.model.inject(0, *fault));
            }
            old.start(&channel, 6, 4000);
            wait("the report", || channel.reports.borrow()[before..].contains(&Report::Failed));
            let mut new = copies(function, provider, &channel, 3);
            new.start(&channel, 5, 4000);
            new.finish(&channel);
        }
        channel.free();
    });
}

/// A function that copies wrongly, answers no doorbell, does not interrupt or cannot be reset is not started, and
/// leaves nothing behind.
#[test]
fn the_self_test_refuses_a_broken_function() {
    let faults = [
        Fault::Corrupt { after: 0 },
        Fault::DoorbellIgnored,
        Fault::LostInterrupt,
        Fault::ResetHangs,
        Fault::Error { after: 0, bit: 10 },
    ];
    for fault in faults {
        println!("{fault:?}");
        machine(setup(), &[Config::new(Version::V3_3, 2)], move |_, functions| {
            let Function { model, node } = &functions[0];
            assert_eq!(node.plug.add(), Ok(()));
            assert!(model.inject(1, fault));
            assert_eq!(node.plug.start(), Err(ADAPTER_HARDWARE_ERROR));
            assert_eq!(node.plug.state(), State::Enumerated);
            model.heal(1);
        });
    }
}

/// NDMA-STOP-04: a function that leaves the bus fails what is outstanding; its device goes without waiting for it.
#[test]
fn a_function_that_is_pulled_out() {
    for version in Version::ALL {
        started(Config::new(version, channels(version)), |function, provider| {
            let channel = provider.allocate(2).expect("a channel");
            let mut copies = copies(function, provider, &channel, 1);
            assert!(function.model.inject(0, Fault::Gone { after: 2 }));
            copies.start(&channel, 20, 4000);
            let theirs = Rc::clone(&channel);
            world().sched.spawn("client", 0, move || {
                wait("the report", || theirs.reports.borrow().last() == Some(&Report::Failed));
                theirs.set_quiet(true);
            });
            // Sooner than the watchdog would find out.
            world().netdma.patience.set(Duration::from_millis(500));
            function.node.plug.surprise_remove();
            function.node.plug.remove();
            assert!(world().netdma.providers().is_empty());
        });
    }
}

/// NDMA-PNP-01, -03: NetDMA hears of D3 before it is entered and of D0 after it, whether the device or the system changes
/// its state; a chain works afterwards.
#[test]
fn power_is_announced() {
    for interrupts in [Interrupts::MsiX, Interrupts::Line] {
        let config = Config { interrupts, ..Config::new(Version::V3_3, 2) };
        started(config, |function, provider| {
            let channel = provider.allocate(1).expect("a channel");
            let plug = &function.node.plug;
            let steps = [(Power::Device(4), Power::Device(1)), (Power::System(4), Power::System(1))];
            for (down, up) in steps {
                provider.power_events.borrow_mut().clear();
                plug.query_power(down).expect("it may");
                plug.set_power(down).expect("down");
                assert_eq!(plug.power(), 4);
                assert_eq!(*provider.power_events.borrow(), [POWER_DOWN]);
                plug.set_power(up).expect("up");
                wait("the power", || provider.power_events.borrow().len() == 2);
                assert_eq!(plug.power(), 1);
                assert_eq!(*provider.power_events.borrow(), [POWER_DOWN, POWER_UP]);
                assert!(channel.append(0, 0, 1).is_err(), "the chain is forgotten");
                let mut copies = copies(function, provider, &channel, 8);
                copies.start(&channel, 5, 4000);
                copies.finish(&channel);
                let last = Report::Completed(copies.at(4));
                eventually("the interrupt", || channel.reports.borrow().last() == Some(&last));
                // The engine must not go by what it knew.
                copies.append(&channel, 3, 4000);
                copies.finish(&channel);
            }
            channel.free();
        });
    }
}

/// NDMA-VER-01, NDMA-BLD-04: without NetDMA, and where it gives no handle, the device has a driver that does nothing.
/// Hardware that counts has no provider where chains end in NULL.
#[test]
fn a_dormant_provider() {
    for interface in [Interface::Absent, Interface::NullHandle] {
        let mut setup = setup();
        setup.netdma = Some(interface);
        machine(setup, &[Config::new(Version::V3_2, 2)], |_, functions| {
            start(&functions[0]);
            assert!(world().netdma.providers().is_empty());
            assert_eq!(functions[0].model.counters().accesses().writes, 0);
        });
    }
    for interface in [Interface::V1_0, Interface::V1_1] {
        let mut setup = setup();
        setup.netdma = Some(interface);
        let configs = [Config::new(Version::V3_2, 2)];
        machine(setup, &configs, |_, functions| {
            start(&functions[0]);
            assert_eq!(provider().offer.get(), (0, 0), "nothing is offered");
        });
    }
}

/// Runs `body` with the driver on the NIC, and functions beside it that are not yet added.
#[track_caller]
pub fn beside(mut setup: Setup, configs: &[Config], body: impl FnOnce(&Rig, &[Function]) + 'static) {
    let models = models(&mut setup, configs);
    let _bound = Watchdog::start();
    let system = System::boot_with(&setup, &in_process(&models, configs))
        .unwrap_or_else(|error| panic!("the system does not come up: {error}"));
    let far = Far::of(&system);
    let ended = system.run(move |system| {
        let rig = Rig::up(system, &far);
        let functions: Vec<_> = models
            .into_iter()
            .zip(&system.functions)
            .map(|(model, node)| Function { model, node: Rc::clone(node) })
            .collect();
        body(&rig, &functions);
        for Function { model, node } in &functions {
            if node.plug.state() != State::Enumerated {
                node.plug.remove();
            }
            model.check_removed();
        }
        rig.down();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}

/// The NIC and functions of three versions in one image: frames go both ways while every channel copies.
#[test]
fn beside_the_nic() {
    let mut setup = crate::netdma::windows_7();
    setup.dma_inf = Some(built("ferrite-dma.inf"));
    let configs = [Version::V1_2, Version::V3_2, Version::V3_4].map(|v| Config::new(v, channels(v)));
    beside(setup, &configs, |rig, functions| {
        functions.iter().for_each(start);
        let providers = world().netdma.providers();
        assert_eq!(providers.len(), 4, "the CPU's and three functions'");
        let mut work = Vec::new();
        for (number, provider) in providers.iter().enumerate() {
            let channel = provider.allocate(1 << (number % 2)).expect("a channel");
            let mut copies = Copies::of(provider, number as u64);
            if let Some(function) = number.checked_sub(1).map(|number| &functions[number]) {
                copies = copies.hand_over(&function.model, &channel);
            }
            copies.start(&channel, 100, 30_000);
            work.push((channel, copies));
        }
        for round in 0..20 {
            rig.round_trip(round);
            for (channel, copies) in &mut work {
                copies.append(channel, 2, 10_000);
            }
        }
        for (channel, copies) in &work {
            copies.finish(channel);
            channel.free();
        }
    });
}
