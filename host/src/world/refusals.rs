//! Imports that fail on demand: an allocation that finds no memory, a registration that is refused.
//!
//! Every call of an import that may fail is counted, so that a run can be repeated with any one of them failing.

use std::cell::{Cell, RefCell};

/// `STATUS_INSUFFICIENT_RESOURCES`, which is `NDIS_STATUS_RESOURCES` too.
const RESOURCES: u64 = 0xC000_009A;
/// NULL, no byte, no routine.
const NOTHING: u64 = 0;

/// What each import that may fail answers then, sorted by name; of those whose answer is their result. The others ask
/// [`Refusals::refuses`] themselves. `ObReferenceObjectByHandle` is none: it fails only for handles of another type, with
/// less access, or that are none.
const ANSWERS: &[(&str, u64)] = &[
    ("IoAllocateWorkItem", NOTHING),
    ("IoAttachDeviceToDeviceStack", NOTHING),
    ("IoBuildSynchronousFsdRequest", NOTHING),
    ("IoConnectInterruptEx", RESOURCES),
    ("IoCreateDevice", RESOURCES),
    ("IoGetDeviceProperty", RESOURCES),
    ("IoOpenDeviceRegistryKey", RESOURCES),
    ("MmAllocateContiguousMemory", NOTHING),
    ("MmAllocateMappingAddress", NOTHING),
    ("MmGetSystemRoutineAddress", NOTHING),
    ("MmMapIoSpace", NOTHING),
    ("MmMapLockedPagesSpecifyCache", NOTHING),
    ("MmMapLockedPagesWithReservedMapping", NOTHING),
    ("NdisAllocateIoWorkItem", NOTHING),
    ("NdisAllocateMdl", NOTHING),
    ("NdisAllocateMemoryWithTagPriority", NOTHING),
    ("NdisAllocateNetBufferAndNetBufferList", NOTHING),
    ("NdisAllocateNetBufferListPool", NOTHING),
    ("NdisAllocateTimerObject", RESOURCES),
    ("NdisGetRoutineAddress", NOTHING),
    ("NdisMAllocateNetBufferSGList", RESOURCES),
    ("NdisMGetBusData", NOTHING),
    ("NdisMMapIoSpace", RESOURCES),
    ("NdisMRegisterInterruptEx", RESOURCES),
    ("NdisMRegisterMiniportDriver", RESOURCES),
    ("NdisMRegisterScatterGatherDma", RESOURCES),
    ("NdisMSetBusData", NOTHING),
    ("NdisMSetMiniportAttributes", RESOURCES),
    ("NdisOpenConfigurationEx", RESOURCES),
    ("NdisSetOptionalHandlers", RESOURCES),
    ("PoRequestPowerIrp", RESOURCES),
    ("PsCreateSystemThread", RESOURCES),
    ("ZwQueryValueKey", RESOURCES),
];

/// What an import answers when it fails; `None` for one that cannot, or that answers otherwise.
#[must_use]
pub(crate) fn answer_of(name: &str) -> Option<u64> {
    ANSWERS.binary_search_by(|row| row.0.cmp(name)).ok().and_then(|at| ANSWERS.get(at)).map(|row| row.1)
}

/// An import's result.
pub trait Answer {
    /// The part of a register that the result takes.
    fn of(value: u64) -> Self;
}

macro_rules! answers {
    ($($type:ty),*) => { $(
        impl Answer for $type {
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "as a caller takes it")]
            fn of(value: u64) -> Self {
                value as Self
            }
        }
    )* };
}
answers!(u8, u16, u32, u64, i8, i32, i64);

/// See the module.
#[derive(Default)]
pub struct Refusals {
    calls: Cell<u64>,
    /// Calls up to the first time that it was over.
    reach: Cell<Option<u64>>,
    at: RefCell<Vec<u64>>,
    refused: RefCell<Vec<&'static str>>,
}

impl Refusals {
    /// Has a call fail: 0 is the next one that may.
    pub fn refuse(&self, after: u64) {
        self.at.borrow_mut().push(self.calls.get() + after);
    }

    /// Forgets what was to fail.
    pub fn relent(&self) {
        self.at.borrow_mut().clear();
        self.reach.set(self.reach.get().or(Some(self.calls.get())));
    }

    /// Calls that might have failed, until that was over.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.reach.get().unwrap_or(self.calls.get())
    }

    /// The imports that did, in order.
    #[must_use]
    pub fn refused(&self) -> Vec<&'static str> {
        self.refused.borrow().clone()
    }

    /// Counts a call that may fail; whether it does.
    pub fn refuses(&self, name: &'static str) -> bool {
        let number = self.calls.get();
        self.calls.set(number + 1);
        let mut at = self.at.borrow_mut();
        let Some(found) = at.iter().position(|&at| at == number) else { return false };
        at.swap_remove(found);
        self.refused.borrow_mut().push(name);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_sorted() {
        assert!(ANSWERS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(answer_of("MmMapIoSpace"), Some(NOTHING));
        assert_eq!(answer_of("KeSetEvent"), None);
    }

    #[test]
    fn the_calls_that_were_asked_for_fail() {
        let refusals = Refusals::default();
        refusals.refuse(1);
        refusals.refuse(3);
        let outcome: Vec<bool> = (0..5).map(|_| refusals.refuses("A")).collect();
        assert_eq!(outcome, [false, true, false, true, false]);
        assert_eq!((refusals.calls(), refusals.refused().len()), (5, 2));
        refusals.refuse(0);
        refusals.relent();
        assert!(!refusals.refuses("A"));
        assert_eq!(refusals.calls(), 5, "what comes behind cannot fail any more");
    }
}
