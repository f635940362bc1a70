//! What an adapter sends, receives and is asked, and whether all of it is as it should be.

use super::lane::Lane;
use crate::{
    abi::constants as c,
    net::{Shape, numbered},
    random::Random,
    world::world,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

/// Frames that may wait for the NIC.
const BACKLOG: usize = 256;
/// NBLs of a chain.
const CHAIN: u64 = 16;

/// Frames that got somewhere.
pub(super) struct Arrivals {
    numbers: RefCell<BTreeSet<u32>>,
    /// They may be out of order.
    unordered: Cell<bool>,
}

impl Arrivals {
    /// None yet; whether they come in the order of their numbers.
    pub fn new(in_order: bool) -> Self {
        Self { numbers: RefCell::default(), unordered: Cell::new(!in_order) }
    }

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
    pub fn has_from(&self, number: u32) -> bool {
        self.numbers.borrow().last().is_some_and(|&newest| newest >= number)
    }

    pub fn count(&self) -> u64 {
        self.numbers.borrow().len() as u64
    }
}

/// Takes a frame out of those that may come; whether it was one.
fn take(list: &RefCell<Vec<Vec<u8>>>, frame: &[u8]) -> bool {
    let at = list.borrow().iter().position(|other| other == frame);
    at.map(|at| list.borrow_mut().swap_remove(at)).is_some()
}

/// Holds a frame against what was sent under its number; what is wrong with it.
fn arrival(
    place: &str,
    frame: &[u8],
    lengths: &RefCell<Vec<u16>>,
    arrivals: &Arrivals,
    expected: impl Fn(u32, usize) -> Vec<u8>,
) -> Result<(), String> {
    let number = numbered::number(frame).unwrap_or(u32::MAX);
    let Some(len) = lengths.borrow().get(number as usize).copied() else {
        return Err(format!("a frame at {place} that nobody sent: {} bytes, number {number}", frame.len()));
    };
    if frame != expected(number, len.into()) {
        return Err(format!(
            "frame {number} of {len} bytes is not what was sent when it is at {place}, with {}",
            frame.len()
        ));
    }
    arrivals.note(number).map_or(Ok(()), |how| Err(format!("frame {number} is at {place} {how}")))
}

impl Lane {
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
            let chain = (1 + random.below(CHAIN) as u32).min(left.div_ceil(nbs));
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
            if take(&self.odd_sent, &frame) {
                continue;
            }
            let came = arrival("the wire", &frame, &self.sent, &self.at_wire, |number, len| {
                numbered::padded(&numbered::outgoing(number, len))
            });
            came.unwrap_or_else(|why| self.fail(&why));
        }
        loop {
            let Some(frame) = self.port.take() else { return };
            if take(&self.odd_fed, &frame) {
                continue;
            }
            let to = frame.first_chunk().copied().unwrap_or_default();
            let came = arrival("the protocol", &frame, &self.fed, &self.at_port, |number, len| {
                numbered::frame(to, numbered::PEER, number, len)
            });
            if let Err(why) = came {
                self.mistake(&why);
            }
        }
    }

    /// A frame at the protocol that did not come: the device may have said that it did.
    fn mistake(&self, why: &str) {
        self.mistaken.set(self.mistaken.get() + 1);
        if self.mistaken.get() > self.model.counters().misreported {
            self.fail(why);
        }
    }

    /// Frames that got to the wire, and to the protocol.
    pub fn arrived(&self) -> (u64, u64) {
        (self.at_wire.count(), self.at_port.count())
    }

    /// Ends the run if a frame is missing that must not be.
    pub(super) fn check_losses(&self, (sends, receives): (bool, bool)) {
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
