//! The image in special pool: it touches no memory that is not its own.

use super::image::{attempt, play, setup};
use crate::common::frame::{LONGEST, incoming, outgoing};
use crate::common::rig::Rig;
use ferrite_host::{
    abi::constants as c,
    device::i82574::Config,
    mem::{Kind, special::Away},
    net::Hold,
    sched::Trace,
    system::Setup,
    verify::{End, rules},
    world::world,
};
use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

/// One life of the driver: the trace of the simulation, and the time that it took.
fn life(seed: u64, special_pool: bool) -> (Trace, Duration) {
    let setup = Setup { seed: Some(seed), cpus: 1 + seed as usize % 4, special_pool, ..setup() };
    let result = Rc::new(Cell::new(None));
    let place = Rc::clone(&result);
    let began = Instant::now();
    play(&setup, Config { seed, ..Config::default() }, move |rig, _| {
        for round in 0..4 {
            rig.round_trip(round);
        }
        rig.port.hold.set(Hold::Late);
        for round in 0..8 {
            let lengths = (0..100).map(|i| 14 + (i * 37 + round * 11) % (LONGEST - 13));
            let out: Vec<_> = lengths.enumerate().map(|(i, len)| outgoing(i as u32, len)).collect();
            rig.far.send((0..100).map(|i| incoming(i, 60 + (i as usize * 53) % 1455)));
            rig.send(&out);
            rig.port_frames(100);
            rig.port.release(&rig.adapter, usize::MAX);
            rig.settle();
            rig.far.take();
        }
        rig.port.hold.set(Hold::Nothing);
        rig.pause();
        rig.restart();
        assert_eq!(world().ndis.reset(&rig.adapter), c::NDIS_STATUS_SUCCESS);
        rig.wait_for_link(true);
        rig.round_trip(1000);
        place.set(world().trace().zip(Some(began.elapsed())));
    });
    result.get().expect("a trace")
}

/// NDIS-SEND-04, NDIS-RECV-04: the image in special pool, in the interleavings of some seeds, with traffic both ways,
/// receives held back, a pause, a restart, a reset and a halt.
#[test]
fn special_pool() {
    let (mut events, mut times) = (0, [Duration::ZERO; 2]);
    for seed in 1..9 {
        let (plain, special) = (life(seed, false), life(seed, true));
        assert!(plain.0.events > 1000, "seed {seed}: {:?}", plain.0);
        // Blocks lie elsewhere, so that what registers are written with is different, and the hash.
        let shape = |trace: Trace| (trace.events, trace.nanoseconds);
        assert_eq!(shape(plain.0), shape(special.0), "seed {seed}: what watches the memory changes the run");
        events += plain.0.events;
        times[0] += plain.1;
        times[1] += special.1;
    }
    assert_eq!(life(3, true).0, life(3, true).0, "the same seed is the same run");
    let [plain, special] = times.map(|time| u128::from(events) * 1_000_000 / time.as_micros().max(1));
    println!("{events} events: {plain} a second, {special} in special pool");
}

/// A wrong touch is reported with the image's own stack, and with where it allocated what it touches: all of its blocks
/// are taken away from it while it runs.
#[test]
fn the_stacks_of_a_wrong_touch() {
    let setup = Setup { seed: Some(1), special_pool: true, ..setup() };
    let ended = attempt(&setup, Config::default(), |system, far, _| {
        let rig = Rig::up(system, far);
        let blocks = world().mem.drivers_blocks();
        for kind in [Kind::NdisMemory, Kind::Shared, Kind::NetBufferList, Kind::Mdl] {
            let block = blocks.iter().find(|block| block.kind == kind).expect("a block of each kind");
            let text = world().block_text(block);
            assert!(text.contains(", called at ") && text.contains(".rs:"), "{text}");
        }
        for block in blocks.iter().filter(|block| block.kind == Kind::NdisMemory) {
            let whole = (block.addr, block.addr + block.size as u64);
            world().mem.lend(block.addr, [whole], Away::Indicated);
        }
        rig.round_trip(1);
    });
    let Err(End::Violation(violation)) = ended else {
        panic!("the image touches none of its memory: {ended:?}")
    };
    println!("{violation}");
    assert!(std::ptr::eq(violation.rule, &raw const rules::INDICATED_MEMORY), "{violation}");
    assert!(violation.detail.contains("bytes of NdisMemory, tag"), "{violation}");
    assert!(violation.detail.contains(", from NdisAllocateMemoryWithTagPriority, called at "), "{violation}");
    let own = violation.stack.first().and_then(|line| line.file.as_ref());
    assert!(own.is_some() && violation.stack.len() > 1, "{violation}");
}

/// NDIS-REG-14: what is left is told with its tag, the import that made it and the image's stack there. The image has to
/// be gone, and still runs.
#[test]
fn the_stacks_of_what_is_left() {
    let ended = attempt(&setup(), Config::default(), |system, far, _| {
        Rig::up(system, far);
        world().ndis.check_unloaded();
    });
    let Err(End::Violation(violation)) = ended else { panic!("nothing of the image is left: {ended:?}") };
    assert!(std::ptr::eq(violation.rule, &raw const rules::UNLOAD_LEAK), "{violation}");
    let left: Vec<&str> = violation.detail.split("; ").collect();
    let told = |text: &&&str| text.contains(", from Ndis") && text.contains(", called at ferrite_driver::");
    assert!(left.iter().filter(told).count() >= 6, "{violation}");
}
