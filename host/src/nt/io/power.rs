//! Power: requests for power IRPs, states, callbacks.

use super::{device, irp};
use crate::{
    abi::{DEVICE_OBJECT, IO_STACK_LOCATION as Stack, IRP, Ptr, constants as c, write, write_out},
    imports,
    mem::Kind,
    verify::rules,
    world::{call, world},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Tag of registrations.
const TAG: u32 = u32::from_le_bytes(*b"PoCb");
/// POWER_STATE_TYPE.
const DEVICE_STATE: u32 = 1;

/// Power states that drivers announced, and registered callbacks.
#[derive(Default)]
pub struct Power {
    /// By device and type.
    states: RefCell<BTreeMap<(u64, u32), u32>>,
    callbacks: RefCell<BTreeMap<u64, u64>>,
    idle: RefCell<BTreeMap<u64, u64>>,
}

impl Power {
    /// Power setting callbacks that were not unregistered.
    #[must_use]
    pub fn left(&self) -> Vec<u64> {
        self.callbacks.borrow().keys().copied().collect()
    }
}

/// Builds a power IRP and sends it to the top of the device's stack.
fn request(target: u64, minor: u8, state: u32, function: u64, context: u64, out: u64) -> u32 {
    let top = device::top(target);
    let stack = Ptr::<DEVICE_OBJECT>::new(top).get(DEVICE_OBJECT::StackSize);
    let addr = irp::allocate("PoRequestPowerIrp", stack);
    if addr == 0 {
        return c::STATUS_INSUFFICIENT_RESOURCES;
    }
    irp::set_status(addr, c::STATUS_NOT_SUPPORTED, 0);
    let location = irp::next_location(addr);
    location.set(Stack::MajorFunction, c::IRP_MJ_POWER as u8);
    location.set(Stack::MinorFunction, minor);
    if u32::from(minor) == c::IRP_MN_WAIT_WAKE {
        location.set(Stack::Parameters_WaitWake_PowerState, state);
    } else {
        location.set(Stack::Parameters_Power_Type, DEVICE_STATE);
        write(location.at(&Stack::Parameters_Power_State), state);
    }
    irp::on_finish(addr, move |addr| {
        if function != 0 {
            let block = Ptr::<IRP>::new(addr).at(&IRP::IoStatus);
            call(
                "REQUEST_POWER_COMPLETE",
                function,
                &[target, u64::from(minor), u64::from(state), context, block],
            );
        }
        irp::free("a power IRP's end", addr);
    });
    write_out(out, addr);
    irp::send("PoRequestPowerIrp", top, addr);
    c::STATUS_PENDING
}

imports! {
    /// Power.
    TABLE from "ntoskrnl.exe";

    fn PoRequestPowerIrp(device: u64, minor: u8, state: u32, function: u64, context: u64, out: u64) -> u32 {
        let known = [c::IRP_MN_SET_POWER, c::IRP_MN_QUERY_POWER, c::IRP_MN_WAIT_WAKE].contains(&u32::from(minor));
        if !known {
            return c::STATUS_INVALID_PARAMETER_2;
        }
        request(device, minor, state, function, context, out)
    }

    // Since Vista power IRPs are not serialised by these calls any more.
    fn PoStartNextPowerIrp(_irp: u64) {}

    fn PoSetPowerState(device: u64, kind: u32, state: u32) -> u32 {
        let old = world().nt.power.states.borrow_mut().insert((device, kind), state);
        // PowerDeviceD0 and PowerSystemWorking are both 1.
        old.unwrap_or(1)
    }

    fn PoRegisterDeviceForIdleDetection(device: u64, conservation: u32, performance: u32, _state: u32) -> u64 {
        let world = world();
        if conservation == 0 && performance == 0 {
            if let Some(block) = world.nt.power.idle.borrow_mut().remove(&device) {
                let _ = world.mem.free(Kind::Host, block);
            }
            return 0;
        }
        let Some(block) = world.mem.allocate(Kind::Host, 0, 16, "PoRegisterDeviceForIdleDetection") else { return 0 };
        write(block, 0_u64);
        world.nt.power.idle.borrow_mut().insert(device, block);
        block
    }

    fn PoSetDeviceBusyEx(counter: u64) {
        write_out(counter, 0_u32);
    }

    fn PoRegisterPowerSettingCallback(_device: u64, _setting: u64, callback: u64, _context: u64, out: u64) -> u32 {
        let world = world();
        let Some(handle) = world.mem.allocate(Kind::Object, TAG, 16, "PoRegisterPowerSettingCallback") else {
            return c::STATUS_INSUFFICIENT_RESOURCES;
        };
        world.nt.power.callbacks.borrow_mut().insert(handle, callback);
        write_out(out, handle);
        c::STATUS_SUCCESS
    }

    fn PoUnregisterPowerSettingCallback(handle: u64) -> u32 {
        let world = world();
        let known = world.nt.power.callbacks.borrow_mut().remove(&handle);
        if known.is_none() {
            world.violation(&rules::NOTIFICATION, format!("PoUnregisterPowerSettingCallback({handle:#x}): not registered"));
        }
        let _ = world.mem.free(Kind::Object, handle);
        c::STATUS_SUCCESS
    }

    fn PoRegisterSystemState(state: u64, _flags: u32) -> u64 {
        if state == 0 { 1 } else { state }
    }

    fn PoUnregisterSystemState(_state: u64) {}

    fn PoSetSystemState(_flags: u32) {}

    fn PoGetSystemWake(_irp: u64) -> u8 {
        0
    }

    fn PoSetSystemWake(_irp: u64) {}
}
