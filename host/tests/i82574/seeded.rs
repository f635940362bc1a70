//! Simulations of the image on the model: virtual time, and interleavings that a seed chooses and repeats.

use super::image::{play, setup};
use crate::common::frame::incoming;
use ferrite_host::{abi::constants as c, device::i82574::Config, system::Setup, world::world};
use std::{cell::Cell, rc::Rc};

/// A simulation on the model: up, frames both ways, a pause under load and a restart, a reset, a halt, in the interleavings
/// of some seeds. The same seed is the same run.
#[test]
fn seeded_runs() {
    let run = |seed: u64| {
        let setup = Setup { seed: Some(seed), cpus: 1 + seed as usize % 4, ..setup() };
        let trace = Rc::new(Cell::new(None));
        let result = Rc::clone(&trace);
        play(&setup, Config { seed, ..Config::default() }, move |rig, _| {
            for round in 0..4 {
                rig.round_trip(round);
            }
            rig.pause();
            rig.restart();
            rig.round_trip(1000);
            assert_eq!(world().ndis.reset(&rig.adapter), c::NDIS_STATUS_SUCCESS);
            rig.wait_for_link(true);
            rig.round_trip(1001);
            rig.far.send((0..200).map(|number| incoming(number, 60 + number as usize * 7)));
            rig.pause();
            rig.restart();
            result.set(world().trace());
        });
        trace.get().expect("a trace")
    };
    for seed in 1..9 {
        let trace = run(seed);
        println!("seed {seed}: {trace:?}");
        assert!(trace.events > 1000, "{trace:?}");
        assert_eq!(trace, run(seed), "seed {seed}");
    }
}
