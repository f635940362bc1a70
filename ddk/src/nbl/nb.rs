//! NBs.

use core::ffi::c_void;
use core::ptr::NonNull;

use super::Spans;
use crate::ndis::{self, MDL, NET_BUFFER};

/// An NB of an [`Nbl`](super::Nbl) that is the driver's, under the same invariants.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Nb(NonNull<NET_BUFFER>);

// SAFETY: as for `Nbl`.
unsafe impl Send for Nb {}

impl Nb {
    /// The NB behind a pointer; `None` for NULL.
    ///
    /// # Safety
    /// Its NBL is the driver's for as long as the handle or a copy of it is used, and its MDL chain is valid.
    #[inline]
    #[must_use]
    pub const unsafe fn new(nb: *mut NET_BUFFER) -> Option<Self> {
        match NonNull::new(nb) {
            Some(nb) => Some(Self(nb)),
            None => None,
        }
    }

    /// For NDIS's functions.
    #[inline]
    #[must_use]
    pub const fn as_ptr(self) -> *mut NET_BUFFER {
        self.0.as_ptr()
    }

    /// The NB behind this one in its NBL.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        // SAFETY: a field of an NB that is the driver's.
        let next = unsafe { ndis::NET_BUFFER_NEXT_NB(self.as_ptr()).read() };
        // SAFETY: every NB of the NBL is the driver's.
        unsafe { Self::new(next) }
    }

    /// Length of the frame in bytes: what the sender says, to be checked before it is used.
    #[inline]
    #[must_use]
    pub const fn data_length(self) -> u32 {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_DATA_LENGTH(self.as_ptr()).read() }
    }

    /// Sets the length of a frame that the driver indicates.
    #[inline]
    pub const fn set_data_length(self, length: u32) {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_DATA_LENGTH(self.as_ptr()).write(length) };
    }

    /// Where in the MDL chain the data begins.
    #[inline]
    #[must_use]
    pub const fn data_offset(self) -> u32 {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_DATA_OFFSET(self.as_ptr()).read() }
    }

    /// The first MDL of the chain, NULL if there is none.
    #[inline]
    #[must_use]
    pub const fn first_mdl(self) -> *mut MDL {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_FIRST_MDL(self.as_ptr()).read() }
    }

    /// The MDL in which the data begins, NULL if there is none.
    #[inline]
    #[must_use]
    pub const fn current_mdl(self) -> *mut MDL {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_CURRENT_MDL(self.as_ptr()).read() }
    }

    /// Where in that MDL.
    #[inline]
    #[must_use]
    pub const fn current_mdl_offset(self) -> u32 {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_CURRENT_MDL_OFFSET(self.as_ptr()).read() }
    }

    /// Has the data begin at the start of `mdl`, the only one or the first of the chain, and be `length` long.
    ///
    /// # Safety
    /// The MDL chain is valid, describes at least `length` bytes, and stays so while the NB has it.
    #[inline]
    pub const unsafe fn set_data(self, mdl: *mut MDL, length: u32) {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_FIRST_MDL(self.as_ptr()).write(mdl) };
        // SAFETY: as above.
        unsafe { ndis::NET_BUFFER_CURRENT_MDL(self.as_ptr()).write(mdl) };
        // SAFETY: as above.
        unsafe { ndis::NET_BUFFER_CURRENT_MDL_OFFSET(self.as_ptr()).write(0) };
        // SAFETY: as above.
        unsafe { ndis::NET_BUFFER_DATA_OFFSET(self.as_ptr()).write(0) };
        self.set_data_length(length);
    }

    /// The four pointers that are the miniport's while it has the NB.
    #[inline]
    #[must_use]
    pub const fn miniport_reserved(self) -> [*mut c_void; 4] {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_MINIPORT_RESERVED(self.as_ptr()).read() }
    }

    /// Sets them.
    #[inline]
    pub const fn set_miniport_reserved(self, values: [*mut c_void; 4]) {
        // SAFETY: a field of an NB that is the driver's.
        unsafe { ndis::NET_BUFFER_MINIPORT_RESERVED(self.as_ptr()).write(values) };
    }

    /// The pieces of memory that hold the frame, in order.
    #[inline]
    #[must_use]
    pub const fn spans(self) -> Spans {
        Spans::of(self)
    }

    /// Copies the frame to the start of `to` and returns its length. `None`, with `to` in any state, if the frame
    /// is longer than `to`, its MDL chain is shorter than the NB says, or an MDL cannot be mapped.
    ///
    /// IRQL: up to `DISPATCH_LEVEL`.
    #[must_use]
    pub fn copy_to(self, to: &mut [u8]) -> Option<usize> {
        let length = self.data_length() as usize;
        let mut rest = to.get_mut(..length)?;
        let mut spans = self.spans();
        for span in &mut spans {
            let (piece, behind) = rest.split_at_mut_checked(span.length as usize)?;
            span.copy_to(piece)?;
            rest = behind;
        }
        (spans.missing() == 0).then_some(length)
    }
}

/// The NBs of an NBL. The next one is looked up before the current is given out, so that may be changed.
#[derive(Clone)]
pub struct Nbs {
    next: Option<Nb>,
}

impl Nbs {
    pub(super) const fn from_first(first: Option<Nb>) -> Self {
        Self { next: first }
    }
}

impl Iterator for Nbs {
    type Item = Nb;

    #[inline]
    fn next(&mut self) -> Option<Nb> {
        let nb = self.next?;
        self.next = nb.next();
        Some(nb)
    }
}
