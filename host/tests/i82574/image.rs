//! The image on the model.

use crate::common::{
    far::Far,
    frame::incoming,
    rig::{Rig, built},
    watchdog::Watchdog,
};
use ferrite_host::{
    abi::constants as c,
    device::i82574::{Config, I82574},
    system::{self, InProcess, Setup, System},
    verify::End,
    world::{Hardware, InterruptMode, Source, world},
};
use std::{cell::Cell, rc::Rc, sync::Arc};

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

/// The image comes up on the model, and a frame goes each way.
#[test]
fn a_frame_each_way() {
    play(&setup(), Config::default(), |rig, _| {
        assert_eq!(rig.interrupts(), InterruptMode::Messages(3));
        rig.round_trip(1);
    });
}
