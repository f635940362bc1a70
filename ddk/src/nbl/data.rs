//! The data of an NB: a walk over its MDLs that trusts no length.

use core::ptr::NonNull;

use super::Nb;
use crate::ndis::{self, MDL};

/// A piece of an NB's data that lies in one MDL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The MDL, valid while the NB is the driver's.
    pub mdl: NonNull<MDL>,
    /// Where in the MDL's memory the piece begins.
    pub offset: u32,
    /// Its length: not zero, within the MDL.
    pub length: u32,
}

impl Span {
    /// The piece's system address; `None` if the MDL cannot be mapped. IRQL: up to `DISPATCH_LEVEL`.
    #[must_use]
    pub fn address(self) -> Option<NonNull<u8>> {
        // SAFETY: an MDL of an NB that is the driver's: NDIS promises locked or non-paged memory.
        let (base, _) = unsafe { ndis::NdisQueryMdl(self.mdl.as_ptr(), ndis::LowPagePriority) };
        NonNull::new(base.cast::<u8>().wrapping_add(self.offset as usize)).filter(|_| !base.is_null())
    }

    /// Copies the piece; `None` if `to` has another length or the MDL cannot be mapped.
    pub(super) fn copy_to(self, to: &mut [u8]) -> Option<()> {
        if to.len() != self.length as usize {
            return None;
        }
        let from = self.address()?;
        // SAFETY: the piece lies within the MDL's memory, which is not the driver's buffer; both have `length` bytes.
        unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), to.len()) };
        Some(())
    }
}

/// The pieces of an NB's data in order, empty ones left out. Ends where the NB's length or its MDL chain ends.
#[derive(Clone)]
pub struct Spans {
    mdl: *mut MDL,
    offset: u32,
    rest: u32,
}

impl Spans {
    pub(super) const fn of(nb: Nb) -> Self {
        Self { mdl: nb.current_mdl(), offset: nb.current_mdl_offset(), rest: nb.data_length() }
    }

    /// Bytes that have not come out yet; after the last piece, bytes by which the MDL chain is too short.
    #[inline]
    #[must_use]
    pub const fn missing(&self) -> u32 {
        self.rest
    }
}

impl Iterator for Spans {
    type Item = Span;

    #[inline]
    fn next(&mut self) -> Option<Span> {
        while self.rest != 0 {
            let mdl = NonNull::new(self.mdl)?;
            // SAFETY: an MDL of the chain of an NB that is the driver's.
            let count = unsafe { ndis::MmGetMdlByteCount(mdl.as_ptr()) };
            // SAFETY: as above.
            self.mdl = unsafe { ndis::NdisGetNextMdl(mdl.as_ptr()) };
            // An offset behind the first MDL's end leads into the next one, as NDIS's own walk has it.
            let offset = self.offset.min(count);
            self.offset = self.offset.saturating_sub(count);
            let length = count.wrapping_sub(offset).min(self.rest);
            if length != 0 {
                self.offset = 0;
                self.rest = self.rest.wrapping_sub(length);
                return Some(Span { mdl, offset, length });
            }
        }
        None
    }
}
