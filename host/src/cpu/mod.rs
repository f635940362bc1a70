//! Virtual CPUs: IRQL, what waits to interrupt them, and the control region that `gs` points to.

mod kpcr;

use crate::world::try_world;
pub use kpcr::Kpcr;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// `PASSIVE_LEVEL`.
pub const PASSIVE: u8 = 0;
/// `APC_LEVEL`.
pub const APC: u8 = 1;
/// `DISPATCH_LEVEL`.
pub const DISPATCH: u8 = 2;
/// The level of device interrupts.
pub const DIRQL: u8 = 6;
/// `HIGH_LEVEL`.
pub const HIGH: u8 = 15;

/// A deferred procedure call in a CPU's queue.
pub struct Dpc {
    /// The address of the driver's object, to find it again.
    pub object: u64,
    /// What runs.
    pub run: Box<dyn FnOnce()>,
}

/// An interrupt that has reached a CPU and not been taken yet.
pub struct Interrupt {
    /// The level it raises the CPU to.
    pub level: u8,
    /// The vector, to coalesce a second arrival before the first is taken.
    pub vector: u32,
    /// The service routine.
    pub service: Rc<dyn Fn()>,
}

/// One virtual CPU.
pub struct Cpu {
    /// Its number, from 0.
    pub number: usize,
    irql: Cell<u8>,
    /// What `gs` holds while this CPU runs.
    pub kpcr: Kpcr,
    dpcs: RefCell<VecDeque<Dpc>>,
    interrupts: RefCell<VecDeque<Interrupt>>,
    /// Deferred procedure calls that were run.
    pub dpcs_run: Cell<u64>,
    /// Interrupts that were taken.
    pub interrupts_taken: Cell<u64>,
}

impl Cpu {
    /// CPU `number`, at `PASSIVE_LEVEL` with nothing pending.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self {
            number,
            irql: Cell::new(PASSIVE),
            kpcr: Kpcr::new(number),
            dpcs: RefCell::default(),
            interrupts: RefCell::default(),
            dpcs_run: Cell::new(0),
            interrupts_taken: Cell::new(0),
        }
    }

    /// The current level.
    #[must_use]
    pub fn irql(&self) -> u8 {
        self.irql.get()
    }

    /// Sets the level and answers the former one. What has become deliverable is taken at the next
    /// point where the CPU may be interrupted.
    pub fn set_irql(&self, level: u8) -> u8 {
        if let Some(world) = try_world() {
            world.at_level(level);
        }
        self.irql.replace(level)
    }

    /// Puts a DPC at the end of the queue.
    pub fn queue_dpc(&self, dpc: Dpc) {
        self.dpcs.borrow_mut().push_back(dpc);
    }

    /// Puts a DPC at the head of the queue.
    pub fn queue_dpc_first(&self, dpc: Dpc) {
        self.dpcs.borrow_mut().push_front(dpc);
    }

    /// Takes the driver's DPC object out of the queue; whether it was there.
    pub fn remove_dpc(&self, object: u64) -> bool {
        let mut queue = self.dpcs.borrow_mut();
        let before = queue.len();
        queue.retain(|dpc| dpc.object != object);
        queue.len() != before
    }

    /// Whether the driver's DPC object waits here.
    #[must_use]
    pub fn has_dpc(&self, object: u64) -> bool {
        self.dpcs.borrow().iter().any(|dpc| dpc.object == object)
    }

    /// Makes an interrupt pending; a vector that is pending already stays so once.
    pub fn interrupt(&self, interrupt: Interrupt) {
        let mut pending = self.interrupts.borrow_mut();
        if !pending.iter().any(|known| known.vector == interrupt.vector) {
            pending.push_back(interrupt);
        }
    }

    /// Drops what is pending of a vector whose handler goes away.
    pub fn forget_vector(&self, vector: u32) {
        self.interrupts.borrow_mut().retain(|pending| pending.vector != vector);
    }

    /// The first pending interrupt above the current level.
    pub fn take_interrupt(&self) -> Option<Interrupt> {
        let mut pending = self.interrupts.borrow_mut();
        let at = pending.iter().position(|i| i.level > self.irql.get())?;
        pending.remove(at)
    }

    /// The first queued DPC, if the level lets it run.
    pub fn take_dpc(&self) -> Option<Dpc> {
        if self.irql.get() >= DISPATCH {
            return None;
        }
        self.dpcs.borrow_mut().pop_front()
    }

    /// Whether something could be delivered now.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let level = self.irql.get();
        (level < DISPATCH && !self.dpcs.borrow().is_empty())
            || self.interrupts.borrow().iter().any(|i| i.level > level)
    }

    /// Whether DPCs are queued, deliverable or not.
    #[must_use]
    pub fn has_queued_dpcs(&self) -> bool {
        !self.dpcs.borrow().is_empty()
    }
}
