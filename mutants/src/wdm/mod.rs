//! A WDM driver in a few lines for a function with one register, with at most one fault.

mod extension;
mod fault;
mod irps;
mod netdma;
mod pnp;
mod power;
mod resources;
pub mod router;

use crate::{
    abi::{DEVICE_OBJECT, DRIVER_EXTENSION, DRIVER_OBJECT, Ptr, address, c, import, jump, read, write},
    registry,
};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell, UnsafeCell};
use extension::{
    ADAPTER, BUFFER, DPC, DPC_CPUS, DPCS, EXTENSION, GIVEN, GIVEN_LIST, GIVEN_SIZE, IDS, INTERRUPT,
    INTERRUPTS, IRP, ISR_CPUS, LENGTH, LOGICAL, LOWER, MEMORY, MOST_GIVEN, PDO, PROVIDER, REGISTERS, STOP,
    Slot, TARGET, THREAD, VERSION, WORK, WORK_CPUS,
};
use fault::{Fault, Turn, is, turns};

/// Tag of its memory: `wdm!`.
const TAG: u64 = 0x216D_6477;
const SUCCESS: u64 = c::STATUS_SUCCESS as u64;
const PENDING: u64 = c::STATUS_PENDING as u64;

impl Slot {
    /// Its address in the extension of a device.
    fn at(self, device: u64) -> u64 {
        Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::DeviceExtension) + self.0
    }

    fn get(self, device: u64) -> u64 {
        read(self.at(device))
    }

    fn set(self, device: u64, value: u64) {
        write(self.at(device), value);
    }
}

/// What the driver remembers beside its devices.
struct State {
    /// The registry path.
    path: Cell<u64>,
    /// `AddDevice` of the one that was there before.
    next_add: Cell<u64>,
    /// The dispatch routines that were there before: PNP, POWER, `SYSTEM_CONTROL`.
    next: Cell<[u64; 3]>,
    /// The device objects that `AddDevice` made.
    devices: RefCell<Vec<u64>>,
    memory: Cell<u64>,
}

// SAFETY: the driver is called as if there were one CPU only: where it runs on several, they wait for each other.
unsafe impl Sync for State {}

static STATE: State = State {
    path: Cell::new(0),
    next_add: Cell::new(0),
    next: Cell::new([0; 3]),
    devices: RefCell::new(Vec::new()),
    memory: Cell::new(0),
};

/// The registry path.
fn path() -> u64 {
    STATE.path.get()
}

/// The device is gone.
fn forget(device: u64) {
    STATE.devices.borrow_mut().retain(|&known| known != device);
}

/// Variables of the driver's on its stack, which imports write to.
struct Locals<const N: usize>(UnsafeCell<[u64; N]>);

impl<const N: usize> Locals<N> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }

    fn addr(&self) -> u64 {
        self.0.get() as u64
    }
}

fn table(object: u64, major: u32) -> u64 {
    Ptr::<DRIVER_OBJECT>::new(object).at(DRIVER_OBJECT::MajorFunction) + 8 * u64::from(major)
}

const MAJORS: [u32; 3] = [c::IRP_MJ_PNP, c::IRP_MJ_POWER, c::IRP_MJ_SYSTEM_CONTROL];

/// The names of its faults.
pub const FAULTS: &[&str] = Fault::NAMES;

/// Whether the driver has a fault of this name, which it has from now on.
pub fn choose(fault: &str) -> bool {
    Fault::choose(fault)
}

/// `DriverEntry`: puts the driver's entries in front of those that are there.
pub fn entry(object: u64, path: u64) -> u64 {
    STATE.path.set(registry::keep(path));
    let driver: Ptr<DRIVER_OBJECT> = Ptr::new(object);
    let extension: Ptr<DRIVER_EXTENSION> = Ptr::new(driver.get(DRIVER_OBJECT::DriverExtension));
    STATE.next_add.set(extension.get(DRIVER_EXTENSION::AddDevice));
    STATE.next.set(MAJORS.map(|major| read(table(object, major))));
    extension.set(DRIVER_EXTENSION::AddDevice, address!(add_device));
    for major in MAJORS {
        write(table(object, major), address!(dispatch));
    }
    if driver.get(DRIVER_OBJECT::DriverUnload) == 0 {
        driver.set(DRIVER_OBJECT::DriverUnload, address!(unload));
    }
    STATE.memory.set(import!(ExAllocatePoolWithTag, 0, 64, TAG));
    SUCCESS
}

/// `DriverUnload`.
extern "system" fn unload(_object: u64) {
    if !is(Fault::KeepsPoolAtUnload) {
        import!(ExFreePoolWithTag, STATE.memory.get(), TAG);
    }
}

/// Whether a physical device object is of class System.
fn ours(pdo: u64) -> bool {
    let (mut class, mut len) = ([0_u16; 16], 0_u32);
    let property = u64::from(c::DevicePropertyClassName);
    let status =
        import!(IoGetDeviceProperty, pdo, property, 32, class.as_mut_ptr() as u64, &raw mut len as u64);
    let name = class.into_iter().take_while(|&unit| unit != 0);
    status as u32 == 0 && name.eq("System".encode_utf16())
}

/// `AddDevice`.
extern "system" fn add_device(object: u64, pdo: u64) -> u64 {
    if !ours(pdo) {
        let next = STATE.next_add.get();
        return if next == 0 { u64::from(c::STATUS_INVALID_PARAMETER) } else { jump(next, &[object, pdo]) };
    }
    if is(Fault::AttachesNothing) {
        return SUCCESS;
    }
    let made = Cell::new(0_u64);
    let kind = u64::from(c::FILE_DEVICE_UNKNOWN);
    let status = import!(IoCreateDevice, object, EXTENSION, 0, kind, 0, 0, made.as_ptr() as u64);
    if status as u32 != 0 {
        return status;
    }
    if is(Fault::FailsAndKeepsDevice) {
        return u64::from(c::STATUS_UNSUCCESSFUL);
    }
    let device = made.get();
    PDO.set(device, pdo);
    LOWER.set(device, import!(IoAttachDeviceToDeviceStack, device, pdo));
    if turns(Turn::RefusesDevice) {
        import!(IoDetachDevice, LOWER.get(device));
        import!(IoDeleteDevice, device);
        return u64::from(c::STATUS_UNSUCCESSFUL);
    }
    STATE.devices.borrow_mut().push(device);
    if !is(Fault::RegistersProviderLate) {
        netdma::register(device);
    }
    if !is(Fault::StaysInitializing) {
        let p: Ptr<DEVICE_OBJECT> = Ptr::new(device);
        let flags = p.get(DEVICE_OBJECT::Flags) & !c::DO_DEVICE_INITIALIZING;
        p.set(DEVICE_OBJECT::Flags, flags | c::DO_POWER_PAGABLE);
    }
    SUCCESS
}

/// Every dispatch routine: what is not the driver's goes to who was there before.
extern "system" fn dispatch(device: u64, irp: u64) -> u64 {
    let major = u32::from(irps::major(irp));
    if !STATE.devices.borrow().contains(&device) {
        let next = MAJORS.into_iter().zip(STATE.next.get()).find(|&(known, _)| known == major);
        return next.map_or(u64::from(c::STATUS_NOT_SUPPORTED), |(_, routine)| jump(routine, &[device, irp]));
    }
    match major {
        c::IRP_MJ_PNP => pnp::dispatch(device, irp),
        c::IRP_MJ_POWER => power::dispatch(device, irp),
        _ if is(Fault::SwallowsWmi) => irps::complete(irp, SUCCESS),
        _ => irps::pass_down(device, irp),
    }
}
