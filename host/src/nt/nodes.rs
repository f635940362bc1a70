//! Device nodes as the kernel's own functions see them: device objects, properties, configuration space, registers,
//! interrupts. An NDIS adapter has one, too: its driver may use either way to the same hardware.

use super::{Nt, Platform, Vector, io::pdo};
use crate::{
    abi::constants as c,
    cpu::{DIRQL, Interrupt},
    devnode::Device,
    pnp::{Value, registry::ENUM_KEY},
    verify::rules,
    world::{InterruptMode, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

/// Vectors of one node: its number is above them.
const VECTORS: u32 = 1 << 8;
/// The first vector of a node; nodes count from 1, so that no vector is below it.
const FIRST: u32 = 0x50;
/// GUID_BUS_TYPE_PCI.
const PCI_BUS: [u8; 16] =
    [0xB0, 0xDF, 0xEB, 0xC8, 0x10, 0xB5, 0xD0, 0x11, 0x80, 0xE5, 0x00, 0xA0, 0xC9, 0x24, 0x42, 0xE3];

type Service = Rc<dyn Fn() -> bool>;

/// A node as plug and play knows it.
pub struct Known {
    /// From 1: part of the names of its device object and of its vectors.
    pub number: u32,
    /// The node.
    pub device: Rc<Device>,
    /// The physical device object.
    pub pdo: u64,
    /// NDIS's functional device object; 0 if there is none.
    pub fdo: Cell<u64>,
    /// The plug and play manager takes it through its life, and it goes when the manager says so.
    pub managed: Cell<bool>,
    /// `IRP_MN_START_DEVICE` has reached the bus driver, and the device was not stopped or removed since.
    pub started: Cell<bool>,
}

/// The nodes that there are.
#[derive(Default)]
pub struct NodeObjects {
    known: RefCell<Vec<Rc<Known>>>,
    made: Cell<u32>,
}

impl NodeObjects {
    /// Every node.
    #[must_use]
    pub fn all(&self) -> Vec<Rc<Known>> {
        self.known.borrow().clone()
    }

    /// The node with this physical device object.
    #[must_use]
    pub fn at(&self, pdo: u64) -> Option<Rc<Known>> {
        self.known.borrow().iter().find(|known| known.pdo == pdo).cloned()
    }

    /// The node with this functional device object of NDIS's.
    #[must_use]
    pub fn under(&self, fdo: u64) -> Option<Rc<Known>> {
        self.known.borrow().iter().find(|known| known.fdo.get() == fdo).cloned()
    }

    fn of(&self, device: &Device) -> Option<Rc<Known>> {
        self.known.borrow().iter().find(|known| known.device.instance == device.instance).cloned()
    }
}

impl Nt {
    /// The node of a device, with its physical device object; made when first asked for.
    ///
    /// # Panics
    /// The machine's memory is used up.
    pub fn enumerate(&self, device: &Rc<Device>) -> Rc<Known> {
        if let Some(known) = self.nodes.of(device) {
            return known;
        }
        let number = self.nodes.made.get() + 1;
        self.nodes.made.set(number);
        let known = Rc::new(Known {
            number,
            device: Rc::clone(device),
            pdo: pdo::create().expect("memory for a device object"),
            fdo: Cell::new(0),
            managed: Cell::new(false),
            started: Cell::new(false),
        });
        self.nodes.known.borrow_mut().push(Rc::clone(&known));
        known
    }

    /// The physical and the functional device object of an adapter's node; made when first asked for.
    pub fn device_objects(&self, device: &Rc<Device>) -> (u64, u64) {
        let known = self.enumerate(device);
        if known.fdo.get() == 0
            && let Some(upper) = self.devices.create_functional(world().driver_object.get())
        {
            self.devices.attach(upper, known.pdo);
            known.fdo.set(upper);
        }
        (known.pdo, known.fdo.get())
    }

    /// Removes an adapter's functional device object.
    pub fn remove_functional(&self, known: &Known) {
        let upper = known.fdo.replace(0);
        if upper != 0 {
            self.devices.detach(upper, known.pdo);
            self.devices.remove(upper);
        }
    }

    /// Removes the device objects of a node that goes away.
    pub fn remove_device_objects(&self, device: &Device) {
        let Some(known) = self.nodes.of(device) else { return };
        self.remove_functional(&known);
        self.nodes.known.borrow_mut().retain(|other| other.number != known.number);
        self.devices.remove(known.pdo);
    }
}

/// The platform that a world has unless it is given another.
#[derive(Default)]
pub struct Nodes {
    services: RefCell<BTreeMap<u32, Service>>,
}

fn node(pdo: u64) -> Option<Rc<Known>> {
    world().nt.nodes.at(pdo)
}

/// The node whose vector this is.
fn interrupted(vector: u32) -> Option<Rc<Known>> {
    world().nt.nodes.all().into_iter().find(|known| known.number == vector / VECTORS)
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
        let Some(known) = interrupted(vector) else { return };
        let affinity = known.device.affinity(message as usize, world.cpus().len());
        let Some(cpu) = world.cpu_at(affinity.trailing_zeros() as usize) else { return };
        let platform = Rc::clone(platform);
        let service = move || {
            platform.serve(vector);
        };
        cpu.interrupt(Interrupt { level: DIRQL, vector, service: Rc::new(service) });
    }
}

impl Platform for Nodes {
    fn map_registers(&self, physical: u64, len: u64) -> Option<u64> {
        let nodes = world().nt.nodes.all();
        let (known, addr) = nodes
            .iter()
            .find_map(|known| Some((known, world().map_registers_of(&known.device, physical, len)?)))?;
        if known.managed.get() {
            world().hold(&rules::START_WAIT, known.started.get(), || {
                format!("registers at {physical:#x} mapped while {} is not started", known.device.instance)
            });
        }
        Some(addr)
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
        let known = node(pdo)?;
        let (index, device) = (known.number, &known.device);
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
                address(device).map(|(device, function)| number(device << 16 | function))
            }
            // Bus 0; installed.
            c::DevicePropertyBusNumber | c::DevicePropertyInstallState => Some(number(0)),
            // Not to be removed while it is in use.
            c::DevicePropertyRemovalPolicy => Some(number(1)),
            _ => None,
        }
    }

    fn device_key(&self, pdo: u64, driver: bool) -> Option<String> {
        let device = &node(pdo)?.device;
        Some(if driver { device.driver_key.clone() } else { format!(r"{ENUM_KEY}\{}", device.instance) })
    }

    fn vectors(&self, pdo: u64) -> Vec<Vector> {
        let Some(known) = node(pdo) else { return Vec::new() };
        // Interrupts are assigned when the device starts.
        if known.managed.get() && !known.started.get() {
            return Vec::new();
        }
        let device = &known.device;
        let base = known.number * VECTORS + FIRST;
        let cpus = world().cpus().len();
        let messages = device.granted_messages();
        let vector = |number: usize, message| Vector {
            vector: base + number as u32,
            irql: DIRQL,
            affinity: device.affinity(number, cpus),
            message,
        };
        if messages == 0 {
            return vec![vector(0, None)];
        }
        (0..messages).map(|number| vector(number, Some(device.hardware.message(number)))).collect()
    }

    fn connect(&self, vector: u32, service: Service) -> bool {
        let Some(known) = interrupted(vector) else { return false };
        let device = &known.device;
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
        if last && let Some(known) = interrupted(vector) {
            known.device.hardware.disconnect();
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
    let nodes = world().nt.nodes.all();
    let found = nodes.iter().find(|known| address(&known.device) == Some(wanted));
    found.filter(|_| bus == 0).map(|known| Rc::clone(&known.device))
}

/// Whether a vector is one of a node's.
#[must_use]
pub fn owns(known: &Known, vector: u32) -> bool {
    vector / VECTORS == known.number
}

/// The first vector of a node.
#[must_use]
pub fn first_vector(known: &Known) -> u32 {
    known.number * VECTORS + FIRST
}
