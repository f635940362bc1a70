//! What interrupts ask for, whichever way they come.

use core::ffi::c_void;
use core::ptr::NonNull;

use ferrite_ddk::ndis::{self, NDIS_RECEIVE_THROTTLE_PARAMETERS};
use ferrite_nic::Work;

use crate::adapter::Adapter;
use crate::link;
use crate::receive::Left;

/// The most frames indicated in one DPC when NDIS sets no limit (NDIS-RECV-13).
const OWN_LIMIT: u32 = 512;

/// NDIS's limit on receives (NDIS-RECV-09).
pub struct Throttle(Option<NonNull<NDIS_RECEIVE_THROTTLE_PARAMETERS>>);

impl Throttle {
    /// What NDIS has handed to the DPC, which need not run again unless [`serve`] says otherwise
    /// (NDIS-RECV-10).
    ///
    /// # Safety
    /// `parameters` is NULL or valid until the DPC returns.
    pub unsafe fn new(parameters: *mut c_void) -> Self {
        let throttle = Self(NonNull::new(parameters.cast()));
        throttle.set_pending(false);
        throttle
    }

    /// How many NBLs may be indicated; `None`: as many as there are.
    fn limit(&self) -> Option<u32> {
        let parameters = self.0?;
        // SAFETY: valid until the DPC returns (contract of `new`).
        let limit = unsafe { (*parameters.as_ptr()).MaxNblsToIndicate };
        (limit != ndis::NDIS_INDICATE_ALL_NBLS).then_some(limit)
    }

    /// Whether NDIS is to run the DPC again (NDIS-RECV-10, -11).
    fn set_pending(&self, pending: bool) {
        if let Some(parameters) = self.0 {
            // SAFETY: valid until the DPC returns (contract of `new`), and nobody else's meanwhile.
            let parameters = unsafe { &mut *parameters.as_ptr() };
            parameters.set_MoreNblsPending(pending.into());
        }
    }
}

/// What is left after a DPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing: interrupts may be armed.
    Done,
    /// Frames are left and NDIS sets no limit: arm, and have the interrupt come at once.
    Again,
    /// Frames are left and NDIS runs the DPC again: nothing is to be armed.
    Throttled,
}

/// Does what is asked for.
///
/// Receives are throttled, the rest is not (NDIS-RECV-12). The work is bounded: by the limit, by the length
/// of the transmit ring, by one look at the link.
///
/// IRQL: `DISPATCH_LEVEL`, no lock held.
pub fn serve(adapter: &Adapter, work: Work, throttle: &Throttle) -> After {
    if work.other {
        adapter.hardware.nic().ack_other();
        link::observe(adapter);
    }
    if work.transmit {
        adapter.send.completed(adapter);
    }
    if !work.receive {
        return After::Done;
    }
    let limit = throttle.limit();
    let left = adapter.receive.indicate(adapter, limit.unwrap_or(OWN_LIMIT));
    let after = match (left, limit) {
        (Left::Nothing, _) => After::Done,
        (Left::Frames, None) => After::Again,
        (Left::Frames, Some(_)) => After::Throttled,
    };
    throttle.set_pending(after == After::Throttled);
    after
}
