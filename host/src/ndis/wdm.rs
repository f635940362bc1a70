//! NDIS as the WDM driver that it makes of a miniport driver: `AddDevice`, the dispatch table and the unload routine of
//! the driver object.
//!
//! A driver that serves other devices, too, saves these entries and puts its own in front.

use super::adapter::{Adapter, State};
use crate::{
    abi::{DRIVER_EXTENSION, DRIVER_OBJECT, IO_STACK_LOCATION as Stack, Ptr, constants as c, write},
    imports,
    nt::{
        io::{irp, irp_build},
        nodes::Known,
        status,
    },
    verify::rules,
    world::world,
};
use std::rc::Rc;

/// `IRP_MJ_PNP` is the last.
const MAJOR_FUNCTIONS: u64 = 28;

/// Puts NDIS's entries into the driver object (NDIS-REG-13).
pub(super) fn take_over(driver_object: u64) {
    let nt = &world().nt;
    let entry = |function: *const ()| nt.entry(function as u64);
    let driver: Ptr<DRIVER_OBJECT> = Ptr::new(driver_object);
    let extension: Ptr<DRIVER_EXTENSION> = Ptr::new(driver.get(DRIVER_OBJECT::DriverExtension));
    extension.set(DRIVER_EXTENSION::AddDevice, entry(ndisPnPAddDevice as *const ()));
    driver.set(DRIVER_OBJECT::DriverUnload, entry(ndisMUnload as *const ()));
    let table = driver.at(&DRIVER_OBJECT::MajorFunction);
    for major in 0..MAJOR_FUNCTIONS {
        write(table + 8 * major, entry(ndisDispatchRequest as *const ()));
    }
    for (major, function) in [
        (c::IRP_MJ_PNP, ndisPnPDispatch as *const ()),
        (c::IRP_MJ_POWER, ndisPowerDispatch as *const ()),
        (c::IRP_MJ_SYSTEM_CONTROL, ndisWMIDispatch as *const ()),
    ] {
        write(table + 8 * u64::from(major), entry(function));
    }
}

/// The node and the adapter that a device object of NDIS's belongs to.
fn adapter(device: u64, what: &str) -> (Rc<Known>, Rc<Adapter>) {
    let world = world();
    let known = world.nt.nodes.under(device);
    let adapters = world.ndis.adapters();
    let found = known.and_then(|known| {
        let adapter = adapters.iter().find(|adapter| adapter.device.instance == known.device.instance)?;
        Some((known, Rc::clone(adapter)))
    });
    match found {
        Some(found) => found,
        None => world
            .violation(&rules::HANDLE_ADAPTER, format!("{what}: {device:#x} is no device object of NDIS's")),
    }
}

/// Gives an IRP to the bus driver as it is.
fn pass_down(known: &Known, request: u64) -> u32 {
    irp::skip(request);
    irp::send("IoCallDriver", known.pdo, request)
}

/// `IRP_MN_START_DEVICE`: the bus first, then `MiniportInitializeEx`.
fn start(known: &Known, adapter: &Rc<Adapter>, request: u64) -> u32 {
    irp_build::forward(known.pdo, request);
    let mut result = irp::status_of(request);
    if status::success(result)
        && let Err(failure) = world().ndis.initialize(adapter)
    {
        // The I/O manager takes only a failure for one.
        result = if status::success(failure) { c::STATUS_UNSUCCESSFUL } else { failure };
    }
    irp::set_status(request, result, 0);
    irp::complete(request);
    result
}

/// `IRP_MN_REMOVE_DEVICE`: `MiniportRemoveDevice`, then the bus, then the device object goes.
fn remove(known: &Known, adapter: &Rc<Adapter>, request: u64) -> u32 {
    let ndis = &world().ndis;
    if adapter.state() == State::Paused {
        ndis.halt(adapter, c::NdisHaltDeviceDisabled);
    }
    adapter.removing.set(true);
    ndis.remove(adapter);
    irp::set_status(request, c::STATUS_SUCCESS, 0);
    let result = pass_down(known, request);
    world().nt.remove_functional(known);
    result
}

imports! {
    /// The entries.
    ENTRIES from "driver object";

    fn ndisPnPAddDevice(_driver: u64, pdo: u64) -> u32 {
        let world = world();
        let (Some(known), Some(miniport)) = (world.nt.nodes.at(pdo), world.ndis.miniport()) else {
            return c::STATUS_INVALID_PARAMETER;
        };
        world.ndis.add(&miniport, Rc::clone(&known.device)).err().unwrap_or(c::STATUS_SUCCESS)
    }

    fn ndisPnPDispatch(device: u64, request: u64) -> u32 {
        let (known, adapter) = adapter(device, "ndisPnPDispatch");
        match u32::from(irp::location(request).get(Stack::MinorFunction)) {
            c::IRP_MN_START_DEVICE => start(&known, &adapter, request),
            c::IRP_MN_REMOVE_DEVICE => remove(&known, &adapter, request),
            c::IRP_MN_SURPRISE_REMOVAL => {
                world().ndis.pnp_event(&adapter, c::NdisDevicePnPEventSurpriseRemoved);
                pass_down(&known, request)
            }
            _ => pass_down(&known, request),
        }
    }

    fn ndisPowerDispatch(device: u64, request: u64) -> u32 {
        let (known, _) = adapter(device, "ndisPowerDispatch");
        pass_down(&known, request)
    }

    fn ndisWMIDispatch(device: u64, request: u64) -> u32 {
        let (known, _) = adapter(device, "ndisWMIDispatch");
        pass_down(&known, request)
    }

    fn ndisDispatchRequest(_device: u64, request: u64) -> u32 {
        irp::set_status(request, c::STATUS_INVALID_DEVICE_REQUEST, 0);
        irp::complete(request);
        c::STATUS_INVALID_DEVICE_REQUEST
    }

    fn ndisMUnload(_driver: u64) {
        world().ndis.unload_driver();
    }
}
