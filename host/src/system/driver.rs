//! What Windows does with a driver and its devices, step by step. All of it runs on a thread of the world.

use super::{Node, System, SystemError};
use crate::{
    abi::{DRIVER_OBJECT, Ptr, UNICODE_STRING, constants as c},
    mem::Kind,
    ndis::{adapter::Adapter, protocol::Protocol},
    nt::io::driver::NewDriver,
    world::{call, world},
};
use std::{fmt::Write as _, rc::Rc, time::Duration};

/// How long sends that were refused may take to come back.
const QUIET: Duration = Duration::from_secs(10);
/// `NDIS_PNP` pause reasons.
const PAUSE_REMOVE: u32 = 0x80;

impl System {
    /// Loads the image and runs `DriverEntry`.
    ///
    /// # Errors
    /// The image is unfit, imports what nobody provides, or `DriverEntry` fails.
    pub fn load(&self) -> Result<(), SystemError> {
        let world = &self.world;
        world.load(&self.image)?;
        let object = self.driver_object();
        let path = self.registry_path();
        let entry = world.image.borrow().as_ref().map_or(0, |image| image.mapped.entry());
        let status = call("DriverEntry", entry, &[object, path]) as u32;
        world.discard_initialization();
        free_string(world, path);
        world.ndis.entered(status);
        if status != c::NDIS_STATUS_SUCCESS {
            // NDIS-REG-02: what it allocated is free again.
            world.ndis.check_unloaded();
            world.netdma.check_unloaded();
            world.nt.delete_driver();
            world.unload();
            return Err(SystemError::DriverEntry(status));
        }
        if world.ndis.miniport().is_none() && !self.nodes.is_empty() {
            return Err(SystemError::NoMiniport);
        }
        Ok(())
    }

    /// `AddDevice` and `StartDevice`, through the driver object: the adapter is paused afterwards, with nothing bound.
    ///
    /// # Errors
    /// The driver refuses the device.
    pub fn add(&self, node: &Node) -> Result<Rc<Adapter>, SystemError> {
        let ndis = &self.world.ndis;
        ndis.miniport().ok_or(SystemError::NoMiniport)?;
        node.plug.add().map_err(SystemError::AddDevice)?;
        let adapter = ndis.adapters().into_iter().find(|adapter| Rc::ptr_eq(&adapter.device, &node.device));
        let adapter = adapter.ok_or(SystemError::NoMiniport)?;
        node.adapter.replace(Some(Rc::clone(&adapter)));
        if let Err(status) = node.plug.start() {
            node.adapter.replace(None);
            let entries = ndis.error_log.borrow();
            let log = entries.iter().fold(String::new(), |mut log, entry| {
                let _ = write!(log, "; error log {:#010x} {:x?}", entry.code, entry.values);
                log
            });
            return Err(SystemError::Initialize { status, log });
        }
        Ok(adapter)
    }

    /// Binds a protocol and restarts: the adapter runs afterwards.
    ///
    /// # Errors
    /// The restart fails.
    pub fn start(
        &self,
        adapter: &Rc<Adapter>,
        protocol: Rc<dyn Protocol>,
        filter: u32,
    ) -> Result<(), SystemError> {
        let ndis = &self.world.ndis;
        adapter.protocol.replace(Some(protocol));
        ndis.restart(adapter).map_err(SystemError::Restart)?;
        ndis.set(adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &filter.to_le_bytes());
        Ok(())
    }

    /// Asks the driver every so often whether its device hangs, as NDIS does, and resets it if so; until the
    /// adapter is paused for its removal.
    pub fn watch_for_hang(&self, adapter: &Rc<Adapter>) {
        let adapter = Rc::clone(adapter);
        // Rounded down to even seconds, 2 by default (NDIS-CFH-01, C-17).
        let seconds = (adapter.hang_seconds.get() & !1).max(2);
        self.world.sched.spawn("check for hang", 0, move || {
            let world = world();
            loop {
                let until = world.clock.now().after(Duration::from_secs(seconds.into()));
                if world.sched.block("the next check for hang", Some(until), &|| adapter.leaving.get()) {
                    return;
                }
                adapter.checking.set(true);
                if !adapter.reset.is_waiting() && world.ndis.check_for_hang(&adapter) {
                    world.ndis.reset(&adapter);
                }
                adapter.checking.set(false);
            }
        });
    }

    /// Pauses, if the adapter runs, halts and removes it.
    pub fn remove(&self, node: &Node) {
        let ndis = &self.world.ndis;
        let Some(adapter) = node.adapter.take() else { return };
        adapter.leaving.set(true);
        self.world.sched.block("the last check for hang", None, &|| !adapter.checking.get());
        if adapter.state() == crate::ndis::adapter::State::Running {
            ndis.set(&adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &0_u32.to_le_bytes());
            ndis.pause(&adapter, PAUSE_REMOVE);
        }
        // NDIS halts only when nothing is out or on its way (NDIS-HALT-01).
        let until = self.world.clock.now().after(QUIET);
        self.world.sched.block("sends to come back before the halt", Some(until), &|| adapter.is_quiet());
        ndis.halt(&adapter, c::NdisHaltDeviceDisabled);
        adapter.protocol.replace(None);
        node.plug.remove();
    }

    /// `DriverUnload`, through the driver object; nothing of the driver's may be left.
    pub fn unload(&self) {
        let object = self.world.driver_object.get();
        let routine = Ptr::<DRIVER_OBJECT>::new(object).get(DRIVER_OBJECT::DriverUnload);
        if routine != 0 {
            call("DRIVER_UNLOAD", routine, &[object]);
        }
        self.world.ndis.check_unloaded();
        self.world.netdma.check_unloaded();
        self.world.nt.delete_driver();
        self.world.unload();
    }

    fn registry_path(&self) -> u64 {
        let key = self.world.service_key.borrow();
        self.world.nt.registry_path(&key).expect("memory for a registry path")
    }

    fn driver_object(&self) -> u64 {
        let world = &self.world;
        let service = world.service_key.borrow();
        let service = service.rsplit('\\').next().unwrap_or_default();
        let image = world.image.borrow();
        let mapped = image.as_ref().map(|image| &image.mapped);
        let new = NewDriver {
            service,
            start: mapped.map_or(0, |image| image.base()),
            size: mapped.map_or(0, |image| u32::try_from(image.size()).unwrap_or(0)),
            entry: mapped.map_or(0, |image| image.entry()),
        };
        world.nt.create_driver(&new).expect("memory for a driver object")
    }
}

fn free_string(world: &crate::world::World, string: u64) {
    let buffer = Ptr::<UNICODE_STRING>::new(string).get(UNICODE_STRING::Buffer);
    let _ = world.mem.free(Kind::Host, buffer);
    let _ = world.mem.free(Kind::Host, string);
}
