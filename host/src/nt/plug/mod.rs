//! The plug and play manager: what Windows does with the device node of a WDM driver, from AddDevice to the removal.
//!
//! All of it runs on a thread of the world, at PASSIVE_LEVEL. Every IRP goes to the top of the device's stack through
//! the dispatch table of the driver object, and ends at the physical device object, which the host serves.
//!
//! ```text
//! add                          AddDevice
//! start                        FILTER_RESOURCE_REQUIREMENTS, START_DEVICE, what is asked of a started device
//! query_stop, cancel_stop      and
//! stop, start                  resources are taken away and given again
//! query_remove, cancel_remove  and
//! remove                       REMOVE_DEVICE; nothing of the device's may be left
//! surprise_remove, remove      the device has left the bus
//! power, query_power           device and system states
//! ```

mod checks;
mod irps;
mod resources;

use super::nodes::Known;
use crate::{
    abi::{DEVICE_OBJECT, DRIVER_EXTENSION, DRIVER_OBJECT, Ptr, constants as c},
    devnode::Device,
    nt::status,
    verify::rules,
    world::{call, world},
};
pub use irps::{Capabilities, Power};
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

/// Where a device node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No driver yet, or none any more.
    Enumerated,
    /// AddDevice has succeeded.
    Added,
    /// Started.
    Started,
    /// The driver agreed to a stop.
    StopPending,
    /// Stopped, without resources.
    Stopped,
    /// The driver agreed to a removal; the state before.
    RemovePending(Before),
    /// The device left the bus.
    Gone,
}

/// What a cancelled removal goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// [`State::Added`].
    Added,
    /// [`State::Started`].
    Started,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A device node in the hands of the plug and play manager.
pub struct DeviceNode {
    /// The device.
    pub device: Rc<Device>,
    known: RefCell<Option<Rc<Known>>>,
    state: Cell<State>,
    /// What there was before AddDevice.
    before: RefCell<checks::Snapshot>,
    /// What was learnt of a started device.
    capabilities: Cell<Capabilities>,
}

impl DeviceNode {
    /// A node of a device that a bus driver has found.
    #[must_use]
    pub fn new(device: Rc<Device>) -> Rc<Self> {
        Rc::new(Self {
            device,
            known: RefCell::default(),
            state: Cell::new(State::Enumerated),
            before: RefCell::default(),
            capabilities: Cell::default(),
        })
    }

    /// Where the node is in its life.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// The physical device object; made when first asked for.
    #[must_use]
    pub fn pdo(&self) -> u64 {
        self.known().pdo
    }

    /// The device power state that reached the bus driver last (DEVICE_POWER_STATE).
    #[must_use]
    pub fn power(&self) -> u32 {
        self.device.power.get()
    }

    /// What IRP_MN_QUERY_CAPABILITIES answered after the last start.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities.get()
    }

    fn known(&self) -> Rc<Known> {
        let mut known = self.known.borrow_mut();
        Rc::clone(known.get_or_insert_with(|| {
            let known = world().nt.enumerate(&self.device);
            known.managed.set(true);
            known
        }))
    }

    /// A step that the manager would not take in this state is a mistake of the host's caller.
    fn expect(&self, what: &str, states: &[State]) {
        if !states.contains(&self.state.get()) {
            let (instance, state) = (&self.device.instance, self.state.get());
            world().violation(&rules::HOST, format!("{what} of {instance} in state {state}"));
        }
    }

    /// Calls the driver's AddDevice through the driver object.
    ///
    /// # Errors
    /// The status that it returned; nothing is attached then.
    pub fn add(&self) -> Result<(), u32> {
        self.expect("AddDevice", &[State::Enumerated]);
        let known = self.known();
        let driver = world().driver_object.get();
        let extension = Ptr::<DRIVER_OBJECT>::new(driver).get(DRIVER_OBJECT::DriverExtension);
        let routine = Ptr::<DRIVER_EXTENSION>::new(extension).get(DRIVER_EXTENSION::AddDevice);
        if routine == 0 {
            world().nt.remove_device_objects(&self.device);
            self.known.replace(None);
            return Err(c::STATUS_INVALID_DEVICE_REQUEST);
        }
        self.before.replace(checks::Snapshot::take());
        let status = call("DRIVER_ADD_DEVICE", routine, &[driver, known.pdo]) as u32;
        let upper = Ptr::<DEVICE_OBJECT>::new(known.pdo).get(DEVICE_OBJECT::AttachedDevice);
        if !status::success(status) {
            self.forget(&known, "after AddDevice failed", &checks::NOT_ADDED);
            return Err(status);
        }
        self.before.borrow_mut().note_devices();
        checks::attached(&self.device, upper);
        self.state.set(State::Added);
        Ok(())
    }

    /// Gives the device its resources and starts it. If it does not start it is removed.
    ///
    /// # Errors
    /// The status that IRP_MN_START_DEVICE ended with.
    pub fn start(&self) -> Result<(), u32> {
        self.expect("start", &[State::Added, State::Stopped]);
        self.filter();
        let status = self.start_device();
        if !status::success(status) {
            self.remove_device();
            return Err(status);
        }
        self.state.set(State::Started);
        self.ask_started();
        Ok(())
    }

    /// Asks whether the device may be stopped.
    ///
    /// # Errors
    /// The driver refuses; the device goes on.
    pub fn query_stop(&self) -> Result<(), u32> {
        self.expect("query stop", &[State::Started]);
        let status = self.plug("IRP_MN_QUERY_STOP_DEVICE", c::IRP_MN_QUERY_STOP_DEVICE);
        if status::success(status) {
            self.state.set(State::StopPending);
            return Ok(());
        }
        // Those who agreed have to hear of it.
        self.plug("IRP_MN_CANCEL_STOP_DEVICE", c::IRP_MN_CANCEL_STOP_DEVICE);
        Err(status)
    }

    /// The device goes on after all.
    pub fn cancel_stop(&self) {
        self.expect("cancel stop", &[State::StopPending]);
        self.must_succeed("IRP_MN_CANCEL_STOP_DEVICE", c::IRP_MN_CANCEL_STOP_DEVICE);
        self.state.set(State::Started);
    }

    /// Takes the device's resources away, as a rebalance does; [`DeviceNode::start`] gives it new ones.
    pub fn stop(&self) {
        self.expect("stop", &[State::StopPending]);
        self.must_succeed("IRP_MN_STOP_DEVICE", c::IRP_MN_STOP_DEVICE);
        self.state.set(State::Stopped);
        let rules = [&rules::STOP_INTERRUPT, &rules::STOP_REGISTERS];
        checks::no_resources(&self.known(), "after IRP_MN_STOP_DEVICE", rules);
        world().netdma.check_stopped(self.pdo(), "after IRP_MN_STOP_DEVICE");
    }

    /// Asks whether the device may be removed.
    ///
    /// # Errors
    /// The driver refuses; the device goes on.
    pub fn query_remove(&self) -> Result<(), u32> {
        self.expect("query remove", &[State::Added, State::Started]);
        let before = if self.state.get() == State::Started { Before::Started } else { Before::Added };
        let status = self.plug("IRP_MN_QUERY_REMOVE_DEVICE", c::IRP_MN_QUERY_REMOVE_DEVICE);
        if status::success(status) {
            self.state.set(State::RemovePending(before));
            return Ok(());
        }
        self.plug("IRP_MN_CANCEL_REMOVE_DEVICE", c::IRP_MN_CANCEL_REMOVE_DEVICE);
        Err(status)
    }

    /// The device stays after all.
    pub fn cancel_remove(&self) {
        let pending = [State::RemovePending(Before::Started), State::RemovePending(Before::Added)];
        self.expect("cancel remove", &pending);
        self.must_succeed("IRP_MN_CANCEL_REMOVE_DEVICE", c::IRP_MN_CANCEL_REMOVE_DEVICE);
        let started = self.state.get() == State::RemovePending(Before::Started);
        self.state.set(if started { State::Started } else { State::Added });
    }

    /// The device has left the bus: its function is pulled out, then the driver hears of it.
    pub fn surprise_remove(&self) {
        self.expect("surprise removal", &[State::Started, State::StopPending, State::Stopped]);
        self.device.hardware.pull_out();
        self.must_succeed("IRP_MN_SURPRISE_REMOVAL", c::IRP_MN_SURPRISE_REMOVAL);
        self.state.set(State::Gone);
        let rules = [&rules::SURPRISE_INTERRUPT, &rules::SURPRISE_REGISTERS];
        checks::no_resources(&self.known(), "after IRP_MN_SURPRISE_REMOVAL", rules);
    }

    /// Removes the device, and checks that nothing of it is left. Without a query before it is what a failed start
    /// or a driver that is taken away brings.
    pub fn remove(&self) {
        let removable = [
            State::Added,
            State::Stopped,
            State::Gone,
            State::Started,
            State::RemovePending(Before::Started),
            State::RemovePending(Before::Added),
        ];
        self.expect("removal", &removable);
        self.remove_device();
    }

    fn remove_device(&self) {
        self.must_succeed("IRP_MN_REMOVE_DEVICE", c::IRP_MN_REMOVE_DEVICE);
        let known = self.known();
        world().netdma.check_removed(known.pdo, "after IRP_MN_REMOVE_DEVICE");
        self.forget(&known, "after IRP_MN_REMOVE_DEVICE", &checks::REMOVED);
    }

    fn forget(&self, known: &Rc<Known>, when: &str, leaks: &checks::Leaks) {
        checks::nothing_left(known, &self.before.take(), when, leaks);
        world().nt.remove_device_objects(&self.device);
        self.known.replace(None);
        self.state.set(State::Enumerated);
    }
}
