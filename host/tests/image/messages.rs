//! The messages of a QuickData function.

use super::quickdata::{copies, machine, provider, setup, start};
use ferrite_host::{
    device::quickdata::{Config, Version},
    world::world,
};

/// NDMA-REG-08 to -10, NDMA-CH-03: each message goes to the processor that NetDMA named for its channel, and a client
/// gets a channel that interrupts one of its processors.
#[test]
fn messages_go_where_they_are_wanted() {
    let mut setup = setup();
    setup.cpus = 4;
    machine(setup, &[Config::new(Version::V3_2, 4)], |_, functions| {
        start(&functions[0]);
        let (device, provider) = (&functions[0].node.device, provider());
        for number in 0..4 {
            assert_eq!(device.affinity(number, 4), 8 >> number, "the last processor first");
        }
        let done = || {
            let counters = functions[0].model.counters();
            counters.channels.iter().map(|channel| channel.descriptors).collect::<Vec<_>>()
        };
        for cpu in [2, 0, 3, 1] {
            let channel = provider.allocate(1 << cpu).expect("a channel");
            assert_eq!(channel.cpu.get(), cpu);
            let before = done();
            let mut copies = copies(&functions[0], &provider, &channel, 2);
            copies.start(&channel, 3, 4000);
            copies.finish(&channel);
            let after = done();
            let used = (0..4).find(|&number| after[number] != before[number]);
            assert_eq!(used, Some(3 - cpu as usize), "the channel whose message goes there");
            channel.free();
        }
    });
}

/// NDMA-START-02: with fewer MSI-X messages than channels as many channels are offered, and each of them interrupts; one
/// without a vector of its own could not.
#[test]
fn fewer_messages_than_channels() {
    for granted in 1..4_u8 {
        let setup = ferrite_host::system::Setup { messages: Some(granted.into()), ..setup() };
        machine(setup, &[Config::new(Version::V3_2, 4)], move |_, functions| {
            start(&functions[0]);
            let provider = provider();
            assert_eq!(provider.offer.get().0, u32::from(granted));
            for seed in 0..u64::from(granted) {
                let channel =
                    provider.allocate(1 << (seed % world().cpus().len() as u64)).expect("a channel");
                let mut copies = copies(&functions[0], &provider, &channel, seed);
                copies.start(&channel, 5, 4000);
                copies.finish(&channel);
                channel.free();
            }
        });
    }
}
