//! A miniport adapter as NDIS keeps it: state, what is out, what is registered.

use super::{driver::Miniport, nbl::Nbl, protocol::Protocol};
use crate::{clock::Time, devnode::Device};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    fmt,
    rc::Rc,
};

/// The states of ndis-contract section 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not initialized.
    Halted,
    /// In `MiniportInitializeEx`.
    Initializing,
    /// Initialized, no data path.
    Paused,
    /// In `MiniportRestart`, or waiting for its completion.
    Restarting,
    /// Data path open.
    Running,
    /// In `MiniportPause`, or waiting for its completion.
    Pausing,
    /// In `MiniportHaltEx`.
    Halting,
    /// Shut down.
    Shutdown,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// An operation that a handler may leave pending.
#[derive(Default)]
pub struct Pending {
    waiting: Cell<bool>,
    status: Cell<Option<u32>>,
}

impl Pending {
    /// The handler is about to be called.
    pub fn begin(&self) {
        self.waiting.set(true);
        self.status.set(None);
    }

    /// The completion call came; false if nothing was pending.
    pub fn complete(&self, status: u32) -> bool {
        if !self.waiting.get() || self.status.get().is_some() {
            return false;
        }
        self.status.set(Some(status));
        true
    }

    /// What it was completed with.
    #[must_use]
    pub fn status(&self) -> Option<u32> {
        self.status.get()
    }

    /// Whether it began and is not over.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.get()
    }

    /// It is over.
    pub fn end(&self) {
        self.waiting.set(false);
    }
}

/// What `MiniportInitializeEx` told of the adapter.
#[derive(Clone, Debug, Default)]
pub struct General {
    /// The largest frame without its header.
    pub mtu: u32,
    /// `OID_802_3_CURRENT_ADDRESS`.
    pub mac: [u8; 6],
    /// `OID_802_3_PERMANENT_ADDRESS`.
    pub permanent_mac: [u8; 6],
    /// `NDIS_MAC_OPTION` flags.
    pub mac_options: u32,
    /// `NDIS_PACKET_TYPE` bits.
    pub filters: u32,
    /// Multicast addresses that fit.
    pub multicast: u32,
    /// Lookahead in bytes.
    pub lookahead: u32,
    /// The OIDs that the driver answers.
    pub oids: Vec<u32>,
}

/// Link state as last indicated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// 0 unknown, 1 connected, 2 disconnected.
    pub connected: u32,
    /// 0 unknown, 1 half, 2 full.
    pub duplex: u32,
    /// Bits per second.
    pub speed: u64,
}

/// Counts of what happened on an adapter.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Counters {
    /// NBLs given to `MiniportSendNetBufferLists`.
    pub sends: u64,
    /// NBLs that came back.
    pub sends_completed: u64,
    /// NBLs completed with another status than success.
    pub sends_failed: u64,
    /// Frames in them.
    pub frames_sent: u64,
    /// NBLs indicated.
    pub receives: u64,
    /// NBLs returned through `MiniportReturnNetBufferLists`.
    pub returned: u64,
    /// NBLs indicated with `NDIS_RECEIVE_FLAGS_RESOURCES`.
    pub resources: u64,
    /// Interrupt service routine calls.
    pub interrupts: u64,
    /// Interrupt DPCs.
    pub dpcs: u64,
    /// Pauses asked for.
    pub pauses: u64,
    /// Pauses that `MiniportPause` left pending.
    pub pauses_pended: u64,
    /// Longest pause, ns.
    pub pause_longest_ns: u64,
    /// Resets.
    pub resets: u64,
    /// OID requests.
    pub oids: u64,
    /// Status indications.
    pub indications: u64,
}

/// An NBL that was handed to the driver.
#[derive(Clone, Debug)]
pub struct Sent {
    /// When.
    pub at: Time,
    /// `MiniportSendNetBufferLists` has returned: the driver has accepted it. Until then nobody can say
    /// whether a pause on another CPU came first.
    pub accepted: bool,
    /// Its NBs, which are to come back as they are.
    pub nbs: Vec<u64>,
    /// The surprise removal notice was given before.
    pub removed: bool,
    /// Its cancel id.
    pub cancel_id: u64,
}

/// An adapter.
pub struct Adapter {
    /// The miniport adapter handle.
    pub handle: u64,
    /// The driver that serves it.
    pub miniport: Rc<Miniport>,
    /// The device node under it.
    pub device: Rc<Device>,
    state: Cell<State>,
    /// `MiniportAdapterContext`.
    pub context: Cell<u64>,
    /// `MiniportAddDeviceContext`.
    pub add_device_context: Cell<u64>,
    /// `NDIS_MINIPORT_ATTRIBUTES` flags; `None` until registration attributes are set.
    pub attribute_flags: Cell<Option<u32>>,
    /// `CheckForHangTimeInSeconds`.
    pub hang_seconds: Cell<u32>,
    /// General attributes; `None` until set.
    pub general: RefCell<Option<General>>,
    /// The link as last indicated.
    pub link: Cell<Link>,
    /// The bytes of the last link indication.
    pub(super) link_told: RefCell<Option<Vec<u8>>>,
    /// Shared memory was refused, and nothing was logged since.
    pub(super) unlogged: Cell<bool>,
    /// The cancel id in `MiniportCancelSend`.
    pub(super) cancelling: Cell<Option<u64>>,
    /// When a send was completed last, or handed down to an idle driver.
    pub(super) last_completion: Cell<Time>,
    /// Link indications seen.
    pub link_changes: Cell<u64>,
    /// Allocations up to here are older than `MiniportInitializeEx`: they may outlive the halt.
    pub initialized_at: Cell<u64>,
    /// The device node is about to be removed.
    pub leaving: Cell<bool>,
    /// `MiniportCheckForHangEx`, or the reset that it asked for, runs.
    pub checking: Cell<bool>,
    /// `IRP_MN_REMOVE_DEVICE` is in progress.
    pub removing: Cell<bool>,
    /// The driver has returned from the surprise removal notice.
    pub(super) noticed: Cell<bool>,
    /// The surprise removal notice was given.
    pub removed: Cell<bool>,
    /// NBLs that the driver owes a completion.
    pub sends: RefCell<BTreeMap<u64, Sent>>,
    /// NBLs that NDIS owes a return.
    pub receives: RefCell<BTreeSet<u64>>,
    /// Calls of `NdisMIndicateReceiveNetBufferLists` that have not returned.
    pub indicating: Cell<u32>,
    /// `MiniportPause`.
    pub pause: Pending,
    /// `MiniportRestart`.
    pub restart: Pending,
    /// `MiniportResetEx`.
    pub reset: Pending,
    /// `AddressingReset` of the last reset.
    pub addressing_reset: Cell<bool>,
    /// `MiniportOidRequest`, and the request.
    pub oid: Pending,
    /// The request in `MiniportOidRequest`.
    pub oid_request: Cell<u64>,
    /// The requests in `MiniportDirectOidRequest`, and those that it has left pending; how each was completed.
    pub direct: RefCell<BTreeMap<u64, Option<u32>>>,
    /// The packet filter that was set last.
    pub filter: Cell<u32>,
    /// A packet filter has been set since `MiniportInitializeEx`. After a filter of 0 frames may still come that
    /// were received before it.
    pub filter_set: Cell<bool>,
    /// What is bound above.
    pub protocol: RefCell<Option<Rc<dyn Protocol>>>,
    /// Counts.
    pub counters: RefCell<Counters>,
    /// Most receives per DPC; `NDIS_INDICATE_ALL_NBLS` for no limit.
    pub throttle: Cell<u32>,
    /// NBLs indicated in the interrupt DPC that runs on a CPU.
    pub in_dpc: RefCell<BTreeMap<usize, u32>>,
    pub(super) interrupt: RefCell<Option<Rc<super::interrupt::Registration>>>,
    pub(super) dma: Cell<Option<u64>>,
}

impl Adapter {
    pub(super) fn new(handle: u64, miniport: Rc<Miniport>, device: Rc<Device>) -> Self {
        Self {
            handle,
            miniport,
            device,
            state: Cell::new(State::Halted),
            context: Cell::new(0),
            add_device_context: Cell::new(0),
            attribute_flags: Cell::new(None),
            hang_seconds: Cell::new(0),
            general: RefCell::default(),
            link: Cell::default(),
            link_told: RefCell::default(),
            unlogged: Cell::new(false),
            cancelling: Cell::new(None),
            last_completion: Cell::default(),
            link_changes: Cell::new(0),
            initialized_at: Cell::new(0),
            leaving: Cell::new(false),
            checking: Cell::new(false),
            removing: Cell::new(false),
            noticed: Cell::new(false),
            removed: Cell::new(false),
            sends: RefCell::default(),
            receives: RefCell::default(),
            indicating: Cell::new(0),
            pause: Pending::default(),
            restart: Pending::default(),
            reset: Pending::default(),
            addressing_reset: Cell::new(false),
            oid: Pending::default(),
            oid_request: Cell::new(0),
            direct: RefCell::default(),
            filter: Cell::new(0),
            filter_set: Cell::new(false),
            protocol: RefCell::default(),
            counters: RefCell::default(),
            throttle: Cell::new(crate::abi::constants::NDIS_INDICATE_ALL_NBLS),
            in_dpc: RefCell::default(),
            interrupt: RefCell::default(),
            dma: Cell::new(None),
        }
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.get()
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.set(state);
    }

    /// Changes the counts.
    pub fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.counters.borrow_mut());
    }

    /// A copy of the counts.
    #[must_use]
    pub fn counts(&self) -> Counters {
        *self.counters.borrow()
    }

    /// NBLs out in both directions; of the sends those that the driver has accepted.
    #[must_use]
    pub fn outstanding(&self) -> (usize, usize) {
        let accepted = self.sends.borrow().values().filter(|sent| sent.accepted).count();
        (accepted, self.receives.borrow().len())
    }

    /// What is bound above, if anything.
    #[must_use]
    pub fn bound(&self) -> Option<Rc<dyn Protocol>> {
        self.protocol.borrow().clone()
    }

    /// Whether nothing is out or on its way, in either direction.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.sends.borrow().is_empty() && self.receives.borrow().is_empty()
    }

    /// The receives that NDIS holds, as NBLs.
    #[must_use]
    pub fn held(&self) -> Vec<Nbl> {
        self.receives.borrow().iter().map(|&addr| Nbl::new(addr)).collect()
    }
}
