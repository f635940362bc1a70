//! NBL chains.

use super::Nbl;
use crate::Status;
use crate::ndis::NET_BUFFER_LIST;

/// A chain of NBLs that is the driver's: what send and return handlers are given, what completions and indications
/// take. Dropping one that is not empty leaks its NBLs.
///
/// # Invariants
/// Every link is an [`Nbl`] under its invariants, the last has no next, and no NBL of the chain is in another.
#[derive(Default)]
#[must_use = "NBLs that nobody completes or returns keep the adapter from pausing"]
pub struct NblChain {
    first: Option<Nbl>,
}

impl NblChain {
    /// The empty chain.
    pub const fn new() -> Self {
        Self { first: None }
    }

    /// The chain that begins at a pointer; NULL is the empty chain.
    ///
    /// # Safety
    /// Every NBL of the chain keeps the invariants of [`Nbl`], and nobody else uses the chain.
    #[inline]
    pub const unsafe fn from_raw(first: *mut NET_BUFFER_LIST) -> Self {
        // SAFETY: the caller's promise.
        Self { first: unsafe { Nbl::new(first) } }
    }

    /// For NDIS's functions, which take the NBLs over; NULL if the chain is empty.
    #[inline]
    #[must_use]
    pub const fn into_raw(self) -> *mut NET_BUFFER_LIST {
        match self.first {
            Some(first) => first.as_ptr(),
            None => core::ptr::null_mut(),
        }
    }

    /// A chain of one.
    #[inline]
    pub const fn of(nbl: Nbl) -> Self {
        nbl.set_next(None);
        Self { first: Some(nbl) }
    }

    /// The first and the last link, to be linked elsewhere.
    pub(super) fn into_ends(self) -> Option<(Nbl, Nbl)> {
        Some((self.first?, self.last()?))
    }

    pub(super) const fn from_first(first: Option<Nbl>) -> Self {
        Self { first }
    }

    /// Whether there is no NBL.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The first NBL, which stays in the chain.
    #[inline]
    #[must_use]
    pub const fn first(&self) -> Option<Nbl> {
        self.first
    }

    /// Takes the first NBL out.
    #[inline]
    #[must_use]
    pub const fn pop_first(&mut self) -> Option<Nbl> {
        let Some(first) = self.first else { return None };
        self.first = first.next();
        first.set_next(None);
        Some(first)
    }

    /// Puts an NBL in front.
    #[inline]
    pub const fn push_first(&mut self, nbl: Nbl) {
        nbl.set_next(self.first);
        self.first = Some(nbl);
    }

    /// The NBLs in order, which stay in the chain.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Nbl> + use<'_> {
        core::iter::successors(self.first, |nbl| nbl.next())
    }

    /// How many there are: a walk over the chain.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.iter().fold(0, |count, _| count.wrapping_add(1))
    }

    /// The last NBL: a walk over the chain.
    #[must_use]
    pub fn last(&self) -> Option<Nbl> {
        self.iter().last()
    }

    /// Gives every NBL the same status, as for a chain that is refused (NDIS-SEND-04).
    pub fn set_status(&self, status: Status) {
        self.iter().for_each(|nbl| nbl.set_status(status));
    }
}

/// Takes the NBLs out one by one.
impl IntoIterator for NblChain {
    type Item = Nbl;
    type IntoIter = IntoNbls;

    #[inline]
    fn into_iter(self) -> IntoNbls {
        IntoNbls(self)
    }
}

/// The NBLs of a chain, each taken out when it is given out: it leads nowhere and may be linked elsewhere.
pub struct IntoNbls(NblChain);

impl Iterator for IntoNbls {
    type Item = Nbl;

    #[inline]
    fn next(&mut self) -> Option<Nbl> {
        self.0.pop_first()
    }
}
