//! An adapter in a simulation: what happens to it, one act after the other, and whether all frames are whole.

use super::{
    plan::{Act, What},
    traffic::Arrivals,
};
use crate::{
    abi::constants as c,
    device::i82574::I82574,
    ndis::{
        adapter::{Adapter, State},
        protocol::Protocol,
    },
    net::{Hold, Port},
    random::Random,
    system::{Node, System},
    world::{Hardware, world},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// What a TCP/IP stack sets.
pub(super) const FILTER: u32 =
    c::NDIS_PACKET_TYPE_DIRECTED | c::NDIS_PACKET_TYPE_BROADCAST | c::NDIS_PACKET_TYPE_MULTICAST;
/// How long anything may take, of virtual time: longer than NDIS waits for a pause, an OID or a send.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);
/// Between two questions whether the device hangs (NDIS-CFH-01).
const HANG: Duration = Duration::from_secs(2);
/// How long the link may take before something else happens.
const LINK: Duration = Duration::from_millis(60);
/// See the module.
pub(super) struct Lane {
    pub number: usize,
    pub system: Rc<System>,
    pub node: Rc<Node>,
    pub model: Rc<I82574>,
    pub port: Rc<Port>,
    adapter: RefCell<Option<Rc<Adapter>>>,
    /// NDIS lets nobody in: the adapter is about to be halted.
    closed: Cell<bool>,
    /// Calls from above that are in progress.
    calls: Cell<u32>,
    /// No more traffic.
    pub stop: Cell<bool>,
    /// Threads that make traffic.
    pub workers: Cell<u32>,
    /// Lengths of the frames that were sent and fed, by number.
    pub sent: RefCell<Vec<u16>>,
    pub fed: RefCell<Vec<u16>>,
    /// Frames without a number that may come to the wire, or to the protocol.
    pub odd_sent: RefCell<Vec<Vec<u8>>>,
    pub odd_fed: RefCell<Vec<Vec<u8>>>,
    /// Frames at the protocol that were not what came: the device has said so.
    pub mistaken: Cell<u64>,
    pub at_wire: Arrivals,
    pub at_port: Arrivals,
    /// Pauses that it went through.
    pub pauses: Cell<u64>,
    /// What happens to it now.
    pub doing: RefCell<String>,
}

/// Somebody above is inside.
pub(super) struct Inside<'a>(&'a Lane);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.calls.set(self.0.calls.get() - 1);
    }
}

impl Lane {
    pub fn new(number: usize, system: &Rc<System>, model: &Rc<I82574>, in_order: bool) -> Option<Rc<Self>> {
        let node = system.nodes.get(number)?;
        Some(Rc::new(Self {
            number,
            system: Rc::clone(system),
            node: Rc::clone(node),
            model: Rc::clone(model),
            port: Port::new(),
            adapter: RefCell::default(),
            closed: Cell::new(true),
            calls: Cell::default(),
            stop: Cell::default(),
            workers: Cell::default(),
            sent: RefCell::default(),
            fed: RefCell::default(),
            odd_sent: RefCell::default(),
            odd_fed: RefCell::default(),
            mistaken: Cell::default(),
            at_wire: Arrivals::new(in_order),
            at_port: Arrivals::new(true),
            pauses: Cell::default(),
            doing: RefCell::default(),
        }))
    }

    /// Ends the run: something that should have come about did not.
    pub fn fail(&self, what: &str) -> ! {
        let (number, doing) = (self.number, self.doing.borrow().clone());
        world().fail(format!("adapter {number}, {doing}: {what}"))
    }

    pub fn wait(&self, what: &'static str, condition: impl Fn() -> bool) {
        let until = world().clock.now().after(PATIENCE);
        if !world().sched.block(what, Some(until), &condition) {
            let adapter = self.adapter();
            let state = adapter.map(|adapter| format!("{} {:?}", adapter.state(), adapter.outstanding()));
            let threads = world().sched.stuck();
            self.fail(&format!("{what}: not within {PATIENCE:?}; {state:?}; threads {threads:?}"));
        }
    }

    pub fn adapter(&self) -> Option<Rc<Adapter>> {
        self.adapter.borrow().clone()
    }

    /// Whether the device has left the bus.
    pub fn is_gone(&self) -> bool {
        self.model.is_gone()
    }

    /// The way in for calls from above; `None` if NDIS lets nobody in.
    pub fn enter(&self) -> Option<(Inside<'_>, Rc<Adapter>)> {
        let adapter = self.adapter().filter(|_| !self.closed.get())?;
        self.calls.set(self.calls.get() + 1);
        Some((Inside(self), adapter))
    }

    /// Nobody is inside, and nobody comes in.
    fn close(&self) {
        self.closed.set(true);
        self.wait("calls from above to return", || self.calls.get() == 0);
    }

    /// Adds the device and has the adapter run; why it does not.
    pub fn up(self: &Rc<Self>) -> Result<(), String> {
        let adapter = self.system.add(&self.node).map_err(|error| error.to_string())?;
        self.adapter.replace(Some(Rc::clone(&adapter)));
        self.run(&adapter)?;
        self.watch(adapter);
        Ok(())
    }

    pub fn run(&self, adapter: &Rc<Adapter>) -> Result<(), String> {
        let protocol = Rc::clone(&self.port) as Rc<dyn Protocol>;
        self.system.start(adapter, protocol, FILTER).map_err(|error| error.to_string())?;
        self.closed.set(false);
        // Most of what follows says nothing without a link; some devices will never have one.
        let until = world().clock.now().after(LINK);
        let up = || adapter.link.get().connected == c::MediaConnectStateConnected;
        world().sched.block("the link", Some(until), &up);
        Ok(())
    }

    /// Asks every so often whether the device hangs, and resets it then.
    fn watch(self: &Rc<Self>, adapter: Rc<Adapter>) {
        let lane = Rc::clone(self);
        world().sched.spawn("check for hang", 0, move || {
            loop {
                let until = world().clock.now().after(HANG);
                if world().sched.block("the next check for hang", Some(until), &|| adapter.leaving.get()) {
                    return;
                }
                let Some((_inside, now)) = lane.enter() else { continue };
                if Rc::ptr_eq(&now, &adapter) && !adapter.reset.is_waiting() {
                    hang(&adapter);
                }
            }
        });
    }

    /// Does what a plan says.
    pub fn play(self: &Rc<Self>, act: &Act, random: &mut Random) {
        self.doing.replace(format!("act {}, {:?}", act.number, act.what));
        self.look();
        if self.lost() || self.adapter().is_none() {
            return;
        }
        match &act.what {
            What::Keyword(..) | What::Refuse(_) | What::Fault(_) => {}
            What::Send { frames, nbs, longest } => self.send(*frames, *nbs, *longest, random),
            What::Shaped { nbs, id } => self.send_shaped(nbs, *id),
            What::Cancel { id } => self.cancel(*id),
            What::Frame { to, bytes } => self.frame(*to, bytes),
            What::Oid { asked, direct } => self.ask(asked, *direct),
            What::Feed { frames, longest } => self.feed(*frames, *longest, random),
            What::Hold(true) => self.port.hold.set(Hold::Everything),
            What::Hold(false) => {
                self.port.hold.set(Hold::Nothing);
                self.release(usize::MAX);
            }
            What::Wait { micros } => world().sched.sleep(micros_of(*micros)),
            What::Pause { reason, micros } => self.pause_and_restart(*reason, *micros),
            What::Reset { level } => self.reset(*level),
            What::Power { micros } => self.sleep_and_wake(*micros),
            What::Bounce { action } => self.bounce(*action),
            What::Link { micros } => {
                self.model.wire().plug(false);
                world().sched.sleep(micros_of(*micros));
                self.model.wire().plug(true);
            }
            What::Oids { count } => (0..*count).for_each(|_| self.oid(random)),
            What::Filter(filter) => self.filter(*filter),
            What::Readd => {
                self.take_away();
                self.up_again();
            }
            What::Pull { notice } => self.pull(*notice),
            What::Load { sends, feeds, oids } => self.load([*sends, *feeds, *oids], random.any()),
        }
        self.look();
    }

    /// NDIS takes an adapter away whose device has gone, or whose driver has given up; whether it did.
    pub fn lost(&self) -> bool {
        let Some(adapter) = self.adapter() else { return false };
        let given_up = adapter.removed.get();
        if given_up || self.is_gone() {
            if !given_up {
                // Nobody has noticed yet: the bus driver does.
                world().sched.sleep(Duration::from_micros(50));
            }
            world().ndis.pnp_event(&adapter, c::NdisDevicePnPEventSurpriseRemoved);
            self.take_away();
        }
        given_up || self.is_gone()
    }

    /// Pauses, halts and removes the adapter.
    pub fn take_away(&self) {
        self.port.hold.set(Hold::Nothing);
        self.release(usize::MAX);
        // It may hang as long as it is not paused.
        if let Some(adapter) = self.adapter().filter(|adapter| adapter.state() == State::Running) {
            self.filter(0);
            world().ndis.pause(&adapter, c::NDIS_PAUSE_MINIPORT_DEVICE_REMOVE);
        }
        self.close();
        self.adapter.replace(None);
        self.system.remove(&self.node);
    }

    fn up_again(self: &Rc<Self>) {
        let failed = self.up().err();
        if let Some(why) = failed {
            self.down_after(&why);
        }
    }

    /// What is left of an adapter that did not come up goes.
    pub fn down_after(&self, why: &str) {
        if self.adapter().is_some() {
            self.take_away();
        }
        let after = format!("{} ({why})", self.doing.borrow());
        self.doing.replace(after);
    }

    fn pause_and_restart(self: &Rc<Self>, reason: u32, micros: u32) {
        let Some(adapter) = self.adapter().filter(|adapter| adapter.state() == State::Running) else {
            return;
        };
        self.release_later(micros);
        world().ndis.pause(&adapter, reason);
        self.pauses.set(self.pauses.get() + 1);
        world().sched.sleep(micros_of(micros) / 4);
        restart(&adapter);
    }

    /// What the protocol keeps comes back while something waits for it.
    pub fn release_later(self: &Rc<Self>, micros: u32) {
        self.port.hold.set(Hold::Nothing);
        if self.port.held() == 0 {
            return;
        }
        let lane = Rc::clone(self);
        let cpus = world().cpus().len();
        lane.workers.set(lane.workers.get() + 1);
        world().sched.spawn("late returns", self.number + 1 + cpus / 2, move || {
            world().sched.sleep(micros_of(micros) / 2);
            while lane.port.held() > 0 && lane.adapter().is_some() {
                lane.release(1 + lane.port.held() / 2);
            }
            lane.workers.set(lane.workers.get() - 1);
        });
    }

    pub fn release(&self, count: usize) {
        if let Some(adapter) = self.adapter() {
            self.calls.set(self.calls.get() + 1);
            let inside = Inside(self);
            self.port.release(&adapter, count);
            drop(inside);
        }
    }

    fn reset(&self, level: u8) {
        if let Some((_inside, adapter)) = self.enter()
            && !adapter.reset.is_waiting()
        {
            world().ndis.reset_at(&adapter, level);
        }
    }

    fn sleep_and_wake(self: &Rc<Self>, micros: u32) {
        let Some(adapter) = self.adapter().filter(|adapter| adapter.state() == State::Running) else {
            return;
        };
        self.release_later(micros / 2);
        world().ndis.pause(&adapter, c::NDIS_PAUSE_LOW_POWER);
        for state in [c::NdisDeviceStateD3, c::NdisDeviceStateD0] {
            let answer = world().ndis.set(&adapter, c::OID_PNP_SET_POWER, &state.to_le_bytes());
            let excused = self.is_gone() || adapter.removed.get() || adapter.reset.is_waiting();
            if answer.status != c::NDIS_STATUS_SUCCESS && !excused {
                self.fail(&format!(
                    "OID_PNP_SET_POWER {state} ended with {:#010x} (NDIS-PM-02)",
                    answer.status
                ));
            }
            if state == c::NdisDeviceStateD3 {
                // The bus driver's part: NDIS-PM-06.
                self.model.set_power(false);
                world().sched.sleep(micros_of(micros));
                self.model.set_power(true);
            }
        }
        restart(&adapter);
    }

    fn bounce(self: &Rc<Self>, action: u32) {
        let Some(adapter) = self.adapter().filter(|adapter| adapter.state() == State::Running) else {
            return;
        };
        self.release_later(0);
        world().ndis.pause(&adapter, c::NDIS_PAUSE_NDIS_INTERNAL);
        self.close();
        self.wait("sends and receives to come back", || adapter.is_quiet());
        world().ndis.halt(&adapter, action);
        if let Err(status) = world().ndis.initialize(&adapter) {
            adapter.leaving.set(true);
            adapter.protocol.replace(None);
            self.adapter.replace(None);
            self.node.adapter.replace(None);
            self.node.plug.remove();
            return self.down_after(&format!("initialize: {status:#010x}"));
        }
        if let Err(why) = self.run(&adapter) {
            self.down_after(&why);
        }
    }

    pub fn filter(&self, filter: u32) {
        if let Some((_inside, adapter)) = self.enter() {
            world().ndis.set(&adapter, c::OID_GEN_CURRENT_PACKET_FILTER, &filter.to_le_bytes());
        }
    }

    fn pull(self: &Rc<Self>, notice: bool) {
        self.model.pull_out();
        if !notice && let Some(adapter) = self.adapter() {
            // Nobody says so: check-for-hang finds out (NDIS-SURP-04).
            self.wait("the driver to miss its device", || adapter.removed.get());
        }
        self.lost();
    }
}

/// A paused adapter that could not be restarted is tried once more.
fn restart(adapter: &Rc<Adapter>) {
    for _ in 0..2 {
        if adapter.state() == State::Paused && world().ndis.restart(adapter).is_ok() {
            return;
        }
    }
}

/// NDIS asks whether the device hangs, and resets it then.
fn hang(adapter: &Rc<Adapter>) {
    if world().ndis.check_for_hang(adapter) {
        world().ndis.reset(adapter);
    }
}

pub(super) fn micros_of(micros: u32) -> Duration {
    Duration::from_micros(micros.into())
}
