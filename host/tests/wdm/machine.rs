//! A machine without QEMU, with functions that are played here and an INF of class System.

use crate::{built::built, driver};
use ferrite_host::{
    bus::Bdf,
    netdma::Interface,
    nt::plug::DeviceNode,
    system::{InProcess, Setup, System},
    verify::End,
    world::{Bar, Hardware, InterruptMode, world},
};
use std::{
    cell::{Cell, RefCell},
    fs,
    rc::Rc,
    time::Duration,
};

/// How long an IRP may pend: the driver takes no time.
const PATIENCE: Duration = Duration::from_millis(300);
/// Bytes of the register range.
pub const REGISTERS: u64 = 0x4000;
/// Messages that the function has.
pub const MESSAGES: usize = 4;

/// A class System INF for the function, as Windows takes it.
pub const INF: &str = r#"[Version]
Signature="$Windows NT$"
Class=System
ClassGuid={4d36e97d-e325-11ce-bfc1-08002be10318}
Provider=%Maker%
CatalogFile=wdm.cat
DriverVer=01/02/2024,1.2.3.4
PnpLockdown=1
[Manufacturer]
%Maker%=Engines,NTamd64
[Engines.NTamd64]
%Engine%=Install,PCI\VEN_8086&DEV_0E20
%Any%=Install,PCI\VEN_8086&CC_0880
[SourceDisksNames]
1="Disk"
[SourceDisksFiles]
wdm.sys=1
[DestinationDirs]
DefaultDestDir=12
[Install.NTamd64]
CopyFiles=@wdm.sys
AddReg=Params
[Params]
HKR,,Copies,0x00010001,7
[Install.NTamd64.HW]
AddReg=Messages
[Messages]
HKR,Interrupt Management,,0x00000010
HKR,Interrupt Management\MessageSignaledInterruptProperties,,0x00000010
HKR,Interrupt Management\MessageSignaledInterruptProperties,MSISupported,0x00010001,1
HKR,Interrupt Management\MessageSignaledInterruptProperties,MessageNumberLimit,0x00010001,3
[Install.NTamd64.Services]
AddService=wdm,2,Service
[Service]
ServiceType=1
StartType=3
ErrorControl=1
ServiceBinary=%12%\wdm.sys
[Strings]
Maker="Maker"
Engine="Engine"
Any="Any engine"
"#;

/// A function of class 0x0880 with one register: it reads as 1 once after each interrupt.
pub struct Engine {
    start: u64,
    register: Cell<u64>,
    sink: RefCell<Option<Rc<dyn Fn(u32)>>>,
    /// How it was connected last.
    pub mode: Cell<Option<InterruptMode>>,
    /// It was pulled out.
    pub gone: Cell<bool>,
    /// Its messages are of MSI.
    pub msi: Cell<bool>,
}

impl Engine {
    /// With its registers at a place of its own.
    pub fn new(index: u64) -> Rc<Self> {
        Rc::new(Self {
            start: 0xC000_0000 + index * REGISTERS,
            register: Cell::new(0),
            sink: RefCell::default(),
            mode: Cell::new(None),
            gone: Cell::new(false),
            msi: Cell::new(false),
        })
    }

    /// Interrupts with a message, or on its line; false if nobody listens.
    pub fn interrupt(&self, message: u32) -> bool {
        let sink = self.sink.borrow().clone();
        self.register.set(1);
        sink.map(|sink| sink(message)).is_some()
    }
}

impl Hardware for Engine {
    fn config_read(&self, offset: u32, to: &mut [u8]) {
        let config = [0x86, 0x80, 0x20, 0x0E, 0, 0, 0, 0, 4, 0, 0x80, 0x08];
        for (byte, at) in to.iter_mut().zip(offset as usize..) {
            *byte = if self.gone.get() { 0xFF } else { config.get(at).copied().unwrap_or(0) };
        }
    }
    fn config_write(&self, _: u32, _: &[u8]) {}
    fn bars(&self) -> Vec<Bar> {
        vec![Bar { index: 0, start: self.start, len: REGISTERS, memory: true }]
    }
    fn read(&self, _: usize, _: u64, _: usize) -> u64 {
        self.register.replace(0)
    }
    fn write(&self, _: usize, _: u64, _: usize, _: u64) {}
    fn messages(&self) -> usize {
        MESSAGES
    }
    fn is_msi(&self) -> bool {
        self.msi.get()
    }
    fn connect(&self, mode: InterruptMode, sink: Rc<dyn Fn(u32)>) -> Result<(), String> {
        self.mode.set(Some(mode));
        self.sink.replace(Some(sink));
        Ok(())
    }
    fn disconnect(&self) {
        self.sink.replace(None);
    }
    fn message(&self, number: usize) -> (u64, u32) {
        (0xFEE0_0000, number as u32)
    }
    fn line_asserted(&self) -> bool {
        self.register.get() != 0
    }
    fn accesses(&self) -> (u64, u64) {
        (0, 0)
    }
    fn pull_out(&self) {
        self.gone.set(true);
    }
}

/// A system of functions at device 4 and up, all served by [`INF`] with the driver.
pub fn system(engines: &[Rc<Engine>], change: impl FnOnce(&mut Setup)) -> Rc<System> {
    let folder = tempfile::tempdir().expect("a folder");
    let inf = folder.path().join("wdm.inf");
    fs::write(&inf, INF).expect("an INF");
    let mut setup = Setup { image: Some(built("mutants/mutants.sys")), ..Setup::without_nics(inf) };
    change(&mut setup);
    let at = |device| Bdf::new(0, device, 0);
    let functions: Vec<InProcess> = (4..)
        .zip(engines)
        .map(|(device, engine)| InProcess::new(at(device), Rc::clone(engine) as Rc<dyn Hardware>))
        .collect();
    System::boot_with(&setup, &functions)
        .unwrap_or_else(|error| panic!("the system does not come up: {error}"))
}

/// Loads the driver, sound or with a fault, and calls its DriverEntry.
pub fn load(system: &System, fault: Option<&str>) {
    load_as("Wdm", system, fault);
}

/// The same with the driver of this name.
pub fn load_as(driver: &str, system: &System, fault: Option<&str>) {
    let world = world();
    world.nt.irps.patience.0.set(PATIENCE);
    world.netdma.interface.set(Some(Interface::V2_0));
    driver::set("Driver", driver);
    driver::set("Fault", fault.unwrap_or(""));
    if let Err(error) = system.load() {
        world.fail(format!("{fault:?}: {error}"));
    }
}

/// Runs `body` with the driver, one fault and one function, from DriverEntry to DriverUnload.
pub fn with(
    fault: Option<&'static str>,
    body: impl FnOnce(&DeviceNode, &Rc<Engine>) + 'static,
) -> Result<(), End> {
    watched(fault, body).1
}

/// The same; and how often each rule was watched.
pub fn watched(
    fault: Option<&'static str>,
    body: impl FnOnce(&DeviceNode, &Rc<Engine>) + 'static,
) -> (Vec<u64>, Result<(), End>) {
    let engine = Engine::new(0);
    let system = system(&[Rc::clone(&engine)], |_| {});
    let ended = system.run(move |system| {
        load(system, fault);
        body(&system.functions[0].plug, &engine);
        system.unload();
    });
    (system.world.verify.coverage(), ended)
}

/// The same without a fault, which is expected to end well.
#[track_caller]
pub fn sound(body: impl FnOnce(&DeviceNode, &Rc<Engine>) + 'static) {
    if let Err(end) = with(None, body) {
        panic!("{end}");
    }
}

/// Waits until something is so.
pub fn wait(what: &'static str, condition: &dyn Fn() -> bool) {
    let until = world().clock.now().after(10 * PATIENCE);
    assert!(world().sched.block(what, Some(until), condition), "{what}: in vain");
}
