//! A device node: a function bound to the driver, and the adapter it becomes.

use super::{Setup, SystemError};
use crate::{
    bus::{self, PciFunction, Windows},
    device::qemu::Machine,
    devnode::Device,
    function::{Board, Function},
    ndis::adapter::Adapter,
    pnp::{self, DeviceIds, Inf, Package, Value},
    world::{Hardware, World},
};
use std::{cell::RefCell, rc::Rc};

/// Where the INF asks for message interrupts, below the hardware key.
const MSI_KEY: &str = r"Interrupt Management\MessageSignaledInterruptProperties";

/// See the module.
pub struct Node {
    /// What NDIS gets.
    pub device: Rc<Device>,
    /// The model's description in the INF.
    pub description: String,
    /// The INF's identifier that matched.
    pub id: String,
    /// Keywords that were set to what the INF does not offer.
    pub notes: Vec<String>,
    /// The adapter, once it is added.
    pub adapter: RefCell<Option<Rc<Adapter>>>,
}

impl Node {
    #[allow(clippy::too_many_arguments, reason = "each is a different thing that meets only here")]
    pub(super) fn new(
        world: &World,
        board: &Rc<Board<Machine>>,
        windows: &mut Windows,
        inf: &Inf,
        mut function: PciFunction,
        package: &Package,
        ids: &DeviceIds,
        setup: &Setup,
    ) -> Result<Rc<Self>, SystemError> {
        {
            let mut machine = board.backend.borrow_mut();
            bus::assign(&mut *machine, &mut function, windows)?;
            let set = bus::command::IO | bus::command::MEMORY | bus::command::MASTER;
            bus::update_command(&mut *machine, function.at, set, 0)?;
        }
        let instance = format!(r"{}\3&11583659&0&{:02X}", function.device_id(), function.at.device() << 3);
        let mut registry = world.registry.borrow_mut();
        let installed = pnp::install(&mut registry, inf, package, ids, &instance);
        let mut notes = Vec::new();
        for (name, text) in &setup.keywords {
            // What Windows would not offer may be set all the same: a driver has to cope with it.
            if let Some(problem) =
                package.net().and_then(|net| net.keyword(name)).and_then(|keyword| keyword.check(text).err())
            {
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
        let hardware: Rc<dyn Hardware> = Function::new(Rc::clone(board), function);
        let messages = setup.messages.map_or(offered, |limit| limit.min(offered));
        let device = Rc::new(Device::new(instance, hardware, installed.driver_key, messages));
        Ok(Rc::new(Self {
            device,
            description: package.matched.model.description.clone(),
            id: package.matched.id.clone(),
            notes,
            adapter: RefCell::default(),
        }))
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
