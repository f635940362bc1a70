//! NBL queues.

use super::{Nbl, NblChain};

/// A first-in first-out queue of NBLs that are the driver's. Not synchronised: it lives behind a lock. Dropping one
/// that is not empty leaks its NBLs.
///
/// # Invariants
/// `first` is a chain as [`NblChain`] has it and `last` its last link; both are `None` if it is empty.
#[derive(Default)]
pub struct NblQueue {
    first: Option<Nbl>,
    last: Option<Nbl>,
}

impl NblQueue {
    /// The empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: None, last: None }
    }

    /// Whether there is no NBL.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The first NBL, which stays in the queue.
    #[inline]
    #[must_use]
    pub const fn first(&self) -> Option<Nbl> {
        self.first
    }

    /// Puts one NBL at the end.
    #[inline]
    pub const fn append(&mut self, nbl: Nbl) {
        nbl.set_next(None);
        self.link(nbl, nbl);
    }

    /// Puts a chain at the end: a walk over the chain.
    pub fn append_chain(&mut self, chain: NblChain) {
        if let Some((first, last)) = chain.into_ends() {
            self.link(first, last);
        }
    }

    /// Puts another queue at the end, and empties it.
    #[inline]
    pub const fn append_queue(&mut self, other: &mut Self) {
        if let (Some(first), Some(last)) = (other.first.take(), other.last.take()) {
            self.link(first, last);
        }
    }

    /// Puts a chain in front: a walk over the chain.
    pub fn prepend_chain(&mut self, chain: NblChain) {
        if let Some((first, last)) = chain.into_ends() {
            last.set_next(self.first);
            self.first = Some(first);
            if self.last.is_none() {
                self.last = Some(last);
            }
        }
    }

    const fn link(&mut self, first: Nbl, last: Nbl) {
        match self.last {
            Some(end) => end.set_next(Some(first)),
            None => self.first = Some(first),
        }
        self.last = Some(last);
    }

    /// Takes the first NBL out.
    #[inline]
    #[must_use]
    pub const fn pop_first(&mut self) -> Option<Nbl> {
        let Some(first) = self.first else { return None };
        self.first = first.next();
        if self.first.is_none() {
            self.last = None;
        }
        first.set_next(None);
        Some(first)
    }

    /// Takes everything out.
    #[inline]
    pub const fn pop_all(&mut self) -> NblChain {
        self.last = None;
        NblChain::from_first(self.first.take())
    }

    /// Takes out the NBLs that `wanted` holds for; both parts keep their order (NDIS-CANCEL of queued sends).
    #[must_use = "the NBLs removed have to be completed"]
    pub fn remove_if(&mut self, mut wanted: impl FnMut(Nbl) -> bool) -> Self {
        let mut removed = Self::new();
        let mut kept = Self::new();
        for nbl in self.pop_all() {
            if wanted(nbl) { removed.append(nbl) } else { kept.append(nbl) }
        }
        *self = kept;
        removed
    }
}

/// An [`NblQueue`] that knows its length.
#[derive(Default)]
pub struct NblCountedQueue {
    queue: NblQueue,
    count: u32,
}

impl NblCountedQueue {
    /// The empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self { queue: NblQueue::new(), count: 0 }
    }

    /// How many NBLs there are.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether there is no NBL.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Puts one NBL at the end.
    #[inline]
    pub const fn append(&mut self, nbl: Nbl) {
        self.queue.append(nbl);
        self.count = self.count.wrapping_add(1);
    }

    /// Takes the first NBL out.
    #[inline]
    #[must_use]
    pub const fn pop_first(&mut self) -> Option<Nbl> {
        let nbl = self.queue.pop_first();
        if nbl.is_some() {
            self.count = self.count.wrapping_sub(1);
        }
        nbl
    }

    /// Takes everything out, with its number.
    #[inline]
    pub const fn pop_all(&mut self) -> (NblChain, u32) {
        let count = self.count;
        self.count = 0;
        (self.queue.pop_all(), count)
    }
}
