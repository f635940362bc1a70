//! NetDMA's entry points, which no image can import.

use super::import;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

/// An entry point.
pub struct Entry {
    name: &'static str,
    address: AtomicU64,
}

impl Entry {
    const fn new(name: &'static str) -> Self {
        Self { name, address: AtomicU64::new(0) }
    }

    /// Calls it; 0 if there is no NetDMA.
    pub fn call(&self, args: &[u64]) -> u64 {
        match self.address.load(Ordering::Relaxed) {
            0 => 0,
            address => super::jump(address, args),
        }
    }
}

pub static REGISTER: Entry = Entry::new("NetDmaRegisterProvider");
pub static START: Entry = Entry::new("NetDmaProviderStart");
pub static STOP: Entry = Entry::new("NetDmaProviderStop");
pub static DEREGISTER: Entry = Entry::new("NetDmaDeregisterProvider");
pub static NOTIFY: Entry = Entry::new("NetDmaPnPEventNotify");
pub static ISR: Entry = Entry::new("NetDmaIsr");
pub static DPC: Entry = Entry::new("NetDmaInterruptDpc");

/// Looks all of them up, at `PASSIVE_LEVEL`.
pub fn look_up() {
    for entry in [&REGISTER, &START, &STOP, &DEREGISTER, &NOTIFY, &ISR, &DPC] {
        let units: Vec<u16> = entry.name.encode_utf16().collect();
        let bytes = 2 * units.len() as u64;
        let counted = [bytes | bytes << 16, units.as_ptr() as u64];
        let address = import!(NdisGetRoutineAddress, counted.as_ptr() as u64);
        entry.address.store(address, Ordering::Relaxed);
    }
}
