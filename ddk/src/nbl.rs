//! NBLs, NBs and their data while they are the driver's: handles, chains, queues.
//!
//! The words are those of the NDIS driver library: an *NBL chain* is a linked list that ends in NULL, an *NBL
//! queue* one with a tail to append to.

mod chain;
mod data;
mod nb;
mod queue;

use core::ffi::c_void;
use core::ptr::NonNull;

pub use chain::{IntoNbls, NblChain};
pub use data::{Span, Spans};
pub use nb::{Nb, Nbs};
pub use queue::{NblCountedQueue, NblQueue};

use crate::Status;
use crate::ndis::{self, NDIS_HANDLE, NET_BUFFER_LIST};

/// An NBL that is the driver's at this moment.
///
/// # Invariants
/// The NBL was handed to the driver or allocated by it, and has not been completed, returned, indicated or freed:
/// whoever does that forgets every copy of the handle first (NDIS-SEND-04, NDIS-RECV-04). One party at a time uses
/// it: the owner of the chain or queue that it is in, or whoever took it out. Its NB chain is NDIS's, well formed
/// and ends in NULL.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Nbl(NonNull<NET_BUFFER_LIST>);

// SAFETY: an NBL may be used on any processor; the invariants say by one at a time.
unsafe impl Send for Nbl {}

impl Nbl {
    /// The NBL behind a pointer; `None` for NULL.
    ///
    /// # Safety
    /// The NBL keeps the invariants of the type for as long as the handle or a copy of it is used.
    #[inline]
    #[must_use]
    pub const unsafe fn new(nbl: *mut NET_BUFFER_LIST) -> Option<Self> {
        match NonNull::new(nbl) {
            Some(nbl) => Some(Self(nbl)),
            None => None,
        }
    }

    /// For NDIS's functions.
    #[inline]
    #[must_use]
    pub const fn as_ptr(self) -> *mut NET_BUFFER_LIST {
        self.0.as_ptr()
    }

    /// The NBL behind this one in its chain.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        // SAFETY: a field of an NBL that is the driver's.
        let next = unsafe { ndis::NET_BUFFER_LIST_NEXT_NBL(self.as_ptr()).read() };
        // SAFETY: NBLs come in chains of which every link is the driver's, and go in such.
        unsafe { Self::new(next) }
    }

    /// Links another NBL, or none, behind this one.
    #[inline]
    pub const fn set_next(self, next: Option<Self>) {
        let next = match next {
            Some(next) => next.as_ptr(),
            None => core::ptr::null_mut(),
        };
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_NEXT_NBL(self.as_ptr()).write(next) };
    }

    /// The status that the NBL carries.
    #[inline]
    pub const fn status(self) -> Status {
        // SAFETY: a field of an NBL that is the driver's.
        Status(unsafe { ndis::NET_BUFFER_LIST_STATUS(self.as_ptr()).read() })
    }

    /// Says how the send ended, before completing it.
    #[inline]
    pub const fn set_status(self, status: Status) {
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_STATUS(self.as_ptr()).write(status.0) };
    }

    /// The id that `MiniportCancelSend` may name; NULL if the send cannot be cancelled.
    #[inline]
    #[must_use]
    pub const fn cancel_id(self) -> *mut c_void {
        // SAFETY: an NBL that is the driver's.
        unsafe { ndis::NdisGetNblCancelId(self.as_ptr()) }
    }

    /// Out-of-band information; `None` if `id` is none that this contract has.
    #[inline]
    #[must_use]
    pub const fn info(self, id: ndis::NDIS_NET_BUFFER_LIST_INFO) -> Option<*mut c_void> {
        if id < 0 || id >= ndis::MaxNetBufferListInfo {
            return None;
        }
        // SAFETY: a slot of the NBL's array (checked); the NBL is the driver's.
        Some(unsafe { ndis::NET_BUFFER_LIST_INFO(self.as_ptr(), id).read() })
    }

    /// Sets out-of-band information; `false` if `id` is none that this contract has.
    #[expect(clippy::not_unsafe_ptr_arg_deref, reason = "stored, not dereferenced")]
    #[inline]
    pub const fn set_info(self, id: ndis::NDIS_NET_BUFFER_LIST_INFO, value: *mut c_void) -> bool {
        if id < 0 || id >= ndis::MaxNetBufferListInfo {
            return false;
        }
        // SAFETY: a slot of the NBL's array (checked); the NBL is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_INFO(self.as_ptr(), id).write(value) };
        true
    }

    /// Names the adapter as the source of an NBL that it will indicate.
    #[expect(clippy::not_unsafe_ptr_arg_deref, reason = "stored, not dereferenced")]
    #[inline]
    pub const fn set_source_handle(self, adapter: NDIS_HANDLE) {
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_SOURCE_HANDLE(self.as_ptr()).write(adapter) };
    }

    /// The two pointers that are the miniport's while it has the NBL. Later holders see other values.
    #[inline]
    #[must_use]
    pub const fn miniport_reserved(self) -> [*mut c_void; 2] {
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_MINIPORT_RESERVED(self.as_ptr()).read() }
    }

    /// Sets them.
    #[inline]
    pub const fn set_miniport_reserved(self, values: [*mut c_void; 2]) {
        // SAFETY: a field of an NBL that is the driver's.
        unsafe { ndis::NET_BUFFER_LIST_MINIPORT_RESERVED(self.as_ptr()).write(values) };
    }

    /// The first NB.
    #[inline]
    #[must_use]
    pub const fn first_nb(self) -> Option<Nb> {
        // SAFETY: a field of an NBL that is the driver's.
        let nb = unsafe { ndis::NET_BUFFER_LIST_FIRST_NB(self.as_ptr()).read() };
        // SAFETY: an NB belongs to whoever has its NBL.
        unsafe { Nb::new(nb) }
    }

    /// The NBs in order.
    #[inline]
    #[must_use]
    pub const fn nbs(self) -> Nbs {
        Nbs::from_first(self.first_nb())
    }
}
