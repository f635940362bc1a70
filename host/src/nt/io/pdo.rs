//! Physical device objects of PCI functions: the bottom of a device stack, served by the host.

use super::{bus_data, dma, irp};
use crate::{
    abi::{
        BUS_INTERFACE_STANDARD as Bus, DEVICE_CAPABILITIES as Capabilities, IO_STACK_LOCATION as Stack,
        Layout, Ptr, bytes, constants as c, fill, read, write,
    },
    imports,
    world::world,
};
use std::rc::Rc;

/// {496B8280-6F25-11D0-BEAF-08002BE2092F} in memory.
const GUID_BUS_INTERFACE_STANDARD: [u8; 16] =
    [0x80, 0x82, 0x6B, 0x49, 0x25, 0x6F, 0xD0, 0x11, 0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F];
/// DEVICE_REGISTRY_PROPERTY.
const BUS_NUMBER: u32 = 14;
const ADDRESS: u32 = 16;
/// POWER_STATE_TYPE: DevicePowerState.
const DEVICE_POWER: u32 = 1;

/// Makes the device object of a PCI function; its bus and address come from the platform's properties.
pub fn create() -> Option<u64> {
    world().nt.devices.create(0, Rc::new(dispatch))
}

fn number(pdo: u64, property: u32) -> u32 {
    let data = world().nt.platform().property(pdo, property);
    data.and_then(|data| data.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Bus number and PCI_SLOT_NUMBER of a function.
fn place(pdo: u64) -> (u32, u32) {
    // The address property has the device number in its high half, the slot in its lowest five bits.
    let address = number(pdo, ADDRESS);
    (number(pdo, BUS_NUMBER), address >> 16 & 31 | (address & 7) << 5)
}

fn dispatch(pdo: u64, request: u64) -> u32 {
    let stack = irp::location(request);
    world().nt.irps.arrive(request);
    let (status, information) = match u32::from(stack.get(Stack::MajorFunction)) {
        c::IRP_MJ_PNP => plug_and_play(pdo, stack, request),
        c::IRP_MJ_POWER => power(pdo, stack),
        c::IRP_MJ_SYSTEM_CONTROL => (irp::status_of(request), irp::information(request)),
        _ => (c::STATUS_INVALID_DEVICE_REQUEST, 0),
    };
    irp::set_status(request, status, information);
    irp::complete(request);
    status
}

/// Switches the device's power, and agrees to everything else.
fn power(pdo: u64, stack: Ptr<Stack>) -> (u32, u64) {
    let set = u32::from(stack.get(Stack::MinorFunction)) == c::IRP_MN_SET_POWER;
    if set
        && stack.get(Stack::Parameters_Power_Type) == DEVICE_POWER
        && let Some(known) = world().nt.nodes.at(pdo)
    {
        let state: u32 = read(stack.at(&Stack::Parameters_Power_State));
        let before = known.device.power.replace(state);
        let (was_on, on) = (before == c::PowerDeviceD0, state == c::PowerDeviceD0);
        if was_on && !on {
            world().netdma.check_powered_down(pdo);
        }
        if on != was_on {
            known.device.hardware.set_power(on);
        }
    }
    (c::STATUS_SUCCESS, 0)
}

/// Whether the device has resources, and with them registers and interrupts.
fn set_started(pdo: u64, started: bool) {
    if let Some(known) = world().nt.nodes.at(pdo) {
        known.started.set(started);
    }
}

fn plug_and_play(pdo: u64, stack: Ptr<Stack>, request: u64) -> (u32, u64) {
    let minor = u32::from(stack.get(Stack::MinorFunction));
    match minor {
        c::IRP_MN_START_DEVICE => {
            set_started(pdo, true);
            // A device that starts is on.
            if let Some(known) = world().nt.nodes.at(pdo) {
                known.device.power.set(c::PowerDeviceD0);
            }
        }
        c::IRP_MN_STOP_DEVICE | c::IRP_MN_REMOVE_DEVICE => set_started(pdo, false),
        _ => {}
    }
    match minor {
        c::IRP_MN_START_DEVICE
        | c::IRP_MN_QUERY_STOP_DEVICE
        | c::IRP_MN_CANCEL_STOP_DEVICE
        | c::IRP_MN_STOP_DEVICE
        | c::IRP_MN_QUERY_REMOVE_DEVICE
        | c::IRP_MN_CANCEL_REMOVE_DEVICE
        | c::IRP_MN_REMOVE_DEVICE
        | c::IRP_MN_SURPRISE_REMOVAL => (c::STATUS_SUCCESS, 0),
        c::IRP_MN_QUERY_INTERFACE => query_interface(pdo, stack, request),
        c::IRP_MN_QUERY_CAPABILITIES => {
            capabilities(Ptr::new(stack.get(Stack::Parameters_DeviceCapabilities_Capabilities)), pdo);
            (c::STATUS_SUCCESS, 0)
        }
        minor @ (c::IRP_MN_READ_CONFIG | c::IRP_MN_WRITE_CONFIG) => {
            let (bus, slot) = place(pdo);
            let buffer = stack.get(Stack::Parameters_ReadWriteConfig_Buffer);
            let offset = stack.get(Stack::Parameters_ReadWriteConfig_Offset);
            let len = stack.get(Stack::Parameters_ReadWriteConfig_Length);
            let access = if minor == c::IRP_MN_READ_CONFIG { bus_data::get } else { bus_data::set };
            (c::STATUS_SUCCESS, u64::from(access(bus, slot, buffer, offset, len)))
        }
        // A bus driver leaves what it does not know as it came.
        _ => (irp::status_of(request), irp::information(request)),
    }
}

fn query_interface(pdo: u64, stack: Ptr<Stack>, request: u64) -> (u32, u64) {
    let kind = bytes(stack.get(Stack::Parameters_QueryInterface_InterfaceType), 16);
    if kind != GUID_BUS_INTERFACE_STANDARD {
        return (irp::status_of(request), irp::information(request));
    }
    if usize::from(stack.get(Stack::Parameters_QueryInterface_Size)) < Bus::SIZE {
        return (c::STATUS_INVALID_PARAMETER, 0);
    }
    let p: Ptr<Bus> = Ptr::new(stack.get(Stack::Parameters_QueryInterface_Interface));
    fill(p.addr(), 0, Bus::SIZE);
    p.set(Bus::Size, Bus::SIZE as u16);
    p.set(Bus::Version, 1);
    p.set(Bus::Context, pdo);
    for (import, at) in FUNCTIONS.iter().zip((p.at(&Bus::InterfaceReference)..).step_by(8)) {
        write(at, world().nt.entry(import.address.0 as u64));
    }
    // An interface that is handed out is referenced.
    world().nt.objects.reference("IRP_MN_QUERY_INTERFACE", pdo);
    (c::STATUS_SUCCESS, 0)
}

fn capabilities(p: Ptr<Capabilities>, pdo: u64) {
    p.set(Capabilities::Address, number(pdo, ADDRESS));
    p.set(Capabilities::UINumber, u32::MAX);
    // S0 runs in D0, everything else in D3.
    let first = p.at(&Capabilities::DeviceState);
    for (state, value) in [0, 1, 4, 4, 4, 4, 4].into_iter().enumerate() {
        write(first + 4 * state as u64, value);
    }
}

imports! {
    /// BUS_INTERFACE_STANDARD, in the order of the structure.
    FUNCTIONS from "BUS_INTERFACE_STANDARD";

    fn InterfaceReference(pdo: u64) {
        world().nt.objects.reference("InterfaceReference", pdo);
    }

    fn InterfaceDereference(pdo: u64) {
        world().nt.objects.release("InterfaceDereference", pdo);
    }

    fn TranslateBusAddress(_pdo: u64, address: u64, _len: u32, _space: u64, out: u64) -> u8 {
        write(out, address);
        1
    }

    fn GetDmaAdapter(_pdo: u64, description: u64, registers: u64) -> u64 {
        dma::get_adapter(description, registers)
    }

    fn SetBusData(pdo: u64, kind: u32, buffer: u64, offset: u32, len: u32) -> u32 {
        let (bus, slot) = place(pdo);
        if kind == c::PCI_WHICHSPACE_CONFIG { bus_data::set(bus, slot, buffer, offset, len) } else { 0 }
    }

    fn GetBusData(pdo: u64, kind: u32, buffer: u64, offset: u32, len: u32) -> u32 {
        let (bus, slot) = place(pdo);
        if kind == c::PCI_WHICHSPACE_CONFIG { bus_data::get(bus, slot, buffer, offset, len) } else { 0 }
    }
}
