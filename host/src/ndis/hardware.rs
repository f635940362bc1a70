//! The device under an adapter: registers, configuration space, device objects.

use super::{check, objects::Object};
use crate::{
    abi::{self, constants as c},
    devnode::Device,
    imports,
    trap::{Registers, Window},
    verify::rules,
    world::{Bar, Hardware, RegisterAccess, World, world},
};
use std::rc::Rc;

/// `PCI_WHICHSPACE_CONFIG`.
const CONFIG: u32 = 0;
/// Bytes of a function's configuration space.
const CONFIG_SIZE: u32 = 4096;

/// A mapped range of registers.
struct Mapping {
    adapter: u64,
    len: u32,
}

impl Object for Mapping {
    fn what(&self) -> &'static str {
        "register mapping"
    }
    fn owner(&self) -> u64 {
        self.adapter
    }
}

/// A range of a BAR as the driver sees it: every access may switch CPUs.
struct BarWindow {
    hardware: Rc<dyn Hardware>,
    /// The device whose power state the bus driver knows; NDIS has its own way to switch an adapter's.
    device: Option<Rc<Device>>,
    bar: Bar,
    offset: u64,
}

impl BarWindow {
    /// A device that is off has no registers.
    fn check(&self, access: &str, offset: u64) {
        let Some(device) = &self.device else { return };
        let state = device.power.get();
        world().hold(&rules::POWER, state == c::PowerDeviceD0, || {
            let (instance, state) = (&device.instance, state.saturating_sub(1));
            format!("{access} of register {:#x} of {instance} in D{state}", self.offset + offset)
        });
    }

    fn note(&self, write: bool, offset: u64, size: usize, value: u64) {
        world().sched.note_access(self.offset + offset, size | usize::from(write) << 7, value);
        if let Some(log) = world().register_log.borrow_mut().as_mut() {
            let (bar, offset) = (self.bar.index, self.offset + offset);
            log.push(RegisterAccess { write, bar, offset, size, value });
        }
    }
}

impl Window for BarWindow {
    fn read(&self, offset: u64, size: usize, at: &Registers) -> u64 {
        world().measure_at(at);
        world().sched.yield_point();
        self.check("read", offset);
        let value = self.hardware.read(self.bar.index, self.offset + offset, size);
        self.note(false, offset, size, value);
        value
    }

    fn write(&self, offset: u64, size: usize, value: u64, at: &Registers) {
        world().measure_at(at);
        world().sched.yield_point();
        self.check("write", offset);
        self.note(true, offset, size, value);
        self.hardware.write(self.bar.index, self.offset + offset, size, value);
    }
}

impl World {
    /// Maps registers of a function at a physical address; `None` if no BAR of it covers the range.
    pub fn map_registers(&self, hardware: &Rc<dyn Hardware>, physical: u64, len: u64) -> Option<u64> {
        self.map_window(hardware, None, physical, len)
    }

    /// The same for a device of the plug and play manager's: its registers are there while it is on.
    pub fn map_registers_of(&self, device: &Rc<Device>, physical: u64, len: u64) -> Option<u64> {
        self.map_window(&device.hardware, Some(Rc::clone(device)), physical, len)
    }

    fn map_window(
        &self,
        hardware: &Rc<dyn Hardware>,
        device: Option<Rc<Device>>,
        physical: u64,
        len: u64,
    ) -> Option<u64> {
        let covers = |bar: &Bar| {
            bar.memory
                && physical >= bar.start
                && physical.checked_add(len).is_some_and(|end| end <= bar.start + bar.len)
        };
        let bar = hardware.bars().into_iter().find(covers)?;
        let offset = physical - bar.start;
        let window = BarWindow { hardware: Rc::clone(hardware), device, bar, offset };
        self.trap.map_window(len, Box::new(window)).ok()
    }
}

imports! {
    /// The device.
    TABLE from "ndis.sys";

    fn NdisMMapIoSpace(va_out: u64, handle: u64, physical: u64, len: u32) -> u32 {
        let world = world();
        let adapter = check::registered(handle, "NdisMMapIoSpace");
        check::initializing(&rules::INIT_MAP, &adapter, "NdisMMapIoSpace");
        abi::write(va_out, 0_u64);
        let Some(va) = world.map_registers(&adapter.device.hardware, physical, u64::from(len)) else {
            return c::NDIS_STATUS_RESOURCE_CONFLICT;
        };
        world.ndis.objects.add_at(va, Rc::new(Mapping { adapter: handle, len }));
        abi::write(va_out, va);
        c::NDIS_STATUS_SUCCESS
    }

    fn NdisMUnmapIoSpace(handle: u64, va: u64, len: u32) {
        let world = world();
        let adapter = check::adapter(handle);
        check::releasing(&rules::INIT_UNMAP, &adapter, "NdisMUnmapIoSpace");
        let mapping = world.ndis.objects.get::<Mapping>(va).filter(|mapping| mapping.adapter == adapter.handle);
        world.hold(&rules::UNMAP_TWICE, mapping.is_some(), || format!("registers at {va:#x} unmapped, but not mapped"));
        let mapped = mapping.map_or(0, |mapping| mapping.len);
        world.hold(&rules::UNMAP_LENGTH, mapped == len, || {
            format!("registers at {va:#x} unmapped with {len} bytes, mapped with {mapped}")
        });
        world.ndis.objects.forget(va);
        world.trap.unmap_window(va);
    }

    fn NdisMGetBusData(handle: u64, space: u32, offset: u32, buffer: u64, len: u32) -> u32 {
        let adapter = check::adapter(handle);
        let Some(len) = config_range(space, offset, len) else { return 0 };
        let mut data = vec![0; len as usize];
        adapter.device.hardware.config_read(offset, &mut data);
        abi::write_bytes(buffer, &data);
        len
    }

    fn NdisMSetBusData(handle: u64, space: u32, offset: u32, buffer: u64, len: u32) -> u32 {
        let adapter = check::adapter(handle);
        let Some(len) = config_range(space, offset, len) else { return 0 };
        adapter.device.hardware.config_write(offset, &abi::bytes(buffer, len as usize));
        len
    }

    fn NdisMGetDeviceProperty(handle: u64, pdo_out: u64, fdo_out: u64, next_out: u64, raw_out: u64, translated_out: u64) {
        let device = Rc::clone(&check::adapter(handle).device);
        let (pdo, fdo) = world().nt.device_objects(&device);
        abi::write_out(pdo_out, pdo);
        abi::write_out(fdo_out, fdo);
        abi::write_out(next_out, pdo);
        abi::write_out(raw_out, 0_u64);
        abi::write_out(translated_out, 0_u64);
    }

    fn NdisMRegisterIoPortRange(_port_out: u64, handle: u64, _start: u32, _count: u32) -> u32 {
        let _ = check::registered_as(&rules::INIT_PORT_RANGE, handle, "NdisMRegisterIoPortRange");
        c::NDIS_STATUS_RESOURCE_CONFLICT
    }

    fn NdisMDeregisterIoPortRange(handle: u64, start: u32, _count: u32, _port: u64) {
        let _ = check::adapter(handle);
        world().violation(&rules::PORT_RANGE, format!("I/O port range {start:#x} deregistered, but never registered"));
    }
}

/// The part of a configuration-space access that exists.
fn config_range(space: u32, offset: u32, len: u32) -> Option<u32> {
    (space == CONFIG && offset < CONFIG_SIZE).then(|| len.min(CONFIG_SIZE - offset))
}
