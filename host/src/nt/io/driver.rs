//! Driver objects.

use super::irp;
use crate::{
    abi::{
        DRIVER_EXTENSION, DRIVER_OBJECT as Driver, Layout, Ptr, UNICODE_STRING, constants as c, write,
        write_bytes,
    },
    imports,
    mem::Kind,
    nt::{Nt, status::STATUS_OBJECT_NAME_COLLISION},
    pnp::Registry,
    world::{call, world},
};
use std::{cell::RefCell, collections::BTreeMap};

/// DRIVER_OBJECT.Type.
const TYPE: i16 = 4;
/// Flags: DRVO_LEGACY_DRIVER until an AddDevice routine is set.
const FLAGS: u32 = 2;
/// IRP_MJ_PNP is the last.
const MAJOR_FUNCTIONS: u64 = 28;

/// What belongs to driver objects.
#[derive(Default)]
pub struct Drivers {
    /// Extensions by driver object and identification address.
    extensions: RefCell<BTreeMap<(u64, u64), u64>>,
    /// Reinitialization routines: routine, context.
    again: RefCell<Vec<(u64, u64)>>,
    /// Blocks that make up a driver object.
    blocks: RefCell<Vec<u64>>,
}

/// What a driver object is made from.
pub struct NewDriver<'a> {
    /// The service: the driver's name is `\Driver\` and this.
    pub service: &'a str,
    /// Where the image lies.
    pub start: u64,
    /// Its bytes.
    pub size: u32,
    /// DriverEntry.
    pub entry: u64,
}

/// Writes a UNICODE_STRING with its own buffer to `at`, and answers the buffer.
fn put_string(at: u64, text: &str) -> Option<u64> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let buffer = world().mem.allocate(Kind::Host, 0, units.len() + 2, "UNICODE_STRING")?;
    write_bytes(buffer, &units);
    write(buffer + units.len() as u64, 0_u16);
    let len = u16::try_from(units.len()).ok()?;
    let p: Ptr<UNICODE_STRING> = Ptr::new(at);
    p.set(UNICODE_STRING::Length, len);
    p.set(UNICODE_STRING::MaximumLength, len.saturating_add(2));
    p.set(UNICODE_STRING::Buffer, buffer);
    Some(buffer)
}

impl Nt {
    /// A service's key as DriverEntry gets it, a UNICODE_STRING; `None` if memory is short.
    pub fn registry_path(&self, key: &str) -> Option<u64> {
        let string = world().mem.allocate(Kind::Host, 0, UNICODE_STRING::SIZE, "registry path")?;
        put_string(string, &Registry::kernel_path(key))?;
        Some(string)
    }

    /// Makes the driver object that DriverEntry gets; `None` if memory is short.
    pub fn create_driver(&self, new: &NewDriver<'_>) -> Option<u64> {
        let mem = &world().mem;
        let own = Driver::SIZE.next_multiple_of(16);
        let object = mem.allocate(Kind::Host, 0, own + DRIVER_EXTENSION::SIZE, "driver object")?;
        crate::abi::fill(object, 0, own + DRIVER_EXTENSION::SIZE);
        let extension: Ptr<DRIVER_EXTENSION> = Ptr::new(object + own as u64);
        extension.set(DRIVER_EXTENSION::DriverObject, object);
        let p: Ptr<Driver> = Ptr::new(object);
        p.set(Driver::Type, TYPE);
        p.set(Driver::Size, Driver::SIZE as i16);
        p.set(Driver::Flags, FLAGS);
        p.set(Driver::DriverStart, new.start);
        p.set(Driver::DriverSize, new.size);
        p.set(Driver::DriverExtension, extension.addr());
        p.set(Driver::DriverInit, new.entry);
        let invalid = self.entry(IopInvalidDeviceRequest as *const () as u64);
        for major in 0..MAJOR_FUNCTIONS {
            write(p.at(&Driver::MajorFunction) + 8 * major, invalid);
        }
        let name = put_string(p.at(&Driver::DriverName), &format!(r"\Driver\{}", new.service))?;
        let key = put_string(extension.at(&DRIVER_EXTENSION::ServiceKeyName), new.service)?;
        let hardware = mem.allocate(Kind::Host, 0, 16, "driver object")?;
        let database = put_string(hardware, r"\REGISTRY\MACHINE\HARDWARE\DESCRIPTION\SYSTEM")?;
        p.set(Driver::HardwareDatabase, hardware);
        self.drivers.blocks.borrow_mut().extend([object, name, key, hardware, database]);
        world().driver_object.set(object);
        Some(object)
    }

    /// Frees the driver object after the driver is unloaded.
    pub fn delete_driver(&self) {
        let mem = &world().mem;
        for (_, block) in self.drivers.extensions.take() {
            let _ = mem.free(Kind::Host, block);
        }
        for block in self.drivers.blocks.take() {
            let _ = mem.free(Kind::Host, block);
        }
        self.drivers.again.take();
        world().driver_object.set(0);
    }

    /// Calls the reinitialization routines that DriverEntry registered, once all drivers are loaded.
    pub fn reinitialize_drivers(&self) {
        for (routine, context) in self.drivers.again.take() {
            call("DRIVER_REINITIALIZE", routine, &[world().driver_object.get(), context, 1]);
        }
    }
}

imports! {
    /// The dispatch routine of what a driver does not handle.
    DEFAULTS from "driver object";

    fn IopInvalidDeviceRequest(_device: u64, request: u64) -> u32 {
        irp::set_status(request, c::STATUS_INVALID_DEVICE_REQUEST, 0);
        irp::complete(request);
        c::STATUS_INVALID_DEVICE_REQUEST
    }
}

imports! {
    /// Driver objects.
    TABLE from "ntoskrnl.exe";

    fn IoAllocateDriverObjectExtension(driver: u64, id: u64, size: u32, out: u64) -> u32 {
        let world = world();
        write(out, 0_u64);
        let extensions = &world.nt.drivers.extensions;
        if extensions.borrow().contains_key(&(driver, id)) {
            return STATUS_OBJECT_NAME_COLLISION;
        }
        let Some(block) = world.mem.allocate(Kind::Host, 0, size as usize, "IoAllocateDriverObjectExtension") else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        crate::abi::fill(block, 0, size as usize);
        extensions.borrow_mut().insert((driver, id), block);
        write(out, block);
        c::STATUS_SUCCESS
    }

    fn IoGetDriverObjectExtension(driver: u64, id: u64) -> u64 {
        world().nt.drivers.extensions.borrow().get(&(driver, id)).copied().unwrap_or(0)
    }

    fn IoRegisterDriverReinitialization(_driver: u64, routine: u64, context: u64) {
        world().nt.drivers.again.borrow_mut().push((routine, context));
    }

    fn IoRegisterBootDriverReinitialization(_driver: u64, routine: u64, context: u64) {
        world().nt.drivers.again.borrow_mut().push((routine, context));
    }
}
