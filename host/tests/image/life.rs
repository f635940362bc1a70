//! From load to unload, again and again, on every Windows.

use crate::common::rig::{Rig, machine, play, setup};
use ferrite_host::{
    abi::constants as c,
    bus::Bdf,
    ndis::adapter::State,
    system::{InProcess, Setup, System, SystemError},
    world::{Bar, Hardware, InterruptMode, world},
};
use std::rc::Rc;

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

/// An INF of class System for the same image.
const ENGINE: &str = r#"[Version]
Signature="$Windows NT$"
Class=System
ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}
Provider="Maker"
CatalogFile=engine.cat
DriverVer=01/02/2024,1.2.3.4
PnpLockdown=1
[Manufacturer]
"Maker"=Engines,NTamd64
[Engines.NTamd64]
"Engine"=Install,PCI\VEN_8086&CC_0880
[SourceDisksNames]
1="Disk"
[SourceDisksFiles]
ferrite.sys=1
[DestinationDirs]
DefaultDestDir=12
[Install.NTamd64]
CopyFiles=@ferrite.sys
[Install.NTamd64.Services]
AddService=ferrite,2,Service
[Service]
ServiceType=1
StartType=3
ErrorControl=1
ServiceBinary=%12%\ferrite.sys
"#;

/// A function without registers.
struct Engine;

impl Hardware for Engine {
    fn config_read(&self, offset: u32, to: &mut [u8]) {
        let config = [0x86, 0x80, 0x20, 0x0E, 0, 0, 0, 0, 0, 0, 0x80, 0x08];
        for (byte, at) in to.iter_mut().zip(offset as usize..) {
            *byte = config.get(at).copied().unwrap_or(0);
        }
    }
    fn config_write(&self, _: u32, _: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        Vec::new()
    }
    fn read(&self, _: usize, _: u64, _: usize) -> u64 {
        0
    }
    fn write(&self, _: usize, _: u64, _: usize, _: u64) {}
    fn messages(&self) -> usize {
        0
    }
    fn connect(&self, _: InterruptMode, _: Rc<dyn Fn(u32)>) -> Result<(), String> {
        Ok(())
    }
    fn disconnect(&self) {}
    fn message(&self, _: usize) -> (u64, u32) {
        (0, 0)
    }
    fn line_asserted(&self) -> bool {
        false
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {}
}

/// A NIC of QEMU's lives its life beside a function of this process, in one machine and one image; NIC and function
/// have nodes of their own, which the two INFs fill.
#[test]
fn a_function_beside_the_nic() {
    let folder = tempfile::tempdir().expect("a folder");
    let inf = folder.path().join("engine.inf");
    std::fs::write(&inf, ENGINE).expect("an INF");
    let setup = Setup { dma_inf: Some(inf), ..setup() };
    let function = InProcess::new(Bdf::new(0, 17, 0), Rc::new(Engine));
    let system = System::boot_with(&setup, &[function]).unwrap_or_else(|error| panic!("{error}"));
    let ended = system.run(|system| {
        let [nic, engine] = [&system.nodes[0], &system.functions[0]];
        assert_eq!((engine.description.as_str(), engine.device.granted_messages()), ("Engine", 0));
        assert_ne!(engine.device.driver_key, nic.device.driver_key);
        system.load().expect("the driver loads");
        system.add(nic).expect("the NIC comes up");
        system.remove(nic);
        system.unload();
    });
    assert!(ended.is_ok(), "{}", ended.unwrap_err());
}
