//! An adapter in a simulation: what happens to it, one act after the other, and whether all frames are whole.

use super::plan::{Act, What};
use crate::{
    abi::constants as c,
    device::i82574::I82574,
    ndis::{
        adapter::{Adapter, State},
        protocol::Protocol,
    },
    net::{Hold, Port, Shape, numbered},
    random::Random,
    system::{Node, System},
    world::{Hardware, world},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    time::Duration,
};

/// What a TCP/IP stack sets.
pub(super) const FILTER: u32 =
    c::NDIS_PACKET_TYPE_DIRECTED | c::NDIS_PACKET_TYPE_BROADCAST | c::NDIS_PACKET_TYPE_MULTICAST;
/// How long anything may take, of virtual time: longer than NDIS waits for a pause, an OID or a send.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two questions whether the device hangs (NDIS-CFH-01).
const HANG: Duration = Duration::from_secs(2);
/// How long the link may take before something else happens.
const LINK: Duration = Duration::from_millis(60);
/// Frames that may wait for the NIC.
const BACKLOG: usize = 256;
/// Frames of a chain.
const CHAIN: usize = 16;

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
    sent: RefCell<Vec<u16>>,
    fed: RefCell<Vec<u16>>,
    at_wire: Arrivals,
    at_port: Arrivals,
    /// Pauses that it went through.
    pub pauses: Cell<u64>,
    /// What happens to it now.
    doing: RefCell<String>,
}

/// Frames that got somewhere.
#[derive(Default)]
struct Arrivals {
    numbers: RefCell<BTreeSet<u32>>,
    /// They may be out of order.
    unordered: Cell<bool>,
}

impl Arrivals {
    /// Notes one; what is wrong with its coming now.
    fn note(&self, number: u32) -> Option<String> {
        let mut numbers = self.numbers.borrow_mut();
        let newest = numbers.last().copied();
        if !numbers.insert(number) {
            return Some("again".into());
        }
        newest
            .filter(|&newest| newest > number && !self.unordered.get())
            .map(|newest| format!("behind {newest}"))
    }

    /// Whether one has come whose number is not below this.
    fn has_from(&self, number: u32) -> bool {
        self.numbers.borrow().last().is_some_and(|&newest| newest >= number)
    }

    fn count(&self) -> u64 {
        self.numbers.borrow().len() as u64
    }
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
            at_wire: Arrivals { unordered: Cell::new(!in_order), ..Arrivals::default() },
            at_port: Arrivals::default(),
            pauses: Cell::default(),
            doing: RefCell::default(),
        }))
    }

    /// Ends the run: something that should have come about did not.
    pub fn fail(&self, what: &str) -> ! {
        let (number, doing) = (self.number, self.doing.borrow().clone());
        world().fail(format!("adapter {number}, {doing}: {what}"))
    }

    fn wait(&self, what: &'static str, condition: impl Fn() -> bool) {
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

    fn run(&self, adapter: &Rc<Adapter>) -> Result<(), String> {
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
        self.doing.borrow_mut().push_str(&format!(" ({why})"));
    }

    /// A paused adapter that could not be restarted is tried once more.
    fn restart(&self, adapter: &Rc<Adapter>) {
        for _ in 0..2 {
            if adapter.state() == State::Paused && world().ndis.restart(adapter).is_ok() {
                return;
            }
        }
    }

    fn pause_and_restart(self: &Rc<Self>, reason: u32, micros: u32) {
        let Some(adapter) = self.adapter().filter(|adapter| adapter.state() == State::Running) else {
            return;
        };
        self.release_later(micros);
        world().ndis.pause(&adapter, reason);
        self.pauses.set(self.pauses.get() + 1);
        world().sched.sleep(micros_of(micros) / 4);
        self.restart(&adapter);
    }

    /// What the protocol keeps comes back while something waits for it.
    fn release_later(self: &Rc<Self>, micros: u32) {
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
        self.restart(&adapter);
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

    fn filter(&self, filter: u32) {
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

    /// A request of any kind.
    pub fn oid(&self, random: &mut Random) {
        let Some((_inside, adapter)) = self.enter() else { return };
        let known = adapter.general.borrow().as_ref().map(|general| general.oids.clone()).unwrap_or_default();
        let oid =
            if known.is_empty() || random.one_in(8) { random.any() as u32 } else { random.pick(&known) };
        // Those that change what the rest of the plan relies on are acts of their own.
        if [c::OID_PNP_SET_POWER, c::OID_GEN_CURRENT_PACKET_FILTER].contains(&oid) {
            return;
        }
        let size = random.pick(&[0, 1, 3, 4, 6, 7, 8, 12, 24, 152, 200, 513]);
        if random.one_in(2) {
            world().ndis.query(&adapter, oid, size);
            return;
        }
        let small = random.one_in(2);
        let bytes: Vec<u8> =
            (0..size).map(|_| if small { random.below(3) as u8 } else { random.any() as u8 }).collect();
        world().ndis.set(&adapter, oid, &bytes);
    }

    /// Sends frames; those that NDIS does not take are lost.
    pub fn send(&self, frames: u32, nbs: u32, longest: u32, random: &mut Random) {
        let mut left = frames;
        while left > 0 {
            let Some((_inside, adapter)) = self.enter() else { return };
            let chain = (1 + random.below(CHAIN as u64) as u32).min(left.div_ceil(nbs));
            let mut list = Vec::new();
            for _ in 0..chain {
                let count = nbs.min(left);
                left -= count;
                list.push((0..count).map(|_| self.next_frame(longest, random)).collect::<Vec<_>>());
            }
            let shaped: Vec<Vec<(&[u8], Shape)>> = list
                .iter()
                .map(|nbl| nbl.iter().map(|(frame, shape)| (frame.as_slice(), shape.clone())).collect())
                .collect();
            self.port.send_shaped(&adapter, &shaped);
        }
    }

    fn next_frame(&self, longest: u32, random: &mut Random) -> (Vec<u8>, Shape) {
        let mut sent = self.sent.borrow_mut();
        let len = numbered::HEADER.max(random.size(u64::from(longest)) as usize);
        let number = sent.len() as u32;
        sent.push(len as u16);
        (numbered::outgoing(number, len), Shape::odd(len, random.any() >> 8))
    }

    /// Puts frames on the wire, as many as a link partner would.
    pub fn feed(&self, frames: u32, longest: u32, random: &mut Random) {
        let Some(mac) = self.mac() else { return };
        let wire = self.model.wire();
        for _ in 0..frames {
            if wire.backlog() >= BACKLOG || !wire.is_plugged() {
                return;
            }
            let mut fed = self.fed.borrow_mut();
            let len = numbered::SHORTEST.max(random.size(u64::from(longest)) as usize);
            let number = fed.len() as u32;
            fed.push(len as u16);
            wire.send(&numbered::frame(mac, numbered::PEER, number, len));
        }
    }

    fn mac(&self) -> Option<numbered::Mac> {
        self.adapter()?.general.borrow().as_ref().map(|general| general.mac)
    }

    /// Holds what has arrived at either end against what was sent: whole, in order, none twice.
    pub fn look(&self) {
        let wire = self.model.wire();
        while let Some(frame) = wire.receive() {
            self.arrival("the wire", &frame, &self.sent, &self.at_wire, |number, len| {
                numbered::padded(&numbered::outgoing(number, len))
            });
        }
        loop {
            let Some(frame) = self.port.take() else { return };
            let to = frame.first_chunk().copied().unwrap_or_default();
            self.arrival("the protocol", &frame, &self.fed, &self.at_port, |number, len| {
                numbered::frame(to, numbered::PEER, number, len)
            });
        }
    }

    fn arrival(
        &self,
        place: &str,
        frame: &[u8],
        lengths: &RefCell<Vec<u16>>,
        arrivals: &Arrivals,
        expected: impl Fn(u32, usize) -> Vec<u8>,
    ) {
        let number = numbered::number(frame).unwrap_or(u32::MAX);
        let Some(len) = lengths.borrow().get(number as usize).copied() else {
            self.fail(&format!("a frame at {place} that nobody sent: {} bytes, number {number}", frame.len()))
        };
        if frame != expected(number, len.into()) {
            self.fail(&format!(
                "frame {number} of {len} bytes is not what was sent when it is at {place}, with {}",
                frame.len()
            ));
        }
        if let Some(how) = arrivals.note(number) {
            self.fail(&format!("frame {number} is at {place} {how}"));
        }
    }

    /// Frames that got to the wire, and to the protocol.
    pub fn arrived(&self) -> (u64, u64) {
        (self.at_wire.count(), self.at_port.count())
    }

    /// All faults are over: the adapter comes back, and frames go each way.
    pub fn recover(self: &Rc<Self>) {
        self.doing.replace("recovery".into());
        self.model.wire().plug(true);
        self.lost();
        if self.is_gone() {
            return;
        }
        self.release_later(10);
        if self.adapter().is_none_or(|adapter| adapter.state() != State::Running) {
            if self.adapter().is_some() {
                self.take_away();
            }
            if let Err(why) = self.up() {
                if self.is_gone() {
                    return self.down_after(&why);
                }
                self.fail(&format!("it does not come back: {why}"));
            }
        }
        self.filter(FILTER);
        let until = world().clock.now().after(PATIENCE);
        let random = &mut Random::new(self.number as u64);
        let before = (self.sent.borrow().len() as u32, self.fed.borrow().len() as u32);
        // Frames that came while there was no filter for them are behind these.
        while !self.at_wire.has_from(before.0) || !self.at_port.has_from(before.1) {
            if world().clock.now() > until {
                let link = self.adapter().map(|adapter| adapter.link.get());
                self.fail(&format!(
                    "no frame gets through any more, to the wire {}, to the protocol {}; {link:?}, {:?}",
                    self.at_wire.has_from(before.0),
                    self.at_port.has_from(before.1),
                    self.model.counters()
                ));
            }
            self.send(1, 1, 100, random);
            self.feed(1, 100, random);
            world().sched.sleep(Duration::from_millis(5));
            self.look();
            if self.is_gone() {
                self.lost();
                return;
            }
            if self.adapter().is_some_and(|adapter| adapter.removed.get()) {
                // What was broken before is noticed only now; the device itself is well.
                self.lost();
                if let Err(why) = self.up() {
                    if self.is_gone() {
                        return self.down_after(&why);
                    }
                    self.fail(&format!("it does not come back: {why}"));
                }
            }
        }
    }

    /// Everything is taken away; nothing may be left, in the driver or in the device.
    pub fn end(&self, loses: (bool, bool)) {
        self.doing.replace("end".into());
        self.release(usize::MAX);
        if let Some(adapter) = self.adapter() {
            self.wait("sends to come back", || adapter.sends.borrow().is_empty());
            self.take_away();
        }
        self.look();
        self.check_losses(loses);
        self.model.check_removed();
    }

    fn check_losses(&self, (sends, receives): (bool, bool)) {
        let done = self.port.completed.borrow().get(&c::NDIS_STATUS_SUCCESS).copied().unwrap_or(0);
        let (wire, port) = self.arrived();
        if sends && done != wire {
            self.fail(&format!(
                "{done} sends were completed with success, and {wire} frames are on the wire"
            ));
        }
        let fed = self.fed.borrow().len() as u64;
        if receives && fed != port {
            self.fail(&format!("{fed} frames came, and {port} are at the protocol"));
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
