//! The IRPs that the plug and play manager and the power manager send.

use super::{DeviceNode, State};
use crate::{
    abi::{self, DEVICE_CAPABILITIES, IO_STACK_LOCATION as Stack, Layout, Ptr, constants as c, read, write},
    mem::Kind,
    nt::{io::request, memory::pool, status},
    verify::{Rule, rules},
    world::world,
};

/// BusRelations.
const BUS_RELATIONS: u32 = 0;
/// POWER_STATE_TYPE.
const SYSTEM_STATE: u32 = 0;
const DEVICE_STATE: u32 = 1;

/// What a device says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Device and function number.
    pub address: u32,
    /// The device power state in each system state.
    pub states: [u32; 7],
    /// The flags behind the version.
    pub flags: u32,
}

/// A power state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// DEVICE_POWER_STATE.
    Device(u32),
    /// SYSTEM_POWER_STATE.
    System(u32),
}

/// The rule that an IRP is passed down.
fn passed(what: &str) -> &'static Rule {
    match what {
        "IRP_MN_FILTER_RESOURCE_REQUIREMENTS" => &rules::PASSED_FILTER,
        "IRP_MN_START_DEVICE" => &rules::PASSED_START,
        "IRP_MN_QUERY_STOP_DEVICE" | "IRP_MN_QUERY_REMOVE_DEVICE" => &rules::PASSED_QUERY,
        "IRP_MN_CANCEL_STOP_DEVICE" | "IRP_MN_CANCEL_REMOVE_DEVICE" => &rules::PASSED_CANCEL,
        "IRP_MN_STOP_DEVICE" => &rules::PASSED_STOP,
        "IRP_MN_SURPRISE_REMOVAL" => &rules::PASSED_SURPRISE,
        "IRP_MN_REMOVE_DEVICE" => &rules::PASSED_REMOVE,
        "IRP_MN_QUERY_POWER" => &rules::PASSED_QUERY_POWER,
        "IRP_MN_SET_POWER" => &rules::PASSED_SET_POWER,
        "IRP_MJ_SYSTEM_CONTROL" => &rules::PASSED_WMI,
        _ => &rules::PASSED_UNKNOWN,
    }
}

/// The rule that an IRP does not fail.
fn succeeds(minor: u32) -> &'static Rule {
    match minor {
        c::IRP_MN_STOP_DEVICE => &rules::FAILED_STOP,
        c::IRP_MN_SURPRISE_REMOVAL => &rules::FAILED_SURPRISE,
        c::IRP_MN_REMOVE_DEVICE => &rules::FAILED_REMOVE,
        _ => &rules::FAILED_CANCEL,
    }
}

impl DeviceNode {
    /// Sends an IRP down the device's stack; it has to get to the bottom unless the driver fails it.
    pub(super) fn request(&self, what: &'static str, fill: impl Fn(Ptr<Stack>, u64)) -> (u32, u64) {
        let (status, information, bottom) = request::request_down(self.known().pdo, fill, what);
        // What a driver does not know it passes down as it came.
        let failed = !status::success(status) && status != c::STATUS_NOT_SUPPORTED;
        world().hold(passed(what), bottom || failed, || {
            format!("{what}: completed with {status:#x} without having been passed down")
        });
        (status, information)
    }

    /// Sends a plug and play IRP without parameters.
    pub(super) fn plug(&self, what: &'static str, minor: u32) -> u32 {
        let (status, _) = self.request(what, |stack, _| head(stack, c::IRP_MJ_PNP, minor));
        status
    }

    /// The same for those that no driver may fail.
    pub(super) fn must_succeed(&self, what: &'static str, minor: u32) {
        let status = self.plug(what, minor);
        world().hold(succeeds(minor), status::success(status), || format!("{what} failed with {status:#x}"));
    }

    /// What Windows asks of a device that has started.
    pub(super) fn ask_started(&self) {
        let world = world();
        let size = DEVICE_CAPABILITIES::SIZE;
        let Some(block) = world.mem.allocate(Kind::Host, 0, size, "DEVICE_CAPABILITIES") else { return };
        abi::fill(block, 0, size);
        let p: Ptr<DEVICE_CAPABILITIES> = Ptr::new(block);
        p.set(DEVICE_CAPABILITIES::Size, size as u16);
        p.set(DEVICE_CAPABILITIES::Version, 1);
        p.set(DEVICE_CAPABILITIES::Address, u32::MAX);
        p.set(DEVICE_CAPABILITIES::UINumber, u32::MAX);
        self.request("IRP_MN_QUERY_CAPABILITIES", |stack, _| {
            head(stack, c::IRP_MJ_PNP, c::IRP_MN_QUERY_CAPABILITIES);
            stack.set(Stack::Parameters_DeviceCapabilities_Capabilities, block);
        });
        self.capabilities.set(Capabilities {
            address: p.get(DEVICE_CAPABILITIES::Address),
            states: p.get(DEVICE_CAPABILITIES::DeviceState),
            flags: read(block + 4),
        });
        let _ = world.mem.free(Kind::Host, block);
        self.plug("IRP_MN_QUERY_PNP_DEVICE_STATE", c::IRP_MN_QUERY_PNP_DEVICE_STATE);
        let (status, relations) = self.request("IRP_MN_QUERY_DEVICE_RELATIONS", |stack, _| {
            head(stack, c::IRP_MJ_PNP, c::IRP_MN_QUERY_DEVICE_RELATIONS);
            stack.set(Stack::Parameters_QueryDeviceRelations_Type, BUS_RELATIONS);
        });
        if status::success(status) && relations != 0 {
            pool::free("IRP_MN_QUERY_DEVICE_RELATIONS", relations, None);
        }
    }

    /// Asks whether the device can go to a power state.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn query_power(&self, to: Power) -> Result<(), u32> {
        self.switch("IRP_MN_QUERY_POWER", c::IRP_MN_QUERY_POWER, to)
    }

    /// Sends the device to a power state. A system state is for the driver that owns the device's power to turn
    /// into a device state.
    ///
    /// # Errors
    /// The driver fails it, which only a step up may.
    pub fn set_power(&self, to: Power) -> Result<(), u32> {
        let before = self.power();
        let result = self.switch("IRP_MN_SET_POWER", c::IRP_MN_SET_POWER, to);
        // PowerDeviceD0 and PowerSystemWorking are both 1, and what is lower has a higher number.
        let (Power::Device(state) | Power::System(state)) = to;
        if state > before {
            world().hold(&rules::FAILED_POWER_DOWN, result.is_ok(), || {
                format!("IRP_MN_SET_POWER to {to:?} failed with {:#x}", result.err().unwrap_or(0))
            });
        }
        result
    }

    fn switch(&self, what: &'static str, minor: u32, to: Power) -> Result<(), u32> {
        if self.state() == State::Enumerated {
            self.expect(what, &[State::Added, State::Started]);
        }
        let (status, _) = self.request(what, |stack, _| {
            head(stack, c::IRP_MJ_POWER, minor);
            let (kind, state) = match to {
                Power::Device(state) => (DEVICE_STATE, state),
                Power::System(state) => (SYSTEM_STATE, state),
            };
            stack.set(Stack::Parameters_Power_Type, kind);
            write(stack.at(&Stack::Parameters_Power_State), state);
        });
        if status::success(status) { Ok(()) } else { Err(status) }
    }

    /// Sends a WMI request that the driver does not serve: the status that it comes back with.
    pub fn system_control(&self) -> u32 {
        let (status, _) = self.request("IRP_MJ_SYSTEM_CONTROL", |stack, _| {
            head(stack, c::IRP_MJ_SYSTEM_CONTROL, c::IRP_MN_QUERY_ALL_DATA);
        });
        status
    }
}

/// Major and minor function.
pub(super) fn head(stack: Ptr<Stack>, major: u32, minor: u32) {
    stack.set(Stack::MajorFunction, major as u8);
    stack.set(Stack::MinorFunction, minor as u8);
}
