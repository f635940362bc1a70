//! The NetDMA provider of the NIC's device node: channels that the CPU works for, end to end.

use crate::common::{
    copies::{Copies, HALTED, IDLE, SUSPENDED, memory, word_is},
    random::Random,
    rig::{Rig, eventually, play, setup_with, wait},
};
use crate::power::set_power;
use ferrite_host::{
    abi::constants as c,
    dma::{
        copies::flags,
        memory::{Descriptor, Memory},
    },
    netdma::{Channel, Interface, Provider, Report},
    system::Setup,
    world::world,
};
use std::rc::Rc;

/// Windows 7, and the keyword that asks for the provider.
pub fn windows_7() -> Setup {
    let mut setup = setup_with(&[("NetDmaCpuEngine", "1")]);
    setup.windows = (6, 1, 7601);
    setup.ndis_version = 0x0006_0014;
    setup
}

fn provider() -> Rc<Provider> {
    let providers = world().netdma.providers();
    assert_eq!(providers.len(), 1);
    Rc::clone(&providers[0])
}

fn with_provider(setup: &Setup, body: impl FnOnce(&Rig, &Rc<Provider>) + 'static) {
    play(setup, move |rig| {
        let provider = provider();
        body(rig, &provider);
    });
}

/// NDMA-REG-01 to -08, NDMA-START-01, -02, NDMA-STOP-01 to -03: registered, offered, and gone with the device; a frame
/// each way beside it.
#[test]
fn a_provider_comes_and_goes_with_the_device() {
    with_provider(&windows_7(), |rig, provider| {
        assert_eq!((provider.version, provider.offer.get()), ((2, 0), (4, 1 << 20)));
        rig.round_trip(1);
    });
}

/// NDMA-VER-01, NDMA-BLD-04: without the keyword, without NetDMA and where it gives no handle there is no provider, and
/// the NIC works.
#[test]
fn a_dormant_provider_disturbs_nobody() {
    let with = |interface| {
        let mut setup = windows_7();
        setup.netdma = Some(interface);
        setup
    };
    let mut off = windows_7();
    off.keywords.clear();
    let mut newer = windows_7();
    newer.windows = (10, 0, 19045);
    for setup in [off, newer, with(Interface::Absent), with(Interface::NullHandle)] {
        play(&setup, |rig| {
            assert!(world().netdma.providers().is_empty());
            rig.round_trip(1);
        });
    }
}

/// NDMA-CH-01 to -05, -07, -08: as many channels as are offered, each with a word and a CPU of its own; freed ones come
/// again.
#[test]
fn channels_are_given_and_taken_back() {
    with_provider(&windows_7(), |_, provider| {
        for _ in 0..3 {
            let channels: Vec<_> =
                (0..4).map(|i| provider.allocate(1 << (i % 2)).expect("a channel")).collect();
            assert!(channels.iter().enumerate().all(|(i, channel)| channel.cpu.get() as usize == i % 2));
            assert!(provider.allocate(1).is_err(), "a fifth channel");
            for channel in channels {
                channel.free();
            }
        }
    });
}

/// NDMA-XFER-01, -07, -08, NDMA-CST-01, -02, NDMA-INT-01 to -03: chains of random copies, appended to while active and
/// idle, arrive byte for byte, with words and interrupts as asked.
#[test]
fn chains_of_copies() {
    for interface in [Interface::V2_0, Interface::V1_1, Interface::V1_0] {
        let version = interface.version();
        let mut setup = windows_7();
        setup.netdma = Some(interface);
        with_provider(&setup, move |_, provider| {
            assert_eq!(provider.version, version);
            let channel = provider.allocate(2).expect("a channel");
            let mut copies = Copies::new(u64::from(version.1));
            copies.start(&channel, 40, 9000);
            for _ in 0..20 {
                copies.append(&channel, 3, 5000);
            }
            copies.finish(&channel);
            copies.append(&channel, 1, 300_000);
            copies.finish(&channel);
            let last = Report::Completed(copies.last());
            eventually("the last interrupt", || channel.reports.borrow().last() == Some(&last));
            assert!(channel.interrupts.get() >= 2);
            channel.free();
        });
    }
}

/// NDMA-SUS-01, -02, NDMA-RES-01, NDMA-XFER-09: suspended at any moment, appended to, resumed: nothing is lost or done
/// twice.
#[test]
fn suspended_and_resumed_at_random() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let mut copies = Copies::new(5);
        copies.start(&channel, 20, 60_000);
        let mut random = Random::new(6);
        for _ in 0..40 {
            world().sched.sleep(std::time::Duration::from_micros(random.below(200)));
            let last = channel.suspend().expect("a suspension");
            if last != 0 {
                assert_eq!(channel.word(), Some((last, SUSPENDED)));
            }
            let before = channel.word();
            copies.append(&channel, 2, 20_000);
            world().sched.sleep(std::time::Duration::from_micros(random.below(100)));
            assert_eq!(channel.word(), before, "it worked while it was suspended");
            channel.resume().expect("a resume");
            assert!(channel.resume().is_err(), "resumed twice");
        }
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-ABT-01, NDMA-RST-01, NDMA-XFER-02, -10: aborted, reset and started over in the middle of a chain; the next chain
/// is whole, and nothing of the old one is touched afterwards.
#[test]
fn aborted_reset_and_started_over() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let stops: [fn(&Channel); 3] = [
            |channel| channel.abort().expect("an abort"),
            |channel| channel.reset().expect("a reset"),
            |_| (),
        ];
        for (number, stop) in stops.into_iter().enumerate() {
            let mut old = Copies::new(number as u64);
            old.start(&channel, 30, 100_000);
            stop(&channel);
            if number < 2 {
                assert!(matches!(channel.word(), None | Some((_, HALTED))), "{:?}", channel.word());
                let frozen = old.memory().all().to_vec();
                assert!(channel.append(0, 0, 1).is_err(), "an append to a stopped channel");
                world().sched.sleep(std::time::Duration::from_millis(2));
                assert!(*old.memory().all() == *frozen, "the old chain goes on");
            }
            let mut new = Copies::new(9);
            new.start(&channel, 5, 4000);
            new.finish(&channel);
        }
        channel.free();
    });
}

/// NDMA-INT-03, NDMA-XFER-17: a descriptor that cannot be executed halts the channel and is reported as 0; memory is
/// untouched, and a new chain works.
#[test]
fn a_bad_descriptor_is_reported() {
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(1).expect("a channel");
        let memory = memory(true);
        let (from, to) = (memory.sources().0, memory.destinations().0);
        let nothing =
            Descriptor { size: 0, flags: flags::STATUS | flags::NULL, from, to, ..Descriptor::default() };
        memory.put(0, &nothing, false);
        memory.put(1, &Descriptor { size: (1 << 20) + 1, flags: flags::STATUS, ..nothing }, true);
        channel.start(memory.base, memory.at(0), 2).expect("a start");
        word_is(&channel, memory.at(0), HALTED);
        eventually("the report", || channel.reports.borrow().last() == Some(&Report::Failed));
        assert!(memory.untouched(to, memory.destinations().1));
        let mut copies = Copies::new(3);
        copies.start(&channel, 5, 4000);
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-STOP-01: a device that goes while descriptors are outstanding waits for them; the channel is freed by then.
#[test]
fn a_stop_waits_for_what_is_outstanding() {
    with_provider(&windows_7(), |rig, provider| {
        let channel = provider.allocate(1).expect("a channel");
        let mut copies = Copies::new(4);
        copies.start(&channel, 60, 200_000);
        let (theirs, last) = (Rc::clone(&channel), copies.at(59));
        world().sched.spawn("client", 0, move || {
            wait("the last descriptor", || matches!(theirs.word(), Some((address, IDLE)) if address == last));
            theirs.set_quiet(true);
        });
        rig.pause();
        rig.bounce(c::NdisHaltDeviceDisabled);
        copies.compare();
        assert_ne!(provider.offer.get(), (0, 0), "offered again");
        let again = provider.allocate(1).expect("a channel afterwards");
        again.free();
    });
}

/// NDMA-PNP-01, -03: NetDMA hears of D3 before it is entered and of D0 after it; a chain works afterwards.
#[test]
fn power_is_announced() {
    with_provider(&windows_7(), |rig, provider| {
        let channel = provider.allocate(1).expect("a channel");
        rig.pause();
        set_power(rig, c::NdisDeviceStateD3);
        assert_eq!(*provider.power_events.borrow(), [c::NetDmaNotificationProviderPowerDown]);
        set_power(rig, c::NdisDeviceStateD0);
        let both = [c::NetDmaNotificationProviderPowerDown, c::NetDmaNotificationProviderPowerUp];
        assert_eq!(*provider.power_events.borrow(), both);
        let mut copies = Copies::new(8);
        copies.start(&channel, 5, 4000);
        copies.finish(&channel);
        channel.free();
    });
}

/// NDMA-SUS-03: what comes after the last processed descriptor is rewritten while the channel is suspended; the new one
/// is executed, the old one is not.
#[test]
fn a_list_rewritten_while_suspended() {
    /// Descriptors, and bytes of each.
    const COUNT: u64 = 20;
    const SIZE: u64 = 1 << 19;
    with_provider(&windows_7(), |_, provider| {
        let channel = provider.allocate(2).expect("a channel");
        let memory = memory(true);
        let from = memory.sources().0;
        let destination = |number: u64| memory.destinations().0 + number * SIZE;
        let copy = |number| Descriptor {
            size: SIZE as u32,
            flags: flags::STATUS,
            from,
            to: destination(number),
            ..Descriptor::default()
        };
        for number in 0..COUNT {
            memory.put(number, &copy(number), false);
        }
        channel.start(memory.base, memory.at(0), COUNT as u32).expect("a start");
        wait("the first descriptor", || channel.word().is_some());
        let last = channel.suspend().expect("a suspension");
        let number = (0..COUNT).find(|&number| memory.at(number) == last).expect("one of the chain");
        assert!(number + 2 < COUNT, "the chain was over at once");
        let skipped = destination(number + 1) as usize..destination(number + 2) as usize;
        let before = memory.all()[skipped.clone()].to_vec();
        // The next is replaced by another, which leads to the one behind it.
        memory.write(COUNT, &copy(COUNT), memory.at(number + 2));
        let at = Memory::descriptor(number) as usize + 24;
        memory.all()[at..at + 8].copy_from_slice(&memory.at(COUNT).to_le_bytes());
        channel.resume().expect("a resume");
        word_is(&channel, memory.at(COUNT - 1), IDLE);
        let all = memory.all();
        let source = &all[from as usize..][..SIZE as usize];
        for other in (0..=COUNT).filter(|&other| other != number + 1) {
            assert!(all[destination(other) as usize..][..SIZE as usize] == *source, "descriptor {other}");
        }
        assert!(all[skipped] == *before, "the old next was executed");
        channel.free();
    });
}
