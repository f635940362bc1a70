//! The device nodes of NDIS's adapters as the kernel's own functions see them: device objects, properties,
//! configuration space, registers, interrupts. A driver may use either way to the same hardware.

use super::{
    Nt, Platform, Vector,
    io::{device::Dispatch, irp, pdo},
};
use crate::{
    abi::constants as c,
    cpu::{DIRQL, Interrupt},
    devnode::Device,
    pnp::{Value, registry::ENUM_KEY},
    world::{InterruptMode, world},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// Vectors of one node: its number is above them.
const VECTORS: u32 = 1 << 8;
/// The first vector of a node; nodes count from 1, so that no vector is below it.
const FIRST: u32 = 0x50;
/// GUID_BUS_TYPE_PCI.
const PCI_BUS: [u8; 16] =
    [0xB0, 0xDF, 0xEB, 0xC8, 0x10, 0xB5, 0xD0, 0x11, 0x80, 0xE5, 0x00, 0xA0, 0xC9, 0x24, 0x42, 0xE3];

type Service = Rc<dyn Fn() -> bool>;

/// Device objects of the nodes: physical and functional, by device instance.
#[derive(Default)]
pub struct NodeObjects {
    objects: RefCell<BTreeMap<String, (u64, u64)>>,
}

impl Nt {
    /// The physical and the functional device object of a node; made when first asked for.
    pub fn device_objects(&self, device: &Device) -> (u64, u64) {
        let known = self.nodes.objects.borrow().get(&device.instance).copied();
        if let Some(known) = known {
            return known;
        }
        let bottom = pdo::create().unwrap_or(0);
        let refuse: Dispatch = Rc::new(|_, request| {
            irp::set_status(request, c::STATUS_INVALID_DEVICE_REQUEST, 0);
            irp::complete(request);
            c::STATUS_INVALID_DEVICE_REQUEST
        });
        let upper = self.devices.create(0, refuse).unwrap_or(0);
        if bottom != 0 && upper != 0 {
            self.devices.attach(upper, bottom);
        }
        self.nodes.objects.borrow_mut().insert(device.instance.clone(), (bottom, upper));
        (bottom, upper)
    }

    /// Removes the device objects of a node that goes away.
    pub fn remove_device_objects(&self, device: &Device) {
        let known = self.nodes.objects.borrow_mut().remove(&device.instance);
        let Some((bottom, upper)) = known else { return };
        if bottom != 0 && upper != 0 {
            self.devices.detach(upper, bottom);
        }
        for object in [upper, bottom].into_iter().filter(|&object| object != 0) {
            self.devices.remove(object);
        }
    }
}

/// The platform that a world has unless it is given another.
#[derive(Default)]
pub struct Nodes {
    services: RefCell<BTreeMap<u32, Service>>,
}

/// Every node with its number.
fn nodes() -> Vec<(u32, Rc<Device>)> {
    (1..).zip(world().ndis.adapters().iter().map(|adapter| Rc::clone(&adapter.device))).collect()
}

fn node(pdo: u64) -> Option<(u32, Rc<Device>)> {
    let objects = world().nt.nodes.objects.borrow();
    nodes().into_iter().find(|(_, device)| objects.get(&device.instance).is_some_and(|known| known.0 == pdo))
}

/// Device and function number, out of the last part of the instance path.
fn address(device: &Device) -> Option<(u32, u32)> {
    let last = device.instance.rsplit('&').next()?;
    let number = u32::from_str_radix(last, 16).ok()?;
    Some((number >> 3 & 31, number & 7))
}

fn text(value: &str) -> Vec<u8> {
    Value::sz(value).to_bytes()
}

fn number(value: u32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

/// The value of a node's key that a DEVICE_REGISTRY_PROPERTY stands for.
fn value_name(property: u32) -> Option<&'static str> {
    Some(match property {
        c::DevicePropertyDeviceDescription => "DeviceDesc",
        c::DevicePropertyHardwareID => "HardwareID",
        c::DevicePropertyCompatibleIDs => "CompatibleIDs",
        c::DevicePropertyClassName => "Class",
        c::DevicePropertyClassGuid => "ClassGUID",
        c::DevicePropertyDriverKeyName => "Driver",
        c::DevicePropertyManufacturer => "Mfg",
        c::DevicePropertyFriendlyName => "FriendlyName",
        c::DevicePropertyLocationInformation => "LocationInformation",
        c::DevicePropertyUINumber => "UINumber",
        _ => return None,
    })
}

impl Nodes {
    /// A function interrupted with a message, or on its line: to the CPU whose turn it is.
    fn raise(platform: &Rc<dyn Platform>, vector: u32, message: u32) {
        let world = world();
        let Some(cpu) = world.cpu_at(message as usize % world.cpus().len()) else { return };
        let platform = Rc::clone(platform);
        let service = move || {
            platform.serve(vector);
        };
        cpu.interrupt(Interrupt { level: DIRQL, vector, service: Rc::new(service) });
    }
}

impl Platform for Nodes {
    fn map_registers(&self, physical: u64, len: u64) -> Option<u64> {
        nodes().iter().find_map(|(_, device)| world().map_registers(&device.hardware, physical, len))
    }

    fn unmap_registers(&self, addr: u64, _len: u64) {
        world().trap.unmap_window(addr);
    }

    fn read_config(&self, bus: u32, slot: u32, offset: u32, into: &mut [u8]) -> usize {
        let Some(device) = at(bus, slot) else { return 0 };
        device.hardware.config_read(offset, into);
        into.len()
    }

    fn write_config(&self, bus: u32, slot: u32, offset: u32, from: &[u8]) -> usize {
        let Some(device) = at(bus, slot) else { return 0 };
        device.hardware.config_write(offset, from);
        from.len()
    }

    fn property(&self, pdo: u64, property: u32) -> Option<Vec<u8>> {
        let (index, device) = node(pdo)?;
        if let Some(name) = value_name(property) {
            let key = format!(r"{ENUM_KEY}\{}", device.instance);
            return world().registry.borrow().value(&key, name).map(Value::to_bytes);
        }
        match property {
            c::DevicePropertyPhysicalDeviceObjectName => Some(text(&format!(r"\Device\NTPNP_PCI{index:04}"))),
            c::DevicePropertyBusTypeGuid => Some(PCI_BUS.to_vec()),
            c::DevicePropertyLegacyBusType => Some(number(c::PCIBus)),
            c::DevicePropertyEnumeratorName => Some(text("PCI")),
            c::DevicePropertyAddress => {
                address(&device).map(|(device, function)| number(device << 16 | function))
            }
            // Bus 0; installed.
            c::DevicePropertyBusNumber | c::DevicePropertyInstallState => Some(number(0)),
            // Not to be removed while it is in use.
            c::DevicePropertyRemovalPolicy => Some(number(1)),
            _ => None,
        }
    }

    fn device_key(&self, pdo: u64, driver: bool) -> Option<String> {
        let (_, device) = node(pdo)?;
        Some(if driver { device.driver_key.clone() } else { format!(r"{ENUM_KEY}\{}", device.instance) })
    }

    fn vectors(&self, pdo: u64) -> Vec<Vector> {
        let Some((index, device)) = node(pdo) else { return Vec::new() };
        let base = index * VECTORS + FIRST;
        let cpus = world().cpus().len();
        let all = u64::MAX >> (64 - cpus.clamp(1, 64));
        let messages = device.granted_messages();
        if messages == 0 {
            return vec![Vector { vector: base, irql: DIRQL, affinity: all, message: None }];
        }
        let vector = |number: usize| Vector {
            vector: base + number as u32,
            irql: DIRQL,
            affinity: 1 << (number % cpus.min(64)),
            message: Some(device.hardware.message(number)),
        };
        (0..messages).map(vector).collect()
    }

    fn connect(&self, vector: u32, service: Service) -> bool {
        let Some((_, device)) = nodes().into_iter().find(|(index, _)| *index == vector / VECTORS) else {
            return false;
        };
        if self.services.borrow().contains_key(&vector) {
            return false;
        }
        let first = !self.services.borrow().keys().any(|known| known / VECTORS == vector / VECTORS);
        self.services.borrow_mut().insert(vector, service);
        if !first {
            return true;
        }
        let base = vector / VECTORS * VECTORS + FIRST;
        let mode = match device.granted_messages() {
            0 => InterruptMode::Line,
            count => InterruptMode::Messages(count),
        };
        let sink = move |message: u32| {
            Self::raise(&world().nt.platform(), base + message, message);
        };
        let connected = device.hardware.connect(mode, Rc::new(sink)).is_ok();
        if !connected {
            self.services.borrow_mut().remove(&vector);
        }
        connected
    }

    fn disconnect(&self, vector: u32) {
        self.services.borrow_mut().remove(&vector);
        let last = !self.services.borrow().keys().any(|known| known / VECTORS == vector / VECTORS);
        if last && let Some((_, device)) = nodes().into_iter().find(|(index, _)| *index == vector / VECTORS) {
            device.hardware.disconnect();
        }
    }

    fn serve(&self, vector: u32) {
        let service = self.services.borrow().get(&vector).cloned();
        if let Some(service) = service {
            service();
        }
    }
}

/// The node in a slot (PCI_SLOT_NUMBER).
fn at(bus: u32, slot: u32) -> Option<Rc<Device>> {
    let wanted = (slot & 31, slot >> 5 & 7);
    let found = nodes().into_iter().find(|(_, device)| address(device) == Some(wanted));
    found.filter(|_| bus == 0).map(|(_, device)| device)
}
