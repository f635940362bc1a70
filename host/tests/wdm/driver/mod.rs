//! A WDM driver in a few lines for the function of [`crate::machine`], with at most one fault.
//!
//! It stands on the driver's side of the binary interface: it calls the imports that an image would be bound to.

mod irps;
mod netdma;
pub mod pnp;
mod power;
pub mod resources;

use crate::fault::{Fault, is};
use ferrite_host::{
    abi::{DEVICE_OBJECT, DRIVER_EXTENSION, DRIVER_OBJECT, Ptr, constants as c, read, write},
    image,
};
use std::cell::{Cell, RefCell, UnsafeCell};

/// Bytes of a device extension.
const EXTENSION: u64 = 320;
/// Tag of its memory: `wdm!`.
const TAG: u64 = 0x216D_6477;
pub const SUCCESS: u64 = c::STATUS_SUCCESS as u64;
pub const PENDING: u64 = c::STATUS_PENDING as u64;

/// A field of the device extension, by its offset.
#[derive(Clone, Copy)]
pub struct Slot(u64);

/// The device object below.
pub const LOWER: Slot = Slot(0);
/// The physical device object.
pub const PDO: Slot = Slot(8);
/// The message table or the interrupt object, and the version that it is of.
pub const INTERRUPT: Slot = Slot(16);
pub const VERSION: Slot = Slot(24);
/// Registers, and the bytes of them.
pub const REGISTERS: Slot = Slot(32);
pub const LENGTH: Slot = Slot(40);
/// The worker thread, its event, and the IRP that it is to pass down.
pub const THREAD: Slot = Slot(48);
pub const WORK: Slot = Slot(56);
pub const IRP: Slot = Slot(64);
pub const STOP: Slot = Slot(72);
/// The DMA adapter, and its common buffer with the logical address.
pub const ADAPTER: Slot = Slot(80);
pub const BUFFER: Slot = Slot(88);
pub const LOGICAL: Slot = Slot(96);
/// Memory of the device's.
pub const MEMORY: Slot = Slot(104);
/// Interrupts taken, on which processors, and DPCs run, on which.
pub const INTERRUPTS: Slot = Slot(112);
pub const ISR_CPUS: Slot = Slot(120);
pub const DPCS: Slot = Slot(128);
pub const DPC_CPUS: Slot = Slot(136);
/// The processors on which the worker has been.
pub const WORK_CPUS: Slot = Slot(144);
/// A KDPC.
pub const DPC: Slot = Slot(152);
/// The NetDMA provider.
pub const PROVIDER: Slot = Slot(256);

impl Slot {
    /// Its address in the extension of a device.
    pub fn at(self, device: u64) -> u64 {
        Ptr::<DEVICE_OBJECT>::new(device).get(DEVICE_OBJECT::DeviceExtension) + self.0
    }

    pub fn get(self, device: u64) -> u64 {
        read(self.at(device))
    }

    pub fn set(self, device: u64, value: u64) {
        write(self.at(device), value);
    }
}

thread_local! {
    /// AddDevice of the one that was there before.
    static NEXT_ADD: Cell<u64> = const { Cell::new(0) };
    /// The dispatch routines that were there before: PNP, POWER, SYSTEM_CONTROL.
    static NEXT: Cell<[u64; 3]> = const { Cell::new([0; 3]) };
    /// The device objects that AddDevice made.
    static DEVICES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    static MEMORY_LEFT: Cell<u64> = const { Cell::new(0) };
    /// AddDevice takes no device.
    pub static REFUSES: Cell<bool> = const { Cell::new(false) };
}

/// The device object that AddDevice made last; 0 if there is none.
pub fn device() -> u64 {
    DEVICES.with_borrow(|devices| devices.last().copied().unwrap_or(0))
}

/// The device is gone.
fn forget(device: u64) {
    DEVICES.with_borrow_mut(|devices| devices.retain(|&known| known != device));
}

/// Variables of the driver's on its stack, which imports write to.
pub struct Locals<const N: usize>(UnsafeCell<[u64; N]>);

impl<const N: usize> Locals<N> {
    pub fn new() -> Self {
        Self(UnsafeCell::new([0; N]))
    }

    pub fn addr(&self) -> u64 {
        self.0.get() as u64
    }
}

/// Calls an import as an image does.
pub fn import(name: &str, args: &[u64]) -> u64 {
    let found = image::resolve("ntoskrnl.exe", name).or_else(|| image::resolve("ndis.sys", name));
    jump(found.unwrap_or_else(|| panic!("nobody provides {name}")).address.0 as u64, args)
}

/// Calls through a pointer.
pub fn jump(address: u64, args: &[u64]) -> u64 {
    // SAFETY: the address is that of an import or of an entry that the host handed out. It takes integers in the
    // Windows x64 convention, in which the caller removes the arguments, so surplus ones do no harm.
    let function: extern "win64" fn(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64) -> u64 =
        unsafe { std::mem::transmute(address as *const ()) };
    let arg = |i: usize| args.get(i).copied().unwrap_or(0);
    function(arg(0), arg(1), arg(2), arg(3), arg(4), arg(5), arg(6), arg(7), arg(8), arg(9))
}

fn table(object: u64, major: u32) -> u64 {
    Ptr::<DRIVER_OBJECT>::new(object).at(&DRIVER_OBJECT::MajorFunction) + 8 * u64::from(major)
}

const MAJORS: [u32; 3] = [c::IRP_MJ_PNP, c::IRP_MJ_POWER, c::IRP_MJ_SYSTEM_CONTROL];

/// `DriverEntry`: puts the driver's entries in front of those that are there.
pub extern "win64" fn entry(object: u64, _path: u64) -> u64 {
    let driver: Ptr<DRIVER_OBJECT> = Ptr::new(object);
    let extension: Ptr<DRIVER_EXTENSION> = Ptr::new(driver.get(DRIVER_OBJECT::DriverExtension));
    NEXT_ADD.set(extension.get(DRIVER_EXTENSION::AddDevice));
    NEXT.set(MAJORS.map(|major| read(table(object, major))));
    extension.set(DRIVER_EXTENSION::AddDevice, add_device as *const () as u64);
    for major in MAJORS {
        write(table(object, major), dispatch as *const () as u64);
    }
    if driver.get(DRIVER_OBJECT::DriverUnload) == 0 {
        driver.set(DRIVER_OBJECT::DriverUnload, unload as *const () as u64);
    }
    DEVICES.with_borrow_mut(Vec::clear);
    MEMORY_LEFT.set(import("ExAllocatePoolWithTag", &[0, 64, TAG]));
    SUCCESS
}

/// `DriverUnload`.
pub extern "win64" fn unload(_object: u64) -> u64 {
    if !is(Fault::KeepsMemory) {
        import("ExFreePoolWithTag", &[MEMORY_LEFT.get(), TAG]);
    }
    SUCCESS
}

/// Whether a physical device object is of class System.
fn ours(pdo: u64) -> bool {
    let (mut class, mut len) = ([0_u16; 16], 0_u32);
    let property = u64::from(c::DevicePropertyClassName);
    let args = [pdo, property, 32, class.as_mut_ptr() as u64, &raw mut len as u64];
    import("IoGetDeviceProperty", &args) as u32 == 0
        && class.starts_with(&"System\0".encode_utf16().collect::<Vec<_>>())
}

/// `AddDevice`.
extern "win64" fn add_device(object: u64, pdo: u64) -> u64 {
    if !ours(pdo) {
        let next = NEXT_ADD.get();
        return if next == 0 { u64::from(c::STATUS_INVALID_PARAMETER) } else { jump(next, &[object, pdo]) };
    }
    if is(Fault::AttachesNothing) {
        return SUCCESS;
    }
    let mut device = 0_u64;
    let out = &raw mut device as u64;
    let status =
        import("IoCreateDevice", &[object, EXTENSION, 0, u64::from(c::FILE_DEVICE_UNKNOWN), 0, 0, out]);
    if status as u32 != 0 {
        return status;
    }
    if is(Fault::FailsAndKeepsDevice) {
        return u64::from(c::STATUS_UNSUCCESSFUL);
    }
    PDO.set(device, pdo);
    LOWER.set(device, import("IoAttachDeviceToDeviceStack", &[device, pdo]));
    if REFUSES.get() {
        import("IoDetachDevice", &[LOWER.get(device)]);
        import("IoDeleteDevice", &[device]);
        return u64::from(c::STATUS_UNSUCCESSFUL);
    }
    DEVICES.with_borrow_mut(|devices| devices.push(device));
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
extern "win64" fn dispatch(device: u64, irp: u64) -> u64 {
    let major = u32::from(irps::major(irp));
    if !DEVICES.with_borrow(|devices| devices.contains(&device)) {
        let at = MAJORS.iter().position(|&known| known == major).unwrap_or(0);
        return jump(NEXT.get()[at], &[device, irp]);
    }
    match major {
        c::IRP_MJ_PNP => pnp::dispatch(device, irp),
        c::IRP_MJ_POWER => power::dispatch(device, irp),
        _ if is(Fault::SwallowsWmi) => irps::complete(irp, SUCCESS),
        _ => irps::pass_down(device, irp),
    }
}
