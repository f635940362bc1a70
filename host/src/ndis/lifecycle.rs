//! What NDIS makes an adapter go through, from `AddDevice` to the end.

use super::{
    Ndis,
    adapter::{Adapter, State},
    check,
    driver::Miniport,
    leaks::Phase,
};
use crate::{
    abi::{
        self, NDIS_MINIPORT_INIT_PARAMETERS as Init, NDIS_MINIPORT_PAUSE_PARAMETERS as Pause,
        NDIS_MINIPORT_RESTART_PARAMETERS as Restart, NDIS_OBJECT_HEADER, NET_DEVICE_PNP_EVENT as PnpEvent,
        Ptr, constants as c,
    },
    devnode::Device,
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::rc::Rc;

/// How a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paused {
    /// `MiniportPause` returned `NDIS_STATUS_PENDING`.
    pub pended: bool,
}

/// How a restart may end (NDIS-RESTART-01, -02).
const RESTARTED: [u32; 3] = [c::NDIS_STATUS_SUCCESS, c::NDIS_STATUS_RESOURCES, c::NDIS_STATUS_FAILURE];
/// A parameter block with an object header, zeroed.
fn parameters(size: usize, kind: u32, header_size: u32) -> u64 {
    let Some(addr) = world().mem.allocate(Kind::Host, 0, size, "parameters") else {
        panic!("the machine's memory is used up")
    };
    abi::fill(addr, 0, size);
    let header: Ptr<NDIS_OBJECT_HEADER> = Ptr::new(addr);
    header.set(NDIS_OBJECT_HEADER::Type, kind as u8);
    header.set(NDIS_OBJECT_HEADER::Revision, 1);
    header.set(NDIS_OBJECT_HEADER::Size, header_size as u16);
    addr
}

fn free(addr: u64) {
    let _ = world().mem.free(Kind::Host, addr);
}

impl Ndis {
    /// `AddDevice`: a device node of this driver's appeared.
    ///
    /// # Errors
    /// The driver's `MiniportAddDevice` refused it.
    pub fn add(&self, miniport: &Rc<Miniport>, device: Rc<Device>) -> Result<Rc<Adapter>, u32> {
        let handle =
            world().mem.allocate(Kind::Host, 0, 4096, "miniport adapter").ok_or(c::NDIS_STATUS_RESOURCES)?;
        let adapter = Rc::new(Adapter::new(handle, Rc::clone(miniport), device));
        self.adapters.borrow_mut().push(Rc::clone(&adapter));
        world().nt.device_objects(&adapter.device);
        let handler = miniport.pnp.get().add_device;
        if handler != 0 {
            let status = call("MiniportAddDevice", handler, &[handle, miniport.context]) as u32;
            if status != c::NDIS_STATUS_SUCCESS {
                self.check_nothing_left(&adapter, "after MiniportAddDevice failed", Phase::Add);
                self.forget(&adapter);
                return Err(status);
            }
        }
        Ok(adapter)
    }

    /// `MiniportInitializeEx`, and the checks of NDIS-INIT.
    ///
    /// # Errors
    /// The status that `MiniportInitializeEx` returned.
    pub fn initialize(&self, adapter: &Rc<Adapter>) -> Result<(), u32> {
        self.filter_resources(adapter)?;
        let resources = adapter.device.resource_list();
        let block = parameters(
            Init::SIZE_ALL,
            c::NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS,
            c::NDIS_SIZEOF_MINIPORT_INIT_PARAMETER_REVISION_1,
        );
        let p: Ptr<Init> = Ptr::new(block);
        p.set(Init::AllocatedResources, resources);
        p.set(Init::MiniportAddDeviceContext, adapter.add_device_context.get());
        p.set(Init::IfIndex, 1);
        adapter.initialized_at.set(world().mem.allocated.get());
        adapter.unlogged.set(false);
        adapter.link_told.replace(None);
        adapter.set_state(State::Initializing);
        let miniport = &adapter.miniport;
        let args = [adapter.handle, miniport.context, block];
        let status = call("MiniportInitializeEx", miniport.handlers.initialize, &args) as u32;
        free(block);
        free(resources);
        if status != c::NDIS_STATUS_SUCCESS {
            if status == c::NDIS_STATUS_RESOURCES {
                world().hold(&rules::INIT_ERROR_LOG, !adapter.unlogged.take(), || {
                    "MiniportInitializeEx failed for want of shared memory, and logged nothing".into()
                });
            }
            self.check_nothing_left(adapter, "after MiniportInitializeEx failed", Phase::Initialize);
            adapter.set_state(State::Halted);
            adapter.attribute_flags.set(None);
            adapter.general.replace(None);
            return Err(status);
        }
        let described = adapter.general.borrow().is_some();
        world().hold(&rules::INIT_SUCCESS, described, || {
            "MiniportInitializeEx succeeded without general attributes".into()
        });
        adapter.set_state(State::Paused);
        Ok(())
    }

    /// `MiniportRestart`.
    ///
    /// # Errors
    /// The status of a failed restart; the adapter is paused again.
    pub fn restart(&self, adapter: &Rc<Adapter>) -> Result<(), u32> {
        let world = world();
        let block = parameters(
            Restart::SIZE_ALL,
            c::NDIS_OBJECT_TYPE_DEFAULT,
            c::NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1,
        );
        adapter.set_state(State::Restarting);
        adapter.restart.begin();
        let args = [adapter.context.get(), block];
        let mut status = call("MiniportRestart", adapter.miniport.handlers.restart, &args) as u32;
        if status == c::NDIS_STATUS_PENDING {
            let bound = self.bounds.pause.get();
            let deadline = world.clock.now().after(bound);
            let done = world
                .sched
                .block("NdisMRestartComplete", Some(deadline), &|| adapter.restart.status().is_some());
            world.hold(&rules::RESTART_TIMEOUT, done, || format!("restart not completed within {bound:?}"));
            status = adapter.restart.status().unwrap_or(c::NDIS_STATUS_FAILURE);
        } else {
            world.hold(&rules::RESTART_TWICE, adapter.restart.status().is_none(), || {
                format!("NdisMRestartComplete called and {status:#x} returned")
            });
            world.hold(&rules::RESTART_RETURN, RESTARTED.contains(&status), || {
                format!("MiniportRestart returned {status:#x}")
            });
        }
        adapter.restart.end();
        let attributes = Ptr::<Restart>::new(block).get(Restart::RestartAttributes);
        world.hold(&rules::RESTART_ATTRIBUTES, attributes == 0, || {
            format!("RestartAttributes is {attributes:#x}, NULL was given")
        });
        free(block);
        if status == c::NDIS_STATUS_SUCCESS {
            adapter.set_state(State::Running);
            return Ok(());
        }
        adapter.set_state(State::Paused);
        Err(status)
    }

    /// `MiniportPause`; returns when the pause is complete.
    pub fn pause(&self, adapter: &Rc<Adapter>, reason: u32) -> Paused {
        let world = world();
        let began = world.clock.now();
        let block = parameters(
            Pause::SIZE_ALL,
            c::NDIS_OBJECT_TYPE_DEFAULT,
            c::NDIS_SIZEOF_MINIPORT_PAUSE_PARAMETERS_REVISION_1,
        );
        Ptr::<Pause>::new(block).set(Pause::PauseReason, reason);
        adapter.set_state(State::Pausing);
        adapter.pause.begin();
        let args = [adapter.context.get(), block];
        let status = call("MiniportPause", adapter.miniport.handlers.pause, &args) as u32;
        let pended = status == c::NDIS_STATUS_PENDING;
        if status == c::NDIS_STATUS_PENDING {
            let bound = self.bounds.pause.get();
            let deadline = world.clock.now().after(bound);
            let done =
                world.sched.block("NdisMPauseComplete", Some(deadline), &|| adapter.pause.status().is_some());
            world.hold(&rules::PAUSE_TIMEOUT, done, || {
                let (sends, receives) = adapter.outstanding();
                format!("pause not completed within {bound:?}; {sends} sends and {receives} receives out")
            });
        } else {
            world.hold(&rules::PAUSE_RETURN, status == c::NDIS_STATUS_SUCCESS, || {
                format!("MiniportPause returned {status:#x}")
            });
            world.hold(&rules::PAUSE_TWICE, adapter.pause.status().is_none(), || {
                "NdisMPauseComplete called, and MiniportPause returned NDIS_STATUS_SUCCESS".into()
            });
            check_drained(adapter);
        }
        adapter.pause.end();
        free(block);
        adapter.set_state(State::Paused);
        let took = u64::try_from(world.clock.now().since(began).as_nanos()).unwrap_or(u64::MAX);
        adapter.count(|n| {
            n.pauses += 1;
            n.pauses_pended += u64::from(pended);
            n.pause_longest_ns = n.pause_longest_ns.max(took);
        });
        Paused { pended }
    }

    /// `MiniportHaltEx`, and the check that nothing is left.
    pub fn halt(&self, adapter: &Rc<Adapter>, action: u32) {
        let world = world();
        if adapter.state() != State::Paused {
            world.violation(
                &rules::HOST,
                format!("halt in state {}: NDIS pauses first (NDIS-STATE-02)", adapter.state()),
            );
        }
        adapter.set_state(State::Halting);
        call("MiniportHaltEx", adapter.miniport.handlers.halt, &[adapter.context.get(), u64::from(action)]);
        self.check_nothing_left(adapter, "after MiniportHaltEx", Phase::Halt);
        adapter.set_state(State::Halted);
        adapter.attribute_flags.set(None);
        adapter.general.replace(None);
        adapter.filter.set(0);
        adapter.filter_set.set(false);
        adapter.removed.set(false);
        adapter.noticed.set(false);
    }

    /// `MiniportShutdownEx`.
    pub fn shutdown(&self, adapter: &Adapter, action: u32) {
        adapter.set_state(State::Shutdown);
        self.crashing.set(action == c::NdisShutdownBugCheck);
        call(
            "MiniportShutdownEx",
            adapter.miniport.handlers.shutdown,
            &[adapter.context.get(), u64::from(action)],
        );
        self.crashing.set(false);
    }

    /// `MiniportDevicePnPEventNotify`.
    pub fn pnp_event(&self, adapter: &Adapter, event: u32) {
        let block = parameters(
            PnpEvent::SIZE_ALL,
            c::NDIS_OBJECT_TYPE_DEFAULT,
            c::NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1,
        );
        Ptr::<PnpEvent>::new(block).set(PnpEvent::DevicePnPEvent, event);
        if event == c::NdisDevicePnPEventSurpriseRemoved {
            adapter.removed.set(true);
        }
        call(
            "MiniportDevicePnPEventNotify",
            adapter.miniport.handlers.pnp_event,
            &[adapter.context.get(), block],
        );
        adapter.noticed.set(adapter.noticed.get() || event == c::NdisDevicePnPEventSurpriseRemoved);
        free(block);
    }

    /// `RemoveDevice`: the device node goes away.
    pub fn remove(&self, adapter: &Rc<Adapter>) {
        let handler = adapter.miniport.pnp.get().remove_device;
        if handler != 0 {
            call("MiniportRemoveDevice", handler, &[adapter.add_device_context.get()]);
        }
        adapter.initialized_at.set(0);
        self.check_nothing_left(adapter, "after MiniportRemoveDevice", Phase::Halt);
        self.forget(adapter);
    }

    fn forget(&self, adapter: &Rc<Adapter>) {
        let nt = &world().nt;
        let known = nt.enumerate(&adapter.device);
        if known.managed.get() {
            // Its IRP is on the way; what was added in vain has none.
            if adapter.state() == State::Halted && !adapter.removing.get() {
                nt.remove_functional(&known);
            }
        } else {
            nt.remove_device_objects(&adapter.device);
        }
        self.adapters.borrow_mut().retain(|known| known.handle != adapter.handle);
        free(adapter.handle);
    }

    /// The driver's `DriverUnload`, through NDIS, and the check that nothing is left.
    pub fn unload(&self) {
        self.unload_driver();
        self.check_unloaded();
    }

    /// `MiniportDriverUnload`.
    pub(super) fn unload_driver(&self) {
        let world = world();
        if let Some(miniport) = self.miniport() {
            call("MiniportDriverUnload", miniport.handlers.unload, &[miniport.driver_object]);
            world.hold(&rules::REG_UNLOAD, self.miniport().is_none(), || {
                "MiniportDriverUnload did not call NdisMDeregisterMiniportDriver".into()
            });
        }
    }
}

/// A pause that is over left nothing out.
fn check_drained(adapter: &Adapter) {
    let (sends, receives) = adapter.outstanding();
    let indicating = adapter.indicating.get();
    let world = world();
    world.hold(&rules::PAUSE_SENDS, sends == 0, || format!("pause complete with {sends} sends out"));
    world.hold(&rules::PAUSE_RECEIVES, receives == 0, || {
        format!("pause complete with {receives} receives out")
    });
    world.hold(&rules::PAUSE_INDICATING, indicating == 0, || {
        format!("pause complete with {indicating} indications in progress")
    });
}

imports! {
    /// Completions of pause and restart.
    TABLE from "ndis.sys";

    fn NdisMPauseComplete(handle: u64) {
        let adapter = check::adapter(handle);
        let pending = adapter.pause.complete(c::NDIS_STATUS_SUCCESS);
        world().hold(&rules::PAUSE_NONE, pending, || format!("NdisMPauseComplete in state {}", adapter.state()));
        check_drained(&adapter);
    }

    fn NdisMRestartComplete(handle: u64, status: u32) {
        let adapter = check::adapter(handle);
        let pending = adapter.restart.complete(status);
        world().hold(&rules::RESTART_NONE, pending, || format!("NdisMRestartComplete in state {}", adapter.state()));
        world().hold(&rules::RESTART_STATUS, RESTARTED.contains(&status), || {
            format!("NdisMRestartComplete with {status:#x}")
        });
    }

    fn NdisMRemoveMiniport(handle: u64) -> u32 {
        check::adapter(handle).removed.set(true);
        c::NDIS_STATUS_SUCCESS
    }
}

/// Structures that grew in later versions are given their room.
trait Grown {
    const SIZE_ALL: usize = 256;
}
impl Grown for Init {}
impl Grown for Pause {}
impl Grown for Restart {}
impl Grown for PnpEvent {}
