//! A device node: a function bound to the driver, and the adapter it becomes.

use super::{InProcess, Setup, SystemError};
use crate::{
    bus::{self, Bdf, PciFunction, Windows},
    device::qemu::Machine,
    devnode::Device,
    function::{Board, Function},
    ndis::adapter::Adapter,
    nt::plug::DeviceNode,
    pnp::{self, DeviceIds, Inf, Package, Value},
    world::{Hardware, World},
};
use std::{cell::RefCell, rc::Rc};

/// Where the INF asks for message interrupts, below the hardware key.
const MSI_KEY: &str = r"Interrupt Management\MessageSignaledInterruptProperties";

/// See the module.
pub struct Node {
    /// The device and its resources.
    pub device: Rc<Device>,
    /// What takes it through its life.
    pub plug: Rc<DeviceNode>,
    /// The model's description in the INF.
    pub description: String,
    /// The INF's identifier that matched.
    pub id: String,
    /// Keywords that were set to what the INF does not offer.
    pub notes: Vec<String>,
    /// The adapter, once it is added, of class Net.
    pub adapter: RefCell<Option<Rc<Adapter>>>,
}

/// What the INF says of a function.
pub(super) struct Installed<'a> {
    pub inf: &'a Inf,
    pub package: &'a Package,
    pub ids: &'a DeviceIds,
}

impl Node {
    /// The node of a NIC: its ranges are assigned first.
    pub(super) fn new(
        world: &World,
        board: &Rc<Board<Machine>>,
        windows: &mut Windows,
        mut function: PciFunction,
        installed: &Installed<'_>,
        setup: &Setup,
    ) -> Result<Rc<Self>, SystemError> {
        {
            let mut machine = board.backend.borrow_mut();
            bus::assign(&mut *machine, &mut function, windows)?;
            let set = bus::command::IO | bus::command::MEMORY | bus::command::MASTER;
            bus::update_command(&mut *machine, function.at, set, 0)?;
        }
        let (at, id) = (function.at, function.device_id());
        let hardware: Rc<dyn Hardware> = Function::new(Rc::clone(board), function);
        Ok(Self::install(world, hardware, at, &id, installed, setup))
    }

    /// The node of a function that lives in this process.
    pub(super) fn in_process(
        world: &World,
        function: &InProcess,
        installed: &Installed<'_>,
        setup: &Setup,
    ) -> Rc<Self> {
        let id = installed.ids.hardware.first().map_or("", String::as_str);
        Self::install(world, Rc::clone(&function.hardware), function.at, id, installed, setup)
    }

    /// Fills the registry from the INF.
    fn install(
        world: &World,
        hardware: Rc<dyn Hardware>,
        at: Bdf,
        id: &str,
        from: &Installed<'_>,
        setup: &Setup,
    ) -> Rc<Self> {
        let package = from.package;
        let slot = at.device() << 3 | at.function();
        let instance = format!(r"{id}\3&11583659&0&{slot:02X}");
        let mut registry = world.registry.borrow_mut();
        let installed = pnp::install(&mut registry, from.inf, package, from.ids, &instance);
        let mut notes = Vec::new();
        // The keywords are the network class's.
        let keywords = package.net().map(|net| setup.keywords.iter().map(move |keyword| (net, keyword)));
        for (net, (name, text)) in keywords.into_iter().flatten() {
            // What Windows would not offer may be set all the same: a driver has to cope with it.
            if let Some(problem) = net.keyword(name).and_then(|keyword| keyword.check(text).err()) {
                notes.push(format!("{name}={text}: {problem}"));
            }
            registry.set(&installed.driver_key, name, Value::sz(text.clone()));
        }
        let msi = format!(r"{}\{MSI_KEY}", installed.hardware_key);
        let number = |name: &str| registry.value(&msi, name).and_then(Value::as_dword);
        let offered = match number("MSISupported") {
            Some(1) => number("MessageNumberLimit").map_or(usize::MAX, |limit| limit as usize),
            _ => 0,
        };
        drop(registry);
        world.service_key.replace(installed.service_key.clone());
        let messages = setup.messages.map_or(offered, |limit| limit.min(offered));
        let device = Rc::new(Device::new(instance, hardware, installed.driver_key, messages));
        Rc::new(Self {
            plug: DeviceNode::new(Rc::clone(&device)),
            device,
            description: package.matched.model.description.clone(),
            id: package.matched.id.clone(),
            notes,
            adapter: RefCell::default(),
        })
    }

    /// The adapter.
    ///
    /// # Panics
    /// Before the node is added: a mistake in the caller.
    #[must_use]
    pub fn adapter(&self) -> Rc<Adapter> {
        self.adapter.borrow().clone().expect("the node has been added")
    }
}
