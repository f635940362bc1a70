//! NDIS as a miniport sees it: registration, adapters, the data path, requests, hardware.

pub mod adapter;
mod attributes;
pub mod check;
mod config;
mod data;
mod dma;
pub mod driver;
mod hardware;
pub mod imports;
pub mod interrupt;
mod leaks;
mod lifecycle;
mod log;
mod memory;
pub mod nbl;
mod objects;
pub mod oid;
mod oid_check;
mod ownership;
mod pools;
pub mod protocol;
mod receive;
mod requirements;
mod reset;
mod send;
mod status;
mod sync;
mod system;
mod timers;
pub mod wdm;
mod work;

use adapter::Adapter;
use driver::Miniport;
pub use objects::{Object, Objects};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// NDIS's state in a world.
#[derive(Default)]
pub struct Ndis {
    miniport: RefCell<Option<Rc<Miniport>>>,
    adapters: RefCell<Vec<Rc<Adapter>>>,
    /// What is behind the handles that NDIS gave out.
    pub objects: Objects,
    /// How scatter/gather lists are delivered.
    pub sg_policy: dma::SgPolicy,
    /// How long the driver may take.
    pub bounds: Bounds,
    /// Who allocated NDIS memory.
    owners: RefCell<std::collections::BTreeMap<u64, Owner>>,
    cancel_id: Cell<u8>,
    /// What `NdisMRegisterMiniportDriver` returned since `DriverEntry` was called.
    registered: Cell<Option<u32>>,
    /// `MiniportShutdownEx` runs during a bug check.
    crashing: Cell<bool>,
    /// What was allocated from pools.
    made: pools::Made,
    /// Entries that drivers wrote to the error log.
    pub error_log: RefCell<Vec<log::Entry>>,
}

/// How long a driver may take before NDIS or its verifier gives up.
pub struct Bounds {
    /// For a pause, a restart or a reset.
    pub pause: Cell<Duration>,
    /// For an OID request (`NdisTimedOidComplete`).
    pub oid: Cell<Duration>,
    /// For a send (`NdisTimedDataSend`).
    pub send: Cell<Duration>,
    /// For any send to be completed while some are out (`NdisTimedDataHang`).
    pub hang: Cell<Duration>,
}

impl Default for Bounds {
    fn default() -> Self {
        let seconds = |seconds| Cell::new(Duration::from_secs(seconds));
        Self { pause: seconds(30), oid: seconds(12), send: seconds(30), hang: seconds(22) }
    }
}

/// Who allocated a block, and when.
#[derive(Clone, Copy)]
struct Owner {
    /// Adapter or driver handle.
    handle: u64,
    /// The world's count of allocations then.
    serial: u64,
}

impl Ndis {
    /// Notes who allocated a block.
    fn own(&self, addr: u64, handle: u64) {
        let serial = crate::world::world().mem.allocated.get();
        self.owners.borrow_mut().insert(addr, Owner { handle, serial });
    }

    /// The registered miniport driver.
    #[must_use]
    pub fn miniport(&self) -> Option<Rc<Miniport>> {
        self.miniport.borrow().clone()
    }

    fn set_miniport(&self, miniport: Option<Rc<Miniport>>) {
        self.miniport.replace(miniport);
    }

    /// Every adapter that was added and not removed.
    #[must_use]
    pub fn adapters(&self) -> Vec<Rc<Adapter>> {
        self.adapters.borrow().clone()
    }

    /// The adapter with this handle.
    #[must_use]
    pub fn adapter(&self, handle: u64) -> Option<Rc<Adapter>> {
        self.adapters.borrow().iter().find(|adapter| adapter.handle == handle).cloned()
    }

    fn next_cancel_id(&self) -> u8 {
        self.cancel_id.set(self.cancel_id.get().wrapping_add(1));
        self.cancel_id.get()
    }
}

/// An MDL of the host's over `len` bytes at `addr`.
#[must_use]
pub fn make_mdl(addr: u64, len: u32) -> Option<crate::abi::Ptr<crate::abi::MDL>> {
    memory::make_mdl(addr, len, crate::mem::Kind::Host, "protocol").map(crate::abi::Ptr::new)
}
